"""How fast a bot may call, and how often it may be refused.

Source: https://discord.com/developers/docs/topics/rate-limits
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

GLOBAL_PER_SECOND = 50
MESSAGES_PER_CHANNEL = 5
MESSAGE_WINDOW = timedelta(seconds=5)

INVALID_MAX = 10_000
"""401, 403 and 429 answers within ``INVALID_WINDOW`` before the address is banned."""

INVALID_WINDOW = timedelta(minutes=10)


@dataclass(frozen=True)
class Standing:
    """How a limit stands after a request.

    over: the request is beyond it.  after_s: until it is full again.
    """

    limit: int
    remaining: int
    after_s: float
    over: bool


class Allowance:
    """``size`` requests within ``span``, counted from the first one on."""

    def __init__(self, size: int, span: timedelta) -> None:
        self._size = size
        self._span = span
        self._began: datetime | None = None
        self._used = 0

    def spend(self, now: datetime, *, refuse: bool) -> Standing:
        """Count a request.  refuse: one beyond the limit is not counted."""
        if self._began is None or now >= self._began + self._span or now < self._began:
            self._began, self._used = now, 0
        over = self._used >= self._size
        if not (over and refuse):
            self._used += 1
        after_s = (self._began + self._span - now).total_seconds()
        return Standing(self._size, max(0, self._size - self._used), after_s, over)


class BotLimits:
    """The limits of one bot, and what it was told to leave alone."""

    def __init__(self) -> None:
        self.overall = Allowance(GLOBAL_PER_SECOND, timedelta(seconds=1))
        self._messages: dict[int, Allowance] = {}
        self._told: dict[str, datetime] = {}

    def messages(self, channel_id: int) -> Allowance:
        """The limit on writing to one channel."""
        return self._messages.setdefault(channel_id, Allowance(MESSAGES_PER_CHANNEL, MESSAGE_WINDOW))

    def tell(self, target: str, until: datetime) -> None:
        """Remember that the bot was told to leave ``target`` alone."""
        self._told[target] = until

    def early_s(self, target: str, now: datetime) -> float:
        """Seconds before the time ``target`` may be called again; 0 when it may."""
        until = self._told.get(target)
        return 0.0 if until is None else max(0.0, (until - now).total_seconds())


class InvalidRequests:
    """Refusals counted for the address all bots share."""

    def __init__(self) -> None:
        self._at: deque[datetime] = deque()

    def count(self, now: datetime) -> bool:
        """One more 401, 403 or 429; whether this one brings the ban."""
        before_s = self.banned_s(now)
        self._at.append(now)
        return before_s == 0 and self.banned_s(now) > 0

    def banned_s(self, now: datetime) -> int:
        """Whole seconds the address stays banned; 0 when it is not."""
        while self._at and self._at[0] <= now - INVALID_WINDOW:
            self._at.popleft()
        if len(self._at) <= INVALID_MAX:
            return 0
        back_at = self._at[len(self._at) - INVALID_MAX - 1] + INVALID_WINDOW
        return max(1, math.ceil((back_at - now).total_seconds()))
