"""Which ticket a message belongs to: by reply reference, then by number, then by conversation."""

from datetime import datetime, timedelta
from typing import NamedTuple

from tickets.ids import IdentityId, ThreadId, TicketId
from tickets.model import InboundMessage, Thread, Ticket
from tickets.records import Context


class Match(NamedTuple):
    """ticket: None opens a new one.  thread: None for a conversation never seen.

    why: a word for the event log.  warning: a sentence for people, empty
    when there is nothing odd.
    """

    ticket: Ticket | None
    thread: Thread | None
    why: str
    warning: str = ""


def match_ticket(
    message: InboundMessage, author: IdentityId | None, context: Context, now: datetime, reopen_within: timedelta
) -> Match:
    """author: None when the person is new.

    A reference to a message we sent leads home: nobody can know its id who
    did not get it; in public, where everybody can, only those who take part
    or talk in that very conversation.  A reference to somebody else's message counts only for
    those who take part in its ticket and whom nobody reports as forged; a
    ticket's number, which anybody can write, only for those who take part
    and whom their mail server vouches for.
    """
    refused: Match | None = None
    for ref_name in message.reply_to:
        ref = context.refs.get((message.channel, ref_name))
        ticket = context.tickets.get(ref.ticket_id) if ref else None
        if ref is None or ticket is None:
            continue
        if message.authenticity.verdict == "failed":
            warning = f"It refers to ticket #{ticket.number}, but a mail server reports it as forged."
            return Match(None, None, "forged", warning)
        thread = context.threads_by_id.get(ref.thread_id)
        public = message.thread.visibility == "public" and (thread is None or thread.key != message.thread.key)
        if public and ref.ours and not _takes_part(author, ticket, context):
            continue
        if ref.ours or _takes_part(author, ticket, context):
            elsewhere = ref.notice and thread is not None and thread.channel != message.channel
            there = None if elsewhere else thread  # a mailed code is about a talk on another channel
            return _living(ticket, there, context, now, reopen_within, "reply")
        refused = refused or _stranger(ticket)
    return (
        _by_number(message, author, context, now, reopen_within)
        or refused
        or _by_conversation(message, author, context, now, reopen_within)
    )


def _takes_part(author: IdentityId | None, ticket: Ticket, context: Context) -> bool:
    return author is not None and author in context.participants.get(ticket.id, frozenset())


def _stranger(ticket: Ticket) -> Match:
    warning = f"It refers to ticket #{ticket.number}, whose people do not include this sender."
    return Match(None, None, "stranger", warning)


def _by_number(
    message: InboundMessage, author: IdentityId | None, context: Context, now: datetime, reopen_within: timedelta
) -> Match | None:
    """By the number in the subject; None where there is none, or no such ticket."""
    ticket_id = context.numbers.get(message.ticket_number) if message.ticket_number else None
    ticket = context.tickets.get(ticket_id) if ticket_id else None
    if ticket is None:
        return None
    if message.authenticity.verdict == "verified" and _takes_part(author, ticket, context):
        return _living(ticket, None, context, now, reopen_within, "number")
    return Match(None, None, "stranger", f"Its subject names ticket #{ticket.number}, which it could not prove.")


def _by_conversation(
    message: InboundMessage, author: IdentityId | None, context: Context, now: datetime, reopen_within: timedelta
) -> Match:
    warning = MADE_UP if any((message.channel, name) not in context.refs for name in message.claims) else ""
    thread = context.threads.get((message.account, message.thread.key))
    ticket_id = context.thread_tickets.get(thread.id) if thread else None
    ticket = context.tickets[ticket_id] if ticket_id else None
    if (
        thread is None
        or ticket is None
        or (ticket.status == "closed" and not _takes_part(author, ticket, context))
    ):
        return Match(None, thread, "new", warning)  # what is done with others is not opened again by a stranger
    return _living(ticket, thread, context, now, reopen_within, "conversation")


MADE_UP = "It refers to a message that was never sent from here; somebody may be guessing names."


def open_in(thread_id: ThreadId, context: Context) -> Ticket | None:
    """The conversation's open ticket; there is at most one."""
    ticket = context.tickets.get(context.thread_tickets.get(thread_id, TicketId("")))
    return ticket if ticket is not None and ticket.status != "closed" else None


def _living(
    ticket: Ticket, thread: Thread | None, context: Context, now: datetime, reopen_within: timedelta, why: str
) -> Match:
    """A closed ticket is reopened for a while; later the same conversation starts a new one.

    Not while another ticket is open there: that one takes the message.
    """
    if ticket.status == "closed" and thread is not None and (other := open_in(thread.id, context)) is not None:
        return Match(other, thread, "conversation")
    if ticket.status == "closed" and now - ticket.updated_at > reopen_within:
        return Match(None, thread, "closed_long_ago")
    return Match(ticket, thread, why)
