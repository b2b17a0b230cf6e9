"""Items of feeds: reading matter beside the tickets."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from store.engine import Params, Row, Tx
from store.erasing import drop_unused, empty_events
from store.intake import set_waiting
from store.rows import literal_channel, micros, moment, printable
from tickets.errors import Conflict
from tickets.feeds import FeedFilter, FeedItem
from tickets.ids import AccountId, EventId, ExternalMessageId, ItemId, TicketId, TicketNumber
from tickets.records import ContextQuery

FORGOTTEN_AT_ONCE = 2_000
ITEM_COLUMNS = (
    "i.id, i.channel, i.account, i.external_id, i.event_ids, i.author, i.handle, i.text, i.address, i.language, "
    "i.mood, i.fingerprint, i.sent_at, i.stored_at, i.keep_until, i.alike, i.wanted_by, i.ticket_id, t.number"
)
FROM_ITEMS = "FROM feed_item i LEFT JOIN ticket t ON t.id = i.ticket_id"
WRITE_ITEM = """
INSERT INTO feed_item (id, channel, account, external_id, event_ids, author, handle, text, address, language, mood,
    fingerprint, sent_at, stored_at, keep_until, alike, wanted_by, ticket_id)
VALUES (:id, :channel, :account, :external_id, :event_ids, :author, :handle, :text, :address, :language, :mood,
    :fingerprint, :sent_at, :stored_at, :keep_until, :alike, '', :ticket_id)
ON CONFLICT (account, external_id) DO UPDATE SET text = excluded.text, language = excluded.language,
    mood = excluded.mood, fingerprint = excluded.fingerprint, event_ids = excluded.event_ids,
    keep_until = CASE WHEN feed_item.keep_until > excluded.keep_until THEN feed_item.keep_until
        ELSE excluded.keep_until END,
    ticket_id = COALESCE(excluded.ticket_id, feed_item.ticket_id)
