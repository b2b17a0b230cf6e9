"""Sums of what platforms cost."""

from datetime import timedelta

from tests.support.builders import MAIN, T0
from tickets.ids import AccountId
from tickets.spending import Spending, Spent
from tickets.storage import Store

OTHER = AccountId("x:other")


async def test_sums_grow_by_account_month_and_kind(store: Store) -> None:
    assert await store.add_spending(MAIN, (Spent("own", 100, 0.1), Spent("answers", 1, 0.01)), T0) == 0.11
    assert await store.add_spending(MAIN, (Spent("own", 1, 0.001),), T0) == 0.111
    assert await store.add_spending(OTHER, (Spent("links", 1, 0.2),), T0) == 0.2
    assert list(await store.list_spending(T0)) == [
        Spending(MAIN, "answers", 1, 0.01),
        Spending(MAIN, "own", 101, 0.101),
        Spending(OTHER, "links", 1, 0.2),
    ]


async def test_a_new_month_begins_at_nothing(store: Store) -> None:
    await store.add_spending(MAIN, (Spent("own", 100, 0.1),), T0)
    later = T0 + timedelta(days=32)
    assert list(await store.list_spending(later)) == []
    assert await store.add_spending(MAIN, (Spent("own", 1, 0.001),), later) == 0.001
