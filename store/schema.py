"""Migrations: numbered SQL files, each in one transaction, the same for both engines.

A killed migration leaves the old schema or the new one, never something
between: SQLite and PostgreSQL both roll back DDL.

``NNNN_name.sql`` leads up, ``NNNN_name.down.sql`` back again.  What a step
down would lose stands in its file as ``-- check: SELECT COUNT(*) …`` with
``-- refuse: sentence with {count}`` under it; longer ones go on in lines that
begin with ``--`` and several spaces.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from functools import partial
from importlib import resources
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from store import sqlite
from store.engine import Engine, Tx, one
from store.rows import micros, moment
from store.workers import PREFIX
from tickets.errors import Conflict, Refused, SchemaMismatch, StoreError, StoreUnavailable

_FILE = re.compile(r"(\d{4})_(\w+)\.sql")
_FOLDED = r"(.+(?:\n--  +.+)*)"
_CHECK = re.compile(rf"^-- check: {_FOLDED}\n-- refuse: {_FOLDED}$", re.MULTILINE)
ATTEMPTS = 10
"""A step that is lost to another program is tried so often, and again so often after each step of the other."""
WORDS = {
    "sqlite": {"$serial": "INTEGER PRIMARY KEY AUTOINCREMENT", "$blob": "BLOB"},
    # psycopg reads a lone percent sign as the beginning of a parameter.
    "postgres": {"$serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "$blob": "BYTEA", "%": "%%"},
}


class Migration(NamedTuple):
    """One step.  down: the way back; None for the first, which has nothing below."""

    number: int
    name: str
    up: str
    down: str | None


class TakenBack(NamedTuple):
    """A step down that was taken.  losses: a sentence for each kind of thing that went with it."""

    step: Migration
    losses: tuple[str, ...]


def migrations() -> dict[int, Migration]:
    """Every migration by its number, in order."""
    folder = resources.files("store.migrations")
    found: dict[int, Migration] = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if match := _FILE.fullmatch(entry.name):
            down = folder / f"{match[1]}_{match[2]}.down.sql"
            back = down.read_text(encoding="utf-8") if down.is_file() else None
            found[int(match[1])] = Migration(int(match[1]), match[2], entry.read_text(encoding="utf-8"), back)
    return found


# Up -------------------------------------------------------------------------------------


async def bring_up(
    engine: Engine,
    dialect: str,
    *,
    known: Mapping[int, Migration] | None = None,
    done: Callable[[Migration], None] = lambda _step: None,
) -> int:
    """Apply what is missing; the version reached.

    known: the program's migrations, if not those of this package.  done: told
    of each step once it is committed.  Raises SchemaMismatch when the database
    is newer than the program, StoreError when it refuses a step.
    """
    known = known or migrations()
    fewest, tries = len(known) + 1, 0
    while tries < ATTEMPTS:
        tries += 1
        with suppress(Conflict), _translated(dialect):  # another program is doing the same: look where it has come
            left = missing(await engine.write(_made_version), known)
            if len(left) < fewest:
                fewest, tries = len(left), 0
            await _step_up(engine, dialect, left, done)
            return max(known)
    raise StoreUnavailable(f"Another program is upgrading this database to schema {max(known)}; start again.")


async def _step_up(
    engine: Engine, dialect: str, steps: Sequence[Migration], done: Callable[[Migration], None]
) -> None:
    for step in steps:
        await engine.write(partial(_apply, step=step, dialect=dialect))
        done(step)


def _made_version(tx: Tx) -> int:
    tx.run("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY)")
    return _version(tx)


def _apply(tx: Tx, step: Migration, dialect: str) -> None:
    if _locked_version(tx) != step.number - 1:
        raise Conflict("Another program changed the schema meanwhile.")
    tx.run("INSERT INTO schema_version (version) VALUES (:version)", {"version": step.number})
    for statement in _statements(step.up, dialect):
        tx.run(statement)


def _locked_version(tx: Tx) -> int:
    """The version, which nobody else changes before this transaction ends."""
    tx.run("UPDATE schema_version SET version = version")
    return _version(tx)


def _version(tx: Tx) -> int:
    row = one(tx.all("SELECT MAX(version) FROM schema_version"))
    return int(row[0]) if row and row[0] is not None else 0


# Where it stands ----------------------------------------------------------------------------

_EXISTS = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
    "postgres": "SELECT 1 WHERE to_regclass('schema_version') IS NOT NULL",
}


def missing(version: int, known: Mapping[int, Migration]) -> list[Migration]:
    """The steps from a version to the newest.  Raises SchemaMismatch when it is newer than these."""
    newest = max(known)
    if version > newest:
        raise SchemaMismatch(
            f"The database has schema {version}, this program knows {newest}. "
            "Upgrade Switchboard, or point service.database at another database."
        )
    return [step for number, step in sorted(known.items()) if number > version]


async def find_version(engine: Engine, dialect: str) -> int:
    """The version of an open database, 0 when it holds none yet.  Changes nothing."""
    return await engine.read(partial(_present, dialect=dialect))


def version_in_file(path: Path) -> int:
    """The version of an SQLite file, 0 when it holds none yet.

    Changes nothing, where opening the engine would switch an empty file's
    journal.  Raises StoreUnavailable, also for a file that does not exist.
    """
    try:
        uri = f"file:{quote(str(path))}?mode=rw"  # not ro, which would leave the log's files behind
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA query_only=ON")
            return _present(sqlite.Tx(connection), "sqlite")
    except sqlite3.Error as error:
        raise StoreUnavailable(f"The database {path.name} cannot be read: {error}.") from error


def _present(tx: Tx, dialect: str) -> int:
    return _version(tx) if tx.all(_EXISTS[dialect]) else 0


# Down ---------------------------------------------------------------------------------------


async def refuse_workers(engine: Engine, dialect: str, now: datetime) -> None:
    """Raises Refused while a worker is alive, with its name and what to do."""

    def look(tx: Tx) -> None:
        if _present(tx, dialect):
            _refuse_workers(tx, now)

    await engine.read(look)


async def take_down(
    engine: Engine,
    dialect: str,
    now: datetime,
    *,
    force: bool = False,
    known: Mapping[int, Migration] | None = None,
) -> TakenBack:
    """Go one version down, in one transaction.

    force: also when something is lost.  known: as for ``bring_up``.  Raises
    Refused for a living worker, a loss, or nothing below; SchemaMismatch when
    the database is newer than the program, or would not become what the older
    migrations make; StoreError when it refuses the step.
    """
    known = known or migrations()
    with _translated(dialect):
        return await engine.write(lambda tx: _step_down(tx, dialect, now, force, known))


def _step_down(tx: Tx, dialect: str, now: datetime, force: bool, known: Mapping[int, Migration]) -> TakenBack:
    step, way = _last_step(_locked_version(tx) if _present(tx, dialect) else 0, known)
    _refuse_workers(tx, now)
    losses = tuple(_losses(tx, way, dialect))
    if losses and not force:
        raise Refused(f"{' '.join(losses)} Nothing was changed; --force accepts the loss.")
    expected = _expected(dialect, tx, step, known)
    odd = _shape(tx, dialect) - expected.before
    for statement in _statements(way, dialect):
        tx.run(statement)
    tx.run("DELETE FROM schema_version WHERE version = :version", {"version": step.number})
    # What was no part of the schema before, such as another program's table, may stay.
    _refuse_difference(step, _shape(tx, dialect) - odd, expected.after - odd)
    return TakenBack(step, losses)


def _last_step(version: int, known: Mapping[int, Migration]) -> tuple[Migration, str]:
    """The step that led to a version, and its way back."""
    missing(version, known)
    if version == 0:
        raise Refused("The database holds no schema yet: there is nothing to take back.")
    step = known[version]
    if step.down is None:
        raise Refused(f"The database stands at schema {version}, and there is no way below it.")
    return step, step.down


def _refuse_workers(tx: Tx, now: datetime) -> None:
    alive = tx.all(
        "SELECT holder, expires_at FROM lease "
        "WHERE substr(name, 1, :length) = :prefix AND expires_at > :now ORDER BY holder",
        {"length": len(PREFIX), "prefix": PREFIX, "now": micros(now)},
    )
    if alive:
        until = moment(max(row[1] for row in alive))
        raise Refused(
            f"Switchboard is running ({', '.join(row[0] for row in alive)}): stop it first. "
            f"One that was killed counts as running until {until:%H:%M:%S} UTC."
        )


def _losses(tx: Tx, way: str, dialect: str) -> Iterator[str]:
    for check, sentence in checks(way):
        [(count,)] = tx.all(_spelled(check, dialect))
        if count:
            yield sentence.replace("{count}", str(count))


def checks(way: str) -> list[tuple[str, str]]:
    """A way back's statements that count what would be lost, each with its sentence."""
    return [(_unfolded(check), _unfolded(sentence)) for check, sentence in _CHECK.findall(way)]


