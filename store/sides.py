"""The two sides of a copying: an SQLite file that is only read, and a schema on a PostgreSQL server."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict

from store import schema
from store.engine import Row
from store.postgres import PostgresEngine
from store.sqlite import BUSY_TIMEOUT_MS
from tickets.errors import ConfigError, Refused, SchemaMismatch, StoreError, StoreUnavailable

LOCK_WAIT_S = 5
"""So long the server may take to notice that a copying was killed."""
PROGRESS = "copying"
VERSION = "schema_version"
MODULUS = 1 << 256
REFUSED = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)
"""What the server says of a row it does not take."""

Key = tuple[Any, ...]


class Digest(NamedTuple):
    """What a table holds.  value: the sum over its rows' hashes, hexadecimal."""

    rows: int
    value: str


class Table(NamedTuple):
    """A table that stands on both sides.

    types: the target's, as OIDs.  key: the columns of its primary key.
    serial: the column that the target numbers; None: it numbers none.
    """

    name: str
    columns: tuple[str, ...]
    types: tuple[int, ...]
    key: tuple[str, ...]
    serial: str | None

    @property
    def listed(self) -> str:
        return listed(self.columns)

    def key_of(self, row: Row) -> Key:
        return tuple(row[self.columns.index(name)] for name in self.key)


class Done(NamedTuple):
    """How far a table was copied.  key: of the last row; None: none was."""

    digest: Digest
    key: Key | None


# Rows ---------------------------------------------------------------------------------


class Fold:
    """Rows folded into a digest, one by one."""

    def __init__(self, begun: Digest | None = None) -> None:
        self.rows = begun.rows if begun else 0
        self._sum = int(begun.value, 16) if begun else 0

    def add(self, row: Row) -> None:
        self.rows += 1
        hashed = hashlib.sha256(msgspec.msgpack.encode(row)).digest()
        self._sum = (self._sum + int.from_bytes(hashed, "big")) % MODULUS

    @property
    def digest(self) -> Digest:
        return Digest(self.rows, f"{self._sum:064x}")


def listed(names: Iterable[str]) -> str:
    """Names for a statement, quoted."""
    return ", ".join(f'"{name}"' for name in names)


def some(names: Sequence[str], most: int = 5) -> str:
    """The first names for a sentence, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


# The source ---------------------------------------------------------------------------


class Source:
    """An SQLite file, only read."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._path = path
        self.origin = str(path.resolve())
        self.version = schema.version_in_file(path)

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator["Source"]:
        """Raises StoreUnavailable."""
        uri = f"file:{quote(str(path))}?mode=rw"  # not ro, which would leave the log's files behind
        with _reading(path):
            connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        try:
            connection.execute("PRAGMA query_only=ON")
            connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            yield cls(path, connection)
        finally:
            connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read in the block is of one moment."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def all(self, sql: str, *values: Any) -> list[Row]:
        with _reading(self._path):
            return self._connection.execute(sql, values).fetchall()

    def names(self) -> set[str]:
        """Every table."""
        found = self.all("SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'")
        return {row[0] for row in found}

    def columns(self, table: str) -> tuple[str, ...]:
        return tuple(row[0] for row in self.all("SELECT name FROM pragma_table_info(?) ORDER BY cid", table))

    def key(self, table: str) -> tuple[str, ...]:
        """The columns of the primary key, in its order; empty without one."""
        found = self.all("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", table)
        return tuple(row[0] for row in found)

    def count(self, table: str) -> int:
        return int(self.all(f'SELECT COUNT(*) FROM "{table}"')[0][0])

    def highest(self, table: Table) -> int:
        """The largest number ever given, also to rows that are gone."""
        [(given,)] = self.all("SELECT MAX(seq) FROM sqlite_sequence WHERE name = ?", table.name)
        [(there,)] = self.all(f'SELECT MAX("{table.serial}") FROM "{table.name}"')
        return max(given or 0, there or 0)

    def rows(self, table: Table, *, after: Key | None = None, until: Key | None = None) -> Iterator[Row]:
        """In the order of the key, one by one."""
        key = listed(table.key)
        marks = ", ".join("?" * len(table.key))
        where = f"WHERE ({key}) > ({marks})" if after else f"WHERE ({key}) <= ({marks})" if until else ""
        with _reading(self._path, table.name):
            yield from self._connection.execute(
                f'SELECT {table.listed} FROM "{table.name}" {where} ORDER BY {key}', after or until or ()
            )


@contextmanager
def _reading(path: Path, table: str = "") -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        where = f", table {table}" if table else ""
        raise StoreUnavailable(f"The database {path.name} cannot be read{where}: {error}.") from error


# The target ---------------------------------------------------------------------------


