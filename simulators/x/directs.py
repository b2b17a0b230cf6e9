"""Direct messages as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from simulators.x.accounts import timestamp
from simulators.x.records import Json

KEPT: Final = timedelta(days=30)
"""So far back apps are told of them."""


@dataclass(eq=False)
class SimDirect:
    """One message.  conversation: both numbers with a hyphen; of a group one number.  pictures: their bytes."""

    id: str
    sender_id: str
    receiver_id: str
    text: str
    created_at: datetime
    conversation: str
    pictures: Sequence[bytes] = ()

    def shown(self) -> Json:
        """With all fields."""
        keys = [f"3_{self.id}{n}" for n in range(len(self.pictures))]
        return {
            "id": self.id,
            "event_type": "MessageCreate",
            "text": self.text,
            "sender_id": self.sender_id,
            "dm_conversation_id": self.conversation,
            "created_at": timestamp(self.created_at),
            **({"attachments": {"media_keys": keys}} if keys else {}),
        }


@dataclass
class Directs:
    """All of them, in order.  open_to_apps: whether apps may read and write them."""

    all: list[SimDirect] = field(default_factory=list)
    open_to_apps: bool = True

    def of(self, user_id: str, other: str | None, now: datetime) -> list[SimDirect]:
        """Newest first, of the last 30 days.  other: with whom; None: all."""
        return [
            one
            for one in reversed(self.all)
            if user_id in (one.sender_id, one.receiver_id)
            and other in (None, one.sender_id, one.receiver_id)
            and now - one.created_at < KEPT
        ]


def conversation_of(one: str, other: str) -> str:
    """Of two people."""
    return "-".join(sorted((one, other), key=int))
