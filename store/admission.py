"""What the router decided, written in one transaction with everything it causes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from store import drafts, feeds, intake
from store.attachments import insert_attachments
from store.challenges import put_challenges
from store.deliveries import insert_deliveries, record_bounce
from store.engine import Params, Tx, one
from store.erasing import drop_unused, empty_events, heed_erased
from store.history import insert_events
from store.incidents import insert_reports
from store.jobs import insert_jobs
from store.postings import write_search
from store.rows import (
    INSERT_MESSAGE,
    identity_params,
    message_params,
    micros,
    printable,
    reactions_of,
    restriction_of,
    secrets_of,
    ticket_params,
    to_json,
)
from store.snippets import show_last_words
from tickets.errors import Conflict
from tickets.ids import (
    EventId,
    TicketId,
    TicketNumber,
)
from tickets.incidents import Report
from tickets.model import Identity, Thread, Ticket
from tickets.ports import CrashHook
from tickets.records import (
    Admission,
    Challenged,
    MessageChange,
    Reacted,
    Restricting,
    with_reaction,
    with_secrets,
)

INSERT_TICKET = """
INSERT INTO ticket (id, number, subject, status, priority, priority_reasons, team, channel, account,
    requester_id, requester, assignee, language, created_at, updated_at, waiting_since, unanswered, version,
    sort_at, line, category, category_confidence, category_by, vip, answered_at, clocks, look_at, tags,
    incident,     snippet, message_count, visibility)
VALUES (:id, :number, :subject, :status, :priority, :priority_reasons, :team, :channel, :account,
    :requester_id, :requester, :assignee, :language, :created_at, :updated_at, :waiting_since, :unanswered,
    :version, :sort_at, :line, :category, :category_confidence, :category_by, :vip, :answered_at, :clocks,
    :look_at, :tags, :incident, '', 0, 'private')
"""
UPDATE_TICKET = """
UPDATE ticket SET subject = :subject, status = :status, priority = :priority,
    priority_reasons = :priority_reasons, team = :team, assignee = :assignee, language = :language,
    updated_at = :updated_at, waiting_since = :waiting_since, unanswered = :unanswered, version = :version,
    sort_at = :sort_at, merged_into = :merged_into, line = :line, category = :category,
    category_confidence = :category_confidence, category_by = :category_by, vip = :vip,
    answered_at = :answered_at, clocks = :clocks, look_at = :look_at,
    tags = :tags, incident = :incident
WHERE id = :id AND version = :expected_version
"""
TICKET_THREAD = """
INSERT INTO ticket_thread (ticket_id, thread_id, is_open, joined_at)
VALUES (:ticket_id, :thread_id, :is_open, :now)
ON CONFLICT (ticket_id, thread_id) DO UPDATE SET is_open = excluded.is_open
"""
OPEN_THREADS = "UPDATE ticket_thread SET is_open = :is_open WHERE ticket_id = :id AND is_open <> :is_open"
SHOW_ON_TICKET = """
UPDATE ticket SET message_count = message_count + :messages,
    snippet = CASE WHEN :snippet = '' THEN snippet ELSE :snippet END,
    visibility = CASE WHEN EXISTS (SELECT 1 FROM thread WHERE id = :thread_id AND visibility = 'public')
        THEN 'public' ELSE visibility END
