"""``switchboard migrate --to``: a whole store to a real PostgreSQL, killed, resumed, refused."""

import asyncio
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from service.commands.move import masked
from service.locks import only_service
from store.schema import migrations
from tests.service.conftest import PASSWORD, Run
from tests.service.test_command_line import switchboard
from tests.support.builders import MAIN, T0, at, get_delivery, open_ticket, raw, receive, user
from tests.support.launcher import launch
from tests.support.moving import FILE, LOCK, WORDS, fill, held_up, somebody_waits, using
from tests.support.program import breathe
from tests.support.stores import Database, fresh_schema
from tests.support.town import PATIENCE_S, open_town, until
from tickets.ids import BlobId, TicketNumber
from tickets.records import NewJob, TicketFilter
from tickets.storage import Store

NEWEST = max(migrations())
GOES_ON = "this one goes on from there"


@pytest.fixture
def source(tmp_path: Path) -> Database:
    """A store with something of every kind, where the configuration expects it."""
    (tmp_path / "data").mkdir()
    database = Database("sqlite", f"sqlite:///{tmp_path}/data/switchboard.db")
    using(database, fill)
    return database


@pytest.fixture
def target(postgres_url: str) -> Iterator[Database]:
    with fresh_schema(postgres_url) as url:
        yield Database("postgres", url)


def hold(condition: Callable[[], object], what: str) -> None:
    """Return once the condition holds, with another process at work."""
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up, f"waited in vain: {what}"
        breathe()


def with_password(url: str) -> str:
    return url.replace("//test@", f"//test:{PASSWORD}@")


# The whole of it ----------------------------------------------------------------------


def test_everything_is_copied_compared_and_explained(migrate: Run, source: Database, target: Database) -> None:
    url = with_password(target.url)
    before = source.rows("SELECT * FROM message ORDER BY id")
    code, said = migrate("--to", url)
    assert code == 0
    assert "posting: copied" in said
    assert re.search(r"^blob_chunk +12 +[0-9a-f]{16} +equal$", said, re.MULTILINE)
    assert "DIFFERS" not in said
    assert f'database = "{url.replace(PASSWORD, "***")}"' in said
    assert "data/secret.key stays where it is" in said
    assert source.rows("SELECT * FROM message ORDER BY id") == before
    code, said = migrate("--to", url, "--verify")
    assert (code, "Every table is equal." in said) == (0, True)
    assert migrate(SWITCHBOARD__SERVICE__DATABASE=url)[0] == 0


def test_no_known_table_was_left_empty(source: Database) -> None:
    """What the copy is shown with is of every kind there was when this was written."""
    known = (
        "account_cursor api_token app_user attachment blob blob_chunk budget channel_health command contact "
        "conversation counter delivery delivery_part fingerprint identity job lease message message_ref "
        "message_version participant posting raw_event secret session signin_link thread ticket ticket_event "
        "ticket_thread"
    )
    assert [name for name in known.split() if not source.rows(f"SELECT 1 FROM {name}")] == []


async def everything(store: Store) -> dict[str, object]:
    """What a store shows through its doors."""
    numbers = [TicketNumber(n) for n in range(1, 31)]
    shown: dict[str, object] = {f"ticket {n}": await store.find_ticket(n) for n in numbers}
    for name, words in WORDS.items():
        found = await store.list_tickets(TicketFilter(query=" ".join(words.split()[:2]), limit=200))
        assert found.items, name
        shown[f"search {name}"] = found
    shown["raw"] = [await store.read_raw(n) for n in (1, 2, 3, 4, 5, 6)]  # type: ignore[arg-type]
    shown["quarantine"] = await store.list_quarantine()
    shown["events"] = await store.events_after(0)
    shown["delivery"] = [await get_delivery(store, name) for name in ("answer", "waiting")]
    shown["command"] = await store.find_command("user", "key")
    shown["users"] = await store.list_users()
    shown["session"] = await store.find_session("s" * 64, at(1))
    shown["token"] = await store.find_token("h" * 64)
    shown["health"] = await store.list_health()
    shown["secret"] = await store.get_secret("telegram:main/webhook", lambda: b"made anew")
    shown["cursor"] = await store.find_cursor(MAIN)
    shown["rows"] = await store.count_rows()
    sha = (await store.find_ticket(TicketNumber(1))).messages[-1].attachments[0].sha256  # type: ignore[union-attr]
    shown["file"] = b"".join([piece async for piece in store.read_blob(BlobId(sha or ""))])
    assert shown["file"] == FILE
    return shown


