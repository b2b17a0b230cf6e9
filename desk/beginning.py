"""Beginning a conversation with somebody who is known.  Pure but for fresh ids."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

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


class Opening(NamedTuple):
    """What is said first to somebody, and why.

    about: the ticket it came from.  thread: where it will be.  is_new: no
    such conversation is known yet.  subject: by mail; empty for the first words.
    """

    about: Ticket
    person: Identity
    thread: Thread
    is_new: bool
    text: str
    subject: str
    reason: str


def begun(
    limits_of: Mapping[AccountId, Limits],
    actor: Actor,
    opening: Opening,
    ticket_id: TicketId,
    now: datetime,
    undo_s: float,
) -> tuple[Admission, Admission]:
    """The new ticket with a note of the reason, and what is said first in it.

    undo_s: seconds until that leaves.  Raises Refused for words that cannot be sent there.
    """
    limits = limits_of.get(opening.thread.account)
    if limits is None:
        account = opening.thread.account
        raise Refused(f"The account {account} is not configured any more; nothing can be sent over it.")
    opened = _opened(actor, opening, ticket_id, now)
    return _noted(actor, opening, opened, now), _said(actor, opening, opened, limits, now, undo_s)


def _opened(actor: Actor, opening: Opening, ticket_id: TicketId, now: datetime) -> Ticket:
    words = opening.subject or checked_text(opening.text)[: SUBJECT_CHARS * 4]
    return Ticket(
        id=ticket_id,
        number=TicketNumber(0),
        subject=" ".join(words.split())[:SUBJECT_CHARS],
        status="pending",
        priority=0,
        priority_reasons=(),
        team=opening.about.team,
        channel=opening.person.channel,
        account=opening.thread.account,
        requester_id=opening.person.id,
        requester=opening.person.display_name,
        created_at=now,
        updated_at=now,
        assignee=actor.user_id,
        language=opening.person.speaks,
    )


def _noted(actor: Actor, opening: Opening, opened: Ticket, now: datetime) -> Admission:
    """The ticket, with the reason as its first note."""
    ticket, why, number = _alone(opening, opened), checked_text(opening.reason), opening.about.number
    note = new_message("note", actor, ticket, f"Begun from #{number}: {why}", now)
    return Admission(
        event_ids=(),
        verdict="ticket",
        new_thread=opening.thread if opening.is_new else None,
        ticket=opened,
        thread_id=opening.thread.id,
        participants=(Participant(opening.person.id, "requester"),),
        message=note,
        segments=segments(why),
        events=(new_event("begun", actor, ticket, now, message_id=note.id, number=number),),
    )


def _said(
    actor: Actor, opening: Opening, opened: Ticket, limits: Limits, now: datetime, undo_s: float
) -> Admission:
    """What is said, behind the note."""
    ticket, thread, words = _alone(opening, opened), opening.thread, checked_text(opening.text)
    said = new_message("out", actor, ticket, words, now + timedelta(microseconds=1))
    said = replace(said, thread_id=thread.id, language=opened.language)
    target = reply_target(thread, None, opening.person, ())
    delivery = compose(
        "reply",
        replace(target, subject=opened.subject) if thread.channel == "email" else target,
        words,
        limits,
        now,
        release_at=now + timedelta(seconds=undo_s),
        thread_id=thread.id,
        ticket_id=opened.id,
        message_id=said.id,
    )
    return Admission(
        event_ids=(),
        verdict="ticket",
        ticket=next_version(opened, now),
        ticket_version=opened.version,
        thread_id=thread.id,
        message=said,
        segments=segments(words),
        deliveries=(delivery,),
        jobs=state_jobs(opened, (thread.channel,), now),
        events=(new_event("answered", actor, ticket, now, message_id=said.id, delivery_id=delivery.id),),
    )


def _alone(opening: Opening, opened: Ticket) -> TicketEnvelope:
    """The ticket before anything stands in it."""
    return TicketEnvelope(opened, (opening.thread,), (), (opening.person,), (), (), (), ())
