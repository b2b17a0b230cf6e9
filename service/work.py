"""The loops of a worker.  Each looks when it is woken, and now and then by itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any

from desk.sweeping import Sweeper
from responders.outbox import Outbox
from responders.proof import Prover
from router.intake import Intake
from service.incidents import PAGE as INCIDENT_PAGE
from service.incidents import IncidentWatch
from service.jobs import JobRunner
from service.learning import Learning
from tickets.errors import StoreUnavailable
from tickets.ids import AccountId
from tickets.notices import NewNotice
from tickets.ports import Clock, Sender
from tickets.records import Reaped
from tickets.storage import Store, Topic

log = logging.getLogger(__name__)

LOOK_ANYWAY_S = 0.5
"""Other processes' commits on SQLite wake nobody here; groups become quiet without any commit."""
PROOF_LOOK_S = 2.0
DATABASE_AWAY_S = 1.0
BEATS_PER_LEASE = 3
LEADER_LEASE = "leader"
SWEEP_S = 1.0
INCIDENTS_S = 2.0
REFRESH_S = 60.0
ALARM_EVERY = 15
"""Looks at the clocks from one look for what nobody has to the next."""


async def _until(waiting: Coroutine[Any, Any, int]) -> int:
    return await waiting


class Worker:
    """This process among the workers.

    holder: its name, unique among all that ever ran.  alone: no other can
    exist.  lease_s: after so long without a beat others count it as dead.
    steer: told the time that all workers share, with every beat.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        holder: str,
        *,
        alone: bool,
        lease_s: float,
        steer: Callable[[datetime | None], None] = lambda _reference: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder
        self._alone = alone
        self._lease_s = lease_s
        self._steer = steer
        self.stopping = asyncio.Event()
        self.leading = False

    async def intake_loop(self, intake: Intake) -> None:
        await self._repeat("inbound", intake.drain_inbound)

    async def outbox_loop(self, outbox: Outbox, senders: Mapping[AccountId, Sender]) -> None:
        """Begins deliveries until stopping; returns when the last one begun has ended."""
        async with asyncio.TaskGroup() as group:
            await self._repeat("outbox", lambda: outbox.start_due(senders, group), rest=outbox.rest)

    async def proof_loop(self, prover: Prover, senders: Mapping[AccountId, Sender]) -> None:
        await self._repeat("outbox", lambda: prover.settle_due(senders), PROOF_LOOK_S)

    async def job_loop(self, jobs: JobRunner) -> None:
        await self._repeat("jobs", jobs.run_due)

    async def _repeat(
        self,
        topic: Topic,
        step: Callable[[], Awaitable[int]],
        look_s: float = LOOK_ANYWAY_S,
        rest: Callable[[Coroutine[Any, Any, int]], Awaitable[object]] = _until,
    ) -> None:
        """Until stopping: a step, and when it found nothing, a wait.  No failure of a step ends the service.

        rest: waits for the given wait, or for less.
        """
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
                    await rest(self._store.wait(topic, pulse, look_s))

    async def sweep_loop(self, sweeper: Sweeper) -> None:
        """While this worker leads: what is due by the clock, and work to be given out."""
        looks = 0
        while not self.stopping.is_set():
            try:
                if self.leading:
                    await sweeper.sweep()
                    if looks % ALARM_EVERY == 0:
                        await sweeper.alarm()
                    looks += 1
            except StoreUnavailable as error:
                log.warning("Clocks wait for the database: %s", error)
            except Exception:
                log.exception("A look at the clocks failed and is tried again")
            await self._clock.sleep(SWEEP_S)

    async def learning_loop(self, learning: Learning) -> None:
        """Every worker uses what was learnt, whoever learnt it."""
        while not self.stopping.is_set():
            try:
                await learning.refresh()
            except StoreUnavailable as error:
                log.warning("What was learnt waits for the database: %s", error)
            await self._clock.sleep(REFRESH_S)

    async def incident_loop(self, watch: IncidentWatch) -> None:
        """While this worker leads: incidents are found in what comes in."""
        while not self.stopping.is_set():
            found = 0
            try:
                if self.leading:
                    found = await watch.look()
                else:
                    watch.rest()
            except StoreUnavailable as error:
                log.warning("Incidents wait for the database: %s", error)
            except Exception:
                log.exception("A look for incidents failed and is begun anew")
                watch.rest()
            await self._clock.sleep(0.0 if found >= INCIDENT_PAGE else INCIDENTS_S)

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
        self._steer(await self._store.read_clock())
        now = self._clock.now()
        name = f"worker:{self._holder}"
        await self._store.acquire_lease(name, self._holder, now, self._lease_s)
        reaped = await self._store.reap_workers(now, self._holder if self._alone else None)
        await self._tell_of_the_dead(reaped, now)
        await self._store.reap_deliveries(now)
        self.leading = await self._store.acquire_lease(LEADER_LEASE, self._holder, now, self._lease_s)

    async def _tell_of_the_dead(self, reaped: Reaped, now: datetime) -> None:
        """A worker that stopped without a word: colleagues go on, and a person should know."""
        gone = [name for name in reaped.workers if name != self._holder]
        if not gone:
            return
        log.warning("Workers stopped without a word: %s; unknown deliveries: %d", gone, reaped.unknown)
        await self._store.raise_notices([_stopped(name, reaped, now) for name in gone], now)

    async def leave(self) -> None:
        """Tell the other workers at once that this one is gone."""
        try:
            now = self._clock.now()
            await self._store.release_lease(LEADER_LEASE, self._holder)
            await self._tell_of_the_dead(await self._store.reap_workers(now, None), now)
            await self._store.reap_workers(now, None, leaving=self._holder)
        except StoreUnavailable:
            log.warning("The database is away; the other workers will notice by themselves")


def _stopped(name: str, reaped: Reaped, now: datetime) -> NewNotice:
    text = (
        f"The worker {name} stopped without a word: it was killed, it crashed, or its machine went away. "
        f"What it held was taken over. Answers of unknown fate since then: {reaped.unknown}."
    )
    host = name.partition(":")[0]  # one that is killed again and again is told of once an hour
    return NewNotice(kind="worker", key=f"worker:{host}:{now:%Y-%m-%dT%H}", text=text, since=now)
