"""How often things are said as usual: counts that fade with time.  Pure."""

import math
from collections.abc import Hashable, Iterable
from datetime import datetime, timedelta
from typing import Final

MOST: Final = 400_000
"""Features that are counted; beyond that those counted least are forgotten."""
FADED: Final = 0.3
"""A count of less is forgotten at the end of a half-life."""


class Usual:
    """Counts of features in reports, each worth half as much after every half-life."""

    def __init__(self, half_life: timedelta) -> None:
        self._half_life = half_life
        self._first: datetime | None = None
        self._since: datetime | None = None
        self._unit = 1.0
        """What a report of now weighs; old counts stay as they are, new ones weigh the more."""
        self._counts: dict[Hashable, float] = {}
        self._total = 0.0

    @property
    def total(self) -> float:
        """Reports counted, as of now."""
        return self._total / self._unit

    def count(self, feature: Hashable) -> float:
        return self._counts.get(feature, 0.0) / self._unit

    def expected(self, feature: Hashable, span: timedelta, now: datetime) -> float:
        """How often it is said within a span as usual, by the clock; 0 while less than that was seen."""
        if self._first is None or now - self._first < 2 * span:
            return 0.0
        lives = (now - self._first) / self._half_life
        seen = self._half_life * (1.0 - 2.0 ** -min(lives, 900.0)) / math.log(2.0)
        return float(self.count(feature) * (span / seen))

    def add(self, features: Iterable[Hashable], at: datetime) -> None:
        """at: of the report; one that comes late counts as of the last one."""
        self._move_on(at)
        self._total += self._unit
        counts, unit = self._counts, self._unit
        for feature in features:
            counts[feature] = counts.get(feature, 0.0) + unit
        if len(counts) > MOST:
            self._forget()

    def _move_on(self, at: datetime) -> None:
        if self._since is None:
            self._since = self._first = at
        passed = (at - self._since) / self._half_life
        self._unit = max(self._unit, 2.0 ** min(passed, 900.0))
        if passed >= 1.0:
            self._counts = {
                one: count / self._unit for one, count in self._counts.items() if count > FADED * self._unit
            }
            self._total, self._unit, self._since = self._total / self._unit, 1.0, at

    def _forget(self) -> None:
        least = sorted(self._counts.values())[len(self._counts) // 2]
        self._counts = {one: count for one, count in self._counts.items() if count > least}