"""
WRITE_FINDING = """
INSERT INTO feed_finding (feed, item_id) SELECT :feed, id FROM feed_item
WHERE account = :account AND external_id = :external_id ON CONFLICT DO NOTHING
"""


def write_items(tx: Tx, items: Iterable[FeedItem]) -> None:
    """New ones, and what became of known ones; who wanted a ticket is left as it is."""
    items = list(items)
    tx.many(WRITE_ITEM, [_params(item) for item in items])
    tx.many(
        WRITE_FINDING,
        [
            {"feed": feed, "account": item.account, "external_id": printable(item.external_id)}
            for item in items
            for feed in item.feeds
        ],
    )


def _params(item: FeedItem) -> Params:
    return {
        "id": item.id,
        "channel": item.channel,
        "account": item.account,
        "external_id": printable(item.external_id),
        "event_ids": json.dumps(item.event_ids),
        "author": printable(item.author),
        "handle": printable(item.handle) if item.handle is not None else None,
        "text": printable(item.text),
        "address": printable(item.address),
        "language": item.language,
        "mood": item.mood,
        "fingerprint": item.fingerprint,
        "sent_at": micros(item.sent_at),
        "stored_at": micros(item.stored_at),
        "keep_until": micros(item.keep_until),
        "alike": item.alike,
        "ticket_id": item.ticket_id,
    }


def count_alike(tx: Tx, ids: Iterable[ItemId]) -> None:
    """Others said the same as these.  Raises Conflict when one of them is gone: then theirs is to be kept."""
    rows = [{"id": one} for one in sorted(ids)]
    if tx.many("UPDATE feed_item SET alike = alike + 1 WHERE id = :id", rows) != len(rows):
        raise Conflict("what was said before is gone meanwhile")


def list_items(tx: Tx, wanted: FeedFilter) -> list[FeedItem]:
    where = ["i.id < :after"] if wanted.after else []
    where += ["i.mood = :mood"] if wanted.mood else []
    of_feed = " JOIN feed_finding f ON f.item_id = i.id AND f.feed = :feed" if wanted.feed else ""
    rows = tx.all(
        f"SELECT {ITEM_COLUMNS} {FROM_ITEMS}{of_feed} {'WHERE ' + ' AND '.join(where) if where else ''} "
        f"ORDER BY {'f.item_id' if of_feed else 'i.id'} DESC LIMIT :limit",
        {
            "after": printable(wanted.after or ""),
            "mood": wanted.mood,
            "feed": printable(wanted.feed),
            "limit": wanted.limit,
        },
    )
    return _items_of(tx, rows)


def find_item(tx: Tx, item_id: ItemId) -> FeedItem | None:
    rows = tx.all(f"SELECT {ITEM_COLUMNS} {FROM_ITEMS} WHERE i.id = :id", {"id": item_id})
    return next(iter(_items_of(tx, rows)), None)


def known_items(tx: Tx, query: ContextQuery) -> dict[tuple[AccountId, ExternalMessageId], FeedItem]:
    if not query.items:
        return {}
    rows = tx.all(
        f"SELECT {ITEM_COLUMNS} {FROM_ITEMS} WHERE i.account IN EACH(:accounts) AND i.external_id IN EACH(:names)",
        {
            "accounts": sorted({account for account, _ in query.items}),
            "names": sorted({printable(name) for _, name in query.items}),
        },
    )
    found = {(item.account, item.external_id): item for item in _items_of(tx, rows)}
    return {key: found[stored] for key in query.items if (stored := _stored(key)) in found}


def _stored(key: tuple[AccountId, ExternalMessageId]) -> tuple[AccountId, ExternalMessageId]:
    return key[0], ExternalMessageId(printable(key[1]))


def alike_items(tx: Tx, query: ContextQuery) -> dict[tuple[AccountId, str], FeedItem]:
    """Of the same words, the first one each, and before that one with a ticket."""
    if not query.items or not query.fingerprints:
        return {}
    rows = tx.all(
        f"SELECT {ITEM_COLUMNS} {FROM_ITEMS} WHERE i.fingerprint IN EACH(:fingerprints) "
        "AND i.stored_at >= :since ORDER BY CASE WHEN i.ticket_id IS NULL THEN 0 ELSE 1 END, i.id DESC",
        {"fingerprints": sorted(query.fingerprints), "since": micros(query.fingerprints_since)},
    )
    return {(item.account, item.fingerprint): item for item in _items_of(tx, rows)}


def _items_of(tx: Tx, rows: Sequence[Row]) -> list[FeedItem]:
    found: dict[str, list[str]] = {row[0]: [] for row in rows}
    by = "SELECT item_id, feed FROM feed_finding WHERE item_id IN EACH(:ids) ORDER BY feed"
    for item_id, feed in tx.all(by, {"ids": sorted(found)}) if rows else ():
        found[item_id].append(feed)
    return [
        FeedItem(
            id=ItemId(row[0]),
            feeds=tuple(found[row[0]]),
            channel=literal_channel(row[1]),
            account=AccountId(row[2]),
            external_id=ExternalMessageId(row[3]),
            event_ids=_ids_of(row[4]),
            author=row[5],
            handle=row[6],
            text=row[7],
            address=row[8],
            language=row[9],
            mood=row[10],
            fingerprint=row[11],
            sent_at=moment(row[12]),
            stored_at=moment(row[13]),
            keep_until=moment(row[14]),
            alike=row[15],
            wanted_by=row[16],
            ticket_id=TicketId(row[17]) if row[17] is not None else None,
            number=TicketNumber(row[18]) if row[18] is not None else None,
        )
        for row in rows
    ]


def want_item(tx: Tx, item_id: ItemId, by: str, now: datetime) -> bool:
    rows = tx.all(
        "UPDATE feed_item SET wanted_by = :by, wanted_at = :now "
        "WHERE id = :id AND wanted_by = '' AND ticket_id IS NULL RETURNING event_ids",
        {"id": item_id, "by": by, "now": micros(now)},
    )
    done = [set_waiting(tx, event_id, "ignored", now) for row in rows for event_id in _ids_of(row[0])]
    return any(done)


def _ids_of(stored: str) -> tuple[EventId, ...]:
    return tuple(map(EventId, json.loads(stored)))


def forget_items(tx: Tx, account: AccountId, names: Sequence[ExternalMessageId]) -> int:
    """One of which a ticket is being made stays until that is done: its original is still needed."""
    return _forget(
        tx,
        "SELECT id, event_ids, ticket_id FROM feed_item WHERE account = :account AND external_id IN EACH(:names) "
        "AND (wanted_by = '' OR ticket_id IS NOT NULL)",
        {"account": account, "names": sorted(map(printable, names))},
    )


def forget_old_items(tx: Tx, now: datetime) -> int:
    """So many at once that nobody waits for it; the rest the next time."""
    old = (
        "SELECT id, event_ids, ticket_id FROM feed_item WHERE keep_until < :now "
        "AND (wanted_by = '' OR ticket_id IS NOT NULL) ORDER BY keep_until LIMIT :most"
    )
    return _forget(tx, old, {"now": micros(now), "most": FORGOTTEN_AT_ONCE})


def _forget(tx: Tx, which: str, params: Params) -> int:
    """The original of what became a ticket is the ticket's."""
    rows = tx.all(which, params)
    ids = sorted(row[0] for row in rows)
    originals = [event_id for row in rows if row[2] is None for event_id in _ids_of(row[1])]
    drop_unused(tx, empty_events(tx, originals))
    tx.run("DELETE FROM feed_finding WHERE item_id IN EACH(:ids)", {"ids": ids})
    return tx.run("DELETE FROM feed_item WHERE id IN EACH(:ids)", {"ids": ids})
