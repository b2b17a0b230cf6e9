"""How often an account may call.

Source: https://docs.x.com/x-api/fundamentals/rate-limits
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

QUARTER_S = 15 * 60
DAY_S = 24 * 60 * 60


@dataclass(frozen=True)
class Rate:
    """Requests in 15 minutes.  user: for each account; app: with an app-only token; None: not open to these.

    app_day: for the whole app in 24 hours, all its accounts together; None: no such limit.
    """

    user: int | None
    app: int | None = None
    app_day: int | None = None


@dataclass
class Window:
    """A row of requests that may hold ``limit`` of them until ``reset``, epoch seconds."""

    limit: int
    span_s: int
    reset: int = 0
    used: int = 0
    told: bool = False

    def roll(self, now: datetime) -> None:
        """Begin anew once the time is over."""
        if now.timestamp() >= self.reset:
            self.reset = int(now.timestamp()) + self.span_s
            self.used, self.told = 0, False

    def headers(self, prefix: str) -> dict[str, str]:
        """What every answer tells of it."""
        values = {"limit": self.limit, "remaining": self.limit - self.used, "reset": self.reset}
        return {f"{prefix}-{name}": str(value) for name, value in values.items()}


@dataclass
class Verdict:
    """What the limits say of one request.  over: more than the rate; complaints: a sentence per rule broken."""

    over: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


class RateLimits:
    """All windows, on the platform's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._windows: dict[tuple[str, ...], Window] = {}
        self._told: dict[tuple[str, str], int] = {}

    def count(self, caller: str, endpoint: str, limit: int) -> Verdict:
        """Count one request of a caller to an endpoint."""
        verdict = Verdict()
        window = self._window((caller, endpoint), limit, QUARTER_S)
        self._spend(window, f"{caller} made more than {limit} requests in 15 minutes to {endpoint}", verdict)
        self._note_early(caller, endpoint, verdict)
        verdict.headers |= window.headers("x-rate-limit")
        return verdict

    def count_day(self, app: str, endpoint: str, limit: int, verdict: Verdict) -> None:
        """Count it for the app's 24 hours too."""
        window = self._window(("app", app, endpoint), limit, DAY_S)
        self._spend(window, f"an app made more than {limit} requests in 24 hours to {endpoint}", verdict)
        verdict.headers |= window.headers("x-app-limit-24hour")

    def tell(self, caller: str, endpoint: str, reset: int) -> None:
        """Remember that the caller was told to leave an endpoint alone until ``reset``, epoch seconds."""
        self._told[caller, endpoint] = max(reset, self._told.get((caller, endpoint), 0))

    def _window(self, key: tuple[str, ...], limit: int, span_s: int) -> Window:
        window = self._windows.setdefault(key, Window(limit, span_s))
        window.roll(self._now())
        return window

    def _spend(self, window: Window, complaint: str, verdict: Verdict) -> None:
        if window.used < window.limit:
            window.used += 1
            return
        verdict.over = True
        early_s = window.reset - self._now().timestamp()
        verdict.complaints.append(f"{complaint}, {early_s:.1f} s before the reset" if window.told else complaint)
        window.told = True

    def _note_early(self, caller: str, endpoint: str, verdict: Verdict) -> None:
        early_s = self._told.get((caller, endpoint), 0) - self._now().timestamp()
        if early_s > 0:
            complaint = f"{caller} came back to {endpoint} {early_s:.1f} s before the reset it was told"
            verdict.complaints.append(complaint)
