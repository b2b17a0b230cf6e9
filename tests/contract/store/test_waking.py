"""Opening, closing, checking, and being woken when something was committed."""

import asyncio

import pytest

from tests.support.builders import MAIN, T0, at, changing, delivery, lease, open_ticket, queue, raw
from tests.support.stores import Database
from tickets.errors import StoreUnavailable
from tickets.records import NewJob
from tickets.storage import Store, Topic

LONG_S = 30.0
"""A wait that only a failing test would see the end of."""


async def woken(store: Store, topic: Topic) -> asyncio.Task[bool]:
    """A task that waits from now on; True when it was woken before its time was over."""
    before = store.pulse(topic)

    async def wait() -> bool:
        async with asyncio.timeout(LONG_S / 2):
            return await store.wait(topic, before, LONG_S) > before

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    return waiting


async def test_an_appended_event_wakes(store: Store) -> None:
    waiting = await woken(store, "inbound")
    await store.append_raw(MAIN, [raw("1")], None)
    assert await waiting


async def test_a_new_delivery_wakes_the_outbox(store: Store) -> None:
    waiting = await woken(store, "outbox")
    await queue(store, delivery("r"))
    assert await waiting


async def test_a_new_job_wakes(store: Store) -> None:
    waiting = await woken(store, "jobs")
    await store.enqueue_jobs([NewJob("fetch", "a", T0)])
    assert await waiting


async def test_an_admission_and_a_command_wake_the_inbox(store: Store) -> None:
    waiting = await woken(store, "events")
    known = await open_ticket(store, "ann")
    assert await waiting
    waiting = await woken(store, "events")
    await store.apply_change(changing(known), at(1))
    assert await waiting


async def test_all_who_wait_are_woken(store: Store) -> None:
    waiting = [await woken(store, "inbound") for _ in range(3)]
    await store.append_raw(MAIN, [raw("1")], None)
    assert all(await asyncio.gather(*waiting))


async def test_who_comes_late_does_not_wait(store: Store) -> None:
    before = store.pulse("inbound")
    await store.append_raw(MAIN, [raw("1")], None)
    async with asyncio.timeout(LONG_S / 2):
        assert await store.wait("inbound", before, LONG_S) > before


async def test_a_wait_ends_after_its_time(store: Store) -> None:
    async with asyncio.timeout(LONG_S / 2):
        now = await store.wait("jobs", store.pulse("jobs"), 0.001)
    assert now == store.pulse("jobs")


async def test_who_is_woken_sees_what_was_committed(store: Store) -> None:
    waiting = await woken(store, "inbound")
    append = asyncio.create_task(store.append_raw(MAIN, [raw("1")], None))
    await waiting
    assert len(await lease(store)) == 1
    await append


async def test_closing_twice_is_safe(store: Store) -> None:
    assert await store.append_raw(MAIN, [raw("1")], "5") == 1
    await store.close()
    await store.close()
    await store.open()
    assert await store.find_cursor(MAIN) == "5"


async def test_a_closed_store_refuses_instead_of_losing(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.append_raw(MAIN, [raw("1")], None)
    with pytest.raises(StoreUnavailable):
        await store.find_cursor(MAIN)


async def test_closing_finishes_what_was_promised(database: Database) -> None:
    store = database.store()
    await store.open()
    appends = [asyncio.create_task(store.append_raw(MAIN, [raw(f"{n}")], None)) for n in range(20)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)
    late = asyncio.create_task(store.append_raw(MAIN, [raw("late")], None))
    async with asyncio.timeout(LONG_S):
        *outcomes, refusal = await asyncio.gather(*appends, late, return_exceptions=True)
        await closing
    again = database.store()
    await again.open()
    assert outcomes == [1] * 20
    assert refusal == 1 or isinstance(refusal, StoreUnavailable)
    assert await again.count_waiting() == 20 + (refusal == 1)
    await again.close()


async def test_what_was_stored_is_there_after_opening_again(database: Database) -> None:
    first = database.store()
    await first.open()
    await first.append_raw(MAIN, [raw("1")], "after-1")
    await first.close()
    second = database.store()
    await second.open()
    assert await second.find_cursor(MAIN) == "after-1"
    assert [one.event for one in await lease(second)] == [raw("1")]
    await second.close()


async def test_a_check_succeeds_on_a_healthy_store_and_fails_on_a_closed_one(store: Store) -> None:
    await store.check()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.check()
