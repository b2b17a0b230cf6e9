"""Which message an answer answers.  Pure; the inbox shows it before anybody writes."""

from datetime import datetime

from tickets.errors import Refused
from tickets.ids import IdentityId, ThreadId
from tickets.model import Challenge, Message, Thread, TicketEnvelope


def answered_message(ticket: TicketEnvelope, thread_id: ThreadId | None) -> Message | None:
    """The requester's newest message before anybody's who joined later; None where nobody wrote.

    thread_id: in that conversation; None for any.
    """
    written = [
        message
        for message in reversed(ticket.messages)
        if message.direction == "in" and message.thread_id and thread_id in (None, message.thread_id)
    ]
    person = same_person(ticket, ticket.ticket.requester_id)
    own = [message for message in written if message.identity_id in person]
    return next(iter(own or written), None)


def same_person(ticket: TicketEnvelope, who: IdentityId) -> frozenset[IdentityId]:
    """Somebody under each name in this ticket that codes have shown to be theirs."""
    authors = {message.id: message.identity_id for message in ticket.messages}
    shown = [event for event in ticket.events if event.kind == "claimed" and event.message_id in authors]
    pairs = [{authors[event.message_id], event.data.get("identity")} for event in shown if event.message_id]
    found: set[object] = {who}
    while more := [pair for pair in pairs if pair & found and not pair <= found]:
        found.update(*more)
    return frozenset(one.id for one in ticket.identities if one.id in found)


def identified(ticket: TicketEnvelope, who: IdentityId, now: datetime) -> bool:
    """Whether somebody has shown under this very name who they are, and nothing has been said against it since.

    A code that joined another name to theirs counts against it: it may have been found, or passed on.
    """
    ended = [one for one in ticket.challenges if one.identity_id == who and one.ended_at is not None]
    last = max(ended, key=lambda one: one.ended_at or now, default=None)
    return last is not None and last.holds(now) and not joined_since(ticket, last)


def joined_since(ticket: TicketEnvelope, challenge: Challenge) -> bool:
    """Whether a code has joined another name to that of who was asked, after they had shown who they are."""
    person = same_person(ticket, challenge.identity_id)
    authors = {message.id: message.identity_id for message in ticket.messages}
    return any(
        event.kind == "claimed"
        and event.message_id is not None
        and authors.get(event.message_id) in person
        and challenge.ended_at is not None
        and event.at > challenge.ended_at
        for event in ticket.events
    )


def asked_in_private(ticket: TicketEnvelope, thread_id: ThreadId | None) -> tuple[Message, Thread]:
    """Whose message is answered with what is for them alone, and where.  Raises Refused in public, for others."""
    answered = answered_message(ticket, thread_id)
    thread = next((one for one in ticket.threads if answered and one.id == answered.thread_id), None)
    if answered is None or thread is None or thread.visibility == "public":
        raise Refused("This is sent in private only: in public everybody could use it.")
    if answered.identity_id not in same_person(ticket, ticket.ticket.requester_id):
        raise Refused("This is for who asked; somebody else wrote in this conversation.")
    return answered, thread
