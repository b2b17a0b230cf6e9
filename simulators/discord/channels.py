"""Where messages stand: guild channels, threads, and DMs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING

from simulators.discord.errors import ApiError
from simulators.discord.records import Json

if TYPE_CHECKING:
    from simulators.discord.bots import SimBot
    from simulators.discord.guilds import SimGuild
    from simulators.discord.people import SimPerson
    from simulators.discord.state import PlatformState

TYPE_TEXT = 0
TYPE_DM = 1
TYPE_PUBLIC_THREAD = 11
TYPE_PRIVATE_THREAD = 12
TYPE_FORUM = 15
MOST_TAGS = 5

ARCHIVE_AFTER_MIN = 4320


class Channel(ABC):
    """What every kind of channel has: an id and messages, oldest first by id."""

    def __init__(self, channel_id: int, guild: SimGuild | None) -> None:
        self.id = channel_id
        self.guild = guild
        self.messages: dict[int, Json] = {}
        self.last_message_id: int | None = None

    @property
    def guild_id(self) -> int | None:
        """None in a DM."""
        return None if self.guild is None else self.guild.id

    def add(self, message_id: int, message: Json) -> None:
        """Keep a message."""
        self.messages[message_id] = message
        self.last_message_id = message_id

    def wake(self, state: PlatformState) -> None:
        """Somebody is about to say something here, which only threads take notice of."""
        return None

    def readers(self) -> list[SimBot]:
        """Bots that may read here."""
        return []

    def writable_by(self, bot: SimBot) -> bool:
        """Whether a bot that may read here may also write."""
        return bot in self.readers()

    @abstractmethod
    def shape(self) -> Json:
        """The channel object."""


class DirectChannel(Channel):
    """The DM of one person with one bot."""

    def __init__(self, channel_id: int, bot: SimBot, person: SimPerson) -> None:
        super().__init__(channel_id, None)
        self.bot = bot
        self.person = person

    def readers(self) -> list[SimBot]:
        return [self.bot]

    def shape(self) -> Json:
        return {
            "id": str(self.id),
            "type": TYPE_DM,
            "last_message_id": _text(self.last_message_id),
            "flags": 0,
            "recipients": [self.person.user()],
        }


class SimChannel(Channel):
    """A text channel of a guild.  Made by ``SimGuild.add_channel``.

    readable, writable: what bots may do here; may be changed at any time.
    """

    def __init__(self, channel_id: int, guild: SimGuild, name: str, position: int) -> None:
        super().__init__(channel_id, guild)
        self._guild = guild
        self.name = name
        self.position = position
        self.readable = True
        self.writable = True

    def __repr__(self) -> str:
        return f"SimChannel({self.id}, #{self.name})"

    def readers(self) -> list[SimBot]:
        return list(self._guild.bots) if self.readable else []

    def writable_by(self, bot: SimBot) -> bool:
        return self.writable and super().writable_by(bot)

    def shape(self) -> Json:
        return {
            "id": str(self.id),
            "type": TYPE_TEXT,
            "guild_id": str(self._guild.id),
            "name": self.name,
            "position": self.position,
            "parent_id": None,
            "topic": None,
            "nsfw": False,
            "rate_limit_per_user": 0,
            "last_message_id": _text(self.last_message_id),
            "permission_overwrites": [],
            "flags": 0,
        }


class SimForum(SimChannel):
    """A forum: all that is said there is said in posts, which are threads.  Made by ``SimGuild.add_forum``."""

    def __init__(self, channel_id: int, guild: SimGuild, name: str, position: int, tags: dict[str, int]) -> None:
        super().__init__(channel_id, guild, name, position)
        self.tags = tags

    def shape(self) -> Json:
        known = [{"id": str(tag_id), "name": name, "moderated": False} for name, tag_id in self.tags.items()]
        return {**super().shape(), "type": TYPE_FORUM, "available_tags": known}


class SimThread(Channel):
    """A thread.  Made by ``SimPerson.start_thread`` or by a bot.

    starter_id: the message it hangs on; None for none.  private: only for
    who is in ``joined``.  archived_at: None while it is active; whatever is
    said in it makes it so again.
    """

    def __init__(
        self,
        thread_id: int,
        parent: SimChannel,
        name: str,
        owner_id: int,
        starter_id: int | None,
        at: datetime,
        *,
        private: bool = False,
    ) -> None:
        super().__init__(thread_id, parent.guild)
        self.parent = parent
        self.name = name
        self.owner_id = owner_id
        self.starter_id = starter_id
        self.created_at = at
        self.private = private
        self.archived_at: datetime | None = None
        self.locked = False
        self.tags: list[int] = []
        self.joined: set[int] = {owner_id}

    def __repr__(self) -> str:
        return f"SimThread({self.id}, {self.name!r} in #{self.parent.name})"

    def wake(self, state: PlatformState) -> None:
        if self.archived_at is not None:
            self.archived_at = None
            state.herald.tell_thread(self, "THREAD_UPDATE")

    def readers(self) -> list[SimBot]:
        return [bot for bot in self.parent.readers() if not self.private or bot.id in self.joined]

    def writable_by(self, bot: SimBot) -> bool:
        return bot in self.readers() and self.parent.writable_by(bot)

    def shape(self) -> Json:
        created = self.created_at.isoformat()
        return {
            "id": str(self.id),
            "type": TYPE_PRIVATE_THREAD if self.private else TYPE_PUBLIC_THREAD,
            "guild_id": _text(self.guild_id),
            "parent_id": str(self.parent.id),
            "owner_id": str(self.owner_id),
            "name": self.name,
            "last_message_id": _text(self.last_message_id),
            "message_count": len(self.messages),
            "total_message_sent": len(self.messages),
            "member_count": len(self.joined),
            "rate_limit_per_user": 0,
            "flags": 0,
            "applied_tags": [str(tag_id) for tag_id in self.tags],
            "thread_metadata": {
                "archived": self.archived_at is not None,
                "auto_archive_duration": ARCHIVE_AFTER_MIN,
                "archive_timestamp": (self.archived_at or self.created_at).isoformat(),
                "create_timestamp": created,
                "locked": self.locked,
            },
        }

    def member(self, user_id: int) -> Json:
        """The thread member object of somebody in it."""
        joined = {"join_timestamp": self.created_at.isoformat(), "flags": 0}
        return {"id": str(self.id), "user_id": str(user_id), **joined}


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def refuse_one_more(channel: Channel) -> None:
    """400 where the guild may have no further active thread.

    https://discord.com/developers/docs/topics/threads#active--archived-threads
    """
    guild = channel.guild
    if guild is not None and sum(one.archived_at is None for one in guild.threads) >= guild.most_threads:
        raise ApiError(400, 160006, "Maximum number of active threads reached")
