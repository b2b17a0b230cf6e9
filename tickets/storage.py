"""What a store promises.  Each method is one transaction: all of it or none.

Three stores keep these promises and pass one contract suite: SQLite,
PostgreSQL, and a memory store for tests of everything above.  Any method
raises StoreUnavailable when the database is away or full; then nothing of the
call was committed.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from tickets.feeds import FeedStore
from tickets.ids import (
    AccountId,
    AttachmentId,
    BlobId,
    ChallengeId,
    Channel,
    DeliveryId,
    EventId,
    ExternalMessageId,
    IdentityId,
    JobId,
    ThreadId,
    ThreadKey,
    TicketId,
    TicketNumber,
    UserId,
)
from tickets.incidents import IncidentStore
from tickets.model import (
    Attachment,
    Challenge,
    ChannelHealth,
    Delivery,
    RawEvent,
    Receipt,
    ReplyFile,
    Thread,
    TicketEnvelope,
    TicketEvent,
)
from tickets.notices import NewNotice, NoticeStore
from tickets.ports import Bucket
from tickets.records import (
    Admission,
    ApiToken,
    Brought,
    CommandResult,
    Context,
    ContextQuery,
    Counts,
    Job,
    LeasedEvent,
    NewJob,
    Page,
    QuarantinedEvent,
    Reaped,
    Session,
    TicketChange,
    TicketFilter,
    User,
)
from tickets.spending import SpendingStore
from tickets.sweeping import SweepStore

Topic = Literal["inbound", "outbox", "events", "jobs"]


class IntakeStore(Protocol):
    """Raw events in, tickets out."""

    async def append_raw(
        self,
        account: AccountId,
        events: Sequence[RawEvent],
        cursor: str | None,
        notices: Sequence[NewNotice] = (),
        *,
        behind: str | None = None,
    ) -> int:
        """Commit events, the cursor after them and what is to be told of them; how many events were new.

        cursor None keeps the old one.  behind: the cursor that must stand until then, else Conflict and
        nothing is committed; None: any.
        """

    async def find_cursor(self, account: AccountId) -> str | None:
        """Where the account's source stands; None before its first batch."""

    async def list_private(self, account: AccountId, limit: int) -> Sequence[ThreadKey]:
        """The account's private conversations that have a ticket, the one last written in first."""

    async def count_waiting(self) -> int:
        """Raw events not yet handled."""

    async def lease_events(self, holder: str, now: datetime, lease_s: float, limit: int) -> Sequence[LeasedEvent]:
        """Take whole conversations, fairly over accounts, oldest first; events in order of arrival.

        Groups that are not yet quiet stay.  At most 50 events of one
        conversation, at most about ``limit`` in all.
        """

    async def find_context(self, query: ContextQuery) -> Context:
        """Everything the router may need for a batch, in a fixed number of statements."""

    async def admit(self, admissions: Sequence[Admission], now: datetime) -> dict[TicketId, TicketNumber]:
        """Commit decisions and end the leases of their events; the numbers of the tickets involved.

        Raises Conflict, committing nothing, when a ticket, identity or
        thread has changed since the context was read.
        """

    async def release_events(self, ids: Sequence[EventId], retry_at: datetime, holder: str | None = None) -> None:
        """Give leased events back, not to be leased again before ``retry_at``.

        holder: only where this worker still has them in hand; None: whoever has.
        """

    async def read_raw(self, event_id: EventId) -> RawEvent | None:
        """The event byte for byte; None when there is none."""

    async def list_quarantine(self, limit: int = 100) -> Sequence[QuarantinedEvent]:
        """Newest first."""

    async def replay(self, event_id: EventId, now: datetime) -> bool:
        """Put a quarantined event back to be handled anew; False when it is not quarantined."""


