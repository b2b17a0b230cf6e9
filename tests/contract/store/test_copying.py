"""Copying a store: what any cell may hold, how much is held at once, what the catalogues decide."""

import asyncio
import hashlib
import math
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.copying import Compared, Step, opened
from tests.support.builders import T0, file, following, get_ticket, open_ticket
from tests.support.stores import Database, fresh_schema
from tickets.errors import StoreError
from tickets.ids import TicketNumber
from tickets.storage import Store

CHUNK = 256 * 1024
MOST_BYTES = 8 * 1024 * 1024
MOST_ROWS = 1_000
CONVERSATION = "INSERT INTO conversation (id, account, key, oldest_at, arrivals, leased_arrivals, lease_until)"
IDENTITY = "INSERT INTO identity (id, contact_id, channel, external_id, display_name, unreachable)"


def copied(path: Path, url: str) -> tuple[list[Step], list[Compared]]:
    """Every step on the way, and the two sides when it is done."""
    steps: list[Step] = []
    with opened(path, url, steps.append) as both:
        asyncio.run(both.prepare())
        both.copy()
        found = list(both.compare())
        both.finish()
    return steps, found


def sizes(steps: Sequence[Step]) -> dict[str, list[int]]:
    """How many rows each batch of a table brought."""
    batches: dict[str, list[int]] = defaultdict(list)
    before: dict[str, int] = defaultdict(int)
    for step in steps:
        if step.doing == "copied":
            batches[step.table].append(step.rows - before[step.table])
            before[step.table] = step.rows
    return batches


async def make(database: Database, content: bytes = b"") -> None:
    """A store; with a content, it is a ticket's attachment."""
    store: Store = database.store()
    await store.open()
    if content:
        await open_ticket(store, "ann")
        known = await get_ticket(store, TicketNumber(1))
        more = following(known, "more", attachments=(file("big", "more"),))
        await store.admit([more], T0)
        await store.store_attachment(more.attachments[0].id, content, T0)
    await store.close()


def made(folder: Path, content: bytes = b"") -> Database:
    database = Database("sqlite", f"sqlite:///{folder}/switchboard.db")
    asyncio.run(make(database, content))
    return database


