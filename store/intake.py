"""Raw events: appended with their cursor, leased by conversation, put aside, replayed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from store import blobs
from store.engine import Row, Tx, one
from store.notices import raise_notices
from store.rows import literal_channel, micros, moment, printable
from store.shares import CONVERSATION_EVENTS, share_out
from tickets.errors import Conflict
from tickets.ids import AccountId, EventId, ThreadKey
from tickets.model import RawEvent
from tickets.notices import NewNotice
from tickets.ports import CrashHook
from tickets.records import LeasedEvent, QuarantinedEvent

INLINE_BYTES = 64 * 1024
"""Payloads up to this size stand in the event's row, larger ones in a blob."""

RAISE_CONVERSATION = """
INSERT INTO conversation (account, key, due_at, oldest_at, arrivals, leased_arrivals, lease_until)
VALUES (:account, :conversation, :due_at, :received_at, 1, 0, 0)
ON CONFLICT (account, key) DO UPDATE SET
    arrivals = conversation.arrivals + 1,
    oldest_at = CASE WHEN conversation.due_at IS NULL THEN excluded.oldest_at ELSE conversation.oldest_at END,
    due_at = CASE WHEN conversation.due_at > excluded.due_at THEN conversation.due_at ELSE excluded.due_at END
"""
INSERT_EVENT = """
INSERT INTO raw_event (conversation_id, channel, account, external_id, state, attempts, payload, sha256,
    size_bytes, received_at, own_id, group_key, quiet_s, note, late, looked_up, feed, reason)
SELECT c.id, :channel, :account, :external_id, 'waiting', 0, :payload, :sha256,
    :size_bytes, :received_at, :own_id, :group_key, :quiet_s, :note, :late, :looked_up, :feed, ''
FROM conversation c WHERE c.account = :account AND c.key = :conversation
ON CONFLICT (account, external_id) DO NOTHING
"""
SAVE_CURSOR = """
INSERT INTO account_cursor (account, cursor) VALUES (:account, :cursor)
ON CONFLICT (account) DO UPDATE SET cursor = excluded.cursor
"""


def append_raw(
    tx: Tx,
    account: AccountId,
    events: Sequence[RawEvent],
    cursor: str | None,
    notices: Sequence[NewNotice],
    behind: str | None,
    crash: CrashHook,
) -> int:
    if behind is not None:
        _refuse_moved(tx, account, behind)
    ordered = sorted(events, key=lambda event: event.conversation)  # one lock order for all workers
    tx.many(RAISE_CONVERSATION, [_conversation_params(event) for event in ordered])
    fresh = tx.many(INSERT_EVENT, [_event_params(tx, event) for event in events])
    if cursor is not None:
        tx.run(SAVE_CURSOR, {"account": account, "cursor": printable(cursor)})
    if notices:
        raise_notices(tx, notices, max(one.until or one.since for one in notices))
    if events:
        crash("store.raw_written")
    return fresh


def _refuse_moved(tx: Tx, account: AccountId, behind: str) -> None:
    """Holds the cursor until the end of the transaction."""
    held = "UPDATE account_cursor SET cursor = cursor WHERE account = :account AND cursor = :behind"
    if not tx.run(held, {"account": account, "behind": printable(behind)}):
        raise Conflict("the cursor was moved meanwhile")


def _conversation_params(event: RawEvent) -> dict[str, object]:
    return {
        "account": event.account,
        "conversation": printable(event.conversation),
        "received_at": micros(event.received_at),
        "due_at": micros(event.received_at + timedelta(seconds=event.quiet_s)),
    }


def _event_params(tx: Tx, event: RawEvent) -> dict[str, object]:
    inline = len(event.payload) <= INLINE_BYTES
    received_at = micros(event.received_at)
    sha256 = blobs.blob_id(event.payload) if inline else blobs.put(tx, event.payload, received_at)
    return {
        "channel": event.channel,
        "account": event.account,
        "conversation": printable(event.conversation),
        "external_id": printable(event.external_id),
        "payload": event.payload if inline else None,
        "sha256": sha256,
        "size_bytes": len(event.payload),
        "received_at": received_at,
        "own_id": printable(event.own_id),
        "group_key": printable(event.group),
        "quiet_s": event.quiet_s,
        "note": printable(event.note),
        "late": int(event.late),
        "looked_up": printable(event.looked_up),
        "feed": event.feed,
    }


