"""Somebody held back, and let go again.  Pure."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec.structs import replace

from desk.actors import Actor
from desk.answered import same_person
from desk.changes import new_event, next_version
from tickets.errors import Refused
from tickets.ids import IdentityId
from tickets.model import Identity, Restriction, Ticket, TicketEnvelope
from tickets.records import Restricting, TicketChange

Kind = Literal["block", "mute"]
Why = Literal["spam", "abuse", "flood", "other"]
LONGEST_H = 10 * 365 * 24
EVENTS = {"block": "blocked", "mute": "muted"}


def restricted(
    ticket: TicketEnvelope,
    who: IdentityId | None,
    wanted: Restriction,
    actor: Actor,
    now: datetime,
    *,
    everywhere: bool,
) -> TicketChange:
    """Who is blocked is also done with here, unless others take part.  who: None for the requester."""
    person = _person(ticket, who)
    names = same_person(ticket, person.id) if everywhere else frozenset({person.id})
    closing = wanted.kind == "block" and {one.identity_id for one in ticket.participants} <= names
    event = new_event(
        EVENTS[wanted.kind],
        actor,
        ticket,
        now,
        identity=person.id,
        reason=wanted.reason,
        until=wanted.until.isoformat() if wanted.until else None,
        everywhere=int(everywhere),
    )
    return TicketChange(
        ticket=_closed(ticket.ticket, now) if closing else next_version(ticket.ticket, now),
        expected_version=ticket.ticket.version,
        events=(event,),
        restricting=Restricting(names, wanted),
    )


def lifted(ticket: TicketEnvelope, who: IdentityId | None, actor: Actor, now: datetime) -> TicketChange:
    """The restriction ends under every name of the person here that has the same."""
    person = _person(ticket, who)
    if person.restricted(now) is None:
        raise Refused(f"{person.display_name} is neither blocked nor muted.")
    return TicketChange(
        ticket=next_version(ticket.ticket, now),
        expected_version=ticket.ticket.version,
        events=(new_event("lifted", actor, ticket, now, identity=person.id),),
        restricting=Restricting(same_person(ticket, person.id), None, lifting=person.restriction),
    )


def restriction_of(kind: Kind, why: Why, hours: float | None, actor: Actor, now: datetime) -> Restriction:
    """hours: None for good.  Raises Refused for a time that is none."""
    if hours is not None and not 0 < hours <= LONGEST_H:
        raise Refused(f"A restriction lasts more than 0 and at most {LONGEST_H} hours, or for good.")
    until = None if hours is None else now + timedelta(hours=hours)
    return Restriction(kind=kind, reason=why, by=actor.name, since=now, until=until)


def _person(ticket: TicketEnvelope, who: IdentityId | None) -> Identity:
    found = next((one for one in ticket.identities if one.id == (who or ticket.ticket.requester_id)), None)
    if found is None:
        raise Refused("There is no such person in this ticket.")
    return found


def _closed(ticket: Ticket, now: datetime) -> Ticket:
    return replace(next_version(ticket, now), status="closed", waiting_since=None, unanswered=0)
