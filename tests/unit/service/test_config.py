"""The configuration: every mistake with its key and line, and never a value."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.config import LARGEST_BYTES, Config, load
from tickets.errors import ConfigError

TOKEN = "123456789:AAswordfishswordfishswordfish"
GOOD = f"""\
[inbox]
port = 8700

[telegram.main]
token = "{TOKEN}"
"""
MAIL = """\
[email.help]
address = "help@desk.example.test"
imap = {host = "imap.example.test", password = "swordfish"}
smtp = {host = "smtp.example.test", password = "swordfish"}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    return path


def read(file: Path, text: str, **environment: str) -> Config:
    file.write_text(text, encoding="utf-8")
    return load(file, environment)


def mistakes(file: Path, text: str, **environment: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        read(file, text, **environment)
    assert "swordfish" not in str(raised.value)
    return str(raised.value).splitlines()


# What is right -------------------------------------------------------------------------


def test_nothing_at_all_is_a_configuration() -> None:
    config = load(None, {})
    assert config.accounts == {}
    assert config.database == "sqlite:///data/switchboard.db"
    assert (config.crash_at, config.secret_key, config.warnings) == ("", "", ())


def test_a_file_is_read(file: Path) -> None:
    config = read(file, GOOD + MAIL)
    assert config.inbox.port == 8700
    assert sorted(config.accounts) == ["email:help", "telegram:main"]
    assert config.accounts["telegram:main"].settings.token.reveal() == TOKEN
    assert config.warnings == ()


def test_the_environment_goes_over_the_file(file: Path) -> None:
    config = read(
        file,
        GOOD,
        SWITCHBOARD__INBOX__PORT="9000",
        SWITCHBOARD__INBOX__HOST="0.0.0.0",
        SWITCHBOARD__ROUTER__LANGUAGES='["en", "zh"]',
        SWITCHBOARD__LOG__FORMAT="json",
        SWITCHBOARD__TELEGRAM__SECOND__TOKEN="987654321:BBswordfishswordfish",
        SWITCHBOARD_CRASH_AT="pump.saved",
        OTHER="ignored",
    )
    assert (config.inbox.port, config.inbox.host, config.router.languages) == (9000, "0.0.0.0", ("en", "zh"))
    assert sorted(config.accounts) == ["telegram:main", "telegram:second"]
    assert (config.log.format, config.crash_at) == ("json", "pump.saved")


@pytest.mark.parametrize(
    "password", ["007", "1_000", "0x1F", "+5", "12345", "a=b", "#x", "[", "'", "true-ish", "1\n2x"]
)
def test_a_secret_from_the_environment_stays_what_it_is(file: Path, password: str) -> None:
    config = read(file, MAIL, SWITCHBOARD__EMAIL__HELP__IMAP__PASSWORD=password)
    assert config.accounts["email:help"].settings.imap.password.reveal() == password


# What is wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("[inbox]\nport = 'swordfish'\n", 2, ["inbox.port", "must be int, not str"]),
        ("[inbox]\nhost = 5\n", 2, ["inbox.host", "must be str, not int"]),
        ("[inbox]\nswordfishy = 1\n".replace("swordfishy", "prot"), 2, ["inbox.prot", "not known", "port"]),
        ("[inbox]\n\nport = 70000\n", 3, ["inbox.port", "between 0 and 65535"]),
        ("[inbox]\nundo_s = -1\n", 2, ["inbox.undo_s", "between 0 and 300"]),
        ("[inbox]\nundo_s = nan\n", 2, ["inbox.undo_s", "between 0 and 300"]),
        ("[webhooks]\nport = -1\n", 2, ["webhooks.port"]),
        ("[router]\nreopen_within_h = inf\n", 2, ["router.reopen_within_h"]),
        ("[router]\nreopen_within_h = -1\n", 2, ["router.reopen_within_h"]),
        ("[router]\nlanguages = ['en', 'xx']\n", 2, ["router.languages", "ISO 639-1"]),
        ("[router]\nlanguages = []\n", 2, ["router.languages"]),
        ("[router]\naccount_ids = ['[0-9']\n", 2, ["router.account_ids", "missing ]"]),
        ("[router]\nphone_regions = ['XX']\n", 2, ["router.phone_regions", "'XX'", "e.g. DE"]),
        ("[log]\nlevel = 'swordfish'\n", 2, ["log.level", "info"]),
        ("[service]\ndatabase = 'mysql://user:swordfish@db'\n", 2, ["service.database", "postgresql://"]),
        ("[identity]\nanswer_minutes = 0\n", 2, ["identity.answer_minutes", "more than 0"]),
        ("[identity]\nholds_hours = nan\n", 2, ["identity.holds_hours", "more than 0"]),
        ("[identity]\nmail_account = 'telegram:main'\n", 2, ["identity.mail_account", "names no mail account"]),
        ("[identity]\nsign_in_url = 'https://x.test/swordfish'\n", 1, ["identity.sign_in_secret", "is missing"]),
        (f"[identity]\nsign_in_secret = '{'swordfish' * 4}'\n", 1, ["identity.sign_in_url", "is missing"]),
        (
            f"[identity]\nsign_in_url = 'http://x.test'\nsign_in_secret = '{'swordfish' * 4}'\n",
            2,
            ["identity.sign_in_url", "https://"],
        ),
        (
            "[identity]\nsign_in_url = 'https://x.test'\nsign_in_secret = 'swordfish'\n",
            3,
            ["identity.sign_in_secret", "at least 32 bytes"],
        ),
        (
            f"[identity]\nsign_in_url = 'https://x.test/#a'\nsign_in_secret = '{'swordfish' * 4}'\n",
            2,
            ["identity.sign_in_url", "must not have a #"],
        ),
        (
            f"[identity]\nsign_in_url = 'https://x.test'\nsign_in_secret = 'ssh-rsa {'swordfish' * 4}'\n",
            3,
            ["identity.sign_in_secret", "must be random characters"],
        ),
        ("[identity.questions.a]\nde = 'Was?'\n", 1, ["identity.questions.a", "add en = "]),
        ("[identity.questions.'A b']\nen = 'What?'\n", 1, ["identity.questions.A b", "small letters"]),
        ("[identity.questions]\na = 'What?'\n", 1, ["identity.questions", "must be object, not str"]),
        ("[unheard]\nx = 1\n", 1, ["unheard", "not known", "telegram"]),
        ("[telegram]\ntoken = 'swordfish'\n", 1, ["telegram", "[telegram.main]"]),
        ("[telegram.Main]\ntoken = 'swordfish'\n", 1, ["telegram.Main", "small letters"]),
        ("[telegram.main]\n", 1, ["telegram.main.token", "is missing"]),
        ("[telegram.main]\ntoken = ''\n", 2, ["telegram.main.token", "is empty"]),
        ("[telegram.main]\ntoken = ' 1:swordfishxx '\n", 2, ["telegram.main.token", "white space"]),
        (
            "[telegram.main]\ntoken = '1:swordfishxx\\n'\n".replace("'", '"'),
            2,
            ["telegram.main.token", "white space"],
        ),
        ("[telegram.main]\ntoken = ['swordfish']\n", 2, ["telegram.main.token", "is a secret"]),
        ("[telegram.main]\ntoken = {swordfish = 'x'}\n", 2, ["telegram.main.token", "is a secret"]),
        ("[telegram.main]\ntoken = {env = 5}\n", 2, ["telegram.main.token", "is a secret"]),
        ("[telegram.main]\ntoken = 'swordfish'\n", 1, ["telegram.main", "123456:ABC"]),
        ("[telegram.main]\ntoken = {env = 'NOT_SET'}\n", 2, ["telegram.main.token", "NOT_SET", "not set"]),
        ("[telegram.main]\ntoken = {file = '/nowhere/x'}\n", 2, ["/nowhere/x", "cannot be read"]),
        (MAIL.replace("password", "passwort"), 3, ["email.help.imap.passwort", "not known"]),
        (MAIL.replace("help@desk", "help desk"), 1, ["email.help", "plain mail address"]),
        ("inbox = 5\n", 1, ["inbox", "must be object, not int"]),
        ("telegram = 5\n", 1, ["telegram", "[telegram.main]"]),
    ],
)
def test_a_mistake_names_key_and_line(file: Path, text: str, line: int, told: list[str]) -> None:
    """BC01, BC04."""
    [mistake] = mistakes(file, text)
    assert mistake.startswith(f"config.toml line {line}: ")
    for words in told:
        assert words in mistake


