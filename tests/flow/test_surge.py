"""A surge is absorbed, and one noisy person starves nobody; without any timing."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.pump import LOOK_AGAIN_S, MOST_WAITING, pump
from router.intake import Intake
from tests.support.builders import MAIN, T0, at, ignoring
from tests.support.clock import ManualClock, settle
from tests.support.inbound import JsonNormalizer, PlainNotices, decider
from tests.support.stores import Database
from tests.support.town import ADDRESS, Town, open_town, until
from tickets.ids import AccountId
from tickets.model import RawEvent
from tickets.ports import Batch, no_crash
from tickets.storage import Store

NOISY = 600
OTHERS = 60
WORDS = ("Bitte helfen", "救命", "النجدة", "ช่วยด้วย", "помогите", "도와주세요", "Cứu với", "help 🆘")
ELSEWHERE = AccountId("telegram:second")
BATCH = 100
AHEAD = 50
"""So many of the noisy person's messages may be stored before everybody else's: one turn."""


# The whole service --------------------------------------------------------------------


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    """A running service on each database."""
    async with open_town() as place, place.open_for_business(place.config(sql_database.url, tmp_path)):
        yield place


async def test_a_surge_over_all_channels_is_stored_once(town: Town, sql_database: Database) -> None:
    wanted = Counter(write_surge(town))
    assert wanted.total() == NOISY + OTHERS

    def stored() -> Counter[str]:
        rows = sql_database.rows("SELECT text FROM message WHERE direction = 'in'")
        return Counter(text.removeprefix(f"@{town.x_account.username} ").strip() for (text,) in rows)

    await until(lambda: stored().total() >= wanted.total(), "every message stored")
    assert stored() == wanted
    assert sql_database.rows("SELECT COUNT(*) FROM ticket") == [(1 + OTHERS,)]
    [(of_noisy,)] = sql_database.rows(
        "SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM message GROUP BY ticket_id) x"
    )
    assert of_noisy == NOISY


def write_surge(town: Town) -> list[str]:
    """One writes six hundred times, the others once each, on four channels by turns; their texts."""
    noisy = town.telegram.add_person("Noisy")
    texts = [f"{WORDS[n % len(WORDS)]} {n} noisy" for n in range(NOISY)]
    for text in texts:
        noisy.write(text, town.bot)
    for n in range(OTHERS):
        text, name = f"{WORDS[n % len(WORDS)]} {n} other", f"Other {n}"
        texts.append(text)
        match n % 4:
            case 0:
                town.telegram.add_person(name).write(text, town.bot)
            case 1:
                town.discord.add_person(name).write(text, town.discord_bot)
            case 2:
                town.x.add_person(name, f"other_{n}").mention(town.x_account, text)
            case _:
                writer = town.mail.add_person(name, f"other{n}@customers.test")
                writer.write(to=ADDRESS, subject=text, text=text)
    return texts


# Whose turn it is ---------------------------------------------------------------------


async def test_who_writes_after_a_noisy_person_s_backlog_is_stored_before_its_end(database: Database) -> None:
    """The same account, and another one; on all stores."""
    store = database.store()
    await store.open()
    backlog = [_said(f"noisy {n}", "noisy", n) for n in range(NOISY)]
    await store.append_raw(MAIN, backlog, None)
    for n in range(OTHERS):
        account = (MAIN, ELSEWHERE)[n % 2]
        await store.append_raw(account, [_said(f"other {n}", f"other {n}", NOISY + n, account)], None)
    order = await _handled_in_order(store)
    await store.close()

    assert Counter(order) == Counter(
        [*(f"noisy {n}" for n in range(NOISY)), *(f"other {n}" for n in range(OTHERS))]
    )
    last_of_others = max(place for place, text in enumerate(order) if text.startswith("other"))
    before = sum(text.startswith("noisy") for text in order[:last_of_others])
    assert before <= AHEAD, f"{before} messages of one person came before the last of the others"
    assert [text for text in order if text.startswith("noisy")] == [f"noisy {n}" for n in range(NOISY)]


async def _handled_in_order(store: Store) -> list[str]:
    """Every message, as tickets got it one after another."""
    clock = ManualClock(at(NOISY + OTHERS))
    readers = JsonNormalizer()
    intake = Intake(store, readers, decider(notices=PlainNotices()), clock, no_crash, "worker")
    order: list[str] = []
    seen = 0
    while await intake.drain_inbound():
        clock.move(1.0)
        while events := await store.events_after(seen):
            seen = events[-1].seq
            for one in events:
                if one.kind == "received" and one.ticket_id and one.message_id:
                    number = await store.find_ticket_number(one.ticket_id)
                    assert number is not None
                    order.append(f"{number}/{one.message_id}")
    return await _texts(store, order)


async def _texts(store: Store, order: list[str]) -> list[str]:
    """What the messages say; a ticket is read once."""
    said: dict[str, str] = {}
    for number in sorted({int(name.partition("/")[0]) for name in order}):
        envelope = await store.find_ticket(number)  # type: ignore[arg-type]
        assert envelope is not None
        said |= {f"{number}/{message.id}": message.text for message in envelope.messages}
    return [said[name] for name in order]


def _said(text: str, who: str, n: int, account: AccountId = MAIN) -> RawEvent:
    payload = json.dumps({"text": text, "account": account}).encode()
    return RawEvent("telegram", account, f"e{n}", who, payload, T0 + timedelta(seconds=n / 1000), "bot")


# Reading pauses -----------------------------------------------------------------------


class Endless:
    """A source that always has more.  See ``tickets.ports.Source``.  asked: batches it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        yield Batch(())
        while True:
            self.asked += 1
            first = self.asked * BATCH
            yield Batch(tuple(_said(f"{n}", f"{n % 7}", n) for n in range(first, first + BATCH)), str(first))

    async def acknowledge(self, batch: Batch) -> None:
        pass


async def test_reading_pauses_while_enough_is_waiting_and_goes_on_after(store: Store) -> None:

    source, clock = Endless(), ManualClock(at(1_000))
    pumping = asyncio.create_task(pump(source, MAIN, store, clock, no_crash, _nothing))
    await until(lambda: clock.sleeping, "a pause")
    assert await store.count_waiting() == MOST_WAITING
    assert source.asked == MOST_WAITING / BATCH

    for _ in range(20):
        await clock.advance(LOOK_AGAIN_S)
        await settle()
    assert source.asked == MOST_WAITING / BATCH, "it read on while nobody had handled anything"

    leased = await store.lease_events("worker", clock.now(), 60, BATCH)
    await store.admit([ignoring(*(one.id for one in leased))], clock.now())
    asked = source.asked
    while source.asked == asked:
        await until(lambda: clock.sleeping or source.asked > asked, "the next look")
        await clock.advance(LOOK_AGAIN_S)
    await until(lambda: clock.sleeping, "the next pause")
    waiting = await store.count_waiting()
    assert MOST_WAITING <= waiting < MOST_WAITING + BATCH
    pumping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pumping


async def _nothing(_behind: str) -> None:
    pass
