"""The outbox: leased, marked before sending, recorded after; budgets shared by all workers."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from store.engine import Params, Row, Tx, one
from store.history import keep_order
from store.rows import (
    DELIVERY_COLUMNS,
    PART_COLUMNS,
    delivery_of,
    delivery_params,
    micros,
    micros_or_none,
    moment_or_none,
    part_of,
    printable,
    to_json,
)
from tickets.ids import AccountId, Channel, DeliveryId, ExternalMessageId, ThreadId, ThreadKey, TicketId
from tickets.model import Delivery, DeliveryPart, Receipt
from tickets.ports import CrashHook
from tickets.records import BOUNCED, Bounce

INSERT_DELIVERY = """
INSERT INTO delivery (id, kind, channel, account, thread_id, ticket_id, message_id, target, state, priority,
    next_at, lease_until, created_at, updated_at, code, detail)
VALUES (:id, :kind, :channel, :account, :thread_id, :ticket_id, :message_id, :target, :state, :priority,
    :next_at, 0, :created_at, :updated_at, :code, :detail)
"""
INSERT_PART = """
INSERT INTO delivery_part (delivery_id, n, text, state, attempts, external_id, started_at, sent_at, files, spans)
VALUES (:delivery_id, :n, :text, :state, :attempts, :external_id, :started_at, :sent_at, :files, :spans)
"""


def insert_deliveries(tx: Tx, deliveries: Sequence[Delivery]) -> None:
    tx.many(INSERT_DELIVERY, [delivery_params(delivery) for delivery in deliveries])
    tx.many(INSERT_PART, [_part_params(d.id, part) for d in deliveries for part in d.parts])


def _part_params(delivery_id: DeliveryId, part: DeliveryPart) -> Params:
    return {
        "delivery_id": delivery_id,
        "n": part.n,
        "text": printable(part.text),
        "state": part.state,
        "attempts": part.attempts,
        "external_id": part.external_id,
        "started_at": micros_or_none(part.started_at),
        "sent_at": micros_or_none(part.sent_at),
        "files": to_json(part.files),
        "spans": to_json(part.spans),
    }


def replace_delivery(tx: Tx, delivery: Delivery, expected_state: str) -> bool:
    """The new state of a delivery that a person decided about; False when it changed meanwhile.

    A lease that has not run out means that a worker has it in hand; of one
    of unknown fate only that a worker looks for it, which stops nobody.
    """
    changed = tx.run(
        "UPDATE delivery SET state = :state, next_at = :next_at, updated_at = :updated_at, code = :code, "
        "detail = :detail, lease_until = 0, lease_holder = NULL "
        "WHERE id = :id AND state = :expected AND (lease_until <= :updated_at OR state = 'unknown')",
        {
            "id": delivery.id,
            "state": delivery.state,
            "expected": expected_state,
            "next_at": micros(delivery.next_at),
            "updated_at": micros(delivery.updated_at),
            "code": printable(delivery.code),
            "detail": printable(delivery.detail),
        },
    )
    tx.many(
        "UPDATE delivery_part SET state = :state WHERE delivery_id = :id AND n = :n",
        [{"id": delivery.id, "n": part.n, "state": part.state} for part in delivery.parts if changed],
    )
    return bool(changed)


# Most urgent first; one of a thread at a time, and only the oldest, so that answers keep their order.
# One of unknown fate keeps its place while it is looked for, as it may yet have to be sent again.
PATIENCE = timedelta(minutes=3)
LEASE_DELIVERIES = """
WITH picked AS MATERIALIZED (
    SELECT d.id FROM delivery d
    WHERE d.state = 'queued' AND d.next_at <= :now AND d.lease_until <= :now AND d.account IN EACH(:accounts)
        AND NOT EXISTS (
            SELECT 1 FROM delivery e
            WHERE e.thread_id = d.thread_id AND e.state IN ('queued', 'sending', 'unknown')
                AND (e.state <> 'unknown' OR (e.look_at IS NOT NULL AND e.updated_at > :patience))
                AND (e.created_at < d.created_at OR (e.created_at = d.created_at AND e.id < d.id))
        )
    ORDER BY d.priority DESC, d.next_at LIMIT :limit LOCKED(d)
)
UPDATE delivery SET lease_holder = :holder, lease_until = :until
WHERE id IN (SELECT id FROM picked) RETURNING id
"""


def lease_deliveries(
    tx: Tx, accounts: Sequence[AccountId], holder: str, now: datetime, lease_s: float, limit: int
) -> list[Delivery]:
    patience = micros(now - PATIENCE)
    leased = lease_by(LEASE_DELIVERIES, tx, accounts, holder, now, lease_s, limit, patience=patience)
    return sorted(leased, key=lambda delivery: (-delivery.priority, delivery.next_at))


def lease_by(
    sql: str,
    tx: Tx,
    accounts: Sequence[AccountId],
    holder: str,
    now: datetime,
    lease_s: float,
    limit: int,
    **more: int,
) -> list[Delivery]:
    """Those whose ids ``sql`` returns, now in this holder's hand.  more: what else it asks for."""
    values = {
        "accounts": list(accounts),
        "holder": holder,
        "now": micros(now),
        "until": micros(now + timedelta(seconds=lease_s)),
        "limit": limit,
    }
    rows = tx.all(sql, values | more)
    return find_deliveries(tx, [DeliveryId(row[0]) for row in rows]) if rows else []


