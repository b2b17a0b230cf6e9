"""One chat as one bot knows it: who is in it and what was said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulators.telegram.records import Json, SentMessage

if TYPE_CHECKING:
    from simulators.telegram.groups import SimGroup
    from simulators.telegram.people import SimPerson


@dataclass
class Conversation:
    """A chat between one bot and a person or group.

    info: the Chat object.  messages: Message objects by id, both directions.
    sent: the bot's own among them.  next_message_id: private chats of a bot
    share one row of numbers, every group counts for itself.
    """

    id: int
    info: Json
    next_message_id: Callable[[], int]
    person: SimPerson | None = None
    group: SimGroup | None = None
    messages: dict[int, Json] = field(default_factory=dict)
    sent: dict[int, SentMessage] = field(default_factory=dict)

    def quoted(self, message_id: int) -> Json:
        """A message as ``reply_to_message`` shows it: without what it answered itself.

        KeyError: not in this chat, or deleted.
        """
        message = self.messages[message_id]
        return {name: value for name, value in message.items() if name != "reply_to_message"}
