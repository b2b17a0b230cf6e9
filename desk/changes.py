"""What a command changes: each from the ticket as it stands, without reading or writing anything."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from desk.actors import Actor
from tickets.errors import PublicStep, Refused
from tickets.ids import Channel, DeliveryId, MessageId, UserId, new_id
from tickets.model import (
    Delivery,
    DeliveryState,
    Direction,
    Identity,
    Message,
    Ticket,
    TicketEnvelope,
    TicketEvent,
    TicketStatus,
)
from tickets.records import BY_HAND, NewAttachment, TicketChange
from tickets.segments import segments
from tickets.states import state_jobs

LONGEST_TEXT = 100_000
"""Characters of an answer or a note."""


def from_outside(ticket: TicketEnvelope, message_id: MessageId) -> Message:
    """A message of somebody's.  Raises Refused when it did not come from outside."""
    message = next((one for one in ticket.messages if one.id == message_id), None)
    if message is None or message.event_id is None:
        raise Refused("There is no original of this message.")
    return message


def reachable_author(ticket: TicketEnvelope, answered: Message, *, by_hand: bool = False) -> Identity:
    """The one who gets the answer.  by_hand: a person posts it.  Raises Refused when no answer can reach them."""
    person = next((who for who in ticket.identities if who.id == answered.identity_id), None)
    if answered.unanswerable and not by_hand:
        raise Refused(answered.unanswerable)
    if person is None:
        raise Refused("This message has no sender that could be answered.")
    if person.unreachable:
        raise Refused(f"{person.display_name} no longer accepts messages here. Answer on another channel.")
    return person


def refuse_overtaken(ticket: TicketEnvelope, actor: Actor, seen: MessageId | None) -> None:
    """Raises Refused when a colleague answered after what the writer has seen (None: unknown, not refused)."""
    for message in _since(ticket, seen):
        if message.direction == "out" and message.actor != actor.user_id:
            raise Refused(f"{message.author} answered while you were writing. Read it first, then send again.")


def refuse_repeated(ticket: TicketEnvelope, actor: Actor, seen: MessageId | None, text: str) -> None:
    """The same form stood open twice, and the same words were sent from both.  What was taken back may be sent."""
    leaving = {one.message_id for one in ticket.deliveries if one.state not in ("held", "failed")}
    for message in _since(ticket, seen):
        if message.id in leaving and message.actor == actor.user_id and message.text == text:
            raise Refused("You have sent these very words just now, from another window. Reload the page.")


def refuse_unseen_publicity(ticket: TicketEnvelope, change: TicketChange, seen: str) -> None:
    """Raises PublicStep where notes or private talk could be meant, and everybody would read it.

    seen: stands for what a person has seen, see ``PublicStep``.
    """
    answer = change.delivery
    private = {thread.id for thread in ticket.threads if thread.visibility == "private"}
    mixed = any(one.direction == "note" or one.thread_id in private for one in ticket.messages)
    if answer is None or answer.target.visibility == "private" or not mixed:
        return
    text = "\n\n".join([*(part.text for part in answer.parts if part.text), *_file_names(change)])
    words = _digest(answer.target.thread_key, text, *(_content(file) for file in change.attachments))
    if seen != words:
        raise PublicStep(
            "This ticket has private parts, and everybody will read this answer. Read it once more, then confirm.",
            text,
            words,
        )


def _file_names(change: TicketChange) -> list[str]:
    return [f"[{file.draft.name}]" for file in change.attachments]


def _content(file: NewAttachment) -> str:
    return hashlib.sha256(file.draft.content or b"").hexdigest()


def _digest(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode("utf-8", "replace")).hexdigest()


def _since(ticket: TicketEnvelope, seen: MessageId | None) -> Sequence[Message]:
    """What came after the message that was the newest before the writer; nothing when that is not known."""
    ids = [message.id for message in ticket.messages]
    return ticket.messages[ids.index(seen) + 1 :] if seen in ids else ()


