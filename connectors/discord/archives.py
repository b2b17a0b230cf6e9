"""Threads that were put away while nobody listened: by itself Discord names only the active ones."""

from datetime import datetime
from typing import NamedTuple

from connectors.discord.peek import SeenArchive, SeenGuild
from connectors.discord.place import read_id

TEXT = 0
WITH_THREADS = frozenset({TEXT, 5, 15, 16})
"""Text, announcements, forums and media channels."""


class Shelf(NamedTuple):
    """The archived threads of a channel.

    private: those the bot was taken into, else those for everybody.
    before: where the next page begins; None for the first one.
    """

    channel: int
    guild: str
    private: bool
    before: str | None = None

    def after(self, page: SeenArchive, since: datetime) -> "Shelf | None":
        """Where it goes on behind this page; None when nothing more was archived since then.

        Discord lists the last archived first, but private threads by their age.
        """
        last = page.threads[-1] if page.threads and page.has_more else None
        if last is None:
            return None
        if self.private:
            return self._replace(before=last.id)
        return self._replace(before=last.archived_at.isoformat()) if last.archived_at >= since else None


class Archives:
    """The shelves that are still to be looked through."""

    def __init__(self) -> None:
        self._shelves: list[Shelf] = []

    @property
    def waits(self) -> int:
        return len(self._shelves)

    def add(self, guild: SeenGuild) -> None:
        """All shelves of a guild."""
        for channel in guild.channels:
            number = read_id(channel.id)
            if number is None or channel.type not in WITH_THREADS:
                continue
            self.give_back(Shelf(number, guild.id, private=False))
            if channel.type == TEXT:
                self.give_back(Shelf(number, guild.id, private=True))

    def take(self) -> Shelf | None:
        """The next one, or None."""
        return self._shelves.pop() if self._shelves else None

    def give_back(self, shelf: Shelf) -> None:
        """Looked through only in part: it goes on from there."""
        self._shelves.append(shelf)
