"""A service's life: open, start, tell, wait, drain, close."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import NamedTuple

from connectors.http.app import create_hooks
from console.app import Console, create_app, end_streams
from desk.access import Access
from desk.commands import Desk
from service.accounts import AccountRunner
from service.clock import SystemClock
from service.config import Config
from service.crash import crash_hook
from service.scheduler import Scheduler
from service.version import VERSION
from service.web import Asgi, WebServer, address_of, bind, bind_inbox, joined, make_server
from service.wiring import Parts, make_parts, make_store
from service.work import Worker
from tickets.errors import StoreUnavailable
from tickets.ids import AccountId
from tickets.ports import Sender, WebhookReceiver
from tickets.storage import Store

log = logging.getLogger(__name__)

DRAIN_S = 12.0
"""How long deliveries and intake may finish after the signal to stop."""


class Started(NamedTuple):
    """What the starter needs to greet the user.  url: the inbox's address."""

    url: str
    store: Store
    desk: Desk
    access: Access


async def run(
    config: Config,
    started: Callable[[Started], Awaitable[None]],
    stop: asyncio.Event,
    *,
    sandbox: bool = False,
) -> None:
    """Serve until ``stop`` is set, then finish what was begun.

    Raises ConfigError and StoreError before anything was received.
    """
    clock = SystemClock()
    crash = crash_hook(config.crash_at)
    async with AsyncExitStack() as stack:
        listener = bind_inbox(config.inbox)
        stack.callback(listener.close)
        store = make_store(config, crash)
        await store.open()
        stack.push_async_callback(store.close)
        parts = make_parts(config, store, clock, crash)
        stack.push_async_callback(parts.parsers.close)
        service = _Service(config, parts, clock, crash, sandbox)
        await service.serve(listener, started, stop)


class _Service:
    """The running program."""

    def __init__(
        self, config: Config, parts: Parts, clock: SystemClock, crash: Callable[[str], None], sandbox: bool
    ) -> None:
        self._config = config
        self._parts = parts
        self._clock = clock
        self._sandbox = sandbox
        self._senders: dict[AccountId, Sender] = {}
        self._worker = Worker(
            parts.store,
            clock,
            parts.holder,
            alone=config.sqlite_path is not None,
            lease_s=config.service.worker_lease_s,
        )
        self._scheduler = Scheduler(parts.store, clock, lambda: self._worker.leading)
        self._inbox = create_app(self._console())
        self._runners = [
            AccountRunner(
                connector, parts.store, clock, crash, parts.holder, self._senders, config.service.worker_lease_s
            )
            for connector in parts.connectors.values()
        ]

    async def serve(
        self, listener: socket.socket, started: Callable[[Started], Awaitable[None]], stop: asyncio.Event
    ) -> None:
        """Start everything, greet, wait, and stop in the order that loses nothing."""
        await self._worker.beat()
        servers = self._servers(listener)
        async with asyncio.TaskGroup() as group:
            working = self._start_work(group)
            receiving = [group.create_task(runner.run(), name="account") for runner in self._runners]
            beating = group.create_task(self._worker.heartbeat_loop())
            serving = [group.create_task(server.serve(sockets=[own])) for server, own in servers]
            self._scheduler.start()
            await self._scheduler.tick_hour()
            parts = self._parts
            await started(Started(address_of(listener), parts.store, parts.desk, parts.access))
            await stop.wait()
            log.info("Stopping: nothing new is received, what was begun is finished")
            self._scheduler.stop()
            await _cancel(receiving)
            self._worker.stopping.set()
            await _finish(working)
            await asyncio.gather(*(connector.close() for connector in self._parts.connectors.values()))
            end_streams(self._inbox)
            for server, _ in servers:
                server.should_exit = True
            await _finish(serving)
            await _cancel([beating])
        await self._worker.leave()

    def _start_work(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        parts = self._parts
        if any(connector.capabilities.channel == "email" for connector in parts.connectors.values()):
            parts.parsers.start()
        group.create_task(asyncio.to_thread(parts.languages.warm))
        return [
            group.create_task(self._worker.intake_loop(parts.intake)),
            group.create_task(self._worker.outbox_loop(parts.outbox, self._senders)),
            group.create_task(self._worker.job_loop(parts.jobs)),
        ]

    def _servers(self, listener: socket.socket) -> list[tuple[WebServer, socket.socket]]:
        inbox: Asgi = self._inbox
        hooks: Asgi = create_hooks(self._receiver)
        own = self._config.webhooks
        if not own.port:
            return [(make_server(joined(inbox, hooks)), listener)]
        second = bind(own.host, own.port, "webhooks.port")
        return [(make_server(inbox), listener), (make_server(hooks), second)]

    def _console(self) -> Console:
        parts = self._parts
        return Console(
            store=parts.store,
            desk=parts.desk,
            access=parts.access,
            clock=self._clock,
            version=VERSION,
            undo_s=self._config.inbox.undo_s,
            secure=self._config.inbox.public_url.startswith("https://"),
            sandbox=self._sandbox,
            ready=self._why_not_ready,
        )

    def _receiver(self, account: AccountId) -> WebhookReceiver | None:
        connector = self._parts.connectors.get(account)
        return connector if isinstance(connector, WebhookReceiver) else None

    async def _why_not_ready(self) -> Mapping[str, str]:
        try:
            await self._parts.store.check()
            health = await self._parts.store.list_health()
        except StoreUnavailable as error:
            return {"database": str(error)}
        return {
            one.account: one.detail
            for one in health
            if one.account in self._parts.connectors and one.state in ("down", "rejected")
        }


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _finish(tasks: list[asyncio.Task[None]]) -> None:
    """Wait for tasks that were told to end; cancel those that do not."""
    _done, late = await asyncio.wait(tasks, timeout=DRAIN_S)
    if late:
        log.warning("Some work did not finish in time and is cut off: %d", len(late))
    await _cancel(list(late))
