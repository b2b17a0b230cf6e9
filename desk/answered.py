"""Which message an answer answers.  Pure; the inbox shows it before anybody writes."""

from tickets.ids import ThreadId
from tickets.model import Message, TicketEnvelope


def answered_message(ticket: TicketEnvelope, thread_id: ThreadId | None) -> Message | None:
    """The requester's newest message before anybody's who joined later; None where nobody wrote.

    thread_id: in that conversation; None for any.
    """
    written = [
        message
        for message in reversed(ticket.messages)
        if message.direction == "in" and message.thread_id and thread_id in (None, message.thread_id)
    ]
    own = [message for message in written if message.identity_id == ticket.ticket.requester_id]
    return next(iter(own or written), None)
