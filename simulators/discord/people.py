"""People with a Discord client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from simulators.discord.channels import Channel, DirectChannel, SimChannel, SimForum, SimThread
from simulators.discord.files import StoredFile
from simulators.discord.interactions import COMMAND, COMPONENT, SUBMIT, SimInteraction, labels_of
from simulators.discord.messages import TYPE_REPLY, compose, mentioned, reference, view, with_user
from simulators.discord.records import Json, SentMessage, SimMessage
from simulators.discord.snowflakes import moment_of
from simulators.discord.threads import open_thread

if TYPE_CHECKING:
    from simulators.discord.bots import SimBot
    from simulators.discord.state import PlatformState


class SimPerson:
    """One person.  Made by ``DiscordPlatform.add_person``.

    Nothing she sends is checked against a client's own limits, so hostile
    texts pass.  Everything she does must run in the platform's event loop.
    """

    def __init__(self, state: PlatformState, person_id: int, name: str, username: str) -> None:
        self.id = person_id
        self.name = name
        self.username = username
        self.locale = "en-US"
        self._state = state
        self._dms: dict[int, DirectChannel] = {}
        self._blocked: set[int] = set()

    def __repr__(self) -> str:
        return f"SimPerson({self.id}, {self.name!r})"

    def user(self) -> Json:
        """The user object bots see."""
        return {
            "id": str(self.id),
            "username": self.username,
            "discriminator": "0",
            "global_name": self.name,
            "avatar": None,
            "public_flags": 0,
        }

    def dm(self, bot: SimBot) -> int:
        """Id of her DM channel with the bot, made on first use."""
        return self.direct(bot).id

    def direct(self, bot: SimBot) -> DirectChannel:
        """Her DM channel with the bot, made on first use."""
        if bot.id not in self._dms:
            channel = DirectChannel(self._state.snowflakes.next(), bot, self)
            self._dms[bot.id] = channel
            self._state.channels[channel.id] = channel
        return self._dms[bot.id]

    def write(
        self,
        text: str,
        bot: SimBot,
        reply_to: SimMessage | SentMessage | None = None,
        files: Sequence[tuple[str, str, bytes]] = (),
    ) -> SimMessage:
        """Send a DM.  files: name, media type and bytes of each.  ValueError while she blocks the bot."""
        return self._say(self._open_dm(bot), text, reply_to, True, files, {})

    def say(
        self,
        text: str,
        channel: SimChannel | SimThread,
        *,
        mention: SimBot | None = None,
        reply_to: SimMessage | SentMessage | None = None,
        ping: bool = True,
        files: Sequence[tuple[str, str, bytes]] = (),
    ) -> SimMessage:
        """Write in a guild.  mention: named before the text.  ping: whether a reply mentions its author."""
        spoken = text if mention is None else f"<@{mention.id}> {text}"
        return self._say(channel, spoken, reply_to, ping, files, {})

    def send_content(
        self, bot: SimBot, content: Json, *, text: str = "", channel: SimChannel | SimThread | None = None
    ) -> SimMessage:
        """Send any message: ``content`` is merged into the message object.

        E.g. ``{"flags": 8192}`` or ``{"sticker_items": […]}``.  channel: None
        for her DM with the bot.
        """
        return self._say(self._open_dm(bot) if channel is None else channel, text, None, False, (), content)

    def start_thread(self, channel: SimChannel, name: str, message: SimMessage | None = None) -> SimThread:
        """Start a thread, on a message or (None) of its own.  KeyError: no message of the channel."""
        thread = open_thread(self._state, channel, name, self.user(), None if message is None else message.id)
        self._state.bell.ring()
        return thread

    def start_post(self, forum: SimForum, title: str, text: str) -> tuple[SimThread, SimMessage]:
        """Begin a post in a forum."""
        post = open_thread(self._state, forum, title, self.user(), None, in_forum=True)
        return post, self.say(text, post)

    def start_private_thread(self, channel: SimChannel, name: str, *bots: SimBot) -> SimThread:
        """Start one that only she and these bots see."""
        members = [bot.id for bot in bots]
        thread = open_thread(self._state, channel, name, self.user(), None, members)
        self._state.bell.ring()
        return thread

    def archive(self, thread: SimThread) -> None:
        """Put a thread away; it is active again once somebody says something in it."""
        thread.archived_at = self._state.now()
        self._state.herald.tell_thread(thread, "THREAD_UPDATE")
        self._state.bell.ring()

    def edit(self, message: SimMessage, text: str) -> None:
        """Change what she wrote.  KeyError: it was deleted."""
        channel = self._state.channels[message.channel_id]
        stored = channel.messages[message.id]
        stored["mentions"] = _mentions_after(self._state, stored, text)
        stored["content"] = text
        stored["edited_timestamp"] = self._state.now().isoformat()
        self._state.herald.tell_message("MESSAGE_UPDATE", channel, stored)

    def delete(self, message: SimMessage) -> None:
        """Take back what she wrote.  KeyError: it was deleted."""
        channel = self._state.channels[message.channel_id]
        del channel.messages[message.id]
        self._state.herald.tell_deleted(channel, message.id)

    def call(
        self, bot: SimBot, command: str, channel: SimChannel | SimThread | None = None, **options: str
    ) -> SimInteraction:
        """Use a slash command, in her DM with the bot or (channel) in a guild.  KeyError: there is none such."""
        names = {str(one["name"]): one["id"] for one in bot.commands}
        chosen = [{"name": name, "type": 3, "value": value} for name, value in options.items()]
        data: Json = {"id": names[command], "name": command, "type": 1, "options": chosen}
        return self._act(bot, COMMAND, data, channel)

    def submit(
        self, bot: SimBot, form: Json, values: Mapping[str, str], channel: SimChannel | None = None
    ) -> SimInteraction:
        """Send a form that was opened, with what she wrote by the field's name."""
        rows = [
            {"type": 1, "components": [{"type": 4, "custom_id": name, "value": value}]}
            for name, value in values.items()
        ]
        return self._act(bot, SUBMIT, {"custom_id": form["custom_id"], "components": rows}, channel)

    def press(self, sent: SentMessage, label: str) -> SimInteraction:
        """Press a button under a message of the bot's.  KeyError: there is none such."""
        data: Json = {"custom_id": labels_of(sent.payload)[label], "component_type": 2}
        return self._act(sent.bot, COMPONENT, data, None)

    def _act(self, bot: SimBot, kind: int, data: Json, channel: SimChannel | SimThread | None) -> SimInteraction:
        number = self._state.snowflakes.next()
        done = SimInteraction(number, f"token-{number}", bot, kind, self._state.now())
        self._state.interactions[done.token] = done
        place = channel or self.direct(bot)
        who: Json = {"user": self.user()} if channel is None else {"member": {"user": self.user(), "nick": None}}
        told: Json = {
            "id": str(number),
            "application_id": str(bot.application_id),
            "type": kind,
            "data": data,
            "channel_id": str(place.id),
            "token": done.token,
            "locale": self.locale,
            "version": 1,
            **who,
        }
        if channel is not None:
            told["guild_id"] = str(channel.guild_id)
        self._state.herald.inject(bot, "INTERACTION_CREATE", told)
        self._state.bell.ring()
        return done

    def block(self, bot: SimBot) -> None:
        """Refuse the bot's messages from now on; nobody tells it."""
        self._blocked.add(bot.id)

    def unblock(self, bot: SimBot) -> None:
        """Take the bot's messages again."""
        self._blocked.discard(bot.id)

    def blocks(self, bot: SimBot) -> bool:
        """Whether she refuses the bot's messages."""
        return bot.id in self._blocked

    def _open_dm(self, bot: SimBot) -> DirectChannel:
        if self.blocks(bot):
            raise ValueError(f"{self.name} blocks {bot.username}")
        return self.direct(bot)

    def _say(
        self,
        channel: Channel,
        text: str,
        reply_to: SimMessage | SentMessage | None,
        ping: bool,
        files: Sequence[tuple[str, str, bytes]],
        content: Json,
    ) -> SimMessage:
        mentions = mentioned(self._state, text)
        answer: Json = {}
        if reply_to is not None:
            answer = {"type": TYPE_REPLY, "message_reference": reference(channel, reply_to.id)}
            if ping:
                mentions = with_user(mentions, self._author(reply_to))
        attachments = [self._attach(channel, *file) for file in files]
        shape: Json = {"content": text, "mentions": mentions, "attachments": attachments, **answer, **content}
        message = compose(self._state, channel, self.user(), shape)
        if channel.guild is not None:
            channel.guild.people[self.id] = self.user()
        self._state.herald.tell_message("MESSAGE_CREATE", channel, message)
        self._state.bell.ring()
        return self._record(channel, message)

    def _author(self, answered: SimMessage | SentMessage) -> Json | None:
        if isinstance(answered, SentMessage):
            return answered.bot.user()
        return self._state.user(answered.author_id)

    def _attach(self, channel: Channel, name: str, media_type: str, data: bytes) -> Json:
        stored = StoredFile(self._state.snowflakes.next(), channel.id, name, media_type, data)
        self._state.files.put(stored)
        return self._state.files.attachment(stored.id) or {}

    def _record(self, channel: Channel, message: Json) -> SimMessage:
        return SimMessage(
            id=int(str(message["id"])),
            channel_id=channel.id,
            guild_id=channel.guild_id,
            author_id=self.id,
            text=str(message["content"]),
            at=moment_of(int(str(message["id"]))),
            payload=view(self._state, channel, message, None, granted=True, event=True),
        )


def _mentions_after(state: PlatformState, message: Json, text: str) -> list[Json]:
    """Who an edited message mentions: the text's own users, and the author a reply pinged."""
    users, before = message["mentions"], mentioned(state, str(message["content"]))
    kept = [user for user in users if user not in before] if isinstance(users, list) else []
    for user in mentioned(state, text):
        kept = with_user(kept, user)
    return kept
