"""A service's life: open, start, tell, wait, drain, close."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, NamedTuple

from desk.access import Access
from desk.commands import Desk
from service.accounts import AccountRunner
from service.clock import SystemClock
from service.config import Config
from service.crash import crash_hook
from service.reading import Reading
from service.scheduler import Scheduler
from service.wiring import Parts, make_parts, make_store, make_watch
from service.work import Worker
from tickets.ids import AccountId
from tickets.ports import Sender, WebhookReceiver
from tickets.storage import Store

if TYPE_CHECKING:
    from service.doors import Doors

log = logging.getLogger(__name__)

STOP_S = 14.0
"""From the signal to stop to the end of everything; whoever stops the program may kill it after 20 s."""
CLOSING_S = 4.0
"""So much of it is kept for closing; deliveries and intake may finish before."""
LETTING_GO_S = 1.0
"""How long something that was cut off may tidy up, before it is cut off there too."""


class Started(NamedTuple):
    """What the starter needs to greet the user.  url: the inbox's address; empty without one."""

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
    inbox: bool = True,
) -> None:
    """Serve until ``stop`` is set, then finish what was begun.

    inbox: False for a worker, which receives, decides and sends, and leaves
    the inbox and the webhooks to another process.  Raises ConfigError and
    StoreError before anything was received.
    """
    clock = SystemClock()
    crash = crash_hook(config.crash_at)
    deadline = _Deadline()
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(_listening(config)) if inbox else None
        store = make_store(config, crash)
        await store.open()
        stack.push_async_callback(_in_time, store.close, deadline)
        clock.adopt(await store.read_clock())
        parts = make_parts(config, store, clock, crash)
        stack.push_async_callback(_in_time, parts.parsers.close, deadline)
        doors = _open_doors(config, parts, clock, listener, sandbox) if listener is not None else None
        await _Service(config, parts, clock, crash, doors).serve(started, stop, deadline)


def _listening(config: Config) -> socket.socket:
    """The inbox's socket.  A worker has no need of the web, so it is loaded only here and below."""
    from service.web import bind_inbox

    return bind_inbox(config.inbox)


def _open_doors(
    config: Config, parts: Parts, clock: SystemClock, listener: socket.socket, sandbox: bool
) -> "Doors":
    from service.doors import Doors

    return Doors(config, parts, clock, listener, sandbox=sandbox)


class _Deadline:
    """When a stop must be over: one time for all of its steps."""

    def __init__(self) -> None:
        self._at: float | None = None

    def begin(self) -> None:
        """Stopping begins now."""
        self._at = asyncio.get_running_loop().time() + STOP_S

    def left_s(self, *, keep_s: float = 0.0) -> float:
        """Seconds left, never below 0; all of them before it began.  keep_s: what later steps need."""
        if self._at is None:
            return STOP_S
        return max(0.0, self._at - asyncio.get_running_loop().time() - keep_s)


class _Service:
    """The running program.  doors: None for a worker."""

    def __init__(
        self,
        config: Config,
        parts: Parts,
        clock: SystemClock,
        crash: Callable[[str], None],
        doors: "Doors | None",
    ) -> None:
        self._parts = parts
        self._doors = doors
        self._senders: dict[AccountId, Sender] = {}
        lease_s = config.service.worker_lease_s
        self._worker = Worker(
            parts.store,
            clock,
            parts.holder,
            alone=config.sqlite_path is not None,
            lease_s=lease_s,
            steer=clock.steer,
        )
        self._watch = make_watch(config, parts, clock, lambda: self._worker.leading)
        reading = Reading(parts.store, clock, parts.holder, parts.connectors)
        self._scheduler = Scheduler(parts.store, clock, lambda: self._worker.leading, reading.due)
        self._runners = [
            AccountRunner(
                connector,
                parts.store,
                clock,
                crash,
                parts.holder,
                self._senders,
                lease_s,
                receives=doors is not None or not isinstance(connector, WebhookReceiver),
            )
            for connector in parts.connectors.values()
        ]

    async def serve(
        self, started: Callable[[Started], Awaitable[None]], stop: asyncio.Event, deadline: _Deadline
    ) -> None:
        """Start everything, greet, wait, and stop in the order that loses nothing."""
        await self._worker.beat()
        servers = self._doors.servers if self._doors else []
        async with asyncio.TaskGroup() as group:
            working = self._start_work(group)
            receiving = [group.create_task(runner.run(), name="account") for runner in self._runners]
            beating = group.create_task(self._worker.heartbeat_loop())
            watching = group.create_task(self._watch.run())
            learning = group.create_task(self._worker.learning_loop(self._parts.learning))
            finding = group.create_task(self._worker.incident_loop(self._parts.incidents))
            sweeping = group.create_task(self._worker.sweep_loop(self._parts.sweeper))
            serving = [group.create_task(server.serve(sockets=[own])) for server, own in servers]
            self._scheduler.start()
            await self._scheduler.tick_hour()
            await self._scheduler.tick_minute()
            parts = self._parts
            url = self._doors.url if self._doors else ""
            await started(Started(url, parts.store, parts.desk, parts.access))
            await stop.wait()
            deadline.begin()
            log.info("Stopping: nothing new is received, what was begun is finished")
            self._scheduler.stop()
            self._worker.stopping.set()
            await _cancel(receiving)
            await _finish(working, deadline.left_s(keep_s=CLOSING_S))
            if self._doors:
                self._doors.close()
            closing = [_in_time(connector.close, deadline) for connector in parts.connectors.values()]
            await asyncio.gather(_finish(serving, deadline.left_s(keep_s=LETTING_GO_S)), *closing)
            await _cancel([beating, watching, sweeping, finding, learning])
        await _in_time(self._worker.leave, deadline, keep_s=CLOSING_S - LETTING_GO_S)

    async def _handle_messages(self) -> None:
        """Once the language model is read, which takes a second and must hold up nothing else."""
        await asyncio.to_thread(self._parts.languages.warm)
        await self._worker.intake_loop(self._parts.intake)

    def _start_work(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        parts = self._parts
        if any(connector.capabilities.channel == "email" for connector in parts.connectors.values()):
            parts.parsers.start()
        return [
            group.create_task(self._handle_messages()),
            group.create_task(self._worker.outbox_loop(parts.outbox, self._senders)),
            group.create_task(self._worker.proof_loop(parts.prover, self._senders)),
            group.create_task(self._worker.job_loop(parts.jobs)),
        ]


async def _finish(tasks: list[asyncio.Task[None]], within_s: float) -> None:
    """Wait for tasks that were told to end; cut off those that do not."""
    if not tasks:
        return
    _done, late = await asyncio.wait(tasks, timeout=within_s)
    if late:
        log.warning("Some work did not finish in time and is cut off: %d", len(late))
    await _cancel(list(late))


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    """Return once they have ended.  One that holds on while it tidies up is told again."""
    while tasks:
        for task in tasks:
            task.cancel()
        _done, late = await asyncio.wait(tasks, timeout=LETTING_GO_S)
        tasks = list(late)


async def _in_time(close: Callable[[], Awaitable[None]], deadline: _Deadline, *, keep_s: float = 0.0) -> None:
    """Closing is a courtesy: what fails or dawdles at it must not hold up the end of the others."""
    try:
        async with asyncio.timeout(max(LETTING_GO_S, deadline.left_s(keep_s=keep_s))):
            await close()
    except TimeoutError:
        log.warning("Closing took too long and was cut off: %s", close.__qualname__)
    except Exception:
        log.exception("Closing failed")
