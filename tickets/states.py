"""Showing on the platform, where it can be shown, that a conversation is done or goes on."""

from datetime import datetime

from tickets.model import Ticket
from tickets.records import NewJob

SHOW_STATE = "show_state"
SHOWN: frozenset[str] = frozenset({"discord"})
"""Channels that can."""


def state_jobs(ticket: Ticket, now: datetime) -> tuple[NewJob, ...]:
    """What is to be done once a ticket was closed or opened again."""
    if ticket.channel not in SHOWN:
        return ()
    key = f"{SHOW_STATE}:{ticket.id}:{ticket.version}"
    return (NewJob(kind=SHOW_STATE, dedupe_key=key, run_at=now, payload={"ticket": ticket.id}),)
