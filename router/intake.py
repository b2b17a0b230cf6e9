"""Raw events in, tickets out: the router's only reading and writing.

Leases conversations, not events, so that two workers never open two tickets
for one person.  A conversation is decided whole or given back whole.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from router import albums, dedupe
from router.albums import Gathered
from router.claims import claims_in
from router.decision import Decider
from router.gist import gist_of, read
from tickets.errors import Conflict, PayloadError, StoreUnavailable
from tickets.ids import EventId
from tickets.model import Ignored, InboundMessage
from tickets.ports import Clock, CrashHook, NormalizerPort
from tickets.records import Admission, Context, ContextQuery, LeasedEvent
from tickets.storage import IntakeStore

log = logging.getLogger(__name__)

BATCH = 200
PORTION_BYTES = 512 * 1024
"""Chat events of a whole batch are less; of mails a few dozen make a portion."""
AHEAD = 2
"""The next batch is leased while so many portions are still to be decided, so that no reader waits for work."""
LONGEST_S = 2.0
"""After so long nothing further is leased: whoever calls may want to stop."""
LEASE_S = 120.0
MOST_ATTEMPTS = 3
"""An event that fails so often is put aside, and its conversation goes on."""
RETRY_BASE_S = 2.0
CONFLICT_ATTEMPTS = 5


class _Reading(NamedTuple):
    """Whole conversations, and what reading them will give."""

    portion: Sequence[LeasedEvent]
    results: "asyncio.Future[list[InboundMessage | Ignored | Exception]]"


class Outcome(NamedTuple):
    """What normalizing a leased event gave."""

    leased: LeasedEvent
    result: InboundMessage | Ignored | Exception


class Intake:
    """One worker's hand on the queue of raw events."""

    def __init__(
        self,
        store: IntakeStore,
        normalizer: NormalizerPort,
        decider: Decider,
        clock: Clock,
        crash: CrashHook,
        holder: str,
    ) -> None:
        self._store = store
        self._normalizer = normalizer
        self._decider = decider
        self._clock = clock
        self._crash = crash
        self._holder = holder
        self._left: tuple[EventId, ...] = ()
        """What was in hand when something went wrong."""

    async def drain_inbound(self) -> int:
        """Handle what is due, for ``LONGEST_S`` and what is in hand then; how many events were in hand.

        Portion by portion: while one is decided and committed, other
        processes read the next, those of the next batch too.

        Raises StoreUnavailable; what was in hand is given back at the next call.
        """
        if self._left:
            await self._store.release_events(self._left, self._clock.now(), self._holder)
            self._left = ()
        reading: deque[_Reading] = deque()
        in_hand, began = 0, self._clock.monotonic()
        try:
            while True:
                if len(reading) < AHEAD and self._clock.monotonic() - began < LONGEST_S:
                    leased = await self._lease()
                    in_hand += len(leased)
                    reading.extend(self._begin(portion) for portion in _portions(leased))
                if not reading:
                    return in_hand
                await self._handle_portion(reading[0].portion, await reading[0].results)
                reading.popleft()
        except Exception:
            self._left = tuple(leased.id for one in reading for leased in one.portion)
            raise
        finally:
            for one in reading:
                one.results.cancel()
            await asyncio.gather(*(one.results for one in reading), return_exceptions=True)

    async def _lease(self) -> Sequence[LeasedEvent]:
        leased = await self._store.lease_events(self._holder, self._clock.now(), LEASE_S, BATCH)
        if leased:
            self._crash("intake.leased")
        return leased

    def _begin(self, portion: Sequence[LeasedEvent]) -> "_Reading":
        return _Reading(portion, asyncio.ensure_future(self._read(portion)))

    async def _read(self, portion: Sequence[LeasedEvent]) -> list[InboundMessage | Ignored | Exception]:
        return await self._normalizer.normalize([one.event for one in portion])

    async def _handle_portion(
        self, leased: Sequence[LeasedEvent], results: Sequence[InboundMessage | Ignored | Exception]
    ) -> None:
        self._crash("intake.normalized")
        outcomes = [Outcome(one, result) for one, result in zip(leased, results, strict=True)]
        ready, returned = _by_conversation(outcomes)
        await self._give_back(returned)
        await self._admit_all(ready)

    async def _give_back(self, returned: Sequence[LeasedEvent]) -> None:
        """Conversations with an event that failed unexpectedly wait a little and are tried again."""
        for leased in returned:
            delay_s = RETRY_BASE_S * 2 ** (leased.attempts - 1)
            retry_at = self._clock.now() + timedelta(seconds=delay_s)
            await self._store.release_events([leased.id], retry_at, self._holder)

    async def _admit_all(self, outcomes: Sequence[Outcome]) -> None:
        """All conversations together; one by one when together fails, so that one cannot stop the rest."""
        if not outcomes:
            return
        try:
            await self._admit(outcomes)
        except StoreUnavailable:
            raise
        except Exception as error:
            groups = _grouped(outcomes)
            if len(groups) > 1:
                for group in groups:
                    await self._admit_all(group)
                return
            log.exception("A conversation could not be admitted")
            await self._set_aside(outcomes, error)

    async def _admit(self, outcomes: Sequence[Outcome]) -> None:
        for attempt in range(1, CONFLICT_ATTEMPTS + 1):
            now = self._clock.now()
            admissions = await self._decide(outcomes, now)
            self._crash("intake.decided")
            try:
                await self._store.admit(admissions, now)
            except Conflict:
                if attempt == CONFLICT_ATTEMPTS:
                    raise
                continue
            self._crash("intake.admitted")
            return

    async def _decide(self, outcomes: Sequence[Outcome], now: datetime) -> list[Admission]:
        messages = [
            (outcome.leased.id, replace(outcome.result, late=outcome.leased.event.late))
            for outcome in outcomes
            if isinstance(outcome.result, InboundMessage)
        ]
        gathered = [one._replace(message=read(one.message)) for one in albums.gather(messages)]
        context = await self._context(gathered, now)
        self._crash("intake.looked_up")
        decided = [_placed(self._decider.decide(one, context, now), place) for place, one in enumerate(gathered)]
        return [*decided, *(_without_ticket(outcome) for outcome in outcomes if not _is_message(outcome))]

    async def _context(self, gathered: Sequence[Gathered], now: datetime) -> Context:
        messages = [one.message for one in gathered]
        return await self._store.find_context(
            ContextQuery(
                identities=frozenset((m.channel, m.author.external_id) for m in messages),
                refs=frozenset(key for m in messages for key in dedupe.ref_keys(m)),
                threads=frozenset((m.account, m.thread.key) for m in messages),
                fingerprints=frozenset(gist_of(m).fingerprint for m in messages) - {""},
                fingerprints_since=now - dedupe.WINDOW,
                numbers=frozenset(m.ticket_number for m in messages if m.ticket_number),
                claims=frozenset(key for m in messages for key in claims_in(m)),
                drafts=any(m.by_us for m in messages),
                busy_since=self._decider.busy_since(now),
                items=frozenset((m.account, m.external_id) for m in messages if m.feed),
            )
        )

    async def _set_aside(self, outcomes: Sequence[Outcome], error: Exception) -> None:
        """One conversation that nobody expected to fail: again later, at last quarantined whole."""
        if max(outcome.leased.attempts for outcome in outcomes) < MOST_ATTEMPTS:
            await self._give_back([outcomes[0].leased])
            return
        if isinstance(error, Conflict):
            return  # others keep being faster: then it is in good hands
        reason = f"the program failed on it ({type(error).__name__}); replay it after an upgrade"
        ids = tuple(outcome.leased.id for outcome in outcomes)
        await self._store.admit(
            [Admission(event_ids=ids, verdict="quarantined", reason=reason)], self._clock.now()
        )


def _portions(leased: Sequence[LeasedEvent]) -> list[list[LeasedEvent]]:
    """Whole conversations, in order, so many that their payloads are about half a megabyte."""
    talks: dict[tuple[str, str], list[LeasedEvent]] = {}
    for one in leased:
        talks.setdefault((one.event.account, one.event.conversation), []).append(one)
    portions: list[list[LeasedEvent]] = []
    room = 0
    for talk in talks.values():
        if not portions or room <= 0:
            portions.append([])
            room = PORTION_BYTES
        portions[-1] += talk
        room -= sum(len(one.event.payload) for one in talk)
    return portions


def _placed(admission: Admission, place: int) -> Admission:
    """A batch keeps its order: conversations are sorted by when their messages were stored."""
    if admission.message is None:
        return admission
    stored_at = admission.message.stored_at + timedelta(microseconds=place)
    return replace(admission, message=replace(admission.message, stored_at=stored_at))


def _is_message(outcome: Outcome) -> bool:
    return isinstance(outcome.result, InboundMessage)


def _without_ticket(outcome: Outcome) -> Admission:
    ids = (outcome.leased.id,)
    if isinstance(outcome.result, Ignored):
        return Admission(event_ids=ids, verdict="ignored", reason=outcome.result.reason)
    return Admission(event_ids=ids, verdict="quarantined", reason=_reason(outcome.result))


def _reason(result: object) -> str:
    """A payload error explains itself; of anything else only the kind is told, as its text may quote content."""
    if isinstance(result, PayloadError):
        return str(result)[:500]
    return f"the program failed on it ({type(result).__name__}); replay it after an upgrade"


def _by_conversation(outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[LeasedEvent]]:
    """What can be decided now, and one event of each conversation that must be tried again."""
    ready: list[Outcome] = []
    returned: list[LeasedEvent] = []
    for group in _grouped(outcomes):
        failed = [one.leased for one in group if _may_try_again(one)]
        if failed:
            returned.append(failed[0])
        else:
            ready.extend(group)
    return ready, returned


def _may_try_again(outcome: Outcome) -> bool:
    unexpected = isinstance(outcome.result, Exception) and not isinstance(outcome.result, PayloadError)
    return unexpected and outcome.leased.attempts < MOST_ATTEMPTS


def _grouped(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        event = outcome.leased.event
        groups.setdefault((event.account, event.conversation), []).append(outcome)
    return list(groups.values())
