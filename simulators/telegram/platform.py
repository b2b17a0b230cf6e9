"""Telegram as a whole: accounts, people, the socket, and the record of what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from types import TracebackType
from typing import Self

from simulators.faults import Faults
from simulators.telegram import webhook
from simulators.telegram.bots import SimBot
from simulators.telegram.business import SimBusiness
from simulators.telegram.gateway import Gateway
from simulators.telegram.groups import SimGroup
from simulators.telegram.people import SimPerson
from simulators.telegram.records import ApiCall, Json, SentMessage
from simulators.telegram.server import LoopbackServer
from simulators.telegram.state import PlatformState, Reaction


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TelegramPlatform:
    """A Telegram of its own on a loopback socket.

    port: 0 lets the system choose, once: stop and start keep it.
    now: aware UTC; drives dates, the 24 hours updates are held, and flood
    limits.  Long polls and delays run on the real clock.
    enforce_limits: False accepts messages over a flood limit, still noting
    the violation.  webhook_retry_s: pause before a webhook call that was not
    answered with 2xx is repeated, seconds.

    Accounts and people may be added before ``start``.  Everything runs in
    one event loop and must be called from there.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], datetime] = _utc_now,
        enforce_limits: bool = True,
        webhook_retry_s: float = 1.0,
    ) -> None:
        self._state = PlatformState(now, enforce_limits, webhook_retry_s)
        gateway = Gateway(self._state, lambda client: self._server.cut(client))
        self._server = LoopbackServer(gateway.app(), host, port)
        self._person_ids = count(5_000_000_001)
        self._group_ids = count(-1_001_000_000_001, -1)

    async def start(self) -> None:
        """Listen, and go on with webhooks set before a stop.  OSError: the port is taken."""
        self._state.stopped.clear()
        await self._server.start()
        for bot in self._state.bots.values():
            if bot.webhook is not None:
                self._state.spawn(webhook.push(self._state, bot, bot.webhook))

    async def stop(self) -> None:
        """Cut every connection; accounts, people and records stay.

        Raises the first exception a callback of ``on_answer`` raised.
        """
        self._state.stopped.set()
        self._state.bell.ring()
        await self._server.stop()
        await self._state.end_tasks()
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
    def base_url(self) -> str:
        """What a client puts before the token."""
        return f"http://{self._server.host}:{self._server.port}/bot"

    @property
    def base_file_url(self) -> str:
        """What a client puts before the token to download files."""
        return f"http://{self._server.host}:{self._server.port}/file/bot"

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
        """Every request, in the order of arrival."""
        return self._state.calls

    @property
    def violations(self) -> list[str]:
        """A sentence for every time a bot broke a flood limit or came back before retry_after."""
        return self._state.violations

    def add_bot(self, token: str, username: str = "support_bot", name: str = "Support") -> SimBot:
        """Create an account.  ValueError: no token by its shape, or its id is taken."""
        bot = SimBot(token, username, name, self._state.now, self._state.bell)
        if bot.id in (other.id for other in self._state.bots.values()):
            raise ValueError(f"there is a bot {bot.id} already")
        self._state.bots[token] = bot
        return bot

    def add_person(
        self,
        name: str,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = None,
    ) -> SimPerson:
        """Somebody with a Telegram client; None leaves the field out of her profile."""
        return SimPerson(next(self._person_ids), name, last_name, username, language_code)

    def tie(self, owner: SimPerson, bot: SimBot) -> SimBusiness:
        """Have a bot take part in the talks of a person's business account."""
        made = SimBusiness(f"tie_{owner.id}-{len(bot.businesses)}", owner, bot)
        bot.businesses[made.id] = made
        bot.updates.add("business_connection", made.shown())
        return made

    def add_group(self, title: str, *bots: SimBot, topics: set[int] | None = None) -> SimGroup:
        """A supergroup with these bots in it.  topics: thread ids of a forum; None: no forum."""
        group = SimGroup(next(self._group_ids), title, topics=topics or set())
        for bot in bots:
            group.add(bot)
        return group

    def upgrade_group(self, group: SimGroup) -> None:
        """Move a group to a new id, as when it becomes a supergroup."""
        group.upgrade(next(self._group_ids))

    def inject_update(self, bot: SimBot, update: Json | bytes) -> int:
        """Deliver any update whatever; bytes are spliced into the result list as they are.

        Returns the id it is confirmed by: its own integer ``update_id``, else a fresh one.
        """
        query = update.get("callback_query") if isinstance(update, dict) else None
        if isinstance(query, dict) and isinstance(query.get("id"), str):
            bot.callback_queries.add(query["id"])
        return bot.updates.inject(update)

    def repeat_update(self, bot: SimBot, update_id: int) -> None:
        """Deliver an update again, though it was confirmed.  KeyError: there never was one."""
        bot.updates.repeat(update_id)

    def handed_out(self, bot: SimBot) -> list[int]:
        """Update ids given to a poller or posted to the webhook, in order, each time anew."""
        return list(bot.updates.handed_out)

    def confirmed(self, bot: SimBot) -> list[int]:
        """Update ids confirmed by a later offset, a webhook's 2xx, or drop_pending_updates."""
        return list(bot.updates.confirmed)

    def pending(self, bot: SimBot) -> list[int]:
        """Update ids still held for the bot."""
        return bot.updates.pending()

    def on_answer(self, callback: Reaction) -> None:
        """Call ``callback`` after each message accepted for a person; it may be async."""
        self._state.reactions.append(callback)

    async def until(self, condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
        """Return as soon as ``condition`` holds.  TimeoutError after so many real seconds."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                await self._state.bell.wait()
