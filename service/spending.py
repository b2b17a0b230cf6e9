"""What the platforms cost: counted beside the work, told when a budget comes to its end."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from tickets.errors import StoreError
from tickets.ids import AccountId
from tickets.notices import NewNotice
from tickets.ports import Clock
from tickets.spending import Spent, month_of, total
from tickets.storage import Store

log = logging.getLogger(__name__)

SHARES: Final = (0.8, 1.0)
"""Of a budget, of which the team is told."""


def spending_of(
    account: AccountId, store: Store, clock: Clock, budget: float
) -> tuple[Callable[[Sequence[Spent]], Awaitable[None]], Callable[[], Awaitable[bool]]]:
    """How an account counts, and whether it still affords what can be left out.  budget: dollars a month; 0: none.

    A sum that cannot be kept is left out: an answer that was posted must not
    look as if it failed.
    """

    told: set[tuple[str, float]] = set()

    async def spend(spent: Sequence[Spent]) -> None:
        now = clock.now()
        if not total(spent):
            return
        try:
            after = await store.add_spending(account, spent, now)
            passed = [share for share in SHARES if budget and after >= budget * share]
            fresh = [share for share in passed if (month_of(now), share) not in told]
            if fresh:  # a notice that stands, or was read, is not raised again
                await store.raise_notices([_notice(account, share, budget, clock) for share in fresh], now)
                told.update((month_of(now), share) for share in fresh)
        except StoreError as error:
            log.warning("What a platform took money for was not counted: %s", error)

    async def affords() -> bool:
        if not budget:
            return True
        spent = await store.list_spending(clock.now())
        return total([one for one in spent if one.account == account]) < budget

    return spend, affords


def _notice(account: AccountId, share: float, budget: float, clock: Clock) -> NewNotice:
    now = clock.now()
    what = "is used up" if share == 1 else f"is used up to {share:.0%}"
    then = (
        "What people write is still read, and answers leave; looking for answers that were given by hand waits "
        "for the next month."
        if share == 1
        else "The page Channels shows what for."
    )
    text = f"The budget of {account} for {month_of(now)} (${budget:,.2f}) {what}. {then}"
    return NewNotice("budget", f"budget:{account}:{month_of(now)}:{share}", text, now, account)
