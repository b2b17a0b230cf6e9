"""How a ticket moves on: a new state of it, one version later."""

from datetime import datetime

from msgspec.structs import replace

from tickets.model import Ticket


def moved(ticket: Ticket, now: datetime, *, reopen: bool) -> Ticket:
    """Something happened in it."""
    status = "open" if reopen else ticket.status
    return replace(ticket, status=status, updated_at=now, version=ticket.version + 1)


def waiting_again(ticket: Ticket, now: datetime) -> Ticket:
    """The person waits as before an answer; the version stays."""
    return replace(
        ticket, status="open", waiting_since=ticket.waiting_since or now, unanswered=max(1, ticket.unanswered)
    )
