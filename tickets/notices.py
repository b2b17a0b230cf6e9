"""What a person should know: a stretch that cannot be read any more, a channel that fell silent or is down.

A notice is open until what it tells of has ended, or until a person
dismisses it.  What was dismissed and goes on is not told again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from tickets.ids import AccountId, NoticeId
from tickets.model import Delivery, Shape

NoticeKind = Literal[
    "gap",
    "down",
    "silent",
    "worker",
    "removals",
    "budget",
    "checker",
    "feed",
    "limit",
    "clock",
    "unowned",
    "rule",
    "incident",
]
"""gap: messages of a time that the platform does not give back.  down: an account cannot be used.
silent: an account is quieter than its habit.  worker: one stopped without a word.
removals: what people removed on the platform cannot be followed.  budget: a month's is used up, or nearly.
checker: the malware scanner does not answer.  feed: one cannot be read, or not whole.
limit: of the platform, which an account has reached.  clock: work is due soon, or overdue.
unowned: what nobody has waits for long.  rule: one of the operator's says so.
incident: many people report one cause."""


class NewNotice(Shape, frozen=True):
    """A notice to be raised.

    key: names what it is about; while what a notice of this key tells of
    goes on, another is not raised.  account: None where it is about none.  text: sentences
    for a person, with what to do.  since: when it began; until: when it
    ended, None while it lasts.
    """

    kind: NoticeKind
    key: str
    text: str
    since: datetime
    account: AccountId | None = None
    until: datetime | None = None


class Notice(Shape, frozen=True):
    """An open notice.  told: whether it was sent to the configured channel, or there is none."""

    id: NoticeId
    notice: NewNotice
    raised_at: datetime
    told: bool = False


class Habit(Shape, frozen=True):
    """An account's hour.

    hour: hours since 1970.  longest_s: the longest silence that touched it,
    in seconds.  received: messages in it.
    """

    account: AccountId
    hour: int
    longest_s: float
    received: int


class NoticeStore(Protocol):
    """Notices, and the habits by which a silence is noticed."""

    async def raise_notices(self, wanted: Sequence[NewNotice], now: datetime) -> int:
        """How many were new."""

    async def end_notices(self, keys: Sequence[str], now: datetime) -> int:
        """What these told of is over; how many were open."""

    async def dismiss_notice(self, notice_id: NoticeId, now: datetime) -> bool:
        """A person has read it; False when it is not open."""

    async def list_notices(self, limit: int = 100) -> Sequence[Notice]:
        """The open ones, newest first."""

    async def tell_notices(self, ids: Sequence[NoticeId], deliveries: Sequence[Delivery], now: datetime) -> bool:
        """Mark them as told and queue what tells of them; False, changing nothing, when one was told already."""

    async def learn_habits(self, since: datetime, now: datetime) -> int:
        """Keep each account's longest silence of every full hour from ``since`` on; how many hours were new.

        Hours known already stay.  Those older than four weeks are forgotten.
        """

    async def list_habits(self, since: datetime) -> Sequence[Habit]:
        """The known hours from ``since`` on."""
