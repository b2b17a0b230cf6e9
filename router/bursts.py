"""Whether many say the same thing of late whom nobody said as often before.  Pure.

Chernoff's bound of Poisson's law: n reports where m are expected come by chance with a probability of at most
exp(-(n log(n/m) - n + m)).
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from router.causes import tells_of_trouble
from router.reports import Held, Key

ASSUMED: Final = {
    "code": 0.0001, "link": 0.0001, "same": 0.002, "named": 0.01, "theme": 0.04, "pair": 0.02, "triple": 0.005,
}  # fmt: skip
"""Shares of reports in which a key of each kind is assumed to stand as usual."""
REPORTS_ASSUMED: Final = 200.0
"""As if so many had been seen: on the first day nobody knows what is usual."""
LEAST_EXPECTED: Final = 0.02
TESTS: Final = 1.7
"""The more reports are held the more keys are looked at, and the more of them would burst by chance."""
CALM: Final = 2
"""So many times more people are asked for where a wording tells of no trouble."""
CALM_ALONE: Final = 6
"""The same where it is to be an incident of its own: most questions that many ask are none."""


class Measure(NamedTuple):
    """usual: how often the key stood before, of how many reports.  others: ordinary reports without it in the same
    span of time.  by_clock: how often it stands in such a span as usual, however much else is said.  held:
    ordinary reports of the window, those of incidents aside.
    """

    usual: float
    total: float
    others: int
    by_clock: float
    held: int


def is_burst(key: Key, some: Sequence[Held], measure: Measure, fewest_people: int) -> bool:
    """some: reports with the key, within one span of time."""
    people = len({one.report.person for one in some})
    fewest = fewest_people * (1 if _is_telling(key, some) else CALM)
    if people < fewest:
        return False
    share = (measure.usual + REPORTS_ASSUMED * ASSUMED[str(key[0])]) / (measure.total + REPORTS_ASSUMED)
    expected = max(LEAST_EXPECTED, share * measure.others, measure.by_clock)
    surprise = people * math.log(people / expected) - people + expected
    return people > expected and surprise >= TESTS * math.log(1 + measure.held)


def may_raise(key: Key, some: Sequence[Held], fewest_people: int) -> bool:
    """Whether a burst is an incident where it belongs to none that is known."""
    people = len({one.report.person for one in some})
    return people >= fewest_people * (1 if _is_telling(key, some) else CALM_ALONE)


def are_copies(some: Sequence[Held]) -> bool:
    """Whether they are one text passed on, as spam is: with a link, or with nothing said to be wrong."""
    if not any(one.accuses for one in some):
        return True
    wordings = Counter(one.wording for one in some)
    links = Counter(link for one in some for link in _links(one))
    return all(4 * max(counts.values(), default=0) >= 3 * len(some) for counts in (wordings, links))


def _is_trouble(some: Sequence[Held]) -> bool:
    """Whether at least half of them say that something is wrong."""
    return 2 * sum(tells_of_trouble(one.report.signature.marks) for one in some) >= len(some)


def _is_telling(key: Key, some: Sequence[Held]) -> bool:
    return key[0] != "same" or _is_trouble(some) or all(_links(one) for one in some)


def _links(held: Held) -> list[str]:
    return [mark for mark in held.report.signature.marks if mark.startswith("link:")]
