"""What goes on behind every simulated platform: people's reactions, and an end that leaves nothing running."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

S = TypeVar("S")


@dataclass(kw_only=True)
class Backstage(Generic[S]):
    """reactions: called with each message that was accepted.  failures: what they raised, for ``stop`` to tell."""

    reactions: list[Callable[[S], Awaitable[None] | None]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def react_to(self, sent: S) -> None:
        """Let scripted people react to a message."""
        for reaction in self.reactions:
            self.spawn(self._react(reaction, sent))

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

    async def _react(self, reaction: Callable[[S], Awaitable[None] | None], sent: S) -> None:
        try:
            outcome = reaction(sent)
            if inspect.isawaitable(outcome):
                await outcome
        except Exception as error:  # noqa: BLE001 - a test's own code; reported by stop()
            self.failures.append(error)
