"""What cannot be read, among much that can: it goes aside whole, and nobody waits for it."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from desk.actors import Actor
from router.intake import MOST_ATTEMPTS
from tests.support.crowd import CHANNELS, Crowd, heard
from tests.support.stores import Database
from tests.support.town import ADDRESS, Town, open_town
from tickets.ids import EventId

PEOPLE = 10
ROUNDS = 15
"""Ten people on each of four channels write fifteen times: 600 messages."""
OPERATOR = Actor(key="operator", name="Operator", role="admin")
INSIDE = 4
"""Some poisons follow a line of the same person that comes on top."""


class Poisoners(Crowd):
    """A crowd with some whose messages cannot be read."""

    def poisons(self) -> dict[int, list[Callable[[], object]]]:
        """What to send after which round: two on each channel, most of them inside a conversation."""
        return {
            3: [self._telegram_of_wrong_shape, self._discord_of_wrong_shape],
            6: [self._x_of_wrong_shape, self._mail_from_nobody],
            9: [self._telegram_of_broken_text, self._discord_from_nobody],
            12: [self._x_without_text, self._mail_in_our_name],
        }

    def _telegram_of_wrong_shape(self) -> None:
        chat = {"id": self.telegram[0].id, "type": "private"}
        self.town.telegram.inject_update(
            self.town.bot, {"message": {"message_id": "many", "date": "yesterday", "chat": chat, "text": ["?"]}}
        )

    def _telegram_of_broken_text(self) -> None:
        """Not even the answer it lies in can be read."""
        before = self.telegram[1].write(self.line("telegram", 1, 99), self.town.bot)
        assert before.update_id is not None
        update = b'{"update_id": %d, "message": {"message_id": 7, "text": "\xff\xfe"}}' % (before.update_id + 1)
        self.town.telegram.inject_update(self.town.bot, update)

    def _discord_of_wrong_shape(self) -> None:
        said = self.discord[2].write(self.line("discord", 2, 99), self.town.discord_bot)
        channel = self.discord[2].dm(self.town.discord_bot)
        odd = {"id": beside(said.id), "channel_id": str(channel), "content": {"?": []}, "author": {"id": "x"}}
        self.town.discord.inject_event(self.town.discord_bot, "MESSAGE_CREATE", odd)

    def _discord_from_nobody(self) -> None:
        odd = {"id": "12", "channel_id": "34", "content": "?"}
        self.town.discord.inject_event(self.town.discord_bot, "MESSAGE_CREATE", odd)

    def _x_of_wrong_shape(self) -> None:
        said = self.x[3].mention(self.town.x_account, self.line("x", 3, 99))
        odd = {"id": beside(said.id), "author_id": str(self.x[3].id), "text": {"?": 1}}
        self.town.x.inject_post(self.town.x_account, odd)

    def _x_without_text(self) -> None:
        said = self.x[4].mention(self.town.x_account, self.line("x", 4, 99))
        self.town.x.inject_post(self.town.x_account, {"id": beside(said.id), "text": None})

    def _mail_from_nobody(self) -> None:
        self.email[5].write(to=ADDRESS, subject="?", text="Wer war das?", headers={"From": None})

    def _mail_in_our_name(self) -> None:
        self.email[6].write(
            to=ADDRESS, subject="?", text="我是你们自己", headers={"From": ADDRESS}, authenticated=False
        )


def beside(snowflake: int | str) -> str:
    """An id of the same moment, which nobody else gets: another machine of the platform made it."""
    return str(int(snowflake) | 0x3FF << 12)


async def test_poison_goes_aside_and_everybody_else_is_heard_in_order(
    sql_database: Database, tmp_path: Path
) -> None:
    """BT02."""
    async with open_town() as town, town.open_for_business(town.config(sql_database.url, tmp_path)):
        crowd = Poisoners(town, PEOPLE)
        poisons = crowd.poisons()
        for n in range(ROUNDS):
            crowd.write(n)
            for poison in poisons.get(n, []):
                poison()
        await handled(town, sql_database)

        assert heard(sql_database) == crowd.written
        aside = await town.service.store.list_quarantine()
        assert Counter(one.channel for one in aside) == dict.fromkeys(CHANNELS, 2)
        assert all(one.reason for one in aside)
        [[most]] = sql_database.rows("SELECT MAX(attempts) FROM raw_event")
        assert 1 <= most <= MOST_ATTEMPTS
        [one] = [one for one in aside if "many" in (await payload(town, one.id)).decode(errors="replace")]
        await replayed_after_an_upgrade(town, sql_database, one.id, crowd)


async def handled(town: Town, database: Database) -> None:
    """Return once everything that was sent has been dealt with."""
    wanted = len(CHANNELS) * PEOPLE * ROUNDS + INSIDE + 2 * len(CHANNELS)

    async def done() -> bool:
        [[events, waiting]] = database.rows(
            "SELECT COUNT(*), SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END) FROM raw_event"
        )
        return events >= wanted and not waiting

    await town.eventually(done, f"{wanted} events handled")


async def payload(town: Town, event_id: EventId) -> bytes:
    raw = await town.service.store.read_raw(event_id)
    assert raw is not None
    return raw.payload


async def replayed_after_an_upgrade(town: Town, database: Database, event_id: EventId, crowd: Poisoners) -> None:
    """Still unreadable, it is aside again; once it can be read, the person is heard.

    The upgrade is played by making the payload what the program understands.
    """
    replay = town.service.desk.replay
    assert await replay(OPERATOR, event_id)
    await handled(town, database)
    assert event_id in [one.id for one in await town.service.store.list_quarantine()]

    sender = {"id": crowd.telegram[0].id, "first_name": "Tele0"}
    chat = {"id": crowd.telegram[0].id, "type": "private"}
    message = {"message_id": 990, "date": 1_790_000_000, "chat": chat, "from": sender}
    rewrite(database, event_id, {"update_id": 1, "message": {**message, "text": "النجدة telegram0: 99"}})
    assert await replay(OPERATOR, event_id)
    await town.ticket_saying("telegram0: 99")
    assert len(await town.service.store.list_quarantine()) == 2 * len(CHANNELS) - 1
    assert not await replay(OPERATOR, event_id)


def rewrite(database: Database, event_id: EventId, update: dict[str, object]) -> None:
    octets = json.dumps(update).encode().hex()
    literal = f"X'{octets}'" if database.engine == "sqlite" else rf"'\x{octets}'"
    database.rows(f"UPDATE raw_event SET payload = {literal} WHERE id = {event_id}")