class OutboxStore(Protocol):
    """Deliveries on their way out."""

    async def lease_deliveries(
        self, accounts: Sequence[AccountId], holder: str, now: datetime, lease_s: float, limit: int
    ) -> Sequence[Delivery]:
        """Queued deliveries that are due, most urgent first; at most one per thread, and only its oldest."""

    async def take_budget(self, account: AccountId, buckets: Sequence[Bucket], now: datetime) -> float:
        """Take one call from every bucket, or from none; seconds to wait, 0.0 when taken."""

    async def find_wait(self, account: AccountId, buckets: Sequence[Bucket], now: datetime) -> float:
        """As ``take_budget``, but nothing is taken."""

    async def forecast(self, deliveries: Sequence[DeliveryId], now: datetime) -> dict[DeliveryId, datetime]:
        """When each of these that is queued will leave at the earliest.

        From its own time, the budgets of its account, and what is queued
        before it.
        """

    async def list_unfinished(self, limit: int = 100) -> Sequence[Delivery]:
        """Deliveries that are unknown, failed, held, being sent or queued, in this order.

        Within each the next to leave or the oldest first.  limit: for what
        is unknown or failed, for what is held, and for what moves, each;
        what failed or is held in a closed ticket is left out.
        """

    async def block_bucket(self, account: AccountId, bucket: str, until: datetime) -> None:
        """Let nothing pass the bucket before ``until``."""

    async def mark_sending(
        self, delivery_id: DeliveryId, n: int, holder: str, now: datetime, name: ExternalMessageId | None = None
    ) -> bool:
        """Commit that piece ``n`` is about to be sent; False when the lease was lost.

        name: under which it will be known, where that is certain already: then
        an answer to it finds the ticket from now on.
        """

    async def read_files(self, ids: Sequence[AttachmentId]) -> Sequence[ReplyFile]:
        """Files of an outgoing message with their bytes, in this order; what is not there is left out."""

    async def record_receipt(
        self, delivery_id: DeliveryId, n: int, receipt: Receipt, now: datetime, holder: str | None = None
    ) -> None:
        """Store the platform's id of piece ``n``, the way back to the ticket, and the new state.

        The delivery is ``sent`` with its last piece, else ``queued`` again
        under the same lease.  holder: who sent it; when the delivery is no
        longer in that hand, only a piece that is ``unknown`` changes: a
        receipt is the proof it waited for, unless it is known as another
        message's.  None: nobody else can have it.
        """

    async def record_failure(
        self,
        delivery_id: DeliveryId,
        n: int,
        state: Literal["queued", "held", "failed", "unknown"],
        code: str,
        detail: str,
        next_at: datetime,
        now: datetime,
        holder: str | None = None,
    ) -> None:
        """Store why piece ``n`` was not (known to be) sent and end the lease.

        A reply that failed, is held or unknown reopens its ticket: the
        person still waits.  holder: who tried; nothing changes when the
        delivery is no longer in that hand.  None: nobody else can have it.
        """

    async def give_back(self, delivery_id: DeliveryId, holder: str, now: datetime) -> None:
        """End a lease under which nothing has left since the last receipt: queued again, due at once."""

    async def release_held(self, account: AccountId, code: str, now: datetime) -> int:
        """Queue again what this account held for the reason ``code``; how many deliveries."""

    async def postpone(self, delivery_id: DeliveryId, next_at: datetime, why: str, now: datetime) -> None:
        """Put a leased delivery back unsent, with the reason it waits; no attempt is counted."""

    async def lease_unknown(
        self, accounts: Sequence[AccountId], holder: str, now: datetime, lease_s: float, limit: int
    ) -> Sequence[Delivery]:
        """Deliveries of unknown fate for which a look on the platform is due, to look for nobody else meanwhile.

        A person may decide about one in the meantime; the lease does not
        keep them from it.
        """

    async def note_look(
        self, delivery_id: DeliveryId, holder: str, detail: str, look_at: datetime | None, now: datetime
    ) -> None:
        """A look has found nothing: keep what it saw and when to look again; None: only a person can tell.

        Nothing changes when the delivery is no longer unknown and in this hand.
        """

    async def queue_unsent(self, delivery_id: DeliveryId, n: int, holder: str, detail: str, now: datetime) -> bool:
        """A look has proved that piece ``n`` did not arrive: queue it again, at once.

        False, changing nothing, when the delivery is no longer unknown and
        in this hand, when its ticket is closed, or when a later answer of
        its conversation has left meanwhile: then a person decides.
        """

    async def settle_delivery(self, delivery: Delivery, expected_state: str, now: datetime) -> bool:
        """What a person decided about one that belongs to no ticket; False when it has changed since."""

    async def reap_deliveries(self, now: datetime) -> int:
        """After a crash: expired leases found ``sending`` become ``unknown``, others ``queued``; how many."""

    async def mark_unreachable(self, channel: Channel, thread_id: ThreadId, now: datetime) -> None:
        """Remember that the people of this thread no longer accept messages."""

    async def find_doubt(self, account: AccountId) -> datetime | None:
        """When the oldest piece began to be sent whose fate is open or being looked for; None: there is none."""

    async def find_delivery(self, delivery_id: DeliveryId) -> Delivery | None:
        """None when there is none."""


