"""The way out: lease, mark as sending, send once, record.

The order is the promise.  ``sending`` is committed before the platform hears
a word; a crash after that leaves a row that says so, and only a proof or a
person decides about it.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from responders.retry import next_step
from tickets.errors import DeliveryError, StoreError, StoreUnavailable
from tickets.ids import AccountId, ExternalMessageId
from tickets.model import Delivery, DeliveryPart, Reply
from tickets.ports import Bucket, Clock, CrashHook, NamingSender, Sender
from tickets.records import BY_HAND
from tickets.storage import OutboxStore

log = logging.getLogger(__name__)

LEASE_S = 1_800.0
"""Longer than the slowest send: ten minutes after the final dot of a mail (RFC 5321 §4.5.3.2.6).

A worker that dies is noticed long before, by its own lease.
"""
SHORTEST_WAIT_S = 0.01
STALE_S = 5.0
"""A worker that was cut off or suspended for longer begins to send nothing on the word of before."""
LONGEST_REST_S = 30.0
"""Another worker may see a block lifted; so long at most nobody looks."""
SHORTEN = "A person can post it by hand, where it is one post without files: answer again, shorter."
FILE_GONE = "A file of this answer is not kept any more. Attach it again to a new answer."
RECORD_AGAIN_S = 1.0
"""What happened on the platform is recorded however long the database is away."""


class Outbox:
    """One worker's hand on the queue of deliveries."""

    def __init__(self, store: OutboxStore, clock: Clock, crash: CrashHook, holder: str) -> None:
        self._store = store
        self._clock = clock
        self._crash = crash
        self._holder = holder
        self._in_flight: Counter[AccountId] = Counter()
        self._resting: dict[AccountId, float] = {}
        """Accounts whose shared budgets are used up, until that time of the monotonic clock."""
        self._passes_at = math.inf
        """When a budget lets the next of what was put back pass, by the monotonic clock."""
        self._changed = asyncio.Event()
        """Something was put back, or a hand became free."""

    async def deliver_due(self, senders: Mapping[AccountId, Sender]) -> int:
        """Send what is due over these accounts and wait for all of it; how many deliveries that was."""
        async with asyncio.TaskGroup() as group:
            return await self.start_due(senders, group)

    async def start_due(self, senders: Mapping[AccountId, Sender], group: asyncio.TaskGroup) -> int:
        """Begin what is due, each delivery a task of ``group``; how many were begun.

        Deliveries belong to different threads, and every account has room of
        its own, so one that is slow holds up no other.
        """
        begun = 0
        self._changed.clear()
        if self._passes_at <= self._clock.monotonic():
            self._passes_at = math.inf
        for account in sorted(senders):
            free = senders[account].at_once - self._in_flight[account]
            if free > 0 and self._resting.get(account, 0.0) <= self._clock.monotonic():
                begun += await self._start_account(account, senders[account], free, group)
        return begun

    async def rest(self, waiting: Coroutine[Any, Any, object]) -> None:
        """Until ``waiting`` ends, a budget lets pass what was put back, or a hand is free."""
        others: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._changed.wait())]
        rest_s = self._passes_at - self._clock.monotonic()
        if rest_s < math.inf:
            others.append(asyncio.ensure_future(self._clock.sleep(max(0.0, rest_s))))
        waits = [asyncio.ensure_future(waiting), *others]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _start_account(self, account: AccountId, sender: Sender, free: int, group: asyncio.TaskGroup) -> int:
        leased = await self._store.lease_deliveries([account], self._holder, self._clock.now(), LEASE_S, free)
        if leased:
            self._crash("outbox.leased")
        for delivery in leased:
            self._in_flight[account] += 1
            group.create_task(self._guarded(delivery, sender))
        return len(leased)

    async def _guarded(self, delivery: Delivery, sender: Sender) -> None:
        """One delivery; a database that is away must not take the other deliveries down."""
        try:
            await self._deliver(delivery, sender)
        except StoreUnavailable as error:
            # What happened on the platform is recorded however long that takes, so nothing has left here.
            log.warning("The database was away before an answer was sent: %s", error)
            await self._persist(lambda: self._store.give_back(delivery.id, self._holder, self._clock.now()))
        finally:
            self._in_flight[delivery.target.account] -= 1
            self._changed.set()

    async def _deliver(self, delivery: Delivery, sender: Sender) -> None:
        previous: ExternalMessageId | None = None
        for part in delivery.parts:
            if part.state == "sent":
                continue
            reply = reply_of(delivery, part, previous)
            if await self._wait_for_budget(delivery, reply, sender):
                return
            self._crash("outbox.budget_taken")
            if part.files:  # only now: what waits for its budget needs no room
                reply = replace(reply, files=tuple(await self._store.read_files(part.files)))
            previous = await self._send_part(delivery, part, reply, sender)
            if previous is None:
                return

    async def _wait_for_budget(self, delivery: Delivery, reply: Reply, sender: Sender) -> bool:
        """Whether the delivery must wait; then it was put back with the time and the reason."""
        buckets = sender.buckets(reply)
        now = self._clock.now()
        wait_s = await self._store.take_budget(delivery.target.account, buckets, now)
        if wait_s <= 0:
            return False
        why = "Waiting for the platform's limit on messages."
        rest_s = await self._rest(delivery.target.account, [bucket for bucket in buckets if bucket.shared], now)
        # One that waits with all others of its account keeps its place among them.
        at = delivery.next_at if rest_s else now + timedelta(seconds=max(wait_s, SHORTEST_WAIT_S))
        await self._store.postpone(delivery.id, at, why, now)
        self._passes_at = min(self._passes_at, self._clock.monotonic() + (rest_s or wait_s))
        self._changed.set()
        return True

    async def _rest(self, account: AccountId, shared: Sequence[Bucket], now: datetime) -> float:
        """When a budget of the whole account is used up, its other answers need not be asked one by one.

        How long, in seconds; 0.0 when it is not.
        """
        wait_s = await self._store.find_wait(account, shared, now)
        if wait_s > 0:
            self._resting[account] = self._clock.monotonic() + min(wait_s, LONGEST_REST_S)
        return wait_s

    async def _send_part(
        self, delivery: Delivery, part: DeliveryPart, reply: Reply, sender: Sender
    ) -> ExternalMessageId | None:
        """The receipt's id; None when this piece is not (known to be) sent."""
        name = await sender.name_of(reply) if isinstance(sender, NamingSender) else None
        asked_at = self._clock.monotonic()
        if not await self._store.mark_sending(delivery.id, part.n, self._holder, self._clock.now(), name):
            return None
        self._crash("outbox.marked_sending")
        if self._clock.monotonic() - asked_at > STALE_S:  # others may think us dead by now; nothing has left
            await self._persist(lambda: self._store.give_back(delivery.id, self._holder, self._clock.now()))
            return None
        try:
            if len(reply.files) < len(part.files):
                raise DeliveryError("file_gone", FILE_GONE, temporary=False, delivered=False)
            receipt = await sender.send(reply)
        except DeliveryError as error:
            await self._record_failure(delivery, part, reply, sender, error)
            return None
        except StoreError:
            raise
        except Exception as error:
            log.exception("A sender broke its promise")
            unknown = DeliveryError("program_error", _surprise(error), temporary=False, delivered=None)
            await self._record_failure(delivery, part, reply, sender, unknown)
            return None
        self._crash("outbox.sent")
        await self._persist(
            lambda: self._store.record_receipt(delivery.id, part.n, receipt, self._clock.now(), self._holder)
        )
        self._crash("outbox.recorded")
        return receipt.external_id

    async def _record_failure(
        self, delivery: Delivery, part: DeliveryPart, reply: Reply, sender: Sender, error: DeliveryError
    ) -> None:
        now = self._clock.now()
        if error.code == BY_HAND and (len(delivery.parts) > 1 or part.files):
            error = DeliveryError("refused", f"{error} {SHORTEN}", temporary=False, delivered=False)
        step = next_step(error, part.attempts + 1, now)
        if error.code == "blocked" and delivery.thread_id is not None:
            # First the cause, then the failure: whoever sees the failure sees why.
            thread_id = delivery.thread_id
            await self._persist(lambda: self._store.mark_unreachable(delivery.target.channel, thread_id, now))
        await self._persist(
            lambda: self._store.record_failure(
                delivery.id, part.n, step.state, step.code, step.detail, step.next_at, now, self._holder
            )
        )
        if error.retry_after_s is not None:
            await self._block(delivery, reply, sender, error.retry_after_s)

    async def _persist(self, record: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await record()
            except StoreUnavailable as error:
                log.warning("The outcome of a delivery waits for the database: %s", error)
                await self._clock.sleep(RECORD_AGAIN_S)

    async def _block(self, delivery: Delivery, reply: Reply, sender: Sender, retry_after_s: float) -> None:
        """A platform's "not now" stops its most specific bucket, and no other."""
        buckets = sender.buckets(reply)
        if buckets:
            until = self._clock.now() + timedelta(seconds=retry_after_s)
            account, bucket = delivery.target.account, buckets[0].name
            await self._persist(lambda: self._store.block_bucket(account, bucket, until))


def reply_of(delivery: Delivery, part: DeliveryPart, previous: ExternalMessageId | None = None) -> Reply:
    """A piece as a sender takes it, but for its files.

    previous: the piece before it, where its receipt is not stored yet.
    """
    before = next((one.external_id for one in reversed(delivery.parts[: part.n - 1]) if one.external_id), None)
    return Reply(
        target=delivery.target,
        text=part.text,
        send_key=f"{delivery.id}.{part.n}",
        created_at=delivery.created_at,
        part=part.n,
        parts=len(delivery.parts),
        previous=previous or before,
        automatic=delivery.kind != "reply",
        carries=len(part.files),
        spans=part.spans,
    )


def _surprise(error: Exception) -> str:
    return f"The program failed while sending ({type(error).__name__})."
