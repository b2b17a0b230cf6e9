"""Several workers on one PostgreSQL: every job once, one receiver an account, one leader; kills and cut wires.

The simulators are the judges.  ``SWITCHBOARD_TEST_JOBS`` (300) is how much
work the crew gets: a third each of messages, files and answers, and
``SWITCHBOARD_TEST_SEED`` plays the same kills again.
"""

import asyncio
import hashlib
import os
import random
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from service.jobs import BATCH, JobRunner, hourly
from service.scheduler import Scheduler
from service.work import Worker
from simulators.discord import DiscordPlatform
from simulators.mail import MailPlatform
from simulators.telegram import TelegramPlatform
from simulators.x import XPlatform
from tests.support.builders import NoDesk
from tests.support.clock import ManualClock
from tests.support.crew import (
    Crew,
    Office,
    answer_to,
    answers_in,
    everybody_writes,
    hiring,
    open_office,
    pid_of,
    present,
    soon,
    texts_in,
    tickets_in,
    within,
)
from tests.support.debian_postgres import debian_postgres
from tests.support.netns import NamespacesMissing, Net, Place, separate_networks
from tests.support.postgres import PostgresMissing
from tests.support.program import Program
from tests.support.stores import Database, fresh_schema
from tests.support.town import Town, open_town
from tickets.records import NewJob
from tickets.storage import Store

WORKERS = 4
KILLS = 2
TELEGRAM_AT_ONCE = 8
"""So many answers a worker may have on their way to Telegram."""
TELEGRAM_PER_S = 25
LEASE_S = 2.0
"""``worker_lease_s`` in these tests; 15 in service."""
WAKINGS = 50
TAKING_S = 1.0
"""How long the platform takes over each answer, so that a wire can be cut meanwhile."""
HANDED_OVER_S = 5 * LEASE_S
"""A lease runs out, another worker looks, signs in and reads on, all on a busy machine."""


@pytest.fixture
def shared(postgres_url: str) -> Iterator[Database]:
    """A database that processes on any machine can share."""
    with fresh_schema(postgres_url) as url:
        yield Database("postgres", url)


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town() as place:
        yield place


# Jobs --------------------------------------------------------------------------


