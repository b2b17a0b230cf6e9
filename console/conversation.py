"""A ticket's messages as one column over all its threads, oldest first.  Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from console import words
from console.deliveries import Fate, fate_of
from console.rows import version
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


def conversation_of(ticket: TicketEnvelope, now: datetime, shown: int = SHOWN) -> Conversation:
    """The newest ``shown`` messages and notices, with rulers between."""
    said = sorted([*_messages(ticket, now), *_notices(ticket, now)], key=lambda entry: (entry.at, entry.id))
    kept = said[-shown:]
    newest = ticket.messages[-1].id if ticket.messages else ""
    return Conversation(list(_with_rulers(kept)), len(said) - len(kept), newest)


def thread_words(thread: Thread) -> str:
    """``Telegram, in private, Anna``."""
    said = [words.CHANNELS[thread.channel], words.VISIBILITY[thread.visibility].lower()]
    return ", ".join([*said, thread.title] if thread.title else said)


def _messages(ticket: TicketEnvelope, now: datetime) -> Iterator[Entry]:
    deliveries = {one.message_id: one for one in ticket.deliveries if one.message_id and one.kind == "reply"}
    threads = {thread.id: thread for thread in ticket.threads}
    identities = {identity.id: identity for identity in ticket.identities}
    for message in ticket.messages:
        delivery = deliveries.get(message.id)
        yield Entry(
            id=f"m-{message.id}",
            kind="message",
            at=message.stored_at,
            v=_mark(message, delivery, now),
            message=message,
            thread=threads.get(message.thread_id) if message.thread_id else None,
            identity=identities.get(message.identity_id) if message.identity_id else None,
            fate=fate_of(delivery, now) if delivery else None,
        )


def _notices(ticket: TicketEnvelope, now: datetime) -> Iterator[Entry]:
    threads = {thread.id: thread for thread in ticket.threads}
    for delivery in ticket.deliveries:
        if delivery.message_id is None and delivery.kind == "notice":
            yield Entry(
                id=f"d-{delivery.id}",
                kind="notice",
                at=delivery.created_at,
                v=_mark(None, delivery, now),
                thread=threads.get(delivery.thread_id) if delivery.thread_id else None,
                fate=fate_of(delivery, now),
            )


def _mark(message: Message | None, delivery: Delivery | None, now: datetime) -> str:
    leaves = delivery is not None and delivery.state == "queued" and delivery.next_at > now
    return version((message, delivery, leaves))


def _with_rulers(entries: list[Entry]) -> Iterator[Entry]:
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