def find_deliveries(tx: Tx, ids: Sequence[DeliveryId]) -> list[Delivery]:
    rows = tx.all(
        f"SELECT {DELIVERY_COLUMNS} FROM delivery d WHERE d.id IN EACH(:ids) ORDER BY d.created_at, d.id",
        {"ids": list(ids)},
    )
    return with_parts(tx, rows)


def with_parts(tx: Tx, rows: list[Row]) -> list[Delivery]:
    """Deliveries of rows with DELIVERY_COLUMNS, their pieces filled in."""
    part_rows = tx.all(
        f"SELECT p.delivery_id, {PART_COLUMNS} FROM delivery_part p "
        "WHERE p.delivery_id IN EACH(:ids) ORDER BY p.n",
        {"ids": [row[0] for row in rows]},
    )
    parts: dict[str, list[DeliveryPart]] = {}
    for row in part_rows:
        parts.setdefault(row[0], []).append(part_of(row[1:]))
    return [delivery_of(row, tuple(parts.get(row[0], ()))) for row in rows]


def mark_sending(
    tx: Tx,
    delivery_id: DeliveryId,
    n: int,
    holder: str,
    now: datetime,
    name: ExternalMessageId | None,
    crash: CrashHook,
) -> bool:
    marked = tx.run(
        "UPDATE delivery SET state = 'sending', updated_at = :now, code = '', detail = '' "
        "WHERE id = :id AND state = 'queued' AND lease_holder = :holder AND lease_until > :now "
        "AND NOT EXISTS (SELECT 1 FROM delivery_part p WHERE p.delivery_id = :id AND p.n = :n "
        "AND p.state IN ('sent', 'unknown'))",
        {"id": delivery_id, "n": n, "holder": holder, "now": micros(now)},
    )
    if marked:
        tx.run(
            "UPDATE delivery_part SET state = 'sending', attempts = attempts + 1, started_at = :now "
            "WHERE delivery_id = :id AND n = :n",
            {"id": delivery_id, "n": n, "now": micros(now)},
        )
        if name is not None:
            _record_way_back(tx, delivery_id, n, [name])
        tell(tx, delivery_id, "sending", n, "", now)
        crash("store.sending_written")
    return bool(marked)


