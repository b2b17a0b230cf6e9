"""Whoever reads the log may stop reading: the work goes on, and the program still ends when it is told to."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crowd import all_heard, answer_all, answer_to, in_touch
from tests.support.program import Program
from tests.support.stores import Database
from tests.support.town import open_town

FILLER = b"." * 4096


class FullPipe:
    """A pipe that nobody reads and nothing more goes into."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        os.set_blocking(self.writing, False)
        self.filled_bytes = 0
        try:
            while True:
                self.filled_bytes += os.write(self.writing, FILLER)
        except BlockingIOError:
            os.set_blocking(self.writing, True)

    def drain(self) -> bytes:
        """What was in it."""
        os.close(self.writing)
        with os.fdopen(self._reading, "rb") as reading:
            return reading.read()


class Process(subprocess.Popen[bytes]):
    """A process by the names that ``multiprocessing`` gives."""

    @property
    def exitcode(self) -> int | None:
        return self.poll()

    def join(self, timeout: float | None = None) -> None:
        try:
            self.wait(timeout)
        except subprocess.TimeoutExpired:
            return


class Unheard(Program):
    """The program with a log that goes nowhere."""

    pipe: FullPipe

    async def start(self, crash_at: str = "") -> None:
        with (self.folder / "config.toml").open("a", encoding="utf-8") as config:
            config.write('[log]\nlevel = "debug"\n')
        words = [sys.executable, "-m", "service", self.command, "--config", str(self.folder / "config.toml")]
        with (self.folder / "out.txt").open("wb") as out:
            self.process = Process(words, stdout=out, stderr=self.pipe.writing)  # type: ignore[assignment]


@pytest.fixture
def pipe() -> Iterator[FullPipe]:
    made = FullPipe()
    yield made
    assert made.drain() == FILLER[:1] * made.filled_bytes, "the log went somewhere, so nothing was shown"


async def test_a_log_that_nobody_reads_stops_neither_the_work_nor_the_end(
    pipe: FullPipe, tmp_path: Path, unused_tcp_port: int
) -> None:
    database = Database("sqlite", f"sqlite:///{tmp_path}/switchboard.db")
    async with open_town() as town:
        program = Unheard(town, database, tmp_path, unused_tcp_port, webhook=False)
        program.pipe = pipe
        async with in_touch(program, 1) as crowd:
            town.x.faults.arm("status", status=503, path="/mentions")  # something to complain about
            crowd.write(1)
            await all_heard(crowd, database)
            numbers = [one["number"] for one in await program.tickets()]
            await answer_all(program, numbers)
            assert sorted(town.accepted()) == sorted(map(answer_to, numbers))
            await program.end()
