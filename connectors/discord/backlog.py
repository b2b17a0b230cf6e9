"""What was said while nobody listened: which conversations may have moved on, and since when."""

from collections.abc import Mapping
from typing import NamedTuple

from connectors.discord.peek import Greeting, SeenChannel, SeenGuild
from connectors.discord.place import read_id

WITHOUT_MESSAGES = frozenset({4, 14, 15, 16})
"""Categories, directories, forums and media channels: what is said there is said in their threads."""


class Missed(NamedTuple):
    """A conversation to read on.  guild: None for a direct message."""

    channel: int
    guild: str | None
    after: int


class Backlog:
    """after: the id behind which everything was known when the session began.

    read: how far an earlier session had read on in some of them.
    newest: the newest message that Discord told of when it greeted us;
    whatever was said since then is announced.
    """

    def __init__(self, after: int, read: Mapping[int, int] | None = None) -> None:
        self._after = after
        self._read = read or {}
        self._missed: dict[int, Missed] = {}
        self._met: set[int] = set()
        self._silent: dict[str, int] = {}
        self._greeted = False
        self.newest = 0

    @property
    def is_done(self) -> bool:
        """Whether nothing lies behind us any more: every guild has told of itself, and all was read."""
        return self._greeted and not self._silent and not self._missed

    @property
    def waits(self) -> int:
        """How many conversations are still to be read on."""
        return len(self._missed)

    def greet(self, greeting: Greeting) -> None:
        """READY names the guilds; each will tell of itself."""
        self._greeted = True
        self._silent |= {guild.id: self._after for guild in greeting.guilds}

    def tell(self, guild: SeenGuild) -> None:
        """A guild with its channels and threads, at the beginning or after an outage of its own."""
        after = self._silent.pop(guild.id, self._after)
        for channel in (*guild.channels, *guild.threads):
            self.add(channel, guild.id, after)

    def leave(self, guild: SeenGuild, known: int) -> None:
        """A guild that put us out has nothing more to tell; one with an outage will go on after ``known``."""
        if guild.unavailable:
            self._silent.setdefault(guild.id, known)
        else:
            self._silent.pop(guild.id, None)

    def add(self, channel: SeenChannel, guild: str, after: int | None = None) -> None:
        """A channel that may have moved on.  after: None for the beginning of the session."""
        newest = read_id(channel.last_message_id)
        if channel.type not in WITHOUT_MESSAGES and newest is not None:
            self.newest = max(self.newest, newest)
        self.find(channel, guild, self._after if after is None else after)

    def find(self, channel: SeenChannel, guild: str, after: int) -> None:
        """The same for one that we asked for: that it has moved on says nothing of what was announced."""
        number, newest = read_id(channel.id), read_id(channel.last_message_id)
        if channel.type in WITHOUT_MESSAGES or number is None or newest is None:
            return
        known = max(after, self._read.get(number, 0))
        if newest > known:
            self._missed[number] = Missed(number, guild, known)

    def meet(self, channel: int) -> None:
        """A direct message conversation, met for the first time in this session.

        Nobody tells whether something was said in it before.
        """
        if channel not in self._met:
            self._met.add(channel)
            self._missed[channel] = Missed(channel, None, max(self._after, self._read.get(channel, 0)))

    def take(self, channel: int | None = None) -> Missed | None:
        """The conversation of this id, or the next one (None); None when it does not wait."""
        if channel is None:
            channel = next(iter(self._missed), None)
        return self._missed.pop(channel, None) if channel is not None else None

    def give_back(self, missed: Missed) -> None:
        """Read only in part: it goes on from there."""
        self._missed[missed.channel] = missed
