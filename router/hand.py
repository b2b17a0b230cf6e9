"""Answers that one of ours gave on the platform itself, by hand.  Pure."""

from datetime import datetime

from msgspec.structs import replace

from router import entries
from router.albums import Gathered
from router.gist import gist_of
from router.moves import moved
from tickets.ids import MessageId, new_id
from tickets.model import Message, Ticket
from tickets.records import Admission, Context, MessageRef, NewRef, Posted


def answered_by_hand(gathered: Gathered, context: Context, now: datetime) -> Admission:
    """It closes the draft that was written for it, or stands in the ticket as an answer of its own.

    What the program itself sent, and what answers nobody in a ticket, is no news.
    """
    message = gathered.message
    if (message.channel, message.external_id) in context.refs:
        return Admission(event_ids=gathered.event_ids, verdict="ignored", reason="echo")
    refs = (context.refs.get((message.channel, name)) for name in message.reply_to)
    ref = next((one for one in refs if one is not None), None)
    thread = context.threads_by_id.get(ref.thread_id) if ref else None
    thread = thread or context.threads.get((message.account, message.thread.key))
    leads = ref.ticket_id if ref else context.thread_tickets.get(thread.id) if thread else None
    ticket = context.tickets.get(leads) if leads else None
    if ticket is None or thread is None:
        return Admission(event_ids=gathered.event_ids, verdict="ignored", reason="our_own")
    draft = next((context.drafts.pop(name) for name in message.reply_to if name in context.drafts), None)
    answered = _answered(ticket, now)
    context.tickets[ticket.id] = answered
    message_id = draft.message_id if draft else MessageId(new_id())
    kept = None if draft else _kept(gathered, ticket, message_id, now)
    kept = replace(kept, thread_id=thread.id) if kept else None
    name = NewRef(message.channel, message.external_id, message_id, ticket.id, thread.id, ours=True)
    context.refs[(message.channel, message.external_id)] = MessageRef(message_id, ticket.id, thread.id, ours=True)
    admission = Admission(
        event_ids=gathered.event_ids,
        verdict="ticket",
        reason="by hand",
        ticket=answered,
        ticket_version=ticket.version,
        thread_id=thread.id,
        message=kept,
        attachments=entries.attachments(message, message_id, checked=False),
        refs=(name,),
        posted=Posted(draft.delivery_id, message.external_id, message.sent_at) if draft else None,
        segments=frozenset() if draft else gist_of(message).segments,
        events=(entries.event("answered_by_hand", answered, now, message_id=message_id),),
    )
    return replace(admission, jobs=entries.file_jobs(admission, message, now))


def _answered(ticket: Ticket, now: datetime) -> Ticket:
    """Nobody waits any more; what is closed stays so."""
    after = moved(ticket, now, reopen=False)
    status = "closed" if ticket.status == "closed" else "pending"
    return replace(after, status=status, waiting_since=None, unanswered=0)


def _kept(gathered: Gathered, ticket: Ticket, message_id: MessageId, now: datetime) -> Message:
    message = gathered.message
    return Message(
        id=message_id,
        ticket_id=ticket.id,
        direction="out",
        author=f"{message.author.display_name}, by hand",
        text=message.text,
        sent_at=message.sent_at,
        stored_at=now,
        external_id=message.external_id,
        reply_to=next(iter(message.reply_to), None),
        event_id=gathered.event_ids[0],
        language=ticket.language,
    )
