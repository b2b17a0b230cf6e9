"""What the API shows.  Closed shapes of its own, so that the inside may change without breaking callers."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from console.names import LARGEST_NUMBER
from desk.answered import joined_since
from desk.incidents import Room
from tickets.feeds import FeedItem, Mood
from tickets.ids import Channel
from tickets.incidents import Incident
from tickets.model import (
    Attachment,
    Challenge,
    ChallengeWay,
    ChannelHealth,
    ClockKind,
    ClockState,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    Reason,
    Ticket,
    TicketEnvelope,
    TicketStatus,
)

PREFIX = "/api/v1"


class Document(msgspec.Struct, frozen=True):
    """Common options of every shape."""


class ReasonDocument(Document, frozen=True):
    """One summand of a priority."""

    label: str
    points: int


class ClockDocument(Document, frozen=True):
    """By when something is to happen.  due_at: null while it is paused."""

    kind: ClockKind
    state: ClockState
    since: datetime
    due_at: datetime | None


class TicketDocument(Document, frozen=True):
    """A ticket in a list.  requester: the name to show.  language: BCP 47, null when unknown.

    merged_into: the ticket where its messages are now; null: here.  team: whose work it is.  line: 1 to 3.
    category: what it is about, empty when unsure; category_confidence: from 0 to 1.
    """

    number: int
    subject: str
    status: TicketStatus
    priority: int
    priority_reasons: list[ReasonDocument]
    channel: Channel
    account: str
    language: str | None
    requester: str
    created_at: datetime
    updated_at: datetime
    merged_into: int | None
    team: str
    line: int
    category: str
    category_confidence: float
    vip: bool
    tags: list[str]
    incident: int | None
    clocks: list[ClockDocument]


class TicketList(Document, frozen=True):
    """A page of tickets.  next: the cursor of the following page, null on the last."""

    items: list[TicketDocument]
    next: str | None


class AttachmentDocument(Document, frozen=True):
    """A file.  state: stored, pending or missing.  url: where its bytes are, relative to the server."""

    id: str
    name: str
    type: str
    size_bytes: int | None
    state: str
    url: str


class DeliveryBrief(Document, frozen=True):
    """How an outgoing message is doing."""

    id: str
    state: DeliveryState


class MessageDocument(Document, frozen=True):
    """A message (in, out) or a note.  delivery: null for what was not sent by us."""

    id: str
    direction: Direction
    author: str
    text: str
    sent_at: datetime
    subject: str | None
    language: str | None
    external_id: str | None
    attachments: list[AttachmentDocument]
    delivery: DeliveryBrief | None


class RestrictionDocument(Document, frozen=True):
    """What holds back what somebody writes.  until: null for good."""

    kind: Literal["block", "mute"]
    reason: Literal["spam", "abuse", "flood", "other"]
    by: str
    since: datetime
    until: datetime | None


class ChallengeDocument(Document, frozen=True):
    """Somebody was asked to show who they are.

    way: ``questions``, ``code`` or ``sign_in``.  about: what was asked.  holds: whether it is shown, and not too
    long ago, and no code has joined another name to theirs since.  answer_by: no code or sign-in later shows
    it.  holds_until: null where it never was shown.
    """

    id: str
    way: ChallengeWay
    state: Literal["asked", "shown", "failed"]
    holds: bool
    about: str
    evidence: str
    asked_at: datetime
    answer_by: datetime
    ended_at: datetime | None
    holds_until: datetime | None


class WholeTicket(TicketDocument, frozen=True):
    """A ticket with its messages, oldest first.

    merged: tickets whose messages are here now.  restriction: of who asked, null when there is none.
    challenges: by which its people were to show who they are, oldest first.
    """

    messages: list[MessageDocument]
    merged: list[int]
    restriction: RestrictionDocument | None
    challenges: list[ChallengeDocument]


class NewRestriction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of who asked.  hours: null for good.  everywhere: also where a code has shown that it is them."""

    kind: Literal["block", "mute"]
    reason: Literal["spam", "abuse", "flood", "other"] = "other"
    hours: float | None = None
    everywhere: bool = False


