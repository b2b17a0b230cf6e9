"""An account is read by whoever holds its lease, and by nobody whose lease may have run out."""

import asyncio
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any

from service.accounts import AccountRunner
from simulators.memory_store import MemoryStore
from tests.support.clock import ManualClock
from tickets.ids import AccountId
from tickets.ports import Batch, no_crash

LEASE_S = 15.0


class Line:
    """A connector whose source says that it is connected, and then waits for ever."""

    account = AccountId("telegram:main")
    capabilities = SimpleNamespace(channel="telegram")
    sender = object()

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.source = self
        self.closed: list[float] = []
        self.reading = 0

    async def open(self) -> None:
        return

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        self.reading += 1
        try:
            yield Batch(events=(), cursor=cursor)
            await asyncio.Event().wait()
        finally:
            self.reading -= 1
            self.closed.append(self._clock.monotonic())


class Cut(MemoryStore):
    """A database whose answers stop coming, without an error.  cut: whether it is so now."""

    def __init__(self) -> None:
        super().__init__()
        self.cut = False

    async def acquire_lease(self, *asked: Any) -> bool:
        if self.cut:
            await asyncio.Event().wait()
        return await super().acquire_lease(*asked)


def runner(line: Line, store: Cut, clock: ManualClock) -> AccountRunner:
    return AccountRunner(line, store, clock, no_crash, "one", {}, LEASE_S)  # type: ignore[arg-type]


async def test_whoever_cannot_prolong_the_lease_stops_reading_before_another_may_begin() -> None:
    clock, store = ManualClock(), Cut()
    await store.open()
    line = Line(clock)
    running = asyncio.create_task(runner(line, store, clock).run())
    await clock.advance(100)
    assert (line.reading, line.closed) == (1, [])

    store.cut = True
    began = clock.now()
    await clock.advance(LEASE_S)
    assert line.reading == 0
    assert await MemoryStore.acquire_lease(store, f"account:{line.account}", "two", clock.now(), LEASE_S)
    assert (clock.now() - began).total_seconds() == LEASE_S

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_whoever_has_lost_the_lease_waits_until_it_is_free_again() -> None:
    clock, store = ManualClock(), Cut()
    await store.open()
    line = Line(clock)
    name = f"account:{line.account}"
    running = asyncio.create_task(runner(line, store, clock).run())
    await clock.advance(1)
    await store.release_lease(name, "one")
    assert await store.acquire_lease(name, "two", clock.now(), 60)
    await clock.advance(LEASE_S)
    assert line.reading == 0
    await clock.advance(60)
    assert line.reading == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