DISCORD = """\
[discord.main]
token = "swordfishswordfishswordfishswordfishswordfish"
"""
X = """\
[x.main]
api_key = "swordfish-swordfish"
api_key_secret = "swordfish-swordfish-swordfish-swordfish"
access_token = "1-swordfish-swordfish-swordfish"
access_token_secret = "swordfish-swordfish-swordfish"
"""
CHANNELS = GOOD + MAIL + DISCORD + X


@pytest.mark.parametrize(
    ("account", "to"),
    [
        ("email:help", "ops@example.test"),
        ("telegram:main", "42"),
        ("telegram:main", "-1001234567890"),
        ("discord:main", "1234567890123456789"),
    ],
)
def test_alerts_have_a_way_out(file: Path, account: str, to: str) -> None:
    config = read(file, CHANNELS + f"[alerts]\naccount = '{account}'\nto = '{to}'\n")
    assert (config.alerts.account, config.alerts.to) == (account, to)


def test_without_alerts_nobody_is_told_and_nothing_beats(file: Path) -> None:
    alerts = read(file, CHANNELS).alerts
    assert (alerts.account, alerts.to, alerts.heartbeat_url, alerts.heartbeat_s) == ("", "", None, 60.0)


@pytest.mark.parametrize(
    ("alerts", "told"),
    [
        ("account = 'email:other'", ["alerts.account", "names no account", "email:help, telegram:main, x:main"]),
        ("account = 'email'", ["alerts.account", "names no account"]),
        ("account = 'x:main'\nto = '5'", ["alerts.account", "public"]),
        ("account = 'email:help'", ["alerts.to", "is missing"]),
        ("account = 'email:help'\nto = 'ops'", ["alerts.to", "mail address"]),
        ("account = 'telegram:main'\nto = '@ops'", ["alerts.to", "number of a chat"]),
        ("account = 'telegram:main'\nto = '5 6'", ["alerts.to", "number of a chat"]),
        ("account = 'discord:main'\nto = '#ops'", ["alerts.to", "number of a chat"]),
        ("account = 'discord:main'\nto = ' '", ["alerts.to", "number of a chat"]),
        ("account = 5", ["alerts.account", "must be str"]),
        ("accounts = 'x'", ["alerts.accounts", "not known", "heartbeat_url"]),
        ("heartbeat_url = 'ftp://swordfish'", ["alerts.heartbeat_url", "https://"]),
        ("heartbeat_url = 'example.test/swordfish'", ["alerts.heartbeat_url", "https://"]),
        ("heartbeat_url = ''", ["alerts.heartbeat_url", "is empty"]),
        ("heartbeat_url = {env = 'NOT_SET'}", ["alerts.heartbeat_url", "NOT_SET"]),
        ("heartbeat_s = 9", ["alerts.heartbeat_s", "between 10 and 3600"]),
        ("heartbeat_s = 3601", ["alerts.heartbeat_s", "between 10 and 3600"]),
        ("heartbeat_s = nan", ["alerts.heartbeat_s", "between 10 and 3600"]),
    ],
)
def test_alerts_that_would_reach_nobody_are_refused(file: Path, alerts: str, told: list[str]) -> None:
    [mistake] = mistakes(file, f"{CHANNELS}[alerts]\n{alerts}\n")
    for words in told:
        assert words in mistake


