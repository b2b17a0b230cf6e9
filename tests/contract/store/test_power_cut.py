"""A power cut costs nothing that was acknowledged.

A child process commits over the store's public calls and says so for each.
Every write and flush of its database's files is recorded with what was
written.  From that the files are put together as a disk would have them after
a cut at any moment: what was flushed is there, of what came later whatever
chance leaves, torn at the borders of sectors.

``SWITCHBOARD_TEST_SEED`` plays the same cuts again; ``SWITCHBOARD_TEST_CUTS`` (200) is how many.
"""

import asyncio
import os
import random
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.builders import T0, at, changing, get_ticket, lease, opening, raw
from tests.support.stores import Database
from tickets.ids import TicketId
from tickets.storage import Store

CUTS = int(os.environ.get("SWITCHBOARD_TEST_CUTS", "200"))
CONTROLS = 40
SESSIONS, ROUNDS, ABREAST = 2, 6, 3
SECTOR = 512
CALLS = "openat,pwrite64,pwritev,write,writev,fsync,fdatasync,ftruncate,truncate,fallocate,unlink,unlinkat,rename"
ROOT = Path(__file__).resolve().parents[3]
TEXTS = ("救命，我的账户被盗了", "ช่วยด้วย", "النجدة", "помогите", "Cứu với 🆘")


# The child ----------------------------------------------------------------------------


async def commit_and_tell(url: str) -> None:
    """Open, commit, close, and all of it again; each item is told as soon as the store has said that it is in."""
    for session in range(SESSIONS):
        store = Database("sqlite", url).store()
        await store.open()
        for n in range(ROUNDS):
            await _one_round(store, f"{session}-{n}")
        await store.close()


async def _one_round(store: Store, name: str) -> None:
    people = [f"{name}-{place}" for place in range(ABREAST)]
    await asyncio.gather(*(_receive(store, person) for person in people))
    leased = await lease(store)
    events = {one.event.external_id: one.id for one in leased}
    numbers = await store.admit(
        [opening(one, events[one], text=f"{TEXTS[place]} {one}") for place, one in enumerate(people)], T0
    )
    for one in people:
        tell("message", f"m-{one}")
    await asyncio.gather(*(_change(store, one, numbers[TicketId(f"t-{one}")]) for one in people))


async def _receive(store: Store, name: str) -> None:
    large = 90_000 if name.endswith("0-0") else 40
    event = raw(name, conversation=name, payload=os.urandom(large))
    await store.append_raw(event.account, [event], name)
    tell("raw", name)


async def _change(store: Store, name: str, number: Any) -> None:
    await store.apply_change(changing(await get_ticket(store, number), f"key-{name}"), at(1))
    tell("command", f"key-{name}")


def tell(kind: str, name: str) -> None:
    os.write(1, f"{kind} {name}\n".encode())


