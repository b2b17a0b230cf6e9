"""Budgets: never more calls than a platform allows, whoever asks."""

import asyncio
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.builders import MAIN, at
from tickets.ids import AccountId
from tickets.ports import Bucket
from tickets.storage import Store

FRESH = count()
BUCKETS = st.builds(
    Bucket,
    name=st.just("b"),
    capacity=st.integers(1, 5),
    per_s=st.sampled_from([1 / 60, 0.3, 1.0, 3.0, 7.0, 30.0]),
)
STEPS = st.lists(st.sampled_from([0.0, 0.0, 0.000001, 0.033334, 0.1, 0.333333, 1.0, 2.5, 60.0]), max_size=30)


@settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bucket=BUCKETS, steps=STEPS)
async def test_no_window_sees_more_than_capacity_and_refill(
    store: Store, bucket: Bucket, steps: list[float]
) -> None:
    account = AccountId(f"telegram:{next(FRESH)}")
    taken: list[float] = []
    now = 0.0
    for step in steps:
        now += step
        if await store.take_budget(account, [bucket], at(now)) == 0:
            taken.append(now)
    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            allowed = bucket.capacity + bucket.per_s * (taken[last] - start)
            assert last - first + 1 <= allowed + 1e-9 + bucket.per_s * 1e-7, (taken, bucket)


@settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bucket=BUCKETS, calls=st.integers(1, 12))
async def test_after_the_wait_that_was_told_a_call_passes(store: Store, bucket: Bucket, calls: int) -> None:
    account = AccountId(f"telegram:{next(FRESH)}")
    now = 0.0
    for _ in range(calls):
        wait = await store.take_budget(account, [bucket], at(now))
        now += wait + 0.000002
        if wait:
            assert await store.take_budget(account, [bucket], at(now)) == 0
    assert now <= calls / bucket.per_s + 1


async def test_a_full_bucket_lets_its_capacity_pass_at_once(store: Store) -> None:
    bucket = Bucket("b", 3, 1.0)
    assert [await store.take_budget(MAIN, [bucket], at(0)) for _ in range(4)] == [0, 0, 0, pytest.approx(1.0)]


async def test_an_exact_rate_is_not_exceeded_in_the_long_run(store: Store) -> None:
    bucket = Bucket("b", 1, 3.0)
    passed = 0
    for n in range(100):
        passed += await store.take_budget(MAIN, [bucket], at(n * 0.333333)) == 0
    assert passed <= 1 + 3.0 * 99 * 0.333333


async def test_nothing_is_taken_when_one_of_several_is_empty(store: Store) -> None:
    wide, narrow = Bucket("wide", 2, 0.001), Bucket("narrow", 1, 0.001)
    assert await store.take_budget(MAIN, [narrow, wide], at(0)) == 0
    for _ in range(5):
        assert await store.take_budget(MAIN, [narrow, wide], at(0)) > 0
    assert await store.take_budget(MAIN, [wide], at(0)) == 0
    assert await store.take_budget(MAIN, [wide], at(0)) > 0


async def test_the_longest_wait_of_several_is_told(store: Store) -> None:
    slow, fast = Bucket("slow", 1, 0.1), Bucket("fast", 1, 1.0)
    await store.take_budget(MAIN, [slow, fast], at(0))
    assert await store.take_budget(MAIN, [slow, fast], at(0)) == pytest.approx(10)
    assert await store.take_budget(MAIN, [fast], at(0)) == pytest.approx(1)


async def test_accounts_have_budgets_of_their_own(store: Store) -> None:
    bucket = Bucket("b", 1, 0.001)
    assert await store.take_budget(MAIN, [bucket], at(0)) == 0
    assert await store.take_budget(AccountId("telegram:other"), [bucket], at(0)) == 0


async def test_no_buckets_are_no_limit(store: Store) -> None:
    assert await store.take_budget(MAIN, [], at(0)) == 0


async def test_a_blocked_bucket_lets_nothing_pass(store: Store) -> None:
    bucket = Bucket("b", 10, 100.0)
    await store.block_bucket(MAIN, "b", at(30))
    assert await store.take_budget(MAIN, [bucket], at(10)) == pytest.approx(20)
    assert await store.take_budget(MAIN, [bucket, Bucket("other", 1, 1.0)], at(29)) == pytest.approx(1)
    assert await store.take_budget(MAIN, [Bucket("other", 1, 1.0)], at(29)) == 0
    assert await store.take_budget(MAIN, [bucket], at(30)) == 0


async def test_a_shorter_block_does_not_end_a_longer_one(store: Store) -> None:
    bucket = Bucket("b", 10, 100.0)
    assert await store.take_budget(MAIN, [bucket], at(0)) == 0
    await store.block_bucket(MAIN, "b", at(30))
    await store.block_bucket(MAIN, "b", at(5))
    assert await store.take_budget(MAIN, [bucket], at(10)) == pytest.approx(20)


async def test_parallel_callers_share_a_budget(store: Store) -> None:
    bucket = Bucket("b", 7, 0.001)
    waits = await asyncio.gather(*(store.take_budget(MAIN, [bucket], at(0)) for _ in range(30)))
    assert sum(wait == 0 for wait in waits) == 7


@pytest.mark.parametrize("skew", [0.05, 0.1, 1.0, 60.0])
async def test_workers_whose_clocks_differ_share_a_budget(store: Store, skew: float) -> None:
    bucket = Bucket("b", 3, 30.0)
    taken: list[float] = []
    for step in range(200):
        now = step * 0.01
        waits = [await store.take_budget(MAIN, [bucket], at(now + ahead)) for ahead in (skew, 0.0)]
        taken += [now] * waits.count(0)
    for start in taken:
        assert sum(start <= one < start + 1.0 for one in taken) <= 3 + 30 + 1
