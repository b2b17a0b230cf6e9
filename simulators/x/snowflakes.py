"""Ids as X makes them: the time in milliseconds, shifted, and always rising."""

from collections.abc import Callable
from datetime import datetime

EPOCH_MS = 1_288_834_974_657
"""Milliseconds since 1970 at which the ids begin (https://docs.x.com/fundamentals/x-ids)."""

SHIFT = 22
"""Bits below the time."""


class Snowflakes:
    """Fresh ids from a clock; a clock that stands or goes back still gives greater ones."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last = 0

    def next(self) -> str:
        """A decimal id greater than all before."""
        ms = int(self._now().timestamp() * 1000) - EPOCH_MS
        self._last = max(ms << SHIFT, self._last + 1)
        return str(self._last)