class Careless(sqlite3.Connection):
    """A connection that flushes nothing, whatever it is asked for."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return super().execute(sql.replace("synchronous=FULL", "synchronous=OFF"), *values)


def _be_careless() -> None:
    connect = sqlite3.connect
    sqlite3.connect = lambda *words, **how: connect(*words, **{**how, "factory": Careless})


# What it did --------------------------------------------------------------------------


class Call(NamedTuple):
    """A system call: the lines of the record on which it began and ended."""

    began: int
    ended: int
    name: str
    path: str
    data: bytes
    numbers: tuple[int, ...]
    words: str


class Acknowledged(NamedTuple):
    """What the child told, and after which line of the record."""

    line: int
    kind: str
    name: str


_BEGUN = re.compile(r"^(\d+) +(.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
_DONE = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)(?:<(.*)>)?")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_NUMBER = re.compile(r"(?<=, )\d+")


def recorded(lines: Iterable[str]) -> Iterator[Call]:
    """The calls that succeeded, in the order in which they ended."""
    begun: dict[str, tuple[int, str]] = {}
    for line, text in enumerate(lines):
        began, whole = line, text.rstrip("\n")
        if unfinished := _BEGUN.match(whole):
            begun[unfinished[1]] = (line, unfinished[2])
            continue
        if resumed := _RESUMED.match(whole):
            began, first = begun.pop(resumed[1])
            whole = f"{resumed[1]} {first}{resumed[2]}"
        done = _DONE.match(whole)
        if done is not None and int(done[3]) >= 0:
            yield _call(began, line, done)


def _call(began: int, ended: int, done: re.Match[str]) -> Call:
    name, words = done[1], done[2]
    texts = _TEXT.findall(words)
    assert not any(cut for _, cut in texts), f"{name} wrote more than is recorded"
    first = words.partition("<")[2].partition(">")[0]
    if name == "openat":
        path = done[4] or ""
    elif name in ("unlink", "unlinkat", "rename"):
        path, texts = texts[0][0], texts[:0]
    else:
        path = first
    data = bytes.fromhex(texts[0][0].replace("\\x", "")) if texts and name != "openat" else b""
    numbers = tuple(map(int, _NUMBER.findall(_TEXT.sub("", words))))
    return Call(began, ended, name, _plain(path), data, numbers, words)


def _plain(path: str) -> str:
    return bytes.fromhex(path.replace("\\x", "")).decode(errors="replace")


# The disk -----------------------------------------------------------------------------


class Put(NamedTuple):
    """A write; data None: the file is cut off, or grown with zeros, at ``offset``."""

    ended: int
    offset: int
    data: bytes | None


@dataclass
class Inode:
    """A file.  flushed: (began, ended) of each flush."""

    puts: list[Put] = field(default_factory=list)
    flushed: list[tuple[int, int]] = field(default_factory=list)

    def after_cut(self, line: int, chance: random.Random) -> bytes:
        """What a disk may have of it."""
        safe = max((began for began, ended in self.flushed if ended <= line), default=-1)
        content = bytearray()
        for put in self.puts:
            if put.ended <= safe:
                apply(content, put)
            elif put.ended <= line and chance.random() < 0.6:
                apply(content, put, chance if chance.random() < 0.4 else None)
        return bytes(content)


def apply(content: bytearray, put: Put, chance: random.Random | None = None) -> None:
    """chance: to leave out some sectors; None: all of it."""
    if put.data is None:
        del content[put.offset :]
        content.extend(bytes(put.offset - len(content)))
        return
    place, end = put.offset, put.offset + len(put.data)
    while place < end:
        border = min(end, (place // SECTOR + 1) * SECTOR)
        if chance is None or chance.random() < 0.5:
            content.extend(bytes(max(0, border - len(content))))
            content[place:border] = put.data[place - put.offset : border - put.offset]
        place = border


class Entry(NamedTuple):
    """A name that came (with its file) or went (None)."""

    ended: int
    path: str
    inode: Inode | None


class Record:
    """What happened to the database's files, and what was acknowledged meanwhile."""

    def __init__(self, calls: Iterable[Call], database: str) -> None:
        self.entries: list[Entry] = []
        self.told: list[Acknowledged] = []
        self.flushes = 0
        self._folder_flushed: list[tuple[int, int]] = []
        self._database = database
        self._now: dict[str, Inode] = {}
        self.moments: list[int] = []
        for call in calls:
            self._take(call)

    def _take(self, call: Call) -> None:
        if call.name == "write" and call.words.startswith("1<"):
            for line in call.data.decode().splitlines():
                self.told.append(Acknowledged(call.ended, *line.split(" ", 1)))
        elif call.path == str(Path(self._database).parent) and call.name.endswith("sync"):
            self._folder_flushed.append((call.began, call.ended))
        elif not call.path.startswith(self._database) or call.path.endswith("-shm"):
            return  # the -shm is made anew after a cut
        else:
            self._change(call)
        self.moments.append(call.ended)

    def _change(self, call: Call) -> None:
        if call.name == "openat":
            if call.path not in self._now and "O_CREAT" in call.words:
                self._name(call, Inode())
            return
        if call.name == "unlink":
            del self._now[call.path]
            self.entries.append(Entry(call.ended, call.path, None))
            return
        inode = self._now[call.path]
        if call.name in ("fsync", "fdatasync"):
            self.flushes += 1
            inode.flushed.append((call.began, call.ended))
        elif call.name == "ftruncate":
            inode.puts.append(Put(call.ended, call.numbers[-1], None))
        elif call.name == "pwrite64":
            inode.puts.append(Put(call.ended, call.numbers[-1], call.data))
        else:
            raise AssertionError(f"the model knows nothing of {call.name}")

    def _name(self, call: Call, inode: Inode) -> None:
        self._now[call.path] = inode
        self.entries.append(Entry(call.ended, call.path, inode))

    def after_cut(self, line: int, chance: random.Random) -> dict[str, bytes]:
        """The files by name.  Names come and go in order, and a flushed file has its name."""
        safe = max((began for began, ended in self._folder_flushed if ended <= line), default=-1)
        later = [one for one in self.entries if safe < one.ended <= line]
        sure = max((n + 1 for n, one in enumerate(later) if one.inode and _flushed(one.inode, line)), default=0)
        kept = later[: chance.randint(sure, len(later))]
        names: dict[str, Inode | None] = {}
        for entry in [*(one for one in self.entries if one.ended <= safe), *kept]:
            names[entry.path] = entry.inode
        return {path: inode.after_cut(line, chance) for path, inode in names.items() if inode is not None}

    def whole(self) -> dict[str, bytes]:
        """The files without any cut."""
        files = {}
        for path, inode in self._now.items():
            content = bytearray()
            for put in inode.puts:
                apply(content, put)
            files[path] = bytes(content)
        return files


