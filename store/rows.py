"""Between rows and shapes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from store.engine import Params, Row
from tickets.ids import (
    AccountId,
    AttachmentId,
    BlobId,
    Channel,
    ContactId,
    DeliveryId,
    EventId,
    ExternalMessageId,
    IdentityId,
    IncidentNumber,
    MessageId,
    ThreadId,
    ThreadKey,
    TicketId,
    TicketNumber,
    UserId,
)
from tickets.model import (
    Attachment,
    Authenticity,
    Automatic,
    Delivery,
    DeliveryPart,
    Entity,
    Identity,
    Message,
    Reaction,
    Reason,
    ReplyTarget,
    Restriction,
    SecretKind,
    Span,
    Thread,
    Ticket,
    TicketClock,
    TicketEvent,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since 1970, UTC.  Exact, unlike a float."""
    return (at - _EPOCH) // _MICROSECOND


def micros_or_none(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def moment(value: int) -> datetime:
    """Aware UTC."""
    return _EPOCH + timedelta(microseconds=value)


def moment_or_none(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


def to_json(value: object) -> str:
    """JSON that both engines can hold, whatever the texts inside."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # a lone surrogate
        return printable(json.dumps(msgspec.to_builtins(value), ensure_ascii=False))


def printable(text: str) -> str:
    """Text that both engines can hold: without NUL and lone surrogates (PostgreSQL refuses them)."""
    if "\x00" in text:
        text = text.replace("\x00", "�")
    return text.encode("utf-8", "replace").decode("utf-8")


TICKET_COLUMNS = (
    "t.id, t.number, t.subject, t.status, t.priority, t.priority_reasons, t.team, t.channel, t.account, "
    "t.requester_id, t.requester, t.assignee, t.language, t.created_at, t.updated_at, t.waiting_since, t.version, "
    "t.unanswered, t.merged_into, t.line, t.category, t.category_confidence, t.category_by, t.vip, t.answered_at, "
    "t.clocks, t.look_at, t.tags, t.incident"
)
_clocks = msgspec.json.Decoder(tuple[TicketClock, ...]).decode
_reasons = msgspec.json.Decoder(tuple[Reason, ...])
strings_of = msgspec.json.Decoder(tuple[str, ...]).decode
"""A column that holds several texts."""
reactions_of = msgspec.json.Decoder(tuple[Reaction, ...]).decode
_files = msgspec.json.Decoder(tuple[AttachmentId, ...]).decode
_spans = msgspec.json.Decoder(tuple[Span, ...]).decode
_authenticity = msgspec.json.Decoder(Authenticity)
_automatic = msgspec.json.Decoder(Automatic)
_entities = msgspec.json.Decoder(tuple[Entity, ...]).decode
secrets_of = msgspec.json.Decoder(tuple[SecretKind, ...]).decode
target_of = msgspec.json.Decoder(ReplyTarget).decode
_data = msgspec.json.Decoder(dict[str, str | int | None])


def ticket_of(row: Row) -> Ticket:
    return Ticket(
        id=TicketId(row[0]),
        number=TicketNumber(row[1]),
        subject=row[2],
        status=row[3],
        priority=row[4],
        priority_reasons=_reasons.decode(row[5]),
        team=row[6],
        channel=row[7],
        account=AccountId(row[8]),
        requester_id=IdentityId(row[9]),
        requester=row[10],
        assignee=None if row[11] is None else UserId(row[11]),
        language=row[12],
        created_at=moment(row[13]),
        updated_at=moment(row[14]),
        waiting_since=moment_or_none(row[15]),
        version=row[16],
        unanswered=row[17],
        merged_into=None if row[18] is None else TicketNumber(row[18]),
        line=row[19],
        category=row[20],
        category_confidence=row[21],
        category_by=row[22],
        vip=bool(row[23]),
        answered_at=moment_or_none(row[24]),
        clocks=_clocks(row[25]),
        look_at=moment_or_none(row[26]),
        tags=strings_of(row[27]),
        incident=None if row[28] is None else IncidentNumber(row[28]),
    )


def ticket_params(ticket: Ticket, expected_version: int) -> dict[str, object]:
    return {
        "id": ticket.id,
        "subject": printable(ticket.subject),
        "status": ticket.status,
        "priority": ticket.priority,
        "priority_reasons": to_json(ticket.priority_reasons),
        "team": ticket.team,
        "channel": ticket.channel,
        "account": ticket.account,
        "requester_id": ticket.requester_id,
        "requester": printable(ticket.requester),
        "assignee": ticket.assignee,
        "language": ticket.language,
        "created_at": micros(ticket.created_at),
        "updated_at": micros(ticket.updated_at),
        "waiting_since": micros_or_none(ticket.waiting_since),
        "version": ticket.version,
        "unanswered": ticket.unanswered,
        "merged_into": ticket.merged_into,
        "line": ticket.line,
        "category": ticket.category,
        "category_confidence": ticket.category_confidence,
        "category_by": ticket.category_by,
        "vip": int(ticket.vip),
        "answered_at": micros_or_none(ticket.answered_at),
        "clocks": to_json(ticket.clocks),
        "look_at": micros_or_none(ticket.look_at),
        "tags": to_json(ticket.tags),
        "incident": ticket.incident,
        "expected_version": expected_version,
        "sort_at": micros(ticket.waiting_since or ticket.updated_at),
    }


IDENTITY_COLUMNS = (
    "i.id, i.contact_id, i.channel, i.external_id, i.display_name, i.handle, i.language, i.unreachable, "
    "i.acknowledged_at, i.restriction, i.chosen_language"
)
_restriction = msgspec.json.Decoder(Restriction)


def restriction_of(text: str | None) -> Restriction | None:
    return None if text is None else _restriction.decode(text)


def identity_of(row: Row) -> Identity:
    return Identity(
        id=IdentityId(row[0]),
        contact_id=ContactId(row[1]),
        channel=row[2],
        external_id=row[3],
        display_name=row[4],
        handle=row[5],
        language=row[6],
        unreachable=bool(row[7]),
        acknowledged_at=moment_or_none(row[8]),
        restriction=restriction_of(row[9]),
        chosen_language=row[10],
    )


def identity_params(identity: Identity) -> Params:
    return {
        "id": identity.id,
        "contact_id": identity.contact_id,
        "channel": identity.channel,
        "external_id": printable(identity.external_id),
        "display_name": printable(identity.display_name),
        "handle": identity.handle and printable(identity.handle),
        "language": identity.language,
        "unreachable": int(identity.unreachable),
        "acknowledged_at": micros_or_none(identity.acknowledged_at),
        "chosen_language": identity.chosen_language,
    }


THREAD_COLUMNS = "h.id, h.account, h.channel, h.key, h.visibility, h.title"


def thread_of(row: Row) -> Thread:
    return Thread(
        id=ThreadId(row[0]),
        account=AccountId(row[1]),
        channel=row[2],
        key=ThreadKey(row[3]),
        visibility=row[4],
        title=row[5],
    )


MESSAGE_COLUMNS = (
    "m.id, m.ticket_id, m.thread_id, m.event_id, m.identity_id, m.actor, m.direction, m.author, m.text, m.html, "
    "m.subject, m.language, m.sent_at, m.stored_at, m.external_id, m.reply_to, m.recipients_to, m.recipients_cc, "
    "m.authenticity, m.automatic, m.warnings, m.deleted_at, m.unanswerable, m.typed, m.call, "
    "m.reactions, m.hidden, m.secrets, m.entities"
)
INSERT_MESSAGE = """
INSERT INTO message (id, ticket_id, thread_id, event_id, identity_id, actor, direction, author, text, html,
    subject, language, sent_at, stored_at, external_id, reply_to, recipients_to, recipients_cc,
    authenticity, automatic, warnings, unanswerable, typed, call, secrets, entities)
VALUES (:id, :ticket_id, :thread_id, :event_id, :identity_id, :actor, :direction, :author, :text, :html,
    :subject, :language, :sent_at, :stored_at, :external_id, :reply_to, :recipients_to, :recipients_cc,
    :authenticity, :automatic, :warnings, :unanswerable, :typed, :call, :secrets, :entities)
"""


def message_of(row: Row) -> Message:
    return Message(
        id=MessageId(row[0]),
        ticket_id=TicketId(row[1]),
        thread_id=None if row[2] is None else ThreadId(row[2]),
        event_id=None if row[3] is None else EventId(row[3]),
        identity_id=None if row[4] is None else IdentityId(row[4]),
        actor=None if row[5] is None else UserId(row[5]),
        direction=row[6],
        author=row[7],
        text=row[8],
        html=row[9],
        subject=row[10],
        language=row[11],
        sent_at=moment(row[12]),
        stored_at=moment(row[13]),
        external_id=None if row[14] is None else ExternalMessageId(row[14]),
        reply_to=None if row[15] is None else ExternalMessageId(row[15]),
        to=strings_of(row[16]),
        cc=strings_of(row[17]),
        authenticity=None if row[18] is None else _authenticity.decode(row[18]),
        automatic=None if row[19] is None else _automatic.decode(row[19]),
        warnings=strings_of(row[20]),
        deleted_at=moment_or_none(row[21]),
        unanswerable=row[22],
        typed=row[23],
        call=bool(row[24]),
        reactions=reactions_of(row[25]),
        hidden=bool(row[26]),
        secrets=secrets_of(row[27]),
        entities=_entities(row[28]),
    )


def message_params(message: Message) -> Params:
    return {
        "id": message.id,
        "ticket_id": message.ticket_id,
        "thread_id": message.thread_id,
        "event_id": message.event_id,
        "identity_id": message.identity_id,
        "actor": message.actor,
        "direction": message.direction,
        "author": printable(message.author),
        "text": printable(message.text),
        "html": message.html and printable(message.html),
        "subject": message.subject and printable(message.subject),
        "language": message.language,
        "sent_at": micros(message.sent_at),
        "stored_at": micros(message.stored_at),
        "external_id": message.external_id and printable(message.external_id),
        "reply_to": message.reply_to and printable(message.reply_to),
        "recipients_to": to_json(message.to),
        "recipients_cc": to_json(message.cc),
        "authenticity": message.authenticity and to_json(message.authenticity),
        "automatic": message.automatic and to_json(message.automatic),
        "warnings": to_json(message.warnings),
        "unanswerable": printable(message.unanswerable),
        "typed": message.typed and printable(message.typed),
        "call": int(message.call),
        "secrets": to_json(message.secrets),
        "entities": to_json(message.entities),
    }


ATTACHMENT_COLUMNS = (
    "a.id, a.message_id, a.name, a.media_type, a.state, a.size_bytes, a.sha256, a.remote_id, a.content_id, a.note"
)


def attachment_of(row: Row) -> Attachment:
    return Attachment(
        id=AttachmentId(row[0]),
        message_id=MessageId(row[1]),
        name=row[2],
        media_type=row[3],
        state=row[4],
        size_bytes=row[5],
        sha256=None if row[6] is None else BlobId(row[6]),
        remote_id=row[7],
        content_id=row[8],
        note=row[9],
    )


DELIVERY_COLUMNS = (
    "d.id, d.kind, d.thread_id, d.ticket_id, d.message_id, d.target, d.state, d.priority, d.next_at, "
    "d.created_at, d.updated_at, d.code, d.detail"
)
PART_COLUMNS = "p.n, p.text, p.state, p.attempts, p.external_id, p.started_at, p.sent_at, p.files, p.spans"


def part_of(row: Row) -> DeliveryPart:
    return DeliveryPart(
        n=row[0],
        text=row[1],
        state=row[2],
        attempts=row[3],
        external_id=None if row[4] is None else ExternalMessageId(row[4]),
        started_at=moment_or_none(row[5]),
        sent_at=moment_or_none(row[6]),
        files=() if row[7] == "[]" else _files(row[7]),
        spans=() if row[8] == "[]" else _spans(row[8]),
    )


def delivery_of(row: Row, parts: tuple[DeliveryPart, ...]) -> Delivery:
    return Delivery(
        id=DeliveryId(row[0]),
        kind=row[1],
        thread_id=None if row[2] is None else ThreadId(row[2]),
        ticket_id=None if row[3] is None else TicketId(row[3]),
        message_id=None if row[4] is None else MessageId(row[4]),
        target=target_of(row[5]),
        state=row[6],
        priority=row[7],
        next_at=moment(row[8]),
        created_at=moment(row[9]),
        updated_at=moment(row[10]),
        code=row[11],
        detail=row[12],
        parts=parts,
    )


def delivery_params(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "kind": delivery.kind,
        "channel": delivery.target.channel,
        "account": delivery.target.account,
        "thread_id": delivery.thread_id,
        "ticket_id": delivery.ticket_id,
        "message_id": delivery.message_id,
        "target": to_json(delivery.target),
        "state": delivery.state,
        "priority": delivery.priority,
        "next_at": micros(delivery.next_at),
        "created_at": micros(delivery.created_at),
        "updated_at": micros(delivery.updated_at),
        "code": printable(delivery.code),
        "detail": printable(delivery.detail),
    }


def event_params(event: TicketEvent) -> Params:
    return {
        "kind": event.kind,
        "actor": event.actor,
        "at": micros(event.at),
        "ticket_id": event.ticket_id,
        "message_id": event.message_id,
        "delivery_id": event.delivery_id,
        "data": to_json(event.data),
    }


def event_of(row: Row) -> TicketEvent:
    return TicketEvent(
        seq=row[0],
        kind=row[1],
        actor=row[2],
        at=moment(row[3]),
        ticket_id=None if row[4] is None else TicketId(row[4]),
        message_id=None if row[5] is None else MessageId(row[5]),
        delivery_id=None if row[6] is None else DeliveryId(row[6]),
        data=_data.decode(row[7]),
    )


def literal_channel(value: str) -> Channel:
    """A channel as stored; the store only ever wrote known ones."""
    channel: Channel = msgspec.convert(value, Channel)
    return channel
