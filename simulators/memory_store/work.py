"""Leases, jobs, health and secrets in the memory store."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace as replace_row
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec.structs import replace

from simulators.memory_store.items import forget_old_items
from simulators.memory_store.reaping import reap_workers
from simulators.memory_store.tables import NEVER, Hold, JobRow, Part, Table, Tables
from tickets.ids import AccountId, JobId
from tickets.model import ChannelHealth
from tickets.records import Job, NewJob, Reaped

K = TypeVar("K")
V = TypeVar("V")
KEPT = timedelta(days=7)
"""How long finished jobs and command keys are remembered."""


class MemoryWork(Part):
    """See ``tickets.storage.WorkStore``."""

    async def acquire_lease(self, name: str, holder: str, now: datetime, ttl_s: float) -> bool:
        with self._write() as tables:
            held = tables.leases.get(name)
            if held is not None and held.holder != holder and held.until > now:
                return False
            tables.leases[name] = Hold(holder, now + timedelta(seconds=ttl_s))
            return True

    async def release_lease(self, name: str, holder: str) -> None:
        with self._write() as tables:
            held = tables.leases.get(name)
            if held is not None and held.holder == holder:
                del tables.leases[name]

    async def read_clock(self) -> datetime | None:
        self._read()
        return None

    async def reap_workers(self, now: datetime, alone: str | None, leaving: str = "") -> Reaped:
        with self._write("events", "inbound", "outbox", "jobs") as tables:
            return reap_workers(tables, now, alone, leaving)

    async def enqueue_jobs(self, wanted: Sequence[NewJob]) -> int:
        with self._write("jobs") as tables:
            return enqueue(tables, wanted)

    async def lease_jobs(self, holder: str, now: datetime, lease_s: float, limit: int) -> Sequence[Job]:
        until = now + timedelta(seconds=lease_s)
        with self._write() as tables:
            due = [
                (row.run_at, job_id)
                for job_id, row in tables.jobs.items()
                if row.state == "waiting" and row.run_at <= now and row.lease_until <= now
            ]
            return [_lease_job(tables, job_id, holder, until) for _, job_id in sorted(due)[:limit]]

    async def finish_job(self, job_id: JobId, holder: str, now: datetime) -> None:
        with self._write() as tables:
            if (row := _job_in_hand(tables, job_id, holder)) is not None:
                tables.jobs[job_id] = replace_row(row, state="done", finished_at=now)

    async def fail_job(self, job_id: JobId, holder: str, reason: str, retry_at: datetime | None) -> None:
        with self._write() as tables:
            if (row := _job_in_hand(tables, job_id, holder)) is None:
                return
            if retry_at is None:
                tables.jobs[job_id] = replace_row(row, state="failed")
            else:
                tables.jobs[job_id] = replace_row(row, run_at=retry_at, lease_until=NEVER)

    async def set_health(self, state: ChannelHealth) -> None:
        with self._write("events") as tables:
            before = tables.health.get(state.account)
            since = before.since if before is not None and before.state == state.state else state.since
            up_at = state.up_at or (before.up_at if before is not None else None)
            tables.health[state.account] = replace(state, since=since, up_at=up_at)

    async def list_health(self) -> Sequence[ChannelHealth]:
        tables = self._read()
        return [_with_last_events(tables, tables.health[account]) for account in sorted(tables.health)]

    async def get_secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        with self._write() as tables:
            if name not in tables.secrets:
                tables.secrets[name] = make()
            return tables.secrets[name]

    async def keep_secret(self, name: str, value: bytes) -> None:
        with self._write() as tables:
            tables.secrets[name] = value

    async def count_rows(self) -> Mapping[str, int]:
        tables = self._read()
        events = Counter(row.state for row in tables.events.values())
        deliveries = Counter(delivery.state for delivery in tables.deliveries.values())
        return {
            "notices_open": sum(not row.ended and not row.dismissed for row in tables.notices.values()),
            "events_waiting": events["waiting"],
            "events_quarantined": events["quarantined"],
            "tickets_unfinished": sum(ticket.status != "closed" for ticket in tables.tickets.values()),
            "jobs_waiting": sum(row.state == "waiting" for row in tables.jobs.values()),
            **{f"deliveries_{state}": count for state, count in deliveries.items() if state != "sent"},
        }

    async def forget_old(self, now: datetime) -> int:
        with self._write() as tables:
            _forget(tables.reports, lambda report: report.at < now - KEPT)
            return (
                _forget(tables.claims, lambda claim: claim.expires_at < now - timedelta(days=30))
                + _forget(tables.jobs, lambda row: row.state == "done" and row.finished_at < now - KEPT)
                + _forget(tables.commands, lambda kept: kept[1] < now - KEPT)
                + _forget(tables.sessions, lambda session: session.expires_at < now)
                + _forget(tables.links, lambda link: link[1] < now)
                + forget_old_items(tables, now)
            )


def enqueue(tables: Tables, wanted: Sequence[NewJob]) -> int:
    known = {row.job.dedupe_key for row in tables.jobs.values()}
    fresh = {job.dedupe_key: job for job in reversed(wanted) if job.dedupe_key not in known}
    for job in reversed(fresh.values()):
        tables.jobs[JobId(tables.next_number("job"))] = JobRow(job, job.run_at)
    return len(fresh)


def _job_in_hand(tables: Tables, job_id: JobId, holder: str) -> JobRow | None:
    """The job while this holder has it and it is not ended."""
    row = tables.jobs.get(job_id)
    return row if row is not None and row.state == "waiting" and row.holder == holder else None


def _lease_job(tables: Tables, job_id: JobId, holder: str, until: datetime) -> Job:
    row = tables.jobs[job_id]
    tables.jobs[job_id] = replace_row(row, attempts=row.attempts + 1, holder=holder, lease_until=until)
    return Job(id=job_id, kind=row.job.kind, payload=dict(row.job.payload), attempts=row.attempts + 1)


def _with_last_events(tables: Tables, health: ChannelHealth) -> ChannelHealth:
    received = [row.event.received_at for row in tables.events.values() if row.event.account == health.account]
    return replace(
        health,
        last_event_at=max(received, default=None),
        last_sent_at=max(_sent_times(tables, health.account), default=None),
    )


def _sent_times(tables: Tables, account: AccountId) -> list[datetime]:
    return [
        delivery.updated_at
        for delivery in tables.deliveries.values()
        if delivery.target.account == account and delivery.state == "sent"
    ]


def _forget(table: Table[K, V], old: Callable[[V], bool]) -> int:
    keys = [key for key, row in table.items() if old(row)]
    for key in keys:
        del table[key]
    return len(keys)
