"""A budget's end is told, whichever worker's sum came over it."""

import pytest

from service.spending import spending_of
from simulators.memory_store import MemoryStore
from tests.support.clock import ManualClock
from tickets.ids import AccountId, NoticeId
from tickets.spending import Spent

X = AccountId("x:main")


def cents(count: int) -> tuple[Spent, ...]:
    return (Spent("own", count, count / 100),)


@pytest.fixture
async def store() -> MemoryStore:
    made = MemoryStore()
    await made.open()
    return made


async def told(store: MemoryStore) -> list[tuple[NoticeId, str]]:
    return [(one.id, one.notice.key.rpartition(":")[2]) for one in await store.list_notices()]


async def test_what_another_worker_passed_unseen_is_told_with_the_next_sum(store: MemoryStore) -> None:
    clock = ManualClock()
    spend, affords = spending_of(X, store, clock, 1.0)
    await spend(cents(79))
    assert await told(store) == []
    await store.add_spending(X, cents(5), clock.now())
    await spend(cents(1))
    [(first, share)] = await told(store)
    assert share == "0.8"
    assert await affords()
    await store.dismiss_notice(first, clock.now())
    other, _ = spending_of(X, store, clock, 1.0)
    for worker in (spend, other):
        await worker(cents(1))
    assert await told(store) == []
    await spend(cents(20))
    assert [share for _, share in await told(store)] == ["1.0"]
    assert not await affords()
