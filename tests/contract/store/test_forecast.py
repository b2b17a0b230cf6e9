"""When a queued answer will leave: told from its own time, the account's budgets and what is queued before it."""

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.builders import MAIN, T0, at, delivery, queue
from tickets.ids import AccountId, DeliveryId
from tickets.ports import Bucket
from tickets.storage import Store

SLOW = Bucket("all", 1, 0.1)
"""One call at once, then one each ten seconds."""
FRESH = count()


async def leaves(store: Store, *names: str, seconds: float = 0) -> list[float | None]:
    """In how many seconds after the beginning each leaves; None for one that is not told."""
    found = await store.forecast([DeliveryId(f"d-{name}") for name in names], at(seconds))
    times = [found.get(DeliveryId(f"d-{name}")) for name in names]
    return [None if time is None else round((time - T0).total_seconds(), 5) for time in times]


async def use_up(store: Store, *buckets: Bucket, seconds: float = 0, account: AccountId = MAIN) -> None:
    """Take calls from all of them until one lets no more pass."""
    while await store.take_budget(account, buckets, at(seconds)) == 0:
        pass


async def test_without_budgets_each_leaves_at_its_own_time(store: Store) -> None:
    await queue(store, delivery("r"), delivery("s", next_at=at(30)))
    assert await leaves(store, "r", "s") == [0, 30]
    assert await leaves(store, "r", "s", seconds=10) == [10, 30]


async def test_only_what_is_queued_is_told(store: Store) -> None:
    states = ("held", "sending", "sent", "failed", "unknown")
    await queue(store, delivery("r"), *(delivery(state, state=state) for state in states))
    assert await leaves(store, "r", *states, "nobody") == [0, None, None, None, None, None, None]
    assert await store.forecast([], T0) == {}


async def test_the_queue_leaves_one_after_the_other(store: Store) -> None:
    await use_up(store, SLOW)
    await queue(store, *(delivery(f"{n}") for n in range(4)))
    assert await leaves(store, "0", "1", "2", "3") == [10, 20, 30, 40]
    assert await leaves(store, "3") == [40]
    assert await leaves(store, "0", "1", seconds=15) == [15, 25]


async def test_the_order_is_urgency_then_time_then_name(store: Store) -> None:
    """BX06."""
    await use_up(store, SLOW)
    await queue(
        store,
        delivery("d", next_at=at(2)),
        delivery("c", next_at=at(1)),
        delivery("b", next_at=at(1)),
        delivery("a", next_at=at(3), priority=9),
    )
    assert await leaves(store, "a", "b", "c", "d") == [10, 20, 30, 40]


async def test_as_many_leave_at_once_as_the_budget_holds(store: Store) -> None:
    bucket = Bucket("all", 3, 0.1)
    assert await store.take_budget(MAIN, [bucket], at(0)) == 0
    await queue(store, *(delivery(f"{n}") for n in range(4)))
    assert await leaves(store, "0", "1", "2", "3") == [0, 0, 10, 20]


async def test_a_block_holds_all_and_they_queue_behind_it(store: Store) -> None:
    await use_up(store, SLOW)
    await store.block_bucket(MAIN, "all", at(60))
    await queue(store, *(delivery(f"{n}") for n in range(3)))
    assert await leaves(store, "0", "1", "2") == [60, 70, 80]
    assert await leaves(store, "0", "1", "2", seconds=65) == [65, 75, 85]


async def test_the_tightest_of_several_budgets_decides(store: Store) -> None:
    day = Bucket("day", 2, 0.001)
    await use_up(store, SLOW, day)
    await queue(store, *(delivery(f"{n}") for n in range(3)))
    assert await leaves(store, "0", "1", "2") == [10, 1000, 2000]


async def test_a_conversations_own_budget_says_nothing_of_the_others(store: Store) -> None:
    chat = Bucket("chat:1", 1, 0.001, shared=False)
    await use_up(store, chat, Bucket("all", 100, 100.0))
    await store.block_bucket(MAIN, "chat:1", at(600))
    await queue(store, delivery("r"))
    assert await leaves(store, "r") == [0]


async def test_accounts_do_not_wait_for_each_other(store: Store) -> None:
    other = AccountId("telegram:other")
    await use_up(store, SLOW)
    await queue(store, delivery("a", account=other), delivery("b", account=other), delivery("r"))
    assert await leaves(store, "a", "b", "r") == [0, 0, 10]


async def test_what_has_left_makes_room(store: Store) -> None:
    await use_up(store, SLOW)
    await queue(store, delivery("r"), delivery("s", next_at=at(1)))
    assert await leaves(store, "s") == [20]
    await store.record_failure(DeliveryId("d-r"), 1, "failed", "refused", "", at(2), at(2))
    assert await leaves(store, "r", "s") == [None, 10]


BUCKETS = st.builds(
    Bucket,
    name=st.sampled_from(["a", "b"]),
    capacity=st.integers(1, 4),
    per_s=st.sampled_from([0.1, 0.5, 1.0]),
    shared=st.just(True),
)


@settings(
    max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(buckets=st.lists(BUCKETS, min_size=1, max_size=2, unique_by=lambda one: one.name), size=st.integers(1, 6))
async def test_what_was_told_is_when_the_budgets_let_it_pass(
    store: Store, buckets: Sequence[Bucket], size: int
) -> None:
    """Playing the queue through, each taking from the budgets as soon as they allow."""
    account = AccountId(f"telegram:{next(FRESH)}")
    await use_up(store, *buckets, account=account)
    names = [f"{account}-{n}" for n in range(size)]
    await queue(store, *(delivery(name, account=account) for name in names))
    told = await leaves(store, *names)
    now = 0.0
    for expected in told:
        while wait := await store.take_budget(account, buckets, at(now)):
            now += wait
        assert expected == pytest.approx(now, abs=0.01)
