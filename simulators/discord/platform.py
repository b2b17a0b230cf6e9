"""Discord as a whole: accounts, people, guilds, the sockets, and the record of what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from aiohttp import web

from simulators.discord import cdn, rest
from simulators.discord.bots import SimBot
from simulators.discord.gateway import PATHS, Gateway
from simulators.discord.guilds import SimGuild
from simulators.discord.misbehaviour import page
from simulators.discord.people import SimPerson
from simulators.discord.records import ApiCall, SentMessage, SessionStart
from simulators.discord.server import LoopbackServer
from simulators.discord.state import PlatformState, Reaction
from simulators.faults import Faults


def _utc_now() -> datetime:
    return datetime.now(UTC)


class DiscordPlatform:
    """A Discord of its own on a loopback socket.

    port: 0 lets the system choose, once: stop and start keep it.
    now: aware UTC; drives ids, dates, rate limits, nonces, signed addresses
    and how long a session may be resumed.  Heartbeats, delays and the limit
    on gateway payloads run on the real clock.
    enforce_limits: False accepts requests over a rate limit, still noting
    the violation.  heartbeat_s: the interval HELLO asks for.  resume_s: how
    long a session waits for its client.

    Accounts, people and guilds may be added before ``start``.  Everything
    runs in one event loop and must be called from there.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], datetime] = _utc_now,
        enforce_limits: bool = True,
        heartbeat_s: float = 41.25,
        resume_s: float = 180.0,
    ) -> None:
        self._server = LoopbackServer(self._serve, host, port)
        self._state = PlatformState(now, enforce_limits, heartbeat_s, resume_s, lambda: self.cdn_url)
        self._rest = rest.RestApi(self._state, lambda: self.gateway_url)
        self._cdn = cdn.Cdn(self._state, self._rest)
        self._gateway = Gateway(self._state, lambda: f"{self._address('ws')}/resume")

    async def start(self) -> None:
        """Listen.  OSError: the port is taken."""
        self._state.stopped.clear()
        await self._server.start()

    async def stop(self, *, keep_sessions: bool = False) -> None:
        """Cut every connection; accounts, people, messages and records stay.

        keep_sessions: gateway sessions may be resumed after the next start.
        Raises the first exception a callback of ``on_answer`` or a wrongly armed fault raised.
        """
        self._state.stopped.set()
        self._state.bell.ring()
        for connection in list(self._state.open_connections):
            connection.end(None)
        await self._server.stop()
        await self._state.end_tasks()
        if not keep_sessions:
            for bot in self._state.bots.values():
                bot.sessions.clear()
        if self._state.failures:
            raise self._state.failures.pop(0)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def api_url(self) -> str:
        """The base of the REST API."""
        return f"{self._address('http')}{rest.API}"

    @property
    def gateway_url(self) -> str:
        """Where websockets connect; READY names another address to resume at."""
        return f"{self._address('ws')}/gateway"

    @property
    def cdn_url(self) -> str:
        """What every attachment's address lies below."""
        return f"{self._address('http')}{cdn.BASE}"

    @property
    def faults(self) -> Faults:
        """Switches for misbehaviour; the names are ``FAULTS``."""
        return self._state.faults

    @property
    def sent(self) -> list[SentMessage]:
        """Every message accepted from bots, in order."""
        return self._state.sent

    @property
    def calls(self) -> list[ApiCall]:
        """Every request to the REST API and the CDN, in the order of arrival."""
        return self._state.calls

    @property
    def violations(self) -> list[str]:
        """A sentence for every broken limit, early return, possible ping or leaked token."""
        return self._state.violations

    def add_bot(self, token: str, username: str = "support_bot", name: str = "Support") -> SimBot:
        """Create an account.  ValueError: the token is empty, has blanks, or is taken."""
        if not token or token.split() != [token]:
            raise ValueError("a token is one word")
        if token in self._state.bots:
            raise ValueError("there is a bot with this token already")
        bot_id = self._state.snowflakes.next()
        bot = SimBot(bot_id, self._state.snowflakes.next(), token, username, name)
        self._state.bots[token] = bot
        return bot

    def add_person(self, name: str, username: str | None = None) -> SimPerson:
        """Somebody with a Discord client.  username: None makes one of the name."""
        handle = "_".join(name.lower().split()) if username is None else username
        person = SimPerson(self._state, self._state.snowflakes.next(), name, handle)
        self._state.people[person.id] = person
        return person

    def add_guild(self, name: str, *bots: SimBot) -> SimGuild:
        """A guild with these bots in it; those connected hear of it at once."""
        guild = SimGuild(self._state.snowflakes.next(), name, list(bots), self._state)
        self._state.guilds[guild.id] = guild
        for bot in bots:
            self._state.herald.tell_joined(guild, bot)
        return guild

    def on_answer(self, callback: Reaction) -> None:
        """Call ``callback`` after each message accepted from a bot; it may be async."""
        self._state.reactions.append(callback)

    def handed_out(self, bot: SimBot) -> list[int]:
        """Message ids told to the bot, in order, each time anew.

        By MESSAGE_CREATE written to a socket (also of its own messages), or by a page of history.
        """
        return list(bot.handed_out)

    def inject_event(self, bot: SimBot, name: str, data: object | bytes) -> None:
        """Dispatch any event whatever to the bot's sessions; bytes go into ``d`` as they are."""
        self._state.herald.inject(bot, name, data)

    def disconnect(self, bot: SimBot, code: int | None = None) -> None:
        """End the bot's sockets: with a close code, or (None) by cutting the TCP connection."""
        for session in list(bot.sessions.values()):
            if session.connection is not None:
                session.connection.end(code)

    def request_heartbeat(self, bot: SimBot) -> None:
        """Ask the bot for a heartbeat now (op 1)."""
        for session in bot.sessions.values():
            if session.connection is not None:
                session.connection.send(1)

    def forget_sessions(self, bot: SimBot) -> None:
        """Answer a RESUME of any session so far with op 9 ``false``; open sockets go on."""
        for session in bot.sessions.values():
            session.forgotten = True

    def connected(self, bot: SimBot) -> bool:
        """Whether READY or RESUMED was written to a socket of the bot that is still there."""
        return any(
            session.connection is not None and session.connection.ready for session in bot.sessions.values()
        )

    def sessions(self, bot: SimBot) -> list[SessionStart]:
        """Every IDENTIFY and RESUME of the bot, in order."""
        return list(bot.starts)

    async def until(self, condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
        """Return as soon as ``condition`` holds.  TimeoutError after so many real seconds."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                await self._state.bell.wait()

    def _address(self, scheme: str) -> str:
        return f"{scheme}://{self._server.host}:{self._server.port}"

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._dispatch(request)
        except (ConnectionError, web.HTTPException):
            raise
        except Exception as error:
            self._state.failures.append(error)
            raise

    async def _dispatch(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path in PATHS:
            return await self._gateway.serve(request)
        if request.path.startswith(f"{cdn.BASE}/"):
            return await self._cdn.serve(request)
        if request.path.startswith(f"{rest.API}/"):
            return await self._rest.serve(request)
        return page(404, "<html><body>Not Found</body></html>")