def record_receipt(
    tx: Tx,
    delivery_id: DeliveryId,
    n: int,
    receipt: Receipt,
    now: datetime,
    holder: str | None,
    crash: CrashHook,
) -> None:
    names = (receipt.external_id, *receipt.aliases)
    if not _in_hand(tx, delivery_id, holder, n):
        _record_way_back(tx, delivery_id, n, names)
        return
    if _is_anothers(tx, delivery_id, receipt):
        return
    answered_again(tx, [delivery_id], now)
    tx.run(
        "UPDATE delivery_part SET state = 'sent', external_id = :external_id, sent_at = :sent_at "
        "WHERE delivery_id = :id AND n = :n",
        {
            "id": delivery_id,
            "n": n,
            "external_id": printable(receipt.external_id),
            "sent_at": micros(receipt.sent_at),
        },
    )
    left = tx.all(
        "SELECT COUNT(*) FROM delivery_part WHERE delivery_id = :id AND state <> 'sent'", {"id": delivery_id}
    )[0][0]
    tx.run(
        "UPDATE delivery SET state = :state, updated_at = :now, code = '', detail = :note, "
        "lease_until = CASE WHEN :left = 0 OR state = 'unknown' THEN 0 ELSE lease_until END, "
        "lease_holder = CASE WHEN :left = 0 OR state = 'unknown' THEN NULL ELSE lease_holder END, "
        "next_at = CASE WHEN state = 'unknown' THEN :now ELSE next_at END WHERE id = :id",
        {
            "id": delivery_id,
            "state": "queued" if left else "sent",
            "now": micros(now),
            "note": printable(receipt.note),
            "left": left,
        },
    )
    if receipt.thread_key is not None:
        _rename_thread(tx, delivery_id, receipt.thread_key)
    _record_way_back(tx, delivery_id, n, names)
    tell(tx, delivery_id, "queued" if left else "sent", n, "", now)
    crash("store.receipt_written")


def _rename_thread(tx: Tx, delivery_id: DeliveryId, key: ThreadKey) -> None:
    """What comes back in the conversation names it so; one that bears the name already keeps it."""
    tx.run(
        "UPDATE thread SET key = :key WHERE id = (SELECT thread_id FROM delivery WHERE id = :id) AND NOT EXISTS ("
        "SELECT 1 FROM thread o WHERE o.key = :key AND o.account = (SELECT account FROM delivery WHERE id = :id))",
        {"id": delivery_id, "key": printable(key)},
    )


def _record_way_back(tx: Tx, delivery_id: DeliveryId, n: int, names: Sequence[ExternalMessageId]) -> None:
    """So that the person's answer to this piece reaches the same ticket.  names: its own first, then others."""
    params: Params = {"id": delivery_id, "n": n, "ref": printable(names[0])}
    for ref in names:
        tx.run(
            "INSERT INTO message_ref (ref, channel, part, message_id, ticket_id, thread_id, content_hash, ours) "
            f"SELECT :ref, d.channel, :n, {_LEADS_TO}, d.ticket_id, {_THROUGH}, '', 1 FROM delivery d "
            f"WHERE d.id = :id AND {_LEADS_TO} IS NOT NULL AND d.ticket_id IS NOT NULL "
            f"AND {_THROUGH} IS NOT NULL ON CONFLICT DO NOTHING",
            {**params, "ref": printable(ref)},
        )
    if n == 1:
        tx.run(
            "UPDATE message SET external_id = :ref WHERE id = (SELECT message_id FROM delivery WHERE id = :id)",
            {"id": delivery_id, "ref": params["ref"]},
        )


