"""What people ask the bot itself, as ``/status``: what it does to their ticket, and what answers it.  Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from router.priority import asked_for_person
from tickets.model import Ticket
from tickets.ports import CommandAnswer


class Effect(NamedTuple):
    """said: which text answers.  ticket: as it stands afterwards; None: as before.

    event: what is told in its history.  language: in which the person wants
    to be written to; None: as before.
    """

    said: CommandAnswer
    ticket: Ticket | None = None
    event: str = ""
    language: str | None = None


def carry_out(
    command: str, argument: str, ticket: Ticket | None, now: datetime, speaks: Callable[[str], str | None]
) -> Effect:
    """ticket: the person's open one; None without.  speaks: the language of a code, if there are texts in it."""
    match command:
        case "status":
            return Effect("none" if ticket is None else "open" if ticket.status == "open" else "pending")
        case "human":
            return (
                Effect("human-none")
                if ticket is None
                else Effect("human", _wanting(ticket, now), "asked_for_person")
            )
        case "close":
            return Effect("none") if ticket is None else Effect("closed", _closed(ticket, now), "closed_by_person")
        case "language":
            language = speaks(argument)
            return Effect("languages") if language is None else Effect("language", language=language)
    return Effect("commands")


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
