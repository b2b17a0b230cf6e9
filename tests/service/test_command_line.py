"""The command line as its user meets it: real processes, real exit codes."""

import asyncio
import base64
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.program import Program, breathe
from tests.support.stores import Database
from tests.support.town import PASSWORD, PATIENCE_S, TOKEN, Town, open_town

ROOT = Path(__file__).resolve().parents[2]


def switchboard(*words: str, folder: Path, config: str = "", stdin: bytes | None = None, **environment: str):
    """Run a command in ``folder``; the finished process, with its output as text."""
    if config:
        (folder / "config.toml").write_text(config, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "service", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **environment},
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


SECRET = "700300:a-secret-that-must-not-be-shown"
MISTAKES = {
    "unknown key": ("[inbox]\nprot = 1\n", "config.toml line 2: inbox.prot is not known"),
    "wrong type": ('[inbox]\n\nport = "many"\n', "config.toml line 3: inbox.port must be int"),
    "no secret": ('[telegram.main]\ntoken = {env = "NOT_SET"}\n', "NOT_SET, which is not set"),
    "unreadable secret": ('[telegram.main]\ntoken = {file = "/nowhere/x"}\n', "/nowhere/x, which cannot be read"),
    "same bot twice": (
        f'[telegram.a]\ntoken = "{SECRET}"\n[telegram.b]\ntoken = "{SECRET}"\n',
        "config.toml line 3: telegram.b reads the same as [telegram.a]",
    ),
    "not TOML": ("[inbox\n", "config.toml is not valid TOML"),
    "a broken token": (f'[telegram.main]\ntoken = "{SECRET[:9]}"\n', "telegram.main token must look like"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_configuration_is_one_sentence_and_exit_code_2(name: str, tmp_path: Path) -> None:
    config, sentence = MISTAKES[name]
    code, out, err = switchboard("run", folder=tmp_path, config=config)
    assert code == 2
    assert sentence in err
    assert SECRET not in out + err
    assert "Traceback" not in out + err


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _out, err = switchboard("sandbox", folder=tmp_path, config=f"[inbox]\nport = {port}\n")
    assert code == 2
    assert f"inbox.port: port {port}" in err


def test_a_database_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    switchboard("user", "list", folder=tmp_path)
    path = tmp_path / "data" / "switchboard.db"
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO schema_version (version) VALUES (999)")
    database.close()
    before = path.read_bytes()
    code, _out, err = switchboard("user", "list", folder=tmp_path)
    assert code == 2
    assert "schema 999" in err
    assert path.read_bytes() == before


def test_a_token_is_the_last_word_and_is_shown_once(tmp_path: Path) -> None:
    code, out, _err = switchboard("token", "create", "--name", "robot", "--role", "agent", folder=tmp_path)
    token = out.split()[-1]
    assert code == 0
    assert token.startswith("swb_")
    assert token not in switchboard("token", "list", folder=tmp_path)[1]
    assert token.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert switchboard("token", "create", "--name", "robot", folder=tmp_path)[0] == 2
    assert switchboard("token", "revoke", "robot", folder=tmp_path)[0] == 0
    assert switchboard("token", "revoke", "robot", folder=tmp_path)[0] == 2


def test_users_are_added_listed_and_given_links(tmp_path: Path) -> None:
    code, out, _err = switchboard("user", "add", "Mei Lin", "--role", "lead", folder=tmp_path)
    assert code == 0
    assert "/enter/" in out.split()[-1]
    assert "Mei Lin  lead" in switchboard("user", "list", folder=tmp_path)[1]
    assert switchboard("user", "add", "Mei Lin", folder=tmp_path)[0] == 2
    code, _out, err = switchboard("user", "link", "Nobody", folder=tmp_path)
    assert (code, "There is no user called Nobody" in err) == (2, True)


def test_the_schema_is_printed_as_json(tmp_path: Path) -> None:
    code, out, _err = switchboard("schema", folder=tmp_path)
    assert code == 0
    assert {"Ticket", "InboundMessage", "Delivery"} <= set(json.loads(out)["$defs"])


MAIL = (
    b"From: =?utf-8?q?M=C3=BCller?= <mueller@customers.test>\r\nTo: a@example.test, B <b@example.test>\r\n"
    b"Cc: c@example.test\r\nSubject: Frage\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain\r\n\r\nMein Konto wurde gehackt\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nnested\r\n"
    b"--x\r\nContent-Type: image/png; name=shot.png\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--x--\r\n"
)


def test_explain_shows_a_mail_and_its_decision(tmp_path: Path) -> None:
    code, out, _err = switchboard("explain", "-", "--channel", "email", folder=tmp_path, stdin=MAIL)
    found = json.loads(out)
    message = found["message"]
    assert code == 0
    assert message["from"] == ["mueller@customers.test"]
    assert (message["to"], message["cc"]) == (["a@example.test", "b@example.test"], ["c@example.test"])
    assert (message["subject"], message["text"]) == ("Frage", "Mein Konto wurde gehackt")
    assert [(one["name"], one["type"]) for one in message["attachments"]] == [
        ("inner.eml", "message/rfc822"),
        ("shot.png", "image/png"),
    ]
    assert message["attachments"][1]["size_bytes"] == 5
    assert message["language"] == "de"
    assert message["automatic"] == {"is": False, "kind": None, "reason": None}
    assert found["decision"]["priority"] >= 60
    assert not (tmp_path / "data").exists()


ANSWER = """From: Ada <ada@customers.test>
To: help@example.test
Subject: Automatische Antwort: Frage

Ich bin im Urlaub, das Konto geht nicht.

--
Ada

Am 03.03.25 um 10:15 schrieb Help:
> Guten Tag,
> geht es jetzt?
"""


def test_explain_tells_what_is_said_from_what_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "answer.eml").write_text(ANSWER)
    code, out, _err = switchboard("explain", "answer.eml", folder=tmp_path)
    message = json.loads(out)["message"]
    assert code == 0
    assert message["new_text"] == "Ich bin im Urlaub, das Konto geht nicht."
    assert message["signature"] == "--\nAda"
    assert message["quoted"] == "Am 03.03.25 um 10:15 schrieb Help:\n> Guten Tag,\n> geht es jetzt?"
    assert message["text"].startswith(message["new_text"])
    assert message["automatic"] == {
        "is": True,
        "kind": "auto_reply",
        "reason": "its subject begins with “automatische antwort”",
    }
    assert message["authenticity"]["verdict"] == "unverified"


def test_explain_is_told_who_we_are_where_messages_call_us_by_number(tmp_path: Path) -> None:
    post = b"""{"post": {"id": "99", "text": "@desk hacked", "author_id": "7",
        "entities": {"mentions": [{"start": 0, "end": 5, "username": "desk", "id": "1"}]}}}"""
    words = ("explain", "-", "--channel", "x", "--own-id")
    _code, ours, _err = switchboard(*words, "1", folder=tmp_path, stdin=post)
    _code, others, _err = switchboard(*words, "2", folder=tmp_path, stdin=post)
    assert json.loads(ours)["message"]["unanswerable"] == ""
    assert "Answer by hand" in json.loads(others)["message"]["unanswerable"]


def test_explain_in_batches_answers_every_line(tmp_path: Path) -> None:
    lines = [
        {"id": "mail", "channel": "email", "raw_b64": base64.b64encode(MAIL).decode()},
        {"id": "chat", "channel": "telegram", "text": "我的账户被盗了"},
        {"id": "card", "channel": "telegram", "text": "4111 1111 1111 1111 被拒，3,000円"},
        {"id": "paid", "channel": "telegram", "text": "Where is my withdrawal of 250 USDT? It is still pending"},
        {"id": "post", "channel": "x", "text": "Hello there, is the app down?"},
        {"id": "bad", "channel": "email", "raw_b64": base64.b64encode(b"no sender\n\nhi").decode()},
        {"id": "odd", "channel": "fax", "text": "hi"},
    ]
    raw = "\n".join(json.dumps(line) for line in lines).encode() + b"\nnot json\n"
    code, out, _err = switchboard("explain", "-", "--jsonl", folder=tmp_path, stdin=raw)
    found = {one["id"]: one for one in map(json.loads, out.splitlines())}
    assert code == 0
    assert found["mail"]["message"]["subject"] == "Frage"
    assert found["chat"]["decision"]["language"] == "zh"
    assert found["post"]["decision"]["verdict"] == "ticket"
    assert (found["post"]["category"], found["post"]["urgent"], found["post"]["team"]) == (
        "technical", False, "support",
    )  # fmt: skip
    assert (found["chat"]["category"], found["chat"]["urgent"], found["chat"]["team"]) == (
        "account", True, "security",
    )  # fmt: skip
    assert (found["chat"]["language"], found["chat"]["line"]) == ("zh", 1)
    assert found["chat"]["priority"] == sum(one["points"] for one in found["chat"]["priority_reasons"]) == 70
    assert [(one["kind"], one["target_s"]) for one in found["chat"]["clocks"]] == [
        ("pickup", 300), ("first", 600), ("resolution", 86_400),
    ]  # fmt: skip
    assert found["card"]["message"]["text"] == "[covered: card, ends in 1111] 被拒，3,000円"
    assert found["card"]["secrets_masked"] == ["card"]
    assert [one["value"] for one in found["card"]["entities"]] == ["3000 JPY"]
    assert found["paid"]["category"] == "payments"
    assert found["paid"]["missing"] == ["transaction", "date"]
    assert "no From" in found["bad"]["error"]
    assert "line 7" in found["odd"]["error"]
    assert "line 8" in found[None]["error"]


def test_rules_are_tried_on_what_has_happened(tmp_path: Path) -> None:
    assert "There are no rules" in switchboard("rules", "test", folder=tmp_path)[1]
    rules = '[rules.stolen]\nwhen = ["opened"]\nif = {words = ["hacked"]}\nthen = {tags = ["theft"]}\n'
    (tmp_path / "config.toml").write_text(rules)
    code, out, _err = switchboard("rules", "test", folder=tmp_path)
    assert code == 0
    assert re.search(r"stolen\W+0\W+0\W+none", out)


def test_somebodys_work_is_said_and_shown(tmp_path: Path) -> None:
    switchboard("user", "add", "Mei", folder=tmp_path)
    said = ("--teams", "support,security", "--languages", "zh,en", "--line", "2", "--cap", "5", "--present")
    shown = "Mei: teams support, security; languages zh, en; line 2; at most 5 tickets; here."
    assert switchboard("user", "duty", "Mei", *said, folder=tmp_path)[1].strip() == shown
    assert switchboard("user", "duty", "Mei", folder=tmp_path)[1].strip() == shown
    assert "not here, away until" in switchboard("user", "duty", "Mei", "--away-days", "2", folder=tmp_path)[1]
    code, _out, err = switchboard("user", "duty", "Mei", "--teams", "nobody", folder=tmp_path)
    assert (code, "There is no team 'nobody'; there are: support, security" in err) == (2, True)


def test_an_empty_quarantine_and_an_unknown_number(tmp_path: Path) -> None:
    assert "Nothing is in quarantine" in switchboard("quarantine", "list", folder=tmp_path)[1]
    assert switchboard("quarantine", "replay", "7", folder=tmp_path)[0] == 2
    assert switchboard("quarantine", "show", "7", folder=tmp_path)[0] == 2


# Beside a running service ------------------------------------------------------


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town() as place:
        yield place


@pytest.fixture
async def program(town: Town, tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[Program]:
    database = Database("sqlite", f"sqlite:///{tmp_path}/switchboard.db")
    running = Program(town, database, tmp_path, unused_tcp_port, webhook=False)
    await running.make_token()
    await running.start()
    yield running
    await running.stop()


async def beside(program: Program, *words: str, **environment: str) -> tuple[int, str, str]:
    return await asyncio.to_thread(lambda: switchboard(*words, folder=program.folder, **environment))


async def test_commands_work_while_the_service_runs(town: Town, program: Program) -> None:
    town.telegram.inject_update(
        town.bot, {"message": {"message_id": 1, "date": "never", "chat": {"id": 5, "type": "private"}}}
    )
    town.anna.write("Während der Dienst läuft", town.bot)
    await program.tickets_of_all(1)
    code, out, _err = await beside(program, "quarantine", "list")
    assert (code, "telegram:main" in out) == (0, True)
    number = out.split()[0]
    assert b"never" in (await beside(program, "quarantine", "show", number))[1].encode()
    assert (await beside(program, "quarantine", "replay", number))[0] == 0
    assert (await beside(program, "user", "add", "Beside"))[0] == 0
    code, out, _err = await beside(program, "check")
    assert code == 0
    assert "telegram:main: signed in as @support_bot" in out
    assert "email:support: signed in as support@example.test" in out


async def test_check_names_the_account_that_does_not_work(
    town: Town, tmp_path: Path, unused_tcp_port: int
) -> None:
    Program(town, Database("sqlite", f"sqlite:///{tmp_path}/x.db"), tmp_path, unused_tcp_port, webhook=False)
    wrong = {"SWITCHBOARD__TELEGRAM__MAIN__TOKEN": "700200:wrong-token-of-no-value"}
    code, out, err = await asyncio.to_thread(lambda: switchboard("check", folder=tmp_path, **wrong))
    assert code == 1
    assert "telegram:main: Telegram refuses the token" in out
    assert "email:support: signed in" in out
    assert "wrong-token" not in out + err


async def test_a_second_service_on_the_same_file_is_refused(program: Program) -> None:
    await program.tickets_of_all(0)
    async with asyncio.timeout(PATIENCE_S):
        while "Switchboard is running" not in program.log():
            await asyncio.to_thread(breathe)
    code, _out, err = await beside(program, "run", SWITCHBOARD__INBOX__PORT="0")
    assert code == 2
    assert "Another Switchboard runs" in err


async def test_secrets_are_in_no_log_and_the_end_is_clean(town: Town, program: Program) -> None:
    town.anna.write("Sagt mir etwas", town.bot)
    (ticket,) = await program.tickets_of_all(1)
    await program.reply(ticket["number"], "Etwas")
    await program.stop()
    assert program.process is not None
    assert program.process.exitcode == 0
    log = (program.folder / "out.txt").read_text()
    assert "Stopping" in log
    for secret in (TOKEN, PASSWORD, program.token, "/enter/"):
        assert secret not in log
    assert not Path(f"{program.folder}/switchboard.db-wal").exists()


async def test_an_x_account_signs_in_by_hand_once(tmp_path: Path) -> None:
    async with open_town() as town:
        account = town.x_account
        (tmp_path / "config.toml").write_text(
            f"""
[x.main]
api_key = "{account.keys.consumer_key}"
api_key_secret = "{account.keys.consumer_secret}"
base_url = "{town.x.base_url}"
[x.main.oauth]
client_id = "{account.client_id}"
client_secret = "{account.client_secret}"
token_url = "{town.x.token_url}"
""",
            encoding="utf-8",
        )
        signing_in = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "service",
            "sign-in",
            "x:main",
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert signing_in.stdin is not None
        assert signing_in.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while not (line := (await signing_in.stdout.readline()).decode()).startswith("https://"):
                assert line
            signing_in.stdin.write(f"{town.x.consent(account, line.strip())}\n".encode())
            said = (await signing_in.communicate())[0].decode()
        assert "x:main: signed in as @support_desk" in said
        checked = await asyncio.to_thread(switchboard, "check", folder=tmp_path)
        assert "x:main: signed in as @support_desk" in checked[1]
        assert await asyncio.to_thread(switchboard, "sign-in", "x:other", folder=tmp_path) == (
            2,
            "",
            "✗ There is no account x:other in the configuration. There are: x:main.\n",
        )
