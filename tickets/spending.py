"""What a platform takes money for: prices, and what was spent in a month."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from tickets.ids import AccountId
from tickets.links import has_link
from tickets.model import Shape

What = Literal["own", "others", "feeds", "answers", "links", "direct"]
"""own: posts read that concern the account, its mentions and its own.  others: other posts read.  feeds: those
that feeds found.
answers: posts written.  links: of those, with a link in them.  direct: direct messages, read and written."""


class Prices(Shape, frozen=True, kw_only=True):
    """Of each call, in dollars; 0 where it is free.

    Source: https://docs.x.com/x-api/getting-started/pricing, read 2026-11.
    """

    own: float = 0.001
    """A post read that mentions the account, or is its own, where the app is the account's."""
    others: float = 0.005
    answer: float = 0.010
    """A post that answers somebody who named the account."""
    post: float = 0.015
    """A further post of the same answer."""
    link: float = 0.200
    """A post with a link in it, whomever it answers."""
    direct_read: float = 0.010
    """A direct message read, the account's own too."""
    direct: float = 0.015
    """A direct message written."""

    def __post_init__(self) -> None:
        if min(msgspec.structs.astuple(self)) < 0:
            raise ValueError("a price must be 0 or more")


class Spent(Shape, frozen=True):
    """So many units of one kind, and what they cost in dollars."""

    what: What
    units: int
    dollars: float


class Spending(Shape, frozen=True):
    """What an account spent in a month (UTC) on one kind."""

    account: AccountId
    what: What
    units: int
    dollars: float


class SpendingStore(Protocol):
    """Sums by account, month and kind."""

    async def add_spending(self, account: AccountId, spent: Sequence[Spent], now: datetime) -> float:
        """Add to the month's sums; all that the account has spent in it, in dollars."""

    async def list_spending(self, now: datetime) -> Sequence[Spending]:
        """This month's sums, by account and kind."""


def direct_cost(prices: Prices) -> tuple[Spent, ...]:
    """What a direct message of an answer costs."""
    return (Spent("direct", 1, prices.direct),)


def post_cost(text: str, prices: Prices, *, first: bool) -> tuple[Spent, ...]:
    """What a post of an answer costs.  first: it answers somebody; the others go on with the one before."""
    if has_link(text):
        return (Spent("links", 1, prices.link),)
    return (Spent("answers", 1, prices.answer if first else prices.post),)


def total(spent: Sequence[Spent] | Sequence[Spending]) -> float:
    """In dollars."""
    return sum(one.dollars for one in spent)


def month_of(now: datetime) -> str:
    """As ``2026-11``."""
    return f"{now:%Y-%m}"
