"""Time stands still until a test moves it."""

import asyncio

from tests.support.builders import T0, at
from tests.support.clock import ManualClock, settle


async def test_sleepers_wake_at_their_moment_in_order() -> None:
    clock = ManualClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    tasks = [asyncio.create_task(sleeper(name, s)) for name, s in (("late", 10), ("early", 2), ("never", 99))]
    await clock.advance(1.9)
    assert woken == []
    await clock.advance(20)
    assert woken == [("early", 2), ("late", 10)]
    assert (clock.sleeping, clock.now(), clock.slept) == (1, at(21.9), [10, 2, 99])
    tasks[-1].cancel()
    await settle()
    assert clock.sleeping == 0


async def test_who_sleeps_again_wakes_within_the_same_advance() -> None:
    clock = ManualClock()
    ticks: list[float] = []

    async def ticking() -> None:
        while True:
            await clock.sleep(1)
            ticks.append(clock.monotonic())

    task = asyncio.create_task(ticking())
    await clock.advance(3.5)
    assert ticks == [1, 2, 3]
    task.cancel()
    assert ManualClock().now() == T0