async def test_four_workers_do_each_job_once_while_two_are_killed(
    town: Town, shared: Database, tmp_path: Path
) -> None:
    seed = os.environ.get("SWITCHBOARD_TEST_SEED") or secrets.token_hex(4)
    print(f"SWITCHBOARD_TEST_SEED={seed}")
    chance = random.Random(seed)
    count = int(os.environ.get("SWITCHBOARD_TEST_JOBS", "300")) // 3
    patience_s = 60.0 + 2 * count / TELEGRAM_PER_S
    busy: set[int] = set()

    def at_work(done: bool) -> bool:
        busy.update(at_it(shared))
        return done

    async with open_office(town, shared, tmp_path) as office, hiring(town, shared, tmp_path) as crew:
        for _ in range(WORKERS):
            await crew.hire()
        await crew.ready()
        files = send_files(town, count)
        answering = asyncio.create_task(answer_all(office, shared, count))
        for progress in (files_fetched, answers_accepted):
            enough = chance.randrange(1, count * 3 // 4)
            await within(patience_s, lambda p=progress, n=enough: at_work(p(town) >= n), "work goes on", crew)
            await crew.kill(chance.choice(crew.alive))
            await crew.hire()
        await within(patience_s, lambda: at_work(at_rest(shared, count)), "everything is done", crew)
        await answering
    judge_files(town, shared, files)
    judge_answers(town, answers_in(shared), lost_at_most=KILLS * TELEGRAM_AT_ONCE)
    assert texts_in(shared) == sorted(f"Beleg {n}" for n in range(count))
    assert len(tickets_in(shared)) == count
    assert len(busy) >= WORKERS, f"the work was not shared: {busy}"


def send_files(town: Town, count: int) -> list[bytes]:
    """A file each from so many people; their contents."""
    files = [f"Beleg {n} 收据".encode() * 40 for n in range(count)]
    for n, content in enumerate(files):
        person = town.telegram.add_person(f"Person {n}", language_code="de")
        person.send_document(content, town.bot, name=f"{n}.pdf", mime_type="application/pdf", caption=f"Beleg {n}")
    return files


async def answer_all(office: Office, database: Database, count: int) -> None:
    """One answer to every ticket, as they come in."""
    answered: set[int] = set()
    while len(answered) < count:
        await soon(lambda: set(tickets_in(database)) - answered, f"a ticket after the first {len(answered)}")
        for number in sorted(set(tickets_in(database)) - answered):
            await office.answer(number)
            answered.add(number)


def files_fetched(town: Town) -> int:
    return sum(call.method == "download" for call in town.telegram.calls)


def answers_accepted(town: Town) -> int:
    return len(town.telegram_texts())


def at_it(database: Database) -> set[int]:
    """The processes that have a file or an answer in hand now."""
    rows = database.rows(
        "SELECT lease_holder FROM job WHERE state = 'waiting' AND lease_until > 0 "
        "UNION SELECT lease_holder FROM delivery WHERE state = 'sending'"
    )
    return {pid_of(holder) for (holder,) in rows if holder}


def at_rest(database: Database, count: int) -> bool:
    """Whether every file's job has ended and every answer is sent, or waits for a person."""
    jobs = database.rows("SELECT COUNT(*) FROM job WHERE kind = 'fetch_attachment' AND state <> 'waiting'")
    states = Counter(answers_in(database).values())
    return jobs == [(count,)] and states["sent"] + states["unknown"] == count


def judge_files(town: Town, database: Database, files: list[bytes]) -> None:
    """Every file is stored once and right; only what a killed worker had in hand was begun again."""
    stored = database.rows("SELECT state, sha256 FROM attachment")
    assert sorted(stored) == sorted(("stored", hashlib.sha256(content).hexdigest()) for content in files)
    jobs = database.rows("SELECT state, attempts FROM job WHERE kind = 'fetch_attachment'")
    assert {state for state, _ in jobs} == {"done"}
    assert sum(attempts - 1 for _, attempts in jobs) <= KILLS * BATCH
    fetched = Counter(call.parameters["path"] for call in town.telegram.calls if call.method == "download")
    assert len(fetched) == len(files)
    assert fetched.total() - len(files) <= KILLS, "a worker fetches one file at a time"


def judge_answers(town: Town, states: dict[int, str], lost_at_most: int) -> None:
    """Sent is once; what a dead worker had on its way may have arrived, and is never sent again by itself."""
    accepted = Counter(town.accepted())
    for number, state in states.items():
        times = accepted[answer_to(number)]
        assert times == 1 if state == "sent" else (state == "unknown" and times <= 1), f"{number} {state} {times}"
    assert Counter(states.values())["unknown"] <= lost_at_most


# Accounts and the lead ---------------------------------------------------------


async def test_the_accounts_and_the_lead_move_on_when_their_holder_dies(
    town: Town, shared: Database, tmp_path: Path
) -> None:
    written: list[str] = []
    async with hiring(town, shared, tmp_path) as crew:
        await crew.hire("run")
        await soon(crew.complete, "the program holds every account", crew)
        for _ in range(2):
            await crew.hire()
        await crew.ready()
        written += everybody_writes(town, "first")
        await all_arrive(shared, written, crew)
        async with greatest(lambda: gateways(town)) as at_once:
            for turn in ("second", "third"):
                holder = Counter(crew.leases().values()).most_common(1)[0][0]
                await crew.kill(holder)
                written += everybody_writes(town, turn)
                moved_s = await within(HANDED_OVER_S, crew.complete, "others hold what the dead one held", crew)
                await all_arrive(shared, written, crew)
                print(f"{turn}: everything had moved after {moved_s:.1f} s")
    assert len(tickets_in(shared)) == len(written)
    assert max(at_once) == 1, "two were connected to Discord at once"
    assert not [call for call in town.telegram.calls if call.status == 409], "two asked Telegram at once"


async def all_arrive(database: Database, written: list[str], crew: Crew) -> None:
    """Return once each of these messages is stored once, and nothing else."""
    await soon(lambda: texts_in(database) == sorted(written), f"the messages up to {written[-1]}", crew)


def gateways(town: Town) -> int:
    """How many connections Discord has with the bot now."""
    return sum(one.connection is not None for one in town.discord_bot.sessions.values())


@asynccontextmanager
async def greatest(measure: Callable[[], int]) -> AsyncIterator[set[int]]:
    """Every value that ``measure`` had meanwhile, looked at all the time."""
    seen: set[int] = set()

    def look() -> bool:
        seen.add(measure())
        return False

    looking = asyncio.create_task(within(600.0, look, "never"))
    try:
        yield seen
    finally:
        looking.cancel()


async def test_of_workers_that_all_wake_up_late_one_leads(shared: Database) -> None:
    """As after a machine was asleep: each finds the others dead while they are coming back."""
    clock = ManualClock()
    async with four_stores(shared) as stores:
        workers = [
            Worker(store, clock, f"host:{n}:x", alone=False, lease_s=LEASE_S) for n, store in enumerate(stores)
        ]
        for _ in range(WAKINGS):
            clock.move(3600.0)
            await asyncio.gather(*(worker.beat() for worker in workers))
            assert sum(worker.leading for worker in workers) == 1


async def nothing_due() -> Sequence[NewJob]:
    return ()


async def test_one_of_four_enqueues_timed_work_and_another_when_it_dies(shared: Database) -> None:
    clock = ManualClock()
    async with four_stores(shared) as stores:
        workers = [
            Worker(store, clock, f"host:{n}:x", alone=False, lease_s=LEASE_S) for n, store in enumerate(stores)
        ]
        ticks = [
            Scheduler(store, clock, lambda w=w: w.leading, nothing_due)
            for store, w in zip(stores, workers, strict=True)
        ]
        await asyncio.gather(*(worker.beat() for worker in workers))
        (first,) = [n for n in range(WORKERS) if workers[n].leading]
        others = [n for n in range(WORKERS) if n != first]
        await asyncio.gather(*(ticks[n].tick_hour() for n in others))
        assert timed(shared) == set()
        await ticks[first].tick_hour()
        due = {job.dedupe_key for job in hourly(clock.now())}
        assert timed(shared) == due

        clock.move(3600.0)
        await asyncio.gather(*(workers[n].beat() for n in others))
        (second,) = [n for n in others if workers[n].leading]
        await asyncio.gather(ticks[second].tick_hour(), ticks[first].tick_hour())  # the old one knows no better
        due |= {job.dedupe_key for job in hourly(clock.now())}
        assert timed(shared) == due

        runners = [JobRunner(store, clock, f"host:{n}:x", {}, NoDesk()) for n, store in enumerate(stores)]
        assert sum(await asyncio.gather(*(runner.run_due() for runner in runners))) == len(due)
    assert shared.rows("SELECT state, attempts FROM job") == [("done", 1)] * len(due)


@asynccontextmanager
async def four_stores(database: Database) -> AsyncIterator[list[Store]]:
    """What four processes would have."""
    async with AsyncExitStack() as stack:
        stores = [database.store() for _ in range(WORKERS)]
        for store in stores:
            await store.open()
            stack.push_async_callback(store.close)
        yield stores


def timed(database: Database) -> set[str]:
    """The keys of all timed jobs."""
    return {row[0] for row in database.rows("SELECT dedupe_key FROM job")}


# Wires that are cut ------------------------------------------------------------


class Apart(NamedTuple):
    """A database server and the platforms, each to be reached over a wire."""

    net: Net
    database: Database
    town: Town


@pytest.fixture
async def apart() -> AsyncIterator[Apart]:
    """The database has a network namespace of its own; the platforms are on the test's side of the switch."""
    async with AsyncExitStack() as stack:
        try:
            net = stack.enter_context(separate_networks())
            server = net.place()
            url = stack.enter_context(debian_postgres(address=server.address, prefix=server.prefix))
        except (NamespacesMissing, PostgresMissing) as error:
            pytest.skip(f"workers and a PostgreSQL server in networks of their own wanted: {error}")
        database = Database("postgres", stack.enter_context(fresh_schema(url)))
        yield Apart(net, database, await stack.enter_async_context(town_at(net.address)))


@asynccontextmanager
async def town_at(host: str) -> AsyncIterator[Town]:
    """The platforms at an address that other places reach."""
    async with (
        TelegramPlatform(host, enforce_limits=False) as telegram,
        MailPlatform(host) as mail,
        DiscordPlatform(host, enforce_limits=False) as discord,
        XPlatform(host, enforce_limits=False) as x,
    ):
        yield Town(telegram, mail, discord, x)


async def test_a_worker_whose_wire_is_cut_while_it_sends_does_no_harm(apart: Apart, tmp_path: Path) -> None:
    net, database, town = apart
    wires = (net.place(), net.place())
    async with (
        open_office(town, database, tmp_path) as office,
        hiring(town, database, tmp_path, host=net.address) as crew,
    ):
        first = await crew.hire(launched=wires[0].launched)
        await soon(crew.complete, "the first worker holds every account", crew)
        second = await crew.hire(launched=wires[1].launched)
        await crew.ready()
        written = [*everybody_writes(town, "first"), *many_write(town)]
        await all_arrive(database, written, crew)
        cut_off = await answer_until_cut(office, apart, first, wires[0])

        await within(HANDED_OVER_S, lambda: keeps_all(crew, second), "the other takes over", crew)
        await soon(lambda: answers_in(database)[cut_off] == "unknown", "a person is told of the answer", crew)
        written += everybody_writes(town, "meanwhile")
        await all_arrive(database, written, crew)
        wires[0].plug()

        await soon(lambda: answers_in(database)[cut_off] == "sent", "the late receipt is the proof", crew)
        await soon(lambda: lives(database, first), "the first is back", crew)
        written += everybody_writes(town, "afterwards")
        await all_arrive(database, written, crew)
        await soon(crew.complete, "every account is read again", crew)

        await crew.kill(second)
        await within(HANDED_OVER_S, crew.complete, "the first takes over like any other", crew)
        for number in tickets_in(database):
            await office.answer(number)
        await soon(lambda: set(answers_in(database).values()) == {"sent"}, "every answer", crew)
    assert len(tickets_in(database)) == len(written)
    assert texts_in(database) == sorted(written)
    judge_answers(town, answers_in(database), lost_at_most=0)


def many_write(town: Town) -> list[str]:
    """Twelve more over Telegram, so that each worker gets some of the answers; their texts."""
    texts = [f"Шановна підтримко {n}" for n in range(12)]
    for n, text in enumerate(texts):
        town.telegram.add_person(f"Олена {n}", language_code="uk").write(text, town.bot)
    return texts


async def answer_until_cut(office: Office, apart: Apart, worker: Program, wire: Place) -> int:
    """Cut the worker's wire while the platform takes an answer from it; the ticket's number."""
    for (number,) in apart.database.rows("SELECT number FROM ticket WHERE channel = 'telegram' ORDER BY number"):
        apart.town.telegram.faults.arm("delay", method="sendMessage", seconds=TAKING_S)
        await office.answer(number)
        await soon(lambda n=number: sender_of(apart.database, n), "somebody sends the answer")
        if sender_of(apart.database, number) == pid(worker):
            wire.unplug()
            await soon(lambda n=number: answer_to(n) in apart.town.telegram_texts(), "the platform took it")
            return int(number)
        await soon(lambda n=number: answers_in(apart.database)[n] == "sent", "the answer is sent")
    raise AssertionError("the worker sent none of the answers")


def sender_of(database: Database, number: int) -> int | None:
    """The process that has the answer to the ticket on its way."""
    rows = database.rows(
        "SELECT d.lease_holder FROM delivery d JOIN ticket t ON t.id = d.ticket_id WHERE d.kind = 'reply' "
        f"AND d.state = 'sending' AND t.number = {number}"
    )
    return pid_of(rows[0][0]) if rows else None


def pid(worker: Program) -> int:
    assert worker.process is not None
    assert worker.process.pid is not None
    return worker.process.pid


def keeps_all(crew: Crew, worker: Program) -> bool:
    return crew.complete() and set(crew.leases().values()) == {worker}


def lives(database: Database, worker: Program) -> bool:
    """Whether the worker's own lease has not run out."""
    rows = database.rows(f"SELECT holder FROM lease WHERE name LIKE 'worker:%' AND expires_at > {present()}")
    return pid(worker) in [pid_of(holder) for (holder,) in rows]
