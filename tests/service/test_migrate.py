"""``switchboard migrate`` as its user meets it: real processes, real exit codes."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.locks import only_service
from store.schema import migrations
from tests.service.conftest import PASSWORD, Run
from tests.support.stores import Database

ROOT = Path(__file__).resolve().parents[2]
NEWEST = max(migrations())
LAST = f"({migrations()[NEWEST].name})"
FAR_AWAY = 4_102_444_800_000_000
"""The year 2100, in microseconds."""


def process(*words: str, folder: Path) -> tuple[int, str]:
    """The same by a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "service", "migrate", *words],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode()


def everything(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_where_there_is_no_database_none_is_made(migrate: Run, tmp_path: Path) -> None:
    code, said = migrate("--check")
    assert code == 1
    assert "There is no database yet" in said
    assert "Missing: schema 0 → 1 (initial)" in said
    assert migrate("--down") == (2, "✗ There is no database yet: there is nothing to take back.\n")
    assert everything(tmp_path) == {}


def test_up_checked_and_down_on_a_file(migrate: Run, tmp_path: Path) -> None:
    code, said = process(folder=tmp_path)
    assert code == 0
    assert said.splitlines()[:2] == ["schema 0 → 1 (initial)", "schema 1 → 2 (unanswerable)"]
    assert f"The database stands at schema {NEWEST}, the newest this program knows." in said

    before = everything(tmp_path)
    code, said = migrate("--check")
    assert (code, "No step is missing." in said) == (0, True)
    assert everything(tmp_path) == before
    code, said = migrate()
    assert (code, said.startswith("Nothing to do.")) == (0, True)

    code, said = migrate("--down")
    assert code == 0
    assert f"schema {NEWEST} → {NEWEST - 1} {LAST}" in said
    assert "Install the older program before anything is started" in said
    code, said = migrate("--check")
    assert (code, f"Missing: schema {NEWEST - 1} → {NEWEST} {LAST}" in said) == (1, True)


def test_a_living_worker_is_an_exit_code_and_no_traceback(migrate: Run, tmp_path: Path) -> None:
    migrate()
    database = Database("sqlite", f"sqlite:///{tmp_path}/data/switchboard.db")
    database.rows(f"INSERT INTO lease VALUES ('worker:desk:7:ab', 'desk:7:ab', {FAR_AWAY})")
    code, said = process("--down", "--force", folder=tmp_path)
    assert code == 2
    assert said.startswith("✗ Switchboard is running (desk:7:ab): stop it first.")
    assert len(said.splitlines()) == 1


def test_a_service_that_only_begins_is_noticed_by_its_lock(migrate: Run, tmp_path: Path) -> None:
    migrate()
    with only_service(tmp_path / "data" / "switchboard.db"):
        code, said = migrate("--down")
    assert (code, "Another Switchboard runs" in said) == (2, True)


def test_what_force_gave_up_is_told(migrate: Run, tmp_path: Path) -> None:
    migrate()
    for _ in range(NEWEST - 2):
        migrate("--down")
    database = Database("sqlite", f"sqlite:///{tmp_path}/data/switchboard.db")
    database.rows("INSERT INTO contact VALUES ('c', 'Ann', 0)")
    database.rows("INSERT INTO identity VALUES ('i', 'c', 'x', '7', 'Ann', NULL, NULL, 0, NULL)")
    database.rows(
        "INSERT INTO ticket VALUES ('t', 1, '', 'open', 1, '[]', '', 'x', 'x:a', 'i', 'Ann', NULL, NULL, "
        "0, 0, NULL, 0, 1, 0, '', 1, 'private')"
    )
    database.rows(
        "INSERT INTO message (id, ticket_id, identity_id, direction, author, text, sent_at, stored_at, "
        "recipients_to, recipients_cc, warnings, unanswerable) "
        "VALUES ('m', 't', 'i', 'in', 'Ann', 'Hi', 0, 0, '[]', '[]', '[]', 'Closed for us.')"
    )
    code, said = migrate("--down")
    assert (code, "cannot be answered: 1. Nothing was changed; --force accepts the loss." in said) == (2, True)
    code, said = migrate("--down", "--force")
    assert (code, "Lost, as --force accepts: Messages that lose the reason" in said) == (0, True)


@pytest.mark.parametrize("sql_database", ["postgres"], indirect=True)
def test_up_down_and_a_newer_database_on_a_server(migrate: Run, sql_database: Database) -> None:
    server = functools.partial(migrate, SWITCHBOARD__SERVICE__DATABASE=sql_database.url)
    code, said = server("--check")
    assert (code, "stands at schema 0" in said) == (1, True)
    assert (
        sql_database.rows("SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace") == []
    )
    code, said = server()
    assert (code, said.splitlines()[:2]) == (0, ["schema 0 → 1 (initial)", "schema 1 → 2 (unanswerable)"])
    code, said = server("--down")
    assert (code, f"schema {NEWEST} → {NEWEST - 1} {LAST}" in said) == (0, True)
    sql_database.rows("INSERT INTO schema_version VALUES (999)")
    code, said = server("--check")
    assert (code, "The database has schema 999" in said) == (2, True)


def test_a_server_that_is_away_is_a_sentence_without_its_password(migrate: Run, tmp_path: Path) -> None:
    code, said = migrate(SWITCHBOARD__SERVICE__DATABASE=f"postgresql://x:{PASSWORD}@/x?host={tmp_path}")
    assert (code, "service.database cannot be used" in said) == (2, True)


def test_a_file_that_is_no_database_is_a_sentence(migrate: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"this is no database, and it is not empty" * 100)
    code, said = migrate("--check", SWITCHBOARD__SERVICE__DATABASE=f"sqlite:///{tmp_path}/notes.txt")
    assert (code, said.startswith("✗ The database notes.txt cannot be read")) == (2, True)


@pytest.mark.parametrize("words", [("--check", "--down"), ("--force",)], ids=" ".join)
def test_options_that_do_not_go_together_are_refused(words: tuple[str, ...], migrate: Run, tmp_path: Path) -> None:
    code, said = migrate(*words)
    assert (code, said.startswith("✗ --")) == (2, True)
    assert everything(tmp_path) == {}
