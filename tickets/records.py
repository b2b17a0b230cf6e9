"""What is handed to a store and comes back from it, beside the model itself."""

from datetime import datetime
from typing import Final, Literal, Self

from msgspec.structs import replace

from tickets.feeds import FeedItem
from tickets.ids import (
    AccountId,
    AttachmentId,
    Channel,
    DeliveryId,
    EventId,
    ExternalMessageId,
    IdentityId,
    ItemId,
    JobId,
    MessageId,
    ThreadId,
    ThreadKey,
    TicketId,
    TicketNumber,
    UserId,
)
from tickets.model import (
    AttachmentDraft,
    Challenge,
    Contact,
    Delivery,
    Entity,
    Identity,
    Message,
    Participant,
    RawEvent,
    Reaction,
    Restriction,
    Role,
    SecretKind,
    Shape,
    Thread,
    Ticket,
    TicketEvent,
    TicketStatus,
)


class LeasedEvent(Shape, frozen=True):
    """A raw event that this worker alone may handle until its lease ends.

    attempts: how often it was leased, this time included.
    """

    id: EventId
    event: RawEvent
    attempts: int


class ContextQuery(Shape, frozen=True):
    """What the router must know before it can decide about a batch of messages."""

    identities: frozenset[tuple[Channel, str]]
    refs: frozenset[tuple[Channel, ExternalMessageId]]
    threads: frozenset[tuple[AccountId, ThreadKey]]
    fingerprints: frozenset[str]
    fingerprints_since: datetime
    numbers: frozenset[TicketNumber] = frozenset()
    claims: frozenset[str] = frozenset()
    busy_since: datetime | None = None
    """From when on people's messages are counted; None: they are not."""
    drafts: bool = False
    """Whether answers that wait for being posted by hand are wanted, too."""
    items: frozenset[tuple[AccountId, ExternalMessageId]] = frozenset()
    """Reading matter of which is asked whether it is known, by its name or by its words."""


def only_thread(thread: Thread, now: datetime) -> ContextQuery:
    """To ask whether a conversation is known, and what goes on in it."""
    return ContextQuery(frozenset(), frozenset(), frozenset({(thread.account, thread.key)}), frozenset(), now)


class Claim(Shape, frozen=True):
    """A code that was given to somebody in a ticket, see ``tickets.claims``.

    ticket_id: where that conversation is now.  used: it leads nowhere any more.
    """

    code_hash: str
    ticket_id: TicketId
    identity_id: IdentityId
    expires_at: datetime
    used: bool = False
    restriction: Restriction | None = None
    """Of whom it was given to, as it is now."""


class Challenged(Shape, frozen=True):
    """A challenge, new or in its new state.  code_hash: of a new one by code; else None, which leaves it."""

    challenge: Challenge
    code_hash: str | None = None


class MessageRef(Shape, frozen=True):
    """What a platform's message name leads to.

    content_hash: of the message that took the name; empty when the platform
    itself keeps names unique.  ours: True for messages we sent.  notice: ours,
    but none of the ticket's messages; it leads to the one it is about.
    copies: who got an answer of ours besides the person (email).
    """

    message_id: MessageId
    ticket_id: TicketId
    thread_id: ThreadId
    content_hash: str = ""
    ours: bool = False
    notice: bool = False
    copies: tuple[str, ...] = ()


class FingerprintHit(Shape, frozen=True):
    """An earlier message with the same text."""

    message_id: MessageId
    ticket_id: TicketId
    number: TicketNumber
    identity_id: IdentityId
    channel: Channel
    stored_at: datetime


class Draft(Shape, frozen=True):
    """An answer that waits for being posted by hand.  answers: the post that it is for."""

    delivery_id: DeliveryId
    message_id: MessageId
    ticket_id: TicketId
    answers: ExternalMessageId


