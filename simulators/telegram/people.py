"""People with a Telegram client."""

from __future__ import annotations

from collections.abc import Sequence

from simulators.telegram.bots import SimBot
from simulators.telegram.chats import Conversation
from simulators.telegram.files import StoredFile
from simulators.telegram.groups import SimGroup
from simulators.telegram.markup import detect_entities
from simulators.telegram.records import Json, SentMessage, SimMessage

_ENTITIES = {"text": "entities", "caption": "caption_entities"}


class SimPerson:
    """One person.  Made by ``TelegramPlatform.add_person``.

    Her private chat with every bot has the id ``id``.  Nothing she sends is
    checked against a client's own limits, so hostile texts pass.  Everything
    she does must run in the platform's event loop.
    """

    def __init__(
        self,
        person_id: int,
        name: str,
        last_name: str | None,
        username: str | None,
        language_code: str | None,
    ) -> None:
        self.id = person_id
        self.name = name
        self.last_name = last_name
        self.username = username
        self.language_code = language_code
        self._blocked: set[int] = set()

    def user(self) -> Json:
        """The User object bots see; names and language left out where None."""
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": self.name,
            **_given(last_name=self.last_name, username=self.username, language_code=self.language_code),
        }

    def chat(self) -> Json:
        """The Chat object of her private chats."""
        names = _given(last_name=self.last_name, username=self.username)
        return {"id": self.id, "type": "private", "first_name": self.name, **names}

    def write(
        self,
        text: str,
        bot: SimBot,
        reply_to: int | None = None,
        entities: Sequence[Json] | None = None,
        *,
        group: SimGroup | None = None,
        topic: int | None = None,
    ) -> SimMessage:
        """Send a text.

        reply_to: id of a message of the same chat; KeyError when it has none such.
        entities: None lets the platform find commands, links, mentions and
        addresses as a server does; a list is passed on unchecked.
        group: None for her private chat with the bot.  topic: of a forum; None: General.
        """
        found = detect_entities(text) if entities is None else list(entities)
        content: Json = {"text": text, **({"entities": found} if found else {})}
        content |= {} if topic is None else {"message_thread_id": topic, "is_topic_message": True}
        return self.send_content(bot, content, reply_to=reply_to, group=group)

    def send_photo(self, data: bytes, bot: SimBot, caption: str | None = None) -> SimMessage:
        """Send a picture."""
        photo = _keep_photo(bot, data).photo_sizes()
        return self.send_content(bot, {"photo": photo, **_given(caption=caption)})

    def send_document(
        self, data: bytes, bot: SimBot, *, name: str, mime_type: str, caption: str | None = None
    ) -> SimMessage:
        """Send a file."""
        suffix = name.rpartition(".")[2] or "bin"
        stored = bot.files.put(data, "documents", suffix, name=name, mime_type=mime_type)
        return self.send_content(bot, {"document": stored.as_document(), **_given(caption=caption)})

    def send_album(self, pictures: Sequence[bytes], bot: SimBot, caption: str | None = None) -> list[SimMessage]:
        """Send pictures as one album: an update each, the caption on the first."""
        album = bot.next_album_id()
        return [
            self.send_content(
                bot,
                {
                    "media_group_id": album,
                    "photo": _keep_photo(bot, data).photo_sizes(),
                    **_given(caption=caption if position == 0 else None),
                },
            )
            for position, data in enumerate(pictures)
        ]

    def send_voice(self, data: bytes, bot: SimBot, *, duration_s: int = 1) -> SimMessage:
        """Send a voice note of so many whole seconds."""
        stored = bot.files.put(data, "voice", "oga", name=None, mime_type="audio/ogg")
        return self.send_content(bot, {"voice": {**stored.as_document(), "duration": duration_s}})

    def send_sticker(self, data: bytes, bot: SimBot, *, emoji: str = "👍") -> SimMessage:
        """Send a still sticker that stands for ``emoji``."""
        stored = bot.files.put(data, "stickers", "webp", name=None, mime_type="image/webp")
        shape: Json = {
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
        }
        return self.send_content(bot, {"sticker": {**stored.reference(), **shape, "emoji": emoji}})

    def send_location(self, latitude: float, longitude: float, bot: SimBot) -> SimMessage:
        """Send a place, in degrees."""
        return self.send_content(bot, {"location": {"latitude": latitude, "longitude": longitude}})

    def send_contact(self, phone_number: str, first_name: str, bot: SimBot) -> SimMessage:
        """Send somebody's telephone number."""
        return self.send_content(bot, {"contact": {"phone_number": phone_number, "first_name": first_name}})

    def send_content(
        self, bot: SimBot, content: Json, *, reply_to: int | None = None, group: SimGroup | None = None
    ) -> SimMessage:
        """Send any message: ``content`` is merged into the Message object.

        E.g. ``{"dice": {"emoji": "🎲", "value": 3}}``.  ValueError while she
        blocks the bot.  KeyError: the group does not have the bot.
        """
        conversation = self._conversation(bot, group)
        answered = {} if reply_to is None else {"reply_to_message": conversation.quoted(reply_to)}
        message: Json = {
            "message_id": conversation.next_message_id(),
            "from": self.user(),
            "chat": conversation.info,
            "date": bot.timestamp(),
            **answered,
            **content,
        }
        return self._publish(bot, conversation, "message", message)

    def edit(self, message: SimMessage, new_text: str) -> SimMessage:
        """Change her text or caption; the bot hears of it as ``edited_message`` with the same id."""
        bot = message.bot
        part = "text" if "text" in message.payload else "caption"
        edited = {**message.payload, "edit_date": bot.timestamp(), part: new_text}
        edited.pop(_ENTITIES[part], None)
        if found := detect_entities(new_text):
            edited[_ENTITIES[part]] = found
        return self._publish(bot, bot.conversations[message.chat_id], "edited_message", edited)

    def press(self, sent: SentMessage, label: str) -> int | None:
        """Press a button under a message of the bot's; KeyError when there is none so called.

        The id of the update; None where the bot does not want to hear of it.
        """
        rows = sent.markup.get("inline_keyboard") if sent.markup else None
        keys = [key for row in rows if isinstance(row, list) for key in row] if isinstance(rows, list) else []
        data = {key["text"]: key["callback_data"] for key in keys}
        return self.press_data(sent, data[label])

    def press_data(self, sent: SentMessage, data: str) -> int | None:
        """Send what a button would hold, as a changed client can."""
        bot = sent.bot
        query_id = str(bot.next_album_id())
        bot.callback_queries.add(query_id)
        query: Json = {
            "id": query_id,
            "from": self.user(),
            "message": bot.conversations[sent.chat_id].messages[sent.message_id],
            "chat_instance": str(self.id),
            "data": data,
        }
        return bot.updates.add("callback_query", query)

    def react(self, bot: SimBot, message_id: int, *signs: str) -> int | None:
        """Put signs at a message of her private chat, in place of those before; none: take them back."""
        reaction: Json = {
            "chat": self.chat(),
            "message_id": message_id,
            "user": self.user(),
            "date": bot.timestamp(),
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": sign} for sign in signs],
        }
        return bot.updates.add("message_reaction", reaction)

    def block(self, bot: SimBot) -> None:
        """Stop the bot; it is told by ``my_chat_member`` and gets 403 from then on."""
        self._blocked.add(bot.id)
        self._announce_membership(bot, "member", "kicked")

    def unblock(self, bot: SimBot) -> None:
        """Start the bot again."""
        self._blocked.discard(bot.id)
        self._announce_membership(bot, "kicked", "member")

    def blocks(self, bot: SimBot) -> bool:
        """Whether she stopped the bot."""
        return bot.id in self._blocked

    def _conversation(self, bot: SimBot, group: SimGroup | None) -> Conversation:
        if group is not None:
            return bot.conversations[group.id]
        if self.blocks(bot):
            raise ValueError(f"{self.name} blocks @{bot.username}")
        if self.id not in bot.conversations:
            bot.conversations[self.id] = Conversation(self.id, self.chat(), bot.next_message_id, person=self)
        return bot.conversations[self.id]

    def _publish(self, bot: SimBot, conversation: Conversation, kind: str, message: Json) -> SimMessage:
        message_id = message["message_id"]
        assert isinstance(message_id, int)
        conversation.messages[message_id] = message
        text = message.get("text", message.get("caption"))
        return SimMessage(
            bot=bot,
            chat_id=conversation.id,
            message_id=message_id,
            sender_id=self.id,
            date=bot.now(),
            text=text if isinstance(text, str) else None,
            update_id=bot.updates.add(kind, message),
            payload=message,
        )

    def _announce_membership(self, bot: SimBot, before: str, after: str) -> None:
        change: Json = {
            "chat": self.chat(),
            "from": self.user(),
            "date": bot.timestamp(),
            "old_chat_member": _member(bot, before),
            "new_chat_member": _member(bot, after),
        }
        bot.updates.add("my_chat_member", change)


def _given(**fields: str | None) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _keep_photo(bot: SimBot, data: bytes) -> StoredFile:
    return bot.files.put(data, "photos", "jpg", name=None, mime_type="image/jpeg")


def _member(bot: SimBot, status: str) -> Json:
    member: Json = {"user": bot.user(), "status": status}
    return {**member, "until_date": 0} if status == "kicked" else member
