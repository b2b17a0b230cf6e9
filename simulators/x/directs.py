"""Direct messages as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from simulators.x.accounts import timestamp
from simulators.x.composing import direct_text
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
            **direct_text(self.text, [f"https://twitter.com/messages/media/{self.id}" for _ in keys], _nobody),
            "sender_id": self.sender_id,
            "dm_conversation_id": self.conversation,
            "created_at": timestamp(self.created_at),
            **({"attachments": {"media_keys": keys}} if keys else {}),
        }


def _nobody(_name: str) -> None:
    """Of people X makes no links here."""
    return


@dataclass
class Directs:
    """All of them, in order of their ids as X tells of them.  open_to_apps: whether apps may read and write them.

    unwilling: people who take none from the account.
    """

    all: list[SimDirect] = field(default_factory=list)
    open_to_apps: bool = True
    unwilling: set[str] = field(default_factory=set)

    def of(self, user_id: str, other: str | None, now: datetime) -> list[SimDirect]:
        """Newest first, of the last 30 days.  other: with whom; None: all."""
        return [
            one
            for one in sorted(self.all, key=lambda one: int(one.id), reverse=True)
            if user_id in (one.sender_id, one.receiver_id)
            and other in (None, one.sender_id, one.receiver_id)
            and now - one.created_at < KEPT
        ]


def conversation_of(one: str, other: str) -> str:
    """Of two people."""
    return "-".join(sorted((one, other), key=int))