def list_private(tx: Tx, account: AccountId, limit: int) -> list[ThreadKey]:
    rows = tx.all(
        "SELECT th.key FROM thread th JOIN ticket_thread tt ON tt.thread_id = th.id "
        "JOIN ticket t ON t.id = tt.ticket_id WHERE th.account = :account AND th.visibility = 'private' "
        "GROUP BY th.key ORDER BY MAX(t.updated_at) DESC, th.key LIMIT :limit",
        {"account": account, "limit": limit},
    )
    return [ThreadKey(row[0]) for row in rows]


def find_cursor(tx: Tx, account: AccountId) -> str | None:
    row = one(tx.all("SELECT cursor FROM account_cursor WHERE account = :account", {"account": account}))
    return None if row is None else str(row[0])


def count_waiting(tx: Tx) -> int:
    return int(tx.all("SELECT COUNT(*) FROM raw_event WHERE state = 'waiting'")[0][0])


# Fair over accounts: every account's longest waiting conversation comes first, then the second of each.
LEASE_CONVERSATIONS = """
WITH ranked AS (
    SELECT id, row_number() OVER (PARTITION BY account ORDER BY oldest_at, id) AS turn
    FROM conversation WHERE due_at <= :now AND lease_until <= :now
), picked AS MATERIALIZED (
    SELECT c.id FROM conversation c JOIN ranked r ON r.id = c.id
    WHERE c.due_at <= :now AND c.lease_until <= :now
    ORDER BY r.turn, c.oldest_at LIMIT :limit LOCKED(c)
)
UPDATE conversation SET lease_holder = :holder, lease_until = :until, leased_arrivals = arrivals
WHERE id IN (SELECT id FROM picked) RETURNING id, account, oldest_at
"""
WAITING_EVENTS = """
SELECT id, conversation_id, size_bytes, group_key FROM (
    SELECT id, conversation_id, size_bytes, group_key,
        row_number() OVER (PARTITION BY conversation_id ORDER BY id) AS place
    FROM raw_event WHERE state = 'waiting' AND conversation_id IN EACH(:conversations)
) AS waiting WHERE place <= :most ORDER BY id
"""
EVENT_COLUMNS = (
    "id, channel, account, external_id, payload, sha256, received_at, own_id, group_key, quiet_s, note, attempts, "
    "late, (SELECT key FROM conversation c WHERE c.id = conversation_id), looked_up, feed"
)


def lease_events(tx: Tx, holder: str, now: datetime, lease_s: float, limit: int) -> list[LeasedEvent]:
    until = micros(now + timedelta(seconds=lease_s))
    leased = tx.all(LEASE_CONVERSATIONS, {"now": micros(now), "holder": holder, "until": until, "limit": limit})
    if not leased:
        return []
    conversations = [row[0] for row in leased]
    waiting = tx.all(WAITING_EVENTS, {"conversations": conversations, "most": CONVERSATION_EVENTS + 1})
    taken = share_out(leased, waiting, limit)
    _settle_conversations(tx, conversations, waiting, taken)
    if not taken:
        return []
    tx.run("UPDATE raw_event SET attempts = attempts + 1 WHERE id IN EACH(:ids)", {"ids": taken})
    rows = tx.all(f"SELECT {EVENT_COLUMNS} FROM raw_event WHERE id IN EACH(:ids) ORDER BY id", {"ids": taken})
    return [LeasedEvent(id=EventId(row[0]), event=_event_of(tx, row), attempts=row[11]) for row in rows]


def _settle_conversations(tx: Tx, leased: list[int], waiting: list[Row], taken: list[int]) -> None:
    """Nothing waits in an empty conversation; one that was cut stays due after its lease; one left out is free."""
    chosen = set(taken)
    with_events = {row[1] for row in waiting if row[0] in chosen}
    not_empty = {row[1] for row in waiting}
    cut = {row[1] for row in waiting if row[0] not in chosen} & with_events
    empty = [number for number in leased if number not in not_empty]
    left_out = [number for number in leased if number in not_empty and number not in with_events]
    if cut:
        tx.run("UPDATE conversation SET leased_arrivals = -1 WHERE id IN EACH(:ids)", {"ids": sorted(cut)})
    if empty:
        tx.run(END_LEASES, {"ids": empty})
    if left_out:
        tx.run("UPDATE conversation SET lease_until = 0 WHERE id IN EACH(:ids)", {"ids": left_out})


