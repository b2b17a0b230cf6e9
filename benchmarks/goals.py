"""The figures by name, with what they should be.  Source: the project's first measured goals, for two cores."""

from typing import NamedTuple


class Goal(NamedTuple):
    """at_least or at_most: None when there is no such bound."""

    at_least: float | None = None
    at_most: float | None = None

    def says(self, value: float) -> str:
        """A mark and the bound."""
        met = (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)
        bound = f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"
        return f"{'✓' if met else '✗'} {bound}"


GOALS: tuple[tuple[str, Goal], ...] = (
    ("chat events a second", Goal(at_least=1_000)),
    ("statements a chat event", Goal(at_most=3)),
    ("from its socket to the store", Goal(at_least=500)),
    ("plain mails a second", Goal(at_least=500)),
    ("mixed mails a second", Goal(at_least=500)),
    ("time over time when empty", Goal(at_most=1.1)),
    ("push to visible, p95 ms", Goal(at_most=150)),
    ("released to received, p95 ms", Goal(at_most=100)),
    ("memory, PSS MB", Goal(at_most=450)),
    ("ready after, s", Goal(at_most=3)),
    ("idle, % of a core", Goal(at_most=2)),
    ("messages lost", Goal(at_most=0)),
    ("messages doubled", Goal(at_most=0)),
    ("others, written to stored, p95 ms", Goal(at_most=5_000)),
    (": written to stored, p99 ms", Goal(at_most=2_000)),
)
"""By the end of a figure's name."""


def goal_of(name: str) -> Goal | None:
    return next((goal for end, goal in GOALS if name.endswith(end)), None)