class Target:
    """A schema of a PostgreSQL database: the first of the search path."""

    def __init__(self, url: str, connection: psycopg.Connection[Any]) -> None:
        self._url = url
        self._connection = connection

    @classmethod
    @contextmanager
    def opened(cls, url: str) -> Iterator["Target"]:
        """Held by nobody else meanwhile.  Raises ConfigError, Refused, StoreUnavailable."""
        _refuse_url(url)
        try:
            connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
        except psycopg.Error as error:
            raise StoreUnavailable(
                "The database server to copy to cannot be used. Check that it runs, and the address, user, "
                f"password and name of the database ({type(error).__name__})."
            ) from None
        try:
            target = cls(url, connection)
            target._take_hold()
            yield target
        finally:
            connection.close()

    def _take_hold(self) -> None:
        [(name, encoding)] = self.all("SELECT current_schema(), current_setting('server_encoding')")
        if name is None:
            raise Refused("The target's search_path names no schema that exists. Create it, or name another.")
        if encoding != "UTF8":
            raise Refused(
                f"The target stores text as {encoding}, which cannot hold every language. "
                "Create a database with ENCODING 'UTF8'."
            )
        self.all(f"SELECT set_config('lock_timeout', '{LOCK_WAIT_S}s', FALSE)")
        try:
            self.all("SELECT pg_advisory_lock(hashtextextended('switchboard copying ' || current_schema(), 0))")
        except psycopg.errors.LockNotAvailable:
            raise Refused("Another copying into this target is under way. Wait for it, or stop it.") from None
        self.all("SELECT set_config('lock_timeout', '0', FALSE)")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read in the block is of one moment."""
        with _writing(), self._connection.transaction():
            self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    def all(self, sql: str, *values: Any) -> list[Row]:
        with _writing():
            return self._connection.execute(sql, values or None).fetchall()

    def names(self) -> list[str]:
        """Every table, whose ever it is."""
        found = self.all(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'f') "
            "AND relnamespace = current_schema()::regnamespace ORDER BY relname"
        )
        return [row[0] for row in found]

    def has(self, table: str) -> bool:
        return table in self.names()

    def version(self) -> int:
        """0 while it shows none."""
        if not self.has(VERSION):
            return 0
        return int(self.all(f"SELECT COALESCE(MAX(version), 0) FROM {VERSION}")[0][0])

    def count(self, table: str) -> int:
        return int(self.all(f'SELECT COUNT(*) FROM "{table}"')[0][0])

    async def bring_up(self) -> None:
        """Its schema to this program's."""
        engine = PostgresEngine(self._url)
        await engine.open()
        try:
            await schema.bring_up(engine, "postgres")
        finally:
            await engine.close()

    def tables(self, source: Source) -> list[Table]:
        """Those of Switchboard, each behind those it refers to.  Raises SchemaMismatch."""
        names = [name for name in self.names() if name not in (PROGRESS, VERSION)]
        if not names:
            raise Refused("The target holds no store yet: there is nothing to compare.")
        tables = {name: self._table(name, source) for name in names}
        return [tables[name] for name in self._ordered(names)]

    def _table(self, name: str, source: Source) -> Table:
        found = self.all(
            "SELECT a.attname, a.atttypid::int8, pg_get_serial_sequence(a.attrelid::regclass::text, a.attname) "
            "FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid WHERE t.relname = %s "
            "AND t.relnamespace = current_schema()::regnamespace "
            "AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum",
            name,
        )
        columns = tuple(row[0] for row in found)
        other = sorted(set(columns) ^ set(source.columns(name)))
        key = source.key(name)
        if other or not key:
            what = f"differ in {some(other)}" if other else "have no primary key"
            raise SchemaMismatch(
                f"The tables {name} of both databases {what}: one of them is not as this program's migrations "
                "made it. Nothing was copied."
            )
        serial = next((row[0] for row in found if row[2] is not None), None)
        return Table(name, columns, tuple(row[1] for row in found), key, serial)

    def _ordered(self, names: Sequence[str]) -> list[str]:
        graph: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(names, ()))
        for table, referred in self.all(
            "SELECT t.relname, r.relname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid "
            "JOIN pg_class r ON r.oid = c.confrelid WHERE c.contype = 'f' AND t.oid <> r.oid "
            "AND t.relnamespace = current_schema()::regnamespace ORDER BY 1, 2"
        ):
            graph.add(table, referred)
        try:
            return list(graph.static_order())
        except CycleError as error:
            raise SchemaMismatch(f"Tables refer to each other in a circle: {', '.join(error.args[1])}.") from error

    # Progress

    def begin(self, tables: Sequence[Table], origin: str, version: int) -> None:
        """Empty of what the migrations put there, and closed to services."""
        with _writing(), self._connection.transaction():
            self._connection.execute(f"TRUNCATE {listed(table.name for table in tables)}")
            self._connection.execute(f"DELETE FROM {VERSION}")
            self._connection.execute(
                f"CREATE TABLE {PROGRESS} (name TEXT PRIMARY KEY, rows BIGINT NOT NULL, digest TEXT NOT NULL, "
                "key TEXT, origin TEXT NOT NULL, version BIGINT NOT NULL)"
            )
            with self._connection.cursor() as cursor:
                cursor.executemany(
                    f"INSERT INTO {PROGRESS} VALUES (%s, 0, '0', NULL, %s, %s)",
                    [(table.name, origin, version) for table in tables],
                )

    def begun_from(self) -> tuple[str, int]:
        """The source's file and schema version."""
        [(origin, version)] = self.all(f"SELECT DISTINCT origin, version FROM {PROGRESS}")
        return origin, version

    def progress(self) -> dict[str, Done]:
        found = self.all(f"SELECT name, rows, digest, key FROM {PROGRESS}")
        return {
            name: Done(Digest(rows, f"{int(digest, 16):064x}"), tuple(json.loads(key)) if key else None)
            for name, rows, digest, key in found
        }

    def clear(self) -> None:
        """Empty, as it was before the copying began."""
        names = self.progress().keys()
        with _writing():
            self._connection.execute(f"DROP TABLE {listed([*names, PROGRESS, VERSION])}")

    def put(self, table: Table, batch: Sequence[Row], done: Done) -> None:
        """The rows and how far they bring the table, together.  Raises StoreError for one that is refused."""
        try:
            with _writing(), self._connection.transaction():
                self._insert(table, batch)
                self._connection.execute(
                    f"UPDATE {PROGRESS} SET rows = %s, digest = %s, key = %s WHERE name = %s",
                    (*done.digest, json.dumps(done.key), table.name),
                )
        except REFUSED as error:
            self._blame(table, batch, error)

    def _insert(self, table: Table, batch: Sequence[Row]) -> None:
        with self._connection.cursor().copy(f'COPY "{table.name}" ({table.listed}) FROM STDIN') as copy:
            for row in batch:
                copy.write_row(row)

    def _blame(self, table: Table, batch: Sequence[Row], error: psycopg.Error) -> None:
        """Raises StoreError that names the first row that is refused."""
        fits, refused = 0, len(batch)
        while refused - fits > 1:
            middle = (fits + refused) // 2
            if self._refusal(table, batch[:middle]):
                refused = middle
            else:
                fits = middle
        why = self._refusal(table, batch[:refused]) or _said(error)
        row = batch[refused - 1]
        key = ", ".join(f"{name} {value!r}" for name, value in zip(table.key, table.key_of(row), strict=True))
        raise StoreError(
            f"PostgreSQL refuses the row of table {table.name} with {key}: {why}. Nothing is lost: put that row "
            "right in the source, and the same command goes on from there."
        ) from None

    def _refusal(self, table: Table, rows: Sequence[Row]) -> str:
        """Why the target does not take the rows; empty: it does.  Changes nothing."""
        try:
            with _writing(), self._connection.transaction(force_rollback=True):
                self._insert(table, rows)
        except REFUSED as error:
            return _said(error)
        return ""

    def finish(self, highest: dict[Table, int], version: int) -> None:
        """Open to services.  highest: the last number given in each table that numbers."""
        with _writing(), self._connection.transaction():
            for table, number in highest.items():
                if number:
                    self._connection.execute(
                        "SELECT setval(pg_get_serial_sequence(%s, %s), %s)",
                        (f'"{table.name}"', table.serial, number),
                    )
            self._connection.execute(f"INSERT INTO {VERSION} SELECT generate_series(1, %s)", (version,))
            self._connection.execute(f"DROP TABLE {PROGRESS}")
        with _writing():
            self._connection.execute("ANALYZE")

    def rows(self, table: Table) -> Iterator[Row]:
        """In no order, one by one."""
        statement = f'COPY (SELECT {table.listed} FROM "{table.name}") TO STDOUT (FORMAT BINARY)'
        with _writing(), self._connection.cursor().copy(statement) as copy:
            copy.set_types(table.types)
            yield from copy.rows()


def _refuse_url(url: str) -> None:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigError("A store is copied to PostgreSQL: the URL of the target must begin with postgresql://.")
    try:
        conninfo_to_dict(url)
    except psycopg.Error:
        raise ConfigError(
            "The URL of the target cannot be read. It has the form postgresql://user:password@host:5432/name; "
            "signs such as / and @ in a password are written %2F and %40."
        ) from None


@contextmanager
def _writing() -> Iterator[None]:
    """psycopg's errors as ours; what may lie in a row, and a lock that is taken, pass."""
    try:
        yield
    except (*REFUSED, psycopg.errors.LockNotAvailable):
        raise
    except psycopg.Error as error:
        raise StoreUnavailable(
            f"PostgreSQL cannot go on: {_said(error)}. When that is put right, the same command goes on where it "
            "stopped."
        ) from None


def _said(error: psycopg.Error) -> str:
    """The server's own words, which hold nothing of the URL; else the error's name."""
    return error.diag.message_primary or type(error).__name__
