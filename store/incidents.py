"""Reports, and the incidents that are found in them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from store.engine import Row, Tx, one
from store.history import insert_events
from store.jobs import insert_jobs
from store.rows import micros, moment, printable, strings_of, to_json
from tickets.errors import Conflict
from tickets.ids import IdentityId, IncidentNumber, MessageId, TicketId, TicketNumber, UserId
from tickets.incidents import Incident, IncidentChange, IncidentEvent, Member, MemberRow, Report, Telling
from tickets.model import TicketEvent

PROGRAM = "program:incidents"
WORDS_CHARS = 200
COLUMNS = (
    "i.number, i.key, i.kind, i.state, i.title, i.marks, i.raised_at, i.last_at, i.people, i.owner, i.crew, "
    "i.told, i.merged_into, i.version"
)
_told = msgspec.json.Decoder(tuple[Telling, ...]).decode
_users = msgspec.json.Decoder(tuple[UserId, ...]).decode
_data = msgspec.json.Decoder(dict[str, str | int | None]).decode


def insert_reports(tx: Tx, reports: Sequence[Report]) -> None:
    tx.many(
        "INSERT INTO report (message_id, ticket_id, identity_id, at, language, channel, signature) "
        "VALUES (:message_id, :ticket_id, :identity_id, :at, :language, :channel, :signature) "
        "ON CONFLICT DO NOTHING",
        [
            {
                "message_id": one.message_id,
                "ticket_id": one.ticket_id,
                "identity_id": one.identity_id,
                "at": micros(one.at),
                "language": one.language,
                "channel": one.channel,
                "signature": printable(one.signature),
            }
            for one in reports
        ],
    )


def list_reports(tx: Tx, after: int, since: datetime, limit: int) -> list[Report]:
    rows = tx.all(
        "SELECT message_id, ticket_id, identity_id, at, language, channel, signature, seq FROM report "
        "WHERE seq > :after AND at >= :since ORDER BY seq LIMIT :limit",
        {"after": after, "since": micros(since), "limit": limit},
    )
    return [
        Report(
            MessageId(row[0]), TicketId(row[1]), IdentityId(row[2]), moment(row[3]), row[4], row[5], row[6], row[7]
        )
        for row in rows
    ]


def list_incidents(tx: Tx, *, open_only: bool, limit: int) -> list[Incident]:
    states = ["open"] if open_only else ["open", "resolved", "dismissed"]
    rows = tx.all(
        f"SELECT {COLUMNS} FROM incident i WHERE i.state IN EACH(:states) "
        "ORDER BY i.last_at DESC, i.number DESC LIMIT :limit",
        {"states": states, "limit": limit},
    )
    return [_incident_of(row) for row in rows]


def find_incident(tx: Tx, number: IncidentNumber) -> Incident | None:
    row = one(tx.all(f"SELECT {COLUMNS} FROM incident i WHERE i.number = :number", {"number": number}))
    return None if row is None else _incident_of(row)


def list_members(tx: Tx, number: IncidentNumber) -> list[Member]:
    rows = tx.all(
        "SELECT message_id, ticket_id, at, why, removed_by FROM incident_member WHERE incident = :number "
        "ORDER BY at, message_id",
        {"number": number},
    )
    return [_member_of(row) for row in rows]


def list_member_rows(tx: Tx, number: IncidentNumber, limit: int) -> list[MemberRow]:
    rows = tx.all(
        "SELECT r.message_id, r.ticket_id, r.at, r.why, r.removed_by, t.number, t.requester, t.channel, "
        "COALESCE(m.language, t.language), t.status, m.text FROM incident_member r "
        "JOIN ticket t ON t.id = r.ticket_id JOIN message m ON m.id = r.message_id "
        "WHERE r.incident = :number AND r.removed_by = '' ORDER BY r.at DESC, r.message_id LIMIT :limit",
        {"number": number, "limit": limit},
    )
    return [
        MemberRow(_member_of(row), TicketNumber(row[5]), row[6], row[7], row[8], row[9], _words(row[10]))
        for row in rows
    ]


def _words(text: str) -> str:
    return " ".join(text.split())[:WORDS_CHARS]


def list_events(tx: Tx, number: IncidentNumber) -> list[IncidentEvent]:
    rows = tx.all(
        "SELECT kind, actor, at, data FROM incident_event WHERE incident = :number ORDER BY seq",
        {"number": number},
    )
    return [IncidentEvent(row[0], row[1], moment(row[2]), _data(row[3])) for row in rows]


def apply_incident(tx: Tx, change: IncidentChange, now: datetime) -> IncidentNumber:
    number = _put(tx, change)
    _join(tx, number, change.joined, now)
    _remove(tx, number, change, now)
    tx.many(
        "INSERT INTO incident_event (incident, kind, actor, at, data) "
        "VALUES (:incident, :kind, :actor, :at, :data)",
        [
            {
                "incident": number,
                "kind": one.kind,
                "actor": one.actor,
                "at": micros(one.at),
                "data": to_json(one.data),
            }
            for one in change.events
        ],
    )
    insert_jobs(tx, change.jobs)
    return number


def _put(tx: Tx, change: IncidentChange) -> IncidentNumber:
    if change.expected_version:
        if tx.run(_UPDATE, _params(change.incident) | {"expected": change.expected_version}) != 1:
            raise Conflict("the incident has changed since it was read")
        return change.incident.number
    [(highest,)] = tx.all("SELECT COALESCE(MAX(number), 0) FROM incident")
    number = IncidentNumber(int(highest) + 1)
    if tx.run(_INSERT, _params(change.incident) | {"number": number}) != 1:
        raise Conflict("another worker has found this incident")
    return number


def _join(tx: Tx, number: IncidentNumber, joined: Sequence[Member], now: datetime) -> None:
    tx.many(
        "INSERT INTO incident_member (message_id, incident, ticket_id, at, why, removed_by) "
        "VALUES (:message_id, :incident, :ticket_id, :at, :why, '') "
        "ON CONFLICT (message_id) DO UPDATE SET incident = :incident, why = :why, removed_by = ''",
        [
            {
                "message_id": one.message_id,
                "incident": number,
                "ticket_id": one.ticket_id,
                "at": micros(one.at),
                "why": to_json(one.why),
            }
            for one in joined
        ],
    )
    tickets = sorted({one.ticket_id for one in joined})
    fresh = [
        row[0]
        for row in tx.all(
            "SELECT id FROM ticket WHERE id IN EACH(:ids) AND (incident IS NULL OR incident <> :number)",
            {"ids": tickets, "number": number},
        )
    ]
    _mark(tx, fresh, number)
    insert_events(tx, [_event("incident_joined", TicketId(one), number, PROGRAM, now) for one in fresh])


def _remove(tx: Tx, number: IncidentNumber, change: IncidentChange, now: datetime) -> None:
    if not change.removed:
        return
    rows = tx.all(
        "SELECT DISTINCT ticket_id FROM incident_member "
        "WHERE incident = :number AND message_id IN EACH(:messages)",
        {"number": number, "messages": list(change.removed)},
    )
    tx.run(
        "UPDATE incident_member SET removed_by = :by WHERE incident = :number AND message_id IN EACH(:messages)",
        {"number": number, "messages": list(change.removed), "by": change.removed_by},
    )
    still = {
        row[0]
        for row in tx.all(
            "SELECT DISTINCT ticket_id FROM incident_member WHERE incident = :number AND removed_by = '' "
            "AND ticket_id IN EACH(:tickets)",
            {"number": number, "tickets": [row[0] for row in rows]},
        )
    }
    gone = [row[0] for row in rows if row[0] not in still]
    _mark(tx, gone, None)
    insert_events(tx, [_event("incident_left", TicketId(one), number, change.removed_by, now) for one in gone])


def _mark(tx: Tx, tickets: Sequence[str], number: IncidentNumber | None) -> None:
    if tickets:
        tx.run(
            "UPDATE ticket SET incident = :number, version = version + 1 WHERE id IN EACH(:ids)",
            {"number": number, "ids": list(tickets)},
        )


def _event(kind: str, ticket_id: TicketId, number: IncidentNumber, actor: str, now: datetime) -> TicketEvent:
    return TicketEvent(kind, actor, now, ticket_id, data={"incident": number})


_INSERT = (
    "INSERT INTO incident (number, key, kind, state, title, marks, raised_at, last_at, people, owner, crew, told, "
    "merged_into, version) VALUES (:number, :key, :kind, :state, :title, :marks, :raised_at, :last_at, :people, "
    ":owner, :crew, :told, :merged_into, :version) ON CONFLICT DO NOTHING"
)
_UPDATE = (
    "UPDATE incident SET state = :state, title = :title, marks = :marks, last_at = :last_at, people = :people, "
    "owner = :owner, crew = :crew, told = :told, merged_into = :merged_into, version = :version "
    "WHERE number = :number AND version = :expected"
)


def _params(incident: Incident) -> dict[str, object]:
    return {
        "number": incident.number,
        "key": incident.key,
        "kind": incident.kind,
        "state": incident.state,
        "title": printable(incident.title),
        "marks": to_json(incident.marks),
        "raised_at": micros(incident.raised_at),
        "last_at": micros(incident.last_at),
        "people": incident.people,
        "owner": incident.owner,
        "crew": to_json(incident.crew),
        "told": to_json(incident.told),
        "merged_into": incident.merged_into,
        "version": incident.version,
    }


def _incident_of(row: Row) -> Incident:
    return Incident(
        number=IncidentNumber(row[0]),
        key=MessageId(row[1]),
        kind=row[2],
        state=row[3],
        title=row[4],
        marks=strings_of(row[5]),
        raised_at=moment(row[6]),
        last_at=moment(row[7]),
        people=row[8],
        owner=None if row[9] is None else UserId(row[9]),
        crew=_users(row[10]),
        told=_told(row[11]),
        merged_into=None if row[12] is None else IncidentNumber(row[12]),
        version=row[13],
    )


def _member_of(row: Row) -> Member:
    return Member(MessageId(row[0]), TicketId(row[1]), moment(row[2]), strings_of(row[3]), row[4])
