"""The schema up and down: what is kept, what is refused, and that nothing is ever left between."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from store import schema
from store.engine import Engine
from store.schema import Migration, migrations
from store.sql import make_engine
from tests.support.builders import T0, at
from tests.support.stores import Database
from tickets.errors import Refused, SchemaMismatch, StoreError, StoreUnavailable

ROOT = Path(__file__).parents[3]
FIRST = {1: migrations()[1]}
BOTH = {number: migrations()[number] for number in (1, 2)}
REASON = "This message has no sender that could be answered."
# Written out, as the builders follow the newest schema and this one never changes.
OLD_ROWS = """
INSERT INTO contact VALUES ('c', 'Somebody', 0);
INSERT INTO identity VALUES ('i-ann', 'c', 'email', 'ann@example.test', 'Ann', NULL, NULL, 0, NULL);
INSERT INTO identity VALUES ('i-nobody', 'c', 'email', 'x@unknown.invalid', 'x', NULL, NULL, 0, NULL);
INSERT INTO ticket VALUES ('t', 1, 'Hello', 'open', 10, '[]', '', 'email', 'email:a', 'i-ann', 'Ann', NULL, NULL,
    0, 0, NULL, 0, 1, 0, '', 3, 'private')
"""
OLD_MESSAGE = """
INSERT INTO message (id, ticket_id, identity_id, direction, author, text, sent_at, stored_at,
    recipients_to, recipients_cc, warnings)
