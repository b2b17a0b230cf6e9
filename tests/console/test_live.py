"""News: told once, told late, told again after a pause, ended with the session."""

import asyncio
import itertools
from collections.abc import Sequence

import msgspec
import pytest

from console.live import BATCH, EventLog, Live, News, Tab
from tests.console.house import House
from tests.console.seeds import Person
from tickets.errors import StoreUnavailable
from tickets.ids import TicketId, TicketNumber
from tickets.model import TicketEvent


class Events:
    """An event log that is told what to show."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.visible: dict[int, int] = {}

    def commit(self, seq: int, ticket: int) -> None:
        self.visible[seq] = ticket

    async def newest_seq(self) -> int:
        return max(self.visible, default=0)

    async def events_after(self, seq: int, limit: int = 200) -> Sequence[TicketEvent]:
        found = sorted(one for one in self.visible if one > seq)[:limit]
        now = self.house.clock.now()
        return [TicketEvent("x", "y", now, TicketId(str(self.visible[one])), seq=one) for one in found]

    async def find_ticket_number(self, ticket_id: TicketId) -> TicketNumber | None:
        return TicketNumber(int(ticket_id))


@pytest.fixture
def events(house: House) -> Events:
    return Events(house)


async def test_each_event_is_read_once(events: Events) -> None:
    events.commit(10, 1)
    log = EventLog(events)  # type: ignore[arg-type]
    assert await log.read() == set()
    events.commit(11, 2)
    assert await log.read() == {2}
    events.commit(13, 3)
    assert await log.read() == {3}
    assert await log.read() == set()
    assert log.seq == 13


async def test_a_burst_is_read_whole(events: Events) -> None:
    log = EventLog(events)  # type: ignore[arg-type]
    await log.read()
    for seq in range(1, 3 * BATCH):
        events.commit(seq, seq)
    assert len(await log.read()) == 3 * BATCH - 1
    assert log.seq == 3 * BATCH - 1


async def test_who_comes_back_hears_what_was_missed(events: Events) -> None:
    log = EventLog(events)  # type: ignore[arg-type]
    assert log.since(0) is None
    events.commit(5, 1)
    await log.read()
    events.commit(6, 2)
    await log.read()
    assert log.since(5) == (2,)
    assert log.since(2) is None, "before our time: everything may have changed"
    assert log.since(99) is None, "a number of another life"


async def test_news_gathers_in_a_slow_tab() -> None:
    tab = Tab()
    tab.tell([TicketNumber(1)], 1)
    tab.tell([TicketNumber(2), TicketNumber(1)], 2)
    assert await tab.next(0.1) == News((TicketNumber(1), TicketNumber(2)), False, 2)
    assert await tab.next(0.01) is None


async def test_a_command_is_told_to_every_tab(house: House) -> None:
    number = await house.seeds.writes(Person("Anna Lind"), "Hello")
    live: Live = house.app.state.site.live
    await live._log.read()
    async with house.app.router.lifespan_context(house.app):
        with live.joined(None) as one, live.joined(None) as other:
            for tab in (one, other):
                assert await tab.next(1) == News((), False, live._log.seq)
            await house.desk.note(await house.actor("Mei Lin"), number, "x", key="k")
            for tab in (one, other):
                news = await tab.next(5)
                assert news is not None
                assert news.numbers == (number,)
        assert live.tabs == 0


async def test_the_reader_survives_a_database_that_is_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    number = await house.seeds.writes(Person("Anna Lind"), "Hello")
    real, failures = house.store.newest_seq, iter([StoreUnavailable("locked")] * 3)

    async def flaky() -> int:
        for error in failures:
            raise error
        return await real()

    monkeypatch.setattr(house.store, "newest_seq", flaky)
    live: Live = house.app.state.site.live
    with live.joined(None) as tab:
        await tab.next(1)
        async with house.app.router.lifespan_context(house.app), asyncio.timeout(10):
            keys = (f"k{n}" for n in itertools.count())
            told = None
            while told is None:
                await house.desk.note(await house.actor("Mei Lin"), number, "x", key=next(keys))
                told = await tab.next(0.05)
    assert told.numbers == (number,)
    assert list(failures) == []


async def test_a_stream_ends_with_the_session_and_at_shutdown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.live.CHECK_S", 0.01)
    live = Live(house.store, house.clock)

    async def no() -> bool:
        return False

    async def yes() -> bool:
        return True

    refused = [event async for event in live.stream(None, no)]
    assert [event.event for event in refused] == ["news", "ended"]
    stream = live.stream(7, yes)
    first = await anext(stream)
    assert msgspec.json.decode(str(first.data), type=News).all is True
    live.end()
    assert [event async for event in stream if event.event] == []
    assert live.tabs == 0
