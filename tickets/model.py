"""The shapes that travel between packages: frozen, closed, exportable as JSON Schema.

Times are aware UTC everywhere.  Texts are Unicode as written by people; none
of them is ever markup, template or address until a responder says so.
"""

from datetime import datetime
from typing import Final, Literal

import msgspec

from tickets.ids import (
    AccountId,
    AttachmentId,
    BlobId,
    ChallengeId,
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

Visibility = Literal["public", "private"]
Direction = Literal["in", "out", "note"]
TicketStatus = Literal["open", "pending", "closed"]
"""open: the person waits for us; pending: we wait for the person; closed: done until they write again."""
DeliveryState = Literal["queued", "held", "sending", "sent", "failed", "unknown"]
DeliveryKind = Literal["reply", "notice", "code", "staff", "alert", "hook"]
"""code: of a challenge, to an address on record; its words are shown to nobody here."""
ChallengeWay = Literal["questions", "code", "sign_in"]
"""questions: a colleague compares the answers.  code: sent to the address on record, and told here.
sign_in: at the company's own page, by a signed link."""
SecretKind = Literal["seed phrase", "private key", "card", "password"]
EntityKind = Literal["account", "order", "amount", "transaction", "wallet", "date", "email", "phone", "link"]
Role = Literal["viewer", "agent", "lead", "admin"]
ClockKind = Literal["pickup", "first", "next", "resolution"]
"""pickup: until somebody has it.  first and next: until the first, or another, answer.  resolution: until it
is closed."""
ClockState = Literal["running", "paused", "warned", "missed"]


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Common options of every shape: frozen, and closed to unknown fields."""


OWN: Final = "own"
"""The note of an event that tells of an answer by one of ours, given on the platform itself."""


class RawEvent(Shape, frozen=True):
    """One thing a platform handed out, byte for byte.

    external_id: the platform's name for it, unique within the account.
    conversation: what one worker at a time may handle; a chat id, a sender.
    group: set when several events make one message (an album); they are
    held until the group has been quiet for ``quiet_s`` seconds.
    own_id: the account's own name on the platform (bot id, mailbox address).
    note: set by the connector instead of guessing, e.g. ``too_large``.
    late: written long before it could be read, by the platform's own clock:
    nobody is notified of it.  looked_up: what the connector asked other
    servers about it for whoever reads it (mail: DNS records, as JSON; in
    Telegram's groups the bot's name), or found proved, as the command of a
    signed button; empty when there was nothing.  feed: the account's feed
    that found it, where nobody addressed us; empty for what did.
    """

    channel: Channel
    account: AccountId
    external_id: str
    conversation: str
    payload: bytes
    received_at: datetime
    own_id: str
    group: str = ""
    quiet_s: float = 0.0
    note: str = ""
    late: bool = False
    looked_up: str = ""
    feed: str = ""


class Author(Shape, frozen=True):
    """Who wrote, as the platform tells it.

    external_id: what identifies the person on the channel; never the name.
    language: BCP 47 tag of their client, a hint only; None when not told.
    since: when they joined the platform; None when not told.  followers: how
    many follow them there; None when not told.
    """

    external_id: str
    display_name: str
    handle: str | None = None
    language: str | None = None
    is_bot: bool = False
    since: datetime | None = None
    followers: int | None = None


class Authenticity(Shape, frozen=True):
    """What the platform or mail server vouches for.

    verified: the platform itself carried the message from this identity, or
    a configured mail server reports DMARC pass.  failed: it reports a
    failure.  unverified: nobody we trust said anything.
    """

    verdict: Literal["verified", "unverified", "failed"]
    by: str
    detail: str = ""


class Automatic(Shape, frozen=True):
    """The message was written by a machine; it is kept and never answered automatically."""

    kind: Literal["auto_reply", "bounce", "list", "receipt", "complaint", "bot"]
    reason: str


class DeliveryReport(Shape, frozen=True):
    """What a mail system says became of a mail of ours (RFC 3464).

    outcome: ``delayed``: it is still trying.  recipient, status (as 5.1.1)
    and said (its own words): empty when it does not say.
    """

    outcome: Literal["failed", "delayed", "delivered"]
    recipient: str = ""
    status: str = ""
    said: str = ""


class AttachmentDraft(Shape, frozen=True):
    """A file that came with a message, before it is stored.

    content: the bytes when the event carried them; None when they must be
    fetched from the platform by ``remote_id``, or cannot be (see ``note``).
    """

    name: str
    media_type: str
    size_bytes: int | None = None
    content: bytes | None = None
    remote_id: str | None = None
    content_id: str | None = None
    note: str = ""


class ThreadRef(Shape, frozen=True):
    """The platform conversation a message stands in."""

    key: ThreadKey
    visibility: Visibility
    title: str = ""


class Gist(Shape, frozen=True):
    """What a message's text says by itself; found where it is read, so that nobody else must read it again.

    said: without quotations and signatures.  sample: its words, fit to
    recognise a language by.  fingerprint: equal for equal words, empty for
    too few.  segments: what it is found by.  theft and life: in which languages'
    words it tells of theft or fraud, and of a threat to life; upset: anger.  codes: hashes of what may be codes
    (``tickets.claims``).
    """

    said: str
    sample: str
    fingerprint: str
    segments: frozenset[str]
    theft: tuple[str, ...]
    life: tuple[str, ...]
    upset: bool
    codes: tuple[str, ...] = ()


class InboundMessage(Shape, frozen=True):
    """What a raw event means: the output of every normalizer.

    external_id: unique within the channel.  kind ``edit``, ``delete`` and
    ``reaction`` name the message they are about in ``external_id``; the text
    of a reaction is its signs, empty when it was taken back.
    reply_to: messages it answers, most trusted first.
    aliases: further names under which the same message may be answered.
    warnings: sentences a person should read before trusting the message.
    """

    channel: Channel
    account: AccountId
    external_id: ExternalMessageId
    thread: ThreadRef
    author: Author
    text: str
    sent_at: datetime
    authenticity: Authenticity
    kind: Literal["message", "edit", "delete", "reaction"] = "message"
    subject: str | None = None
    html: str | None = None
    reply_to: tuple[ExternalMessageId, ...] = ()
    aliases: tuple[ExternalMessageId, ...] = ()
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    attachments: tuple[AttachmentDraft, ...] = ()
    automatic: Automatic | None = None
    group: str = ""
    command: str = ""
    """What the person asked the bot itself, e.g. ``start``; such a message is no ticket."""
    argument: str = ""
    """What stands behind a command."""
    content_hash: str = ""
    """Set where senders choose external ids (email): equal ids with different hashes are two messages."""
    warnings: tuple[str, ...] = ()
    unanswerable: str = ""
    """Why the program cannot answer it, for people: no sender, or the platform forbids it; empty when it can."""
    late: bool = False
    """Written long before it could be read: nobody is notified of it."""
    report: DeliveryReport | None = None
    """Set when a mail system tells what became of a mail."""
    stray: bool = False
    """It reports on a mail that was not sent from here."""
    claims: tuple[ExternalMessageId, ...] = ()
    """Of ``reply_to`` those that have the form of our own signed names: genuine only if we know them."""
    ticket_number: TicketNumber | None = None
    """The ticket that its subject names; anybody can write that."""
    own: bool = False
    """It comes from an address of the account's own."""
    alias: str = ""
    """The other address of the account's own that it was sent to; empty: its main one, or none that is known."""
    gist: Gist | None = None
    """None until somebody has asked for it."""
    interaction: str = ""
    """What an answer of the program's is shown in place of, where the platform shows that one is expected."""
    by_us: bool = False
    """One of ours wrote it on the platform itself, as the account: it is an answer, and no question."""
    acknowledged: bool = False
    """The platform was told already that it arrived, and has shown that."""
    unaddressed: bool = False
    """Written among many and not to us; a part of what is if another of its group is addressed."""
    feed: str = ""
    """The account's feed that found it: reading matter, unless a ticket of it is wanted; empty: it is for us."""
    secrets: tuple[SecretKind, ...] = ()
    """What stood in it and is covered, see ``router.leaks``."""
    address: str = ""
    """Of reading matter: where it stands on the platform, an https link; empty when it has none."""


class Ignored(Shape, frozen=True):
    """A raw event that needs no ticket; ``reason`` is a word kept beside it."""

    reason: str


class Entity(Shape, frozen=True):
    """Something in a message that can be looked up.

    value: in one form for all ways of writing it, as ``250 USDT``, ``2026-11-21`` or ``+491512345``; of a link its
    server.  text: as it was written.  note: what is odd about it, a sentence's end; empty for nothing.
    """

    kind: EntityKind
    value: str
    text: str = ""
    note: str = ""


class Reason(Shape, frozen=True):
    """One summand of a priority: what it is about, and its points."""

    label: str
    points: int


class Contact(Shape, frozen=True):
    """A person, however many identities they have."""

    id: ContactId
    display_name: str
    created_at: datetime


class Restriction(Shape, frozen=True):
    """What holds back what somebody writes; nothing of it is lost.

    block: it is kept in a closed ticket and answered by nobody.  mute: it
    waits behind everything else, and gets no automatic answer.  until: None
    for good.  by: the name of who decided, ``Switchboard`` for the program.
    """

    kind: Literal["block", "mute"]
    reason: Literal["spam", "abuse", "flood", "other"]
    by: str
    since: datetime
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it has not run out."""
        return self.until is None or now < self.until


class Identity(Shape, frozen=True):
    """A person's name on one channel.  Unique by (channel, external_id)."""

    id: IdentityId
    contact_id: ContactId
    channel: Channel
    external_id: str
    display_name: str
    handle: str | None = None
    language: str | None = None
    unreachable: bool = False
    """True after the platform said that the person no longer accepts messages."""
    acknowledged_at: datetime | None = None
    """When they last got an automatic acknowledgement; None: never."""
    restriction: Restriction | None = None
    """The last one; it may have run out.  None: there is none, or it was lifted."""
    chosen_language: str | None = None
    """The language they asked for, as our own texts name it; None: they did not."""

    @property
    def speaks(self) -> str | None:
        """The language to write to them in."""
        return self.chosen_language or self.language

    def restricted(self, now: datetime) -> Restriction | None:
        """What holds back what they write now."""
        return self.restriction if self.restriction is not None and self.restriction.holds(now) else None


class Challenge(Shape, frozen=True):
    """Somebody of a ticket is asked to show who they are, before private data is told.

    answer_by: no code or sign-in later shows it.  asked_by and judged_by: as
    ``TicketEvent.actor``; judged_by is empty where the program saw it.
    evidence: what shows it, or why it does not, in a sentence; never the answer itself.
    ended_at: when it was shown, or failed; None: neither.  holds_until: not
    taken for shown any more from then on; None: it never was.
    """

    id: ChallengeId
    ticket_id: TicketId
    identity_id: IdentityId
    way: ChallengeWay
    state: Literal["asked", "shown", "failed"]
    asked_by: str
    asked_at: datetime
    answer_by: datetime
    about: str = ""
    """What was asked: names of questions, or the address on record with letters left out."""
    evidence: str = ""
    judged_by: str = ""
    ended_at: datetime | None = None
    holds_until: datetime | None = None

    def open(self, now: datetime) -> bool:
        """Whether it can still be shown."""
        return self.state == "asked" and now < self.answer_by

    def holds(self, now: datetime) -> bool:
        """Whether they have shown who they are, and that is not too long ago."""
        return self.state == "shown" and self.holds_until is not None and now < self.holds_until


class TicketClock(Shape, frozen=True):
    """By when something is to happen to a ticket, in the hours of whoever has the work.

    since: when it began to run.  due_at: None while it is paused.  target_s: the working time that it allows,
    seconds.  look_at: when its state changes next; None: never.  left_s: what of that was left when it was
    paused; 0 while it runs.
    """

    kind: ClockKind
    since: datetime
    due_at: datetime | None
    target_s: float
    state: ClockState = "running"
    look_at: datetime | None = None
    left_s: float = 0.0


class Participant(Shape, frozen=True):
    """Somebody in a ticket: the requester, or another who was addressed or wrote."""

    identity_id: IdentityId
    role: Literal["requester", "other"]


class Thread(Shape, frozen=True):
    """A platform conversation.  Unique by (account, key); one open ticket each."""

    id: ThreadId
    account: AccountId
    channel: Channel
    key: ThreadKey
    visibility: Visibility
    title: str = ""


class Ticket(Shape, frozen=True):
    """A case: many messages, threads and participants, one number.

    waiting_since: when the oldest unanswered message arrived; None when the
    last word is ours.  unanswered: messages since then.  version: counts changes, for optimistic locking.
    language: the requester's, as last recognised; None when unknown.
    merged_into: the ticket where its messages are now; None: here.
    line: 1 to 3.  category: what it is about, empty when unsure; confidence from 0 to 1; category_by: who said so,
    as ``TicketEvent.actor``, empty for the program.  vip: of somebody who skips the lines.
    answered_at: when the person first got an answer.  clocks: those that run or are paused.  look_at: when they
    are to be looked at; None: nothing happens to them by itself.  tags: words that colleagues
    and rules put on it.  incident: that it belongs to.
    """

    id: TicketId
    number: TicketNumber
    subject: str
    status: TicketStatus
    priority: int
    priority_reasons: tuple[Reason, ...]
    team: str
    channel: Channel
    account: AccountId
    requester_id: IdentityId
    requester: str
    created_at: datetime
    updated_at: datetime
    assignee: UserId | None = None
    language: str | None = None
    waiting_since: datetime | None = None
    unanswered: int = 0
    version: int = 1
    merged_into: TicketNumber | None = None
    line: int = 1
    category: str = ""
    category_confidence: float = 0.0
    category_by: str = ""
    vip: bool = False
    answered_at: datetime | None = None
    clocks: tuple[TicketClock, ...] = ()
    look_at: datetime | None = None
    tags: tuple[str, ...] = ()
    incident: IncidentNumber | None = None


ERASED: Final = "It was removed together with its message."
"""The note of a file that is not to come back."""


class Attachment(Shape, frozen=True):
    """A file in the store.

    state: ``stored`` with its SHA-256, ``pending`` while it is fetched or checked,
    ``missing`` when it could not be had (``note`` says why).
    """

    id: AttachmentId
    message_id: MessageId
    name: str
    media_type: str
    state: Literal["stored", "pending", "missing"]
    size_bytes: int | None = None
    sha256: BlobId | None = None
    remote_id: str | None = None
    content_id: str | None = None
    note: str = ""


class MessageVersion(Shape, frozen=True):
    """What a message said before it was changed at ``replaced_at``."""

    text: str
    replaced_at: datetime


class Reaction(Shape, frozen=True):
    """A person's signs at a message, as 👍."""

    identity_id: IdentityId
    signs: str


class Message(Shape, frozen=True):
    """One message or note in a ticket.

    author: the name to show.  identity_id: who wrote, for incoming; actor:
    which user, for outgoing and notes.  sent_at: the platform's time;
    stored_at: ours, by which conversations are sorted.  unanswerable: why
    the program cannot answer it; empty when it can.  typed: what our person
    typed, where that has marks in it; None: it is the text.  call: a note about
    a phone call.  hidden: we had the platform hide it under our post.  secrets:
    what stood in it and is covered; only leads may read its original.  entities:
    what can be looked up in it, in its order.
    """

    id: MessageId
    ticket_id: TicketId
    direction: Direction
    author: str
    text: str
    sent_at: datetime
    stored_at: datetime
    thread_id: ThreadId | None = None
    identity_id: IdentityId | None = None
    actor: UserId | None = None
    external_id: ExternalMessageId | None = None
    reply_to: ExternalMessageId | None = None
    event_id: EventId | None = None
    subject: str | None = None
    html: str | None = None
    language: str | None = None
    authenticity: Authenticity | None = None
    automatic: Automatic | None = None
    warnings: tuple[str, ...] = ()
    unanswerable: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    typed: str | None = None
    call: bool = False
    hidden: bool = False
    secrets: tuple[SecretKind, ...] = ()
    entities: tuple[Entity, ...] = ()
    deleted_at: datetime | None = None
    versions: tuple[MessageVersion, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    reactions: tuple[Reaction, ...] = ()


class Button(Shape, frozen=True):
    """Something to press under a message of ours: a command, with its argument behind a blank."""

    command: str
    label: str


class ReplyTarget(Shape, frozen=True):
    """Where an answer goes; everything a sender needs besides the text.

    thread_key: the conversation.  in_reply_to: the message answered, None
    to speak into the conversation plainly.  references: earlier messages,
    oldest first (email).  to and cc: recipients (email).  alias: the address
    of ours that it comes from (email); None: the account's main one.
    buttons: under the last words, where the channel shows any.
    """

    channel: Channel
    account: AccountId
    thread_key: ThreadKey
    visibility: Visibility
    in_reply_to: ExternalMessageId | None = None
    references: tuple[ExternalMessageId, ...] = ()
    to: tuple[str, ...] = ()
    subject: str | None = None
    cc: tuple[str, ...] = ()
    alias: str | None = None
    buttons: tuple[Button, ...] = ()
    interaction: str = ""
    """Shown in place of what the platform shows meanwhile, see ``InboundMessage``."""
    by_hand: str = ""
    """The address where a person can post it themselves, its text filled in; empty where there is none."""


SpanKind = Literal["bold", "italic", "strike", "code", "link"]


class Span(Shape, frozen=True):
    """A stretch of a text that is formatted.  start and end: in characters; end is behind it.  url: of a link."""

    start: int
    end: int
    kind: SpanKind
    url: str = ""


class ReplyFile(Shape, frozen=True):
    """A file that goes with a piece.  name: a label, one line, no path."""

    name: str
    media_type: str
    content: bytes


class Reply(Shape, frozen=True):
    """One piece for a sender to send.

    send_key: fixed before the first attempt, the same on every attempt; at
    most 25 characters.  part and parts: 1 of n; a piece after the first
    follows ``previous``, the receipt's id of the piece before it.
    automatic: the program wrote it, not a person.  text: empty only where
    the channel sends files apart from words.  spans: what of it is formatted.
    """

    target: ReplyTarget
    text: str
    send_key: str
    created_at: datetime
    part: int = 1
    parts: int = 1
    previous: ExternalMessageId | None = None
    automatic: bool = False
    files: tuple[ReplyFile, ...] = ()
    carries: int = 0
    """How many files go with it, also where they are not at hand."""
    spans: tuple[Span, ...] = ()


class Receipt(Shape, frozen=True):
    """What a platform answered to an accepted piece.

    external_id: under which the person's answer will refer to it.
    aliases: further such names.  note: something a person should see, e.g.
    that the quoted message was gone.  thread_key: the conversation's name
    on the platform, where it was written to under another.
    """

    external_id: ExternalMessageId
    sent_at: datetime
    aliases: tuple[ExternalMessageId, ...] = ()
    note: str = ""
    thread_key: ThreadKey | None = None


class DeliveryPart(Shape, frozen=True):
    """One piece of a delivery and its fate.

    attempts: how often it was handed to a sender.  started_at: when the
    last attempt began.  files: of the message, those that go with this piece.
    spans: what of the text is formatted.
    """

    n: int
    text: str
    state: DeliveryState
    attempts: int = 0
    external_id: ExternalMessageId | None = None
    started_at: datetime | None = None
    sent_at: datetime | None = None
    files: tuple[AttachmentId, ...] = ()
    spans: tuple[Span, ...] = ()


class Delivery(Shape, frozen=True):
    """An outgoing message on its way, in one or more pieces.

    next_at: not before this time.  code and detail: why it waits, failed or
    is unknown; detail is a sentence for a person.
    """

    id: DeliveryId
    kind: DeliveryKind
    target: ReplyTarget
    parts: tuple[DeliveryPart, ...]
    state: DeliveryState
    next_at: datetime
    created_at: datetime
    updated_at: datetime
    priority: int = 0
    thread_id: ThreadId | None = None
    ticket_id: TicketId | None = None
    message_id: MessageId | None = None
    code: str = ""
    detail: str = ""


class TicketEvent(Shape, frozen=True):
    """One line of a ticket's history: append-only, never content.

    data: ids, states and counts before and after; a text is told by its
    salted hash at most.  seq is given by the store, 0 before.
    """

    kind: str
    actor: str
    at: datetime
    ticket_id: TicketId | None = None
    message_id: MessageId | None = None
    delivery_id: DeliveryId | None = None
    data: dict[str, str | int | None] = {}
    seq: int = 0


class ChannelHealth(Shape, frozen=True):
    """How one account is doing.

    state: ``starting, up, waiting, down, rejected``; ``rejected`` needs a
    person (a wrong secret).  last_event_at: the last message received.
    up_at: when it was last known to be connected; None: never.
    """

    account: AccountId
    channel: Channel
    state: Literal["starting", "up", "waiting", "down", "rejected"]
    detail: str
    since: datetime
    checked_at: datetime
    last_event_at: datetime | None = None
    last_sent_at: datetime | None = None
    up_at: datetime | None = None


FORMAT: Final = "switchboard.ticket"
FORMAT_VERSION: Final = 1


class TicketEnvelope(Shape, frozen=True):
    """A ticket with everything in it, for export and exchange.

    merged: tickets whose messages are here now.  events and challenges: of these, too.
    version: raised when a reader of the old shape would misread the new one.
    """

    ticket: Ticket
    threads: tuple[Thread, ...]
    contacts: tuple[Contact, ...]
    identities: tuple[Identity, ...]
    participants: tuple[Participant, ...]
    messages: tuple[Message, ...]
    deliveries: tuple[Delivery, ...]
    events: tuple[TicketEvent, ...]
    merged: tuple[TicketNumber, ...] = ()
    challenges: tuple[Challenge, ...] = ()
    format: Literal["switchboard.ticket"] = FORMAT
    version: Literal[1] = FORMAT_VERSION
