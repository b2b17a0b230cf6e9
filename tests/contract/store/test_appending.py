"""Raw events and their cursor: committed together, each once, byte for byte."""

import asyncio
import os

import pytest

from tests.support.builders import MAIN, at, ignoring, lease, names, opening, query, raw
from tickets.errors import Conflict
from tickets.ids import AccountId, EventId
from tickets.records import Admission
from tickets.storage import Store

OTHER = AccountId("telegram:other")


async def test_events_and_cursor_are_there_together(store: Store) -> None:
    assert await store.append_raw(MAIN, [raw("1"), raw("2")], "after-2") == 2
    assert await store.find_cursor(MAIN) == "after-2"
    assert await store.count_waiting() == 2


async def test_before_its_first_batch_an_account_has_no_cursor(store: Store) -> None:
    await store.append_raw(MAIN, [raw("1")], "after-1")
    assert await store.find_cursor(OTHER) is None


async def test_no_cursor_keeps_the_old_one(store: Store) -> None:
    await store.append_raw(MAIN, [raw("1")], "after-1")
    await store.append_raw(MAIN, [raw("2")], None)
    assert await store.find_cursor(MAIN) == "after-1"


async def test_a_cursor_moves_without_events(store: Store) -> None:
    assert await store.append_raw(MAIN, [], "further") == 0
    assert await store.find_cursor(MAIN) == "further"


async def test_a_cursor_that_was_moved_meanwhile_is_not_moved_back_and_nothing_is_kept(store: Store) -> None:
    await store.append_raw(MAIN, [], "one")
    await store.append_raw(MAIN, [raw("1")], "two", behind="one")
    for cursor in ("three", None):
        with pytest.raises(Conflict):
            await store.append_raw(MAIN, [raw("2")], cursor, behind="one")
    with pytest.raises(Conflict):
        await store.append_raw(OTHER, [raw("3", account=OTHER)], "x", behind="one")
    assert (await store.find_cursor(MAIN), await store.count_waiting()) == ("two", 1)


async def test_a_redelivered_event_is_not_new(store: Store) -> None:
    await store.append_raw(MAIN, [raw("1", payload=b"first")], "a")
    assert await store.append_raw(MAIN, [raw("1", payload=b"again"), raw("2")], "b") == 1
    leased = await lease(store)
    assert [one.event.payload for one in leased] == [b"first", raw("2").payload]
    assert await store.find_cursor(MAIN) == "b"


async def test_an_event_twice_in_one_batch_is_stored_once(store: Store) -> None:
    assert await store.append_raw(MAIN, [raw("1"), raw("1")], None) == 1
    assert await store.count_waiting() == 1


async def test_a_handled_event_is_not_new_when_it_is_redelivered(store: Store) -> None:
    await store.append_raw(MAIN, [raw("1")], None)
    await store.admit([ignoring((await lease(store))[0].id)], at(0))
    assert await store.append_raw(MAIN, [raw("1")], None) == 0
    assert await lease(store, 1) == []


async def test_the_same_name_in_another_account_is_another_event(store: Store) -> None:
    await store.append_raw(MAIN, [raw("1")], None)
    assert await store.append_raw(OTHER, [raw("1", account=OTHER)], None) == 1


async def test_parallel_appends_of_one_event_store_it_once(store: Store) -> None:
    fresh = await asyncio.gather(*(store.append_raw(MAIN, [raw("1")], None) for _ in range(20)))
    assert sorted(fresh) == [0] * 19 + [1]


async def test_parallel_appends_lose_nothing(store: Store) -> None:
    await asyncio.gather(*(store.append_raw(MAIN, [raw(f"{n}", f"chat-{n % 3}")], None) for n in range(30)))
    assert sorted(names(await lease(store)), key=int) == [f"{n}" for n in range(30)]


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 70_000, 1_048_576])
async def test_payloads_come_back_byte_for_byte(store: Store, size: int) -> None:
    event = raw("1", payload=os.urandom(size))
    await store.append_raw(MAIN, [event], None)
    [leased] = await lease(store)
    assert leased.event == event
    assert await store.read_raw(leased.id) == event


async def test_every_field_of_an_event_comes_back(store: Store) -> None:
    event = raw("name", "chat 👋", received_at=at(0.123456), group="album", quiet_s=1.5, note="too_large")
    await store.append_raw(MAIN, [event], None)
    [leased] = await lease(store, 10)
    assert leased.event == event


async def test_an_event_stays_readable_after_it_was_handled(store: Store) -> None:
    await store.append_raw(MAIN, [raw("1")], None)
    [leased] = await lease(store)
    await store.admit([opening("ann", leased.id)], at(0))
    assert await store.read_raw(leased.id) == raw("1")
    assert await store.read_raw(EventId(leased.id + 1000)) is None


async def test_count_waiting_counts_what_is_not_handled(store: Store) -> None:
    await store.append_raw(MAIN, [raw("1", "a"), raw("2", "b"), raw("3", "c")], None)
    leased = await lease(store)
    assert await store.count_waiting() == 3
    await store.admit([ignoring(leased[0].id), Admission((leased[1].id,), "quarantined", "torn")], at(0))
    assert await store.count_waiting() == 1


async def test_an_empty_store_answers(store: Store) -> None:
    assert await lease(store) == []
    assert await store.count_waiting() == 0
    assert await store.list_quarantine() == []
    context = await store.find_context(query())
    assert context.tickets == {}
    assert context.identities == {}
