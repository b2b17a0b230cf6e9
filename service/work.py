"""The loops of a worker.  Each looks when it is woken, and now and then by itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from responders.outbox import Outbox
from router.intake import Intake
from service.jobs import JobRunner
from tickets.errors import StoreUnavailable
from tickets.ids import AccountId
from tickets.ports import Clock, Sender
from tickets.storage import Store, Topic

log = logging.getLogger(__name__)

LOOK_ANYWAY_S = 0.5
"""Other processes' commits on SQLite wake nobody here; groups become quiet without any commit."""
DATABASE_AWAY_S = 1.0
BEATS_PER_LEASE = 3
LEADER_LEASE = "leader"


class Worker:
    """This process among the workers.

    holder: its name, unique among all that ever ran.  alone: no other can
    exist.  lease_s: after so long without a beat others count it as dead.
    """

    def __init__(self, store: Store, clock: Clock, holder: str, *, alone: bool, lease_s: float) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder
        self._alone = alone
        self._lease_s = lease_s
        self.stopping = asyncio.Event()
        self.leading = False

    async def intake_loop(self, intake: Intake) -> None:
        await self._repeat("inbound", intake.drain_inbound)

    async def outbox_loop(self, outbox: Outbox, senders: Mapping[AccountId, Sender]) -> None:
        """Begins deliveries until stopping; returns when the last one begun has ended."""
        async with asyncio.TaskGroup() as group:
            await self._repeat("outbox", lambda: outbox.start_due(senders, group))

    async def job_loop(self, jobs: JobRunner) -> None:
        await self._repeat("jobs", jobs.run_due)

    async def _repeat(self, topic: Topic, step: Callable[[], Awaitable[int]]) -> None:
        """Until stopping: a step, and when it found nothing, a wait.  No failure of a step ends the service."""
        while not self.stopping.is_set():
            pulse = self._store.pulse(topic)
            try:
                found = await step()
            except StoreUnavailable as error:
                log.warning("Work pauses: %s", error)
                await self._clock.sleep(DATABASE_AWAY_S)
            except Exception:
                log.exception("A step of the work failed and is tried again")
                await self._clock.sleep(DATABASE_AWAY_S)
            else:
                if not found:
                    await self._store.wait(topic, pulse, LOOK_ANYWAY_S)

    async def heartbeat_loop(self) -> None:
        """Show that this worker lives, free what dead ones held, and keep or take the lead."""
        while True:
            try:
                await self.beat()
            except StoreUnavailable as error:
                log.warning("The heartbeat waits for the database: %s", error)
                self.leading = False
            await self._clock.sleep(self._lease_s / BEATS_PER_LEASE)

    async def beat(self) -> None:
        now = self._clock.now()
        name = f"worker:{self._holder}"
        await self._store.acquire_lease(name, self._holder, now, self._lease_s)
        lost = await self._store.reap_workers(now, self._holder if self._alone else None)
        if lost:
            log.warning("Deliveries of a dead worker are of unknown fate and wait for a person: %d", lost)
        await self._store.reap_deliveries(now)
        self.leading = await self._store.acquire_lease(LEADER_LEASE, self._holder, now, self._lease_s)

    async def leave(self) -> None:
        """Tell the other workers at once that this one is gone."""
        try:
            await self._store.release_lease(LEADER_LEASE, self._holder)
            await self._store.acquire_lease(
                f"worker:{self._holder}", self._holder, self._clock.now() - timedelta(days=1), 0
            )
            await self._store.reap_workers(self._clock.now(), None)
        except StoreUnavailable:
            log.warning("The database is away; the other workers will notice by themselves")