def insert(folder: Path, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    with closing(sqlite3.connect(folder / "switchboard.db")) as connection, connection:
        connection.executemany(statement, rows)


def test_large_files_and_many_rows_go_in_bounded_batches(postgres_url: str, tmp_path: Path) -> None:
    made(tmp_path, bytes(100 * CHUNK))
    insert(tmp_path, "INSERT INTO posting VALUES (?, ?)", [(-n, n) for n in range(1, 2_501)])
    with fresh_schema(postgres_url) as url:
        steps, found = copied(tmp_path / "switchboard.db", url)
    assert all(one.equal for one in found)
    batches = sizes(steps)
    assert sum(batches["blob_chunk"]) == 100
    assert max(batches["blob_chunk"]) * CHUNK <= MOST_BYTES
    assert len(batches["blob_chunk"]) == math.ceil(100 * CHUNK / MOST_BYTES)
    assert max(batches["posting"]) == MOST_ROWS
    assert max(step.rows for step in steps if step.table == "posting") == 2 * sum(batches["posting"])


# Texts as the store lets them in: no NUL, no lone surrogates.
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)))
words = st.tuples(texts, st.integers(-(2**63), 2**63 - 1))
floats = st.floats(allow_nan=False)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(words, max_size=30), st.lists(st.binary(max_size=200), max_size=10), st.lists(floats, max_size=10))
def test_every_value_that_a_cell_can_hold_arrives(
    postgres_url: str, people: list[tuple[str, int]], secrets: list[bytes], pauses: list[float]
) -> None:
    with TemporaryDirectory() as name, fresh_schema(postgres_url) as url:
        source = made(Path(name))
        contacts = [(f"c {n} {text}", text, number) for n, (text, number) in enumerate(people)]
        insert(Path(name), "INSERT INTO contact VALUES (?, ?, ?)", contacts)
        insert(Path(name), "INSERT INTO secret VALUES (?, ?)", [(f"s{n}", one) for n, one in enumerate(secrets)])
        source.rows(f"{CONVERSATION} VALUES (9, 'a', 'k', 0, 0, 0, 0)")
        insert(
            Path(name),
            "INSERT INTO raw_event (id, conversation_id, channel, account, external_id, state, attempts, sha256, "
            "size_bytes, received_at, own_id, group_key, quiet_s, note, reason) "
            "VALUES (?, 9, 'x', 'a', ?, 'done', 0, '', 0, 0, '', '', ?, '', '')",
            [(n, str(n), pause) for n, pause in enumerate(pauses, 1)],
        )
        _, found = copied(Path(name, "switchboard.db"), url)
        assert [one.table for one in found if not one.equal] == []
        target = Database("postgres", url)
        for table in ("contact", "secret", "raw_event"):
            assert sorted(map(repr, target.rows(f"SELECT * FROM {table}"))) == sorted(
                map(repr, source.rows(f"SELECT * FROM {table}"))
            )


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("INSERT INTO contact VALUES ('ключ', 'A' || char(0) || 'B', 0)", "table contact with id 'ключ'"),
        ("INSERT INTO posting VALUES (5, 'seven')", "table posting with segment 5, number 'seven'"),
        (f"{IDENTITY} VALUES ('i', 'nobody', 'x', '1', 'A', 0)", "table identity with id 'i'"),
        (f"{CONVERSATION} VALUES (1, 'a', hex(randomblob(9000)), 0, 0, 0, 0)", "table conversation with id 1"),
    ],
    ids=["NUL", "no number", "a reference to nothing", "too long for an index"],
)
def test_a_row_that_the_server_refuses_is_named(
    statement: str, sentence: str, postgres_url: str, tmp_path: Path
) -> None:
    source = made(tmp_path)
    insert(tmp_path, "INSERT INTO posting VALUES (?, ?)", [(n, n) for n in range(100, 700)])
    source.rows(statement)
    with fresh_schema(postgres_url) as url:
        with pytest.raises(StoreError, match="PostgreSQL refuses the row of") as error:
            copied(tmp_path / "switchboard.db", url)
        assert sentence in str(error.value)
        kept = Database("postgres", url).rows("SELECT name, rows FROM copying")
    assert len(kept) > 30


def test_tables_come_after_those_they_refer_to(postgres_url: str, tmp_path: Path) -> None:
    source = made(tmp_path)
    with fresh_schema(postgres_url) as url:
        _, found = copied(tmp_path / "switchboard.db", url)
    order = [one.table for one in found]
    held = source.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    assert sorted(order) == sorted(row[0] for row in held if row[0] != "schema_version")
    references = source.rows(
        'SELECT m.name, f."table" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f '
        "WHERE m.type = 'table' AND f.\"table\" <> m.name"
    )
    assert references
    assert [pair for pair in references if order.index(pair[0]) < order.index(pair[1])] == []


def test_the_file_stays_as_it_was(postgres_url: str, tmp_path: Path) -> None:
    made(tmp_path, b"content")
    path = tmp_path / "switchboard.db"
    before = hashlib.sha256(path.read_bytes()).digest()
    with fresh_schema(postgres_url) as url:
        copied(path, url)
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert [one.name for one in tmp_path.iterdir()] == ["switchboard.db"]


def test_two_rows_swapped_between_columns_are_a_difference(postgres_url: str, tmp_path: Path) -> None:
    """The sum of hashes does not hide what moved from one row to another."""
    made(tmp_path)
    insert(tmp_path, "INSERT INTO contact VALUES (?, ?, 0)", [("a", "Ann"), ("b", "Bob")])
    with fresh_schema(postgres_url) as url:
        copied(tmp_path / "switchboard.db", url)
        Database("postgres", url).rows(
            "UPDATE contact SET display_name = CASE id WHEN 'a' THEN 'Bob' ELSE 'Ann' END"
        )
        with opened(tmp_path / "switchboard.db", url, lambda _step: None) as both:
            assert [one.table for one in both.compare() if not one.equal] == ["contact"]
