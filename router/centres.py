"""What an incident is about, learnt from its members, and how well a report fits it: naive Bayes.  Pure.

Each feature of a report counts for an incident by how much more frequent it is among the members than as usual.
Words are compared within their language only, so that an incident that began in one language draws in nothing of
it.
"""

import math
from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from router.causes import likeness
from router.reports import Feature, Held
from router.usual import Usual
from router.wordings import ALIKE

NEVER: Final = -1000.0
"""The score of what is refused."""
LIMITS: Final = {
    "about": (-2.5, 3.0),
    "wrong": (-0.7, 3.0),
    "talk": (-2.5, 0.0),
    "name": (-2.5, 3.0),
    "code": (-1.0, 4.0),
    "number": (0.0, 2.0),
    "link": (-1.0, 4.0),
}
"""What one mark speaks at most against and for an incident, by kind.  Those who complain of the same thing say in
many ways what is wrong, and few write a code down; questions and thanks never speak for trouble."""
ASSUMED: Final = {
    "about": 0.1, "wrong": 0.06, "talk": 0.1, "name": 0.02, "code": 0.001, "number": 0.002, "link": 0.002,
}  # fmt: skip
"""Shares of reports in which a mark of each kind is assumed to stand as usual, as if so many had been seen."""
REPORTS_ASSUMED: Final = 30.0
MEMBERS_ASSUMED: Final = 4.0
TROUBLE_LIKELY: Final = 3.0
"""Any word of trouble is so many times more likely in an incident than as usual, before members say so."""
TYPICAL: Final = 0.06
"""A mark of fewer members speaks for the incident in proportion only."""
WORDS_WEIGH: Final = 1.6
"""Of all words of a text, by the root of their number: they come together."""
WORD_MOST: Final = 2.0
WORDS_LEAST: Final = -6.0
WORDS_MOST: Final = 1.5
CALM_MARKS_MOST: Final = 2.5
CALM_WORDS_MOST: Final = 1.0
"""What speaks for an incident at most in a report that says nothing to be wrong."""
SAME_MOST: Final = 3.0
SAME_LOOSE: Final = -1.0
"""What speaks against one at most when its wording was used by those only who belong to none, and not before."""
REFUSED_MOST: Final = 50