WHERE id = :id
"""
INSERT_REF = """
INSERT INTO message_ref (ref, channel, part, message_id, ticket_id, thread_id, content_hash, ours)
VALUES (:ref, :channel, :part, :message_id, :ticket_id, :thread_id, :content_hash, :ours)
ON CONFLICT DO NOTHING
"""


def admit(
    tx: Tx, admissions: Sequence[Admission], now: datetime, crash: CrashHook
) -> dict[TicketId, TicketNumber]:
    tickets = heed_erased(tx, [admission for admission in admissions if admission.verdict == "ticket"])
    _write_people(tx, tickets)
    numbers = _write_tickets(tx, tickets)
    _write_membership(tx, tickets, now)
    _write_messages(tx, tickets, now)
    _write_likeness(tx, tickets, now)
    _write_reports(tx, tickets, now)
    write_search(tx, ((numbers[a.ticket.id], a.segments) for a in tickets if a.ticket))
    insert_deliveries(tx, [delivery for a in tickets for delivery in a.deliveries])
    for admission in tickets:
        if admission.bounce and admission.ticket:
            record_bounce(tx, admission.ticket.id, admission.bounce, now)
        if admission.posted:
            drafts.post(tx, admission.posted, now)
    for admission in tickets:
        if admission.restricting:
            restrict(tx, admission.restricting)
    _use_claims(tx, [a.claimed for a in tickets if a.claimed], now)
    put_challenges(tx, [Challenged(a.shown) for a in tickets if a.shown])
    insert_jobs(tx, [job for a in admissions for job in a.jobs])
    insert_events(tx, [event for a in admissions for event in a.events])
    feeds.write_items(tx, [admission.item for admission in admissions if admission.item])
    feeds.count_alike(tx, [admission.alike_to for admission in admissions if admission.alike_to])
    for admission in admissions:
        if admission.withdrawn:
            feeds.forget_items(tx, admission.withdrawn[0], [admission.withdrawn[1]])
    _end_events(tx, admissions)
    drop_unused(
        tx,
        empty_events(
            tx, [event for a in (*tickets, *admissions) if not a.keeps_originals for event in a.event_ids]
        ),
    )
    crash("store.admit_written")
    return numbers


def restrict(tx: Tx, wanted: Restricting) -> None:
    """Nothing else writes this column, so that a message that comes in never undoes it.

    The rows are locked by being written as they are; two who decide at once do so one after the other.
    """
    present = tx.all(
        "UPDATE identity SET restriction = restriction WHERE id IN EACH(:ids) RETURNING id, restriction",
        {"ids": sorted(wanted.identities)},
    )
    meant = [row[0] for row in present if wanted.means(restriction_of(row[1]))]
    if wanted.lifting is not None and not meant:
        raise Conflict("the restriction has changed since it was read")
    tx.run(
        "UPDATE identity SET restriction = :restriction WHERE id IN EACH(:ids)",
        {"ids": sorted(meant), "restriction": to_json(wanted.restriction) if wanted.restriction else None},
    )


def _write_people(tx: Tx, admissions: Iterable[Admission]) -> None:
    admissions = list(admissions)
    tx.many(
        "INSERT INTO contact (id, display_name, created_at) VALUES (:id, :display_name, :created_at)",
        [
            {"id": c.id, "display_name": printable(c.display_name), "created_at": micros(c.created_at)}
            for c in (a.new_contact for a in admissions)
            if c is not None
        ],
    )
    tx.many(
        "INSERT INTO identity (id, contact_id, channel, external_id, display_name, handle, language, unreachable, "
        "acknowledged_at, chosen_language) "
        "VALUES (:id, :contact_id, :channel, :external_id, :display_name, :handle, :language, :unreachable, "
        ":acknowledged_at, :chosen_language)",
        [identity_params(a.new_identity) for a in admissions if a.new_identity],
    )
    tx.many(
        "UPDATE identity SET display_name = :display_name, handle = :handle, language = :language, "
        "unreachable = :unreachable, acknowledged_at = :acknowledged_at, chosen_language = :chosen_language "
        "WHERE id = :id",
        [_changed(a.changed_identity) for a in admissions if a.changed_identity],
    )
    tx.many(
        "INSERT INTO thread (id, account, channel, key, visibility, title) "
        "VALUES (:id, :account, :channel, :key, :visibility, :title)",
        [_thread_params(a.new_thread) for a in admissions if a.new_thread],
    )


def _changed(identity: Identity) -> Params:
    fixed = ("contact_id", "channel", "external_id")
    return {name: value for name, value in identity_params(identity).items() if name not in fixed}


def _thread_params(thread: Thread) -> Params:
    return {
        "id": thread.id,
        "account": thread.account,
        "channel": thread.channel,
        "key": printable(thread.key),
        "visibility": thread.visibility,
        "title": printable(thread.title),
    }


def _write_tickets(tx: Tx, admissions: Sequence[Admission]) -> dict[TicketId, TicketNumber]:
    """Each ticket once, in its last state of the batch; new ones get the next numbers."""
    final: dict[TicketId, Ticket] = {}
    based_on: dict[TicketId, int] = {}
    for admission in admissions:
        if admission.ticket is not None:
            final[admission.ticket.id] = admission.ticket
            based_on.setdefault(admission.ticket.id, admission.ticket_version)
    numbers = {ticket.id: ticket.number for ticket in final.values()}
    new = [ticket for ticket in final.values() if based_on[ticket.id] == 0]
    first = _take_numbers(tx, len(new))
    for number, ticket in enumerate(new, first):
        numbers[ticket.id] = TicketNumber(number)
    tx.many(INSERT_TICKET, [_insert_params(ticket, numbers[ticket.id]) for ticket in new])
    changed = [update_params(ticket, based_on[ticket.id]) for ticket in final.values() if based_on[ticket.id]]
    if tx.many(UPDATE_TICKET, changed) != len(changed):
        raise Conflict("a ticket has changed since the router read it")
    return numbers


def _take_numbers(tx: Tx, count: int) -> int:
    """The first of ``count`` new ticket numbers."""
    if not count:
        return 0
    row = one(
        tx.all(
            "UPDATE counter SET value = value + :count WHERE name = 'ticket_number' RETURNING value",
            {"count": count},
        )
    )
    assert row is not None
    return int(row[0]) - count + 1


def _insert_params(ticket: Ticket, number: TicketNumber) -> Params:
    params = ticket_params(ticket, 0) | {"number": number}
    del params["expected_version"], params["merged_into"]
    return params


_FIXED = ("channel", "account", "requester_id", "requester", "created_at")


def update_params(ticket: Ticket, expected_version: int) -> Params:
    """What may change about a ticket after it was opened."""
    params = ticket_params(ticket, expected_version)
    return {name: value for name, value in params.items() if name not in _FIXED}


def _write_membership(tx: Tx, admissions: Sequence[Admission], now: datetime) -> None:
    tx.many(
        TICKET_THREAD,
        [
            {
                "ticket_id": a.ticket.id,
                "thread_id": a.thread_id,
                "is_open": int(a.ticket.status != "closed"),
                "now": micros(now),
            }
            for a in admissions
            if a.ticket is not None and a.thread_id is not None
        ],
    )
    tx.many(OPEN_THREADS, [open_threads_params(a.ticket) for a in admissions if a.ticket])
    tx.many(
        "INSERT INTO participant (ticket_id, identity_id, role) VALUES (:ticket_id, :identity_id, :role) "
        "ON CONFLICT DO NOTHING",
        [
            {"ticket_id": a.ticket.id, "identity_id": p.identity_id, "role": p.role}
            for a in admissions
            if a.ticket is not None
            for p in a.participants
        ],
    )


def open_threads_params(ticket: Ticket) -> Params:
    """For OPEN_THREADS: a ticket holds all its threads while it is open, none when it is closed."""
    return {"id": ticket.id, "is_open": int(ticket.status != "closed")}


def _write_messages(tx: Tx, admissions: Sequence[Admission], now: datetime) -> None:
    tx.many(INSERT_MESSAGE, [message_params(a.message) for a in admissions if a.message])
    for admission in admissions:
        if admission.change is not None:
            _change_message(tx, admission.change)
        if admission.reacted is not None:
            _keep_reaction(tx, admission.reacted)
    for admission in admissions:
        insert_attachments(tx, admission.attachments, now)
    tx.many(
        INSERT_REF,
        [
            {
                "ref": printable(ref.ref),
                "channel": ref.channel,
                "part": ref.part,
                "message_id": ref.message_id,
                "ticket_id": ref.ticket_id,
                "thread_id": ref.thread_id,
                "content_hash": ref.content_hash,
                "ours": int(ref.ours),
            }
            for a in admissions
            for ref in a.refs
        ],
    )
    tx.many(SHOW_ON_TICKET, [_shown(a) for a in admissions if a.ticket and (a.message or a.change)])


def _shown(admission: Admission) -> Params:
    assert admission.ticket is not None
    return {
        "id": admission.ticket.id,
        "messages": int(admission.message is not None),
        "snippet": printable(admission.snippet),
        "thread_id": admission.thread_id,
    }


def _change_message(tx: Tx, change: MessageChange) -> None:
    """Keep what the message said so far as a version, then change it."""
    row = one(tx.all("SELECT text, ticket_id, secrets FROM message WHERE id = :id", {"id": change.message_id}))
    if row is None:
        return
    tx.run(
        "INSERT INTO message_version (message_id, n, text, replaced_at) SELECT :id, COUNT(*), :text, :at "
        "FROM message_version WHERE message_id = :id",
        {"id": change.message_id, "text": row[0], "at": micros(change.at)},
    )
    if change.text is None:
        tx.run(
            "UPDATE message SET deleted_at = :at WHERE id = :id",
            {"id": change.message_id, "at": micros(change.at)},
        )
    else:
        tx.run(
            "UPDATE message SET text = :text, secrets = :secrets, entities = :entities WHERE id = :id",
            {
                "id": change.message_id,
                "text": printable(change.text),
                "secrets": to_json(with_secrets(secrets_of(row[2]), change)),
                "entities": to_json(change.entities),
            },
        )
    show_last_words(tx, row[1])


def _keep_reaction(tx: Tx, reacted: Reacted) -> None:
    """One person's signs in place of theirs before; the ticket's version keeps others from doing so meanwhile."""
    row = one(tx.all("SELECT reactions FROM message WHERE id = :id", {"id": reacted.message_id}))
    if row is not None:
        kept = to_json(with_reaction(reactions_of(row[0]), reacted))
        tx.run(
            "UPDATE message SET reactions = :reactions WHERE id = :id",
            {"id": reacted.message_id, "reactions": kept},
        )


def _write_likeness(tx: Tx, admissions: Sequence[Admission], now: datetime) -> None:
    tx.many(
        "INSERT INTO fingerprint (value, band, stored_at, message_id, ticket_id, identity_id) "
        "VALUES (:value, 'text', :now, :message_id, :ticket_id, :identity_id)",
        [
            {
                "value": a.fingerprint,
                "now": micros(now),
                "message_id": a.message.id,
                "ticket_id": a.message.ticket_id,
                "identity_id": a.message.identity_id,
            }
            for a in admissions
            if a.fingerprint and a.message is not None
        ],
    )


def _write_reports(tx: Tx, admissions: Sequence[Admission], now: datetime) -> None:
    insert_reports(
        tx,
        [
            Report(m.id, m.ticket_id, m.identity_id, now, m.language, a.ticket.channel, a.signature)
            for a in admissions
            if a.signature and a.ticket and (m := a.message) and m.identity_id
        ],
    )


def _use_claims(tx: Tx, hashes: Sequence[str], now: datetime) -> None:
    if not hashes:
        return
    sql = "UPDATE claim SET used_at = :now WHERE code_hash IN EACH(:hashes) AND used_at IS NULL"
    if tx.run(sql, {"now": micros(now), "hashes": list(hashes)}) != len(hashes):
        raise Conflict("a code was used meanwhile")


def _end_events(tx: Tx, admissions: Sequence[Admission]) -> None:
    """Raises Conflict when another worker, after our lease had run out, was faster."""
    states = {"ticket": "done", "ignored": "ignored", "quarantined": "quarantined"}
    fates: dict[tuple[str, str], list[EventId]] = {}
    for admission in admissions:
        fate = (states[admission.verdict], printable(admission.reason))
        fates.setdefault(fate, []).extend(admission.event_ids)
    ended = sum(
        tx.run(
            "UPDATE raw_event SET state = :state, reason = :reason WHERE id IN EACH(:ids) AND state = 'waiting'",
            {"state": state, "reason": reason, "ids": ids},
        )
        for (state, reason), ids in fates.items()
    )
    every = [event_id for admission in admissions for event_id in admission.event_ids]
    if ended != len(every):
        raise Conflict("another worker has handled these events")
    intake.end_leases(tx, every)
