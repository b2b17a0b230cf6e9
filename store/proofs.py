"""Deliveries of unknown fate: looked for by one worker at a time, until a proof or a person decides."""

from collections.abc import Sequence
from datetime import datetime

from store.deliveries import answered_again, lease_by, tell
from store.engine import Tx
from store.rows import micros, micros_or_none, printable
from tickets.ids import AccountId, DeliveryId
from tickets.model import Delivery

LEASE_UNKNOWN = """
WITH picked AS MATERIALIZED (
    SELECT d.id FROM delivery d
    WHERE d.state = 'unknown' AND d.look_at <= :now AND d.lease_until <= :now AND d.account IN EACH(:accounts)
    ORDER BY d.look_at LIMIT :limit LOCKED(d)
)
UPDATE delivery SET lease_holder = :holder, lease_until = :until
WHERE id IN (SELECT id FROM picked) RETURNING id
"""
# Sent again it would come behind what was answered since, or into a talk that is over.
MAY_LEAVE = """
AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.id = delivery.ticket_id AND t.status = 'closed')
AND NOT EXISTS (
    SELECT 1 FROM delivery l WHERE l.thread_id = delivery.thread_id AND l.state IN ('sending', 'sent', 'unknown')
        AND (l.created_at > delivery.created_at OR (l.created_at = delivery.created_at AND l.id > delivery.id))
)
"""
IN_THIS_HAND = "WHERE id = :id AND state = 'unknown' AND lease_holder = :holder"


def lease_unknown(
    tx: Tx, accounts: Sequence[AccountId], holder: str, now: datetime, lease_s: float, limit: int
) -> list[Delivery]:
    return lease_by(LEASE_UNKNOWN, tx, accounts, holder, now, lease_s, limit)


def note_look(
    tx: Tx, delivery_id: DeliveryId, holder: str, detail: str, look_at: datetime | None, now: datetime
) -> None:
    noted = tx.run(
        "UPDATE delivery SET detail = :detail, look_at = :look_at, lease_until = 0, lease_holder = NULL "
        + IN_THIS_HAND,
        {
            "id": delivery_id,
            "holder": holder,
            "detail": printable(detail),
            "look_at": micros_or_none(look_at),
        },
    )
    if noted and look_at is None:  # looks that go on are no history
        tell(tx, delivery_id, "unknown", _piece(tx, delivery_id), "looked", now)


def queue_unsent(tx: Tx, delivery_id: DeliveryId, n: int, holder: str, detail: str, now: datetime) -> bool:
    queued = tx.run(
        "UPDATE delivery SET state = 'queued', code = 'not_arrived', detail = :detail, look_at = NULL, "
        "next_at = :now, updated_at = :now, lease_until = 0, lease_holder = NULL " + IN_THIS_HAND + MAY_LEAVE,
        {"id": delivery_id, "holder": holder, "detail": printable(detail), "now": micros(now)},
    )
    if queued:
        tx.run(
            "UPDATE delivery_part SET state = 'queued' WHERE delivery_id = :id AND n = :n",
            {"id": delivery_id, "n": n},
        )
        answered_again(tx, [delivery_id], now)
        tell(tx, delivery_id, "queued", n, "not_arrived", now)
    return bool(queued)


def _piece(tx: Tx, delivery_id: DeliveryId) -> int:
    """The piece of unknown fate."""
    [(n,)] = tx.all(
        "SELECT COALESCE(MIN(n), 1) FROM delivery_part WHERE delivery_id = :id AND state = 'unknown'",
        {"id": delivery_id},
    )
    return int(n)
