"""Answers of one conversation arrive in the order in which they were given, whatever happens on the way.

Four channels, several answers to everybody, some in pieces.  Platforms
refuse for now, ask for pauses, and let connections break so that it must be
looked up what arrived; processes are killed.  The simulators are the judges:
they know what they took, and when.

``SWITCHBOARD_TEST_ANSWERS`` (400; 10,000 for the full figure) is how many;
``SWITCHBOARD_TEST_SEED`` makes the same choices again.
"""

import asyncio
import os
import random
import re
import secrets
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from desk.commands import Desk
from service.clock import SystemClock
from service.wiring import make_parts
from simulators.faults import Faults
from tests.support.crew import Crew, hiring, soon, tickets_in, within
from tests.support.crowd import Crowd, all_heard, all_up
from tests.support.launcher import launch
from tests.support.program import Process, breathe
from tests.support.stores import Database
from tests.support.town import AGENT, PATIENCE_S, Town, open_town, unescaped
from tickets.ids import TicketNumber
from tickets.ports import no_crash

ANSWERS = int(os.environ.get("SWITCHBOARD_TEST_ANSWERS", "400"))
TO_EACH = 10
SHARE = {"sqlite": 1.0, "postgres": 0.3}
"""The whole dose on one store is enough; the other has two workers instead."""
WORKERS = {"sqlite": ("run",), "postgres": ("worker", "worker")}
TROUBLE = 0.25
"""After so many of the pieces that a platform took, the next one meets trouble there."""
MOST_DOUBTS_ON_X = 40
"""What is in doubt there is looked for in the account's timeline, and X counts the looks."""
KILLS = (0.5, 0.8)
"""A process is killed when this share has arrived."""
SPARES_MAIL = ANSWERS <= 400
"""A mail of unknown fate holds up its conversation for two minutes: worth waiting for in the full dose only."""
LONG_EVERY = 5
MARK = re.compile(r"A(\d+)N(\d+)P(\d+)")
REST_S = 150.0
"""Where it cannot be proved what arrived, an answer holds up the next ones for two minutes."""

Mark = tuple[int, int, int]
"""Ticket, answer, sentence."""


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town() as place:
        place.box.keeps_sent_in = "Sent"
        yield place


@pytest.fixture
def chance() -> random.Random:
    seed = os.environ.get("SWITCHBOARD_TEST_SEED") or secrets.token_hex(4)
    print(f"SWITCHBOARD_TEST_SEED={seed}")
    return random.Random(seed)


async def test_answers_keep_their_order_in_every_conversation(
    town: Town, sql_database: Database, tmp_path: Path, chance: random.Random
) -> None:
    people = max(1, round(ANSWERS * SHARE[sql_database.engine] / TO_EACH / 4))
    wanted = people * 4 * TO_EACH
    patience_s = 2 * PATIENCE_S + REST_S + wanted / 10
    judge = Judge(town, chance)
    async with hiring(town, sql_database, tmp_path, launched=with_sent_folder) as crew:
        for command in WORKERS[sql_database.engine]:
            await crew.hire(command)
        await soon(crew.complete, "every account is held", crew)
        await all_up(sql_database)
        crowd = Crowd(town, people)
        crowd.write(0)
        await all_heard(crowd, sql_database, patience_s)
        async with asyncio.TaskGroup() as group:
            group.create_task(answer_all(town, sql_database, tmp_path))
            for share in KILLS:
                enough = wanted * share
                await within(patience_s, lambda n=enough: len(judge.answers) >= n, f"{enough:.0f} answers", crew)
                await kill_one(crew, sql_database, chance)
        judge.makes_trouble = False
        await within(patience_s, lambda: at_rest(sql_database, wanted), "every answer at rest", crew)

    assert judge.inversions() == []
    assert len(judge.marks) == len(set(judge.marks)), "an answer arrived twice"
    assert missing(sql_database, judge) == []
    met = [fault.name for faults in judge.faults for fault in faults.fired]
    assert len(met) >= wanted * TROUBLE / 2, f"too little happened on the way: {met}"
    print(f"{len(judge.answers)} answers, {len(judge.marks)} sentences, troubles: {Counter(met)}")


def with_sent_folder(words: list[str], output: Path, crash_at: str) -> Process:
    """A provider that keeps what was sent, so that a mail of unknown fate can be looked for."""
    config = Path(words[-1])
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("imap = {host", 'imap = {sent_folder = "Sent", host'), encoding="utf-8")
    return launch(words, output, crash_at)


async def kill_one(crew: Crew, database: Database, chance: random.Random) -> None:
    """And somebody of the same kind comes for it."""
    victim = chance.choice(crew.alive)
    assert victim.process is not None
    assert victim.process.pid is not None
    while True:
        os.kill(victim.process.pid, signal.SIGSTOP)
        if not SPARES_MAIL or not mail_is_leaving(database):
            break
        os.kill(victim.process.pid, signal.SIGCONT)
        await asyncio.to_thread(breathe)
    await crew.kill(victim)
    await crew.hire(victim.command)


def mail_is_leaving(database: Database) -> bool:
    """Whether a kill now would leave a mail of which nobody can tell whether it was taken."""
    sql = "SELECT COUNT(*) FROM delivery WHERE account = 'email:support' AND state = 'sending'"
    return database.rows(sql) != [(0,)]


# Answering ----------------------------------------------------------------------------


