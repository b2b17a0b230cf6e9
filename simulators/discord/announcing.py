"""Who hears of what: events go to the sessions whose intents ask for them.

Source: https://discord.com/developers/docs/events/gateway#list-of-intents
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from simulators.discord.messages import view
from simulators.discord.records import Json

if TYPE_CHECKING:
    from simulators.discord.bots import SimBot
    from simulators.discord.channels import Channel, SimThread
    from simulators.discord.guilds import SimGuild
    from simulators.discord.sessions import Session
    from simulators.discord.state import PlatformState

GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
DIRECT_MESSAGES = 1 << 12
MESSAGE_CONTENT = 1 << 15

KNOWN = (1 << 17) - 1 | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25
"""Every intent there is."""


class Herald:
    """Announces what happens to everybody who listens for it."""

    def __init__(self, state: PlatformState) -> None:
        self._state = state

    def tell_message(self, name: str, channel: Channel, message: Json) -> None:
        """MESSAGE_CREATE or MESSAGE_UPDATE, as each session may see it."""
        message_id = int(str(message["id"]))

        def shown(bot: SimBot, session: Session) -> Json:
            granted = bool(session.intents & MESSAGE_CONTENT)
            return view(self._state, channel, message, bot, granted=granted, event=True)

        for bot in channel.readers():
            self._tell(bot, name, _of_messages(channel), shown, message_id)

    def tell_deleted(self, channel: Channel, message_id: int) -> None:
        """MESSAGE_DELETE."""
        gone: Json = {"id": str(message_id), "channel_id": str(channel.id)}
        if channel.guild_id is not None:
            gone["guild_id"] = str(channel.guild_id)
        for bot in channel.readers():
            self._tell(bot, "MESSAGE_DELETE", _of_messages(channel), lambda *_: gone)

    def tell_guild(self, guild: SimGuild, name: str, data: Json) -> None:
        """Something about the guild, to all bots in it."""
        self._tell_each(guild.bots, name, data)

    def tell_thread(self, thread: SimThread, name: str = "THREAD_CREATE") -> None:
        """A new thread, or a changed one, to all who can see it."""
        fresh = {"newly_created": True} if name == "THREAD_CREATE" else {}
        self._tell_each(thread.readers(), name, {**thread.shape(), **fresh})

    def tell_joined(self, guild: SimGuild, bot: SimBot) -> None:
        """GUILD_CREATE to a bot already connected."""
        self._tell(bot, "GUILD_CREATE", GUILDS, lambda *_: guild.shape(bot))

    def inject(self, bot: SimBot, name: str, data: object | bytes) -> None:
        """Any event whatever, to every session, asked for or not."""
        for session in live_sessions(self._state, bot):
            session.push(name, data)

    def _tell_each(self, bots: Iterable[SimBot], name: str, data: Json) -> None:
        for bot in bots:
            self._tell(bot, name, GUILDS, lambda *_: data)

    def _tell(
        self,
        bot: SimBot,
        name: str,
        intent: int,
        data: Callable[[SimBot, Session], Json],
        message_id: int | None = None,
    ) -> None:
        for session in live_sessions(self._state, bot):
            if session.intents & intent:
                session.push(name, data(bot, session), message_id)


def live_sessions(state: PlatformState, bot: SimBot) -> list[Session]:
    """The bot's sessions that are connected or may still be resumed; the others are dropped."""
    oldest = state.now() - state.resume_for
    for session in list(bot.sessions.values()):
        if session.left_at is not None and session.left_at < oldest:
            del bot.sessions[session.id]
    return list(bot.sessions.values())


def _of_messages(channel: Channel) -> int:
    return DIRECT_MESSAGES if channel.guild is None else GUILD_MESSAGES