class Context(Shape, frozen=True):
    """The answer to a ContextQuery.

    tickets: those that any reference, thread or number leads to.
    thread_tickets: the newest ticket of a thread, open or closed.  claims: by
    hash.  busy: how many messages each known person wrote since then whom
    the platform vouches for; those who were held back since then left out.
    challenges: by the hash of their code; their tickets are where they are now.
    drafts: of the tickets, by what they answer.  items: of feeds, by name.
    alike: of the same words since then, the first of them, by fingerprint.
    told: what commands were answered with in this batch, by conversation.
    """

    identities: dict[tuple[Channel, str], Identity]
    refs: dict[tuple[Channel, ExternalMessageId], MessageRef]
    threads: dict[tuple[AccountId, ThreadKey], Thread]
    threads_by_id: dict[ThreadId, Thread]
    tickets: dict[TicketId, Ticket]
    thread_tickets: dict[ThreadId, TicketId]
    participants: dict[TicketId, frozenset[IdentityId]]
    fingerprints: dict[str, tuple[FingerprintHit, ...]]
    numbers: dict[TicketNumber, TicketId] = {}
    claims: dict[str, Claim] = {}
    challenges: dict[str, Challenge] = {}
    busy: dict[IdentityId, int] = {}
    drafts: dict[ExternalMessageId, Draft] = {}
    items: dict[tuple[AccountId, ExternalMessageId], FeedItem] = {}
    alike: dict[tuple[AccountId, str], FeedItem] = {}
    told: set[tuple[AccountId, ThreadKey, str]] = set()


class NewRef(Shape, frozen=True):
    """A name under which a message can be answered.  An existing name keeps its message."""

    channel: Channel
    ref: ExternalMessageId
    message_id: MessageId
    ticket_id: TicketId
    thread_id: ThreadId
    part: int = 0
    content_hash: str = ""
    ours: bool = False


class NewAttachment(Shape, frozen=True):
    """An attachment with what is to be stored of it; ``draft.content`` None: fetched later, or missing.

    held: its bytes are kept, and shown to nobody before they were checked.
    """

    id: AttachmentId
    message_id: MessageId
    draft: AttachmentDraft
    held: bool = False


class NewJob(Shape, frozen=True):
    """Timed work.  A second job with the same ``dedupe_key`` is not enqueued.

    payload: ids only.
    """

    kind: str
    dedupe_key: str
    run_at: datetime
    payload: dict[str, str] = {}


class MessageChange(Shape, frozen=True):
    """An edit (text given) or a deletion (text None) of a stored message."""

    message_id: MessageId
    at: datetime
    text: str | None
    secrets: tuple[SecretKind, ...] = ()
    """What stood in the new text and is covered."""
    entities: tuple[Entity, ...] = ()
    """What can be looked up in the new text."""


def with_secrets(present: tuple[SecretKind, ...], change: MessageChange) -> tuple[SecretKind, ...]:
    """What stood in a message after a change: its earlier words are kept, too."""
    return tuple(dict.fromkeys((*present, *change.secrets)))


class Reacted(Shape, frozen=True):
    """A person's signs at a stored message, in place of those before; empty: taken back."""

    message_id: MessageId
    identity_id: IdentityId
    signs: str


def with_reaction(present: tuple[Reaction, ...], reacted: Reacted) -> tuple[Reaction, ...]:
    """The reactions at a message after somebody's; one who reacts again comes last."""
    others = tuple(one for one in present if one.identity_id != reacted.identity_id)
    return (*others, Reaction(reacted.identity_id, reacted.signs)) if reacted.signs else others


BOUNCED: Final = "bounced"
"""The code of a delivery that left and came back."""


BY_HAND: Final = "by_hand"
"""The code of a delivery that the platform takes from a person only."""


class Posted(Shape, frozen=True):
    """A draft that somebody posted; Conflict when it waits no more."""

    delivery_id: DeliveryId
    external_id: ExternalMessageId
    at: datetime


class Bounce(Shape, frozen=True):
    """An answer that came back: the message it was, and a sentence why.

    name: of a mail that is none of the ticket's messages; None for one of them.
    """

    message_id: MessageId
    detail: str
    name: ExternalMessageId | None = None


class Restricting(Shape, frozen=True):
    """People held back, or let go again.

    restriction: None lets them go.  gently: only those whom nothing holds back
    when it begins.  lifting: only those whom this very one holds back,
    Conflict when there is none; None: any.
    """

    identities: frozenset[IdentityId]
    restriction: Restriction | None
    gently: bool = False
    lifting: Restriction | None = None

    def means(self, present: Restriction | None) -> bool:
        """Whether somebody is meant who is held back by this now (None: by nothing)."""
        if self.gently:
            return present is None or self.restriction is None or not present.holds(self.restriction.since)
        return self.lifting in (None, present)


