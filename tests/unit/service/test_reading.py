"""Reading a feed: what fails costs once, and who was held for dead overwrites nothing."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from service.feed_plan import FeedPlace
from service.reading import READ, Reading
from simulators.memory_store import MemoryStore
from tests.support.builders import MAIN
from tests.support.clock import ManualClock
from tickets.errors import Unreachable
from tickets.ids import AccountId, JobId
from tickets.ports import AskedFeed, FeedReading
from tickets.records import Job

FEED = AskedFeed(every_s=900.0, monthly_budget=100.0, price=0.005, fewest=10)
JOB = Job(JobId(1), READ, {"account": MAIN, "feed": "talk"}, 1)


class Source:
    """A platform with one feed.  asked: so often; meanwhile: what happens while it answers."""

    def __init__(self, *told: FeedReading | Exception, meanwhile: Callable[[], Any] | None = None) -> None:
        self.asked = 0
        self._told = list(told)
        self._meanwhile = meanwhile

    @property
    def feeds(self) -> Mapping[str, AskedFeed]:
        return {"talk": FEED}

    async def read_feed(self, name: str, after: str | None, most: int) -> FeedReading:
        self.asked += 1
        told = self._told.pop(0)
        if self._meanwhile is not None:
            await self._meanwhile()
        if isinstance(told, Exception):
            raise told
        return told


def reading(store: MemoryStore, clock: ManualClock, source: Source, holder: str = "worker") -> Reading:
    return Reading(store, clock, holder, {MAIN: SimpleNamespace(source=source)})  # type: ignore[dict-item]


async def place(store: MemoryStore) -> FeedPlace:
    cursor = await store.find_cursor(AccountId(f"feed:{MAIN}/talk"))
    assert cursor is not None
    return msgspec.json.decode(cursor, type=FeedPlace)


def read(newest: str, posts: int) -> FeedReading:
    return FeedReading(events=(), newest=newest, read=posts)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


async def test_whatever_goes_wrong_it_is_not_asked_again_at_once() -> None:
    for error in (Unreachable("away"), ValueError("ours")):
        store, clock = MemoryStore(), ManualClock()
        await store.open()
        source = Source(read("1", 10), error, read("2", 10))
        worker = reading(store, clock, source)
        await worker.read(JOB)
        clock.move(3_600)
        if isinstance(error, ValueError):
            with pytest.raises(ValueError, match="ours"):
                await worker.read(JOB)
        else:
            await worker.read(JOB)
        for _ in range(14):
            clock.move(60)
            await worker.read(JOB)
        assert source.asked == 2
        clock.move(60)
        await worker.read(JOB)
        assert source.asked == 3


async def test_a_worker_that_was_held_for_dead_overwrites_nothing_and_its_reading_is_counted(
    store: MemoryStore,
) -> None:
    clock = ManualClock()
    await store.open()
    await reading(store, clock, Source(read("1", 10))).read(JOB)
    clock.move(3_600)
    other = reading(store, clock, Source(read("200", 20)), "other")

    async def meanwhile() -> None:
        await store.release_lease(f"feed:{MAIN}/talk", "worker")
        await other.read(JOB)

    await reading(store, clock, Source(read("100", 30), meanwhile=meanwhile)).read(JOB)
    assert (await place(store)).newest == "200"
    assert (await place(store)).spent == pytest.approx((10 + 20 + 30) * FEED.price)