class Centre:
    """An incident while it is found."""

    def __init__(self, key: str, raised_at: datetime, *, copies: bool) -> None:
        """copies: the same text again and again that tells of no trouble, as spam does; nothing else joins it."""
        self.key = key
        self.raised_at = raised_at
        self.copies = copies
        self.members: dict[str, Held] = {}
        self.people: Counter[str] = Counter()
        self.counts: Counter[Feature] = Counter()
        self.last_at = raised_at
        self.refused: dict[str, Held] = {}
        self.next_look = 8
        """Members at which those who belong to none are weighed anew."""
        self._rest: Counter[Feature] = Counter()
        self._rest_total = 0

    def __len__(self) -> int:
        return len(self.members)

    def join(self, held: Held) -> None:
        held.centre = self
        self.members[held.report.message] = held
        self.people[held.report.person] += 1
        self.counts.update(held.features)
        self.last_at = max(self.last_at, held.report.at)

    def leave(self, message: str) -> Held:
        """Raises KeyError for one that is no member."""
        held = self.members.pop(message)
        held.centre = None
        self.people -= Counter((held.report.person,))
        self.counts -= Counter(held.features)
        return held

    def refuse(self, held: Held) -> None:
        """Neither it nor what says nearly the same is a member again."""
        self.refused[held.report.message] = held

    def learn_rest(self, held: Held) -> None:
        """What comes beside it and tells of no trouble shows what is usual, where little is known of that."""
        self._rest.update(held.features)
        self._rest_total += 1

    def marks(self, share: float) -> list[str]:
        """Those of at least so many of the members."""
        least = share * len(self.members)
        return [one for one, count in self.counts.items() if isinstance(one, str) and count >= least]

    def is_open(self, now: datetime, window: timedelta) -> bool:
        return self.raised_at <= now and now - self.last_at < window

    def fit(self, held: Held, usual: Usual, loose: Counter[Feature], *, burst: bool = False) -> float:
        """Log odds that a report belongs to it, but for how many do.

        loose: counts of recent reports that belong to none.  burst: the words of the report are what brought it
        up, so that they say nothing.
        """
        if self._refuses(held) or (self.copies and not self._has_copy_of(held)):
            return NEVER
        marks = sum(self.lift(mark, usual) for mark in held.report.signature.marks)
        words = 0.0 if burst else self._words_lift(held, usual) + self._same_lift(held, usual, loose)
        return marks + words if held.accuses else min(marks, CALM_MARKS_MOST) + words

    def _refuses(self, held: Held) -> bool:
        if not self.refused:
            return False
        words = frozenset(held.report.signature.words)
        last = list(self.refused.values())[-REFUSED_MOST:]
        return any(
            (held.wording and held.wording == one.wording)
            or likeness(words, one.report.signature.words) >= ALIKE
            or held.report.message == one.report.message
            for one in last
        )

    def _has_copy_of(self, held: Held) -> bool:
        links = (mark for mark in held.report.signature.marks if mark.startswith("link:"))
        return any(self.counts[one] for one in (("same", held.wording), *links))

    def lift(self, mark: str, usual: Usual) -> float:
        """How much a mark speaks for the incident, in log odds."""
        kind = mark.partition(":")[0]
        likely = TROUBLE_LIKELY if kind == "wrong" else 1.0
        inside, size = self.counts.get(mark, 0), len(self.members)
        outside = usual.count(mark) + self._rest.get(mark, 0)
        total = usual.total + self._rest_total
        share = (outside + REPORTS_ASSUMED * ASSUMED[kind]) / (total + REPORTS_ASSUMED)
        expected = MEMBERS_ASSUMED * min(1.0, likely * share)
        lift = math.log((inside + expected) / (size + MEMBERS_ASSUMED) / share)
        known = inside + outside + likely - 1.0
        lift *= known / (known + 1.0)
        if lift > 0:
            lift *= min(1.0, (inside + likely - 1.0) / (size * TYPICAL + 0.01))
        return _within(lift, *LIMITS[kind])

    def _words_lift(self, held: Held, usual: Usual) -> float:
        words, spoken = held.report.signature.words, ("in", held.report.language)
        size, total = self.counts.get(spoken, 0), usual.count(spoken) + self._rest.get(spoken, 0)
        if not (size and total and words):
            return 0.0
        lifts = sum(self._word_lift(word, size, total, usual) for word in words)
        sure = size / (size + 5.0) * total / (total + 20.0)
        weight = WORDS_WEIGH * sure / math.sqrt(len(words) + 1)
        return _within(weight * lifts, WORDS_LEAST, WORDS_MOST if held.accuses else CALM_WORDS_MOST)

    def _word_lift(self, word: int, size: float, total: float, usual: Usual) -> float:
        inside = self.counts.get(word, 0)
        outside = usual.count(word) + self._rest.get(word, 0)
        known = inside + outside
        if not known:
            return 0.0
        lift = math.log((inside + 0.2) / (size + 2.0) * (total + 2.0) / (outside + 0.2))
        return _within(lift * known / (known + 1.0), -WORD_MOST, WORD_MOST)

    def _same_lift(self, held: Held, usual: Usual, loose: Counter[Feature]) -> float:
        """Of others who say it in the same words."""
        feature = ("same", held.wording)
        inside, before = self.counts.get(feature, 0), usual.count(feature)
        outside = before + loose.get(feature, 0) - held.loose
        if not held.wording or inside + outside < 2:
            return 0.0
        least = -SAME_MOST if before >= 1 else SAME_LOOSE
        return _within(math.log((inside + 0.5) / (outside + 0.5)), least, SAME_MOST)


def _within(value: float, least: float, most: float) -> float:
    return least if value < least else most if value > most else value
