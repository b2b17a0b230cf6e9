"""What is read long after it was written: it becomes a ticket like everything, and nobody is notified of it."""

from datetime import datetime, timedelta

LATE = timedelta(minutes=10)
"""Deliveries take seconds, and clocks differ; whoever waited for longer is not told that a message has arrived."""
LOOK_S = 60.0
"""A source that waits for longer says in between that it is still connected."""


def is_late(written: datetime | None, now: datetime) -> bool:
    """written: by the platform's clock; None when it does not tell."""
    return written is not None and now - written > LATE