async def go_on(store: Store) -> dict[str, object]:
    """What is numbered next, in every table that numbers; after rows that are gone too."""
    await store.enqueue_jobs([NewJob("fetch", "later", T0)])
    await receive(store, raw("later", "chat later"))
    await open_ticket(store, "later", text="明天再说")
    [job] = [one for one in await store.lease_jobs("w2", at(1_000), 60, 10) if one.payload == {}]
    events = await store.events_after(0)
    leased = await store.lease_events("w2", at(1_000), 60, 100)
    newest = await store.find_ticket(TicketNumber(31))
    return {
        "job": job.id,
        "seq": events[-1].seq,
        "event": max(one.id for one in leased),
        "said": [one.text for one in newest.messages] if newest else [],
    }


def test_the_store_goes_on_there_as_it_would_have_here(migrate: Run, source: Database, target: Database) -> None:
    using(source, forget_the_newest_job)
    assert migrate("--to", target.url)[0] == 0
    assert using(target, everything) == using(source, everything)
    assert using(target, go_on) == using(source, go_on)


async def forget_the_newest_job(store: Store) -> None:
    """So that the next job's number is not the one behind the largest that is there."""
    await store.forget_old(at(100 * 86_400))


async def test_a_service_moves_and_its_people_notice_nothing(postgres_url: str, tmp_path: Path) -> None:
    here = f"sqlite:///{tmp_path}/switchboard.db"
    with fresh_schema(postgres_url) as there:
        async with open_town() as town:
            async with town.open_for_business(town.config(here, tmp_path)):
                town.anna.write("Wie lange dauert die Auszahlung?", town.bot)
                town.mei.write(to="support@example.test", subject="账户", text="我的账户被盗了")
                town.linh.say("Ai giúp mình với?", town.hall, mention=town.discord_bot)
                ticket = await town.ticket_saying("Auszahlung")
                await town.settled(await town.answer(ticket.ticket.number, "Zwei Tage."), "sent")
                await town.ticket_saying("被盗")
                await town.ticket_saying("giúp")
                (answer,) = [one for one in town.telegram.sent if one.text == "Zwei Tage."]
                before = await town.tickets()
            environment = {"SWITCHBOARD__SERVICE__DATABASE": here, "SWITCHBOARD_MIGRATE_TO": there}
            code, out, err = await asyncio.to_thread(switchboard, "migrate", folder=tmp_path, **environment)
            assert (code, err, "Every table is equal." in out) == (0, "", True)
            async with town.open_for_business(town.config(there, tmp_path)):
                assert await town.tickets() == before
                town.anna.write("Und am Wochenende?", town.bot, reply_to=answer.message_id)
                town.mei.write(to="support@example.test", subject="另一件事", text="请问什么时候营业")
                assert (await town.ticket_saying("Wochenende")).ticket.number == ticket.ticket.number
                assert (await town.ticket_saying("营业")).ticket.number == len(before) + 1
                await town.settled(await town.answer(ticket.ticket.number, "Auch dann."), "sent")
                await until(lambda: "Auch dann." in town.telegram_texts(), "the answer at the person's")


def test_on_a_terminal_there_is_a_bar(source: Database, target: Database, tmp_path: Path) -> None:
    code, out, err = switchboard("migrate", "--to", target.url, folder=tmp_path, FORCE_COLOR="1", TERM="xterm")
    assert (code, err) == (0, "")
    assert "posting: copied \x1b[" in out
    assert "━" in out
    assert "posting: copied 3," in out


# Stopped and resumed ------------------------------------------------------------------


def started(target: Database, folder: Path) -> ForkServerProcess:
    (folder / "config.toml").write_text(f'[service]\ndata_dir = "{folder}/data"\n')
    words = ["migrate", "--config", str(folder / "config.toml"), "--to", target.url]
    return launch(words, folder / "out.txt", "")


