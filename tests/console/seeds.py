"""People who write: tickets put into a store the way intake does it, through ``admit``."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from tickets.feeds import FeedItem
from tickets.folds import fresh, snippet_of
from tickets.ids import (
    AccountId,
    AttachmentId,
    Channel,
    ContactId,
    ExternalMessageId,
    IdentityId,
    ItemId,
    MessageId,
    ThreadId,
    ThreadKey,
    TicketId,
    TicketNumber,
    new_id,
)
from tickets.model import (
    AttachmentDraft,
    Authenticity,
    Contact,
    Delivery,
    Identity,
    Message,
    Participant,
    RawEvent,
    Reason,
    Thread,
    Ticket,
    TicketEnvelope,
    TicketEvent,
    Visibility,
)
from tickets.records import Admission, MessageChange, NewAttachment
from tickets.segments import segments
from tickets.storage import Store

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c63f8cfc0f01f00050101ff5d2bb54c0000000049454e44ae426082"
)
"""A PNG of one dot."""
_counter = itertools.count(1)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def pass_(self, **how_long: float) -> None:
        self.at += timedelta(**how_long)


@dataclass
class Person:
    """Somebody on one channel, and the ticket they are in."""

    name: str
    channel: Channel = "telegram"
    account: str = ""
    address: str = ""
    language: str | None = "en"
    visibility: Visibility = "private"
    title: str = ""
    number: TicketNumber = field(default=TicketNumber(0))
    identity: Identity | None = None
    thread: Thread | None = None

    def make_identity(self) -> Identity:
        n = next(_counter)
        return Identity(
            id=IdentityId(new_id()),
            contact_id=ContactId(new_id()),
            channel=self.channel,
            external_id=self.address or f"{self.channel}-{n}",
            display_name=self.name,
            handle=None
            if self.channel == "email"
            else self.name.split()[0].lower()
            if self.name.strip()
            else None,
            language=self.language,
        )

    def make_thread(self) -> Thread:
        account = AccountId(self.account or f"{self.channel}:main")
        key = ThreadKey(f"key-{new_id()}")
        return Thread(ThreadId(new_id()), account, self.channel, key, self.visibility, self.title)


class Seeds:
    """Fills a store by what people do."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    async def writes(self, person: Person, text: str, **how: Any) -> TicketNumber:
        """A first message opens a ticket, a further one joins it."""
        if person.number:
            return await self._follows(person, text, **how)
        person.identity, person.thread = person.make_identity(), person.make_thread()
        now = self.clock.now()
        ticket = self._opened(person, text, **how)
        message = await self._message(person, ticket.id, text, **how)
        numbers = await self.store.admit(
            [
                Admission(
                    (),
                    "ticket",
                    new_contact=Contact(person.identity.contact_id, person.name, now),
                    new_identity=person.identity,
                    new_thread=person.thread,
                    ticket=ticket,
                    thread_id=person.thread.id,
                    participants=(Participant(person.identity.id, "requester"),),
                    message=message,
                    attachments=_attachments(message, how.get("files", ())),
                    segments=segments(text),
                    snippet=snippet_of(fresh(text)),
                    deliveries=how.get("deliveries", ()),
                    events=(self._event("opened", ticket.id), self._event("received", ticket.id)),
                )
            ],
            now,
        )
        person.number = numbers[ticket.id]
        return person.number

    async def _follows(self, person: Person, text: str, **how: Any) -> TicketNumber:
        known = (await self.get(person.number)).ticket
        assert person.thread is not None
        moved = replace(
            known,
            version=known.version + 1,
            status="open",
            updated_at=self.clock.now(),
            waiting_since=known.waiting_since or self.clock.now(),
            unanswered=known.unanswered + 1,
        )
        message = await self._message(person, known.id, text, **how)
        joins = how.get("joins")
        await self.store.admit(
            [
                Admission(
                    (),
                    "ticket",
                    new_thread=joins,
                    ticket=moved,
                    ticket_version=known.version,
                    thread_id=joins.id if joins else person.thread.id,
                    message=replace(message, thread_id=joins.id) if joins else message,
                    attachments=_attachments(message, how.get("files", ())),
                    segments=segments(text),
                    snippet=snippet_of(fresh(text)),
                    events=(self._event("received", known.id),),
                )
            ],
            self.clock.now(),
        )
        return person.number

    async def edits(self, person: Person, message_id: MessageId, text: str | None) -> None:
        """The person changes a message, or deletes it (None)."""
        known = (await self.get(person.number)).ticket
        change = MessageChange(message_id, self.clock.now(), text)
        moved = replace(known, version=known.version + 1)
        events = (self._event("edited" if text else "deleted", known.id),)
        await self.store.admit(
            [Admission((), "ticket", ticket=moved, ticket_version=known.version, change=change, events=events)],
            self.clock.now(),
        )

    async def finds(self, text: str, **fields: Any) -> FeedItem:
        """What a feed found."""
        n, now = next(_counter), self.clock.now()
        wanted: dict[str, Any] = {
            "feeds": ("x:main/talk",),
            "channel": "x",
            "account": AccountId("x:main"),
            "author": "Linh Trần",
            "handle": "linh",
            "address": f"https://x.com/i/status/{n}",
            "language": "vi",
            "mood": "",
            "fingerprint": "",
            "sent_at": now,
        } | fields
        event = RawEvent(
            wanted["channel"], wanted["account"], f"found-{n}", f"of {n}", b"{}", now, "1", feed="talk"
        )
        await self.store.append_raw(event.account, [event], None)
        [leased] = await self.store.lease_events("seeds", now, 60.0, 10)
        item = FeedItem(
            id=ItemId(new_id()),
            external_id=ExternalMessageId(f"found-{n}"),
            event_ids=(leased.id,),
            text=text,
            stored_at=now,
            keep_until=now + timedelta(days=30),
            **wanted,
        )
        await self.store.admit([Admission((leased.id,), "ignored", "feed", item=item)], now)
        return item

    async def takes_up(self, item: FeedItem, number: TicketNumber) -> None:
        """Its ticket was made."""
        ticket = (await self.get(number)).ticket
        await self.store.admit(
            [Admission((), "ignored", item=replace(item, ticket_id=ticket.id))], self.clock.now()
        )

    async def get(self, number: TicketNumber) -> TicketEnvelope:
        found = await self.store.find_ticket(number)
        assert found is not None
        return found

    async def newest_delivery(self, number: TicketNumber) -> Delivery:
        return (await self.get(number)).deliveries[-1]

    async def starts_sending(self, delivery: Delivery) -> None:
        account = delivery.target.account
        await self.store.lease_deliveries([account], "outbox", self.clock.now(), 60, 10)
        assert await self.store.mark_sending(delivery.id, 1, "outbox", self.clock.now())

    async def fails(self, delivery: Delivery, state: Any, code: str, detail: str) -> None:
        await self.starts_sending(delivery)
        now = self.clock.now()
        await self.store.record_failure(delivery.id, 1, state, code, detail, now, now)

    def _opened(self, person: Person, text: str, **how: Any) -> Ticket:
        assert person.identity is not None
        assert person.thread is not None
        now = self.clock.now()
        reasons = how.get("reasons", (Reason("a person is waiting", 10),))
        return Ticket(
            id=TicketId(new_id()),
            number=TicketNumber(0),
            subject=how.get("subject") or text[:80],
            status="open",
            priority=sum(reason.points for reason in reasons),
            priority_reasons=reasons,
            team=how.get("team", "support"),
            channel=person.channel,
            account=person.thread.account,
            requester_id=person.identity.id,
            requester=person.name,
            created_at=now,
            updated_at=now,
            language=person.language,
            waiting_since=now,
            unanswered=1,
        )

    async def _message(self, person: Person, ticket_id: TicketId, text: str, **how: Any) -> Message:
        assert person.identity is not None
        assert person.thread is not None
        now = self.clock.now()
        external = ExternalMessageId(new_id())
        event = RawEvent(
            person.channel, person.thread.account, external, "talk", how.get("raw", text.encode()), now, "bot"
        )
        await self.store.append_raw(person.thread.account, [event], None)
        leased = await self.store.lease_events("intake", now, 60, 100)
        return Message(
            id=MessageId(new_id()),
            ticket_id=ticket_id,
            direction="in",
            author=person.name,
            text=text,
            sent_at=how.get("sent_at", now),
            stored_at=now,
            thread_id=person.thread.id,
            identity_id=person.identity.id,
            external_id=external,
            event_id=leased[-1].id if leased else None,
            language=person.language,
            subject=how.get("subject"),
            html=how.get("html"),
            authenticity=how.get("authenticity", Authenticity("verified", person.channel.capitalize())),
            automatic=how.get("automatic"),
            warnings=how.get("warnings", ()),
            secrets=how.get("secrets", ()),
            entities=how.get("entities", ()),
            cc=how.get("cc", ()),
            unanswerable=how.get("unanswerable", ""),
        )

    def _event(self, kind: str, ticket_id: TicketId) -> TicketEvent:
        return TicketEvent(kind, "router", self.clock.now(), ticket_id)


def image(name: str = "photo.png", content: bytes = PIXEL, media_type: str = "image/png") -> AttachmentDraft:
    return AttachmentDraft(name, media_type, len(content), content)


def _attachments(message: Message, drafts: Sequence[AttachmentDraft]) -> tuple[NewAttachment, ...]:
    return tuple(NewAttachment(AttachmentId(new_id()), message.id, draft) for draft in drafts)
