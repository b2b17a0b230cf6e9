"""Answers of unknown fate: looked for on the platform, settled by what is found there, else left to a person.

Nothing is sent again on a guess.  What is found has arrived; what is not
found counts as not sent only where, and only when, the platform is certain.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from responders.outbox import reply_of
from tickets.errors import ConnectorError, DeliveryError, RateLimited, StoreError
from tickets.ids import AccountId
from tickets.model import Delivery, DeliveryPart, Receipt
from tickets.ports import Clock, CrashHook, NamingSender, ProvingSender, Sender
from tickets.records import ContextQuery
from tickets.storage import IntakeStore, OutboxStore

log = logging.getLogger(__name__)

LEASE_S = 120.0
BATCH = 20
LOOK_S = 60.0
TOO_LATE = "It is not there; but the talk has gone on or was closed, so a person decides whether it is sent again."
NO_WAY = "This channel has no way to look up what arrived: only somebody who sees the conversation can tell."


class Pace(NamedTuple):
    """How long after the attempt it is looked for how often, both in seconds."""

    until_s: float
    every_s: float


PACES = (Pace(60, 5), Pace(600, 60), Pace(86_400, 900))
"""After the last one only a person can tell."""


class ProofRecords(IntakeStore, OutboxStore, Protocol):
    """What proving needs of a store."""


class Prover:
    """One worker's hand on the deliveries of unknown fate."""

    def __init__(self, store: ProofRecords, clock: Clock, crash: CrashHook, holder: str) -> None:
        self._store = store
        self._clock = clock
        self._crash = crash
        self._holder = holder

    async def settle_due(self, senders: Mapping[AccountId, Sender]) -> int:
        """Look for what is due over these accounts; how many deliveries that was.  Raises StoreUnavailable."""
        now = self._clock.now()
        leased = await self._store.lease_unknown(sorted(senders), self._holder, now, LEASE_S, BATCH)
        if leased:
            self._crash("proof.leased")
        by_account: dict[AccountId, list[Delivery]] = {}
        for delivery in leased:
            by_account.setdefault(delivery.target.account, []).append(delivery)
        looks = [self._look_at_all(deliveries, senders[account]) for account, deliveries in by_account.items()]
        for failure in await asyncio.gather(*looks, return_exceptions=True):  # a slow platform holds up no other
            if failure is not None:
                raise failure
        return len(leased)

    async def _look_at_all(self, deliveries: Sequence[Delivery], sender: Sender) -> None:
        for delivery in deliveries:
            await self._look(delivery, sender)

    async def _look(self, delivery: Delivery, sender: Sender) -> None:
        part = next((part for part in delivery.parts if part.state == "unknown"), None)
        if part is None or not isinstance(sender, ProvingSender):
            await self._note(delivery, NO_WAY, None)
            return
        began = part.started_at or delivery.updated_at
        looked_at = self._clock.now()
        try:
            async with asyncio.timeout(LOOK_S):
                found = await sender.find_sent(reply_of(delivery, part), began)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  one look that fails must not keep the others from theirs
            await self._note(delivery, f"It could not be looked for: {_why(error)}", began, _pause_s(error))
            return
        self._crash("proof.looked")
        receipt = await self._unclaimed(delivery, sender, found)
        if receipt is not None:
            await self._record(delivery, part, receipt)
        elif self._is_certain(sender, delivery, began, looked_at):
            await self._send_again(delivery, part)
        else:
            await self._note(delivery, "It is not to be found there.", began)
        self._crash("proof.recorded")

    async def _unclaimed(self, delivery: Delivery, sender: Sender, found: Sequence[Receipt]) -> Receipt | None:
        """The first that is not known as another message: two answers may have the same words."""
        if not found or isinstance(sender, NamingSender):  # which names its own, and finds no other's
            return next(iter(found), None)
        channel = delivery.target.channel
        names = frozenset((channel, receipt.external_id) for receipt in found)
        known = await self._store.find_context(
            ContextQuery(frozenset(), names, frozenset(), frozenset(), self._clock.now())
        )
        return next((one for one in found if (channel, one.external_id) not in known.refs), None)

    async def _record(self, delivery: Delivery, part: DeliveryPart, receipt: Receipt) -> None:
        log.info("An answer of unknown fate was found on the platform: it arrived")
        note = f"{receipt.note} Its fate was unknown; it was found on the platform.".strip()
        await self._store.record_receipt(
            delivery.id, part.n, replace(receipt, note=note), self._clock.now(), self._holder
        )

    async def _send_again(self, delivery: Delivery, part: DeliveryPart) -> None:
        log.info("An answer of unknown fate is not on the platform: it is sent again")
        why = f"Looked for on the platform {_time(self._clock.now())}: it had not arrived, so it is sent again."
        if not await self._store.queue_unsent(delivery.id, part.n, self._holder, why, self._clock.now()):
            await self._note(delivery, TOO_LATE, None)

    def _is_certain(self, sender: ProvingSender, delivery: Delivery, began: datetime, looked_at: datetime) -> bool:
        """Counted from when it became unknown, as the attempt itself may have taken long; after a day it is old.

        looked_at: when the look began, as what came to be there during it may
        have been missed.
        """
        certain_after_s = sender.certain_after_s
        if certain_after_s is None or looked_at - began >= timedelta(seconds=PACES[-1].until_s):
            return False
        return looked_at - max(began, delivery.updated_at) >= timedelta(seconds=certain_after_s)

    async def _note(self, delivery: Delivery, saw: str, began: datetime | None, pause_s: float = 0.0) -> None:
        """began: None when looking again is of no use.  pause_s: so long the platform wants to be left alone."""
        now = self._clock.now()
        look_at = None if began is None else next_look(began, now)
        if look_at is not None:
            look_at = max(look_at, now + timedelta(seconds=pause_s))
        ahead = f" It is looked for again {_time(look_at)}." if look_at else " Only a person can tell now."
        why = _first_reason(delivery)
        looked = saw if began is None else f"Looked for on the platform {_time(now)}. {saw}{ahead}"
        await self._store.note_look(delivery.id, self._holder, f"{why} {looked}", look_at, now)


def _why(error: Exception) -> str:
    if isinstance(error, ConnectorError | DeliveryError):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"the platform did not answer within {LOOK_S:.0f} s."
    log.error("A look for an answer failed unexpectedly", exc_info=error)
    return f"the program failed ({type(error).__name__})."


def _pause_s(error: Exception) -> float:
    return error.retry_after_s if isinstance(error, RateLimited) else 0.0


def next_look(began: datetime, now: datetime) -> datetime | None:
    """When to look again for what was attempted at ``began``; None: no more."""
    elapsed_s = (now - began).total_seconds()
    pace = next((pace for pace in PACES if elapsed_s < pace.until_s), None)
    return None if pace is None else now + timedelta(seconds=pace.every_s)


def _first_reason(delivery: Delivery) -> str:
    """Why nobody knows, without what earlier looks saw."""
    return delivery.detail.partition(" Looked for ")[0]


def _time(moment: datetime) -> str:
    return f"at {moment:%H:%M:%S} UTC"
