"""Working hours: several spans a day, holidays, a time zone with its daylight saving.  Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_AHEAD: Final = 800
"""Days; who is closed for longer has no hours."""
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


class Span(NamedTuple):
    """Of a day, in minutes since midnight by the wall; end is behind it, 1,440 at most."""

    start: int
    end: int


class Hours(NamedTuple):
    """When somebody works.

    week: the spans of each day from Monday on, in order.  holidays: on which nobody does.
    """

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date] = frozenset()

    def after(self, start: datetime, seconds: float) -> datetime:
        """When so much working time is over, counted from ``start``; aware UTC."""
        left = timedelta(seconds=seconds)
        if self is ALWAYS:
            return start + left
        end = start
        for opens, closes in self._open_from(start):
            begins = max(opens, start)
            if closes - begins >= left:
                return begins + left
            left -= closes - begins
            end = closes
        return end + left

    def between(self, start: datetime, end: datetime) -> float:
        """The working time between two moments, seconds; 0 where ``end`` is not later."""
        if self is ALWAYS:
            return max(0.0, (end - start).total_seconds())
        total = timedelta(0)
        for opens, closes in self._open_from(start):
            if opens >= end:
                break
            total += max(timedelta(0), min(closes, end) - max(opens, start))
        return total.total_seconds()

    def _open_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Every span that ends after ``start``, in order; aware UTC."""
        day = start.astimezone(self.zone).date()
        for _ in range(LOOK_AHEAD):
            if day not in self.holidays:
                for span in self.week[day.weekday()]:
                    opens, closes = self._at(day, span.start), self._at(day, span.end)
                    if closes > start:
                        yield opens, closes
            day += timedelta(days=1)

    def _at(self, day: date, minutes: int) -> datetime:
        """By the wall; an hour that is left out in spring is the one after it, one that comes twice the first."""
        days, minutes = divmod(minutes, 1_440)
        wall = datetime.combine(day + timedelta(days=days), time(minutes // 60, minutes % 60), self.zone)
        return wall.astimezone(UTC)


ALWAYS: Final = Hours(ZoneInfo("UTC"), ((Span(0, 1_440),),) * 7)
"""Day and night."""


def read_hours(zone: str, days: Mapping[str, Sequence[str]], holidays: Sequence[str]) -> Hours:
    """From what people write: ``{"mon": ["09:00-12:30", "13:30-18:00"]}``, ``["2026-12-25"]``.

    A span over midnight belongs to the day on which it begins.  Raises ValueError with a sentence's end.
    """
    try:
        known = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"has no time zone {zone!r}; write e.g. Europe/Berlin") from error
    if unknown := sorted(set(days) - set(DAYS)):
        raise ValueError(f"has no day {unknown[0]!r}; days are {', '.join(DAYS)}")
    week: list[list[Span]] = [[] for _ in DAYS]
    for name, texts in days.items():
        at = DAYS.index(name)
        for span in map(_span, texts):
            week[at].append(Span(span.start, min(span.end, 1_440)))
            if span.end > 1_440:
                week[(at + 1) % 7].append(Span(0, span.end - 1_440))
    if not any(week):
        raise ValueError('has no hours at all; write e.g. mon = ["09:00-17:00"]')
    for at, spans in enumerate(week):
        spans.sort()
        if any(one.end > other.start for one, other in pairwise(spans)):
            raise ValueError(f"has spans of {DAYS[at]} that overlap")
    return Hours(known, tuple(tuple(spans) for spans in week), frozenset(map(_holiday, holidays)))


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"has a span {text!r}; write e.g. 09:00-17:30")
    start = int(found[1]) * 60 + int(found[2])
    end = 1_440 if found[3] is None else int(found[3]) * 60 + int(found[4])
    return Span(start, end if end > start else end + 1_440)


def _holiday(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"has a holiday {text!r}; write e.g. 2026-12-25") from error