def assigned(ticket: TicketEnvelope, actor: Actor, user: UserId | None, now: datetime) -> TicketChange:
    """Handed to a user, or to nobody (None)."""
    moved = replace(next_version(ticket.ticket, now), assignee=user)
    event = new_event("assigned", actor, ticket, now, before=ticket.ticket.assignee, after=user)
    return change_with(ticket, moved, event)


def moved_to(status: TicketStatus, ticket: TicketEnvelope, actor: Actor, now: datetime) -> TicketChange:
    """Closed or opened again.  Raises Refused when it is so already."""
    before = ticket.ticket
    if before.status == status:
        raise Refused(f"Ticket #{before.number} is already {status}.")
    closing = status == "closed"
    moved = replace(
        next_version(before, now),
        status=status,
        waiting_since=None if closing else before.waiting_since,
        unanswered=0 if closing else before.unanswered,
    )
    event = new_event("closed" if closing else "reopened", actor, ticket, now, before=before.status, status=status)
    return replace(change_with(ticket, moved, event), jobs=state_jobs(moved, channels_of(ticket), now))


def channels_of(ticket: TicketEnvelope) -> tuple[Channel, ...]:
    """Over which its conversations go."""
    return tuple(thread.channel for thread in ticket.threads)


def waiting_again(ticket: TicketEnvelope, delivery: Delivery, now: datetime) -> Ticket:
    """An answer was taken back: the person waits for us as before."""
    after = next_version(ticket.ticket, now)
    if delivery.kind != "reply" or after.status != "pending":
        return after
    return replace(
        after, status="open", waiting_since=after.waiting_since or now, unanswered=max(1, after.unanswered)
    )


def answered_again(ticket: TicketEnvelope, delivery: Delivery, now: datetime) -> Ticket:
    """An answer arrived after all, or leaves again: nobody waits, unless the person wrote since.

    Nor when a later answer is in trouble: that one they still wait for.
    """
    after = next_version(ticket.ticket, now)
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


def settled_by(delivery: Delivery, to: DeliveryState, actor: Actor, now: datetime) -> Delivery:
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
        code="withdrawn" if to == "held" else BY_HAND if to == "sent" and delivery.code == BY_HAND else "",
        detail=detail.get(to, ""),
    )


def new_message(direction: Direction, actor: Actor, ticket: TicketEnvelope, text: str, now: datetime) -> Message:
    """A message a colleague writes now."""
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


def next_version(ticket: Ticket, now: datetime) -> Ticket:
    """The ticket one version on."""
    return replace(ticket, updated_at=now, version=ticket.version + 1)


def change_with(
    before: TicketEnvelope,
    after: Ticket,
    event: TicketEvent,
    *,
    message: Message | None = None,
    delivery: Delivery | None = None,
    expected_delivery: str | None = None,
    said: str = "",
) -> TicketChange:
    """What is committed, against the version the decision was made from."""
    return TicketChange(
        ticket=after,
        expected_version=before.ticket.version,
        events=(event,),
        message=message,
        delivery=delivery,
        expected_delivery=expected_delivery,
        segments=segments(said),
    )


def new_event(
    kind: str,
    actor: Actor,
    ticket: TicketEnvelope,
    now: datetime,
    *,
    message_id: MessageId | None = None,
    delivery_id: DeliveryId | None = None,
    **data: str | int | None,
) -> TicketEvent:
    """An event by this actor.  data: what the ticket's history shows of it."""
    return TicketEvent(
        kind=kind,
        actor=actor.key,
        at=now,
        ticket_id=ticket.ticket.id,
        message_id=message_id,
        delivery_id=delivery_id,
        data=data,
    )


def checked_text(text: str) -> str:
    """The text as it is kept.  Raises Refused when it is empty or too long."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Refused("There is no text yet. Write something first.")
    if len(text) > LONGEST_TEXT:
        raise Refused(f"The text is longer than {LONGEST_TEXT} characters. Shorten it, or attach a file.")
    return text
