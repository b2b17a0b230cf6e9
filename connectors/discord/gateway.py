"""The edge to Discord's gateway: one session, its events as they came.

discord.py keeps the connection: heartbeats, compression, resuming.  It would
also read every event into a cache of its own, where one of a wrong shape
ends the connection; so its readers are taken out, and events go on as text.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

import discord
from discord.gateway import DiscordWebSocket, KeepAliveHandler

from connectors.discord.errors import translated
from connectors.discord.http import LONGEST_PAUSE_S, lead, quieten
from connectors.discord.settings import Settings
from tickets.errors import Unreachable

T = TypeVar("T")

MOST_WAITING = 20_000
"""Events kept in memory while the database is slow; beyond, the session is given up and read again."""
MOST_AT_ONCE = 200
GREETING_S = 30.0
BREAKING_S = 1.0
LETTING_GO_S = 1.0
"""Who has not ended so long after having been told to is told again."""


class SessionLost(Unreachable):
    """Discord does not know the session any more."""


class _Session(discord.Client):
    """The library's client, which tells what the gateway says."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        super().__init__(
            intents=discord.Intents(
                guilds=True, guild_messages=True, dm_messages=True, message_content=settings.reads_all
            ),
            allowed_mentions=discord.AllowedMentions.none(),
            enable_debug_events=True,
            max_messages=None,
            max_ratelimit_timeout=LONGEST_PAUSE_S,
        )
        lead(self, settings)
        self._connection.parsers.clear()
        self.events: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self.told = asyncio.Event()
        self.connected = asyncio.Event()
        self.gone = asyncio.Event()
        self.overrun = False
        self.heard_at: datetime | None = None
        self._now = now

    def dispatch(self, event: str, /, *args: Any, **_options: Any) -> None:
        """What the library would tell listeners.  ``socket_raw_send`` is left out: it holds the token."""
        if event == "socket_raw_receive":
            self._keep(args[0])
        elif event == "socket_event_type" and args[0] in ("READY", "RESUMED"):
            self.gone.clear()
            self.connected.set()
            self.told.set()
        elif event == "disconnect":
            self.connected.clear()
            self.gone.set()
            self.told.set()

    def stopped(self) -> list[DiscordWebSocket]:
        """Every one whose heart beats, in a thread of the library's, which is stopped at once.

        One that broke off while it was greeted belongs to nobody any more,
        and would beat for ever.
        """
        beating = [one for one in threading.enumerate() if isinstance(one, KeepAliveHandler)]
        ours = [heart for heart in beating if heart.ws._connection is self._connection]
        for heart in ours:
            heart.stop()
        return [heart.ws for heart in ours]

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """A session that cannot be resumed is over: a new one begins by reading what was missed.

        Raises SessionLost.
        """
        if not initial:
            raise SessionLost("Discord dropped the session; what was said meanwhile is fetched.")

    def _keep(self, text: str) -> None:
        if self.connected.is_set():
            self.heard_at = self._now()
        try:
            self.events.put_nowait(text)
        except asyncio.QueueFull:
            self.overrun = True


class Gateway:
    """A session from its opening until it is closed or lost."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        quieten()
        self._settings = settings
        self._session = _Session(settings, now)
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Return once Discord has greeted us.  Raises ConnectorError."""
        with translated():
            await self._session.login(self._settings.token.reveal())
        self._running = asyncio.create_task(self._session.connect(reconnect=True))
        try:
            async with asyncio.timeout(GREETING_S):
                await self._unless_ended(self._session.told.wait())
        except TimeoutError as error:
            raise Unreachable("Discord's gateway does not greet us.") from error
        if not self._session.connected.is_set():
            # A final refusal ends the library's task at once; else it would resume a session that never was.
            await asyncio.wait({self._running}, timeout=BREAKING_S)
            self.must_live()
            raise Unreachable("Discord's gateway broke off before it greeted us.")

    async def close(self) -> None:
        try:
            await self._let_go()
        finally:
            # Connections that cannot be ended politely end by themselves.
            await asyncio.gather(*(one.close() for one in self._session.stopped()), return_exceptions=True)
            with suppress(Exception):
                await self._session.close()

    async def _let_go(self) -> None:
        while self._running is not None and not self._running.done():
            # The library waits in asyncio.wait_for, which before Python 3.12 swallows a cancellation
            # that comes just as its wait ends (https://github.com/python/cpython/issues/86296).
            self._running.cancel()
            await asyncio.wait({self._running}, timeout=LETTING_GO_S)
        if self._running is not None and not self._running.cancelled():
            self._running.exception()  # it was told already, or is of no interest any more

    async def next_events(self, wait_s: float) -> list[str]:
        """What has come since the last call, each a whole gateway payload; none when nothing came for ``wait_s``.

        Raises Unreachable when the session is away for longer than
        ``away_s``, or more came than can be kept.
        """
        queue = self._session.events
        events: list[str] = []
        if queue.empty():
            first = await self._unless_ended(queue.get(), wait_s)
            if first is None:
                return events
            events.append(first)
        while not queue.empty() and len(events) < MOST_AT_ONCE:
            events.append(queue.get_nowait())
        self.must_live()
        return events

    def must_live(self) -> None:
        """Raises ConnectorError when the session is over, Unreachable when more came than can be kept."""
        if self._session.overrun:
            raise Unreachable("Discord told more than could be kept; it is read again.")
        if self._running is not None and self._running.done():
            with translated():
                self._running.result()
            raise Unreachable("The connection to Discord is lost.")

    @property
    def heard_at(self) -> datetime | None:
        """When Discord last said anything to the session, be it that it is there; None before it greeted us."""
        return self._session.heard_at

    @property
    def has_events(self) -> bool:
        return not self._session.events.empty()

    async def _unless_ended(self, wanted: Coroutine[Any, Any, T], wait_s: float | None = None) -> T | None:
        """What ``wanted`` gives, unless the session ends before; None after ``wait_s`` seconds.

        The time is up here and not around it, so that what comes in the last
        moment is not thrown away.
        """
        assert self._running is not None, "open comes first"
        waiting, lost = asyncio.ensure_future(wanted), asyncio.create_task(self._stays_away())
        try:
            ended = {lost, self._running}
            await asyncio.wait({waiting, *ended}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
            self.must_live()
            if not any(one.done() for one in ended):
                return None
            raise Unreachable("The connection to Discord is lost.")
        finally:
            waiting.cancel()
            lost.cancel()

    async def _stays_away(self) -> None:
        """Return once the session has been away for longer than it may."""
        while True:
            await self._session.gone.wait()
            try:
                async with asyncio.timeout(self._settings.away_s):
                    await self._session.connected.wait()
            except TimeoutError:
                return
