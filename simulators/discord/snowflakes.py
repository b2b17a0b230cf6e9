"""Ids that tell their time.

Source: https://discord.com/developers/docs/reference#snowflakes
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
"""Where Discord's clock starts."""

SNOWFLAKE_MAX = 2**63 - 1


class Snowflakes:
    """Strictly rising ids on the platform's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._latest = 0

    def next(self, at: datetime | None = None) -> int:
        """A fresh id, of now for None; counts on within a millisecond, or while the clock stands behind."""
        milliseconds = ((at or self._now()) - EPOCH) // timedelta(milliseconds=1)
        self._latest = max(self._latest + 1, milliseconds << 22)
        return self._latest


def moment_of(snowflake: int) -> datetime:
    """When it was made, to the millisecond."""
    return EPOCH + timedelta(milliseconds=snowflake >> 22)


def parse_snowflake(text: object) -> int | None:
    """An id as clients write it, a number or its digits; None for anything else."""
    if isinstance(text, bool) or not isinstance(text, int | str):
        return None
    if isinstance(text, str) and not (text.isascii() and text.isdecimal() and len(text) <= 20):
        return None
    number = int(text)
    return number if 0 <= number <= SNOWFLAKE_MAX else None
