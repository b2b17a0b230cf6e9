"""Tickets of which something is due, many at once."""

from collections.abc import Sequence
from datetime import datetime

from store.admission import UPDATE_TICKET, update_params
from store.engine import Tx, one
from store.history import insert_events
from store.jobs import insert_jobs
from store.rows import TICKET_COLUMNS, micros, ticket_of
from tickets.ids import UserId
from tickets.model import Ticket
from tickets.ports import CrashHook
from tickets.records import TicketChange
from tickets.sweeping import Example

_UNOWNED = "t.assignee IS NULL AND t.status = 'open' AND t.merged_into IS NULL AND t.waiting_since IS NOT NULL"


def list_to_look(tx: Tx, now: datetime, limit: int) -> list[Ticket]:
    rows = tx.all(
        f"SELECT {TICKET_COLUMNS} FROM ticket t WHERE t.look_at <= :now ORDER BY t.look_at LIMIT :limit",
        {"now": micros(now), "limit": limit},
    )
    return [ticket_of(row) for row in rows]


def list_unowned(tx: Tx, teams: Sequence[str], after: tuple[int, datetime] | None, limit: int) -> list[Ticket]:
    params: dict[str, object] = {"teams": list(teams), "limit": limit}
    behind = ""
    if after is not None:
        behind = "AND (t.priority < :priority OR (t.priority = :priority AND t.sort_at > :sort_at)) "
        params |= {"priority": after[0], "sort_at": micros(after[1])}
    rows = tx.all(
        f"SELECT {TICKET_COLUMNS} FROM ticket t WHERE {_UNOWNED} AND t.team IN EACH(:teams) {behind}"
        "ORDER BY t.priority DESC, t.sort_at LIMIT :limit",
        params,
    )
    return [ticket_of(row) for row in rows]


def find_unowned(tx: Tx) -> tuple[Ticket, int] | None:
    row = one(
        tx.all(
            f"SELECT {TICKET_COLUMNS} FROM ticket t WHERE {_UNOWNED} ORDER BY t.waiting_since, t.number LIMIT 1"
        )
    )
    if row is None:
        return None
    [(count,)] = tx.all(f"SELECT COUNT(*) FROM ticket t WHERE {_UNOWNED}")
    return ticket_of(row), count


def count_loads(tx: Tx) -> dict[UserId, int]:
    rows = tx.all(
        "SELECT assignee, COUNT(*) FROM ticket WHERE status = 'open' AND assignee IS NOT NULL GROUP BY assignee"
    )
    return {UserId(user): count for user, count in rows}


def list_examples(tx: Tx, limit: int) -> list[Example]:
    rows = tx.all(
        "SELECT m.subject, m.text, CASE WHEN substr(t.category_by, 1, 5) = 'user:' "
        "OR substr(t.category_by, 1, 6) = 'token:' THEN t.category END, t.language "
        "FROM ticket t JOIN message m ON m.id = ("
        "SELECT f.id FROM message f WHERE f.ticket_id = t.id AND f.direction = 'in' AND f.deleted_at IS NULL "
        "ORDER BY f.stored_at, f.id LIMIT 1) WHERE m.automatic IS NULL ORDER BY t.number DESC LIMIT :limit",
        {"limit": limit},
    )
    return [Example(f"{row[0] or ''}\n{row[1]}".strip(), row[2], row[3]) for row in rows]


def apply_sweep(tx: Tx, changes: Sequence[TicketChange], crash: CrashHook) -> int:
    done = [
        change
        for change in changes
        if tx.run(UPDATE_TICKET, update_params(change.ticket, change.expected_version)) == 1
    ]
    insert_events(tx, [event for change in done for event in change.events])
    insert_jobs(tx, [job for change in done for job in change.jobs])
    crash("store.sweep_written")
    return len(done)
