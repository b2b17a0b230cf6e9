"""Beginning a conversation with somebody who is known.  Pure but for fresh ids."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from desk.actors import Actor
from desk.changes import checked_text, new_event, new_message, next_version
from responders.compose import Limits, compose, reply_target
from tickets.errors import Refused
from tickets.ids import AccountId, IdentityId, ThreadId, ThreadKey, TicketId, TicketNumber, new_id
from tickets.model import Identity, Participant, Thread, Ticket, TicketEnvelope
from tickets.records import Admission, Context
from tickets.segments import segments
from tickets.states import state_jobs

SUBJECT_CHARS = 80
WHERE: Final[Mapping[str, str]] = {
    "telegram": "{0}",
    "discord": "@{0}",
    "email": "begun/{1}",
}
"""How a private conversation with a person is called; of mails each is one of its own."""
NOWHERE = (
    "Nobody can be written to in private from here on this channel. Answer under what they wrote, or send them a "
    "code, so that they write to you elsewhere."
)


def person_in(ticket: TicketEnvelope, who: IdentityId | None) -> Identity:
    """Somebody of the ticket (None: who asked).  Raises Refused for others, and where they cannot be reached."""
    wanted = who or ticket.ticket.requester_id
    person = next((one for one in ticket.identities if one.id == wanted), None)
    if person is None:
        raise Refused("There is nobody like that in this ticket.")
    if person.channel not in WHERE:
        raise Refused(NOWHERE)
    if person.unreachable:
        raise Refused(f"{person.display_name} no longer accepts messages there. Choose another way.")
    return person


def thread_for(ticket: TicketEnvelope, person: Identity, known: Thread | None) -> Thread:
    """Where the conversation will be.  known: where they talked in private before; None: nowhere.

    Raises Refused where they have written to no account of ours there.
    """
    if known is not None and person.channel != "email":
        return known
    wrote = [message.thread_id for message in ticket.messages if message.identity_id == person.id]
    account = next((one.account for one in ticket.threads if one.id in wrote), known.account if known else None)
    if account is None:
        raise Refused(f"{person.display_name} has not written to an account of yours there.")
    key = ThreadKey(WHERE[person.channel].format(person.external_id, new_id()))
    return Thread(ThreadId(new_id()), account, person.channel, key, "private")


def refuse_open(thread: Thread | None, context: Context, wanted: TicketId) -> None:
    """Raises Refused when another ticket than the wanted one is open in the conversation."""
    leads = context.thread_tickets.get(thread.id) if thread else None
    ticket = context.tickets.get(leads) if leads else None
    if ticket is not None and ticket.status != "closed" and ticket.id != wanted:
        raise Refused(f"A conversation with them is open already in ticket #{ticket.number}. Go on there.")


def ticket_id_of(actor: Actor, key: str) -> TicketId:
    """The same for the same command, so that it is done once."""
    return TicketId(hashlib.sha256(f"begin\n{actor.key}\n{key}".encode()).hexdigest()[:20])


def begun(
    limits_of: Mapping[AccountId, Limits],
    actor: Actor,
    about: Ticket,
    person: Identity,
    thread: Thread,
    is_new: bool,
    text: str,
    subject: str,
    reason: str,
    ticket_id: TicketId,
    now: datetime,
    undo_s: float,
) -> tuple[Admission, Admission]:
    """The new ticket with a note of the reason, and what is said first in it.

    about: the ticket it came from.  Raises Refused for words that cannot be sent there.
    """
    limits = limits_of.get(thread.account)
    if limits is None:
        raise Refused(f"The account {thread.account} is not configured any more; nothing can be sent over it.")
    words, why = checked_text(text), checked_text(reason)
    title = " ".join((subject or words[: SUBJECT_CHARS * 4]).split())[:SUBJECT_CHARS]
    opened = Ticket(
        id=ticket_id,
        number=TicketNumber(0),
        subject=title,
        status="pending",
        priority=0,
        priority_reasons=(),
        queue=about.queue,
        channel=person.channel,
        account=thread.account,
        requester_id=person.id,
        requester=person.display_name,
        created_at=now,
        updated_at=now,
        assignee=actor.user_id,
        language=person.speaks,
    )
    envelope = TicketEnvelope(opened, (thread,), (), (person,), (), (), (), ())
    note = new_message("note", actor, envelope, f"Begun from #{about.number}: {why}", now)
    said = new_message("out", actor, envelope, words, now + timedelta(microseconds=1))
    said = replace(said, thread_id=thread.id, language=opened.language)
    target = reply_target(thread, None, person, ())
    delivery = compose(
        "reply",
        replace(target, subject=title) if person.channel == "email" else target,
        words,
        limits,
        now,
        release_at=now + timedelta(seconds=undo_s),
        thread_id=thread.id,
        ticket_id=ticket_id,
        message_id=said.id,
    )
    first = Admission(
        event_ids=(),
        verdict="ticket",
        new_thread=thread if is_new else None,
        ticket=opened,
        thread_id=thread.id,
        participants=(Participant(person.id, "requester"),),
        message=note,
        segments=segments(why),
        events=(new_event("begun", actor, envelope, now, message_id=note.id, number=about.number),),
    )
    second = Admission(
        event_ids=(),
        verdict="ticket",
        ticket=next_version(opened, now),
        ticket_version=opened.version,
        thread_id=thread.id,
        message=said,
        segments=segments(words),
        deliveries=(delivery,),
        jobs=state_jobs(opened, (thread.channel,), now),
        events=(new_event("answered", actor, envelope, now, message_id=said.id, delivery_id=delivery.id),),
    )
    return first, second
