"""Timed work and leases: what keeps several workers in step."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from store.engine import Tx
from store.rows import micros, printable, to_json
from tickets.ids import JobId
from tickets.records import Job, NewJob

_payload = msgspec.json.Decoder(dict[str, str])


def insert_jobs(tx: Tx, jobs: Sequence[NewJob]) -> int:
    return tx.many(
        "INSERT INTO job (kind, dedupe_key, payload, state, run_at, attempts, lease_until, reason) "
        "VALUES (:kind, :dedupe_key, :payload, 'waiting', :run_at, 0, 0, '') ON CONFLICT DO NOTHING",
        [
            {
                "kind": job.kind,
                "dedupe_key": printable(job.dedupe_key),
                "payload": to_json(job.payload),
                "run_at": micros(job.run_at),
            }
            for job in jobs
        ],
    )


LEASE_JOBS = """
WITH picked AS MATERIALIZED (
    SELECT j.id FROM job j WHERE j.state = 'waiting' AND j.run_at <= :now AND j.lease_until <= :now
    ORDER BY j.run_at LIMIT :limit LOCKED(j)
)
UPDATE job SET lease_holder = :holder, lease_until = :until, attempts = attempts + 1
WHERE id IN (SELECT id FROM picked) RETURNING id, kind, payload, attempts
"""


def lease_jobs(tx: Tx, holder: str, now: datetime, lease_s: float, limit: int) -> list[Job]:
    rows = tx.all(
        LEASE_JOBS,
        {
            "holder": holder,
            "now": micros(now),
            "until": micros(now + timedelta(seconds=lease_s)),
            "limit": limit,
        },
    )
    return [Job(id=JobId(row[0]), kind=row[1], payload=_payload.decode(row[2]), attempts=row[3]) for row in rows]


IN_THIS_HAND = "WHERE id = :id AND state = 'waiting' AND lease_holder = :holder"


def finish_job(tx: Tx, job_id: JobId, holder: str, now: datetime) -> None:
    tx.run(
        f"UPDATE job SET state = 'done', finished_at = :now {IN_THIS_HAND}",
        {"id": job_id, "holder": holder, "now": micros(now)},
    )


def fail_job(tx: Tx, job_id: JobId, holder: str, reason: str, retry_at: datetime | None) -> None:
    failed = {"id": job_id, "holder": holder, "reason": printable(reason)}
    if retry_at is None:
        tx.run(f"UPDATE job SET state = 'failed', reason = :reason {IN_THIS_HAND}", failed)
    else:
        tx.run(
            f"UPDATE job SET run_at = :at, lease_until = 0, reason = :reason {IN_THIS_HAND}",
            {**failed, "at": micros(retry_at)},
        )


ACQUIRE = """
INSERT INTO lease (name, holder, expires_at) VALUES (:name, :holder, :expires_at)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
WHERE lease.holder = excluded.holder OR lease.expires_at <= :now
"""


def acquire_lease(tx: Tx, name: str, holder: str, now: datetime, ttl_s: float) -> bool:
    expires_at = micros(now + timedelta(seconds=ttl_s))
    taken = tx.run(ACQUIRE, {"name": name, "holder": holder, "now": micros(now), "expires_at": expires_at})
    return bool(taken)


def release_lease(tx: Tx, name: str, holder: str) -> None:
    tx.run("DELETE FROM lease WHERE name = :name AND holder = :holder", {"name": name, "holder": holder})


def _forget_loose(tx: Tx, then: int) -> None:
    """Alerts and greetings, which belong to no ticket, whatever became of them."""
    old = (
        "SELECT id FROM delivery WHERE ticket_id IS NULL AND state IN ('sent', 'failed', 'unknown') "
        "AND updated_at < :then"
    )
    tx.run(f"DELETE FROM delivery_part WHERE delivery_id IN ({old})", {"then": then})
    tx.run(f"DELETE FROM delivery WHERE id IN ({old})", {"then": then})


def forget_old(tx: Tx, now: datetime) -> int:
    """Finished jobs and command keys after a week, notices after 90 days, all that has an end after it."""
    week_ago = micros(now - timedelta(days=7))
    months_ago = micros(now - timedelta(days=90))
    month_ago = micros(now - timedelta(days=30))
    _forget_loose(tx, month_ago)
    tx.run(
        "UPDATE delivery_part SET text = '' WHERE text <> '' AND delivery_id IN (SELECT id FROM delivery "
        "WHERE kind = 'code' AND created_at < :then AND state IN ('sent', 'failed', 'held'))",
        {"then": week_ago},
    )
    tx.run("DELETE FROM report WHERE at < :then", {"then": week_ago})
    present = micros(now)
    return (
        tx.run("DELETE FROM claim WHERE expires_at < :then", {"then": month_ago})
        + tx.run("DELETE FROM job WHERE state = 'done' AND finished_at < :then", {"then": week_ago})
        + tx.run("DELETE FROM command WHERE at < :then", {"then": week_ago})
        + tx.run("DELETE FROM session WHERE expires_at < :now", {"now": present})
        + tx.run("DELETE FROM notice WHERE ended_at < :then OR dismissed_at < :then", {"then": months_ago})
        + tx.run("DELETE FROM signin_link WHERE expires_at < :now", {"now": present})
    )
