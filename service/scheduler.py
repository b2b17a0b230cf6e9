"""The one leader's ticks, by APScheduler.  A tick only enqueues deduplicated jobs.

So two leaders for a moment cost nothing, and a tick that was missed is made
up for by the next: schedules live in code, what is due lives in the database.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from service.jobs import hourly
from tickets.errors import StoreUnavailable
from tickets.ports import Clock
from tickets.records import NewJob
from tickets.storage import WorkStore

log = logging.getLogger(__name__)

MISFIRE_GRACE_S = 300
"""A tick up to so late still counts; the library's own second silently skips."""


class Scheduler:
    """leading: whether this worker is the leader now; others' ticks do nothing.

    due: what is planned by the minute.
    """

    def __init__(
        self,
        store: WorkStore,
        clock: Clock,
        leading: Callable[[], bool],
        due: Callable[[], Awaitable[Sequence[NewJob]]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._leading = leading
        self._due = due
        self._ticks = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": MISFIRE_GRACE_S},
        )

    def start(self) -> None:
        self._ticks.add_job(self.tick_hour, CronTrigger(minute=0, timezone="UTC"), id="hourly")
        self._ticks.add_job(self.tick_minute, CronTrigger(second=0, timezone="UTC"), id="minutely")
        self._ticks.start()

    def stop(self) -> None:
        self._ticks.shutdown(wait=False)

    async def tick_hour(self) -> None:
        """Enqueue the hour's jobs; also called at the start, to catch up."""
        await self._enqueue(self._hourly)

    async def tick_minute(self) -> None:
        """Enqueue what is planned by the minute; also called at the start."""
        await self._enqueue(self._due)

    async def _hourly(self) -> Sequence[NewJob]:
        return hourly(self._clock.now())

    async def _enqueue(self, due: Callable[[], Awaitable[Sequence[NewJob]]]) -> None:
        if not self._leading():
            return
        try:
            if wanted := await due():
                await self._store.enqueue_jobs(wanted)
        except StoreUnavailable as error:
            log.warning("A tick found no database; the next one makes up for it: %s", error)