class DeskStore(Protocol):
    """Reading and changing tickets from outside."""

    async def find_ticket(self, number: TicketNumber) -> TicketEnvelope | None:
        """A ticket with everything in it; None when there is none."""

    async def find_command(self, actor: str, key: str) -> CommandResult | None:
        """What this key did before; None when it is new."""

    async def apply_change(self, change: TicketChange, now: datetime) -> None:
        """Commit a command's effect.

        Raises Conflict, committing nothing, when the ticket or delivery has
        changed since, or the idempotency key was used meanwhile.
        """

    async def find_brought(self, number: TicketNumber) -> Brought:
        """What the merging of this ticket brought to the other; nothing for one that is not merged."""

    async def list_tickets(self, filter: TicketFilter) -> Page:
        """Without a query by priority, then longest waiting; with one newest first."""

    async def count_tickets(self, user: UserId | None, hidden: frozenset[str] = frozenset()) -> Counts:
        """Counts of what is not closed, without what hidden teams have, but for what the user has."""

    async def events_after(self, seq: int, limit: int = 200) -> Sequence[TicketEvent]:
        """Ticket events in order of ``seq``.

        They become visible in that order too: whoever reads on after the
        last one seen misses none.
        """

    async def newest_seq(self) -> int:
        """The newest event's seq, 0 when there is none."""

    async def find_private(self, identity_id: IdentityId) -> Thread | None:
        """The private conversation with somebody that moved on last, and in which nobody else wrote.

        Of tickets that are theirs, on their own channel; None: there is none.
        """

    async def find_challenge(self, challenge_id: ChallengeId) -> Challenge | None:
        """A challenge; its ticket is where it was asked, which may be merged into another now."""

    async def find_ticket_number(self, ticket_id: TicketId) -> TicketNumber | None:
        """The number of a ticket."""

    async def list_held(
        self, account: AccountId, after: ExternalMessageId | None, limit: int
    ) -> Sequence[ExternalMessageId]:
        """Names of messages and items that came over the account and whose words are kept, in the order of names.

        after: those behind this one; None: from the first.
        """

    async def find_attachment(self, attachment_id: AttachmentId) -> Attachment | None:
        """None when there is none."""

    async def store_attachment(self, attachment_id: AttachmentId, content: bytes, now: datetime) -> None:
        """Keep a fetched file and mark its attachment stored."""

    async def fail_attachment(self, attachment_id: AttachmentId, note: str, now: datetime) -> None:
        """Mark an attachment as missing, with the reason to show."""

    def read_blob(self, blob_id: BlobId) -> AsyncIterator[bytes]:
        """The content in chunks of at most 256 KiB; nothing when there is none."""


