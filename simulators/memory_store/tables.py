"""What the memory store holds, and how a transaction that fails takes itself back."""

import asyncio
from collections import UserDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from msgspec.structs import replace

from tickets.errors import StoreUnavailable
from tickets.feeds import FeedItem
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
    JobId,
    MessageId,
    NoticeId,
    ThreadId,
    ThreadKey,
    TicketId,
    TicketNumber,
    UserId,
)
from tickets.incidents import Incident, IncidentEvent, Member, Report
from tickets.model import (
    Attachment,
    Challenge,
    ChannelHealth,
    Contact,
    Delivery,
    Identity,
    Message,
    RawEvent,
    Thread,
    Ticket,
    TicketEvent,
)
from tickets.notices import Habit, NewNotice
from tickets.ports import Bucket, CrashHook
from tickets.records import ApiToken, Claim, CommandResult, FingerprintHit, MessageRef, NewJob, Session, User
from tickets.spending import What
from tickets.storage import Topic

K = TypeVar("K")
V = TypeVar("V")
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class EventRow:
    """A raw event and what became of it: waiting, done, ignored, quarantined."""

    event: RawEvent
    state: str = "waiting"
    attempts: int = 0
    reason: str = ""
    emptied: bool = False


@dataclass(frozen=True)
class Conversation:
    """What one worker at a time may handle.  waiting: its events not yet handled, in order of arrival."""

    waiting: tuple[EventId, ...] = ()
    holder: str = ""
    lease_until: datetime = NEVER
    not_before: datetime = NEVER


@dataclass(frozen=True)
class Hold:
    """Who has something in hand, and until when."""

    holder: str
    until: datetime


FREE = Hold("", NEVER)


@dataclass(frozen=True)
class Level:
    """A budget.  owed_s: the time that the calls made take which is not over at ``at``, in seconds."""

    owed_s: float = 0.0
    at: datetime = NEVER
    blocked_until: datetime = NEVER
    bucket: Bucket | None = None


@dataclass(frozen=True)
class NoticeRow:
    """A notice and its fate."""

    notice: NewNotice
    raised_at: datetime
    told: bool = False
    dismissed: bool = False
    ended: bool = False


@dataclass(frozen=True)
class JobRow:
    """A job and its fate: waiting, done, failed."""

    job: NewJob
    run_at: datetime
    state: str = "waiting"
    attempts: int = 0
    holder: str = ""
    lease_until: datetime = NEVER
    finished_at: datetime = NEVER


@dataclass(frozen=True)
class TicketThread:
    """A ticket's place in a thread.  place: the order in which tickets joined."""

    place: int
    open: bool


@dataclass(frozen=True)
class BroughtRow:
    """What a merging brought from a ticket.  threads and people: those new to the other."""

    messages: frozenset[MessageId]
    deliveries: frozenset[DeliveryId]
    threads: frozenset[ThreadId]
    people: frozenset[IdentityId]


class Table(UserDict[K, V]):
    """A dict that can be put back as it was when a transaction fails."""

    def __init__(self, journal: list[Callable[[], None]]) -> None:
        self._journal = journal
        super().__init__()

    def __setitem__(self, key: K, item: V) -> None:
        self._remember(key)
        self.data[key] = item

    def __delitem__(self, key: K) -> None:
        self._remember(key)
        del self.data[key]

    def _remember(self, key: K) -> None:
        if key in self.data:
            before = self.data[key]
            self._journal.append(lambda: self.data.__setitem__(key, before))
        else:
            self._journal.append(lambda: self._drop(key))

    def _drop(self, key: K) -> None:
        self.data.pop(key, None)


