"""The router's decisions, written into the memory store."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace as replace_row
from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from simulators.memory_store.erasing import empty, heed_erased
from simulators.memory_store.fates import come_back, tell
from simulators.memory_store.items import count_alike, forget_removed, write_item
from simulators.memory_store.tables import NEVER, Tables, TicketThread
from simulators.memory_store.work import enqueue
from tickets.errors import Conflict
from tickets.ids import BlobId, EventId, IdentityId, TicketId, TicketNumber
from tickets.incidents import Report
from tickets.model import Attachment, Challenge, Delivery, Message, MessageVersion, Ticket
from tickets.records import (
    BY_HAND,
    Admission,
    FingerprintHit,
    MessageChange,
    MessageRef,
    NewAttachment,
    NewRef,
    Posted,
    Restricting,
    with_reaction,
    with_secrets,
)

STATES = {"ticket": "done", "ignored": "ignored", "quarantined": "quarantined"}


def admit(tables: Tables, admissions: Sequence[Admission], now: datetime) -> dict[TicketId, TicketNumber]:
    numbers: dict[TicketId, TicketNumber] = {}
    for admission in heed_erased(tables, admissions):
        _end_events(tables, admission)
        if admission.verdict == "ticket":
            _add_people(tables, admission)
            _put_ticket(tables, admission, numbers)
            _put_messages(tables, admission, now)
            for delivery in admission.deliveries:
                add_delivery(tables, delivery)
            if admission.bounce:
                come_back(tables, admission.bounce, now)
            if admission.posted:
                _post(tables, admission.posted, now)
            if admission.claimed:
                claim = tables.claims[admission.claimed]
                _refuse(claim.used, "code")
                tables.claims[claim.code_hash] = replace(claim, used=True)
            if admission.shown:
                put_challenge(tables, admission.shown)
            if admission.restricting:
                restrict(tables, admission.restricting)
        enqueue(tables, admission.jobs)
        for event in admission.events:
            tables.record(event)
        if admission.item:
            write_item(tables, admission.item)
        if admission.alike_to:
            count_alike(tables, admission.alike_to)
        if admission.withdrawn:
            forget_removed(tables, [admission.withdrawn])
        for event_id in () if admission.keeps_originals else admission.event_ids:
            empty(tables, event_id)
    return numbers


def put_challenge(tables: Tables, challenge: Challenge) -> None:
    """It stays where it was asked."""
    before = tables.challenges.get(challenge.id, challenge)
    tables.challenges[challenge.id] = replace(challenge, ticket_id=before.ticket_id)


def _post(tables: Tables, posted: Posted, now: datetime) -> None:
    draft = tables.deliveries[posted.delivery_id]
    _refuse(draft.state not in ("held", "sent") or draft.code != BY_HAND, "state of the draft")
    parts = tuple(
        replace(part, state="sent", external_id=posted.external_id, sent_at=posted.at) for part in draft.parts
    )
    sent = replace(draft, parts=parts, state="sent", code="", detail="Posted by hand.", updated_at=now)
    tables.deliveries[draft.id] = sent
    if draft.message_id:
        message = tables.messages[draft.message_id]
        tables.messages[message.id] = replace(message, external_id=posted.external_id)
    tell(tables, sent, "sent", 1, BY_HAND, now)


def _end_events(tables: Tables, admission: Admission) -> None:
    for event_id in admission.event_ids:
        row = tables.events.get(event_id)
        if row is None or row.state != "waiting":
            raise Conflict("another worker has handled these events")
        state = STATES[admission.verdict]
        tables.events[event_id] = replace_row(row, state=state, reason=admission.reason)
        _end_lease(tables, event_id)


def _end_lease(tables: Tables, event_id: EventId) -> None:
    event = tables.events[event_id].event
    conversation = tables.conversations[event.account, event.conversation]
    waiting = tuple(other for other in conversation.waiting if other != event_id)
    ended = replace_row(conversation, waiting=waiting, lease_until=NEVER)
    tables.conversations[event.account, event.conversation] = ended


def _add_people(tables: Tables, admission: Admission) -> None:
    if (contact := admission.new_contact) is not None:
        _refuse(contact.id in tables.contacts, "contact")
        tables.contacts[contact.id] = contact
    if (identity := admission.new_identity) is not None:
        name = (identity.channel, identity.external_id)
        _refuse(name in tables.identity_names or identity.id in tables.identities, "identity")
        tables.identities[identity.id] = identity
        tables.identity_names[name] = identity.id
    if (changed := admission.changed_identity) is not None:
        tables.identities[changed.id] = replace(
            tables.identities[changed.id],
            display_name=changed.display_name,
            handle=changed.handle,
            language=changed.language,
            unreachable=changed.unreachable,
            acknowledged_at=changed.acknowledged_at,
            chosen_language=changed.chosen_language,
        )
    if (thread := admission.new_thread) is not None:
        _refuse((thread.account, thread.key) in tables.thread_names or thread.id in tables.threads, "thread")
        tables.threads[thread.id] = thread
        tables.thread_names[thread.account, thread.key] = thread.id


def restrict(tables: Tables, wanted: Restricting) -> None:
    """See ``tickets.records.Restricting``."""
    meant = [one for one in wanted.identities if wanted.means(tables.identities[one].restriction)]
    _refuse(wanted.lifting is not None and not meant, "change of the restriction")
    for who in meant:
        tables.identities[who] = replace(tables.identities[who], restriction=wanted.restriction)


def _refuse(exists: bool, what: str) -> None:
    if exists:
        raise Conflict(f"this {what} exists meanwhile")


def _put_ticket(tables: Tables, admission: Admission, numbers: dict[TicketId, TicketNumber]) -> None:
    if (ticket := admission.ticket) is None:
        return
    if ticket.id not in numbers:
        ticket = _first_state(tables, ticket, admission.ticket_version)
        numbers[ticket.id] = ticket.number
        tables.ticket_numbers[ticket.number] = ticket.id
    tables.tickets[ticket.id] = replace(ticket, number=numbers[ticket.id])
    if admission.thread_id is not None:
        place = tables.ticket_threads.get((ticket.id, admission.thread_id))
        joined = TicketThread(place.place if place else tables.next_number("place"), False)
        tables.ticket_threads[ticket.id, admission.thread_id] = joined
    open_threads(tables, ticket)
    for person in admission.participants:
        tables.participants.setdefault((ticket.id, person.identity_id), person.role)


def _first_state(tables: Tables, ticket: Ticket, version: int) -> Ticket:
    """The ticket with its number.  Raises Conflict when it is not the one the router read."""
    kept = tables.tickets.get(ticket.id)
    if version == 0:
        _refuse(kept is not None, "ticket")
        return replace(ticket, number=TicketNumber(tables.next_number("ticket")))
    if kept is None or kept.version != version:
        raise Conflict("a ticket has changed since the router read it")
    return ticket


def open_threads(tables: Tables, ticket: Ticket) -> None:
    """All its threads are open while the ticket is.  Raises Conflict when another ticket is open in one."""
    is_open = ticket.status != "closed"
    mine = [thread_id for ticket_id, thread_id in tables.ticket_threads if ticket_id == ticket.id]
    for thread_id in mine:
        for (other, shared), place in tables.ticket_threads.items():
            if is_open and shared == thread_id and other != ticket.id and place.open:
                raise Conflict("another ticket is open in this thread")
        place = tables.ticket_threads[ticket.id, thread_id]
        tables.ticket_threads[ticket.id, thread_id] = replace_row(place, open=is_open)


def _put_messages(tables: Tables, admission: Admission, now: datetime) -> None:
    if admission.message is not None:
        add_message(tables, admission.message)
        if admission.fingerprint:
            _add_fingerprint(tables, admission.fingerprint, admission.message, now)
        if admission.signature and admission.ticket and (who := admission.message.identity_id):
            _add_report(tables, admission.message, who, admission.ticket, admission.signature, now)
    if admission.change is not None:
        _change_message(tables, admission.change)
    if (reacted := admission.reacted) is not None and (message := tables.messages.get(reacted.message_id)):
        reactions = with_reaction(message.reactions, reacted)
        tables.messages[message.id] = replace(message, reactions=reactions)
    add_attachments(tables, admission.attachments)
    for ref in admission.refs:
        add_ref(tables, ref)
    if admission.ticket is not None:
        make_searchable(tables, tables.tickets[admission.ticket.id].number, admission.segments)


def add_message(tables: Tables, message: Message) -> None:
    _refuse(message.id in tables.messages, "message")
    tables.messages[message.id] = replace(message, attachments=(), versions=(), deleted_at=None)


def _add_report(
    tables: Tables, message: Message, who: IdentityId, ticket: Ticket, signature: str, now: datetime
) -> None:
    seq = tables.next_number("report")
    tables.reports[seq] = Report(
        message.id, message.ticket_id, who, now, message.language, ticket.channel, signature, seq
    )


def _add_fingerprint(tables: Tables, value: str, message: Message, now: datetime) -> None:
    assert message.identity_id is not None
    tables.fingerprints[value, message.id] = FingerprintHit(
        message_id=message.id,
        ticket_id=message.ticket_id,
        number=tables.tickets[message.ticket_id].number,
        identity_id=message.identity_id,
        channel=tables.identities[message.identity_id].channel,
        stored_at=now,
    )


def _change_message(tables: Tables, change: MessageChange) -> None:
    message = tables.messages.get(change.message_id)
    if message is None:
        return
    versions = (*message.versions, MessageVersion(text=message.text, replaced_at=change.at))
    if change.text is None:
        tables.messages[message.id] = replace(message, versions=versions, deleted_at=change.at)
    else:
        secrets = with_secrets(message.secrets, change)
        tables.messages[message.id] = replace(
            message, versions=versions, text=change.text, secrets=secrets, entities=change.entities
        )


def add_attachments(tables: Tables, attachments: Sequence[NewAttachment]) -> None:
    for attachment in attachments:
        _refuse(attachment.id in tables.attachments, "attachment")
        tables.attachments[attachment.id] = _attachment(tables, attachment)


def _attachment(tables: Tables, new: NewAttachment) -> Attachment:
    draft = new.draft
    missing = Attachment(
        id=new.id,
        message_id=new.message_id,
        name=draft.name,
        media_type=draft.media_type,
        state="missing",
        size_bytes=draft.size_bytes,
        remote_id=draft.remote_id,
        content_id=draft.content_id,
        note=draft.note,
    )
    if draft.content is not None:
        sha256 = put_blob(tables, draft.content)
        state: Literal["pending", "stored"] = "pending" if new.held else "stored"
        return replace(missing, state=state, sha256=sha256, size_bytes=len(draft.content))
    return replace(missing, state="pending") if draft.remote_id else missing


def put_blob(tables: Tables, content: bytes) -> BlobId:
    name = BlobId(hashlib.sha256(content).hexdigest())
    tables.blobs.setdefault(name, content)
    return name


def add_ref(tables: Tables, ref: NewRef) -> None:
    """An existing name keeps its message."""
    message = tables.messages[ref.message_id]
    leads_to = MessageRef(
        message_id=ref.message_id,
        ticket_id=ref.ticket_id,
        thread_id=ref.thread_id,
        content_hash=ref.content_hash,
        ours=ref.ours,
        notice=ref.ours and message.direction == "in",
        copies=message.cc if ref.ours and message.direction == "out" else (),
    )
    tables.refs.setdefault((ref.channel, ref.ref), leads_to)


def make_searchable(tables: Tables, number: TicketNumber, segments: frozenset[str]) -> None:
    tables.searched[number] = tables.searched.get(number, frozenset()) | segments


def add_delivery(tables: Tables, delivery: Delivery) -> None:
    _refuse(delivery.id in tables.deliveries, "delivery")
    tables.deliveries[delivery.id] = delivery
