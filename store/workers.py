"""Dead workers: what they held is freed, what they were sending is unknown.

``IS NOT NULL`` stands beside each comparison of a holder: only so SQLite
takes the index of what is leased instead of walking through everything.
"""

from datetime import datetime

from store.deliveries import LOST, record_failure
from store.engine import Tx
from store.rows import micros
from tickets.ids import DeliveryId
from tickets.records import Reaped

PREFIX = "worker:"


def reap(tx: Tx, now: datetime, alone: str | None, leaving: str = "") -> Reaped:
    dead = sorted({*_dead(tx, now, alone), leaving} - {""})
    if not dead:
        return Reaped()
    holders = {"holders": dead}
    for table in ("conversation", "job"):
        tx.run(
            f"UPDATE {table} SET lease_until = 0, lease_holder = NULL "
            "WHERE lease_holder IS NOT NULL AND lease_holder IN EACH(:holders)",
            holders,
        )
    lost = tx.all(
        # An update waits for a receipt that is being recorded, and looks again after it.
        "UPDATE delivery SET updated_at = :now "
        "WHERE state = 'sending' AND lease_holder IS NOT NULL AND lease_holder IN EACH(:holders) "
        "RETURNING id, COALESCE((SELECT MIN(p.n) FROM delivery_part p WHERE p.delivery_id = delivery.id "
        "AND p.state = 'sending'), 1)",
        {**holders, "now": micros(now)},
    )
    for delivery_id, n in lost:
        record_failure(tx, DeliveryId(delivery_id), n, "unknown", "worker_lost", LOST, now, now)
    tx.run(
        "UPDATE delivery SET lease_until = 0, lease_holder = NULL "
        "WHERE state IN ('queued', 'unknown') AND lease_holder IS NOT NULL AND lease_holder IN EACH(:holders)",
        holders,
    )
    tx.run("DELETE FROM lease WHERE holder IN EACH(:holders)", holders)
    return Reaped(workers=tuple(dead), unknown=len(lost))


def _dead(tx: Tx, now: datetime, alone: str | None) -> list[str]:
    """Holders whose own lease has run out; or, for the only worker, everybody else who holds anything.

    Their leases end in the statement that finds them: one who beats just
    then either is not found, or waits and begins anew.
    """
    if alone is None:
        rows = tx.all(
            "DELETE FROM lease WHERE substr(name, 1, :length) = :prefix AND expires_at <= :now RETURNING holder",
            {"length": len(PREFIX), "prefix": PREFIX, "now": micros(now)},
        )
    else:
        rows = tx.all(
            "SELECT lease_holder FROM conversation WHERE lease_holder IS NOT NULL AND lease_holder <> :alone "
            "UNION SELECT lease_holder FROM job WHERE state = 'waiting' AND lease_holder <> :alone "
            "UNION SELECT lease_holder FROM delivery WHERE lease_holder IS NOT NULL AND lease_holder <> :alone "
            "UNION SELECT holder FROM lease WHERE holder <> :alone",
            {"alone": alone},
        )
    return sorted(row[0] for row in rows if row[0])
