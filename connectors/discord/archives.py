"""Threads that were put away while nobody listened: by itself Discord names only the active ones."""

from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.discord.peek import SeenArchive, SeenGuild
from connectors.discord.place import read_id

TEXT = 0
WITH_THREADS = frozenset({TEXT, 5, 15, 16})
"""Text, announcements, forums and media channels."""
HAIR = timedelta(microseconds=1)


class Shelf(NamedTuple):
    """The archived threads of a channel.

    private: those the bot was taken into, else those for everybody.
    before, before_id: behind which moment the next page begins, or with
    private ones behind which thread; None for the first page.
    """

    channel: int
    guild: str
    private: bool
    before: datetime | None = None
    before_id: int | None = None

    @property
    def anchor(self) -> str | None:
        """``before`` as Discord wants it."""
        if self.private:
            return None if self.before_id is None else str(self.before_id)
        return None if self.before is None else self.before.isoformat()

    def after(self, page: SeenArchive, since: datetime) -> "Shelf | None":
        """Where it goes on behind this page; None when nothing more was archived since then.

        Discord lists the last archived first, but private threads the
        youngest first.
        """
        if not page.threads or not page.has_more:
            return None
        return self._after_private(page) if self.private else self._after_public(page, since)

    def _after_private(self, page: SeenArchive) -> "Shelf | None":
        last = min((number for one in page.threads if (number := read_id(one.id)) is not None), default=None)
        if last is None or (self.before_id is not None and last >= self.before_id):
            return None  # the same page once more would come for ever
        return self._replace(before_id=last)

    def _after_public(self, page: SeenArchive, since: datetime) -> "Shelf | None":
        last = min((one.archived_at for one in page.threads if one.archived_at is not None), default=None)
        if last is None or last < since:
            return None
        # Others may have been archived in the same moment; unless that moment filled the whole page.
        before = last + HAIR if self.before is None or last + HAIR < self.before else last
        return self._replace(before=before) if self.before is None or before < self.before else None


class Archives:
    """The shelves that are still to be looked through."""

    def __init__(self) -> None:
        self._shelves: dict[tuple[int, bool], Shelf] = {}

    @property
    def waits(self) -> int:
        return len(self._shelves)

    def add(self, guild: SeenGuild) -> None:
        """All shelves of a guild, from their beginning."""
        for channel in guild.channels:
            number = read_id(channel.id)
            if number is None or channel.type not in WITH_THREADS:
                continue
            self.give_back(Shelf(number, guild.id, private=False))
            if channel.type == TEXT:
                self.give_back(Shelf(number, guild.id, private=True))

    def drop(self, guild: SeenGuild) -> None:
        """A guild that is away; it will tell of itself again."""
        self._shelves = {key: shelf for key, shelf in self._shelves.items() if shelf.guild != guild.id}

    def take(self) -> Shelf | None:
        """The next one, or None."""
        return self._shelves.popitem()[1] if self._shelves else None

    def give_back(self, shelf: Shelf) -> None:
        """Looked through only in part: it goes on from there."""
        self._shelves[shelf.channel, shelf.private] = shelf