# A notice is no message of the ticket.  By mail, where people answer it, its name leads to the first message of
# the conversation; elsewhere whoever deletes the notice would seem to delete that message.  A code that was mailed
# to an address on record leads to what its person wrote last.
_ASKED = (
    "FROM message m WHERE m.ticket_id = d.ticket_id AND m.direction = 'in' AND m.thread_id IS NOT NULL "
    "ORDER BY m.stored_at DESC, m.id LIMIT 1"
)
_THROUGH = f"COALESCE(d.thread_id, CASE WHEN d.kind = 'code' THEN (SELECT m.thread_id {_ASKED}) END)"
_LEADS_TO = (
    f"COALESCE(d.message_id, CASE WHEN d.kind = 'code' THEN (SELECT m.id {_ASKED}) "
    "WHEN d.channel = 'email' THEN (SELECT m.id FROM message m "
    "WHERE m.ticket_id = d.ticket_id AND m.thread_id = d.thread_id AND m.direction = 'in' "
    "ORDER BY m.stored_at, m.id LIMIT 1) END)"
)


def _in_hand(tx: Tx, delivery_id: DeliveryId, holder: str | None, n: int | None = None) -> bool:
    """Whether ``holder`` (None: whoever) is sending it, or piece ``n`` itself is of unknown fate."""
    if holder is None:
        return True
    rows = tx.all(
        "SELECT d.state, d.lease_holder, p.state FROM delivery d "
        "LEFT JOIN delivery_part p ON p.delivery_id = d.id AND p.n = :n WHERE d.id = :id",
        {"id": delivery_id, "n": n or 0},
    )
    return any(
        (state == "sending" and now_with == holder) or (state == "unknown" and piece == "unknown")
        for state, now_with, piece in rows
    )


def _is_anothers(tx: Tx, delivery_id: DeliveryId, receipt: Receipt) -> bool:
    """Whether what proves one of unknown fate is another answer's already: two may have the same words."""
    rows = tx.all(
        "SELECT 1 FROM delivery d JOIN message_ref r ON r.ref = :ref AND r.channel = d.channel "
        f"WHERE d.id = :id AND d.state = 'unknown' AND r.message_id <> COALESCE({_LEADS_TO}, '')",
        {"id": delivery_id, "ref": printable(receipt.external_id)},
    )
    return bool(rows)


def record_failure(
    tx: Tx,
    delivery_id: DeliveryId,
    n: int,
    state: str,
    code: str,
    detail: str,
    next_at: datetime,
    now: datetime,
    holder: str | None = None,
) -> None:
    if not _in_hand(tx, delivery_id, holder):
        return
    tx.run(
        "UPDATE delivery_part SET state = :state WHERE delivery_id = :id AND n = :n",
        {"id": delivery_id, "n": n, "state": state},
    )
    tx.run(
        "UPDATE delivery SET state = :state, next_at = :next_at, updated_at = :now, code = :code, "
        "detail = :detail, lease_until = 0, lease_holder = NULL, "
        "look_at = CASE WHEN :state = 'unknown' THEN :now END WHERE id = :id",
        {
            "id": delivery_id,
            "state": state,
            "next_at": micros(next_at),
            "now": micros(now),
            "code": printable(code),
            "detail": printable(detail),
        },
    )
    if state != "queued":
        _wait_again(tx, delivery_id, now)
    tell(tx, delivery_id, state, n, code, now)


_CAME_BACK = {
    True: "message_id = :message_id",
    False: "kind = 'code' AND id IN (SELECT delivery_id FROM delivery_part WHERE external_id = :name)",
}
"""By whether it is one of the ticket's messages.  That an acknowledgement came back changes nothing."""


def record_bounce(tx: Tx, ticket_id: TicketId, bounce: Bounce, now: datetime) -> None:
    """An answer that had left, and came back.  One that is on its way again stays as it is."""
    rows = tx.all(
        "UPDATE delivery SET state = 'failed', code = :code, detail = :detail, updated_at = :now, look_at = NULL "
        f"WHERE ticket_id = :ticket_id AND {_CAME_BACK[bounce.name is None]} AND state IN ('sent', 'unknown') "
        "RETURNING id",
        {
            "ticket_id": ticket_id,
            "message_id": bounce.message_id,
            "name": bounce.name and printable(bounce.name),
            "code": BOUNCED,
            "detail": printable(bounce.detail),
            "now": micros(now),
        },
    )
    for (delivery_id,) in rows:
        tx.run("UPDATE delivery_part SET state = 'failed' WHERE delivery_id = :id", {"id": delivery_id})
        tell(tx, DeliveryId(delivery_id), "failed", 1, BOUNCED, now)
        if bounce.name is not None:  # after an answer the router itself has said whether somebody waits
            _wait_again(tx, DeliveryId(delivery_id), now)


