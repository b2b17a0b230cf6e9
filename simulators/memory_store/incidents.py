"""Reports and incidents, in the memory store."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from simulators.memory_store.tables import Part, Tables
from simulators.memory_store.work import enqueue
from tickets.errors import Conflict
from tickets.ids import IncidentNumber, MessageId, TicketId
from tickets.incidents import Incident, IncidentChange, IncidentEvent, Member, MemberRow, Report
from tickets.model import TicketEvent

WORDS_CHARS = 200


class MemoryIncidents(Part):
    """See ``tickets.incidents.IncidentStore``."""

    async def list_reports(self, after: int, since: datetime, limit: int) -> Sequence[Report]:
        reports = sorted(self._read().reports.items())
        return [one for seq, one in reports if seq > after and one.at >= since][:limit]

    async def list_incidents(self, *, open_only: bool, limit: int = 100) -> Sequence[Incident]:
        states = ("open",) if open_only else ("open", "resolved", "dismissed")
        found = [one for one in self._read().incidents.values() if one.state in states]
        return sorted(found, key=lambda one: (one.last_at, one.number), reverse=True)[:limit]

    async def find_incident(self, number: IncidentNumber) -> Incident | None:
        return self._read().incidents.get(number)

    async def list_members(self, number: IncidentNumber) -> Sequence[Member]:
        mine = [one for at, one in self._read().members.values() if at == number]
        return sorted(mine, key=lambda one: (one.at, one.message_id))

    async def list_member_rows(self, number: IncidentNumber, limit: int) -> Sequence[MemberRow]:
        tables = self._read()
        mine = [one for at, one in tables.members.values() if at == number and not one.removed_by]
        mine.sort(key=lambda one: one.message_id)
        mine.sort(key=lambda one: one.at, reverse=True)
        return [_row(tables, one) for one in mine[:limit]]

    async def list_incident_events(self, number: IncidentNumber) -> Sequence[IncidentEvent]:
        told = sorted(self._read().incident_events.items())
        return [event for _, (at, event) in told if at == number]

    async def apply_incident(self, change: IncidentChange, now: datetime) -> IncidentNumber:
        with self._write("events", "jobs") as tables:
            number = _put(tables, change)
            for member in change.joined:
                tables.members[member.message_id] = (number, member)
            fresh = {one.ticket_id for one in change.joined if tables.tickets[one.ticket_id].incident != number}
            for ticket_id in sorted(fresh):
                _mark(tables, ticket_id, number, "incident_joined", "program:incidents", number, now)
            _remove(tables, number, change, now)
            for event in change.events:
                tables.incident_events[tables.next_number("incident_event")] = (number, event)
            enqueue(tables, change.jobs)
            return number


def _put(tables: Tables, change: IncidentChange) -> IncidentNumber:
    incident = change.incident
    if change.expected_version:
        known = tables.incidents.get(incident.number)
        if known is None or known.version != change.expected_version:
            raise Conflict("the incident has changed since it was read")
    else:
        if any(one.key == incident.key for one in tables.incidents.values()):
            raise Conflict("another worker has found this incident")
        incident = replace(incident, number=IncidentNumber(max(tables.incidents, default=0) + 1))
    tables.incidents[incident.number] = incident
    return incident.number


def _remove(tables: Tables, number: IncidentNumber, change: IncidentChange, now: datetime) -> None:
    tickets: set[TicketId] = set()
    for message_id in change.removed:
        at, member = tables.members.get(message_id, (0, None))
        if member is not None and at == number:
            tables.members[message_id] = (number, replace(member, removed_by=change.removed_by))
            tickets.add(member.ticket_id)
    still = {one.ticket_id for at, one in tables.members.values() if at == number and not one.removed_by}
    for ticket_id in sorted(tickets - still):
        _mark(tables, ticket_id, None, "incident_left", change.removed_by, number, now)


def _mark(
    tables: Tables,
    ticket_id: TicketId,
    incident: IncidentNumber | None,
    kind: str,
    actor: str,
    number: IncidentNumber,
    now: datetime,
) -> None:
    ticket = tables.tickets[ticket_id]
    tables.tickets[ticket_id] = replace(ticket, incident=incident, version=ticket.version + 1)
    tables.record(TicketEvent(kind, actor, now, ticket_id, data={"incident": number}))


def _row(tables: Tables, member: Member) -> MemberRow:
    ticket, message = tables.tickets[member.ticket_id], tables.messages[MessageId(member.message_id)]
    words = " ".join(message.text.split())[:WORDS_CHARS]
    language = message.language or ticket.language
    return MemberRow(member, ticket.number, ticket.requester, ticket.channel, language, ticket.status, words)
