"""Timed work: done once, tried again, given up at last."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from service.checking import Checking
from service.jobs import LARGEST_FILE_BYTES, MOST_ATTEMPTS, UNCHECKED, JobRunner, hourly
from simulators.memory_store import MemoryStore
from tests.support.builders import MAIN, T0, NoDesk, file, opening, raw
from tests.support.clock import ManualClock
from tickets.errors import CheckerAway, PayloadError, Unreachable
from tickets.ids import AccountId, AttachmentId
from tickets.model import Attachment, ChannelHealth
from tickets.records import NewJob

A = AttachmentId("a-f")


class Files:
    """A FileSource of one file, or of an error."""

    def __init__(self, *chunks: bytes, error: Exception | None = None) -> None:
        self.asked: list[str] = []
        self._chunks = chunks
        self._error = error

    async def fetch_file(self, remote_id: str) -> AsyncIterator[bytes]:
        self.asked.append(remote_id)
        for chunk in self._chunks:
            yield chunk
        if self._error is not None:
            raise self._error


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await store.open()
    job = NewJob("fetch_attachment", "f", T0, {"attachment": A, "account": MAIN})
    await store.admit([replace(opening("ann"), attachments=(file("f", "ann", remote_id="r-1"),), jobs=(job,))], T0)
    return store


def runner(store: MemoryStore, clock: ManualClock, source: object) -> JobRunner:
    return JobRunner(store, clock, "worker", {AccountId(MAIN): SimpleNamespace(source=source)}, NoDesk())


async def attachment(store: MemoryStore) -> Attachment:
    found = await store.find_attachment(A)
    assert found is not None
    return found


async def test_a_file_is_fetched_once(store: MemoryStore) -> None:
    files, clock = Files(b"ab", b"cd"), ManualClock()
    jobs = runner(store, clock, files)
    assert await jobs.run_due() == 1
    clock.move(10_000)
    assert await jobs.run_due() == 0
    found = await attachment(store)
    assert (found.state, found.size_bytes, files.asked) == ("stored", 4, ["r-1"])


@pytest.mark.parametrize(
    ("source", "note"),
    [
        (Files(error=PayloadError("The file is gone.")), "The file is gone."),
        (Files(*[b"x" * (LARGEST_FILE_BYTES // 2 + 1)] * 2), "It is larger than 25 MiB."),
        (object(), "This channel hands out no files."),
    ],
)
async def test_a_file_that_cannot_be_had_is_missing_with_the_reason(
    store: MemoryStore, source: object, note: str
) -> None:
    assert await runner(store, ManualClock(), source).run_due() == 1
    found = await attachment(store)
    assert (found.state, found.note) == ("missing", note)


async def test_a_platform_that_is_away_is_asked_again_then_given_up(store: MemoryStore) -> None:
    files, clock = Files(error=Unreachable("No way there.")), ManualClock()
    jobs = runner(store, clock, files)
    asked_at = []
    for second in range(200):
        if await jobs.run_due():
            asked_at.append(second)
        clock.move(1)
    assert asked_at == [0, 5, 15, 35, 75]
    assert len(files.asked) == MOST_ATTEMPTS
    assert (await attachment(store)).state == "missing"


@pytest.mark.parametrize("limit", ["SILENCE_S", "FILE_S"])
async def test_a_file_that_does_not_come_is_given_up_for_now(
    store: MemoryStore, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"service.jobs.{limit}", 0.05)

    class Hanging(Files):
        async def fetch_file(self, remote_id: str) -> AsyncIterator[bytes]:
            async for chunk in super().fetch_file(remote_id):
                yield chunk
                await asyncio.Event().wait()

    clock = ManualClock()
    assert await runner(store, clock, Hanging(b"a part")).run_due() == 1
    assert (await attachment(store)).state == "pending"
    clock.move(10)
    assert await runner(store, clock, Files(b"the whole")).run_due() == 1
    assert (await attachment(store)).state == "stored"


async def test_an_account_or_kind_that_is_gone_is_given_up(store: MemoryStore) -> None:
    clock = ManualClock()
    await store.enqueue_jobs([NewJob("unheard_of", "u", T0)])
    jobs = JobRunner(store, clock, "worker", {}, NoDesk())
    for _ in range(MOST_ATTEMPTS):
        await jobs.run_due()
        clock.move(1000)
    assert await jobs.run_due() == 0
    assert (await attachment(store)).state == "missing"


async def test_what_is_done_hourly_is_enqueued_once_an_hour(store: MemoryStore) -> None:
    assert await store.enqueue_jobs(hourly(T0)) == 4
    assert await store.enqueue_jobs(hourly(T0.replace(minute=59))) == 0
    assert await store.enqueue_jobs(hourly(T0.replace(hour=10))) == 2  # what was removed is asked four times a day
    clock = ManualClock()
    jobs = runner(store, clock, Files(b"x"))
    assert await jobs.run_due() + await jobs.run_due() == 5  # the file, and what is due at nine
    clock.move(3600)
    assert await jobs.run_due() == 2
    clock.move(3600)
    assert await jobs.run_due() == 0


async def test_habits_are_learned_from_two_weeks_and_once(store: MemoryStore) -> None:
    clock = ManualClock()
    await store.set_health(ChannelHealth(MAIN, "telegram", "up", "", T0, T0, up_at=T0))
    for hours in (-14 * 24 - 2, -14 * 24 + 1, -2, -1):
        written = raw(f"message {hours}", received_at=T0 + timedelta(hours=hours, minutes=30))
        await store.append_raw(MAIN, [written], None)
    await store.enqueue_jobs(hourly(T0))
    await runner(store, clock, Files(b"x")).run_due()
    learned = await store.list_habits(T0 - timedelta(weeks=4))
    now_h = int(T0.timestamp()) // 3600
    assert [one.hour - now_h for one in learned] == list(range(-14 * 24, 0))
    assert [(one.longest_s, one.received) for one in learned[-2:]] == [((14 * 24 - 3) * 3600, 1), (3600, 1)]
    assert await store.learn_habits(T0 - timedelta(weeks=2), clock.now()) == 0


class Scanner:
    """Cannot look at some contents; is away altogether while it is told so."""

    def __init__(self) -> None:
        self.away = False
        self.asked: list[bytes] = []

    async def check(self, content: bytes) -> str:
        self.asked.append(content)
        if self.away or content == b"odd":
            raise CheckerAway("The scanner does not answer.")
        return ""


def checked(store: MemoryStore, clock: ManualClock, source: object, scanner: Scanner) -> JobRunner:
    connectors = {AccountId(MAIN): SimpleNamespace(source=source)}
    return JobRunner(store, clock, "worker", connectors, NoDesk(), checking=Checking(store, clock, (scanner,)))


async def test_a_scanner_that_is_away_for_long_costs_no_file_and_is_not_asked_all_the_time(
    store: MemoryStore,
) -> None:
    files, clock, scanner = Files(b"fine"), ManualClock(), Scanner()
    jobs, scanner.away = checked(store, clock, files, scanner), True
    for _ in range(600):
        clock.move(60)
        await jobs.run_due()
    assert (await attachment(store)).state == "pending"
    assert len(scanner.asked) == len(files.asked) < 20
    scanner.away = False
    for _ in range(60):
        clock.move(60)
        await jobs.run_due()
    assert (await attachment(store)).state == "stored"


async def test_a_file_that_alone_cannot_be_looked_at_is_given_up_with_the_reason(store: MemoryStore) -> None:
    clock, scanner = ManualClock(), Scanner()
    jobs = checked(store, clock, Files(b"odd"), scanner)
    checking = jobs._checking
    for _ in range(300):
        clock.move(60)
        await jobs.run_due()
        if clock.now() - T0 > timedelta(hours=1) and b"fine" not in scanner.asked:
            clock.move(31)
            await checking.refusal(b"fine")
    found = await attachment(store)
    assert (found.state, found.note) == ("missing", UNCHECKED)


async def test_while_the_scanner_rests_nothing_is_fetched_for_it(store: MemoryStore) -> None:
    files, clock, scanner = Files(b"fine"), ManualClock(), Scanner()
    scanner.away = True
    job = NewJob("fetch_attachment", "g", T0, {"attachment": AttachmentId("a-g"), "account": MAIN})
    await store.admit([replace(opening("bob"), attachments=(file("g", "bob", remote_id="r-2"),), jobs=(job,))], T0)
    await checked(store, clock, files, scanner).run_due()
    assert len(files.asked) == 1