def _wait_again(tx: Tx, delivery_id: DeliveryId, now: datetime) -> None:
    """A reply that did not (surely) arrive: the person still waits, so the ticket is open again."""
    tx.run(
        "UPDATE ticket SET status = 'open', waiting_since = COALESCE(waiting_since, :now), "
        "sort_at = COALESCE(waiting_since, :now), "
        "unanswered = CASE WHEN unanswered = 0 THEN 1 ELSE unanswered END, "
        "updated_at = :now, look_at = :now, version = version + 1 "
        "WHERE (status = 'pending' OR (status = 'open' AND waiting_since IS NULL)) "
        "AND id = (SELECT ticket_id FROM delivery WHERE id = :id AND kind IN ('reply', 'code'))",
        {"id": delivery_id, "now": micros(now)},
    )


def answered_again(tx: Tx, ids: Sequence[DeliveryId], now: datetime) -> None:
    """Replies of unknown fate arrived, or leave again: the person waits no longer.

    Unless they have written since, or a later reply is in trouble.
    """
    tx.run(
        "UPDATE ticket SET status = 'pending', waiting_since = NULL, sort_at = :now, unanswered = 0, "
        "updated_at = :now, look_at = :now, version = version + 1 WHERE status = 'open' AND id IN ("
        "SELECT d.ticket_id FROM delivery d JOIN message o ON o.id = d.message_id WHERE d.id IN EACH(:ids) "
        "AND d.kind = 'reply' AND d.state IN ('queued', 'unknown') "
        "AND NOT EXISTS (SELECT 1 FROM message m WHERE m.ticket_id = o.ticket_id AND m.direction = 'in' "
        "AND m.stored_at > o.stored_at) "
        "AND NOT EXISTS (SELECT 1 FROM delivery l WHERE l.ticket_id = d.ticket_id AND l.kind = 'reply' "
        "AND l.state IN ('failed', 'held', 'unknown') "
        "AND (l.created_at > d.created_at OR (l.created_at = d.created_at AND l.id > d.id))))",
        {"ids": list(ids), "now": micros(now)},
    )


def give_back(tx: Tx, delivery_id: DeliveryId, holder: str, now: datetime) -> None:
    given = tx.run(
        "UPDATE delivery SET state = 'queued', next_at = :now, updated_at = :now, lease_until = 0, "
        "lease_holder = NULL WHERE id = :id AND lease_holder = :holder AND state IN ('queued', 'sending')",
        {"id": delivery_id, "holder": holder, "now": micros(now)},
    )
    if given:
        tx.run(
            "UPDATE delivery_part SET state = 'queued' WHERE delivery_id = :id AND state = 'sending'",
            {"id": delivery_id},
        )


def release_held(tx: Tx, account: AccountId, code: str, now: datetime) -> int:
    rows = tx.all(
        "UPDATE delivery SET state = 'queued', next_at = :now, updated_at = :now, code = '', detail = '' "
        "WHERE account = :account AND state = 'held' AND state <> 'sent' AND code = :code RETURNING id",
        {"account": account, "code": code, "now": micros(now)},
    )
    ids = [DeliveryId(row[0]) for row in rows]
    tx.run(
        "UPDATE delivery_part SET state = 'queued' WHERE state = 'held' AND delivery_id IN EACH(:ids)",
        {"ids": ids},
    )
    answered_again(tx, ids, now)
    return len(ids)


