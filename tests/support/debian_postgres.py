"""The PostgreSQL that Debian ships, for the length of a test run.

Only the programs of the package ``postgresql-15`` are used; no cluster of the
system is touched.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.support.postgres import FORGETFUL, SMALL, START_TIMEOUT_S, UNPRIVILEGED, PostgresMissing

VERSION = "15"
"""The oldest that the store takes, and what Debian 12 has."""
PORT = 5432
# Ends with whoever started it, however that ends: the pipe to its standard input breaks.
WATCHED = 'home=$1; shift; "$@" & server=$!; read -r _; kill -INT $server; wait $server; rm -rf "$home"'


@contextmanager
def debian_postgres(*, address: str = "", prefix: Sequence[str] = ()) -> Iterator[str]:
    """The URL of a fresh server, stopped and removed at the end.

    address: where it listens on TCP; empty for a Unix socket only.  prefix:
    words before its command, such as those that enter a namespace.
    Raises PostgresMissing.
    """
    programs = Path(f"/usr/lib/postgresql/{VERSION}/bin")
    if not (programs / "postgres").exists():
        raise PostgresMissing(f"{programs} is not here (Debian: apt install postgresql-{VERSION})")
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(home, user=UNPRIVILEGED)
        _initialise(programs, home)
        with (home / "log").open("wb") as log, subprocess.Popen(
            ["/bin/sh", "-c", WATCHED, "sh", str(home), *prefix, *_server(programs, home, address)],
            stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=home,
        ) as process:  # fmt: skip
            where = f"{address}:{PORT}/postgres" if address else f"/postgres?host={home}"
            _await_answer(f"postgresql://test@{where}", process, home / "log")
            yield f"postgresql://test@{where}"
            process.communicate(b"")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _initialise(programs: Path, home: Path) -> None:
    command = [*_unprivileged(), programs / "initdb", "-D", home / "data", "-U", "test", "--auth=trust",
               "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C"]  # fmt: skip
    done = subprocess.run(list(map(str, command)), capture_output=True, cwd=home, timeout=120, check=False)
    if done.returncode != 0:
        raise PostgresMissing(f"initdb failed: {done.stderr.decode(errors='replace').strip()}")
    # Whoever reaches it is let in: it lives on a test's own wire, for the test's own length.
    with (home / "data" / "pg_hba.conf").open("a") as rules:
        rules.write("host all all samenet trust\n")


def _server(programs: Path, home: Path, address: str) -> list[str]:
    settings = [word for setting in (*SMALL, *FORGETFUL) for word in ("-c", setting)]
    command = [*_unprivileged(), programs / "postgres", "-D", home / "data", "-k", home, "-h", address,
               "-p", PORT, *settings]  # fmt: skip
    return [str(word) for word in command]


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={_group()}", "--clear-groups"]


def _group() -> int:
    return pwd.getpwnam(UNPRIVILEGED).pw_gid


def _await_answer(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return once the server accepts connections."""
    give_up = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > give_up:
                process.communicate(b"")
                raise PostgresMissing(f"the server did not start: {log.read_text()[-500:]}") from error
        time.sleep(0.02)
