"""A ticket's messages as one column over all its threads, oldest first.  Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from console import words
from console.deliveries import Fate, fate_of
from console.rows import version
from tickets.ids import DeliveryId
from tickets.model import Delivery, Identity, Message, Thread, TicketEnvelope

SHOWN = 100
"""So many entries at first; the rest is one press away."""
LATER_S = 120
"""A message that was sent so much earlier than it came shows both times."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the column.

    kind ``day`` and ``thread`` are rulers, ``notice`` a short text the
    program sent by itself.  v: changes whenever anything of it does.
    """

    id: str
    kind: Literal["day", "thread", "message", "notice"]
    at: datetime
    v: str = ""
    message: Message | None = None
    thread: Thread | None = None
    identity: Identity | None = None
    fate: Fate | None = None

    @property
    def thread_words(self) -> str:
        """``Telegram, in private, Anna``."""
        return thread_words(self.thread) if self.thread else ""

    @property
    def late(self) -> bool:
        """Whether it came noticeably later than it was sent."""
        message = self.message
        return message is not None and (message.stored_at - message.sent_at).total_seconds() > LATER_S


@dataclass(frozen=True, slots=True)
class Conversation:
    """The column.  earlier: how many entries stand before it."""

    entries: list[Entry]
    earlier: int
    newest: str


def conversation_of(
    ticket: TicketEnvelope,
    now: datetime,
    shown: int = SHOWN,
    leaves: Mapping[DeliveryId, datetime] | None = None,
) -> Conversation:
    """The newest ``shown`` messages and notices, with rulers between.  leaves: when queued answers will leave."""
    notices = [one for one in ticket.deliveries if one.message_id is None and one.kind in ("notice", "code")]
    said: list[Message | Delivery] = sorted([*ticket.messages, *notices], key=_order)
    kept = said[-shown:]
    newest = ticket.messages[-1].id if ticket.messages else ""
    return Conversation(
        list(_with_rulers(_entries(ticket, kept, now, leaves or {}))), len(said) - len(kept), newest
    )


def thread_words(thread: Thread) -> str:
    """``Telegram, in private, Anna``."""
    said = [words.CHANNELS[thread.channel], words.VISIBILITY[thread.visibility].lower()]
    return ", ".join([*said, thread.title] if thread.title else said)


def _order(said: Message | Delivery) -> tuple[datetime, str]:
    return (said.stored_at if isinstance(said, Message) else said.created_at, said.id)


def _entries(
    ticket: TicketEnvelope,
    said: list[Message | Delivery],
    now: datetime,
    leaves: Mapping[DeliveryId, datetime],
) -> Iterator[Entry]:
    deliveries = {one.message_id: one for one in ticket.deliveries if one.message_id and one.kind == "reply"}
    threads = {thread.id: thread for thread in ticket.threads}
    identities = {identity.id: identity for identity in ticket.identities}
    for one in said:
        thread = threads.get(one.thread_id) if one.thread_id else None
        if isinstance(one, Delivery):
            yield _notice(one, thread, now, leaves)
        else:
            person = identities.get(one.identity_id) if one.identity_id else None
            yield _message(one, thread, person, deliveries.get(one.id), now, leaves)


def _message(
    message: Message,
    thread: Thread | None,
    person: Identity | None,
    delivery: Delivery | None,
    now: datetime,
    leaves: Mapping[DeliveryId, datetime],
) -> Entry:
    return Entry(
        id=f"m-{message.id}",
        kind="message",
        at=message.stored_at,
        v=_mark(message, delivery, now),
        message=message,
        thread=thread,
        identity=person,
        fate=fate_of(delivery, now, leaves.get(delivery.id)) if delivery else None,
    )


def _notice(
    delivery: Delivery, thread: Thread | None, now: datetime, leaves: Mapping[DeliveryId, datetime]
) -> Entry:
    return Entry(
        id=f"d-{delivery.id}",
        kind="notice",
        at=delivery.created_at,
        v=_mark(None, delivery, now),
        thread=thread,
        fate=fate_of(delivery, now, leaves.get(delivery.id)),
    )


def _mark(message: Message | None, delivery: Delivery | None, now: datetime) -> str:
    leaves = delivery is not None and delivery.state == "queued" and delivery.next_at > now
    return version((message, delivery, leaves))


def _with_rulers(entries: Iterable[Entry]) -> Iterator[Entry]:
    """A ruler for each day, and one where the conversation moves to another thread."""
    day: date | None = None
    thread: Thread | None = None
    for entry in entries:
        if entry.at.astimezone(UTC).date() != day:
            day = entry.at.astimezone(UTC).date()
            yield Entry(f"day-{day}", "day", entry.at, "0")
        if entry.thread is not None and entry.thread != thread:
            thread = entry.thread
            yield Entry(f"thread-before-{entry.id}", "thread", entry.at, version(thread), thread=thread)
        yield entry
