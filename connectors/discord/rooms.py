"""Rooms: private threads of one channel, each for one person and the people who answer there.

The person is taken in before anything is committed, so that a room that is
known is always theirs; an empty one that nobody came to know puts itself away.
Source: https://discord.com/developers/docs/topics/threads, read 2026-11.
"""

import asyncio
import logging

from connectors.discord.api import DiscordApi
from connectors.discord.place import read_id
from connectors.discord.settings import Settings
from tickets.errors import ConnectorError, DeliveryError
from tickets.model import ReplyTarget

log = logging.getLogger(__name__)

NAME_CHARS = 90
OPEN_S = 1.8
"""Of the three seconds in which a form must be answered."""
NEEDS_CONTENT = (
    "rooms needs the Message Content Intent: switch it on at https://discord.com/developers/applications, page "
    "Bot, or leave rooms empty."
)


class Rooms:
    """Of one bot."""

    def __init__(self, api: DiscordApi, settings: Settings) -> None:
        self._api = api
        self._parent = read_id(settings.rooms) if settings.rooms else None

    async def open_for(self, person: str, name: str) -> str:
        """A new room with the person in it; empty where there are none, or Discord refuses or dawdles."""
        if self._parent is None:
            return ""
        try:
            async with asyncio.timeout(OPEN_S):
                room = await self._api.start_room(self._parent, " ".join(name.split())[:NAME_CHARS] or person)
                await self._api.take_in(room, int(person))
        except (ConnectorError, TimeoutError) as error:
            log.warning("No room could be opened (%s); it goes on in direct messages", type(error).__name__)
            return ""
        return str(room)

    async def put_away(self, target: ReplyTarget, *, closed: bool) -> None:
        """Archive and lock it while the ticket is closed, open it again after; nothing else but rooms.

        Idempotent.  Raises DeliveryError.
        """
        room = read_id(target.thread_key)
        if self._parent is None or room is None:
            return
        try:
            if await self._api.parent_of(room) == self._parent:
                await self._api.put_away(room, closed=closed)
        except ConnectorError as error:
            raise DeliveryError("unreachable", str(error), temporary=True, delivered=False) from error