VALUES ('{name}', 't', {identity}, '{direction}', 'x', 'Text of {name}', 0, 0, '[]', '[]', '[]')
"""
MESSAGES = (("ann", "'i-ann'", "in"), ("nobody", "'i-nobody'", "in"), ("answer", "NULL", "out"))
COLUMNS_AND_INDEXES = {
    "sqlite": (
        "SELECT m.name, c.* FROM sqlite_master m JOIN pragma_table_info(m.name) c "
        "WHERE m.type = 'table' ORDER BY 1, 2",
        "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' ORDER BY 1",
    ),
    "postgres": (
        "SELECT table_name, column_name, data_type, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1, 2",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1",
    ),
}


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Engine]:
    """The database as another program has it, its schema as it is."""
    engine, _dialect = make_engine(database.url)
    await engine.open()
    try:
        yield engine
    finally:
        await engine.close()


@pytest.fixture
async def engine(sql_database: Database) -> AsyncIterator[Engine]:
    """An open database at schema 1, with a ticket of three messages."""
    async with opened(sql_database) as engine:
        await schema.bring_up(engine, sql_database.engine, known=FIRST)
        for statement in OLD_ROWS.split(";"):
            sql_database.rows(statement)
        for name, identity, direction in MESSAGES:
            sql_database.rows(OLD_MESSAGE.format(name=name, identity=identity, direction=direction))
        yield engine


async def up(engine: Engine, database: Database) -> list[str]:
    """Bring it to schema 2; the names of the steps taken."""
    steps: list[Migration] = []
    assert await schema.bring_up(engine, database.engine, known=BOTH, done=steps.append) == 2
    return [step.name for step in steps]


async def down(engine: Engine, database: Database, *, force: bool = False, way: str = "") -> tuple[str, ...]:
    """Take it back by one, on another way if one is given; what was lost."""
    known = BOTH | {2: BOTH[2]._replace(down=way)} if way else BOTH
    return (await schema.take_down(engine, database.engine, T0, force=force, known=known)).losses


def shape(database: Database) -> object:
    return [database.rows(query) for query in COLUMNS_AND_INDEXES[database.engine]]


def contents(database: Database) -> object:
    """All that a step touches: the shape, the version and the messages."""
    versions = database.rows("SELECT version FROM schema_version ORDER BY version")
    return shape(database), versions, database.rows("SELECT * FROM message ORDER BY id")


def reasons(database: Database) -> dict[str, str]:
    return dict(database.rows("SELECT id, unanswerable FROM message"))


# There and back ----------------------------------------------------------------------------


async def test_the_step_up_keeps_the_messages_and_says_who_has_no_sender(
    engine: Engine, sql_database: Database
) -> None:
    texts = sql_database.rows("SELECT id, text, identity_id FROM message ORDER BY id")
    assert await up(engine, sql_database) == ["unanswerable"]
    assert sql_database.rows("SELECT id, text, identity_id FROM message ORDER BY id") == texts
    assert reasons(sql_database) == {"ann": "", "nobody": REASON, "answer": ""}
    assert await up(engine, sql_database) == []


async def test_down_restores_what_was_and_up_again_what_came(engine: Engine, sql_database: Database) -> None:
    old = contents(sql_database)
    await up(engine, sql_database)
    new = contents(sql_database)
    assert new != old
    assert await down(engine, sql_database) == ()
    assert contents(sql_database) == old
    assert await schema.find_version(engine, sql_database.engine) == 1
    assert await up(engine, sql_database) == ["unanswerable"]
    assert contents(sql_database) == new


async def test_what_never_belonged_to_the_schema_stays(engine: Engine, sql_database: Database) -> None:
    await up(engine, sql_database)
    sql_database.rows("CREATE TABLE of_another_program (id BIGINT PRIMARY KEY)")
    sql_database.rows("CREATE INDEX of_the_administrator ON message (sent_at)")
    before = shape(sql_database)
    await down(engine, sql_database)
    await up(engine, sql_database)
    assert shape(sql_database) == before


# Refusals ----------------------------------------------------------------------------------


def lease(database: Database, name: str, seconds: float) -> None:
    until = int(at(seconds).timestamp() * 1_000_000)
    database.rows(f"INSERT INTO lease VALUES ('{name}', 'host:7:ab', {until})")


async def test_a_living_worker_is_named_and_nothing_happens(engine: Engine, sql_database: Database) -> None:
    await up(engine, sql_database)
    lease(sql_database, "worker:host:7:ab", 1)
    before = contents(sql_database)
    with pytest.raises(Refused, match=r"host:7:ab.*stop it first.*09:00:01 UTC"):
        await down(engine, sql_database, force=True)
    with pytest.raises(Refused, match="host:7:ab"):
        await schema.refuse_workers(engine, sql_database.engine, T0)
    assert contents(sql_database) == before


async def test_neither_a_dead_worker_nor_another_lease_refuses(engine: Engine, sql_database: Database) -> None:
    await up(engine, sql_database)
    lease(sql_database, "worker:host:7:ab", 0)
    lease(sql_database, "leader", 60)
    await schema.refuse_workers(engine, sql_database.engine, T0)
    await down(engine, sql_database)
    assert await schema.find_version(engine, sql_database.engine) == 1


async def test_reasons_that_nothing_brings_back_are_lost_only_by_force(
    engine: Engine, sql_database: Database
) -> None:
    await up(engine, sql_database)
    sql_database.rows("UPDATE message SET unanswerable = 'Closed for us.' WHERE id <> 'nobody'")
    before = contents(sql_database)
    with pytest.raises(Refused, match=r"cannot be answered: 2\. Nothing was changed; --force"):
        await down(engine, sql_database)
    assert contents(sql_database) == before
    assert await down(engine, sql_database, force=True) == (
        "Messages that lose the reason why they cannot be answered: 2.",
    )
    await up(engine, sql_database)
    assert reasons(sql_database) == {"ann": "", "nobody": REASON, "answer": ""}


async def test_neither_the_first_schema_nor_an_unknown_one_is_taken_down(
    engine: Engine, sql_database: Database
) -> None:
    before = contents(sql_database)
    with pytest.raises(Refused, match="no way below"):
        await down(engine, sql_database, force=True)
    assert contents(sql_database) == before
    sql_database.rows("INSERT INTO schema_version VALUES (3)")
    before = contents(sql_database)
    with pytest.raises(SchemaMismatch, match="has schema 3, this program knows 2"):
        await down(engine, sql_database, force=True)
    assert contents(sql_database) == before


async def test_an_empty_database_is_looked_at_and_left_empty(sql_database: Database) -> None:
    async with opened(sql_database) as engine:
        assert await schema.find_version(engine, sql_database.engine) == 0
        await schema.refuse_workers(engine, sql_database.engine, T0)
        with pytest.raises(Refused, match="no schema yet"):
            await down(engine, sql_database)
        assert shape(sql_database) == [[], []]


def test_looking_into_a_file_that_is_not_there_makes_none(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"none\.db cannot be read"):
        schema.version_in_file(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


# Mistakes in the way back --------------------------------------------------------------------

DROP = "ALTER TABLE message DROP COLUMN unanswerable;"
UNGUARDED = "CREATE INDEX one_open_ticket_per_thread ON ticket_thread (thread_id) WHERE is_open = 1;"
MISTAKES = {
    "SELECT 1;": "Too much: column message.unanswerable; missing: nothing.",
    DROP + "DROP INDEX message_of_ticket;": "Too much: nothing; missing: index message.message_of_ticket.",
    DROP
    + "CREATE TABLE left_over (id BIGINT);": "Too much: column left_over.id, table left_over; missing: nothing.",
    DROP + "ALTER TABLE message DROP COLUMN html; ALTER TABLE message ADD COLUMN html BIGINT;": (
        "Too much: column message.html; missing: column message.html."
    ),
    DROP + "DROP INDEX one_open_ticket_per_thread;" + UNGUARDED: (
        "Too much: index ticket_thread.one_open_ticket_per_thread; "
        "missing: index ticket_thread.one_open_ticket_per_thread."
    ),
    DROP + "ALTER TABLE message DROP COLUMN event_id; ALTER TABLE message ADD COLUMN event_id BIGINT;": (
        "Too much: nothing; missing: constraint message."
    ),
}
"""Ways that run without an error, and what they are told."""


async def test_a_way_that_leads_elsewhere_is_taken_back(engine: Engine, sql_database: Database) -> None:
    await up(engine, sql_database)
    before = contents(sql_database)
    for way, sentence in MISTAKES.items():
        with pytest.raises(SchemaMismatch) as caught:
            await down(engine, sql_database, force=True, way=way)
        assert sentence in str(caught.value)
        assert contents(sql_database) == before


async def test_a_way_that_breaks_is_a_sentence_and_is_taken_back(engine: Engine, sql_database: Database) -> None:
    await up(engine, sql_database)
    before = contents(sql_database)
    with pytest.raises(StoreError, match="nowhere"):
        await down(engine, sql_database, way=DROP + "DROP TABLE nowhere;")
    assert contents(sql_database) == before
    sql_database.rows("CREATE VIEW report AS SELECT id, unanswerable FROM message")
    before = contents(sql_database)
    with pytest.raises(StoreError, match=r"unanswerable.*\.$"):
        await down(engine, sql_database)
    assert contents(sql_database) == before


# Kills and neighbours ------------------------------------------------------------------------

DYING = """
import asyncio, sys, threading
from datetime import UTC, datetime
from store import schema
from store.sql import make_engine

