"""What the packages promise each other.

Small required Protocols; optional powers are Protocols of their own, found by
``isinstance``.  ``service`` hands one package to another through these.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from tickets.ids import AccountId, Channel, ExternalMessageId
from tickets.model import (
    Delivery,
    Ignored,
    InboundMessage,
    RawEvent,
    Receipt,
    Reply,
    ReplyTarget,
    Shape,
    Thread,
    Ticket,
)


class Clock(Protocol):
    """Time, injected everywhere so that tests own it."""

    def now(self) -> datetime:
        """Aware UTC."""

    def monotonic(self) -> float:
        """Seconds that never jump; only differences mean something."""

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of the monotonic clock."""


CrashHook = Callable[[str], None]
"""Called with a point's name at every step between a byte and a receipt.

It does nothing in service; a test lets it kill the process.  The names are in
``tickets.points``.
"""


def no_crash(_point: str) -> None:
    """The crash hook of every ordinary run."""


class Bucket(Shape, frozen=True):
    """One budget of an account: ``capacity`` calls at once, ``per_s`` more each second.

    Within any ``t`` seconds at most ``capacity + t * per_s`` calls pass.
    shared: every piece of the account takes from it; False for the budget of
    one conversation.
    """

    name: str
    capacity: int
    per_s: float
    shared: bool = True


class FileRules(Shape, frozen=True):
    """Which files go out with an answer.

    each_bytes and together_bytes: the most of one file, and of all in one
    piece.  per_piece: how many go in one.  apart: files are pieces of their
    own, without words, and of files in a row those that are ``pictures`` (media
    types, each of at most ``picture_bytes``) go in one, and the others in one.
    media_types: no others; empty: any.
    """

    per_piece: int
    each_bytes: int
    together_bytes: int
    apart: bool = False
    media_types: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    picture_bytes: int = 0


class Way(Shape, frozen=True):
    """What goes in one piece; see ``Capabilities``."""

    text_limit: int | None
    text_unit: str
    files: FileRules | None


class Capabilities(Shape, frozen=True):
    """What a channel can do; ``docs/capabilities.md`` is held to these by a test.

    files: None where none can be sent.  formats: it can show formatted words.
    by_hand: an address that opens the platform's own box for answering, with ``{post}``
    and ``{text}`` in it; empty where there is none.
    buttons: it can show what may be pressed, in private talks.
    hides: what somebody writes under our post can be hidden there.
    notifies: an @name in an answer calls whoever is called so.
    in_private: what goes in private talks where that is something else; None: the same.
    text_limit: longest text of one piece in ``text_unit`` (None: no limit
    worth splitting at).  Every sentence is for people: how it works, or why
    the platform does not allow it.
    """

    channel: Channel
    text_limit: int | None
    text_unit: str
    receiving: str
    acknowledging: str
    answering: str
    formatting: str
    formats: bool
    edits: str
    deletions: str
    reactions: str
    by_hand: str
    commands: str
    buttons: bool
    hides: bool
    notifies: bool
    attachments_in: str
    attachments_out: str
    files: FileRules | None
    backfill: str
    reading_along: str
    unknown_settled_by: str
    limits: str
    in_private: Way | None = None


class Gap(Shape, frozen=True):
    """A stretch of time that the platform does not give back.

    until: None when nobody can say.  what: a sentence for a person: what may
    be missing, why, and what to do.
    """

    since: datetime
    until: datetime | None
    what: str


class Batch(Shape, frozen=True):
    """Events a source handed out together, and where it stands after them.

    cursor: None when the place did not move.  gaps: what was found to be
    lost, told once.  behind: a sentence on how far reading on has come; empty
    when nothing lies behind.  A batch without events says that the source is
    still connected.
    """

    events: tuple[RawEvent, ...]
    cursor: str | None = None
    gaps: tuple[Gap, ...] = ()
    behind: str = ""


class Source(Protocol):
    """Where messages come from."""

    def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        """Everything after ``cursor`` (None: from the first start), for ever.

        The first batch is empty: it says that the source is connected and
        misses nothing from now on.  While it is connected it hands out a
        batch at least every two minutes, an empty one when nothing came.
        The next batch is asked for only after the last one was committed and
        acknowledged.  Raises ConnectorError.
        """

    async def acknowledge(self, batch: Batch) -> None:
        """Tell the platform, now that the batch is safe.  Raises ConnectorError."""


class Sender(Protocol):
    """Where answers go."""

    @property
    def at_once(self) -> int:
        """How many pieces it sends at the same time; what is not begun is not marked as being sent."""

    def buckets(self, reply: Reply) -> tuple[Bucket, ...]:
        """The budgets this piece takes from, most specific first.  Pure."""

    async def send(self, reply: Reply) -> Receipt:
        """Send one piece once.  Raises DeliveryError and nothing else."""


class Connector(Protocol):
    """One account on one channel.  Making it does no I/O; ``open`` may."""

    @property
    def account(self) -> AccountId: ...
    @property
    def capabilities(self) -> Capabilities: ...
    @property
    def source(self) -> Source: ...
    @property
    def sender(self) -> Sender: ...

    async def check(self) -> str:
        """Try the credentials; who we are on the platform.  Raises ConnectorError."""

    async def open(self) -> None:
        """Get ready to receive and send.  Raises ConnectorError."""

    async def close(self) -> None:
        """Let go of every connection; safe to call twice."""