def postpone(tx: Tx, delivery_id: DeliveryId, next_at: datetime, why: str, now: datetime) -> None:
    tx.run(
        "UPDATE delivery SET next_at = :next_at, updated_at = :now, code = 'waiting', detail = :why, "
        "lease_until = 0, lease_holder = NULL WHERE id = :id AND state = 'queued'",
        {"id": delivery_id, "next_at": micros(next_at), "now": micros(now), "why": printable(why)},
    )


LOST = "The program stopped while this was being sent. The platform may or may not have taken it."


def reap_deliveries(tx: Tx, now: datetime) -> int:
    rows = tx.all(
        # An update waits for a receipt that is being recorded, and looks again after it.
        "UPDATE delivery SET updated_at = :now "
        "WHERE state = 'sending' AND lease_holder IS NOT NULL AND lease_until <= :now RETURNING id",
        {"now": micros(now)},
    )
    for (delivery_id,) in rows:
        part = one(
            tx.all(
                "SELECT n FROM delivery_part WHERE delivery_id = :id AND state = 'sending'",
                {"id": delivery_id},
            )
        )
        n = int(part[0]) if part else 1
        record_failure(tx, DeliveryId(delivery_id), n, "unknown", "worker_lost", LOST, now, now)
    return len(rows)


def tell(tx: Tx, delivery_id: DeliveryId, state: str, n: int, code: str, now: datetime) -> None:
    """The step as an event, so that the inbox and the reports see it."""
    keep_order(tx)
    tx.run(
        "INSERT INTO ticket_event (kind, actor, at, ticket_id, message_id, delivery_id, data) "
        "SELECT 'delivery', 'outbox', :now, d.ticket_id, d.message_id, d.id, :data FROM delivery d "
        "WHERE d.id = :id",
        {"id": delivery_id, "now": micros(now), "data": to_json({"state": state, "part": n, "code": code})},
    )


def find_doubt(tx: Tx, account: AccountId) -> datetime | None:
    row = one(
        tx.all(
            "SELECT MIN(p.started_at) FROM delivery d JOIN delivery_part p ON p.delivery_id = d.id "
            "WHERE d.state <> 'sent' AND d.state IN ('sending', 'unknown') AND d.account = :account "
            "AND (d.state = 'sending' OR d.look_at IS NOT NULL) AND p.state IN ('sending', 'unknown')",
            {"account": account},
        )
    )
    return moment_or_none(row[0]) if row else None


def mark_unreachable(tx: Tx, channel: Channel, thread_id: ThreadId) -> None:
    tx.run(
        "UPDATE identity SET unreachable = 1 WHERE channel = :channel AND id IN ("
        "SELECT p.identity_id FROM participant p JOIN ticket_thread tt ON tt.ticket_id = p.ticket_id "
        "WHERE tt.thread_id = :thread_id AND p.role = 'requester')",
        {"channel": channel, "thread_id": thread_id},
    )


# Each of the three so many, so that what failed long ago hides nothing; of closed tickets only what moves.
_UNFINISHED = (
    "d.state IN ('unknown', 'failed') AND (d.state = 'unknown' OR t.id IS NULL OR t.status <> 'closed') "
    "ORDER BY CASE d.state WHEN 'unknown' THEN 0 ELSE 1 END, d.next_at, d.id",
    "d.state = 'held' AND (t.id IS NULL OR t.status <> 'closed') ORDER BY d.next_at, d.id",
    "d.state IN ('sending', 'queued') ORDER BY CASE d.state WHEN 'sending' THEN 0 ELSE 1 END, "
    "-d.priority, d.next_at, d.id",
)


def list_unfinished(tx: Tx, limit: int) -> list[Delivery]:
    rows = [
        row
        for group in _UNFINISHED
        for row in tx.all(
            f"SELECT {DELIVERY_COLUMNS} FROM delivery d LEFT JOIN ticket t ON t.id = d.ticket_id "
            f"WHERE {group} LIMIT :limit",
            {"limit": limit},
        )
    ]
    return with_parts(tx, rows)
