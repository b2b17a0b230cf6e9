"""The place to write: in whose voice, to whom, how public.  Pure but for fresh keys."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console import words
from console.conversation import thread_words
from desk.answered import answered_message
from desk.writing import Offer, Prepared
from tickets.errors import PublicStep
from tickets.ids import DeliveryId, ThreadId, TicketNumber
from tickets.model import Identity, Message, Thread, TicketEnvelope

Kind = Literal["answer", "note"]


@dataclass(frozen=True, slots=True)
class Voice:
    """A conversation one can answer in.

    sentence: how the answer will appear.  barred: why it cannot be answered
    there; empty when it can.  offer: what an answer there could carry.
    """

    thread_id: ThreadId
    public: bool
    icon: str
    label: str
    sentence: str
    barred: str
    offer: Offer


@dataclass(frozen=True, slots=True)
class Undo:
    """The answer that can still be stopped."""

    delivery_id: DeliveryId
    until: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Composer:
    """What the form shows.  voices: newest conversation first.  prepared: answers that are ready."""

    number: TicketNumber
    key: str
    voices: tuple[Voice, ...]
    prepared: list[Prepared]
    text: str = ""
    kind: Kind = "answer"
    chosen: str = ""
    problem: str = ""
    step: PublicStep | None = None
    """What everybody would read, where that must be said once more."""
    formatted: bool = False
    copies: bool = False
    quote: bool = False
    call: bool = False
    attached: str = ""
    """Names the place where chosen files wait; kept while the form is refused, so that they stay chosen."""
    undo: Undo | None = None

    @property
    def voice(self) -> Voice | None:
        """The chosen conversation, else the newest that can be answered."""
        for voice in self.voices:
            if voice.thread_id == self.chosen:
                return voice
        return next((voice for voice in self.voices if not voice.barred), self.voices[0] if self.voices else None)

    @property
    def shown_kind(self) -> Kind:
        """A note where nothing can be answered."""
        return self.kind if self.voice is not None and not self.voice.barred else "note"


def fresh_key() -> str:
    """An idempotency key for one form."""
    return secrets.token_urlsafe(12)


def voices_of(ticket: TicketEnvelope, offer: Callable[[ThreadId], Offer]) -> tuple[Voice, ...]:
    """The conversations in which somebody wrote, newest first.  offer: what an answer there could carry."""
    people = {identity.id: identity for identity in ticket.identities}
    spoken = dict.fromkeys(message.thread_id for message in reversed(ticket.messages) if message.direction == "in")
    threads = {thread.id: thread for thread in ticket.threads}
    answered = {key: answered_message(ticket, key) for key in spoken if key in threads}
    return tuple(
        _voice(threads[key], message, people.get(message.identity_id) if message.identity_id else None, offer)
        for key, message in answered.items()
        if message is not None
    )


def _voice(
    thread: Thread, answered: Message, person: Identity | None, offer: Callable[[ThreadId], Offer]
) -> Voice:
    public = thread.visibility == "public"
    name = person.display_name if person else "the person"
    to = person.external_id if person and thread.channel == "email" else name
    offered = offer(thread.id)
    account = offered.alias or words.account_name(thread.account)
    channel = words.CHANNELS[thread.channel]
    return Voice(
        thread_id=thread.id,
        public=public,
        icon="globe" if public else "lock",
        label=thread_words(thread),
        sentence=f"{words.VISIBILITY[thread.visibility]}, as {account} over {channel}, to {to}",
        barred="" if offered.by_hand else _barred(answered, person, name),
        offer=offered,
    )


def _barred(answered: Message, person: Identity | None, name: str) -> str:
    if answered.unanswerable:
        return f"{answered.unanswerable} Write a note, or close the ticket."
    if person is None:
        return "This message has no sender that could be answered. Write a note, or close the ticket."
    if person.unreachable:
        return f"{name} no longer accepts messages here. Answer on another channel, or write a note."
    return ""
