"""The real time, which never jumps."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

log = logging.getLogger(__name__)

SLEW = 0.02
"""A clock that is off is followed at 2 % of the time: budgets have more room than that, so no limit is passed."""
WORTH_TELLING_S = 5.0
ADOPTED_S = 86_400.0
"""What is off by more than a day was never a time at all, e.g. of a machine that has just started."""


def _wall() -> datetime:
    return datetime.now(UTC)


_COUNTS_SLEEP = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
"""Linux has a clock of its own for it; that of macOS goes on by itself, though not where Python takes its own."""


def _elapsed() -> float:
    """Seconds that never jump and go on while the machine sleeps, where the system can tell them."""
    return time.monotonic() if _COUNTS_SLEEP is None else time.clock_gettime(_COUNTS_SLEEP)


class SystemClock:
    """See ``tickets.ports.Clock``.

    Begins with the system's time and goes on by what has really passed.
    ``steer`` lets it follow another clock slowly: when that jumps, nothing
    here is suddenly due, expired or in the future.
    """

    def __init__(self, wall: Callable[[], datetime] = _wall, elapsed: Callable[[], float] = _elapsed) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._now = wall()
        self._at = elapsed()
        self._ahead_s = 0.0

    def now(self) -> datetime:
        at = self._elapsed()
        passed_s, self._at = at - self._at, at
        most_s = SLEW * passed_s
        step_s = min(most_s, max(-most_s, self._ahead_s))
        self._ahead_s -= step_s
        self._now += timedelta(seconds=passed_s + step_s)
        return self._now

    def monotonic(self) -> float:
        return self._elapsed()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def adopt(self, reference: datetime | None) -> None:
        """Take over another clock's time at once.  None: the system's."""
        self.now()
        self._now, self._ahead_s = reference or self._wall(), 0.0

    def steer(self, reference: datetime | None) -> None:
        """Follow another clock slowly from now on.  None: the system's."""
        told = reference or self._wall()
        ahead_s = (told - self.now()).total_seconds()
        if abs(ahead_s) > ADOPTED_S:
            log.warning("The clock is off by %.0f s, so its time is taken over at once", ahead_s)
            self.adopt(told)
            return
        if abs(ahead_s) > WORTH_TELLING_S and abs(self._ahead_s) <= WORTH_TELLING_S:
            log.warning(
                "The clock has jumped by %.0f s and is followed slowly. Restart to take its time over at once",
                ahead_s,
            )
        self._ahead_s = ahead_s