END_LEASES = """
UPDATE conversation SET lease_until = 0, lease_holder = NULL,
    due_at = CASE WHEN arrivals = leased_arrivals AND NOT EXISTS (
        SELECT 1 FROM raw_event e WHERE e.conversation_id = conversation.id AND e.state = 'waiting'
    ) THEN NULL ELSE due_at END
WHERE id IN EACH(:ids)
"""


def end_leases(tx: Tx, event_ids: Sequence[EventId]) -> None:
    """Their events are handled: free the conversations.

    It stays due while events of it wait that were leased and not handled, or
    when more arrived: the row's own columns tell of an append that races
    with this statement, so that it can never be forgotten.
    """
    tx.run(END_LEASES, {"ids": _conversations_of(tx, event_ids)})


def release_events(tx: Tx, ids: Sequence[EventId], retry_at: datetime, holder: str | None) -> None:
    tx.run(
        "UPDATE conversation SET lease_until = 0, lease_holder = NULL, "
        "due_at = CASE WHEN due_at > :retry_at THEN due_at ELSE :retry_at END WHERE id IN EACH(:ids)"
        + (" AND lease_holder = :holder" if holder is not None else ""),
        {"ids": _conversations_of(tx, ids), "retry_at": micros(retry_at), "holder": holder},
    )


def _conversations_of(tx: Tx, event_ids: Sequence[EventId]) -> list[int]:
    rows = tx.all(
        "SELECT DISTINCT conversation_id FROM raw_event WHERE id IN EACH(:ids) ORDER BY conversation_id",
        {"ids": list(event_ids)},
    )
    return [row[0] for row in rows]


def read_raw(tx: Tx, event_id: EventId) -> RawEvent | None:
    row = one(tx.all(f"SELECT {EVENT_COLUMNS} FROM raw_event WHERE id = :id", {"id": event_id}))
    return None if row is None or not row[5] else _event_of(tx, row)


def _event_of(tx: Tx, row: Row) -> RawEvent:
    payload = blobs.whole(tx, row[5]) if row[4] is None else bytes(row[4])
    return RawEvent(
        channel=literal_channel(row[1]),
        account=AccountId(row[2]),
        external_id=row[3],
        payload=payload,
        received_at=moment(row[6]),
        own_id=row[7],
        group=row[8],
        quiet_s=row[9],
        note=row[10],
        late=bool(row[12]),
        conversation=row[13],
        looked_up=row[14],
        feed=row[15],
    )


def list_quarantine(tx: Tx, limit: int) -> list[QuarantinedEvent]:
    rows = tx.all(
        "SELECT id, channel, account, external_id, received_at, size_bytes, reason FROM raw_event "
        "WHERE state = 'quarantined' ORDER BY id DESC LIMIT :limit",
        {"limit": limit},
    )
    return [
        QuarantinedEvent(
            id=EventId(row[0]),
            channel=literal_channel(row[1]),
            account=AccountId(row[2]),
            external_id=row[3],
            received_at=moment(row[4]),
            size_bytes=row[5],
            reason=row[6],
        )
        for row in rows
    ]


def replay(tx: Tx, event_id: EventId, now: datetime) -> bool:
    return set_waiting(tx, event_id, "quarantined", now)


def set_waiting(tx: Tx, event_id: EventId, state: str, now: datetime) -> bool:
    """Let an event that ended so be handled once more; False when it is in another state."""
    changed = tx.run(
        "UPDATE raw_event SET state = 'waiting', attempts = 0, reason = '' WHERE id = :id AND state = :state",
        {"id": event_id, "state": state},
    )
    if changed:
        tx.run(
            "UPDATE conversation SET arrivals = arrivals + 1, "
            "due_at = CASE WHEN due_at > :now THEN due_at ELSE :now END "
            "WHERE id = (SELECT conversation_id FROM raw_event WHERE id = :id)",
            {"id": event_id, "now": micros(now)},
        )
    return bool(changed)