class Admission(Shape, frozen=True):
    """What becomes of some raw events: committed together with everything it causes.

    verdict ``ticket`` carries the rest; ``ignored`` and ``quarantined`` only
    a reason.  ticket: its full new state; number 0 lets the store choose the
    next.  ticket_version: the version it was decided on, 0 for a new one.
    new_*: rows that did not exist in the context.  segments: by which the
    ticket is found, see ``tickets.segments``; snippet: what lists show of the
    message; empty leaves what they show.
    """

    event_ids: tuple[EventId, ...]
    verdict: Literal["ticket", "ignored", "quarantined"]
    reason: str = ""
    new_contact: Contact | None = None
    new_identity: Identity | None = None
    changed_identity: Identity | None = None
    new_thread: Thread | None = None
    ticket: Ticket | None = None
    ticket_version: int = 0
    thread_id: ThreadId | None = None
    participants: tuple[Participant, ...] = ()
    message: Message | None = None
    change: MessageChange | None = None
    reacted: Reacted | None = None
    attachments: tuple[NewAttachment, ...] = ()
    refs: tuple[NewRef, ...] = ()
    bounce: Bounce | None = None
    posted: Posted | None = None
    restricting: Restricting | None = None
    claimed: str = ""
    """The hash of the code that its message brought; Conflict when it was used meanwhile."""
    shown: Challenge | None = None
    """What its message brought the code of."""
    fingerprint: str = ""
    signature: str = ""
    """By which its message is compared with others of the same cause, JSON; empty for none."""
    segments: frozenset[str] = frozenset()
    snippet: str = ""
    deliveries: tuple[Delivery, ...] = ()
    jobs: tuple[NewJob, ...] = ()
    events: tuple[TicketEvent, ...] = ()
    item: FeedItem | None = None
    """Reading matter that is new, or what became of it; who wants a ticket of it is left as it is."""
    alike_to: ItemId | None = None
    """Reading matter in which the same was said before: it is counted there, and not kept."""
    withdrawn: tuple[AccountId, ExternalMessageId] | None = None
    """Reading matter that was deleted on the platform, and is forgotten here."""
    unkept: bool = False
    """What its raw events hold is not kept, as that of ignored ones that are no item, either."""

    @property
    def keeps_originals(self) -> bool:
        """Whether what its raw events hold is of use to anybody."""
        return not self.unkept and (self.verdict != "ignored" or self.item is not None)

    def without_words(self) -> Self:
        """For a message that was erased meanwhile: what it says now is not kept, either."""
        return replace(self, change=None, attachments=(), segments=frozenset(), snippet="", unkept=True)


class QuarantinedEvent(Shape, frozen=True):
    """A raw event that could not be read, for ``switchboard quarantine``."""

    id: EventId
    channel: Channel
    account: AccountId
    external_id: str
    received_at: datetime
    size_bytes: int
    reason: str


class CommandKey(Shape, frozen=True):
    """A command's idempotency key.  fingerprint: hash of what was asked, to tell a repeat from a misuse."""

    actor: str
    key: str
    fingerprint: str


class CommandResult(Shape, frozen=True):
    """What an earlier command with the same key did.  result: its delivery id, else the ticket number."""

    fingerprint: str
    result: str


class Merging(Shape, frozen=True):
    """The ticket whose messages move to that of a change.

    giver: its new state; expected_version: as for the change itself.  back:
    what a merging brought from ``TicketChange.ticket`` returns to it, with
    what came since in conversations that only that ticket had.  forgotten:
    segments by which the giver is found no more.
    """

    giver: Ticket
    expected_version: int
    back: bool = False
    forgotten: frozenset[str] = frozenset()


class Brought(Shape, frozen=True):
    """What a merging brought from a ticket.

    messages: those it had then.  threads: conversations that were new to the
    other, and those that people who came with it have begun since.
    elsewhere: one of its conversations goes on in a third ticket.
    """

    messages: frozenset[MessageId]
    threads: frozenset[ThreadId]
    elsewhere: bool = False

    def has(self, message: Message) -> bool:
        """Whether it goes where that ticket goes."""
        return message.id in self.messages or message.thread_id in self.threads


