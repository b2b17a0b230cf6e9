"""Time that a test moves by hand."""

import asyncio
from datetime import datetime, timedelta

from tests.support.builders import T0

TURNS = 50
"""So many turns of the loop let everything run that can run without time passing."""


class ManualClock:
    """See ``tickets.ports.Clock``.  ``sleep`` ends only by ``advance``.

    slept: the lengths asked for, in order.
    """

    def __init__(self, start: datetime = T0) -> None:
        self._start = start
        self._passed_s = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed_s)

    def monotonic(self) -> float:
        return self._passed_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._passed_s + seconds, waiting))
        await waiting

    @property
    def sleeping(self) -> int:
        """How many wait now."""
        return sum(not waiting.done() for _, waiting in self._sleepers)

    def move(self, seconds: float) -> None:
        """Let time pass where nobody sleeps."""
        self._passed_s += seconds

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking every sleeper at its moment."""
        end = self._passed_s + seconds
        await settle()
        while due := [sleeper for sleeper in self._sleepers if sleeper[0] <= end]:
            moment, waiting = min(due, key=lambda sleeper: sleeper[0])
            self._sleepers.remove((moment, waiting))
            self._passed_s = max(self._passed_s, moment)
            if not waiting.done():
                waiting.set_result(None)
            await settle()
        self._passed_s = end


async def settle() -> None:
    """Let every task go on until it waits for something."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
