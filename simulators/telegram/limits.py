"""How fast a bot may send.

Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
("avoid sending more than one message per second … short bursts", "20 messages
per minute" to a group, "30 messages per second" over all chats).
"""

import math
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

BURST = 3
"""Messages a private chat takes at once; one a second refills it."""

GROUP_PER_MINUTE = 20
OVERALL_PER_SECOND = 30


class FloodLimits:
    """The send limits of one bot, on the platform's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._private: dict[int, _Bucket] = {}
        self._groups: dict[int, _Window] = {}
        self._overall = _Window(OVERALL_PER_SECOND, timedelta(seconds=1))
        self._told: dict[str, datetime] = {}

    def spend(self, chat_id: int, *, group: bool) -> int:
        """Count one message; the whole seconds to wait when it is over a limit, else 0.

        A refused message is not counted.
        """
        now = self._now()
        chat = self._chat(chat_id, group=group)
        wait_s = max(chat.wait_s(now), self._overall.wait_s(now))
        if wait_s > 0:
            return max(1, math.ceil(wait_s))
        chat.take(now)
        self._overall.take(now)
        return 0

    def tell(self, target: str, retry_after_s: int) -> None:
        """Remember that the bot was told to leave ``target`` alone for so many seconds."""
        self._told[target] = self._now() + timedelta(seconds=retry_after_s)

    def early_s(self, target: str) -> float:
        """Seconds before the time ``target`` may be called again; 0 when it may."""
        until = self._told.get(target)
        return 0.0 if until is None else max(0.0, (until - self._now()).total_seconds())

    def _chat(self, chat_id: int, *, group: bool) -> "_Bucket | _Window":
        if group:
            return self._groups.setdefault(chat_id, _Window(GROUP_PER_MINUTE, timedelta(minutes=1)))
        return self._private.setdefault(chat_id, _Bucket(BURST))


class _Bucket:
    """Holds ``size`` tokens and gains one a second."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tokens = float(size)
        self._filled_at: datetime | None = None

    def wait_s(self, now: datetime) -> float:
        self._fill(now)
        return max(0.0, 1.0 - self._tokens)

    def take(self, now: datetime) -> None:
        self._fill(now)
        self._tokens -= 1.0

    def _fill(self, now: datetime) -> None:
        if self._filled_at is not None:
            gained = (now - self._filled_at).total_seconds()
            self._tokens = min(self._size, self._tokens + max(0.0, gained))
        self._filled_at = now


class _Window:
    """At most ``size`` messages within any ``span``."""

    def __init__(self, size: int, span: timedelta) -> None:
        self._size = size
        self._span = span
        self._taken: deque[datetime] = deque()

    def wait_s(self, now: datetime) -> float:
        while self._taken and self._taken[0] <= now - self._span:
            self._taken.popleft()
        if len(self._taken) < self._size:
            return 0.0
        return (self._taken[0] + self._span - now).total_seconds()

    def take(self, now: datetime) -> None:
        self._taken.append(now)