class AccessStore(Protocol):
    """Users, sessions, tokens and one-time links.  Hashes only, never the secrets."""

    async def add_user(self, user: User) -> None:
        """Raises Conflict when the name is taken."""

    async def set_user(self, user: User) -> None:
        """Replace a user's fields; ending all their sessions when inactive."""

    async def list_users(self) -> Sequence[User]:
        """By name."""

    async def add_session(self, session: Session) -> None: ...

    async def find_session(self, session_id: str, now: datetime) -> tuple[Session, User] | None:
        """None when unknown or expired, or its user is inactive."""

    async def touch_session(self, session_id: str, now: datetime, expires_at: datetime) -> None: ...

    async def end_session(self, session_id: str) -> None: ...

    async def add_token(self, token: ApiToken) -> None:
        """Raises Conflict when the name is taken."""

    async def list_tokens(self) -> Sequence[ApiToken]: ...

    async def find_token(self, token_hash: str) -> ApiToken | None:
        """None when unknown or revoked."""

    async def revoke_token(self, name: str, now: datetime) -> bool:
        """False when there is no such token in use."""

    async def add_signin_link(self, link_hash: str, user_id: UserId, expires_at: datetime) -> None: ...

    async def use_signin_link(self, link_hash: str, now: datetime) -> User | None:
        """The user, once and before it expires; else None."""


class WorkStore(Protocol):
    """Leases, jobs, health, secrets: what keeps several workers in step."""

    async def read_clock(self) -> datetime | None:
        """The time by the database's own clock, which all workers share; None when it has none of its own."""

    async def acquire_lease(self, name: str, holder: str, now: datetime, ttl_s: float) -> bool:
        """Take or prolong a named lease; False while another holds it."""

    async def release_lease(self, name: str, holder: str) -> None: ...

    async def reap_workers(self, now: datetime, alone: str | None, leaving: str = "") -> Reaped:
        """Free what dead workers held: their events and jobs are due again, their deliveries that were
        ``sending`` become ``unknown``.

        A worker is dead when its lease ``worker:<holder>`` has run out.
        alone: a holder that knows it is the only worker; then everybody
        else is dead.  None: there may be others.  leaving: one that ends
        now, as if it were dead already.
        """

    async def enqueue_jobs(self, wanted: Sequence[NewJob]) -> int:
        """How many were new."""

    async def lease_jobs(self, holder: str, now: datetime, lease_s: float, limit: int) -> Sequence[Job]: ...

    async def finish_job(self, job_id: JobId, holder: str, now: datetime) -> None:
        """It was done.  Nothing happens when another holder has leased it since."""

    async def fail_job(self, job_id: JobId, holder: str, reason: str, retry_at: datetime | None) -> None:
        """retry_at None: given up.  Nothing happens when another holder has leased it since."""

    async def set_health(self, state: ChannelHealth) -> None: ...

    async def list_health(self) -> Sequence[ChannelHealth]:
        """By account, with the last events filled in."""

    async def get_secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """A secret kept encrypted; made by ``make`` at the first call."""

    async def keep_secret(self, name: str, value: bytes) -> None:
        """Keep this from now on, whatever was kept under the name before."""

    async def count_rows(self) -> Mapping[str, int]:
        """For metrics: events waiting, quarantined; deliveries by state that are not sent; open tickets."""

    async def forget_old(self, now: datetime) -> int:
        """Remove finished jobs, expired sessions, links, old command keys and items of feeds; how many rows."""


class Store(
    IntakeStore,
    OutboxStore,
    DeskStore,
    AccessStore,
    WorkStore,
    NoticeStore,
    SpendingStore,
    FeedStore,
    SweepStore,
    IncidentStore,
    Protocol,
):
    """All of it."""

    async def open(self) -> None:
        """Connect and bring the schema up.  Raises SchemaMismatch, StoreUnavailable."""

    async def close(self) -> None:
        """Finish what was promised and let go; safe to call twice."""

    async def check(self) -> None:
        """Write something for real.  Raises StoreUnavailable."""

    def pulse(self, topic: Topic) -> int:
        """A number that grows when something of the topic was committed."""

    async def wait(self, topic: Topic, pulse: int, timeout_s: float) -> int:
        """Return the new number once it differs from ``pulse``, or after ``timeout_s`` seconds.

        Only a hint: commits of other processes may go unnoticed on SQLite,
        so callers look again after the time-out.
        """
