"""What people ask the bot itself, as ``/status``: what it does to their ticket, and what answers it.  Pure."""

from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from router.priority import asked_for_person
from tickets.model import Ticket
from tickets.ports import CommandAnswer


class Effect(NamedTuple):
    """said: which text answers.  ticket: as it stands afterwards; None: as before.

    event: what is told in its history.
    """

    said: CommandAnswer
    ticket: Ticket | None = None
    event: str = ""


def carry_out(command: str, ticket: Ticket | None, now: datetime, *, alone: bool) -> Effect:
    """ticket: the person's open one; None without.  alone: nobody else takes part in it, so they may end it."""
    match command:
        case "status":
            return _status(ticket)
        case "human":
            return (
                Effect("human-none")
                if ticket is None
                else Effect("human", _wanting(ticket, now), "asked_for_person")
            )
        case "close":
            if ticket is None or not alone:
                return _status(ticket)
            return Effect("closed", _closed(ticket, now), "closed_by_person")
    return Effect("commands")


def _status(ticket: Ticket | None) -> Effect:
    return Effect("none" if ticket is None else "open" if ticket.status == "open" else "pending")


def _wanting(ticket: Ticket, now: datetime) -> Ticket:
    priority, reasons = asked_for_person(ticket)
    return replace(
        ticket,
        status="open",
        priority=priority,
        priority_reasons=reasons,
        waiting_since=ticket.waiting_since or now,
        unanswered=max(1, ticket.unanswered),
        updated_at=now,
        version=ticket.version + 1,
    )


def _closed(ticket: Ticket, now: datetime) -> Ticket:
    return replace(
        ticket, status="closed", waiting_since=None, unanswered=0, updated_at=now, version=ticket.version + 1
    )
