"""Tickets as the desk sees them: read whole, listed by page, changed by commands."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from store import merging
from store.admission import OPEN_THREADS, UPDATE_TICKET, open_threads_params, restrict, update_params
from store.attachments import insert_attachments
from store.challenges import challenges_of, put_challenges
from store.deliveries import insert_deliveries, replace_delivery, with_parts
from store.engine import Row, Tx, one
from store.erasing import erase
from store.history import insert_events
from store.jobs import insert_jobs
from store.postings import hashed, write_search
from store.rows import (
    ATTACHMENT_COLUMNS,
    DELIVERY_COLUMNS,
    IDENTITY_COLUMNS,
    INSERT_MESSAGE,
    MESSAGE_COLUMNS,
    THREAD_COLUMNS,
    TICKET_COLUMNS,
    attachment_of,
    event_of,
    identity_of,
    message_of,
    message_params,
    micros,
    moment,
    thread_of,
    ticket_of,
)
from tickets.errors import Conflict
from tickets.ids import ContactId, IdentityId, TicketId, TicketNumber, UserId
from tickets.model import (
    Attachment,
    Contact,
    Delivery,
    Identity,
    Message,
    MessageVersion,
    Participant,
    Thread,
    Ticket,
    TicketEnvelope,
    TicketEvent,
)
from tickets.ports import CrashHook
from tickets.records import CommandResult, Counts, Page, TicketChange, TicketFilter, TicketRow
from tickets.segments import query_segments

EVENT_COLUMNS = "e.seq, e.kind, e.actor, e.at, e.ticket_id, e.message_id, e.delivery_id, e.data"


# One ticket --------------------------------------------------------------------


def find_ticket(tx: Tx, number: TicketNumber) -> TicketEnvelope | None:
    row = one(tx.all(f"SELECT {TICKET_COLUMNS} FROM ticket t WHERE t.number = :number", {"number": number}))
    if row is None:
        return None
    ticket = ticket_of(row)
    identities = _identities(tx, ticket.id)
    merged = merging.brought_to(tx, number)
    return TicketEnvelope(
        ticket=ticket,
        threads=_threads(tx, ticket.id),
        identities=identities,
        contacts=_contacts(tx, [identity.contact_id for identity in identities]),
        participants=_participants(tx, ticket.id),
        messages=_messages(tx, ticket.id),
        deliveries=_deliveries(tx, ticket.id),
        events=_events(tx, [ticket.id, *merged.values()]),
        merged=tuple(merged),
        challenges=challenges_of(tx, [ticket.id, *merged.values()]),
    )


def _threads(tx: Tx, ticket_id: TicketId) -> tuple[Thread, ...]:
    rows = tx.all(
        f"SELECT {THREAD_COLUMNS} FROM ticket_thread tt JOIN thread h ON h.id = tt.thread_id "
        "WHERE tt.ticket_id = :id ORDER BY tt.joined_at, h.id",
        {"id": ticket_id},
    )
    return tuple(thread_of(row) for row in rows)


def _identities(tx: Tx, ticket_id: TicketId) -> tuple[Identity, ...]:
    rows = tx.all(
        f"SELECT {IDENTITY_COLUMNS} FROM participant p JOIN identity i ON i.id = p.identity_id "
        "WHERE p.ticket_id = :id ORDER BY i.id",
        {"id": ticket_id},
    )
    return tuple(identity_of(row) for row in rows)


def _contacts(tx: Tx, ids: Sequence[ContactId]) -> tuple[Contact, ...]:
    rows = tx.all(
        "SELECT id, display_name, created_at FROM contact WHERE id IN EACH(:ids) ORDER BY id",
        {"ids": sorted(set(ids))},
    )
    return tuple(Contact(id=ContactId(row[0]), display_name=row[1], created_at=moment(row[2])) for row in rows)


def _participants(tx: Tx, ticket_id: TicketId) -> tuple[Participant, ...]:
    rows = tx.all(
        "SELECT identity_id, role FROM participant WHERE ticket_id = :id ORDER BY identity_id",
        {"id": ticket_id},
    )
    return tuple(Participant(identity_id=IdentityId(row[0]), role=row[1]) for row in rows)


def _messages(tx: Tx, ticket_id: TicketId) -> tuple[Message, ...]:
    params = {"id": ticket_id}
    rows = tx.all(
        f"SELECT {MESSAGE_COLUMNS} FROM message m WHERE m.ticket_id = :id ORDER BY m.stored_at, m.id", params
    )
    attachments: dict[str, list[Attachment]] = {}
    for row in tx.all(
        f"SELECT {ATTACHMENT_COLUMNS} FROM attachment a JOIN message m ON m.id = a.message_id "
        "WHERE m.ticket_id = :id ORDER BY a.message_id, a.position",
        params,
    ):
        attachments.setdefault(row[1], []).append(attachment_of(row))
    versions: dict[str, list[MessageVersion]] = {}
    for message_id, text, at in tx.all(
        "SELECT v.message_id, v.text, v.replaced_at FROM message_version v JOIN message m ON m.id = v.message_id "
        "WHERE m.ticket_id = :id ORDER BY v.message_id, v.n",
        params,
    ):
        versions.setdefault(message_id, []).append(MessageVersion(text=text, replaced_at=moment(at)))
    return tuple(_complete(message_of(row), attachments, versions) for row in rows)


def _complete(
    message: Message, attachments: dict[str, list[Attachment]], versions: dict[str, list[MessageVersion]]
) -> Message:
    return replace(
        message,
        attachments=tuple(attachments.get(message.id, ())),
        versions=tuple(versions.get(message.id, ())),
    )


def _deliveries(tx: Tx, ticket_id: TicketId) -> tuple[Delivery, ...]:
    rows = tx.all(
        f"SELECT {DELIVERY_COLUMNS} FROM delivery d WHERE d.ticket_id = :id ORDER BY d.created_at, d.id",
        {"id": ticket_id},
    )
    return tuple(with_parts(tx, rows))


def _events(tx: Tx, ids: Sequence[TicketId]) -> tuple[TicketEvent, ...]:
    rows = tx.all(
        f"SELECT {EVENT_COLUMNS} FROM ticket_event e WHERE e.ticket_id IN EACH(:ids) ORDER BY e.seq",
        {"ids": list(ids)},
    )
    return tuple(event_of(row) for row in rows)


# Commands ----------------------------------------------------------------------


def find_command(tx: Tx, actor: str, key: str) -> CommandResult | None:
    row = one(
        tx.all(
            "SELECT fingerprint, result FROM command WHERE actor = :actor AND key = :key",
            {"actor": actor, "key": key},
        )
    )
    return None if row is None else CommandResult(fingerprint=row[0], result=row[1])


def apply_change(tx: Tx, change: TicketChange, now: datetime, crash: CrashHook) -> None:
    if change.command is not None:
        tx.run(
            "INSERT INTO command (actor, key, fingerprint, result, at) "
            "VALUES (:actor, :key, :fingerprint, :result, :at)",
            {
                "actor": change.command.actor,
                "key": change.command.key,
                "fingerprint": change.command.fingerprint,
                "result": change.result,
                "at": micros(now),
            },
        )
    if change.merging is not None:  # it lets go of its threads before the other holds them
        _update(tx, change.merging.giver, change.merging.expected_version)
        merging.move(tx, change.ticket, change.merging, now)
    _update(tx, change.ticket, change.expected_version)
    _write_message(tx, change, now)
    _write_delivery(tx, change)
    if change.restricting is not None:
        restrict(tx, change.restricting)
    if change.claim is not None:
        tx.run(
            "INSERT INTO claim (code_hash, ticket_id, identity_id, expires_at) "
            "VALUES (:code_hash, :ticket_id, :identity_id, :expires_at)",
            {
                "code_hash": change.claim.code_hash,
                "ticket_id": change.claim.ticket_id,
                "identity_id": change.claim.identity_id,
                "expires_at": micros(change.claim.expires_at),
            },
        )
    if change.challenged is not None:
        put_challenges(tx, [change.challenged])
    if change.hiding is not None:
        tx.run(
            "UPDATE message SET hidden = :hidden WHERE id = :id",
            {"id": change.hiding.message_id, "hidden": int(change.hiding.hidden)},
        )
    if change.erasing is not None:
        erase(tx, change.ticket, change.erasing, now)
    insert_jobs(tx, change.jobs)
    write_search(tx, [(change.ticket.number, change.segments)])
    insert_events(tx, change.events)
    crash("store.change_written")


def _update(tx: Tx, ticket: Ticket, expected_version: int) -> None:
    if tx.run(UPDATE_TICKET, update_params(ticket, expected_version)) != 1:
        raise Conflict("the ticket has changed since it was read")
    tx.run(OPEN_THREADS, open_threads_params(ticket))


def _write_message(tx: Tx, change: TicketChange, now: datetime) -> None:
    if change.message is not None:
        tx.run(INSERT_MESSAGE, message_params(change.message))
        tx.run("UPDATE ticket SET message_count = message_count + 1 WHERE id = :id", {"id": change.ticket.id})
        insert_attachments(tx, change.attachments, now)


def _write_delivery(tx: Tx, change: TicketChange) -> None:
    if change.mailed is not None:
        insert_deliveries(tx, [change.mailed])
    if change.delivery is None:
        return
    if change.expected_delivery is None:
        insert_deliveries(tx, [change.delivery])
    elif not replace_delivery(tx, change.delivery, change.expected_delivery):
        raise Conflict("the delivery has changed since it was read")


# Lists -------------------------------------------------------------------------


ROW_COLUMNS = f"{TICKET_COLUMNS}, t.snippet, t.message_count, t.visibility, t.sort_at"


def list_tickets(tx: Tx, wanted: TicketFilter) -> Page:
    words = query_segments(wanted.query)
    if wanted.query.strip() and not words:
        return Page(items=(), next=None)
    conditions, params = _conditions(wanted)
    params["limit"] = wanted.limit + 1
    if words:
        rows = _search(tx, words, wanted, conditions, params)
    else:
        rows = _by_priority(tx, wanted, conditions, params)
    items = tuple(_row_of(row) for row in rows[: wanted.limit])
    more = len(rows) > wanted.limit
    return Page(items=items, next=_cursor_after(rows[wanted.limit - 1], searching=bool(words)) if more else None)


def _conditions(wanted: TicketFilter) -> tuple[list[str], dict[str, object]]:
    conditions = ["t.merged_into IS NULL"]
    params: dict[str, object] = {}
    if wanted.status is not None:
        conditions.append("t.status = :status")
        params["status"] = wanted.status
    if wanted.channel is not None:
        conditions.append("t.channel = :channel")
        params["channel"] = wanted.channel
    if wanted.assignee == "-":
        conditions.append("t.assignee IS NULL")
    elif wanted.assignee is not None:
        conditions.append("t.assignee = :assignee")
        params["assignee"] = wanted.assignee
    for name in ("team", "category"):
        if (value := getattr(wanted, name)) is not None:
            conditions.append(f"t.{name} = :{name}")
            params[name] = value
    if wanted.hidden:
        conditions.append("(NOT (t.team IN EACH(:hidden)) OR t.assignee = :seen_by)")
        params |= {"hidden": sorted(wanted.hidden), "seen_by": wanted.seen_by}
    return conditions, params


def _by_priority(tx: Tx, wanted: TicketFilter, conditions: list[str], params: dict[str, object]) -> list[Row]:
    if wanted.cursor:
        priority, sort_at, number = (int(part) for part in wanted.cursor.split("."))
        conditions.append(
            "(t.priority < :c_priority OR (t.priority = :c_priority AND (t.sort_at > :c_sort_at "
            "OR (t.sort_at = :c_sort_at AND t.number > :c_number))))"
        )
        params |= {"c_priority": priority, "c_sort_at": sort_at, "c_number": number}
    return tx.all(
        f"SELECT {ROW_COLUMNS} FROM ticket t WHERE {' AND '.join(conditions)} "
        "ORDER BY t.priority DESC, t.sort_at, t.number LIMIT :limit",
        params,
    )


def _search(
    tx: Tx, words: tuple[str, ...], wanted: TicketFilter, conditions: list[str], params: dict[str, object]
) -> list[Row]:
    """Tickets that hold every segment, newest first: walks one posting list and probes the others."""
    joins = [
        f"JOIN posting p{n} ON p{n}.number = p0.number AND p{n}.segment = :s{n}" for n in range(1, len(words))
    ]
    params |= {f"s{n}": hashed(word) for n, word in enumerate(words)}
    conditions.append("p0.segment = :s0")
    if wanted.cursor:
        conditions.append("p0.number < :c_number")
        params["c_number"] = int(wanted.cursor)
    return tx.all(
        f"SELECT {ROW_COLUMNS} FROM posting p0 {' '.join(joins)} JOIN ticket t ON t.number = p0.number "
        f"WHERE {' AND '.join(conditions)} ORDER BY p0.number DESC LIMIT :limit",
        params,
    )


def _row_of(row: Row) -> TicketRow:
    return TicketRow(ticket=ticket_of(row), snippet=row[29], message_count=row[30], visibility=row[31])


def _cursor_after(row: Row, *, searching: bool) -> str:
    return str(row[1]) if searching else f"{row[4]}.{row[32]}.{row[1]}"


def count_tickets(tx: Tx, user: UserId | None, hidden: frozenset[str]) -> Counts:
    counted = tx.all(
        "SELECT status, assignee, team, COUNT(*) FROM ticket WHERE status <> 'closed' "
        "GROUP BY status, assignee, team"
    )
    rows = [
        (status, assignee, count)
        for status, assignee, team, count in counted
        if team not in hidden or (assignee is not None and assignee == user)
    ]
    return Counts(
        open=sum(count for status, _assignee, count in rows if status == "open"),
        pending=sum(count for status, _assignee, count in rows if status == "pending"),
        unassigned=sum(count for _status, assignee, count in rows if assignee is None),
        mine=sum(count for _status, assignee, count in rows if assignee is not None and assignee == user),
        unknown=tx.all("SELECT COUNT(*) FROM delivery WHERE state = 'unknown'")[0][0],
    )


def events_after(tx: Tx, seq: int, limit: int) -> list[TicketEvent]:
    rows = tx.all(
        f"SELECT {EVENT_COLUMNS} FROM ticket_event e WHERE e.seq > :seq ORDER BY e.seq LIMIT :limit",
        {"seq": seq, "limit": limit},
    )
    return [event_of(row) for row in rows]


def newest_seq(tx: Tx) -> int:
    row = one(tx.all("SELECT MAX(seq) FROM ticket_event"))
    return int(row[0] or 0) if row else 0


def find_private(tx: Tx, identity_id: IdentityId) -> Thread | None:
    row = one(
        tx.all(
            f"SELECT {THREAD_COLUMNS} FROM ticket t JOIN ticket_thread tt ON tt.ticket_id = t.id "
            "JOIN thread h ON h.id = tt.thread_id JOIN identity i ON i.id = t.requester_id "
            "WHERE t.requester_id = :id AND h.visibility = 'private' AND h.channel = i.channel AND NOT EXISTS ("
            "SELECT 1 FROM message m WHERE m.ticket_id IN (SELECT x.ticket_id FROM ticket_thread x "
            "WHERE x.thread_id = h.id) AND m.thread_id = h.id AND m.direction = 'in' AND m.identity_id <> :id) "
            "ORDER BY t.updated_at DESC, h.id LIMIT 1",
            {"id": identity_id},
        )
    )
    return None if row is None else thread_of(row)


def find_ticket_number(tx: Tx, ticket_id: TicketId) -> TicketNumber | None:
    row = one(tx.all("SELECT number FROM ticket WHERE id = :id", {"id": ticket_id}))
    return None if row is None else TicketNumber(row[0])
