"""The commands.  Each reads the ticket, decides, and commits with an event; again when it was overtaken."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from desk.actors import Actor, Right
from desk.answered import answered_message
from responders.compose import Limits, compose, reply_target
from tickets.errors import Conflict, KeyReused, Refused, TicketNotFound
from tickets.ids import AccountId, DeliveryId, EventId, MessageId, NoticeId, ThreadId, TicketNumber, UserId, new_id
from tickets.model import (
    Delivery,
    DeliveryState,
    Direction,
    Identity,
    Message,
    RawEvent,
    Ticket,
    TicketEnvelope,
    TicketEvent,
    TicketStatus,
)
from tickets.notices import NoticeStore
from tickets.ports import Clock, CrashHook
from tickets.storage import CommandKey, DeskStore, IntakeStore, OutboxStore, TicketChange

ATTEMPTS = 8
LONGEST_TEXT = 100_000


class Done(NamedTuple):
    """What a command did.

    number: 0 for a delivery that belongs to no ticket.  delivery_id: the
    delivery it made or changed, None without.  repeated: the key had been
    used for the same command before, and nothing was done.
    """

    number: TicketNumber
    delivery_id: DeliveryId | None = None
    repeated: bool = False


class DeskRecords(IntakeStore, DeskStore, OutboxStore, NoticeStore, Protocol):
    """What the desk needs of a store."""


class Desk:
    """The desk over a store.

    limits: how much each account lets through in one piece.
    """

    def __init__(
        self,
        store: DeskRecords,
        clock: Clock,
        crash: CrashHook,
        limits: Mapping[AccountId, Limits],
    ) -> None:
        self._store = store
        self._clock = clock
        self._crash = crash
        self._limits = limits

    async def get_ticket(self, actor: Actor, number: TicketNumber) -> TicketEnvelope:
        """Raises TicketNotFound, Forbidden."""
        actor.require("read")
        return await self._get(number)

    async def answer(
        self,
        actor: Actor,
        number: TicketNumber,
        text: str,
        *,
        key: str,
        thread_id: ThreadId | None = None,
        seen: MessageId | None = None,
        undo_s: float = 0.0,
    ) -> Done:
        """Answer the person where they last wrote, or in ``thread_id``.

        seen: the newest message the writer had before them; when a colleague
        has answered since, the answer is refused, so that nobody is answered
        twice.  undo_s: seconds in which ``withdraw`` still stops it.
        """

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            _nobody_else_answered(ticket, actor, seen)
            _not_said_since(ticket, actor, seen, _written(text))
            return self._answering(actor, ticket, _written(text), thread_id, now, undo_s)

        return await self._run(actor, "work", number, key, ("answer", number, text, thread_id), decide)

    async def note(self, actor: Actor, number: TicketNumber, text: str, *, key: str) -> Done:
        """Keep a note that only colleagues see."""

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            note = _message("note", actor, ticket, _written(text), now)
            event = _event("noted", actor, ticket, now, message_id=note.id)
            moved = _next(ticket.ticket, now)
            return _change(ticket, moved, event, message=note, search_text=note.text)

        return await self._run(actor, "work", number, key, ("note", number, text), decide)

    async def claim(self, actor: Actor, number: TicketNumber, *, key: str) -> Done:
        """Take a ticket.  Refused while a colleague has it: ``assign`` takes it over on purpose."""

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            if actor.user_id is None:
                raise Refused("A token cannot take a ticket. Assign it to a user.")
            if ticket.ticket.assignee not in (None, actor.user_id):
                raise Refused("A colleague has taken this ticket. Assign it to yourself to take it over.")
            return _assigned(ticket, actor, actor.user_id, now)

        return await self._run(actor, "work", number, key, ("claim", number), decide)

    async def assign(self, actor: Actor, number: TicketNumber, user: UserId | None, *, key: str) -> Done:
        """Hand a ticket to a user, or to nobody (None)."""
        return await self._run(
            actor, "direct", number, key, ("assign", number, user), lambda t, now: _assigned(t, actor, user, now)
        )

    async def close(self, actor: Actor, number: TicketNumber, *, key: str) -> Done:
        """Done, until the person writes again."""
        return await self._run(
            actor, "work", number, key, ("close", number), lambda t, now: _moved_to("closed", t, actor, now)
        )

    async def reopen(self, actor: Actor, number: TicketNumber, *, key: str) -> Done:
        """Open again.  Refused when the same conversation already has another open ticket."""
        try:
            return await self._run(
                actor, "work", number, key, ("reopen", number), lambda t, now: _moved_to("open", t, actor, now)
            )
        except Conflict as error:
            raise Refused("This conversation already has another open ticket. Go on there.") from error

    async def withdraw(self, actor: Actor, delivery_id: DeliveryId, *, key: str) -> Done:
        """Stop an answer that has not left yet."""
        return await self._settle(actor, delivery_id, key, "withdraw", ("queued",), "held")

    async def send_again(self, actor: Actor, delivery_id: DeliveryId, *, key: str) -> Done:
        """Send what failed, is held, or whose fate is unknown: a person's decision, never the program's."""
        return await self._settle(actor, delivery_id, key, "send_again", ("failed", "held", "unknown"), "queued")

    async def confirm_arrived(self, actor: Actor, delivery_id: DeliveryId, *, key: str) -> Done:
        """A person has seen that a delivery of unknown fate did arrive."""
        return await self._settle(actor, delivery_id, key, "confirm_arrived", ("unknown",), "sent")

    async def read_raw(self, actor: Actor, number: TicketNumber, message_id: MessageId, *, key: str) -> RawEvent:
        """A message byte for byte as it came.  That somebody read it is an event.

        Raises Refused for a message that did not come from outside.
        """

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            _event_of_message(ticket, message_id)
            event = _event("raw_read", actor, ticket, now, message_id=message_id)
            return _change(ticket, _next(ticket.ticket, now), event)

        await self._run(actor, "work", number, key, ("read_raw", number, message_id), decide)
        raw = await self._store.read_raw(_event_of_message(await self._get(number), message_id))
        if raw is None:
            raise Refused("The original is not kept any more.")
        return raw

    async def replay(self, actor: Actor, event_id: EventId) -> bool:
        """Have a quarantined message handled anew; False when it is not in quarantine."""
        actor.require("administer")
        return await self._store.replay(event_id, self._clock.now())

    async def dismiss_notice(self, actor: Actor, notice_id: NoticeId) -> bool:
        """A person has read a notice; False when it is not open."""
        actor.require("work")
        return await self._store.dismiss_notice(notice_id, self._clock.now())

    # Inside

    async def _run(
        self,
        actor: Actor,
        right: Right,
        number: TicketNumber,
        key: str,
        asked: tuple[object, ...],
        decide: Callable[[TicketEnvelope, datetime], TicketChange],
    ) -> Done:
        """Raises Forbidden, TicketNotFound, Refused, KeyReused; Conflict when overtaken again and again."""
        actor.require(right)
        command = CommandKey(actor=actor.key, key=_usable(key), fingerprint=_fingerprint(asked))
        for attempt in range(1, ATTEMPTS + 1):
            if (earlier := await self._earlier(number, command)) is not None:
                return earlier
            now = self._clock.now()
            change = decide(await self._get(number), now)
            delivery_id = change.delivery.id if change.delivery else None
            try:
                await self._store.apply_change(replace(change, command=command, result=delivery_id or ""), now)
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
                continue
            self._crash("desk.committed")
            return Done(number, delivery_id)
        raise AssertionError("unreachable")

    async def _earlier(self, number: TicketNumber, command: CommandKey) -> Done | None:
        found = await self._store.find_command(command.actor, command.key)
        if found is None:
            return None
        if found.fingerprint != command.fingerprint:
            raise KeyReused("This Idempotency-Key was used for another request. Use a fresh one for each request.")
        return Done(number, DeliveryId(found.result) if found.result else None, repeated=True)

    async def _get(self, number: TicketNumber) -> TicketEnvelope:
        ticket = await self._store.find_ticket(number)
        if ticket is None:
            raise TicketNotFound(f"There is no ticket #{number}.")
        return ticket

    def _answering(
        self,
        actor: Actor,
        ticket: TicketEnvelope,
        text: str,
        thread_id: ThreadId | None,
        now: datetime,
        undo_s: float,
    ) -> TicketChange:
        answered = answered_message(ticket, thread_id)
        if answered is None:
            raise Refused("Nobody has written in this conversation yet, so there is nothing to answer.")
        person = _reachable(ticket, answered)
        thread = next(thread for thread in ticket.threads if thread.id == answered.thread_id)
        limits = self._limits.get(thread.account)
        if limits is None:
            raise Refused(f"The account {thread.account} is not configured any more; its answers cannot be sent.")
        earlier = [m for m in ticket.messages if m.thread_id == thread.id and m.direction != "note"]
        message = replace(
            _message("out", actor, ticket, text, now),
            thread_id=thread.id,
            reply_to=answered.external_id,
            language=ticket.ticket.language,
        )
        delivery = compose(
            "reply",
            reply_target(thread, answered, person, earlier),
            text,
            limits,
            now,
            release_at=now + timedelta(seconds=undo_s),
            thread_id=thread.id,
            ticket_id=ticket.ticket.id,
            message_id=message.id,
        )
        moved = replace(
            _next(ticket.ticket, now),
            status="pending",
            waiting_since=None,
            unanswered=0,
            assignee=ticket.ticket.assignee or actor.user_id,
        )
        event = _event(
            "answered", actor, ticket, now, message_id=message.id, delivery_id=delivery.id, status="pending"
        )
        return _change(ticket, moved, event, message=message, delivery=delivery, search_text=text)

    async def _settle(
        self,
        actor: Actor,
        delivery_id: DeliveryId,
        key: str,
        command: str,
        from_states: tuple[DeliveryState, ...],
        to: DeliveryState,
    ) -> Done:
        actor.require("work")
        delivery = await self._store.find_delivery(delivery_id)
        if delivery is not None and delivery.ticket_id is None:
            return await self._settle_loose(actor, delivery, from_states, to)
        number = await self._number_of(delivery_id)

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            delivery = next(d for d in ticket.deliveries if d.id == delivery_id)
            if delivery.state not in from_states:
                raise Refused(f"This answer is {delivery.state}; that cannot be done with it now.")
            settled = _settled(delivery, to, actor, now)
            event = _event(command, actor, ticket, now, delivery_id=delivery_id, state=settled.state)
            moved = (
                _waiting_again(ticket, delivery, now) if to == "held" else _answered_again(ticket, delivery, now)
            )
            return _change(ticket, moved, event, delivery=settled, expected_delivery=delivery.state)

        try:
            return await self._run(actor, "work", number, key, (command, delivery_id), decide)
        except Conflict as error:
            raise Refused("This answer is being sent right now. Look again in a moment.") from error

    async def _settle_loose(
        self, actor: Actor, delivery: Delivery, from_states: tuple[DeliveryState, ...], to: DeliveryState
    ) -> Done:
        """An alert or a greeting: it belongs to no ticket, so the state itself says what was done before."""
        now = self._clock.now()
        allowed = delivery.state in from_states
        settled = _settled(delivery, to, actor, now)
        if not allowed or not await self._store.settle_delivery(settled, delivery.state, now):
            raise Refused(f"This message is {delivery.state}; that cannot be done with it now. Look again.")
        return Done(TicketNumber(0), delivery.id)

    async def _number_of(self, delivery_id: DeliveryId) -> TicketNumber:
        delivery = await self._store.find_delivery(delivery_id)
        number = (
            await self._store.find_ticket_number(delivery.ticket_id) if delivery and delivery.ticket_id else None
        )
        if number is None:
            raise TicketNotFound("There is no such delivery.")
        return number


def _event_of_message(ticket: TicketEnvelope, message_id: MessageId) -> EventId:
    message = next((one for one in ticket.messages if one.id == message_id), None)
    if message is None or message.event_id is None:
        raise Refused("There is no original of this message.")
    return message.event_id


# Deciding, each from the ticket as it stands ---------------------------------


def _reachable(ticket: TicketEnvelope, answered: Message) -> Identity:
    person = next((who for who in ticket.identities if who.id == answered.identity_id), None)
    if answered.unanswerable:
        raise Refused(answered.unanswerable)
    if person is None:
        raise Refused("This message has no sender that could be answered.")
    if person.unreachable:
        raise Refused(f"{person.display_name} no longer accepts messages here. Answer on another channel.")
    return person


def _nobody_else_answered(ticket: TicketEnvelope, actor: Actor, seen: MessageId | None) -> None:
    for message in _since(ticket, seen):
        if message.direction == "out" and message.actor != actor.user_id:
            raise Refused(f"{message.author} answered while you were writing. Read it first, then send again.")


def _not_said_since(ticket: TicketEnvelope, actor: Actor, seen: MessageId | None, text: str) -> None:
    """The same form stood open twice, and the same words were sent from both.  What was taken back may be sent."""
    leaving = {one.message_id for one in ticket.deliveries if one.state not in ("held", "failed")}
    for message in _since(ticket, seen):
        if message.id in leaving and message.actor == actor.user_id and message.text == text:
            raise Refused("You have sent these very words just now, from another window. Reload the page.")


def _since(ticket: TicketEnvelope, seen: MessageId | None) -> Sequence[Message]:
    """What came after the message that was the newest before the writer; nothing when that is not known."""
    ids = [message.id for message in ticket.messages]
    return ticket.messages[ids.index(seen) + 1 :] if seen in ids else ()


def _assigned(ticket: TicketEnvelope, actor: Actor, user: UserId | None, now: datetime) -> TicketChange:
    moved = replace(_next(ticket.ticket, now), assignee=user)
    event = _event("assigned", actor, ticket, now, before=ticket.ticket.assignee, after=user)
    return _change(ticket, moved, event)


def _moved_to(status: TicketStatus, ticket: TicketEnvelope, actor: Actor, now: datetime) -> TicketChange:
    before = ticket.ticket
    if before.status == status:
        raise Refused(f"Ticket #{before.number} is already {status}.")
    closing = status == "closed"
    moved = replace(
        _next(before, now),
        status=status,
        waiting_since=None if closing else before.waiting_since,
        unanswered=0 if closing else before.unanswered,
    )
    event = _event("closed" if closing else "reopened", actor, ticket, now, before=before.status, status=status)
    return _change(ticket, moved, event)


def _waiting_again(ticket: TicketEnvelope, delivery: Delivery, now: datetime) -> Ticket:
    """An answer was taken back: the person waits for us as before."""
    after = _next(ticket.ticket, now)
    if delivery.kind != "reply" or after.status != "pending":
        return after
    return replace(
        after, status="open", waiting_since=after.waiting_since or now, unanswered=max(1, after.unanswered)
    )


def _answered_again(ticket: TicketEnvelope, delivery: Delivery, now: datetime) -> Ticket:
    """An answer arrived after all, or leaves again: nobody waits, unless the person wrote since.

    Nor when a later answer is in trouble: that one they still wait for.
    """
    after = _next(ticket.ticket, now)
    own = next((one for one in ticket.messages if one.id == delivery.message_id), None)
    if delivery.kind != "reply" or after.status != "open" or own is None:
        return after
    newer = any(one.direction == "in" and one.stored_at > own.stored_at for one in ticket.messages)
    trouble = any(
        other.kind == "reply"
        and other.state in ("failed", "held", "unknown")
        and (other.created_at, other.id) > (delivery.created_at, delivery.id)
        for other in ticket.deliveries
    )
    if newer or trouble:
        return after
    return replace(after, status="pending", waiting_since=None, unanswered=0)


def _settled(delivery: Delivery, to: DeliveryState, actor: Actor, now: datetime) -> Delivery:
    """The delivery with its unsent pieces moved on; pieces after a confirmed one are still to be sent."""
    stay = ("sent",) if to == "held" else ("sent", "queued")
    parts = tuple(part if part.state in stay else replace(part, state=to) for part in delivery.parts)
    left = any(part.state == "queued" for part in parts)
    state: DeliveryState = "queued" if to == "sent" and left else to
    detail = {
        "held": f"Withdrawn by {actor.name} before it was sent.",
        "sent": f"{actor.name} saw that it arrived.",
    }
    return replace(
        delivery,
        state=state,
        parts=parts,
        next_at=now,
        updated_at=now,
        code="withdrawn" if to == "held" else "",
        detail=detail.get(to, ""),
    )


def _message(direction: Direction, actor: Actor, ticket: TicketEnvelope, text: str, now: datetime) -> Message:
    return Message(
        id=MessageId(new_id()),
        ticket_id=ticket.ticket.id,
        direction=direction,
        author=actor.name,
        actor=actor.user_id,
        text=text,
        sent_at=now,
        stored_at=now,
    )


def _next(ticket: Ticket, now: datetime) -> Ticket:
    return replace(ticket, updated_at=now, version=ticket.version + 1)


def _change(
    before: TicketEnvelope,
    after: Ticket,
    event: TicketEvent,
    *,
    message: Message | None = None,
    delivery: Delivery | None = None,
    expected_delivery: str | None = None,
    search_text: str = "",
) -> TicketChange:
    return TicketChange(
        ticket=after,
        expected_version=before.ticket.version,
        events=(event,),
        message=message,
        delivery=delivery,
        expected_delivery=expected_delivery,
        search_text=search_text,
    )


def _event(
    kind: str,
    actor: Actor,
    ticket: TicketEnvelope,
    now: datetime,
    *,
    message_id: MessageId | None = None,
    delivery_id: DeliveryId | None = None,
    **data: str | int | None,
) -> TicketEvent:
    return TicketEvent(
        kind=kind,
        actor=actor.key,
        at=now,
        ticket_id=ticket.ticket.id,
        message_id=message_id,
        delivery_id=delivery_id,
        data=data,
    )


def _written(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Refused("There is no text yet. Write something first.")
    if len(text) > LONGEST_TEXT:
        raise Refused(f"The text is longer than {LONGEST_TEXT} characters. Shorten it, or attach a file.")
    return text


def _usable(key: str) -> str:
    if not 1 <= len(key) <= 200:
        raise Refused("An Idempotency-Key has 1 to 200 characters.")
    return key


def _fingerprint(asked: tuple[object, ...]) -> str:
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()
