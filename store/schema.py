"""Migrations: numbered SQL files, each in one transaction, the same for both engines.

A killed migration leaves the old schema or the new one, never something
between: SQLite and PostgreSQL both roll back DDL.
"""

import re
from functools import partial
from importlib import resources

from store.engine import Engine, Tx, one
from tickets.errors import Conflict, SchemaMismatch, StoreUnavailable

_FILE = re.compile(r"(\d{4})_\w+\.sql")
ATTEMPTS = 10
"""A migration that lost a race against another program is tried so often."""
WORDS = {
    "sqlite": {"$serial": "INTEGER PRIMARY KEY AUTOINCREMENT", "$blob": "BLOB"},
    "postgres": {"$serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "$blob": "BYTEA"},
}


def migrations() -> dict[int, str]:
    """Every migration by its number, in order."""
    found: dict[int, str] = {}
    for entry in sorted(resources.files("store.migrations").iterdir(), key=lambda item: item.name):
        if match := _FILE.fullmatch(entry.name):
            found[int(match[1])] = entry.read_text(encoding="utf-8")
    return found


async def bring_up(engine: Engine, dialect: str) -> int:
    """Apply what is missing; the version reached.

    Raises SchemaMismatch when the database is newer than the program.
    """
    known = migrations()
    newest = max(known)
    for _attempt in range(ATTEMPTS):
        try:
            return await _step_up(engine, dialect, known)
        except Conflict:
            continue  # another program is doing the same: look again where it has come
    raise StoreUnavailable(f"Another program is upgrading this database to schema {newest}; start again.")


async def _step_up(engine: Engine, dialect: str, known: dict[int, str]) -> int:
    newest = max(known)
    current = await engine.write(_version)
    if current > newest:
        raise SchemaMismatch(
            f"The database has schema {current}, this program knows {newest}. "
            "Upgrade Switchboard, or point service.database at another database."
        )
    for number in range(current + 1, newest + 1):
        statements = _statements(known[number], dialect)
        await engine.write(partial(_apply, number=number, statements=statements))
    return newest


def _version(tx: Tx) -> int:
    tx.run("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY)")
    row = one(tx.all("SELECT MAX(version) FROM schema_version"))
    return int(row[0]) if row and row[0] is not None else 0


def _apply(tx: Tx, number: int, statements: list[str]) -> None:
    tx.run("INSERT INTO schema_version (version) VALUES (:version)", {"version": number})
    for statement in statements:
        tx.run(statement)


def _statements(text: str, dialect: str) -> list[str]:
    """The file's statements in the engine's words, comments gone."""
    text = re.sub(r"--[^\n]*", "", text)
    for word, spelled in WORDS[dialect].items():
        text = text.replace(word, spelled)
    return [statement.strip() for statement in text.split(";") if statement.strip()]
