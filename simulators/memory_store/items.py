"""Rows of items in the memory store."""

from collections.abc import Collection
from datetime import datetime

from msgspec.structs import replace

from simulators.memory_store.erasing import empty
from simulators.memory_store.tables import Tables
from tickets.errors import Conflict
from tickets.feeds import FeedFilter, FeedItem
from tickets.ids import AccountId, ExternalMessageId, ItemId
from tickets.records import ContextQuery

FORGOTTEN_AT_ONCE = 2_000


def write_item(tables: Tables, item: FeedItem) -> None:
    """A new one, or what became of a known one; who wanted a ticket is left as it is."""
    key = item.account, item.external_id
    known = tables.items.get(key)
    if known is None:
        tables.items[key] = replace(item, wanted_by="", number=None)
        return
    tables.items[key] = replace(
        known,
        feeds=tuple(sorted({*known.feeds, *item.feeds})),
        text=item.text,
        language=item.language,
        mood=item.mood,
        fingerprint=item.fingerprint,
        event_ids=item.event_ids,
        keep_until=max(known.keep_until, item.keep_until),
        ticket_id=item.ticket_id or known.ticket_id,
    )


def count_alike(tables: Tables, item_id: ItemId) -> None:
    """Somebody else said the same.  Raises Conflict when it is gone: then theirs is to be kept."""
    key = next((key for key, item in tables.items.items() if item.id == item_id), None)
    if key is None:
        raise Conflict("what was said before is gone meanwhile")
    tables.items[key] = replace(tables.items[key], alike=tables.items[key].alike + 1)


def forget_removed(tables: Tables, keys: Collection[tuple[AccountId, ExternalMessageId]]) -> int:
    """One of which a ticket is being made stays until that is done: its original is still needed."""
    known = [(key, tables.items[key]) for key in keys if key in tables.items]
    return forget(tables, [key for key, item in known if not item.wanted_by or item.ticket_id])


def forget(tables: Tables, keys: Collection[tuple[AccountId, ExternalMessageId]]) -> int:
    """The original of what became a ticket is the ticket's."""
    gone = [(key, tables.items[key]) for key in dict.fromkeys(keys) if key in tables.items]
    for key, item in gone:
        if item.ticket_id is None:
            for event_id in item.event_ids:
                empty(tables, event_id)
        del tables.items[key]
    return len(gone)


def forget_old_items(tables: Tables, now: datetime) -> int:
    old = sorted((one.keep_until, key) for key, one in tables.items.items() if one.keep_until < now)
    return forget_removed(tables, [key for _, key in old[:FORGOTTEN_AT_ONCE]])


def known_items(tables: Tables, query: ContextQuery) -> dict[tuple[AccountId, ExternalMessageId], FeedItem]:
    return {key: numbered(tables, tables.items[key]) for key in query.items if key in tables.items}


def alike_items(tables: Tables, query: ContextQuery) -> dict[tuple[AccountId, str], FeedItem]:
    if not query.items:
        return {}
    newest_first = sorted(tables.items.values(), key=lambda item: item.id, reverse=True)
    newest_first.sort(key=lambda item: item.ticket_id is not None)
    return {
        (item.account, item.fingerprint): numbered(tables, item)
        for item in newest_first
        if item.fingerprint in query.fingerprints and item.stored_at >= query.fingerprints_since
    }


def numbered(tables: Tables, item: FeedItem) -> FeedItem:
    """With its ticket's number."""
    return replace(item, number=tables.tickets[item.ticket_id].number) if item.ticket_id else item


def matches(item: FeedItem, wanted: FeedFilter) -> bool:
    """Whether it is asked for."""
    return (
        (not wanted.feed or wanted.feed in item.feeds)
        and (not wanted.mood or wanted.mood == item.mood)
        and (wanted.after is None or item.id < wanted.after)
    )
