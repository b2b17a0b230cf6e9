"""A person's business account with a bot tied to it.

Source: https://core.telegram.org/bots/api#businessconnection
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from simulators.telegram.chats import Conversation
from simulators.telegram.errors import bad_request
from simulators.telegram.records import Json

if TYPE_CHECKING:
    from simulators.telegram.bots import SimBot
    from simulators.telegram.people import SimPerson

ANSWERED_WITHIN = timedelta(hours=24)
"""A bot may write where the other side wrote so lately."""


class SimBusiness:
    """One tie.  id: the connection's.  Made by ``TelegramPlatform.tie``."""

    def __init__(self, tie_id: str, owner: SimPerson, bot: SimBot) -> None:
        self.id = tie_id
        self.owner = owner
        self.bot = bot
        self.ended = False
        self.conversations: dict[int, Conversation] = {}
        self._wrote_at: dict[int, datetime] = {}
        self._numbers = count(1)

    def shown(self) -> Json:
        """As the API tells of it."""
        rights: Json = {"can_reply": True}
        return {
            "id": self.id,
            "user": self.owner.user(),
            "user_chat_id": self.owner.id,
            "date": self.bot.timestamp(),
            "rights": rights,
            "is_enabled": not self.ended,
        }

    def write(self, person: SimPerson, text: str, *, by_owner: bool = False, reply_to: int | None = None) -> int:
        """The person writes to the account, or its owner to the person; the message's number."""
        chat = self._chat(person)
        if not by_owner:
            self._wrote_at[person.id] = self.bot.now()
        answered = {} if reply_to is None else {"reply_to_message": chat.quoted(reply_to)}
        sender = self.owner if by_owner else person
        return self._tell("business_message", chat, {**answered, "from": sender.user(), "text": text})

    def edit(self, person: SimPerson, number: int, text: str) -> None:
        """The person changes what they wrote."""
        message = {**self._chat(person).messages[number], "text": text, "edit_date": self.bot.timestamp()}
        self._chat(person).messages[number] = message
        self.bot.updates.add("edited_business_message", message)

    def delete(self, person: SimPerson, *numbers: int) -> None:
        """Either side deletes messages."""
        gone: Json = {
            "business_connection_id": self.id,
            "chat": self._chat(person).info,
            "message_ids": list(numbers),
        }
        self.bot.updates.add("deleted_business_messages", gone)

    def end(self) -> None:
        """The owner takes the bot from the account."""
        self.ended = True

    def target(self, chat_id: int) -> Conversation:
        """Where the bot writes.  ApiError 400: it may not."""
        if self.ended:
            raise bad_request("BUSINESS_CONNECTION_INVALID")
        chat = self.conversations.get(chat_id)
        if chat is None:
            raise bad_request("chat not found")
        wrote_at = self._wrote_at.get(chat_id)
        if wrote_at is None or self.bot.now() - wrote_at > ANSWERED_WITHIN:
            raise bad_request("BUSINESS_PEER_USAGE_MISSING")
        return chat

    def marked(self, message: Json) -> Json:
        """A message of the bot's, as it stands in the account's name; the bot hears of it, too."""
        shown = {
            **message,
            "from": self.owner.user(),
            "business_connection_id": self.id,
            "sender_business_bot": self.bot.user(),
        }
        self.bot.updates.add("business_message", shown)
        return shown

    def _chat(self, person: SimPerson) -> Conversation:
        if person.id not in self.conversations:
            made = Conversation(person.id, person.chat(), lambda: next(self._numbers), person=person)
            self.conversations[person.id] = made
        return self.conversations[person.id]

    def _tell(self, kind: str, chat: Conversation, content: Json) -> int:
        number = chat.next_message_id()
        message: Json = {
            "business_connection_id": self.id,
            "message_id": number,
            "chat": chat.info,
            "date": self.bot.timestamp(),
            **content,
        }
        chat.messages[number] = message
        self.bot.updates.add(kind, message)
        return number
