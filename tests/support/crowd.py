"""People on all four channels who write numbered lines, and what of them stands in tickets."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.support.program import Program, breathe
from tests.support.stores import Database
from tests.support.town import ADDRESS, PATIENCE_S, Town

CHANNELS = ("telegram", "discord", "x", "email")
WORDS = ("Bitte helfen", "救命", "النجدة", "ช่วยด้วย", "помогите", "도와주세요", "Cứu với", "help 🆘")
_LINE = re.compile(rf"(?P<who>(?:{'|'.join(CHANNELS)})\d+): (?P<n>\d+)")


class Crowd:
    """So many people on each channel.  written: the numbers of what each wrote, in order."""

    def __init__(self, town: Town, people: int) -> None:
        self.town = town
        self.people = range(people)
        self.written: dict[str, list[int]] = defaultdict(list)
        self.telegram = [town.telegram.add_person(f"Tele{n}") for n in self.people]
        self.discord = [town.discord.add_person(f"Dis{n}", username=f"dis{n}") for n in self.people]
        self.x = [town.x.add_person(f"Ex{n}", username=f"ex{n}") for n in self.people]
        self.email = [town.mail.add_person(f"Ma{n}", f"ma{n}@customers.test") for n in self.people]

    def write(self, n: int) -> None:
        """Everybody's line number ``n``."""
        for place in self.people:
            self.telegram[place].write(self.line("telegram", place, n), self.town.bot)
            self.discord[place].write(self.line("discord", place, n), self.town.discord_bot)
            self.x[place].mention(self.town.x_account, self.line("x", place, n))
            self._mail(place, n)

    def line(self, channel: str, place: int, n: int) -> str:
        """The words of a line that is about to be written."""
        self.written[f"{channel}{place}"].append(n)
        return f"{WORDS[(place + n) % len(WORDS)]} {channel}{place}: {n}"

    def _mail(self, place: int, n: int) -> None:
        """A mail names the person's last one, so that all of them belong together."""
        earlier = self.written[f"email{place}"][-1:]
        self.email[place].write(
            to=ADDRESS,
            subject=f"{WORDS[place % len(WORDS)]} {place}",
            text=self.line("email", place, n),
            message_id=f"<{place}.{n}@customers.test>",
            in_reply_to=f"<{place}.{earlier[0]}@customers.test>" if earlier else None,
        )


@asynccontextmanager
async def in_touch(program: Program, people: int) -> AsyncIterator[Crowd]:
    """The program at work, and so many people on each channel with their first line in a ticket."""
    await program.make_token()
    crowd = Crowd(program.town, people)
    try:
        await program.start()
        await all_up(program.database)
        crowd.write(0)
        await all_heard(crowd, program.database)
        yield crowd
    finally:
        await program.stop()


async def all_up(database: Database) -> None:
    """Return once every channel is connected: from then on nothing that is written is missed."""
    async with asyncio.timeout(PATIENCE_S):
        while database.rows("SELECT COUNT(*) FROM channel_health WHERE state = 'up'") != [(len(CHANNELS),)]:
            await asyncio.to_thread(breathe)


async def all_heard(crowd: Crowd, database: Database, within_s: float = PATIENCE_S) -> None:
    """Return once all that was written stands in tickets, each line once and in order."""
    try:
        async with asyncio.timeout(within_s):
            while heard(database) != crowd.written:
                await asyncio.to_thread(breathe)
    except TimeoutError:
        assert heard(database) == crowd.written, f"not all was heard within {within_s} s"


def heard(database: Database) -> dict[str, list[int]]:
    """The numbers of each person's lines as they stand in tickets, each as often as it does."""
    found: dict[str, list[int]] = defaultdict(list)
    for (text,) in database.rows("SELECT text FROM message WHERE direction = 'in' ORDER BY stored_at"):
        line = _LINE.search(text)
        assert line is not None, f"nobody wrote this: {text!r}"
        found[line["who"]].append(int(line["n"]))
    return dict(found)


async def numbers_telegram_first(program: Program) -> list[int]:
    """The numbers of all tickets."""
    tickets = sorted(await program.tickets(), key=lambda one: one["channel"] != "telegram")
    return [one["number"] for one in tickets]


async def answer_in_flight(town: Town, program: Program, number: int, text: str) -> str:
    """The id of a delivery over Telegram that the platform has in hand for a while."""
    town.telegram.faults.arm("delay", seconds=1.5, method="sendMessage")
    delivery = await program.reply(number, text)
    async with asyncio.timeout(PATIENCE_S):
        while (await program.get(f"/deliveries/{delivery}"))["state"] != "sending":
            await asyncio.to_thread(breathe)
    assert delivery is not None
    return delivery


async def refused_for_now(ask: Awaitable[object]) -> None:
    """What cannot be done is refused in so many words, and when to ask again; the program lives."""
    with pytest.raises(httpx.HTTPStatusError) as refusal:
        await ask
    assert refusal.value.response.status_code == 503, refusal.value.response.text
    assert "retry-after" in refusal.value.response.headers


async def answer_all(program: Program, numbers: list[int]) -> None:
    """Answer every ticket, and return once every answer has left."""
    deliveries = [await program.reply(number, answer_to(number)) for number in numbers]
    assert [await program.settled(one) for one in deliveries if one] == ["sent"] * len(numbers)


def answer_to(number: int) -> str:
    return f"Antwort auf {number}, 请稍候"
