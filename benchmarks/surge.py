"""A surge: 10,000 messages within a minute, nine of ten from one person, the rest from a thousand others.

The program is a process of its own, the platforms are on sockets, all four
channels are on.  A message counts from when it was written (on X: from the
question that brought it) until another connection to the database sees it.
"""

import asyncio
import os
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from sqlite3 import connect
from typing import Any, NamedTuple

import psycopg

from benchmarks import machine
from benchmarks.events import TEXTS
from benchmarks.live import _program as running_program
from tests.support.stores import Database
from tests.support.town import ADDRESS, Town, open_town

COUNT = int(os.environ.get("BENCH_SURGE", "10000"))
WITHIN_S = 60.0
NOISY_OF_TEN = 9
LOOK_S = 0.05
"""How often it is looked what is stored; no time is told more exactly."""
SAMPLE_S = 2.0
PATIENCE_S = 180.0
SEED = 20_261_122
"""Who of the others writes when."""
NEWLY_STORED = (
    "SELECT e.seq, m.text FROM ticket_event e JOIN message m ON m.id = e.message_id "
    "WHERE e.seq > {} AND e.kind = 'received' ORDER BY e.seq"
)
_NUMBER = re.compile(r"surge (\d+)")
Write = Callable[[str], object]


class Written(NamedTuple):
    """channel: ``noisy`` for the one person.  at: seconds since 1970."""

    n: int
    channel: str
    at: float


class Surged(NamedTuple):
    """stored_ms: of each message; others_ms: of those that the one person did not write.

    took_s: from the first message written until the last one stored.
    """

    count: int
    lost: int
    doubled: int
    stored_ms: list[float]
    others_ms: list[float]
    peak_pss_mb: float
    took_s: float


def measure_surge(database: Database, folder: Path, count: int = COUNT) -> Surged:
    """``folder``: for the program's own files."""
    return asyncio.run(_measure(database, folder, count))


async def _measure(database: Database, folder: Path, count: int) -> Surged:
    async with open_town() as town:
        with running_program(town, database, folder) as program:
            await program.until_up()
            writers = _writers(town, count)
            with _watching(database) as stored, _peak_memory(program.processes) as memory:
                written = await _write_all(writers)
                await _until_stored(stored, count)
            took_s = max(stored.first.values(), default=time.time()) - written[0].at
            texts = _texts(database)
        asked = [one.at for one in town.x.calls if one.path.endswith("/mentions")]
    times = {one.n: (stored.first[one.n] - _came(one, asked)) * 1000 for one in written if one.n in stored.first}
    others = [times[one.n] for one in written if one.channel != "noisy" and one.n in times]
    return Surged(
        count=count,
        lost=count - len(texts),
        doubled=texts.total() - len(texts),
        stored_ms=list(times.values()),
        others_ms=others,
        peak_pss_mb=max(memory),
        took_s=took_s,
    )


# Writing ------------------------------------------------------------------------------


def _writers(town: Town, count: int) -> list[tuple[str, Write]]:
    """Who writes, one after another: in every ten one of the others, each of whom writes once."""
    chance = random.Random(SEED)
    noisy = town.telegram.add_person("Noisy", language_code="en")
    others = [_other(town, n) for n in range(count // 10)]
    chance.shuffle(others)
    order: list[tuple[str, Write]] = []
    for other in others:
        turn: list[tuple[str, Write]] = [("noisy", lambda text: noisy.write(text, town.bot))] * NOISY_OF_TEN
        turn.insert(chance.randint(0, NOISY_OF_TEN), other)
        order += turn
    return order


def _other(town: Town, n: int) -> tuple[str, Write]:
    """Somebody on one of the four channels, by turns."""
    name = f"Person {n}"
    match n % 4:
        case 0:
            chatter = town.telegram.add_person(name, language_code="en")
            return "telegram", lambda text: chatter.write(text, town.bot)
        case 1:
            member = town.discord.add_person(name)
            return "discord", lambda text: member.write(text, town.discord_bot)
        case 2:
            poster = town.x.add_person(name, f"person_{n}")
            return "x", lambda text: poster.mention(town.x_account, text)
    writer = town.mail.add_person(name, f"person{n}@customers.test", "en")
    return "email", lambda text: writer.write(to=ADDRESS, subject=f"Question of {name}", text=text)


async def _write_all(writers: Sequence[tuple[str, Write]]) -> list[Written]:
    """Evenly over the minute."""
    written: list[Written] = []
    began = time.perf_counter()
    for n, (channel, write) in enumerate(writers):
        await asyncio.sleep(max(0.0, began + n * WITHIN_S / len(writers) - time.perf_counter()))
        at = time.time()
        write(f"surge {n}: {TEXTS[n % len(TEXTS)]}")
        written.append(Written(n, channel, at))
    return written


def _came(one: Written, asked: Sequence[datetime]) -> float:
    """When the message could be had: on X from the next question on."""
    if one.channel != "x":
        return one.at
    return next((at.timestamp() for at in asked if at.timestamp() >= one.at), one.at)


# Watching -----------------------------------------------------------------------------


class _Watch:
    """first: when each message was first seen in the database, seconds since 1970, by its number."""

    def __init__(self) -> None:
        self.first: dict[int, float] = {}
        self._seq = 0

    def look(self, connection: Any) -> None:
        rows = connection.execute(NEWLY_STORED.format(self._seq)).fetchall()
        now = time.time()
        for seq, text in rows:
            self._seq = seq
            if found := _NUMBER.search(text):
                self.first.setdefault(int(found[1]), now)


@contextmanager
def _watching(database: Database) -> Iterator[_Watch]:
    """A thread that looks, until the block ends."""
    watch, done = _Watch(), threading.Event()

    def look_on() -> None:
        with closing(_connection(database)) as connection:
            while not done.wait(LOOK_S):
                watch.look(connection)

    looking = threading.Thread(target=look_on)
    looking.start()
    try:
        yield watch
    finally:
        done.set()
        looking.join()


def _connection(database: Database) -> Any:
    if database.engine == "sqlite":
        return connect(database.url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    return psycopg.connect(database.url, autocommit=True)


async def _until_stored(watch: _Watch, count: int) -> None:
    """Until all is stored; what is still missing after that counts as lost."""
    ends_at = time.monotonic() + PATIENCE_S
    while len(watch.first) < count and time.monotonic() < ends_at:
        await asyncio.sleep(LOOK_S)


@contextmanager
def _peak_memory(processes: Callable[[], list[int]]) -> Iterator[list[float]]:
    """Memory of the processes, MB, a sample every two seconds; the highest is the peak."""
    samples, done = [machine.pss_mb(processes())], threading.Event()

    def sample_on() -> None:
        while not done.wait(SAMPLE_S):
            with suppress(OSError):  # a reader process may end while it is looked at
                samples.append(machine.pss_mb(processes()))

    sampling = threading.Thread(target=sample_on)
    sampling.start()
    try:
        yield samples
    finally:
        done.set()
        sampling.join()


def _texts(database: Database) -> Counter[int]:
    """How often each message stands in tickets."""
    rows = database.rows("SELECT text FROM message WHERE direction = 'in'")
    return Counter(int(found[1]) for (text,) in rows if (found := _NUMBER.search(text)))
