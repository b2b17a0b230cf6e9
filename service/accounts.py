"""One account's life: opened, leased, pumped; its health told at every turn."""

import asyncio
import logging
from typing import Literal

from connectors.pump import pump
from service.supervisor import Trouble, keep_running
from tickets.errors import LeaseLost
from tickets.ids import AccountId
from tickets.model import ChannelHealth
from tickets.ports import Clock, Connector, CrashHook, Sender
from tickets.storage import Store

log = logging.getLogger(__name__)

RENEWALS_PER_LEASE = 3
State = Literal["starting", "up", "waiting", "down", "rejected"]


class AccountRunner:
    """Receives over one account as long as this worker holds its lease, and lends its sender.

    senders: the accounts that can send now, kept up to date.  receives:
    False where pushes cannot reach this process; then it only sends.  The
    account's health is told by whoever holds the lease, and by nobody else.
    """

    def __init__(
        self,
        connector: Connector,
        store: Store,
        clock: Clock,
        crash: CrashHook,
        holder: str,
        senders: dict[AccountId, Sender],
        lease_s: float,
        *,
        receives: bool = True,
    ) -> None:
        self.connector = connector
        self._store = store
        self._clock = clock
        self._crash = crash
        self._holder = holder
        self._senders = senders
        self._lease_s = lease_s
        self._receives = receives
        self._holding = False
        self._held_until = 0.0
        """On the monotonic clock: nobody else can have the lease before."""
        self._state: State = "starting"
        self._detail = ""

    async def run(self) -> None:
        """For ever; whatever fails is begun again.

        Ending it ends the receiving only: what is being sent still needs the
        connector, so closing that is up to the caller.
        """
        await keep_running(self.connector.account, self._live, self._clock, self._troubled)

    async def _live(self) -> None:
        account = self.connector.account
        await self._take_lease()
        await self._tell("starting", "Connecting.")
        try:
            await self.connector.open()
        except BaseException:
            await self._let_go()
            raise
        self._senders[account] = self.connector.sender
        await self._store.release_held(account, "credential", self._clock.now())
        await self._wait_for_lease()
        try:
            async with asyncio.TaskGroup() as group:
                minding = [group.create_task(self._renew()), group.create_task(self._expire())]
                await pump(self.connector.source, account, self._store, self._clock, self._crash, self._connected)
                for task in minding:
                    task.cancel()
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures

    async def _connected(self, behind: str) -> None:
        if (self._state, self._detail) != ("up", behind):
            await self._tell("up", behind)

    async def _wait_for_lease(self) -> None:
        """For ever, where this worker may not receive."""
        while not await self._take_lease():
            await self._clock.sleep(self._lease_s / RENEWALS_PER_LEASE)

    async def _let_go(self) -> None:
        """Another worker may have a better way to the platform."""
        if self._holding:
            await self._store.release_lease(f"account:{self.connector.account}", self._holder)

    async def _take_lease(self) -> bool:
        """Whether this worker has the account's lease now."""
        name = f"account:{self.connector.account}"
        asked = self._clock.monotonic()
        self._holding = self._receives and await self._store.acquire_lease(
            name, self._holder, self._clock.now(), self._lease_s
        )
        if self._holding:
            self._held_until = asked + self._lease_s
        return self._holding

    async def _renew(self) -> None:
        """Prolong the lease and the health's freshness.  Raises LeaseLost when another worker took over."""
        while True:
            await self._clock.sleep(self._lease_s / RENEWALS_PER_LEASE)
            if not await self._take_lease():
                raise LeaseLost("Another worker has this account now.")
            await self._tell(self._state, self._detail)

    async def _expire(self) -> None:
        """Raises LeaseLost once the lease may be another's, though the database says nothing at all.

        Two readers take messages from each other on some platforms, and throw each other out.
        """
        while (left_s := self._held_until - self._clock.monotonic()) > 0:
            await self._clock.sleep(left_s)
        raise LeaseLost("The lease could not be prolonged in time; another worker may have this account now.")

    async def _troubled(self, trouble: Trouble) -> None:
        await self._tell(trouble.state, trouble.detail)

    async def _tell(self, state: State, detail: str) -> None:
        self._state, self._detail = state, detail
        if not self._holding:
            return
        now = self._clock.now()
        await self._store.set_health(
            ChannelHealth(
                account=self.connector.account,
                channel=self.connector.capabilities.channel,
                state=state,
                detail=detail,
                since=now,
                checked_at=now,
                up_at=now if state == "up" else None,
            )
        )
