"""Days and times that a message names, in figures or with the month's name in any language.  Pure."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from router.lexicon import read_words
from tickets.segments import fold

_ISO = re.compile(r"(?<![\d.])(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(r"(?<![\d.])(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?![\d])")
_NUMBERED = re.compile(r"(?:(\d{4})\s?[年년]\s?)?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日号號일]")
_CLOCK = re.compile(r"(?<![\d:.])([01]?\d|2[0-3])[:：]([0-5]\d)(?::[0-5]\d)?(?![\d:])")

_DAY = re.compile(r"(?<![\w.:/-])\d{1,2}(?![\d:])")
_LETTERS: Final = r"[^\W\d_][\w\u0900-\u0963\u0e30-\u0e4e.]{2,14}"
_YEAR: Final = r"(?![\d:])(?:,?\s(?:de\s|del\s)?(?P<year>\d{4}))?"
_NAME_BEHIND = re.compile(rf"(?:st|nd|rd|th|\.|º|er)?\s?(?:de\s|of\s)?(?P<name>{_LETTERS}){_YEAR}")
_NAME_BEFORE = re.compile(rf"(?P<name>{_LETTERS})\s\Z")
_BEHIND_DAY = re.compile(rf"(?:st|nd|rd|th)?{_YEAR}")
"""A day beside a month's name: "21. November 2026", "Nov 21st", "21 de noviembre de 2026"."""
NEAR_CHARS: Final = 17


def moments_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each stands, and what it is: ``2026-11-21``, ``11-21`` without a year, ``14:30``.

    Of figures of which it is not clear which is the month, what stands there.
    """
    if not any(map(str.isdecimal, text)):
        return
    for found in _ISO.finditer(text):
        yield from _day(found, found[1], found[2], found[3])
    for found in _DAY_FIRST.finditer(text):
        yield from _either(found)
    for found in _NUMBERED.finditer(text):
        yield from _day(found, found[1] or "", found[2], found[3])
    yield from _named(text)
    for found in _CLOCK.finditer(text):
        yield found.start(), found.end(), f"{int(found[1]):02}:{int(found[2]):02}"


def _either(found: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    first, second = int(found[1]), int(found[3])
    year = found[4] if len(found[4]) == 4 else f"20{found[4]}"
    if found[2] == "." or first > 12 or first == second:
        yield from _day(found, year, found[3], found[1])
    elif second > 12:
        yield from _day(found, year, found[1], found[3])
    elif first and second:
        yield found.start(), found.end(), found[0]


def _day(found: re.Match[str], year: str, month: str, day: str) -> Iterator[tuple[int, int, str]]:
    yield from _dated(found.start(), found.end(), year, int(month), day)


def _dated(start: int, end: int, year: str | None, month: int, day: str) -> Iterator[tuple[int, int, str]]:
    if 1 <= month <= 12 and 1 <= int(day) <= 31:
        before = f"{int(year):04}-" if year else ""
        yield start, end, f"{before}{month:02}-{int(day):02}"


def _named(text: str) -> Iterator[tuple[int, int, str]]:
    """Around each number that may be a day."""
    for day in _DAY.finditer(text):
        behind = _NAME_BEHIND.match(text, day.end())
        if behind is not None and (month := _month(behind["name"])):
            yield from _dated(day.start(), behind.end(), behind["year"], month, day[0])
            continue
        start = max(0, day.start() - NEAR_CHARS)
        before = _NAME_BEFORE.search(text[start : day.start()])
        rest = _BEHIND_DAY.match(text, day.end())
        if before is not None and rest is not None and (month := _month(before["name"])):
            yield from _dated(start + before.start(), rest.end(), rest["year"], month, day[0])


def _month(name: str) -> int | None:
    return _months().get(fold(name).rstrip("."))


@cache
def _months() -> dict[str, int]:
    """By name, folded.  Of one that two languages give to different months the first counts."""
    names: dict[str, int] = {}
    for months in read_words("months").values():
        for month, written in enumerate(months, 1):
            for name in written:
                names.setdefault(fold(name).rstrip("."), month)
    return names