class Tables:
    """Everything, as tables of frozen rows."""

    def __init__(self) -> None:
        self.journal: list[Callable[[], None]] = []
        self.pulses: dict[Topic, int] = defaultdict(int)
        self._waiting: dict[Topic, set[asyncio.Event]] = defaultdict(set)
        self._numbers: Table[str, int] = self._table()

        self.cursors: Table[AccountId, str] = self._table()
        self.events: Table[EventId, EventRow] = self._table()
        self.event_names: Table[tuple[AccountId, str], EventId] = self._table()
        self.conversations: Table[tuple[AccountId, str], Conversation] = self._table()

        self.contacts: Table[ContactId, Contact] = self._table()
        self.identities: Table[IdentityId, Identity] = self._table()
        self.identity_names: Table[tuple[Channel, str], IdentityId] = self._table()
        self.threads: Table[ThreadId, Thread] = self._table()
        self.thread_names: Table[tuple[AccountId, ThreadKey], ThreadId] = self._table()

        self.tickets: Table[TicketId, Ticket] = self._table()
        self.claims: Table[str, Claim] = self._table()
        self.challenges: Table[ChallengeId, Challenge] = self._table()
        self.challenge_codes: Table[str, ChallengeId] = self._table()
        self.ticket_numbers: Table[TicketNumber, TicketId] = self._table()
        self.ticket_threads: Table[tuple[TicketId, ThreadId], TicketThread] = self._table()
        self.participants: Table[tuple[TicketId, IdentityId], str] = self._table()
        self.messages: Table[MessageId, Message] = self._table()
        self.attachments: Table[AttachmentId, Attachment] = self._table()
        self.blobs: Table[BlobId, bytes] = self._table()
        self.refs: Table[tuple[Channel, ExternalMessageId], MessageRef] = self._table()
        self.fingerprints: Table[tuple[str, MessageId], FingerprintHit] = self._table()
        self.brought: Table[TicketNumber, BroughtRow] = self._table()
        self.searched: Table[TicketNumber, frozenset[str]] = self._table()
        self.history: Table[int, TicketEvent] = self._table()
        self.commands: Table[tuple[str, str], tuple[CommandResult, datetime]] = self._table()

        self.deliveries: Table[DeliveryId, Delivery] = self._table()
        self.delivery_holds: Table[DeliveryId, Hold] = self._table()
        self.looks: Table[DeliveryId, datetime | None] = self._table()
        self.budgets: Table[tuple[AccountId, str], Level] = self._table()

        self.users: Table[UserId, User] = self._table()
        self.sessions: Table[str, Session] = self._table()
        self.tokens: Table[str, ApiToken] = self._table()
        self.links: Table[str, tuple[UserId, datetime]] = self._table()

        self.leases: Table[str, Hold] = self._table()
        self.jobs: Table[JobId, JobRow] = self._table()
        self.health: Table[AccountId, ChannelHealth] = self._table()
        self.secrets: Table[str, bytes] = self._table()
        self.erased: Table[MessageId, bool] = self._table()
        self.reports: Table[int, Report] = self._table()
        self.incidents: Table[IncidentNumber, Incident] = self._table()
        self.members: Table[MessageId, tuple[IncidentNumber, Member]] = self._table()
        self.incident_events: Table[int, tuple[IncidentNumber, IncidentEvent]] = self._table()
        self.items: Table[tuple[AccountId, ExternalMessageId], FeedItem] = self._table()
        self.spent: Table[tuple[AccountId, str, What], tuple[int, int]] = self._table()
        self.notices: Table[NoticeId, NoticeRow] = self._table()
        self.habits: Table[tuple[AccountId, int], Habit] = self._table()

    def _table(self) -> Table[K, V]:
        return Table(self.journal)

    def next_number(self, name: str) -> int:
        """Counts from 1; a number taken by a transaction that failed is given again."""
        self._numbers[name] = self._numbers.get(name, 0) + 1
        return self._numbers[name]

    def record(self, event: TicketEvent) -> None:
        """Append to the history."""
        seq = self.next_number("seq")
        self.history[seq] = replace(event, seq=seq)

    @contextmanager
    def transaction(self, topics: tuple[Topic, ...]) -> Iterator[None]:
        """All of it or none; wakes the topics afterwards."""
        self.journal.clear()
        try:
            yield
        except BaseException:
            for undo in reversed(self.journal):
                undo()
            raise
        finally:
            self.journal.clear()
        for topic in topics:
            self._beat(topic)

    def _beat(self, topic: Topic) -> None:
        self.pulses[topic] += 1
        for event in self._waiting[topic]:
            event.set()

    async def wait(self, topic: Topic, pulse: int, timeout_s: float) -> int:
        """The topic's number once it is no longer ``pulse``, or after ``timeout_s`` seconds."""
        event = asyncio.Event()
        self._waiting[topic].add(event)
        try:
            if self.pulses[topic] == pulse:
                async with asyncio.timeout(timeout_s):
                    await event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting[topic].discard(event)
        return self.pulses[topic]


@dataclass(eq=False)
class Part:
    """A part of the store; all parts share the tables."""

    _tables: Tables
    _crash: CrashHook
    _opened: bool = field(default=False, init=False)

    def _read(self) -> Tables:
        """The tables.  Raises StoreUnavailable while the store is closed."""
        if not self._opened:
            raise StoreUnavailable("The store is closed.")
        return self._tables

    @contextmanager
    def _write(self, *topics: Topic) -> Iterator[Tables]:
        """The tables, in a transaction."""
        tables = self._read()
        with tables.transaction(topics):
            yield tables
