"""What the statements see of a database, whichever it is.

Statements are written once.  Parameters are named ``:name``; times are
microseconds since 1970 (BIGINT), flags are 0 or 1, structures are JSON text.
Two words stand for what the engines spell differently:

``IN EACH(:names)``  the value is one of a list parameter
``LOCKED(alias)``    skip rows that another transaction has locked
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from tickets.storage import Topic

T = TypeVar("T")
Row = tuple[Any, ...]
Params = Mapping[str, object]
NO_PARAMS: Params = {}


class Tx(Protocol):
    """One open transaction."""

    def all(self, sql: str, params: Params = NO_PARAMS) -> list[Row]:
        """Every row the statement returns."""

    def run(self, sql: str, params: Params = NO_PARAMS) -> int:
        """How many rows the statement touched."""

    def many(self, sql: str, rows: Sequence[Params]) -> int:
        """Run the statement once for each row; how many rows were touched in all."""


class Engine(Protocol):
    """A database: where transactions run."""

    async def open(self) -> None:
        """Raises StoreUnavailable."""

    async def close(self) -> None: ...

    async def write(self, work: Callable[[Tx], T], *, topics: Iterable[Topic] = ()) -> T:
        """Run ``work`` in a transaction and return once it is durable, waking the topics.

        Raises Conflict for a broken constraint, StoreUnavailable when the
        database is away, and whatever ``work`` raises; then nothing of
        ``work`` is committed.
        """

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` on one consistent snapshot."""

    def pulse(self, topic: Topic) -> int: ...

    async def wait(self, topic: Topic, pulse: int, timeout_s: float) -> int: ...


def one(rows: list[Row]) -> Row | None:
    """The first row, None when there is none."""
    return rows[0] if rows else None


_LOCKED = re.compile(r"LOCKED\((\w+)\)")
_EACH = re.compile(r"IN EACH\(:(\w+)\)")
_NAMED = re.compile(r"(?<!:):(\w+)")


def for_sqlite(sql: str) -> str:
    """The statement in SQLite's words; list parameters travel as JSON."""
    sql = _LOCKED.sub("", sql)
    return _EACH.sub(r"IN (SELECT value FROM json_each(:\1))", sql)


def for_postgres(sql: str) -> str:
    """The statement in psycopg's words; list parameters travel as arrays."""
    sql = _LOCKED.sub(r"FOR UPDATE OF \1 SKIP LOCKED", sql)
    sql = _EACH.sub(r"= ANY(:\1)", sql)
    return _NAMED.sub(r"%(\1)s", sql)