def _flushed(inode: Inode, line: int) -> bool:
    return any(ended <= line for _, ended in inode.flushed)


# The test -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chance() -> random.Random:
    seed = os.environ.get("SWITCHBOARD_TEST_SEED") or secrets.token_hex(4)
    print(f"SWITCHBOARD_TEST_SEED={seed}")
    return random.Random(seed)


def record(folder: Path, *, careless: bool = False) -> Record:
    """Let the child work, and read what it did."""
    _tracing_works(folder)
    database, trace = folder / "switchboard.db", folder / "trace.txt"
    child = [sys.executable, "-m", "tests.contract.store.test_power_cut", str(database), str(int(careless))]
    words = ["strace", "-f", "--seccomp-bpf", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o"]
    subprocess.run([*words, str(trace), *child], check=True, cwd=ROOT, stdout=subprocess.PIPE, timeout=60)
    with trace.open() as lines:
        return Record(recorded(lines), str(database))


def _tracing_works(folder: Path) -> None:
    wanted = "wanted strace (Debian's package of that name) and the right to trace a process"
    if shutil.which("strace") is None:
        pytest.skip(f"{wanted}: it is not installed")
    tried = subprocess.run(
        ["strace", "-f", "--seccomp-bpf", "-o", str(folder / "tried.txt"), "true"],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    if tried.returncode:
        pytest.skip(f"{wanted}: {tried.stderr.strip()}")


async def lost(made: Record, line: int, folder: Path, chance: random.Random) -> list[str]:
    """What the store misses of what was acknowledged before this line of the record, or why it does not open."""
    folder.mkdir()
    for path, content in made.after_cut(line, chance).items():
        (folder / Path(path).name).write_bytes(content)
    database = Database("sqlite", f"sqlite:///{folder}/switchboard.db")
    try:
        return await _missed(made, line, database)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    finally:
        shutil.rmtree(folder)


async def _missed(made: Record, line: int, database: Database) -> list[str]:
    store = database.store()
    try:
        await store.open()
        there = {
            "raw": {name for (name,) in database.rows("SELECT external_id FROM raw_event")},
            "message": {name for (name,) in database.rows("SELECT id FROM message")},
            "command": {name for (name,) in database.rows("SELECT key FROM command")},
        }
        faults = [text for (text,) in database.rows("PRAGMA integrity_check") if text != "ok"]
    finally:
        await store.close()
    told = [one for one in made.told if one.line <= line]
    return faults + [f"lost: {one.kind} {one.name}" for one in told if one.name not in there[one.kind]]


async def test_a_power_cut_costs_nothing_acknowledged(tmp_path: Path, chance: random.Random) -> None:
    made = record(tmp_path)
    assert len(made.told) == SESSIONS * ROUNDS * ABREAST * 3
    for path, content in made.whole().items():
        assert Path(path).read_bytes() == content, "not everything that was written is recorded"

    for n in range(CUTS):
        line = chance.choice(made.moments)
        assert await lost(made, line, tmp_path / f"cut-{n}", chance) == [], f"cut {n}, after line {line}"


async def test_the_judge_sees_a_store_that_flushes_nothing(tmp_path: Path, chance: random.Random) -> None:
    made = record(tmp_path, careless=True)
    assert len(made.told) == SESSIONS * ROUNDS * ABREAST * 3
    cuts = [await lost(made, chance.choice(made.moments), tmp_path / f"cut-{n}", chance) for n in range(CONTROLS)]
    assert_seen(cuts)


async def test_the_judge_sees_a_disk_that_lies(tmp_path: Path, chance: random.Random) -> None:
    made = record(tmp_path)
    assert made.flushes > SESSIONS * ROUNDS
    for entry in made.entries:
        if entry.inode is not None:
            entry.inode.flushed.clear()
    cuts = [await lost(made, chance.choice(made.moments), tmp_path / f"cut-{n}", chance) for n in range(CONTROLS)]
    assert_seen(cuts)


def assert_seen(cuts: list[list[str]]) -> None:
    """Many cuts did harm, and acknowledged items were missed."""
    assert sum(map(bool, cuts)) > CONTROLS // 4, cuts
    assert any(what.startswith("lost: ") for one in cuts for what in one), cuts


if __name__ == "__main__":
    if sys.argv[2] == "1":
        _be_careless()
    asyncio.run(commit_and_tell(f"sqlite:///{sys.argv[1]}"))
