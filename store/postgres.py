"""PostgreSQL 15 or newer through psycopg 3: a pool of connections, one thread each.

NOTIFY only wakes; whoever waits looks again after a time-out anyway.
"""

import asyncio
import concurrent.futures
import os
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, TypeVar, cast, get_args

import msgspec
import psycopg
import psycopg_pool

from store.engine import NO_PARAMS, Params, Row, for_postgres
from store.engine import Tx as TxPort
from store.pulses import Pulses
from tickets.errors import Conflict, StoreUnavailable
from tickets.storage import Topic

T = TypeVar("T")
CONNECTIONS = 8
AWAIT_S = 3.0
"""How long work waits for a connection; then the database counts as away.  There is one for each thread."""
AWAY_S = 0.5
"""How long it waits while the database is away: who asks is told soon, and can ask again."""
RECONNECT_S = 2.0
"""The pool's growing pauses begin anew after so long: a server is found soon after its return."""
FINISH_S = 1.5
"""How long transactions under way may hold up the end; a server that is silent would do so for ever."""
ATTEMPTS = 3
"""A transaction that lost a deadlock is run again so often."""
CHANNEL = "switchboard"
NOTICES_SILENCE: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""libpq by itself waits for hours for a server that is gone without a word; seconds, the last milliseconds."""
SERVER_NOTICES_SILENCE = {
    "idle_in_transaction_session_timeout": "5s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
}
"""A transaction of a process that stalls or is cut off is given up, so that its locks hold up no other worker."""
OLDEST = 150_000
LOST = (
    psycopg.OperationalError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg_pool.PoolTimeout,
    psycopg_pool.PoolClosed,
)
MADE_MEANWHILE = (psycopg.errors.DuplicateTable, psycopg.errors.DuplicateObject)
"""What the loser of two concurrent CREATE statements gets, IF NOT EXISTS or not."""

_INSERT = re.compile(
    r"\s*INSERT INTO (?P<table>\w+)\s*\((?P<columns>[^()]*)\)\s*VALUES\s*\((?P<values>[^()]*)\)"
    r"(?P<tail>\s*ON CONFLICT\s*(?:\([^()]*\)\s*)?DO NOTHING)?\s*",
)
"""An INSERT that changes no other row: two rows of one statement may not meet in DO UPDATE."""
_VALUE = re.compile(r":(?P<name>\w+)|'[^']*'|-?\d+|NULL")

translated_text = lru_cache(maxsize=512)(for_postgres)


@lru_cache(maxsize=128)
def insert_of_many(sql: str) -> str | None:
    """An INSERT of one row as one of all the rows in a JSON array, in their order; None for other statements.

    The table itself says of which type each value is.
    """
    insert = _INSERT.fullmatch(sql)
    if insert is None:
        return None
    columns = [name.strip() for name in insert["columns"].split(",")]
    values = [_VALUE.fullmatch(value.strip()) for value in insert["values"].split(",")]
    if len(values) != len(columns) or None in values:
        return None
    given = {column: value for column, value in zip(columns, values, strict=True) if value is not None}
    if any(value["name"] not in (None, column) for column, value in given.items()):
        return None
    taken = ", ".join(f"r.{column}" if value["name"] else value[0] for column, value in given.items())
    return (
        f"INSERT INTO {insert['table']} ({', '.join(columns)}) SELECT {taken} "
        f"FROM json_populate_recordset(NULL::{insert['table']}, %s::json) AS r{insert['tail'] or ''}"
    )


class Tx:
    """A transaction on one PostgreSQL connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._cursor = connection.cursor()

    def all(self, sql: str, params: Params = NO_PARAMS) -> list[Row]:
        return self._cursor.execute(translated_text(sql), params).fetchall()

    def run(self, sql: str, params: Params = NO_PARAMS) -> int:
        return self._cursor.execute(translated_text(sql), params).rowcount

    def many(self, sql: str, rows: Sequence[Params]) -> int:
        """Plain inserts go as one statement with its rows as JSON, which takes half of the time; not bytes."""
        if not rows:
            return 0
        whole = insert_of_many(sql)
        if len(rows) == 1:
            # Not executemany: the server forgets its limit on silent transactions behind a pipeline.
            self._cursor.execute(translated_text(sql), rows[0])
        elif whole is None or any(type(value) is bytes for row in rows for value in row.values()):
            self._cursor.executemany(translated_text(sql), rows)
        else:
            self._cursor.execute(whole, (msgspec.json.encode(rows).decode(),))
        return self._cursor.rowcount