async def answer_all(town: Town, database: Database, folder: Path) -> None:
    """Everybody's first answer, then everybody's second, quicker than they can leave."""
    store = database.store()
    await store.open()
    parts = make_parts(town.config(database.url, folder), store, SystemClock(), no_crash)
    try:
        for n in range(1, TO_EACH + 1):
            for number in tickets_in(database):
                await _answer(parts.desk, number, n)
    finally:
        await parts.parsers.close()
        await store.close()


async def _answer(desk: Desk, number: int, n: int) -> None:
    sentences = 12 if n % LONG_EVERY == 0 else 1
    text = " ".join(
        f"A{number}N{n}P{place} 这是第{place}句话，说明如何恢复账户。" for place in range(1, sentences + 1)
    )
    await desk.answer(AGENT, TicketNumber(number), text, key=f"{number}-{n}")


def at_rest(database: Database, wanted: int) -> bool:
    """Whether every answer is sent, or only a person can tell; on X where the account posted too much since."""
    [(done,)] = database.rows(
        "SELECT COUNT(*) FROM delivery WHERE kind = 'reply' "
        "AND (state = 'sent' OR state = 'unknown' AND (account IN ('telegram:main', 'email:support') "
        "OR account = 'x:main' AND detail LIKE '%posted too much since%'))"
    )
    return int(done) == wanted


def missing(database: Database, judge: "Judge") -> list[str]:
    """Sentences that count as sent and that no platform has."""
    rows = database.rows(
        "SELECT p.text FROM delivery_part p JOIN delivery d ON d.id = p.delivery_id "
        "WHERE d.kind = 'reply' AND p.state = 'sent'"
    )
    taken = set(judge.marks)
    return [found[0] for (text,) in rows for found in MARK.finditer(text) if _mark(found) not in taken]


# The platforms ------------------------------------------------------------------------


class Judge:
    """Writes down what arrives, and now and then lets the next answer meet trouble."""

    def __init__(self, town: Town, chance: random.Random) -> None:
        self.marks: list[Mark] = []
        self.answers: set[tuple[int, int]] = set()
        self.faults: tuple[Faults, ...] = (
            town.telegram.faults,
            town.discord.faults,
            town.x.faults,
            town.mail.faults,
        )
        self.makes_trouble = True
        self._chance = chance
        town.telegram.on_answer(lambda sent: self._took(sent.text, telegram_troubles(town)))
        town.discord.on_answer(lambda sent: self._took(unescaped(sent.text), discord_troubles(town)))
        town.x.on_answer(lambda sent: self._took(sent.text, x_troubles(town)))
        town.mail.on_mail(lambda sent: self._took(sent.text, mail_troubles(town)))

    def inversions(self) -> list[tuple[Mark, Mark]]:
        """Neighbours of a conversation of which the later one was given earlier."""
        of_ticket: dict[int, list[Mark]] = defaultdict(list)
        for mark in self.marks:
            of_ticket[mark[0]].append(mark)
        return [pair for marks in of_ticket.values() for pair in pairwise(marks) if pair[0] >= pair[1]]

    def _took(self, text: str, troubles: Sequence[Callable[[], None]]) -> None:
        found = [_mark(one) for one in MARK.finditer(text)]
        self.marks += found
        self.answers |= {(number, n) for number, n, _ in found}
        if found and self.makes_trouble and self._chance.random() < TROUBLE:
            self._chance.choice(troubles)()


def telegram_troubles(town: Town) -> list[Callable[[], None]]:
    """Nobody can look there what arrived, so nothing of unknown fate but what a kill leaves."""
    return [lambda: town.telegram.faults.arm("flood", retry_after=1, method="sendMessage")]


def discord_troubles(town: Town) -> list[Callable[[], None]]:
    where = {"method": "POST", "path": "/messages"}
    return [
        lambda: town.discord.faults.arm("rate_limit", retry_after=0.5, **where),
        lambda: town.discord.faults.arm("drop_after_accept", **where),
        lambda: town.discord.faults.arm("drop_before_accept", **where),
    ]


def x_troubles(town: Town) -> list[Callable[[], None]]:
    flood = [lambda: town.x.faults.arm("flood", reset_in=1, method="POST")]
    doubts = sum(fault.name.startswith("drop") for fault in town.x.faults.fired)
    if doubts >= MOST_DOUBTS_ON_X:
        return flood
    return [
        *flood,
        lambda: town.x.faults.arm("drop_after_accept", method="POST"),
        lambda: town.x.faults.arm("drop_before_accept", method="POST"),
    ]


def mail_troubles(town: Town) -> list[Callable[[], None]]:
    """That a mail is not in the folder of those sent proves nothing: so none is dropped before it was taken."""
    return [
        lambda: town.mail.faults.arm("smtp_status", code=451),
        lambda: town.mail.faults.arm("smtp_status", code=421, stage="rcpt"),
        lambda: town.mail.faults.arm("smtp_drop_after_accept"),
    ]


def _mark(found: re.Match[str]) -> Mark:
    return int(found[1]), int(found[2]), int(found[3])


def test_the_judge_sees_an_inversion(town: Town) -> None:
    judge = Judge(town, random.Random(1))
    judge.marks = [(1, 1, 1), (2, 2, 1), (1, 2, 1), (2, 1, 1), (1, 2, 2)]
    assert judge.inversions() == [((2, 2, 1), (2, 1, 1))]