def test_alerts_without_any_account_say_so(file: Path) -> None:
    [mistake] = mistakes(file, "[alerts]\naccount = 'email:help'\nto = 'a@b.test'\n")
    assert mistake.startswith("config.toml line 2: alerts.account")
    assert "none is configured" in mistake


def test_the_watchman_s_address_is_a_secret(file: Path) -> None:
    alerts = read(
        file,
        "[alerts]\nheartbeat_url = {env = 'BEAT'}\nheartbeat_s = 10\n",
        BEAT="https://watch.example.test/swordfish",
    ).alerts
    assert alerts.heartbeat_url is not None
    assert alerts.heartbeat_url.reveal() == "https://watch.example.test/swordfish"
    assert "swordfish" not in repr(alerts)


def test_several_mistakes_are_told_at_once(file: Path) -> None:
    text = "[inbox]\nport = 'swordfish'\n[log]\nlevel = 'x'\n[telegram.a]\ntoken = ''\n[zzz]\n[aaa]\n"
    assert [one.split(": ")[0] for one in mistakes(file, text)] == [
        f"config.toml line {line}" for line in (2, 4, 6, 8, 7)
    ]


def test_a_mistake_in_the_environment_names_its_variable(file: Path) -> None:
    [mistake] = mistakes(file, GOOD, SWITCHBOARD__INBOX__PORT="swordfish")
    assert mistake.startswith("SWITCHBOARD__INBOX__PORT: inbox.port must be int")
    [mistake] = mistakes(file, "[inbox]\nport = 1\n", SWITCHBOARD__INBOX__PORT__X="1")
    assert "SWITCHBOARD__INBOX__PORT__X" in mistake


@pytest.mark.parametrize(
    "text",
    ["a = 1\na = 2\n", "[a]\n[a]\n", "port =\n", "\tx = swordfish\n", "x = !!python/object\n", "x = '\x00'\n"],
)
def test_what_is_no_toml_is_told_with_its_place(file: Path, text: str) -> None:
    [mistake] = mistakes(file, text)
    assert "not valid TOML" in mistake
    assert "line" in mistake


@pytest.mark.parametrize("text", [f"x = {'[' * 200_000}", f"x = {'9' * 5000}"])
def test_what_the_reader_cannot_hold_is_told(file: Path, text: str) -> None:
    [mistake] = mistakes(file, text)
    assert "config.toml" in mistake


