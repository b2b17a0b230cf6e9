"""What people ask the bot itself, as ``/status``: what it does to their ticket, and what answers it.  Pure."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from router.priority import asked_for_person
from tickets.model import Ticket
from tickets.ports import CommandAnswer


class Effect(NamedTuple):
    """said: which text answers.  ticket: as it stands afterwards; None: as before.

    event: what is told in its history.  language: what the person chose; None: nothing.
    """

    said: CommandAnswer
    ticket: Ticket | None = None
    event: str = ""
    language: str | None = None


def carry_out(
    command: str,
    ticket: Ticket | None,
    now: datetime,
    *,
    alone: bool,
    argument: str = "",
    languages: Mapping[str, str] = MappingProxyType({}),
) -> Effect:
    """ticket: the person's open one; None without.  languages: in which we speak, with what each calls itself.

    alone: nobody else takes part in the ticket, so they may end it.
    """
    match command:
        case "language":
            chosen = _chosen(argument, languages)
            return Effect("language", language=chosen) if chosen else Effect("languages")
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


def _chosen(argument: str, languages: Mapping[str, str]) -> str | None:
    wanted = argument.casefold().replace("_", "-")
    return next((tag for tag, name in languages.items() if wanted in (tag.casefold(), name.casefold())), None)


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