class PostgresEngine:
    """A database server, shared by any number of processes.

    url: ``postgresql://…`` as libpq reads it; never shown in errors, as it may hold a password.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._pulses = Pulses()
        self._pool: psycopg_pool.ConnectionPool[psycopg.Connection[Any]] | None = None
        self._threads: concurrent.futures.ThreadPoolExecutor | None = None
        self._listener: threading.Thread | None = None
        self._closing = threading.Event()
        self._away = False
        self._lines: set[psycopg.Connection[Any]] = set()

    async def open(self) -> None:
        self._pulses.bind()
        self._closing.clear()
        await asyncio.to_thread(self._probe)
        self._pool = psycopg_pool.ConnectionPool(
            self._url,
            kwargs=NOTICES_SILENCE,
            configure=_configure,
            min_size=1,
            max_size=CONNECTIONS,
            reconnect_timeout=RECONNECT_S,
            open=False,
            check=_alive,
        )
        self._pool.open()
        self._threads = concurrent.futures.ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="postgres")
        self._listener = threading.Thread(target=self._listen, name="postgres-listener", daemon=True)
        self._listener.start()

    async def close(self) -> None:
        self._closing.set()
        threads, self._threads = self._threads, None  # first, so that no work comes behind the end
        if threads is not None and self._pool is not None:
            finishing = asyncio.ensure_future(asyncio.to_thread(threads.shutdown))
            await asyncio.wait({finishing}, timeout=FINISH_S)
            threads.shutdown(wait=False, cancel_futures=True)  # what has not begun by now never does
            self._cut_off()
            await asyncio.to_thread(self._pool.close, FINISH_S)  # sends home who still waits for a connection
            await finishing
        self._pool = None
        listener, self._listener = self._listener, None
        if listener is not None:
            await asyncio.to_thread(listener.join, FINISH_S)

    async def write(self, work: Callable[[TxPort], T], *, topics: Iterable[Topic] = ()) -> T:
        wanted = tuple(topics)
        result = await self._in_thread(lambda: self._transact(work, wanted))
        self._pulses.beat(wanted)
        return result

    async def read(self, work: Callable[[TxPort], T]) -> T:
        return await self._in_thread(lambda: self._transact(work, (), snapshot=True))

    def pulse(self, topic: Topic) -> int:
        return self._pulses.number(topic)

    async def wait(self, topic: Topic, pulse: int, timeout_s: float) -> int:
        return await self._pulses.wait(topic, pulse, timeout_s)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        if self._threads is None:
            raise StoreUnavailable("The database is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _probe(self) -> None:
        try:
            with psycopg.connect(self._url, connect_timeout=10) as connection:
                version = connection.info.server_version
        except psycopg.Error as error:
            raise StoreUnavailable(
                "The database server in service.database cannot be used. Check that it runs, and the address, "
                f"user and password ({type(error).__name__})."
            ) from None
        if version < OLDEST:
            raise StoreUnavailable(f"PostgreSQL {version // 10_000} is too old; 15 or newer is needed.")

    def _transact(self, work: Callable[[TxPort], T], topics: Sequence[Topic], *, snapshot: bool = False) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._transact_once(work, topics, snapshot)
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure) as error:
                if attempt == ATTEMPTS:
                    raise StoreUnavailable("The database is too busy; try again.") from error
        raise AssertionError("unreachable")

    def _transact_once(self, work: Callable[[TxPort], T], topics: Sequence[Topic], snapshot: bool) -> T:
        with _translated(), self._lent() as connection, connection.transaction():
            if snapshot:
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            result = work(Tx(connection))
            if topics:
                connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, " ".join(topics)))
            return result

    @contextmanager
    def _lent(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection of the pool, for as long as the caller needs it."""
        pool = self._pool
        if pool is None:
            raise psycopg_pool.PoolClosed
        try:
            connection = pool.getconn(AWAY_S if self._away else AWAIT_S)
        except psycopg_pool.PoolTimeout:
            self._away = True
            raise
        self._away = False
        self._lines.add(connection)
        try:
            with connection:
                yield connection
        finally:
            self._lines.discard(connection)
            pool.putconn(connection)

    def _cut_off(self) -> None:
        """Wake the threads that wait for an answer of the server: they find its line closed."""
        for connection in list(self._lines):
            with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        """Turn other processes' commits into pulses, for ever; after a lost connection, all of them."""
        while not self._closing.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, **NOTICES_SILENCE) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._pulses.beat(get_args(Topic))
                    while not self._closing.is_set():
                        for notice in connection.notifies(timeout=0.25):
                            self._pulses.beat(cast("list[Topic]", notice.payload.split()))
            except psycopg.Error:
                self._closing.wait(1.0)


def _configure(connection: psycopg.Connection[Any]) -> None:
    """Let the server, too, notice whoever is gone without a word."""
    for setting, value in SERVER_NOTICES_SILENCE.items():
        connection.execute("SELECT set_config(%s, %s, false)", (setting, value))
    connection.commit()


def _alive(connection: psycopg.Connection[Any]) -> None:
    """Cheap look before a connection is lent: one whose server has gone is replaced, not handed out.

    Asks nobody: the end of a connection lies ready to be read.
    """
    if not connection.closed:
        connection.pgconn.consume_input()
    if connection.closed or connection.broken:
        raise psycopg.OperationalError("connection lost")


@contextmanager
def _translated() -> Iterator[None]:
    """psycopg's errors as ours; deadlocks pass, they are run again."""
    try:
        yield
    except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
        raise
    except (psycopg.IntegrityError, *MADE_MEANWHILE) as error:
        raise Conflict(error.diag.message_primary or "constraint") from error
    except LOST as error:
        raise StoreUnavailable(f"The database server cannot be used ({type(error).__name__}).") from error