MOMENTS = {
    "before the first row": ("account_cursor", 1),
    "within a batch": ("posting", 500),
    "between batches": ("posting", 2_500),
    "among files": ("blob_chunk", 6),
    "at references": ("message", 3),
    "at the last step": ("schema_version", 1),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_it_goes_on_where_it_was(
    moment: str, migrate: Run, source: Database, target: Database, tmp_path: Path
) -> None:
    assert migrate(SWITCHBOARD__SERVICE__DATABASE=target.url)[0] == 0
    with held_up(target.url, *MOMENTS[moment]) as holder:
        process = started(target, tmp_path)
        hold(lambda: somebody_waits(holder), f"the copying {moment}")
        process.kill()
        process.join(PATIENCE_S)
        assert process.exitcode == -signal.SIGKILL
    copied = sum(row[0] for row in target.rows("SELECT rows FROM copying"))
    assert copied == sum(target.rows(f"SELECT count(*) FROM {name}")[0][0] for name in tables(target))
    code, said = migrate(SWITCHBOARD__SERVICE__DATABASE=target.url)
    assert (code, "Another program is upgrading this database" in said) == (2, True)
    cleared(target)
    code, said = migrate("--to", target.url)
    assert (code, GOES_ON in said, "DIFFERS" in said) == (0, True, False)
    assert ("posting: copied 3," in said) == (
        moment in ("before the first row", "within a batch", "between batches")
    )
    assert using(target, everything) == using(source, everything)


def tables(target: Database) -> list[str]:
    return [row[0] for row in target.rows("SELECT name FROM copying")]


def cleared(target: Database) -> None:
    """The target without what held it up."""
    target.rows("DROP FUNCTION IF EXISTS hold_up CASCADE")


def test_ctrl_c_leaves_what_can_be_resumed_and_says_so(
    migrate: Run, source: Database, target: Database, tmp_path: Path
) -> None:
    assert migrate(SWITCHBOARD__SERVICE__DATABASE=target.url)[0] == 0
    with held_up(target.url, "posting", 1_500) as holder:
        process = started(target, tmp_path)
        hold(lambda: somebody_waits(holder), "the second batch")
        os.kill(process.pid or 0, signal.SIGINT)
        holder.execute(f"SELECT pg_advisory_unlock({LOCK})")
        process.join(PATIENCE_S)
    assert process.exitcode == 130
    assert "What was copied stays" in (tmp_path / "out.txt").read_text()
    assert "Traceback" not in (tmp_path / "out.txt").read_text()
    assert target.rows("SELECT rows FROM copying WHERE name = 'posting'") == [(2_000,)]
    cleared(target)
    code, said = migrate("--to", target.url)
    assert (code, GOES_ON in said) == (0, True)


@pytest.fixture
def half(migrate: Run, source: Database, target: Database) -> str:
    """A copying that a row stopped half-way; the statement that puts the row right."""
    source.rows("UPDATE ticket SET sort_at = 'soon' WHERE number = 7")
    code, said = migrate("--to", target.url)
    assert code == 2
    assert "refuses the row of table ticket with id 't-chinese1': invalid input syntax" in said
    assert len(said.strip().splitlines()[-1]) < 400
    return "UPDATE ticket SET sort_at = 0 WHERE number = 7"


def test_a_row_that_is_refused_is_named_and_the_rest_follows_once_it_is_right(
    half: str, migrate: Run, source: Database, target: Database
) -> None:
    copied = target.rows("SELECT count(*) FROM posting")
    assert copied == source.rows("SELECT count(*) FROM posting")
    assert target.rows("SELECT count(*) FROM ticket") == [(0,)]
    source.rows(half)
    code, said = migrate("--to", target.url)
    assert (code, GOES_ON in said, "posting: copied" in said) == (0, True, False)
    assert target.rows("SELECT sort_at FROM ticket WHERE number = 7") == [(0,)]


def test_a_source_that_changed_meanwhile_is_copied_anew(
    half: str, migrate: Run, source: Database, target: Database
) -> None:
    source.rows(half)
    using(source, lambda store: store.add_user(user("Newcomer")))
    code, said = migrate("--to", target.url)
    assert (code, "it begins anew" in said) == (0, True)
    assert len(target.rows("SELECT 1 FROM app_user")) == 2


def test_half_a_copy_of_an_older_program_is_begun_anew(
    half: str, migrate: Run, source: Database, target: Database
) -> None:
    source.rows(half)
    target.rows("UPDATE copying SET version = version - 1")
    code, said = migrate("--to", target.url)
    assert (code, "it begins anew" in said) == (0, True)
    assert target.rows("SELECT max(version) FROM schema_version") == [(NEWEST,)]


def test_half_a_copy_of_another_database_is_refused(
    half: str, migrate: Run, source: Database, target: Database, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Database("sqlite", f"sqlite:///{tmp_path}/other/switchboard.db")
    using(other, lambda store: store.add_user(user("Somebody else")))
    code, said = migrate("--to", target.url, SWITCHBOARD__SERVICE__DATA_DIR=str(tmp_path / "other"))
    assert (code, f"unfinished copy of another database ({tmp_path}/data/switchboard.db)" in said) == (2, True)


def test_half_a_copy_in_which_somebody_wrote_is_refused(half: str, migrate: Run, target: Database) -> None:
    target.rows("INSERT INTO contact VALUES ('c-9', 'Somebody', 0)")
    code, said = migrate("--to", target.url)
    assert (code, "Something else has written to the target since the copying began: contact." in said) == (
        2,
        True,
    )


def test_half_a_copy_that_is_compared_says_so(half: str, migrate: Run, target: Database) -> None:
    code, said = migrate("--to", target.url, "--verify")
    assert (code, "The copy is not finished" in said) == (1, True)
    assert re.search(r"^ticket +30 and 0 .*DIFFERS$", said, re.MULTILINE)


# Refused ------------------------------------------------------------------------------


def test_a_difference_names_its_table(migrate: Run, source: Database, target: Database) -> None:
    assert migrate("--to", target.url)[0] == 0
    target.rows("UPDATE message SET text = text || ' ' WHERE id = 'm-thai0'")
    code, said = migrate("--to", target.url, "--verify")
    assert (code, "The two databases differ in: message." in said) == (1, True)


def test_a_target_that_differs_in_the_end_is_not_let_loose(
    migrate: Run, source: Database, target: Database
) -> None:
    """A trigger of the server changes a text on its way; the copy is never finished."""
    assert migrate(SWITCHBOARD__SERVICE__DATABASE=target.url)[0] == 0
    target.rows(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.text = upper(NEW.text); RETURN NEW; END $$"
    )
    target.rows("CREATE TRIGGER spoil BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION spoil()")
    code, said = migrate("--to", target.url)
    assert (code, "differ in: message." in said, "[service]" in said) == (1, True, False)
    assert target.rows("SELECT 1 FROM schema_version") == []


def test_a_target_that_holds_anything_is_refused(migrate: Run, source: Database, target: Database) -> None:
    using(target, lambda store: store.add_user(user("Resident")))
    code, said = migrate("--to", target.url)
    assert (code, "The target is not empty: it holds app_user." in said) == (2, True)
    assert len(target.rows("SELECT 1 FROM app_user")) == 1


def test_a_target_of_another_program_is_refused(migrate: Run, source: Database, target: Database) -> None:
    target.rows("CREATE TABLE invoices (n BIGINT)")
    code, said = migrate("--to", target.url)
    assert (code, "it holds invoices. Nothing was changed." in said) == (2, True)
    assert target.rows("SELECT to_regclass('ticket')") == [(None,)]


def test_a_target_of_a_newer_program_is_refused(migrate: Run, source: Database, target: Database) -> None:
    using(target, lambda store: store.check())
    target.rows("INSERT INTO schema_version VALUES (999)")
    code, said = migrate("--to", target.url)
    assert (code, "The database has schema 999" in said) == (2, True)


def test_an_older_source_is_to_be_brought_up_first(migrate: Run, source: Database, target: Database) -> None:
    assert migrate("--down", "--force")[0] == 0
    code, said = migrate("--to", target.url)
    assert (code, f"stands at schema {NEWEST - 1}, this program at {NEWEST}. Run `switchboard" in said) == (
        2,
        True,
    )
    assert migrate()[0] == 0
    assert migrate("--to", target.url)[0] == 0


def test_a_running_service_is_to_be_stopped_first(migrate: Run, source: Database, tmp_path: Path) -> None:
    with only_service(tmp_path / "data" / "switchboard.db"):
        code, said = migrate("--to", f"postgresql://x:{PASSWORD}@nowhere/x")
    assert (code, "Another Switchboard runs on" in said) == (2, True)


def test_two_copyings_into_one_target_are_one_too_many(migrate: Run, source: Database, target: Database) -> None:
    with psycopg.connect(target.url) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('switchboard copying ' || current_schema(), 0))")
        code, said = migrate("--to", target.url)
    assert (code, "Another copying into this target is under way." in said) == (2, True)


def test_nothing_can_be_copied_from_nothing(migrate: Run, tmp_path: Path) -> None:
    code, said = migrate("--to", "postgresql://x@/x")
    assert (code, "There is no database yet, so nothing to copy." in said) == (2, True)
    assert list(tmp_path.rglob("*")) == []


def test_from_server_to_server_is_not_its_work(migrate: Run) -> None:
    code, said = migrate("--to", "postgresql://x@/x", SWITCHBOARD__SERVICE__DATABASE="postgresql://y@/y")
    assert (code, "use pg_dump and pg_restore" in said) == (2, True)


WRONG = {
    f"sqlite:///elsewhere-{PASSWORD}.db": "must begin with postgresql://",
    f"postgresql://x:{PASSWORD}/y@/x": "cannot be",
    f"postgresql://x:{PASSWORD}@h:port/x": "cannot be",
    f"postgresql://x@/x?password={PASSWORD}&nonsense=1": "The URL of the target cannot be read.",
    f"postgresql://x:{PASSWORD}@/x?host=/nowhere": "The database server to copy to cannot be used.",
}


@pytest.mark.parametrize("url", WRONG, ids=range(len(WRONG)))
def test_a_wrong_address_is_a_sentence_without_its_password(url: str, migrate: Run, source: Database) -> None:
    code, said = migrate("--to", url)
    assert (code, WRONG[url] in said) == (2, True)
    assert migrate(SWITCHBOARD_MIGRATE_TO=url) == (code, said)


@pytest.mark.parametrize(
    "words", [("--verify",), ("--to", ""), ("--to", "postgresql://", "--check"), ("--down", "--verify")]
)
def test_options_that_do_not_go_together_are_refused(words: tuple[str, ...], migrate: Run, tmp_path: Path) -> None:
    code, said = migrate(*words)
    assert (code, "--to" in said) == (2, True)
    assert list(tmp_path.rglob("*")) == []


def test_the_variable_alone_does_not_disturb_what_asks_for_the_schema(migrate: Run) -> None:
    code, said = migrate("--check", SWITCHBOARD_MIGRATE_TO=f"postgresql://x:{PASSWORD}@/x")
    assert (code, "There is no database yet; this program" in said) == (1, True)


def test_a_table_of_another_program_stays_behind_and_is_named(
    migrate: Run, source: Database, target: Database
) -> None:
    source.rows("CREATE TABLE notes (n INTEGER)")
    code, said = migrate("--to", target.url)
    assert (code, "Not copied: notes, which is no table of Switchboard." in said) == (0, True)


def test_a_log_that_a_killed_service_left_is_copied_too(
    migrate: Run, source: Database, target: Database, tmp_path: Path
) -> None:
    """What stands in the write-ahead log alone is part of the database."""
    path = tmp_path / "data" / "switchboard.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("INSERT INTO contact VALUES ('c-late', 'Поздний', 0)")
        connection.commit()
        log = path.with_name("switchboard.db-wal").read_bytes()
        body = path.read_bytes()
    path.write_bytes(body)
    path.with_name("switchboard.db-wal").write_bytes(log)
    assert migrate("--to", target.url)[0] == 0
    assert target.rows("SELECT display_name FROM contact WHERE id = 'c-late'") == [("Поздний",)]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:pw@h1:1,h2:2/db?target_session_attrs=read-write",
         "postgresql://me:***@h1:1,h2:2/db?target_session_attrs=read-write"),
        ("postgres://me:a:b%40c@[::1]:5432/db", "postgres://me:***@[::1]:5432/db"),
        ("postgresql://h:5432/db?user=a@b&password=pw&sslpassword=pw2",
         "postgresql://h:5432/db?user=a@b&password=***&sslpassword=***"),
        (f"postgresql:///db?{quote('p').replace('p', '%70')}assword=pw", "postgresql:///db?password=***"),
        ("postgresql://me@h/db", "postgresql://me@h/db"),
    ],
)  # fmt: skip
def test_every_password_is_masked(url: str, shown: str) -> None:
    assert masked(url).replace("%70", "p") == shown