def _unfolded(text: str) -> str:
    return re.sub(r"\n--  +", " ", text)


# Shapes ---------------------------------------------------------------------------------------

Shape = frozenset[tuple[str, ...]]
"""(kind, table, name, what else matters …) of every table, column, index and constraint."""

_TABLES = "FROM sqlite_master m {} WHERE m.type = 'table' AND substr(m.name, 1, 7) <> 'sqlite_'"
_OURS = "(SELECT relnamespace FROM pg_class WHERE oid = to_regclass('schema_version'))"
_SHAPES = {
    "sqlite": (
        "SELECT 'table', m.name, '' " + _TABLES.format(""),
        "SELECT 'column', m.name, c.name, c.type, c.\"notnull\", COALESCE(c.dflt_value, ''), c.pk "
        + _TABLES.format("JOIN pragma_table_xinfo(m.name) c"),
        "SELECT 'index', tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        # Of the others, that stand for UNIQUE and PRIMARY KEY, each column.
        "SELECT 'index', m.name, i.name, c.seqno, c.name "
        + _TABLES.format("JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c")
        + " AND i.origin <> 'c'",
        'SELECT \'constraint\', m.name, f."from", f."table", COALESCE(f."to", \'\'), f.on_delete '
        + _TABLES.format("JOIN pragma_foreign_key_list(m.name) f"),
    ),
    "postgres": (
        f"SELECT 'table', relname, '' FROM pg_class WHERE relkind = 'r' AND relnamespace = {_OURS}",
        "SELECT 'column', t.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
        "a.attidentity, COALESCE(pg_get_expr(d.adbin, d.adrelid), '') "
        "FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum "
        f"WHERE t.relkind = 'r' AND t.relnamespace = {_OURS}",
        "SELECT 'index', t.relname, i.relname, pg_get_indexdef(i.oid, 0, TRUE) "
        "FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid "
        f"WHERE t.relkind = 'r' AND t.relnamespace = {_OURS}",
        "SELECT 'constraint', t.relname, c.conname, pg_get_constraintdef(c.oid, TRUE) "
        "FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid "
        f"WHERE c.contype IN ('c', 'f', 'p', 'u') AND t.relnamespace = {_OURS}",
    ),
}


