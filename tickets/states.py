"""Showing on the platform, where it can be shown, that a conversation is done or goes on."""

from collections.abc import Iterable
from datetime import datetime

from tickets.ids import Channel
from tickets.model import Ticket
from tickets.records import NewJob

SHOW_STATE = "show_state"
SHOWN: frozenset[Channel] = frozenset({"discord"})
"""Channels that can."""


def state_jobs(ticket: Ticket, channels: Iterable[Channel], now: datetime) -> tuple[NewJob, ...]:
    """What is to be done once a ticket was closed or opened again.  channels: of its conversations."""
    if SHOWN.isdisjoint(channels):
        return ()
    key = f"{SHOW_STATE}:{ticket.id}:{ticket.version}"
    return (NewJob(kind=SHOW_STATE, dedupe_key=key, run_at=now, payload={"ticket": ticket.id}),)