def test_a_file_that_is_none(file: Path) -> None:
    """BC04."""
    file.write_bytes(b"#" * 10 * LARGEST_BYTES)
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        load(file, {})
    file.write_bytes(b"[inbox]\nhost = '\xff\xfe'\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(file, {})
    with pytest.raises(ConfigError, match="--config"):
        load(file.with_name("other.toml"), {})
    with pytest.raises(ConfigError, match="--config"):
        load(file.parent, {})


def test_one_account_is_not_read_twice(file: Path) -> None:
    """BC03."""
    [mistake] = mistakes(file, GOOD + GOOD.split("\n\n")[1].replace("main", "again"))
    assert "telegram.again reads the same as [telegram.main]" in mistake
    second = MAIL.replace("email.help", "email.again").replace("help@desk", "HELP@desk")
    [mistake] = mistakes(file, MAIL + second)
    assert "email.again reads the same as [email.help]" in mistake


# Secrets ------------------------------------------------------------------------------------


def test_a_secret_from_the_environment_or_a_file(file: Path, tmp_path: Path) -> None:
    kept = tmp_path / "token"
    kept.touch(mode=0o600)
    kept.write_text(TOKEN + "\n")
    for where in (f"{{file = '{kept}'}}", "{env = 'BOT'}"):
        config = read(file, f"[telegram.main]\ntoken = {where}\n", BOT=TOKEN)
        assert config.accounts["telegram:main"].settings.token.reveal() == TOKEN
        assert config.warnings == ()


def test_a_secret_that_everybody_can_read_is_told_loudly(file: Path, tmp_path: Path) -> None:
    """BC02."""
    kept = tmp_path / "token"
    kept.write_text(TOKEN)
    kept.chmod(0o644)
    [warning] = read(file, f"[telegram.main]\ntoken = {{file = '{kept}'}}\n").warnings
    assert "chmod 600" in warning
    assert str(kept) in warning
    file.chmod(0o644)
    [warning] = read(file, GOOD + MAIL).warnings
    assert "config.toml holds a secret" in warning


def test_a_readable_file_without_secrets_is_fine(file: Path) -> None:
    file.chmod(0o644)
    config = read(file, "[inbox]\nport = 1\n", SWITCHBOARD__TELEGRAM__MAIN__TOKEN=TOKEN)
    assert config.warnings == ()


@pytest.mark.parametrize(("entry", "found"), [("desk/bot", True), ("desk/other", False), ("nothing", False)])
def test_a_secret_from_the_keyring(file: Path, monkeypatch: pytest.MonkeyPatch, entry: str, found: bool) -> None:
    monkeypatch.setattr(
        "keyring.get_password", lambda service, user: TOKEN if (service, user) == ("desk", "bot") else None
    )
    text = f"[telegram.main]\ntoken = {{keyring = '{entry}'}}\n"
    if found:
        assert read(file, text).accounts["telegram:main"].settings.token.reveal() == TOKEN
    else:
        [mistake] = mistakes(file, text)
        assert entry in mistake


def test_no_keyring_answers(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.errors import NoKeyringError

    def refuse(service: str, user: str) -> str:
        raise NoKeyringError("swordfish")

    monkeypatch.setattr("keyring.get_password", refuse)
    [mistake] = mistakes(file, "[telegram.main]\ntoken = {keyring = 'desk/bot'}\n")
    assert "no keyring answers" in mistake


def test_no_keyring_is_installed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    [mistake] = mistakes(file, "[telegram.main]\ntoken = {keyring = 'desk/bot'}\n")
    assert "pip install" in mistake


def test_a_configuration_shows_no_secret(file: Path) -> None:
    assert "swordfish" not in repr(read(file, GOOD + MAIL))


BROKEN = st.sampled_from(
    [
        "token = '{}'",
        "token = ' {}'",
        "token = ['{}']",
        "token = {{env = 5, x = '{}'}}",
        "token = {{bad = '{}'}}",
        "token = '{}'\nmode = '{}'",
        "token = '{}'\npoll_timeout_s = '{}'",
        "token = '{}'\npoll_timeout_s = 99",
        "token = '{}'\nmode = 'webhook'\nwebhook_url = '{}'",
        "token = '{}'\ntoken = '{}'",
        "token = {}",
        "token = '{}",
        "token = '''{}\n",
        "token == '{}'",
        "token = '{}' extra",
        "[x]\ntoken = '{}'",
    ]
)


@given(BROKEN, st.text(alphabet="abcdefXYZ0123456789:_-./@!$%&", min_size=12, max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_error_tells_a_secret(file: Path, line: str, secret: str) -> None:
    file.write_text("[telegram.main]\n" + line.format(secret, secret))
    assert secret not in _complaint(file, secret)


def _complaint(file: Path, port: str) -> str:
    try:
        load(file, {"SWITCHBOARD__INBOX__PORT": port})
    except ConfigError as error:
        return str(error)
    return ""
