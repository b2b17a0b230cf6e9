"""Rooms: private threads of one channel, each for one person and the people who answer there; and posts of forums.

The person is taken in before anything is committed, so that a room that is
known is always theirs; an empty one that nobody came to know puts itself away.
Source: https://discord.com/developers/docs/topics/threads, read 2026-11.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from connectors.context import ConnectorContext
from connectors.discord.api import DiscordApi
from connectors.discord.caps import NoRoom, ThreadCap, waits
from connectors.discord.markup import escape
from connectors.discord.place import read_id
from connectors.discord.settings import Settings
from tickets.errors import ConnectorError, DeliveryError
from tickets.model import ReplyTarget

log = logging.getLogger(__name__)

NAME_CHARS = 90
TEXT_CHARS = 1_990
SAME_ROOM = timedelta(hours=1)
MOST_KNOWN = 10_000
OPEN_S = 1.2
"""Of the three seconds in which a form must be answered."""
MOST_TAGS = 5
"""On a forum's post."""
NEEDS_CONTENT = (
    "rooms, forums and feeds need the Message Content Intent: switch it on at "
    "https://discord.com/developers/applications, page Bot, or leave them empty."
)


class Rooms:
    """Of one bot."""

    def __init__(self, api: DiscordApi, settings: Settings, context: ConnectorContext, cap: ThreadCap) -> None:
        self._api = api
        self._cap = cap
        self._context = context
        self._parent = read_id(settings.rooms) if settings.rooms else None
        self._forums = {read_id(one) for one in settings.forums}
        self._tags = {False: settings.tag_open, True: settings.tag_closed}
        self._opened: dict[str, tuple[str, datetime]] = {}
        """By person: their last room, and since when they have it."""

    async def open_for(self, person: str, name: str) -> str:
        """A room with the person in it; empty where there are none, or Discord refuses or dawdles.

        Whoever sends forms one after the other stays in one room: a server has 1,000 threads at most.
        """
        if self._parent is None:
            return ""
        now = self._context.clock.now()
        last, since = self._opened.get(person, ("", now))
        if last and now - since < SAME_ROOM:
            return last
        try:
            async with asyncio.timeout(OPEN_S):
                room = await self._api.start_room(self._parent, " ".join(name.split())[:NAME_CHARS] or person)
                await self._api.take_in(room, int(person))
        except NoRoom:
            await self._cap.turned_away()
            return ""
        except (ConnectorError, TimeoutError) as error:
            log.warning("No room could be opened (%s); it goes on in direct messages", type(error).__name__)
            return ""
        if len(self._opened) > MOST_KNOWN:
            self._opened.clear()
        self._opened[person] = (str(room), now)
        await self._cap.opened()
        return str(room)

    async def show_question(self, room: str, question: str, interaction: str) -> None:
        """Let those who answer there read what was asked.  A courtesy: the inbox has it in any case."""
        try:
            await self._api.send_text(int(room), escape(question)[:TEXT_CHARS], None, f"q{interaction}")
        except DeliveryError as error:
            log.warning("The question is not shown in its room: %s", error)

    async def put_away(self, target: ReplyTarget, *, closed: bool) -> None:
        """Archive and lock it while the ticket is closed, open it again after; nothing else but rooms and posts.

        A post says in its tags how it stands.  Idempotent.  Raises DeliveryError.
        """
        room = read_id(target.thread_key)
        if room is None or (self._parent is None and not self._forums):
            return
        try:
            parent = await self._api.parent_of(room)
            if parent is not None and parent in self._forums:
                await self._api.put_away(
                    room, closed=closed, tags=await self._tags_of(room, parent, closed=closed)
                )
            elif parent is not None and parent == self._parent:
                await self._api.put_away(room, closed=closed)
        except NoRoom as error:
            await self._cap.waits(target.thread_key)
            raise waits() from error
        except ConnectorError as error:
            raise DeliveryError("unreachable", str(error), temporary=True, delivered=False) from error
        await self._cap.fits(target.thread_key)

    async def _tags_of(self, post: int, forum: int, *, closed: bool) -> list[str]:
        """What people put there, and how it stands; Discord takes five at most."""
        known = await self._api.tags_of_forum(forum)
        present = await self._api.tags_of_post(post)
        states = {known[name] for name in self._tags.values() if name in known}
        others = [one for one in present if one not in states]
        shown = known.get(self._tags[closed])
        return [*others[: MOST_TAGS - 1], shown] if shown else others