class Erasing(Shape, frozen=True):
    """Messages of a ticket of which nothing is kept any more but that there was something.

    forgotten: segments by which the ticket is found no more.  originals: the
    raw events of ``account`` whose names begin so lose what they hold.
    """

    messages: frozenset[MessageId]
    forgotten: frozenset[str]
    account: AccountId
    originals: tuple[str, ...]


class Hiding(Shape, frozen=True):
    """Whether a message is to be hidden on the platform."""

    message_id: MessageId
    hidden: bool


class TicketChange(Shape, frozen=True):
    """A command's effect.  attachments: of ``message``.  ``ticket.version`` must be ``expected_version`` + 1.

    delivery: a new one, or with ``expected_delivery`` the new state of one
    that must still be in that state.  mailed: another new one, apart from the
    ticket's conversations.  segments: by which the ticket is found.
    """

    ticket: Ticket
    expected_version: int
    events: tuple[TicketEvent, ...]
    message: Message | None = None
    attachments: tuple[NewAttachment, ...] = ()
    delivery: Delivery | None = None
    expected_delivery: str | None = None
    mailed: Delivery | None = None
    command: CommandKey | None = None
    result: str = ""
    segments: frozenset[str] = frozenset()
    merging: Merging | None = None
    restricting: Restricting | None = None
    claim: Claim | None = None
    challenged: Challenged | None = None
    erasing: Erasing | None = None
    hiding: Hiding | None = None
    jobs: tuple[NewJob, ...] = ()


class TicketFilter(Shape, frozen=True):
    """What to list.  None means any.  assignee ``-`` means nobody.

    hidden: teams whose tickets are left out, but for those that ``seen_by`` has.
    cursor: as returned in ``Page.next``.  limit: 1 to 200.
    """

    status: TicketStatus | None = None
    channel: Channel | None = None
    assignee: str | None = None
    team: str | None = None
    category: str | None = None
    hidden: frozenset[str] = frozenset()
    seen_by: UserId | None = None
    query: str = ""
    limit: int = 50
    cursor: str = ""


class TicketRow(Shape, frozen=True):
    """A ticket in a list, with the last words the person wrote (at most 200 characters)."""

    ticket: Ticket
    snippet: str
    message_count: int
    visibility: Literal["public", "private"]


class Page(Shape, frozen=True):
    """A page of a list; ``next`` is None on the last."""

    items: tuple[TicketRow, ...]
    next: str | None


class Counts(Shape, frozen=True):
    """Tickets that are not closed, counted for the rail of views.  unknown: answers of unknown fate."""

    open: int
    pending: int
    unassigned: int
    mine: int
    unknown: int = 0


class Duty(Shape, frozen=True, omit_defaults=True):
    """What work somebody does.

    teams: whose tickets they get; those of restricted teams they alone see.  languages: they answer in; empty:
    any.  line: the highest they take work of, 1 to 3.  cap: tickets that wait for us, at most; 0: any number.
    present: work may be given to them now.  away_until: their tickets went to others until then; None: they are
    not away.
    """

    teams: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    line: int = 1
    cap: int = 0
    present: bool = False
    away_until: datetime | None = None

    def works(self, now: datetime) -> bool:
        """Whether work may be given to them."""
        return self.present and (self.away_until is None or self.away_until <= now)


class User(Shape, frozen=True):
    """Somebody who may sign in.  password_hash: argon2id; None: links only."""

    id: UserId
    name: str
    role: Role
    active: bool
    created_at: datetime
    password_hash: str | None = None
    duty: Duty = Duty()


class Session(Shape, frozen=True):
    """A browser's sign-in.  id: SHA-256 of the cookie, never the cookie itself."""

    id: str
    user_id: UserId
    csrf: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class ApiToken(Shape, frozen=True):
    """A bearer token.  hash: SHA-256 of the token, never the token itself."""

    name: str
    role: Role
    hash: str
    created_at: datetime
    revoked_at: datetime | None = None


class Job(Shape, frozen=True):
    """A leased job."""

    id: JobId
    kind: str
    payload: dict[str, str]
    attempts: int


class Reaped(Shape, frozen=True):
    """Workers found dead, by their names, and how many deliveries became unknown."""

    workers: tuple[str, ...] = ()
    unknown: int = 0
