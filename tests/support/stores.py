"""Databases to test on: one empty one for each test, on every engine."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import uuid4

import psycopg

from simulators.memory_store import MemoryStore
from store.sql import open_store
from tickets.ports import CrashHook, no_crash
from tickets.storage import Store

KEY = bytes(range(32))
SQL_ENGINES = ("sqlite", "postgres")
ENGINES = ("memory", *SQL_ENGINES)


class Database:
    """One empty database.  url: empty for the memory engine."""

    def __init__(self, engine: str, url: str = "") -> None:
        self.engine = engine
        self.url = url
        self._memory = MemoryStore()

    def store(self, *, crash: CrashHook = no_crash, key: bytes = KEY) -> Store:
        """A store on it that is still to be opened: each is what another process would have."""
        if self.engine == "memory":
            return self._memory.twin(crash=crash)
        return open_store(self.url, key, crash=crash)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What is really in the database, read past the store."""
        if self.engine == "sqlite":
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as file, file:
                return file.execute(sql).fetchall()
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def tables(self) -> list[str]:
        """The names of all tables."""
        if self.engine == "sqlite":
            named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        else:
            named = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        return [name for (name,) in self.rows(named)]


@contextmanager
def fresh_schema(server_url: str) -> Iterator[str]:
    """The URL of a schema of its own on a PostgreSQL server, dropped afterwards."""
    name = f"test_{uuid4().hex}"
    mark = "&" if "?" in server_url else "?"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{server_url}{mark}options=-csearch_path%3D{name}"
        finally:
            connection.execute("SET client_min_messages = warning")
            connection.execute(f"DROP SCHEMA {name} CASCADE")