@runtime_checkable
class TypingSender(Protocol):
    """A sender that can show that somebody is writing."""

    async def send_typing(self, target: ReplyTarget) -> None:
        """Best effort; errors are the sender's to swallow."""


@runtime_checkable
class EditingSender(Protocol):
    """A sender that can change a message it sent."""

    async def edit(self, target: ReplyTarget, message: ExternalMessageId, text: str) -> None:
        """Idempotent.  Raises DeliveryError."""


@runtime_checkable
class StateSender(Protocol):
    """A sender that can show that a conversation is done."""

    async def show_state(self, target: ReplyTarget, *, closed: bool) -> None:
        """Idempotent.  Raises DeliveryError."""


@runtime_checkable
class HidingSender(Protocol):
    """A sender that can have the platform hide what somebody wrote under our post, and show it again."""

    async def hide(self, message: ExternalMessageId, *, hidden: bool) -> None:
        """Idempotent.  Raises DeliveryError; not temporary where the platform refuses it for good."""


@runtime_checkable
class NamingSender(Protocol):
    """A sender that names what it sends, so that the way back is known before anybody can take it."""

    async def name_of(self, reply: Reply) -> ExternalMessageId:
        """What its receipt will say: the same on every attempt, and no other piece's."""


@runtime_checkable
class ProvingSender(Protocol):
    """A sender that can look on the platform for a piece of unknown fate."""

    @property
    def certain_after_s(self) -> float | None:
        """What is not found so many seconds after the attempt began has not arrived.

        None: not finding it proves nothing.
        """

    async def find_sent(self, reply: Reply, since: datetime) -> Sequence[Receipt]:
        """What the platform has that may be this piece, the likeliest first; empty when there is nothing.

        since: when the attempt began, by our clock; the platform's may
        differ by minutes.  Raises ConnectorError when it cannot look now.
        """


@runtime_checkable
class RemovalSource(Protocol):
    """A platform that wants what its people removed to be removed here, too, and tells what that is.

    Its raw events are named by the message's external id, a slash, and more.
    """

    async def ask_removed(self, names: Sequence[ExternalMessageId]) -> str:
        """Ask what became of these messages; the question's name, empty where there is nothing to ask about.

        Raises ConnectorError.
        """

    async def fetch_removed(self, question: str) -> Sequence[ExternalMessageId] | None:
        """Those of them that are to go; None while the platform is not done.  Raises ConnectorError."""


class AskedFeed(Shape, frozen=True):
    """A feed that must be asked for.

    every_s: seconds between two questions, at least.  monthly_budget:
    dollars; 0: it has none of its own.  price: of each item, in dollars.
    fewest: items that one question must allow for.
    """

    every_s: float
    monthly_budget: float
    price: float
    fewest: int


class FeedReading(Shape, frozen=True):
    """What a feed told, the oldest first.

    newest: behind this one to go on; None: nothing was ever told.  read: so
    many items were handed out.  more: older ones since then were left out.
    wait_s: as the platform asks.  paused: a sentence on why nothing was asked; empty: it was.
    """

    events: tuple[RawEvent, ...]
    newest: str | None
    read: int
    more: bool = False
    wait_s: float = 0.0
    paused: str = ""


@runtime_checkable
class FeedSource(Protocol):
    """A source with feeds that tell only who asks."""

    @property
    def feeds(self) -> Mapping[str, AskedFeed]:
        """By name."""

    async def read_feed(self, name: str, after: str | None, most: int) -> FeedReading:
        """The newest items behind one, about ``most``; after None: the newest of all.  Raises ConnectorError."""


@runtime_checkable
class FileSource(Protocol):
    """A source whose attachments are fetched apart from the message."""

    def fetch_file(self, remote_id: str) -> AsyncIterator[bytes]:
        """The file in chunks.  Raises ConnectorError; PayloadError when it cannot be had at all."""


class WebhookRequest(Shape, frozen=True):
    """An HTTP request to a connector, free of any web framework.

    headers: names in lower case.
    """

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


class WebhookAnswer(Shape, frozen=True):
    """What to answer: a status and a short text."""

    status: int
    text: str = ""
    media_type: str = "text/plain"


@runtime_checkable
class WebhookReceiver(Protocol):
    """A connector that platforms push to."""

    async def receive(self, request: WebhookRequest) -> WebhookAnswer:
        """Answer only after the push is committed (or refused)."""


class NormalizerPort(Protocol):
    """Normalizing as the router sees it: perhaps in another process."""

    async def normalize(self, events: Sequence[RawEvent]) -> list[InboundMessage | Ignored | Exception]:
        """One result per event, in order; PayloadError stands for one that cannot be read."""


CommandAnswer = Literal[
    "commands", "open", "pending", "none", "human", "human-none", "closed", "claimed", "languages", "language"
]
"""What a command is answered with: what one can send, how the request stands, what was done; or a code."""


class NoticeWriter(Protocol):
    """Short texts that the program itself sends, as the router sees their writer."""

    def acknowledgement(
        self, message: InboundMessage, thread: Thread, ticket: Ticket, now: datetime
    ) -> Delivery | None:
        """That a message arrived and a person will read it; None where that is switched off."""

    def welcome(self, message: InboundMessage, now: datetime) -> Delivery | None:
        """For somebody who opened a talk without saying anything yet."""

    def told(
        self,
        said: CommandAnswer,
        message: InboundMessage,
        now: datetime,
        language: str | None,
        thread: Thread | None,
        ticket: Ticket | None,
    ) -> Delivery:
        """The answer to a command.  language: None for that of the person's own program."""
