"""What only a real database can break: other processes, kills, other schemas, other keys."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from store.schema import Migration, bring_up, migrations
from store.sql import open_store
from tests.support.builders import MAIN, changing, lease, names, open_ticket, raw
from tests.support.stores import KEY, Database
from tickets.errors import ConfigError, Conflict, SchemaMismatch, StoreUnavailable
from tickets.storage import Store

ROOT = Path(__file__).parents[3]
ACKNOWLEDGED = 150
APPENDER = """
import asyncio, sys
from store.sql import open_store
from tests.support.builders import MAIN, raw

async def append(store, prefix, numbers):
    for n in numbers:
        await store.append_raw(MAIN, [raw(f"{prefix}-{n}", f"chat-{n % 5}")], None)
        print(f"{prefix}-{n}", flush=True)

async def main(url, key, prefix, count):
    store = open_store(url, bytes.fromhex(key))
    await store.open()
    await asyncio.gather(*(append(store, prefix, range(n, count, 10)) for n in range(10)))
    await store.close()

asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
"""


@contextlib.contextmanager
def appender(database: Database, prefix: str, count: int) -> Iterator[subprocess.Popen[str]]:
    """Another process that appends events and prints each name once it is acknowledged."""
    command = [sys.executable, "-c", APPENDER, database.url, KEY.hex(), prefix, str(count)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process


@contextlib.asynccontextmanager
async def opened(database: Database, **options: object) -> AsyncIterator[Store]:
    store = database.store(**options)  # type: ignore[arg-type]
    await store.open()
    yield store
    await store.close()


# Kills and neighbours --------------------------------------------------------------------


async def test_what_was_acknowledged_survives_a_kill(sql_database: Database) -> None:
    with appender(sql_database, "a", 1_000_000) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(ACKNOWLEDGED)]
        process.send_signal(signal.SIGKILL)
        acknowledged += process.stdout.read().split()
    whole = [name for name in acknowledged if name]
    async with opened(sql_database) as store:
        assert len(whole) >= ACKNOWLEDGED
        again = [raw(name, f"chat-{int(name.split('-')[1]) % 5}") for name in whole]
        assert await store.append_raw(MAIN, again, None) == 0


async def test_two_processes_share_one_database(sql_database: Database) -> None:
    async with opened(sql_database) as store:
        with appender(sql_database, "a", 60) as one, appender(sql_database, "b", 60) as two:
            mine = [await store.append_raw(MAIN, [raw(f"c-{n}", f"chat-{n % 5}")], None) for n in range(60)]
            assert one.wait() == two.wait() == 0
        assert mine == [1] * 60
        leased = await lease(store, limit=1000)
        assert sorted(names(leased)) == sorted(f"{prefix}-{n}" for prefix in "abc" for n in range(60))


@pytest.mark.parametrize("sql_database", ["postgres"], indirect=True)
async def test_a_commit_of_another_process_wakes_on_postgres(sql_database: Database) -> None:
    async with opened(sql_database) as store, opened(sql_database) as other:
        before = store.pulse("inbound")
        await other.append_raw(MAIN, [raw("1")], None)
        assert await store.wait("inbound", before, 30) > before


async def test_events_are_seen_in_the_order_of_their_numbers(sql_database: Database) -> None:
    """A reader that has seen a number has seen all lower ones, however slow their transaction was."""
    entered, release = threading.Event(), threading.Event()

    def linger(_point: str) -> None:
        entered.set()
        release.wait(20)

    async with opened(sql_database, crash=linger) as slow, opened(sql_database) as quick:
        first, second = await open_ticket(quick, "ann"), await open_ticket(quick, "bob")
        start = await quick.newest_seq()
        slow_change = asyncio.create_task(slow.apply_change(changing(first), first.created_at))
        await asyncio.to_thread(entered.wait, 20)
        quick_change = asyncio.create_task(quick.apply_change(changing(second), first.created_at))
        await asyncio.wait({quick_change}, timeout=0.2)
        seen = list(await quick.events_after(start))
        release.set()
        await asyncio.gather(slow_change, quick_change)
        seen += await quick.events_after(seen[-1].seq if seen else start)
        assert {one.ticket_id for one in seen} == {first.id, second.id}


@pytest.mark.parametrize("sql_database", ["postgres"], indirect=True)
async def test_lost_connections_are_a_pause_not_a_loss(sql_database: Database) -> None:
    async with opened(sql_database) as store:
        await store.append_raw(MAIN, [raw("1")], None)
        sql_database.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND backend_type = 'client backend' AND query NOT LIKE '%CREATE SCHEMA%'"
        )
        fresh = 0
        for _ in range(10):
            with contextlib.suppress(StoreUnavailable):
                fresh += await store.append_raw(MAIN, [raw("2")], None)
        assert fresh == 1
        assert await store.count_waiting() == 2


# Schemas ---------------------------------------------------------------------------------


def contents(database: Database) -> object:
    """Tables, and the version, as they are."""
    if database.engine == "sqlite":
        tables = database.rows("SELECT name, sql FROM sqlite_master ORDER BY name")
    else:
        tables = database.rows(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() ORDER BY 1, 2"
        )
    return tables, database.rows("SELECT version FROM schema_version ORDER BY version")


async def test_a_schema_newer_than_the_program_is_refused_and_left_alone(sql_database: Database) -> None:
    async with opened(sql_database) as store:
        await store.append_raw(MAIN, [raw("1")], None)
    sql_database.rows("INSERT INTO schema_version (version) VALUES (9999)")
    before = contents(sql_database)
    newer = sql_database.store()
    with pytest.raises(SchemaMismatch):
        await newer.open()
    assert contents(sql_database) == before
    with pytest.raises(StoreUnavailable):
        await newer.count_waiting()


async def test_opening_at_the_same_time_migrates_once(sql_database: Database) -> None:
    stores = [sql_database.store() for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    assert sql_database.rows("SELECT version FROM schema_version ORDER BY version") == [(n,) for n in migrations()]
    appended = [await store.append_raw(MAIN, [raw(f"{n}")], None) for n, store in enumerate(stores)]
    assert appended == [1, 1, 1, 1]
    await asyncio.gather(*(store.close() for store in stores))


async def test_opening_again_changes_nothing(sql_database: Database) -> None:
    async with opened(sql_database):
        before = contents(sql_database)
    async with opened(sql_database):
        assert contents(sql_database) == before


@pytest.mark.parametrize("url", ["mysql://localhost/x", "", "switchboard.db"])
def test_another_database_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError):
        open_store(url, KEY)


async def test_a_database_that_cannot_be_reached_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"this is no database, and it is not empty" * 100)
    urls = [f"sqlite:///{tmp_path}/file", f"sqlite:///{tmp_path}", f"postgresql://x@/x?host={tmp_path}"]
    for url in urls:
        store = open_store(url, KEY)
        with pytest.raises(StoreUnavailable):
            await store.open()
        await store.close()


async def test_a_password_in_the_url_is_not_told(tmp_path: Path) -> None:
    store = open_store(f"postgresql://x:hunter2@/x?host={tmp_path}", KEY)
    with pytest.raises(StoreUnavailable) as caught:
        await store.open()
    assert "hunter2" not in str(caught.value)


# Secrets -----------------------------------------------------------------------------------


async def test_secrets_are_not_readable_in_the_database(sql_database: Database) -> None:
    plain = b"a-secret-that-must-not-be-readable"
    async with opened(sql_database) as store:
        await store.get_secret("bot", lambda: plain)
        [(stored,)] = sql_database.rows("SELECT value FROM secret")
        assert plain not in bytes(stored)
        if sql_database.engine == "sqlite":
            path = Path(sql_database.url.removeprefix("sqlite:///"))
            files = [file for file in path.parent.iterdir() if file.name.startswith(path.name)]
            assert any(b"bot" in file.read_bytes() for file in files)
            assert not any(plain in file.read_bytes() for file in files)
    async with opened(sql_database) as store:
        assert await store.get_secret("bot", lambda: b"another") == plain


async def test_another_key_does_not_open_the_secrets(sql_database: Database) -> None:
    async with opened(sql_database) as store:
        await store.get_secret("bot", lambda: b"plain")
    async with opened(sql_database, key=bytes(32)) as store:
        with pytest.raises(ConfigError):
            await store.get_secret("bot", lambda: b"other")
    async with opened(sql_database) as store:
        assert await store.get_secret("bot", lambda: b"other") == b"plain"


async def test_a_secret_moved_to_another_name_does_not_open(sql_database: Database) -> None:
    async with opened(sql_database) as store:
        await store.get_secret("bot", lambda: b"plain")
        sql_database.rows("UPDATE secret SET name = 'other'")
        with pytest.raises(ConfigError):
            await store.get_secret("other", lambda: b"fresh")


class Overtaken:
    """An engine on whose database another program is always a step ahead.  pace: so many steps at a time."""

    def __init__(self, pace: int) -> None:
        self.version = 0
        self._pace = pace

    async def write(self, work: Any) -> int:
        if not isinstance(work, partial):
            return self.version
        self.version += self._pace
        raise Conflict("Another program changed the schema meanwhile.")


async def test_whoever_loses_every_step_to_another_goes_on_while_there_are_any() -> None:
    known = {n: Migration(n, "step", "", None) for n in range(1, 40)}
    assert await bring_up(Overtaken(1), "sqlite", known=known) == 39  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailable, match="Another program"):
        await bring_up(Overtaken(0), "sqlite", known=known)  # type: ignore[arg-type]
