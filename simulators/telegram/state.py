"""What the parts of the platform share: records, switches, the clock."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from simulators.faults import Fault, Faults
from simulators.telegram.bell import Bell
from simulators.telegram.bots import SimBot
from simulators.telegram.records import ApiCall, SentMessage

FAULTS = frozenset(
    {
        "drop_before_accept",
        "drop_after_accept",
        "delay",
        "repeat",
        "reorder",
        "garble",
        "truncate",
        "status",
        "flood",
        "unauthorized",
        "conflict",
    }
)
"""Names for ``Faults.arm``; ``method`` and ``chat_id`` details narrow each of them."""

Reaction: TypeAlias = Callable[[SentMessage], Awaitable[None] | None]


@dataclass
class PlatformState:
    """The platform without its sockets.

    enforce_limits: False records flood violations but accepts the message.
    webhook_retry_s: pause before a refused webhook call is repeated, seconds.
    """

    now: Callable[[], datetime]
    enforce_limits: bool
    webhook_retry_s: float
    faults: Faults = field(default_factory=lambda: Faults(FAULTS))
    bell: Bell = field(default_factory=Bell)
    bots: dict[str, SimBot] = field(default_factory=dict)
    sent: list[SentMessage] = field(default_factory=list)
    calls: list[ApiCall] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    failures: list[Exception] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def accept(self, message: SentMessage, *, to_person: bool) -> None:
        """Record a message and let scripted people react to it."""
        self.sent.append(message)
        self.bell.ring()
        if to_person:
            for reaction in self.reactions:
                self.spawn(self._react(reaction, message))

    def take_fault(self, *names: str, method: str, chat_id: str = "") -> Fault | None:
        """The next armed fault among ``names`` meant for this method and chat."""

        def meant(fault: Fault) -> bool:
            wanted_method = str(fault.details.get("method", method))
            wanted_chat = str(fault.details.get("chat_id", chat_id))
            return wanted_method.lower() == method.lower() and wanted_chat == chat_id

        return self.faults.take(*names, matching=meant)

    async def pause(self, seconds: float) -> None:
        """Wait on the real clock, but no longer than the platform runs."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stopped.wait()

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run ``work`` until it ends or the platform stops."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def end_tasks(self) -> None:
        """Cancel whatever was spawned and wait for it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _react(self, reaction: Reaction, message: SentMessage) -> None:
        try:
            outcome = reaction(message)
            if inspect.isawaitable(outcome):
                await outcome
        except Exception as error:  # noqa: BLE001 - a test's own code; reported by stop()
            self.failures.append(error)