class NewTalk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to write first to who asked.  reason: for colleagues.  subject: by mail; empty for the first words."""

    text: str
    reason: str
    subject: str = ""


class NewCategory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """category: what a ticket is about, by its name in the configuration."""

    category: str


class NewTags(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """tags: words on a ticket, in place of those it has."""

    tags: list[str]


class IncidentDocument(Document, frozen=True):
    """Many people, one cause.  kind: ``copies`` for one text that tells of no trouble.  people: how many."""

    number: int
    title: str
    kind: Literal["trouble", "copies"]
    state: Literal["open", "resolved", "dismissed", "merged"]
    people: int
    raised_at: datetime
    last_at: datetime
    told: int


class IncidentList(Document, frozen=True):
    """Incidents, the one last reported first."""

    items: list[IncidentDocument]


class IncidentMember(Document, frozen=True):
    """A ticket that belongs to an incident.  why: short sentences."""

    number: int
    requester: str
    channel: Channel
    language: str | None
    why: list[str]


class WholeIncident(IncidentDocument, frozen=True):
    """An incident with who reported it, the newest first, at most 500."""

    members: list[IncidentMember]


class NewTelling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """texts: by language, what everybody is told; otherwise: the language for who has none of their own.

    over: the incident ends with it.
    """

    texts: dict[str, str]
    otherwise: str
    over: bool = False


class NewRemoval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """ticket: the number of one that does not belong to an incident."""

    ticket: int


class NewHandOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """found and tried: so that nobody begins anew.  team empty, line 0: the same as before."""

    found: str
    tried: str
    team: str = ""
    line: Annotated[int, msgspec.Meta(ge=0, le=3)] = 0


class NewMerging(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """into: the number of the ticket in which another goes on.

    consent: where the person has agreed to it, which X demands before its people are linked with mail addresses.
    """

    into: Annotated[int, msgspec.Meta(gt=0, le=LARGEST_NUMBER)]
    consent: str = ""


class NewReplyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file to go with an answer.  type: as in MIME.  content: in base64."""

    name: str
    type: str
    content: bytes


class NewChallenge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask who wrote last to show who they are.

    address: the one on record, for a code; never one that they named themselves.
    questions: names of those to ask; none for all.
    """

    way: ChallengeWay
    address: str = ""
    questions: list[str] = []


class NewJudgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of it.  evidence: what the answers were compared with, or why they do not count."""

    passed: bool
    evidence: str


class NewReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer to the person, sent where they last wrote.

    copies: to everybody else, too, who got the mail that is answered.
    quote: with what is answered under it, by mail.  formatted: the text has
    marks in it, as ``**bold**``.  files: refused where the channel does not
    take them.  public: where the ticket has private parts and everybody
    would read the answer, it is refused first; the refusal says what would be
    read as ``text``, and as ``public`` what to send here once somebody has seen it.
    """

    text: str
    copies: bool = False
    quote: bool = False
    formatted: bool = False
    files: list[NewReplyFile] = []
    public: str = ""


class Accepted(Document, frozen=True):
    """The answer is in the outbox."""

    delivery: DeliveryBrief


class PartDocument(Document, frozen=True):
    """One piece of a delivery."""

    n: int
    state: DeliveryState
    attempts: int
    external_id: str | None
    sent_at: datetime | None


class DeliveryDocument(Document, frozen=True):
    """A delivery with its fate.  code and detail: why it waits, failed or is unknown."""

    id: str
    state: DeliveryState
    code: str
    detail: str
    attempts: int
    ticket: int | None
    parts: list[PartDocument]
    updated_at: datetime


class ChannelDocument(Document, frozen=True):
    """How one account is doing."""

    account: str
    channel: Channel
    state: str
    detail: str
    since: datetime
    checked_at: datetime
    last_event_at: datetime | None
    last_sent_at: datetime | None


class ChannelList(Document, frozen=True):
    """Every configured account."""

    items: list[ChannelDocument]


class ItemDocument(Document, frozen=True):
    """What a feed found.

    mood: ``alarming``, ``upset`` or empty.  alike: so many others with the same words.  address: where it
    stands on the platform.  wanted: a ticket of it is asked for.  ticket: its number, once there is one.
    """

    id: str
    feeds: list[str]
    channel: Channel
    author: str
    handle: str | None
    text: str
    address: str
    language: str | None
    mood: Mood
    sent_at: datetime
    alike: int
    wanted: bool
    ticket: int | None


class ItemList(Document, frozen=True):
    """A page of items, the newest first.  next: cursor of what follows; null at the end."""

    items: list[ItemDocument]
    next: str | None


class ProblemDocument(Document, frozen=True):
    """RFC 9457.  parameter: which query parameter is wrong, where one is."""

    type: str
    title: str
    status: int
    detail: str
    parameter: str | None = None


def ticket_document(ticket: Ticket) -> TicketDocument:
    """A ticket for a list."""
    return TicketDocument(
        number=ticket.number,
        subject=ticket.subject,
        status=ticket.status,
        priority=ticket.priority,
        priority_reasons=_reasons(ticket.priority_reasons),
        channel=ticket.channel,
        account=ticket.account,
        language=ticket.language,
        requester=ticket.requester,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        merged_into=ticket.merged_into,
        team=ticket.team,
        line=ticket.line,
        category=ticket.category,
        category_confidence=ticket.category_confidence,
        vip=ticket.vip,
        tags=list(ticket.tags),
        incident=ticket.incident,
        clocks=[ClockDocument(one.kind, one.state, one.since, one.due_at) for one in ticket.clocks],
    )


def incident_document(incident: Incident) -> IncidentDocument:
    """An incident for a list."""
    return IncidentDocument(
        number=incident.number,
        title=incident.title,
        kind=incident.kind,
        state=incident.state,
        people=incident.people,
        raised_at=incident.raised_at,
        last_at=incident.last_at,
        told=len(incident.told),
    )


def whole_incident(room: Room) -> WholeIncident:
    """An incident with who reported it."""
    members = [
        IncidentMember(row.number, row.requester, row.channel, row.language, list(row.member.why))
        for row in room.rows
    ]
    return WholeIncident(**msgspec.structs.asdict(incident_document(room.incident)), members=members)


def whole_ticket(envelope: TicketEnvelope, now: datetime) -> WholeTicket:
    """A ticket with its messages."""
    asked = next((one for one in envelope.identities if one.id == envelope.ticket.requester_id), None)
    held = asked.restricted(now) if asked else None
    deliveries = {one.message_id: one for one in envelope.deliveries if one.message_id is not None}
    fields = msgspec.structs.asdict(ticket_document(envelope.ticket))
    messages = [_message(message, deliveries.get(message.id)) for message in envelope.messages]
    restriction = RestrictionDocument(**msgspec.structs.asdict(held)) if held else None
    challenges = [_challenge(envelope, one, now) for one in envelope.challenges]
    return WholeTicket(
        **fields,
        messages=messages,
        merged=list(envelope.merged),
        restriction=restriction,
        challenges=challenges,
    )


def _challenge(ticket: TicketEnvelope, one: Challenge, now: datetime) -> ChallengeDocument:
    return ChallengeDocument(
        id=one.id,
        way=one.way,
        state=one.state,
        holds=one.holds(now) and not joined_since(ticket, one),
        about=one.about,
        evidence=one.evidence,
        asked_at=one.asked_at,
        answer_by=one.answer_by,
        ended_at=one.ended_at,
        holds_until=one.holds_until,
    )


def brief(delivery: Delivery) -> DeliveryBrief:
    """Only id and state."""
    return DeliveryBrief(delivery.id, delivery.state)


def delivery_document(delivery: Delivery, ticket: int | None) -> DeliveryDocument:
    """A delivery in full."""
    return DeliveryDocument(
        id=delivery.id,
        state=delivery.state,
        code=delivery.code,
        detail=delivery.detail,
        attempts=sum(part.attempts for part in delivery.parts),
        ticket=ticket,
        parts=[PartDocument(p.n, p.state, p.attempts, p.external_id, p.sent_at) for p in delivery.parts],
        updated_at=delivery.updated_at,
    )


def channel_document(health: ChannelHealth) -> ChannelDocument:
    """An account's state."""
    return ChannelDocument(
        account=health.account,
        channel=health.channel,
        state=health.state,
        detail=health.detail,
        since=health.since,
        checked_at=health.checked_at,
        last_event_at=health.last_event_at,
        last_sent_at=health.last_sent_at,
    )


def item_document(item: FeedItem) -> ItemDocument:
    """An item of a feed."""
    return ItemDocument(
        id=item.id,
        feeds=list(item.feeds),
        channel=item.channel,
        author=item.author,
        handle=item.handle,
        text=item.text,
        address=item.address,
        language=item.language,
        mood=item.mood,
        sent_at=item.sent_at,
        alike=item.alike,
        wanted=bool(item.wanted_by),
        ticket=item.number,
    )


def _reasons(reasons: tuple[Reason, ...]) -> list[ReasonDocument]:
    return [ReasonDocument(reason.label, reason.points) for reason in reasons]


def _message(message: Message, delivery: Delivery | None) -> MessageDocument:
    return MessageDocument(
        id=message.id,
        direction=message.direction,
        author=message.author,
        text=message.text,
        sent_at=message.sent_at,
        subject=message.subject,
        language=message.language,
        external_id=message.external_id,
        attachments=[_attachment(one) for one in message.attachments],
        delivery=brief(delivery) if delivery else None,
    )


def _attachment(found: Attachment) -> AttachmentDocument:
    return AttachmentDocument(
        id=found.id,
        name=found.name,
        type=found.media_type,
        size_bytes=found.size_bytes,
        state=found.state,
        url=f"{PREFIX}/attachments/{found.id}",
    )