class _Expected(NamedTuple):
    """What the migrations make of an empty database, before and after a step down."""

    before: Shape
    after: Shape


def _expected(dialect: str, tx: Tx, step: Migration, known: Mapping[int, Migration]) -> _Expected:
    with _empty_database(dialect, tx) as empty:
        _made_version(empty)
        for number in range(1, step.number):
            _apply(empty, known[number], dialect)
        after = _shape(empty, dialect)
        _apply(empty, step, dialect)
        return _Expected(before=_shape(empty, dialect), after=after)


@contextmanager
def _empty_database(dialect: str, tx: Tx) -> Iterator[Tx]:
    """Where tables can be made that nobody else sees and nobody keeps."""
    if dialect == "sqlite":
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            yield sqlite.Tx(connection)
        return
    # The session's own schema: it needs no right to create one, and goes with the savepoint.
    tx.run("SAVEPOINT empty")
    tx.run("SET LOCAL search_path TO pg_temp")
    yield tx
    tx.run("ROLLBACK TO SAVEPOINT empty")


def _shape(tx: Tx, dialect: str) -> Shape:
    rows = (row for query in _SHAPES[dialect] for row in tx.all(query))
    return frozenset(tuple(" ".join(str(value).split()) for value in row) for row in rows)


def _refuse_difference(step: Migration, found: Shape, expected: Shape) -> None:
    if found != expected:
        raise SchemaMismatch(
            f"Nothing was changed: the step down from schema {step.number} ({step.name}) does not lead to "
            f"schema {step.number - 1}. Too much: {_names(found - expected)}; missing: {_names(expected - found)}."
        )


def _names(rows: Iterable[tuple[str, ...]]) -> str:
    names = {f"{kind} {table}.{name}" if name else f"{kind} {table}" for kind, table, name, *_ in rows}
    return ", ".join(sorted(names)) or "nothing"


# Files ----------------------------------------------------------------------------------------


def _statements(text: str, dialect: str) -> list[str]:
    """The file's statements in the engine's words, comments gone."""
    text = _spelled(re.sub(r"--[^\n]*", "", text), dialect)
    return [statement.strip() for statement in text.split(";") if statement.strip()]


def _spelled(text: str, dialect: str) -> str:
    for word, spelled in WORDS[dialect].items():
        text = text.replace(word, spelled)
    return text


@contextmanager
def _translated(dialect: str) -> Iterator[None]:
    """What the PostgreSQL engine lets pass as a mistake in a statement is here the database's refusal."""
    if dialect != "postgres":
        yield
        return
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        why = error.diag.message_primary or type(error).__name__
        raise StoreError(f"The database refuses a step of the schema, so it was not taken: {why}.") from error
