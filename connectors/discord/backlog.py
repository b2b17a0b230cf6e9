"""What was said while nobody listened: which conversations may have moved on, and since when."""

from typing import NamedTuple

from connectors.discord.peek import Greeting, SeenChannel, SeenGuild
from connectors.discord.place import read_id
from tickets.ids import ThreadKey


class Missed(NamedTuple):
    """A conversation to read on.  guild: None for a direct message."""

    channel: int
    guild: str | None
    after: int


class Backlog:
    """after: the id behind which everything is known."""

    def __init__(self, after: int) -> None:
        self._after = after
        self._missed: dict[int, Missed] = {}
        self._untold: set[str] = set()
        self._greeted = False

    @property
    def is_done(self) -> bool:
        """Whether nothing lies behind us any more: every guild has told of itself, and all was read."""
        return self._greeted and not self._untold and not self._missed

    @property
    def waits(self) -> bool:
        return bool(self._missed)

    def greet(self, greeting: Greeting) -> None:
        """READY names the guilds; each will tell of itself."""
        self._greeted = True
        self._untold |= {guild.id for guild in greeting.guilds}

    def tell(self, guild: SeenGuild) -> None:
        """A guild with its channels and threads."""
        for channel in (*guild.channels, *guild.threads):
            self.add(channel, guild.id)
        self._untold.discard(guild.id)

    def leave(self, guild: SeenGuild) -> None:
        """A guild that put us out has nothing more to tell; one with an outage has, later."""
        if not guild.unavailable:
            self._untold.discard(guild.id)

    def add(self, channel: SeenChannel, guild: str | None) -> None:
        """A channel that may have moved on."""
        number, newest = read_id(channel.id), read_id(channel.last_message_id)
        if number is not None and newest is not None and newest > self._after:
            self._missed[number] = Missed(number, guild, self._after)

    def add_private(self, key: ThreadKey) -> None:
        """A direct message conversation: nobody tells whether it moved on."""
        number = read_id(key)
        if number is not None:
            self._missed[number] = Missed(number, None, self._after)

    def take(self, channel: int | None = None) -> Missed | None:
        """The conversation of this id, or the next one (None); None when it does not wait."""
        if channel is None:
            channel = next(iter(self._missed), None)
        return self._missed.pop(channel, None) if channel is not None else None

    def give_back(self, missed: Missed) -> None:
        """Read only in part: it goes on from there."""
        self._missed[missed.channel] = missed
