"""Shapes with sensible contents, so that a test names only what it is about."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from tickets.folds import fresh, snippet_of
from tickets.ids import (
    AccountId,
    AttachmentId,
    ContactId,
    DeliveryId,
    EventId,
    ExternalMessageId,
    IdentityId,
    MessageId,
    ThreadId,
    ThreadKey,
    TicketId,
    TicketNumber,
    UserId,
)
from tickets.model import (
    AttachmentDraft,
    Contact,
    Delivery,
    DeliveryPart,
    Identity,
    Message,
    Participant,
    RawEvent,
    ReplyTarget,
    Thread,
    Ticket,
    TicketEvent,
)
from tickets.records import (
    Admission,
    CommandKey,
    ContextQuery,
    LeasedEvent,
    NewAttachment,
    NewRef,
    TicketChange,
    User,
)
from tickets.segments import segments
from tickets.storage import Store

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MAIN = AccountId("telegram:main")


def at(seconds: float) -> datetime:
    """A moment after the beginning of every test."""
    return T0 + timedelta(seconds=seconds)


def raw(name: str, conversation: str = "chat", account: str = MAIN, **fields: Any) -> RawEvent:
    """A raw event received at the beginning."""
    wanted = {
        "payload": f"payload of {name}".encode(errors="replace"),
        "received_at": T0,
        "own_id": "bot",
    } | fields
    return RawEvent("telegram", AccountId(account), name, conversation, **wanted)


async def receive(store: Store, *events: RawEvent) -> None:
    for event in events:
        await store.append_raw(event.account, [event], None)


async def lease(store: Store, seconds: float = 0, *, limit: int = 100, lease_s: float = 60) -> list[LeasedEvent]:
    return list(await store.lease_events("worker", at(seconds), lease_s, limit))


def names(leased: Sequence[LeasedEvent]) -> list[str]:
    return [one.event.external_id for one in leased]


def ignoring(*ids: EventId) -> Admission:
    return Admission(ids, "ignored", "test")


class NoDesk:
    """For runners of other jobs."""

    async def join(self, *_asked: object) -> None:
        raise AssertionError("nobody has brought a code")

    async def erase(self, *_asked: object) -> int:
        raise AssertionError("nothing was removed")

    async def could_not_hide(self, *_asked: object, **_how: object) -> None:
        raise AssertionError("nothing was to be hidden")


def identity(name: str, **fields: Any) -> Identity:
    wanted = {"external_id": f"person-{name}", "display_name": f"Person {name}"} | fields
    return Identity(IdentityId(f"i-{name}"), ContactId(f"c-{name}"), "telegram", **wanted)


def thread(name: str, **fields: Any) -> Thread:
    wanted = {"key": ThreadKey(f"key-{name}"), "visibility": "private"} | fields
    return Thread(ThreadId(f"h-{name}"), MAIN, "telegram", **wanted)


def ticket(name: str, **fields: Any) -> Ticket:
    """A new, open ticket of the person of the same name."""
    wanted = {
        "number": TicketNumber(0),
        "subject": f"Ticket {name}",
        "status": "open",
        "priority": 10,
        "priority_reasons": (),
        "team": "support",
        "channel": "telegram",
        "account": MAIN,
        "requester_id": IdentityId(f"i-{name}"),
        "requester": f"Person {name}",
        "created_at": T0,
        "updated_at": T0,
        "waiting_since": T0,
    } | fields
    return Ticket(id=TicketId(f"t-{name}"), **wanted)


def message(name: str, ticket_name: str, **fields: Any) -> Message:
    """An incoming message of the ticket's person in the ticket's thread."""
    wanted = {
        "ticket_id": TicketId(f"t-{ticket_name}"),
        "thread_id": ThreadId(f"h-{ticket_name}"),
        "identity_id": IdentityId(f"i-{ticket_name}"),
        "direction": "in",
        "author": f"Person {ticket_name}",
        "text": f"Text of {name}",
        "sent_at": T0,
        "stored_at": T0,
    } | fields
    return Message(id=MessageId(f"m-{name}"), **wanted)


def ref(name: str, message_name: str, ticket_name: str, **fields: Any) -> NewRef:
    return NewRef(
        "telegram",
        ExternalMessageId(name),
        MessageId(f"m-{message_name}"),
        TicketId(f"t-{ticket_name}"),
        ThreadId(f"h-{ticket_name}"),
        **fields,
    )


def opening(name: str, *event_ids: EventId, text: str = "", **ticket_fields: Any) -> Admission:
    """A first message: contact, identity, thread, ticket and message are all new."""
    words = text or f"Text of {name}"
    return Admission(
        event_ids,
        "ticket",
        new_contact=Contact(ContactId(f"c-{name}"), f"Person {name}", T0),
        new_identity=identity(name),
        new_thread=thread(name),
        ticket=ticket(name, **ticket_fields),
        thread_id=ThreadId(f"h-{name}"),
        participants=(Participant(IdentityId(f"i-{name}"), "requester"),),
        message=message(name, name, text=words),
        refs=(ref(f"ref-{name}", name, name),),
        segments=segments(words),
        snippet=words,
        events=(event("opened", name),),
    )


def following(known: Ticket, message_name: str, *event_ids: EventId, **fields: Any) -> Admission:
    """A further message in a ticket: from the state that was read to the next one."""
    name = known.id.removeprefix("t-")
    wanted: dict[str, Any] = {
        "ticket": replace(known, version=known.version + 1),
        "ticket_version": known.version,
        "thread_id": ThreadId(f"h-{name}"),
        "message": message(message_name, name),
    } | fields
    said = wanted["message"]
    wanted.setdefault("snippet", snippet_of(fresh(said.text)) if said and said.direction == "in" else "")
    return Admission(event_ids, "ticket", **wanted)


async def open_ticket(store: Store, name: str, **fields: Any) -> Ticket:
    """Admit a first message; the ticket as stored."""
    numbers = await store.admit([opening(name, **fields)], T0)
    return await get_ticket(store, numbers[TicketId(f"t-{name}")])


async def get_ticket(store: Store, number: TicketNumber) -> Ticket:
    envelope = await store.find_ticket(number)
    assert envelope is not None
    return envelope.ticket


def file(key: str, message_name: str, **draft: Any) -> NewAttachment:
    wanted = {"name": f"{key}.pdf", "media_type": "application/pdf"} | draft
    return NewAttachment(AttachmentId(f"a-{key}"), MessageId(f"m-{message_name}"), AttachmentDraft(**wanted))


def event(kind: str, ticket_name: str, **fields: Any) -> TicketEvent:
    wanted = {"actor": "router", "at": T0, "ticket_id": TicketId(f"t-{ticket_name}")} | fields
    return TicketEvent(kind, **wanted)


def changing(known: Ticket, key: str | None = None, **fields: Any) -> TicketChange:
    """A command on a ticket; ``key`` is its idempotency key."""
    wanted: dict[str, Any] = {
        "ticket": replace(known, version=known.version + 1),
        "events": (TicketEvent("changed", "user", T0, ticket_id=known.id),),
        "command": None if key is None else CommandKey("user", key, "asked"),
    } | fields
    return TicketChange(expected_version=known.version, **wanted)


# Answers -----------------------------------------------------------------------


def delivery(
    name: str, *, thread_id: str | None = None, texts: Sequence[str] = ("Hello",), **fields: Any
) -> Delivery:
    """A queued reply that is due; with a ``thread_id`` of an opened ticket it belongs to that thread."""
    account = fields.pop("account", MAIN)
    wanted = {
        "target": ReplyTarget("telegram", account, ThreadKey("key"), "private"),
        "parts": tuple(DeliveryPart(n, text, "queued") for n, text in enumerate(texts, 1)),
        "state": "queued",
        "next_at": T0,
        "created_at": T0,
        "updated_at": T0,
        "thread_id": thread_id,
    } | fields
    return Delivery(DeliveryId(f"d-{name}"), "reply", **wanted)


def answer(name: str, known: Ticket, **fields: Any) -> Delivery:
    """A reply to the first message of a ticket."""
    person = known.id.removeprefix("t-")
    wanted = {"thread_id": f"h-{person}", "ticket_id": known.id, "message_id": MessageId(f"m-{name}")} | fields
    return delivery(name, **wanted)


def outgoing(name: str, known: Ticket, **fields: Any) -> Message:
    """The message that an answer of the same name carries."""
    person = known.id.removeprefix("t-")
    return message(name, person, direction="out", identity_id=None, actor=UserId("u-1"), **fields)


async def queue(store: Store, *deliveries: Delivery) -> None:
    await store.admit([Admission((), "ticket", deliveries=deliveries)], T0)


async def lease_out(
    store: Store, seconds: float = 0, *, holder: str = "worker", limit: int = 100, lease_s: float = 60
) -> list[str]:
    """The names of the deliveries that a worker gets."""
    leased = await store.lease_deliveries([MAIN], holder, at(seconds), lease_s, limit)
    return [one.id.removeprefix("d-") for one in leased]


async def get_delivery(store: Store, name: str) -> Delivery:
    found = await store.find_delivery(DeliveryId(f"d-{name}"))
    assert found is not None
    return found


# The rest ----------------------------------------------------------------------


def query(**fields: Any) -> ContextQuery:
    wanted: dict[str, Any] = {
        "identities": frozenset(),
        "refs": frozenset(),
        "threads": frozenset(),
        "fingerprints": frozenset(),
        "fingerprints_since": T0,
    }
    return ContextQuery(**(wanted | fields))


def user(key: str, **fields: Any) -> User:
    wanted = {"name": key, "role": "agent", "active": True, "created_at": T0} | fields
    return User(UserId(f"u-{key}"), **wanted)
