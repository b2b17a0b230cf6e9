"""Reports as incidents are found in them: what each has in common with others.  Pure."""

from collections.abc import Hashable, Iterator
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from router.causes import SURE, Signature

if TYPE_CHECKING:
    from router.centres import Centre

Feature = Hashable
"""A mark, a word's hash, ("same", wording) or ("in", language)."""
Key = tuple[str | int, ...]
"""What may be a cause: its kind, and the marks or the wording of which it consists."""
MOST_ABOUT: Final = 4
MOST_NAMES: Final = 3


class Report(NamedTuple):
    """A message that arrived.  message, person: any names.  at: aware.  language: None when unknown."""

    message: str
    person: str
    at: datetime
    language: str | None
    channel: str
    signature: Signature


class Held:
    """A report while it is looked at."""

    __slots__ = ("accuses", "centre", "features", "keys", "loose", "recent", "report", "wording")

    def __init__(self, report: Report, wording: int) -> None:
        """wording: its number; 0 for none."""
        marks = report.signature.marks
        self.report = report
        self.wording = wording
        self.accuses = any(mark.startswith(("code:", "wrong:")) for mark in marks)
        """Whether something is said to be wrong, be it only by a code."""
        self.features: tuple[Feature, ...] = (*marks, *report.signature.words, ("in", report.language))
        if wording:
            self.features += (("same", wording),)
        self.keys = tuple(_keys(marks, wording))
        self.centre: Centre | None = None
        """The incident that it belongs to."""
        self.loose = False
        """Whether it is counted among what belongs to none."""
        self.recent = True


def _keys(marks: tuple[str, ...], wording: int) -> Iterator[Key]:
    kinds: dict[str, list[str]] = {}
    for mark in marks:
        kinds.setdefault(mark.partition(":")[0], []).append(mark)
    for mark in (*kinds.get("code", ()), *kinds.get("link", ())):
        yield (mark[:4], mark)
    if wording:
        yield ("same", wording)
    wrong = [mark for mark in kinds.get("wrong", ()) if mark == "wrong:many" or mark[6:] in SURE]
    if not wrong or any(mark != "talk:asks" for mark in kinds.get("talk", ())):
        return
    about, names = kinds.get("about", [])[:MOST_ABOUT], kinds.get("name", [])[:MOST_NAMES]
    yield from (("theme", mark) for mark in about)
    yield from (("named", mark) for mark in names)
    yield from (("pair", *pair) for pair in product(about, wrong))
    yield from (("triple", *three) for three in product(names, about, wrong))