class Watched:
    '''A transaction that never gets past the step's own statement.'''
    def __init__(self, tx):
        self.all, self.tx = tx.all, tx
    def run(self, sql, params={}):
        count = self.tx.run(sql, params)
        if sys.argv[2] in sql:
            print("between", flush=True)
            threading.Event().wait()
        return count

class Dying:
    def __init__(self, engine):
        self.read, self.engine = engine.read, engine
    async def write(self, work):
        return await self.engine.write(lambda tx: work(Watched(tx)))

async def main():
    engine, dialect = make_engine(sys.argv[1])
    await engine.open()
    known = {number: schema.migrations()[number] for number in (1, 2)}
    if "DROP" in sys.argv[2]:
        await schema.take_down(Dying(engine), dialect, datetime.now(UTC), known=known)
    else:
        await schema.bring_up(Dying(engine), dialect, known=known)

asyncio.run(main())
"""


def die_at(statement: str, database: Database) -> None:
    """A program that is killed once it has run the statement, before its commit."""
    command = [sys.executable, "-c", DYING, database.url, statement]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        reached = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert reached == "between\n"


async def test_a_kill_on_the_way_down_changes_nothing(engine: Engine, sql_database: Database) -> None:
    await up(engine, sql_database)
    before = contents(sql_database)
    await asyncio.to_thread(die_at, "DROP COLUMN unanswerable", sql_database)
    assert contents(sql_database) == before
    await down(engine, sql_database)


async def test_a_kill_on_the_way_up_changes_nothing(engine: Engine, sql_database: Database) -> None:
    before = contents(sql_database)
    await asyncio.to_thread(die_at, "ADD COLUMN unanswerable", sql_database)
    assert contents(sql_database) == before
    assert await up(engine, sql_database) == ["unanswerable"]


async def test_of_two_programs_going_up_one_takes_the_step(engine: Engine, sql_database: Database) -> None:
    async with opened(sql_database) as other:
        steps = await asyncio.gather(up(engine, sql_database), up(other, sql_database))
    assert sorted(steps) == [[], ["unanswerable"]]
    assert reasons(sql_database)["nobody"] == REASON


async def test_of_two_programs_going_down_one_is_refused(engine: Engine, sql_database: Database) -> None:
    await up(engine, sql_database)
    async with opened(sql_database) as other:
        ends = await asyncio.gather(down(engine, sql_database), down(other, sql_database), return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["Refused", "tuple"]
    assert sql_database.rows("SELECT version FROM schema_version") == [(1,)]


async def test_a_step_up_from_where_the_database_no_longer_stands_is_not_taken(
    engine: Engine, sql_database: Database
) -> None:
    """Another program goes down between our look and our step: we look again and take both."""
    await up(engine, sql_database)
    third = Migration(3, "third", "CREATE TABLE third (id BIGINT);", None)

    class Overtaken:
        """The database, which another program takes down once, right after the first look."""

        def __init__(self) -> None:
            self.looks = 0

        async def write(self, work: object) -> object:
            result = await engine.write(work)  # type: ignore[arg-type]
            self.looks += 1
            if self.looks == 1:
                await down(engine, sql_database)
            return result

    await schema.bring_up(Overtaken(), sql_database.engine, known=BOTH | {3: third})  # type: ignore[arg-type]
    assert sql_database.rows("SELECT version FROM schema_version ORDER BY 1") == [(1,), (2,), (3,)]
    assert reasons(sql_database)["nobody"] == REASON


# The files -----------------------------------------------------------------------------------


def test_every_migration_has_its_way_back_but_the_first() -> None:
    assert [step.number for step in migrations().values() if step.down is None] == [1]
    assert list(migrations()) == list(range(1, len(migrations()) + 1))


def test_every_way_back_belongs_to_a_migration() -> None:
    files = {path.name for path in (ROOT / "store/migrations").glob("*.sql")}
    ups = {f"{step.number:04}_{step.name}" for step in migrations().values()}
    assert files == {f"{name}.sql" for name in ups} | {f"{name}.down.sql" for name in ups - {"0001_initial"}}


@pytest.mark.parametrize("step", [step for step in migrations().values() if step.down], ids=lambda step: step.name)
def test_every_check_of_a_way_back_is_understood(step: Migration) -> None:
    assert step.down is not None
    found = schema.checks(step.down)
    assert step.down.count("-- check:") == step.down.count("-- refuse:") == len(found)
    assert all(check.startswith("SELECT COUNT(") and "{count}" in sentence for check, sentence in found)
    assert not any("--" in check + sentence for check, sentence in found)
