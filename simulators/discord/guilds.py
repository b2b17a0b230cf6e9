"""A guild: channels, threads, and the bots in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.discord.channels import SimChannel, SimForum, SimThread
from simulators.discord.records import Json

if TYPE_CHECKING:
    from simulators.discord.bots import SimBot
    from simulators.discord.state import PlatformState

PERMISSIONS = str((1 << 10) | (1 << 11) | (1 << 16) | (1 << 35) | (1 << 38))
"""What everybody may do: view, send, read the history, start threads and write in them."""


class SimGuild:
    """A guild.  Made by ``DiscordPlatform.add_guild``.  people: ids of who was seen in it.  roles: by whom."""

    def __init__(self, guild_id: int, name: str, bots: list[SimBot], state: PlatformState) -> None:
        self.id = guild_id
        self.name = name
        self.bots = bots
        self.people: dict[int, Json] = {}
        self.roles: dict[int, list[str]] = {}
        self.channels: list[SimChannel] = []
        self.threads: list[SimThread] = []
        self.most_threads = 1_000
        """Active at a time."""
        self.created_at = state.now()
        self._state = state

    def __repr__(self) -> str:
        return f"SimGuild({self.id}, {self.name!r})"

    def add_channel(self, name: str) -> SimChannel:
        """A text channel everybody may read."""
        channel = SimChannel(self._state.snowflakes.next(), self, name, len(self.channels))
        self.channels.append(channel)
        self._state.channels[channel.id] = channel
        self._state.herald.tell_guild(self, "CHANNEL_CREATE", channel.shape())
        return channel

    def add_forum(self, name: str, *tags: str) -> SimForum:
        """A forum with these tags, which everybody may read."""
        known = {tag: self._state.snowflakes.next() for tag in tags}
        forum = SimForum(self._state.snowflakes.next(), self, name, len(self.channels), known)
        self.channels.append(forum)
        self._state.channels[forum.id] = forum
        self._state.herald.tell_guild(self, "CHANNEL_CREATE", forum.shape())
        return forum

    def member(self, user: Json | None = None, whose: Json | None = None) -> Json:
        """A member object; without ``user`` the partial one that stands beside an author, ``whose`` it is."""
        known = user or whose or {}
        member: Json = {
            "roles": self.roles.get(int(str(known.get("id", 0))), []),
            "nick": None,
            "avatar": None,
            "joined_at": self.created_at.isoformat(),
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "pending": False,
            "communication_disabled_until": None,
        }
        return member if user is None else {"user": user, **member}

    def summary(self) -> Json:
        """The guild object of the REST API."""
        return {
            "id": str(self.id),
            "name": self.name,
            "icon": None,
            "owner_id": str(self.id),
            "roles": [self._everyone()],
            "emojis": [],
            "stickers": [],
            "features": [],
            "verification_level": 0,
            "default_message_notifications": 1,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "preferred_locale": "en-US",
            "afk_timeout": 300,
            "afk_channel_id": None,
        }

    def shape(self, bot: SimBot) -> Json:
        """What GUILD_CREATE tells this bot; of the members only itself, as without the intent."""
        return {
            **self.summary(),
            "joined_at": self.created_at.isoformat(),
            "large": False,
            "unavailable": False,
            "member_count": len(self.bots) + len(self.people),
            "voice_states": [],
            "members": [self.member(bot.user())],
            "channels": [channel.shape() for channel in self.channels if channel.readable],
            "threads": [thread.shape() for thread in self.active_threads(bot)],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def active_threads(self, bot: SimBot) -> list[SimThread]:
        """Threads the bot can see, newest first."""
        return [one for one in reversed(self.threads) if one.archived_at is None and bot in one.readers()]

    def _everyone(self) -> Json:
        return {
            "id": str(self.id),
            "name": "@everyone",
            "permissions": PERMISSIONS,
            "position": 0,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }
