"""Timed work: what a tick or a decision enqueued, done once by whoever is free."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from desk.hiding import HIDE
from desk.incidents import TELL, Answering, Teller
from router.triggers import RULE
from service.checking import CheckerRests, Checking
from service.learning import LEARN, Learning, daily
from service.reading import READ, Reading
from service.removals import LOOK, Removals, period
from service.ruling import Ruling, ticket_in
from tickets.errors import CheckerAway, ConnectorError, DeliveryError, PayloadError, StoreUnavailable, Unreachable
from tickets.ids import (
    AccountId,
    AttachmentId,
    Channel,
    ExternalMessageId,
    IncidentNumber,
    JobId,
    MessageId,
    TicketId,
    TicketNumber,
)
from tickets.model import Message, ReplyTarget, Thread
from tickets.ports import Clock, Connector, CrashHook, FileSource, HidingSender, StateSender, no_crash
from tickets.records import Job, NewJob, only_thread
from tickets.states import SHOW_STATE
from tickets.storage import Store

log = logging.getLogger(__name__)

BATCH = 4
SILENCE_S = 30.0
"""A file of which nothing comes for so long is tried again later."""
FILE_S = 400.0
"""For one file in all: a batch of the slowest ones ends within its lease."""
LEASE_S = 1_800.0
"""What a dead worker held is freed at once."""
MOST_ATTEMPTS = 5
RETRY_BASE_S = 5.0
HABITS_OF = timedelta(weeks=2)
CHECK_AGAIN_S = 60.0
LONGEST_CHECK_S = 3_600.0
MOST_TRIES = 6
"""After half an hour of them it is the file, where the scanner has looked at others."""
UNCHECKED = "The malware scanner could not look at it, so nobody gets it here."
GIVEN_UP = {
    "fetch_attachment": "It could not be fetched from the platform.",
    "check_attachment": UNCHECKED,
}
LARGEST_FILE_BYTES = 25 * 1024 * 1024


class JobDesk(Answering, Protocol):
    """What jobs ask of the desk, see ``desk.commands.Desk``."""

    async def join(self, one: TicketNumber, other: TicketNumber, claim: str) -> None: ...
    async def erase(self, channel: Channel, account: AccountId, names: Sequence[ExternalMessageId]) -> int: ...
    async def could_not_hide(
        self, number: TicketNumber, message_id: MessageId, why: str, *, hidden: bool
    ) -> None: ...


class JobRunner:
    """Runs leased jobs by their kind.

    desk: what a job changes of tickets.  checking: of files for malware; None: they are not checked.
    ruling: does what the operator's rules leave to jobs; None: there are none.  learning: from corrections.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        holder: str,
        connectors: Mapping[AccountId, Connector],
        desk: JobDesk,
        crash: CrashHook = no_crash,
        checking: Checking | None = None,
        ruling: Ruling | None = None,
        learning: Learning | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._crash = crash
        self._holder = holder
        self._connectors = connectors
        self._desk = desk
        self._checking = checking or Checking(store, clock)
        self._ruling = ruling
        self._learning = learning
        self._teller = Teller(store, desk, self._destination)
        self._left: list[JobId] = []
        """What was in hand when the database went away."""
        self._kinds: dict[str, Callable[[Job], Awaitable[None]]] = {
            "fetch_attachment": self._fetch_attachment,
            "check_attachment": self._check_attachment,
            "forget_old": self._forget_old,
            "learn_habits": self._learn_habits,
            "join": self._join_tickets,
            SHOW_STATE: self._show_state,
            HIDE: self._hide,
            RULE: self._rule,
            LEARN: self._learn,
            TELL: self._tell_incident,
            **Removals(store, clock, connectors, desk.erase).kinds,
            READ: Reading(store, clock, holder, connectors, crash).read,
        }

    async def run_due(self) -> int:
        """How many jobs were in hand.  Raises StoreUnavailable."""
        while self._left:
            await self._store.fail_job(self._left[0], self._holder, "StoreUnavailable", self._clock.now())
            self._left.pop(0)
        jobs = await self._store.lease_jobs(self._holder, self._clock.now(), LEASE_S, BATCH)
        if jobs:
            self._crash("job.leased")
        for at, job in enumerate(jobs):
            try:
                await self._run(job)
            except StoreUnavailable:
                self._left = [one.id for one in jobs[at:]]
                raise
        return len(jobs)

    async def _run(self, job: Job) -> None:
        try:
            await self._kinds[job.kind](job)
        except CheckerAway as error:
            await self._wait_for_checker(job, asked=not isinstance(error, CheckerRests))
        except (ConnectorError, DeliveryError, KeyError, TimeoutError) as error:
            await self._again(job, error)
        except StoreUnavailable:
            raise
        except Exception as error:
            log.exception("A job failed unexpectedly")
            await self._again(job, error)
        else:
            self._crash("job.done")
            await self._store.finish_job(job.id, self._holder, self._clock.now())
            self._crash("job.finished")

    async def _again(self, job: Job, error: Exception) -> None:
        """Where the platform itself says when, however often; else a few times."""
        asked_s = error.retry_after_s if isinstance(error, DeliveryError) else None
        if job.attempts < MOST_ATTEMPTS or asked_s is not None:
            usual_s = RETRY_BASE_S * 2 ** min(job.attempts - 1, MOST_ATTEMPTS)
            delay = timedelta(seconds=max(usual_s, asked_s or 0.0))
            await self._store.fail_job(job.id, self._holder, type(error).__name__, self._clock.now() + delay)
            return
        log.warning("A job was given up: %s", job.kind)
        if note := GIVEN_UP.get(job.kind):
            await self._store.fail_attachment(AttachmentId(job.payload["attachment"]), note, self._clock.now())
        await self._store.fail_job(job.id, self._holder, type(error).__name__, None)

    async def _wait_for_checker(self, job: Job, *, asked: bool) -> None:
        """As long as it takes, as nobody sees the file before; but not for one that alone cannot be looked at."""
        now = self._clock.now()
        tries = int(job.payload.get("tries", "0")) + asked
        since = job.payload.get("since", now.isoformat())
        if tries >= MOST_TRIES and self._checking.answered_since(datetime.fromisoformat(since)):
            attachment_id = AttachmentId(job.payload["attachment"])
            await self._store.fail_attachment(attachment_id, UNCHECKED, now)
        else:
            wait_s = min(LONGEST_CHECK_S, CHECK_AGAIN_S * 2 ** max(0, tries - 1))
            payload = {**job.payload, "tries": str(tries), "since": since}
            key = f"{job.kind}:{job.payload['attachment']}:{now.isoformat()}"
            await self._store.enqueue_jobs([NewJob(job.kind, key, now + timedelta(seconds=wait_s), payload)])
        await self._store.finish_job(job.id, self._holder, now)

    async def _fetch_attachment(self, job: Job) -> None:
        attachment_id = AttachmentId(job.payload["attachment"])
        attachment = await self._store.find_attachment(attachment_id)
        if attachment is None or attachment.state != "pending" or attachment.remote_id is None:
            return
        self._checking.refuse_resting()
        source = self._connectors[AccountId(job.payload["account"])].source
        if not isinstance(source, FileSource):
            await self._store.fail_attachment(attachment_id, "This channel hands out no files.", self._clock.now())
            return
        try:
            async with asyncio.timeout(FILE_S):
                content = await _whole(source, attachment.remote_id)
        except PayloadError as error:
            await self._store.fail_attachment(attachment_id, str(error), self._clock.now())
            return
        self._crash("job.fetched")
        await self._store_checked(attachment_id, content)

    async def _check_attachment(self, job: Job) -> None:
        """Its bytes came with its message, and wait here."""
        attachment_id = AttachmentId(job.payload["attachment"])
        attachment = await self._store.find_attachment(attachment_id)
        if attachment is not None and attachment.state == "pending" and attachment.sha256 is not None:
            content = b"".join([piece async for piece in self._store.read_blob(attachment.sha256)])
            await self._store_checked(attachment_id, content)

    async def _store_checked(self, attachment_id: AttachmentId, content: bytes) -> None:
        if refusal := await self._checking.refusal(content):
            await self._store.fail_attachment(attachment_id, refusal, self._clock.now())
        else:
            await self._store.store_attachment(attachment_id, content, self._clock.now())

    async def _forget_old(self, _job: Job) -> None:
        await self._store.forget_old(self._clock.now())

    async def _join_tickets(self, job: Job) -> None:
        """Where one of them goes on elsewhere by now, that ticket is meant."""
        numbers = [await self._destination(TicketId(job.payload[name])) for name in ("one", "other")]
        if numbers[0] != numbers[1]:
            await self._desk.join(numbers[0], numbers[1], job.payload["claim"])

    async def _tell_incident(self, job: Job) -> None:
        """Everybody who reported it and was not told yet."""
        await self._teller.tell_all(IncidentNumber(int(job.payload["incident"])))

    async def _learn(self, _job: Job) -> None:
        if self._learning is not None:
            outcome = await self._learning.learn()
            log.info("Learning what tickets are about: %s", outcome.sentence)

    async def _rule(self, job: Job) -> None:
        """What one of the operator's rules does outside of its ticket; after the last failure the team is told."""
        if self._ruling is None:
            return
        number = await self._destination(ticket_in(job))
        try:
            await self._ruling.carry_out(job, number)
        except Unreachable as error:
            if job.attempts < MOST_ATTEMPTS:
                raise
            await self._ruling.give_up(job, number, str(error))

    async def _show_state(self, job: Job) -> None:
        """As it is now, whatever it was when the job was made."""
        number = await self._store.find_ticket_number(TicketId(job.payload["ticket"]))
        found = await self._store.find_ticket(number) if number is not None else None
        for thread in found.threads if found else ():
            connector = self._connectors.get(thread.account)
            if connector is not None and isinstance(connector.sender, StateSender):
                target = ReplyTarget(thread.channel, thread.account, thread.key, thread.visibility)
                await connector.sender.show_state(target, closed=await self._is_done(thread))

    async def _hide(self, job: Job) -> None:
        """As it is wished by now; where the platform refuses it, the ticket says so.

        Who wished otherwise meanwhile may have been served before: then it is done once more.
        """
        number, wanted = (
            await self._destination(TicketId(job.payload["ticket"])),
            MessageId(job.payload["message"]),
        )
        connector = self._connectors.get(AccountId(job.payload["account"]))
        sender = connector.sender if connector is not None else None
        done: bool | None = None
        message = await self._message(number, wanted)
        while isinstance(sender, HidingSender) and message and message.external_id and message.hidden != done:
            done = message.hidden
            try:
                await sender.hide(message.external_id, hidden=done)
            except DeliveryError as error:
                if error.temporary and job.attempts < MOST_ATTEMPTS:
                    raise
                await self._desk.could_not_hide(number, wanted, str(error), hidden=done)
                return
            message = await self._message(number, wanted)

    async def _message(self, number: TicketNumber, message_id: MessageId) -> Message | None:
        found = await self._store.find_ticket(number)
        return next((one for one in found.messages if one.id == message_id), None) if found else None

    async def _is_done(self, thread: Thread) -> bool:
        """Whether no ticket is open in a conversation."""
        context = await self._store.find_context(only_thread(thread, self._clock.now()))
        leads = context.thread_tickets.get(thread.id)
        return leads is not None and context.tickets[leads].status == "closed"

    async def _destination(self, ticket_id: TicketId) -> TicketNumber:
        number = await self._store.find_ticket_number(ticket_id)
        while number is not None:
            found = await self._store.find_ticket(number)
            if found is None or found.ticket.merged_into is None:
                return number
            number = found.ticket.merged_into
        raise KeyError(ticket_id)

    async def _learn_habits(self, _job: Job) -> None:
        now = self._clock.now()
        await self._store.learn_habits(now - HABITS_OF, now)


async def _whole(source: FileSource, remote_id: str) -> bytes:
    """Raises PayloadError past 25 MiB, TimeoutError when nothing comes for a while."""
    content = bytearray()
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(SILENCE_S) as silence:
        async for chunk in source.fetch_file(remote_id):
            silence.reschedule(now() + SILENCE_S)
            content += chunk
            if len(content) > LARGEST_FILE_BYTES:
                raise PayloadError("It is larger than 25 MiB.")
    return bytes(content)


def hourly(now: datetime) -> tuple[NewJob, ...]:
    """What is to be done once an hour or seldomer, by whichever worker; two leaders enqueue it once."""
    learning = (daily(now),)
    every_hour = f"{now:%Y-%m-%dT%H}"
    return learning + tuple(
        NewJob(kind=kind, dedupe_key=f"{kind}:{when}", run_at=now)
        for kind, when in (("forget_old", every_hour), ("learn_habits", every_hour), (LOOK, period(now)))
    )
