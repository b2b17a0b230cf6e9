"""SQLite: one writer thread with group commit, a few read-only connections.

WAL with ``synchronous=FULL``: what was committed survives a power cut.  Work
that arrives while a commit is on its way shares the next one, so that the
price of the disk's flush is paid once for many.
"""

import asyncio
import concurrent.futures
import json
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from store.engine import NO_PARAMS, Params, Row, for_sqlite
from store.engine import Tx as TxPort
from store.pulses import Pulses
from tickets.errors import Conflict, StoreUnavailable
from tickets.storage import Topic

T = TypeVar("T")
GROUP = 64
"""At most so many pieces of work share one commit."""
QUEUE_BOUND = 10_000
READERS = 3
BUSY_TIMEOUT_MS = 10_000
OLDEST = (3, 35, 0)
"""The first SQLite with RETURNING and MATERIALIZED."""

translated_text = lru_cache(maxsize=512)(for_sqlite)


class Work(NamedTuple):
    """A piece of work on its way to the writer thread."""

    run: Callable[[TxPort], Any]
    done: concurrent.futures.Future[Any]


class Tx:
    """A transaction on one SQLite connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, sql: str, params: Params = NO_PARAMS) -> list[Row]:
        return self._connection.execute(translated_text(sql), _plain(params)).fetchall()

    def run(self, sql: str, params: Params = NO_PARAMS) -> int:
        return self._connection.execute(translated_text(sql), _plain(params)).rowcount

    def many(self, sql: str, rows: Sequence[Params]) -> int:
        if not rows:
            return 0
        return self._connection.executemany(translated_text(sql), rows).rowcount


class SqliteEngine:
    """A database in one file, shared by the threads of one or more processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pulses = Pulses()
        self._queue: queue.Queue[Work | None] = queue.Queue(QUEUE_BOUND)
        self._writer: threading.Thread | None = None
        self._readers: concurrent.futures.ThreadPoolExecutor | None = None
        self._reader_connections: list[sqlite3.Connection] = []
        self._local = threading.local()

    async def open(self) -> None:
        if sqlite3.sqlite_version_info < OLDEST:
            raise StoreUnavailable(
                f"SQLite {sqlite3.sqlite_version} is too old; 3.35 or newer is needed. "
                "Use a newer Python, or PostgreSQL."
            )
        self._pulses.bind()
        with _translated(self._path):
            connection = await asyncio.to_thread(self._connect)
        self._writer = threading.Thread(target=self._write_all, args=(connection,), name="sqlite-writer")
        self._writer.daemon = True
        self._writer.start()
        self._readers = concurrent.futures.ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")

    async def close(self) -> None:
        writer, self._writer = self._writer, None  # first, so that no work is queued behind the end
        readers, self._readers = self._readers, None
        if readers is not None:
            await asyncio.to_thread(readers.shutdown)
        for connection in self._reader_connections:
            connection.close()
        self._reader_connections.clear()
        if writer is not None:
            self._queue.put(None)
            await asyncio.to_thread(writer.join)  # last, so that it folds the write-ahead log into the file

    async def write(self, work: Callable[[TxPort], T], *, topics: Iterable[Topic] = ()) -> T:
        if self._writer is None:
            raise StoreUnavailable("The database is closed.")
        done: concurrent.futures.Future[T] = concurrent.futures.Future()
        try:
            self._queue.put_nowait(Work(work, done))
        except queue.Full as error:
            raise StoreUnavailable("The database cannot keep up; try again.") from error
        result = await asyncio.wrap_future(done)
        self._pulses.beat(topics)
        return result

    async def read(self, work: Callable[[TxPort], T]) -> T:
        if self._readers is None:
            raise StoreUnavailable("The database is closed.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, work)

    def pulse(self, topic: Topic) -> int:
        return self._pulses.number(topic)

    async def wait(self, topic: Topic, pulse: int, timeout_s: float) -> int:
        return await self._pulses.wait(topic, pulse, timeout_s)

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-64000")
        connection.execute("PRAGMA wal_autocheckpoint=8000")
        return connection

    def _read(self, work: Callable[[TxPort], T]) -> T:
        with _translated(self._path):
            connection = self._reader()
            connection.execute("BEGIN")
            try:
                return work(Tx(connection))
            finally:
                connection.execute("ROLLBACK")

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            uri = f"file:{quote(str(self._path))}?mode=ro"
            connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
            connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            self._local.connection = connection
            self._reader_connections.append(connection)
        return connection

    def _write_all(self, connection: sqlite3.Connection) -> None:
        while (first := self._queue.get()) is not None:
            group = [first, *self._more()]
            ending = group[-1] is None
            self._commit_group(connection, [work for work in group if work is not None])
            if ending:
                break
        with suppress(sqlite3.OperationalError):  # another process may hold the file; the next close tries again
            connection.execute("PRAGMA optimize")
        connection.close()

    def _more(self) -> Iterator[Work | None]:
        """What has gathered meanwhile; ends after the closing None."""
        for _ in range(GROUP - 1):
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                return
            yield work
            if work is None:
                return

    def _commit_group(self, connection: sqlite3.Connection, group: list[Work]) -> None:
        outcomes: list[tuple[Work, Any, BaseException | None]] = []
        try:
            with _translated(self._path):
                connection.execute("BEGIN IMMEDIATE")
                outcomes.extend((work, *self._attempt(connection, work)) for work in group)
                connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001  the writer thread must outlive any error
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            outcomes = [(work, None, error) for work in group]
        for work, result, failure in outcomes:
            _settle(work.done, result, failure)

    def _attempt(self, connection: sqlite3.Connection, work: Work) -> tuple[Any, BaseException | None]:
        """One piece of work in a savepoint of its own: its failure is not its neighbours'."""
        connection.execute("SAVEPOINT work")
        try:
            with _translated(self._path):
                result = work.run(Tx(connection))
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  handed to whoever asked for the work
            connection.execute("ROLLBACK TO work")
            connection.execute("RELEASE work")
            return None, error
        connection.execute("RELEASE work")
        return result, None


def _settle(done: concurrent.futures.Future[Any], result: Any, failure: BaseException | None) -> None:
    if not done.set_running_or_notify_cancel():
        return
    if failure is not None:
        done.set_exception(failure)
    else:
        done.set_result(result)


def _plain(params: Params) -> Params:
    """List parameters as JSON text, everything else as it is."""
    if any(isinstance(value, list) for value in params.values()):
        return {name: json.dumps(value) if isinstance(value, list) else value for name, value in params.items()}
    return params


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise Conflict(str(error)) from error
    except (sqlite3.OperationalError, sqlite3.DatabaseError, OSError) as error:
        if isinstance(error, sqlite3.ProgrammingError):
            raise
        raise StoreUnavailable(f"The database {path.name} cannot be used: {error}.") from error
