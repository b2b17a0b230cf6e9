"""Tickets of which something is due, in the memory store."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from simulators.memory_store.tables import Part, Tables
from simulators.memory_store.work import enqueue
from tickets.ids import UserId
from tickets.model import Ticket
from tickets.records import TicketChange
from tickets.sweeping import Example


class MemorySweep(Part):
    """See ``tickets.sweeping.SweepStore``."""

    async def list_to_look(self, now: datetime, limit: int) -> Sequence[Ticket]:
        tickets = self._read().tickets.values()
        due = [(one.look_at, one) for one in tickets if one.look_at is not None and one.look_at <= now]
        return [one for _, one in sorted(due, key=lambda pair: pair[0])][:limit]

    async def list_unowned(
        self, teams: Sequence[str], after: tuple[int, datetime] | None, limit: int
    ) -> Sequence[Ticket]:
        found = sorted((one for one in _unowned(self._read()) if one.team in teams), key=_place)
        if after is not None:
            found = [one for one in found if _place(one) > (-after[0], after[1])]
        return found[:limit]

    async def find_unowned(self) -> tuple[Ticket, int] | None:
        tickets = _unowned(self._read())
        found = sorted(tickets, key=lambda one: (one.waiting_since or one.updated_at, one.number))
        return (found[0], len(found)) if found else None

    async def count_loads(self) -> Mapping[UserId, int]:
        tickets = self._read().tickets.values()
        return Counter(one.assignee for one in tickets if one.assignee and one.status == "open")

    async def list_examples(self, limit: int) -> Sequence[Example]:
        tables = self._read()
        tickets = sorted(tables.tickets.values(), key=lambda one: one.number, reverse=True)
        return [found for one in tickets if (found := _example(tables, one)) is not None][:limit]

    async def apply_sweep(self, changes: Sequence[TicketChange], now: datetime) -> int:
        with self._write("events", "jobs") as tables:
            current = [one for one in changes if tables.tickets[one.ticket.id].version == one.expected_version]
            for change in current:
                tables.tickets[change.ticket.id] = change.ticket
                for event in change.events:
                    tables.record(event)
                enqueue(tables, change.jobs)
            return len(current)


def _example(tables: Tables, ticket: Ticket) -> Example | None:
    mine = [
        one
        for one in tables.messages.values()
        if one.ticket_id == ticket.id and one.direction == "in" and one.deleted_at is None
    ]
    first = min(mine, key=lambda one: (one.stored_at, one.id), default=None)
    if first is None or first.automatic is not None:
        return None
    said = ticket.category if ticket.category_by.startswith(("user:", "token:")) else None
    return Example(f"{first.subject or ''}\n{first.text}".strip(), said, ticket.language)


def _unowned(tables: Tables) -> Iterator[Ticket]:
    for one in tables.tickets.values():
        if one.assignee is None and one.status == "open" and one.merged_into is None and one.waiting_since:
            yield one


def _place(ticket: Ticket) -> tuple[int, datetime]:
    return -ticket.priority, ticket.waiting_since or ticket.updated_at
