"""Hiding on the platform what somebody wrote under our post.  Pure."""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from desk.actors import Actor
from desk.changes import change_with, new_event, new_message, next_version
from tickets.errors import Refused
from tickets.ids import MessageId
from tickets.model import Message, Thread, TicketEnvelope
from tickets.records import Hiding, NewJob, TicketChange
from tickets.segments import segments

HIDE: Final = "hide"
"""The kind of the job that has the platform do it."""


def hiding(
    ticket: TicketEnvelope, message_id: MessageId, actor: Actor, now: datetime, *, hidden: bool
) -> TicketChange:
    """Wished, and done by a job.  Raises Refused where there is nothing to hide, or it is so already."""
    message, thread = hideable(ticket, message_id)
    if message.hidden == hidden:
        raise Refused("It is hidden already." if hidden else "It is not hidden.")
    change = _marked(ticket, message, actor, now, hidden=hidden)
    payload = {"account": thread.account, "ticket": ticket.ticket.id, "message": message_id}
    return replace(change, jobs=(NewJob(HIDE, f"{HIDE}:{message_id}:{change.ticket.version}", now, payload),))


def put_back(
    ticket: TicketEnvelope, message_id: MessageId, why: str, actor: Actor, now: datetime, *, hidden: bool
) -> TicketChange | None:
    """What was wished cannot be done, with a note why; None where it is not wished any more."""
    message = next((one for one in ticket.messages if one.id == message_id and one.hidden == hidden), None)
    if message is None:
        return None
    note = new_message("note", actor, ticket, why, now)
    change = _marked(ticket, message, actor, now, hidden=not hidden)
    return replace(change, message=note, segments=segments(why))


def _marked(
    ticket: TicketEnvelope, message: Message, actor: Actor, now: datetime, *, hidden: bool
) -> TicketChange:
    """The ticket with a message that is hidden, or is not."""
    kind = "hidden" if hidden else "unhidden"
    event = new_event(kind, actor, ticket, now, message_id=message.id)
    change = change_with(ticket, next_version(ticket.ticket, now), event)
    return replace(change, hiding=Hiding(message.id, hidden))


def hideable(ticket: TicketEnvelope, message_id: MessageId) -> tuple[Message, Thread]:
    """What somebody wrote in public, and where.  Raises Refused for anything else."""
    threads = {thread.id: thread for thread in ticket.threads if thread.visibility == "public"}
    for message in ticket.messages:
        if message.id == message_id and message.direction == "in" and message.external_id:
            thread = threads.get(message.thread_id) if message.thread_id else None
            if thread is not None:
                return message, thread
    raise Refused("Only what somebody wrote in public can be hidden.")
