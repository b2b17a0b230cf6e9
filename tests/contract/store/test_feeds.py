"""Items of feeds: kept once, found again, wanted once, and forgotten with what they came as."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.builders import MAIN, T0, at, lease, names, opening, raw, receive
from tickets.errors import Conflict
from tickets.feeds import FeedFilter, FeedItem
from tickets.ids import AccountId, EventId, ExternalMessageId, ItemId, TicketId
from tickets.records import Admission, ContextQuery
from tickets.storage import Store

LARGE = b"x" * 100_000
DAY_S = 86_400


def item(name: str, event_id: EventId | None = None, **fields: Any) -> FeedItem:
    wanted = {
        "feeds": ("telegram:main/hall",),
        "author": f"Person {name}",
        "handle": name,
        "text": f"บัญชีถูกขโมย {name}",
        "address": f"https://t.me/c/1/{name}",
        "language": "th",
        "mood": "",
        "fingerprint": f"words of {name}",
        "sent_at": T0,
        "stored_at": T0,
        "keep_until": at(30 * DAY_S),
    } | fields
    return FeedItem(
        id=ItemId(f"i-{name}"),
        channel="telegram",
        account=MAIN,
        external_id=ExternalMessageId(name),
        event_ids=(event_id or EventId(1),),
        **wanted,
    )


def reading(one: FeedItem, *ids: EventId) -> Admission:
    return Admission(ids, "ignored", "feed", item=one)


async def put(store: Store, *items: FeedItem) -> None:
    await store.admit([reading(one) for one in items], T0)


async def listed(store: Store, **wanted: Any) -> list[str]:
    return [one.external_id for one in await store.list_items(FeedFilter(**wanted))]


def asking(*keys: str, words: str = "") -> ContextQuery:
    items = frozenset((MAIN, ExternalMessageId(key)) for key in keys)
    words_of = frozenset({words}) if words else frozenset()
    return ContextQuery(frozenset(), frozenset(), frozenset(), words_of, T0, items=items)


async def test_items_are_listed_newest_first_page_by_page_and_by_feed_and_mood(store: Store) -> None:
    other = item("c", feeds=("telegram:main/lobby",), mood="alarming")
    await put(store, item("a"), item("b", mood="upset"), other)
    assert await listed(store) == ["c", "b", "a"]
    assert await listed(store, limit=2) == ["c", "b"]
    assert await listed(store, after=ItemId("i-b")) == ["a"]
    assert await listed(store, feed="telegram:main/hall") == ["b", "a"]
    assert await listed(store, feed="telegram:main/hall", after=ItemId("i-b")) == ["a"]
    assert await listed(store, mood="alarming") == ["c"]
    assert await listed(store, feed="telegram:main/hall", mood="alarming") == []
    assert await store.find_item(ItemId("i-c")) == other
    assert await store.find_item(ItemId("none")) is None


async def test_what_two_feeds_find_is_one_item_of_both(store: Store) -> None:
    await put(store, item("a"))
    again = item("a", feeds=("telegram:main/lobby",), text="edited", keep_until=at(2 * DAY_S))
    await put(store, replace(again, id=ItemId("i-other")))
    [one] = await store.list_items(FeedFilter())
    assert (one.id, one.feeds) == ("i-a", ("telegram:main/hall", "telegram:main/lobby"))
    assert (one.text, one.alike, one.keep_until) == ("edited", 0, at(30 * DAY_S))
    assert await listed(store, feed="telegram:main/lobby") == ["a"]


async def test_the_router_is_told_of_items_by_name_and_by_words(store: Store) -> None:
    await put(store, item("a", fingerprint="same"), item("b", fingerprint="same"))
    found = await store.find_context(asking("b", "c", words="same"))
    assert set(found.items) == {(MAIN, "b")}
    assert found.alike[MAIN, "same"].external_id == "a"
    assert not (await store.find_context(asking(words="same"))).alike
    later = replace(asking("c", words="same"), fingerprints_since=T0 + timedelta(seconds=1))
    assert not (await store.find_context(later)).alike


async def test_a_ticket_is_wanted_once_and_its_event_comes_again(store: Store) -> None:
    await receive(store, raw("a", feed="hall"))
    [first] = await lease(store)
    assert first.event.feed == "hall"
    await store.admit([reading(item("a", first.id), first.id)], T0)
    assert names(await lease(store, 1)) == []

    assert await store.want_item(ItemId("i-a"), "user:ann", at(2))
    assert not await store.want_item(ItemId("i-a"), "user:bob", at(2))
    assert not await store.want_item(ItemId("i-none"), "user:bob", at(2))

    [again] = await lease(store, 3)
    assert again.event == first.event
    made = opening("ann", again.id)
    await store.admit([replace(made, item=item("a", first.id, ticket_id=TicketId("t-ann")))], at(4))
    found = await store.find_item(ItemId("i-a"))
    assert found is not None
    assert (found.wanted_by, found.ticket_id, found.number) == ("user:ann", "t-ann", 1)
    assert not await store.want_item(ItemId("i-a"), "user:ann", at(5))
    await put(store, item("a", first.id, text="edited"))
    found = await store.find_item(ItemId("i-a"))
    assert found is not None
    assert (found.wanted_by, found.ticket_id) == ("user:ann", "t-ann")


async def test_what_was_removed_is_gone_with_its_original_and_a_tickets_original_stays(store: Store) -> None:
    await receive(store, raw("a", payload=LARGE), raw("b"), raw("c"))
    first, second, third = await lease(store)
    made = replace(opening("ann", second.id), item=item("b", second.id, ticket_id=TicketId("t-ann")))
    await store.admit([reading(item("a", first.id), first.id), made, reading(item("c", third.id), third.id)], T0)
    assert await store.list_held(MAIN, None, 10) == ("a", "b", "c", "ref-ann")
    assert await store.list_held(MAIN, ExternalMessageId("a"), 1) == ("b",)

    assert await store.forget_items(AccountId("telegram:other"), [ExternalMessageId("a")]) == 0
    assert await store.forget_items(MAIN, [ExternalMessageId("a"), ExternalMessageId("b")]) == 2

    assert await listed(store) == ["c"]
    assert await store.read_raw(first.id) is None
    assert await store.read_raw(second.id) == second.event
    assert await store.read_raw(third.id) == third.event
    assert await listed(store, feed="telegram:main/hall") == ["c"]


async def test_what_is_removed_while_its_ticket_is_made_goes_when_that_is_done(store: Store) -> None:
    await receive(store, raw("a"))
    [first] = await lease(store)
    await store.admit([reading(item("a", first.id), first.id)], T0)
    await store.want_item(ItemId("i-a"), "user:ann", at(1))
    assert await store.forget_items(MAIN, [ExternalMessageId("a")]) == 0
    [again] = await lease(store, 2)
    assert again.event == first.event
    await store.admit(
        [replace(opening("ann", again.id), item=item("a", first.id, ticket_id=TicketId("t-ann")))], at(3)
    )
    assert await store.forget_items(MAIN, [ExternalMessageId("a")]) == 1


async def test_an_item_that_was_deleted_and_words_that_are_not_kept_leave_nothing(store: Store) -> None:
    await receive(store, raw("a"), raw("a/deleted"), raw("same", payload=LARGE))
    first, gone, same = await lease(store)
    await store.admit([reading(item("a", first.id), first.id)], T0)
    withdrawn = Admission((gone.id,), "ignored", "deleted", withdrawn=(MAIN, ExternalMessageId("a")))
    await store.admit([withdrawn, Admission((same.id,), "ignored", "alike", unkept=True)], T0)
    assert await listed(store) == []
    assert await store.read_raw(first.id) is None
    assert await store.read_raw(same.id) is None


async def test_items_are_forgotten_after_their_time(store: Store) -> None:
    await receive(store, raw("a"), raw("b"))
    first, second = await lease(store)
    kept = reading(item("b", second.id, keep_until=at(9 * DAY_S)), second.id)
    await store.admit([reading(item("a", first.id, keep_until=at(DAY_S)), first.id), kept], T0)
    await store.forget_old(at(DAY_S))
    assert await listed(store) == ["b", "a"]
    await store.forget_old(at(DAY_S + 1))
    assert await listed(store) == ["b"]
    assert await store.read_raw(first.id) is None
    assert await store.read_raw(second.id) == second.event


async def test_an_album_comes_again_whole_and_goes_whole(store: Store) -> None:
    await receive(store, raw("1", group="g"), raw("2", group="g"), raw("3", group="h"), raw("4", group="h"))
    events = await lease(store)
    ids = [one.id for one in events]
    kept, gone = replace(item("a"), event_ids=tuple(ids[:2])), replace(item("b"), event_ids=tuple(ids[2:]))
    await store.admit([reading(kept, *ids[:2]), reading(gone, *ids[2:])], T0)
    assert await store.want_item(ItemId("i-a"), "user:ann", at(1))
    assert await store.forget_items(MAIN, [ExternalMessageId("b")]) == 1
    assert names(await lease(store, 2)) == ["1", "2"]
    assert [await store.read_raw(one) for one in ids[2:]] == [None, None]


async def test_the_same_words_are_counted_at_the_first_who_said_them(store: Store) -> None:
    await receive(store, raw("a"), raw("b"), raw("c"))
    first, *others = await lease(store)
    await store.admit([reading(item("a", first.id), first.id)], T0)
    await store.admit([Admission((one.id,), "ignored", "alike", alike_to=ItemId("i-a")) for one in others], T0)
    [found] = await store.list_items(FeedFilter())
    assert (found.alike, found.text) == (2, item("a").text)
    assert [await store.read_raw(one.id) for one in others] == [None, None]


async def test_a_copy_of_what_is_gone_is_decided_anew(store: Store) -> None:
    await receive(store, raw("b"))
    [copy] = await lease(store)
    with pytest.raises(Conflict):
        await store.admit([Admission((copy.id,), "ignored", "alike", alike_to=ItemId("i-a"))], T0)
    assert await store.read_raw(copy.id) == copy.event


async def test_odd_names_find_nothing(store: Store) -> None:
    await put(store, item("a"))
    assert await listed(store, feed="\x00") == []
    assert await listed(store, feed="\x00", after=ItemId("\x00")) == []


async def test_what_is_wanted_now_is_not_forgotten_meanwhile(store: Store) -> None:
    await receive(store, raw("a"))
    [first] = await lease(store)
    await store.admit([reading(item("a", first.id, keep_until=at(5)), first.id)], T0)
    await store.want_item(ItemId("i-a"), "user:ann", at(4))
    await store.forget_old(at(DAY_S))
    [again] = await lease(store, 10)
    assert again.event == first.event
