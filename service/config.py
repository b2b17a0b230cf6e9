"""The configuration: read once, frozen, checked before the first socket.

``config.toml``, then the environment over it: ``SWITCHBOARD__INBOX__PORT``
sets ``inbox.port``.  Only the choice of the file
itself, ``SWITCHBOARD_CONFIG``, is read elsewhere, by the command line.
"""

import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast, get_args

import msgspec

from connectors.registry import CHANNELS, settings_type
from desk.sign_in import FEWEST_BYTES, can_sign
from router.entities import known_regions, mistake_in
from router.language import DEFAULT_LANGUAGES, KNOWN_LANGUAGES
from service.routing import TABLES, PriorityTable, Routing, find_mistakes
from service.toml_lines import key_lines, nearest_line
from tickets.errors import ConfigError
from tickets.ids import AccountId, Channel
from tickets.secret import Secret

PREFIX = "SWITCHBOARD__"
LARGEST_BYTES = 1024 * 1024
DEFAULT_PORT = 8600
MOST_HOURS = 10 * 365 * 24
_NEAR_OR_SAFE = re.compile(r"https://.|http://(?:localhost|127\.0\.0\.1)[:/]")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Common options of every section."""


class ServiceSection(Section, frozen=True):
    data_dir: str = "data"
    """Where the database and the secret key live; made when missing."""
    database: str = ""
    """``postgresql://…``, or ``sqlite:///path``; empty: SQLite in ``data_dir``."""
    worker_lease_s: float = 15.0
    """A worker that was silent for so long counts as dead, and others take over its work; seconds."""


class InboxSection(Section, frozen=True):
    host: str = "127.0.0.1"
    port: int = 0
    """0: 8600, or another free port when that is taken."""
    public_url: str = ""
    """How people reach the inbox, e.g. ``https://desk.example.org``; with https cookies are Secure."""
    undo_s: float = 10.0
    """An answer written in the inbox can be taken back for so long, seconds."""


class WebhooksSection(Section, frozen=True):
    host: str = "127.0.0.1"
    port: int = 0
    """0: platforms call the inbox's own port."""


class RouterSection(Section, frozen=True):
    default_team: str = "support"
    languages: tuple[str, ...] = DEFAULT_LANGUAGES
    """Languages to choose from, ISO 639-1."""
    reopen_within_h: float = 168.0
    """A message within so many hours after closing reopens the ticket; later it starts a new one."""
    flood_messages: int = 30
    """Whoever writes so many messages within ``flood_minutes``, before any answer, is muted; 0: nobody is."""
    flood_minutes: float = 10.0
    flood_mute_minutes: float = 60.0
    """How long somebody stays muted for that."""
    own_names: tuple[str, ...] = ()
    """Names that nobody but yours should bear: whoever bears one that looks alike is marked."""
    own_domains: tuple[str, ...] = ()
    """Your own domains: a link to another server whose name looks like one of them is marked."""
    account_ids: tuple[str, ...] = ()
    """How the names of your customers' accounts look, as patterns of RE2, e.g. ``[0-9]{8}``."""
    order_ids: tuple[str, ...] = ()
    """How your order numbers look, likewise."""
    phone_regions: tuple[str, ...] = ()
    """Countries (ISO 3166) whose telephone numbers are known without their country's code, e.g. ``DE``."""
    vips: tuple[str, ...] = ()
    """Who skips the lines: ``x:@name``, ``telegram:123456``, ``email:a@b.example``, ``email:@b.example``."""
    young_days: float = 3.0
    """Who joined their platform less than so many days ago waits behind others, and gets no automatic answer."""


class RepliesSection(Section, frozen=True):
    default_language: str = "en"
    """The language of our own texts when the person's is unknown or has no template."""
    folder: str = ""
    """A folder of prepared answers, ``NAME.LANGUAGE.ftl``, for the inbox.  Empty: there are none."""


class IdentitySection(Section, frozen=True):
    """How people can be asked to show who they are."""

    answer_minutes: float = 120.0
    """So long a code or a link to sign in is good."""
    holds_hours: float = 12.0
    """So long it counts that somebody has shown who they are."""
    mail_account: str = ""
    """Which account mails codes to addresses on record, e.g. ``email:support``; empty: the first."""
    sign_in_url: str = ""
    """The company's own sign-in page; empty: there is none."""
    sign_in_secret: Secret | None = None
    """Shared with that page, at least 32 bytes."""
    private_answers: tuple[str, ...] = ()
    """Names of prepared answers that tell private data: filled in only for who has shown who they are."""
    questions: dict[str, dict[str, str]] = {}
    """By name, each question by language; in ``replies.default_language`` at least."""


class FilesSection(Section, frozen=True):
    """How the files that people send are checked for malware; without either: not at all."""

    check_command: tuple[str, ...] = ()
    """A program and its arguments: it gets the file on its standard input, and ends with 0 for a clean one, with 1
    for a harmful one (and says what it is), with anything else when it could not look."""
    check_icap: str = ""
    """An ICAP server, as icap://scanner.example.org:1344/avscan; of two scanners both are asked."""

    def __post_init__(self) -> None:
        if self.check_icap and not self.check_icap.startswith(("icap://", "icaps://")):
            raise ValueError("check_icap must begin with icap:// or icaps://")


class AlertsSection(Section, frozen=True):
    account: str = ""
    """Which account tells of notices, e.g. ``email:support``; empty: they stand in the inbox only."""
    to: str = ""
    """To whom: a mail address, a Telegram chat's id, a Discord channel's id."""
    heartbeat_url: Secret | None = None
    """An address asked for while the program and its database work; a watchman there rings when that stops."""
    heartbeat_s: float = 60.0
    """How often, seconds."""


class LogSection(Section, frozen=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class AccountConfig(NamedTuple):
    """One account of a channel; ``settings`` is of the channel's own type."""

    channel: Channel
    settings: Any


class Config(NamedTuple):
    """Everything that was configured.  warnings: sentences for whoever starts the program."""

    service: ServiceSection
    inbox: InboxSection
    webhooks: WebhooksSection
    router: RouterSection
    replies: RepliesSection
    files: FilesSection
    identity: IdentitySection
    alerts: AlertsSection
    log: LogSection
    priority: PriorityTable
    routing: Routing
    accounts: dict[AccountId, AccountConfig]
    crash_at: str
    secret_key: str
    warnings: tuple[str, ...]

    @property
    def data_dir(self) -> Path:
        return Path(self.service.data_dir)

    @property
    def database(self) -> str:
        return self.service.database or f"sqlite:///{self.data_dir / 'switchboard.db'}"

    @property
    def sqlite_path(self) -> Path | None:
        """None on PostgreSQL."""
        return Path(self.database.removeprefix("sqlite:///")) if self.database.startswith("sqlite:///") else None


SECTIONS: dict[str, type[msgspec.Struct]] = {
    "service": ServiceSection,
    "inbox": InboxSection,
    "webhooks": WebhooksSection,
    "router": RouterSection,
    "replies": RepliesSection,
    "files": FilesSection,
    "identity": IdentitySection,
    "alerts": AlertsSection,
    "log": LogSection,
    "priority": PriorityTable,
}


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Config:
    """Read and check everything; ``path`` None: only defaults and the environment.

    Raises ConfigError that lists every mistake, each with its key, its line
    and what to do, and never a value that may be secret.
    """
    text = _read(path) if path is not None else ""
    source = path.name if path is not None else "configuration"
    return _Loader(text, source, path, environment).load()


class _Loader:
    def __init__(self, text: str, source: str, path: Path | None, environment: Mapping[str, str]) -> None:
        self._text = text
        self._source = source
        self._path = path
        self._environment = environment
        self._lines = key_lines(text)
        self._mistakes: list[str] = []
        self._warnings: list[str] = []
        self._from_environment: set[tuple[str, ...]] = set()
        try:
            self._tree: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{source} is not valid TOML: {_first_line(error)}.") from error
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{source} has a number too long or lists too deep to be read.") from error
        self._overlay()

    def load(self) -> Config:
        sections = {name: self._section(name, kind) for name, kind in SECTIONS.items()}
        accounts = self._accounts()
        routing = self._routing()
        self._unknown_sections()
        self._same_consumer(accounts)
        self._plausible(sections)
        self._sendable(cast("AlertsSection", sections["alerts"]), accounts)
        default = cast("RepliesSection", sections["replies"]).default_language
        self._checkable(cast("IdentitySection", sections["identity"]), accounts, default)
        find_mistakes(routing, cast("RouterSection", sections["router"]).default_team, self._mistake)
        if self._mistakes:
            raise ConfigError("\n".join(self._mistakes))
        return Config(
            **cast("dict[str, Any]", sections),
            routing=routing,
            accounts=accounts,
            crash_at=self._environment.get("SWITCHBOARD_CRASH_AT", ""),
            secret_key=self._environment.get("SWITCHBOARD_SECRET_KEY", ""),
            warnings=tuple(self._warnings),
        )

    def _overlay(self) -> None:
        """Values from the environment, each read as TOML where it is TOML, else as text."""
        for name, value in self._environment.items():
            if not name.startswith(PREFIX):
                continue
            path = tuple(part.lower() for part in name.removeprefix(PREFIX).split("__"))
            place = self._tree
            for part in path[:-1]:
                place = place.setdefault(part, {})
                if not isinstance(place, dict):
                    raise ConfigError(f"{name} goes into {'.'.join(path[:-1])}, which is not a table.")
            place[path[-1]] = _toml_value(value)
            self._from_environment.add(path)

    def _section(self, name: str, kind: type[msgspec.Struct]) -> msgspec.Struct:
        return self._convert((name,), self._tree.get(name, {}), kind) or kind()

    def _routing(self) -> Routing:
        """Tables of tables, each under a name of the operator's."""
        return Routing(**{kind: self._named(kind, shape) for kind, shape in TABLES.items()})

    def _named(self, kind: str, shape: type[msgspec.Struct]) -> dict[str, Any]:
        tables = self._tree.get(kind, {})
        if not isinstance(tables, dict) or not all(isinstance(one, dict) for one in tables.values()):
            self._mistake((kind,), f"needs a name for each table, as in [{kind}.main]")
            return {}
        for name in tables:
            if not _NAME.fullmatch(name):
                self._mistake((kind, name), "has small letters, digits, - and _ only")
        found = {name: self._convert((kind, name), table, shape) for name, table in tables.items()}
        return {name: table for name, table in found.items() if table is not None}

    def _accounts(self) -> dict[AccountId, AccountConfig]:
        accounts: dict[AccountId, AccountConfig] = {}
        for channel in CHANNELS:
            named = self._tree.get(channel, {})
            if not isinstance(named, dict) or not all(isinstance(one, dict) for one in named.values()):
                self._mistake((channel,), f"needs a name for each account, as in [{channel}.main]")
                continue
            for name, table in named.items():
                self._account(accounts, channel, name, table)
        return accounts

    def _account(
        self, accounts: dict[AccountId, AccountConfig], channel: Channel, name: str, table: dict[str, Any]
    ) -> None:
        if not _NAME.fullmatch(name):
            self._mistake((channel, name), "an account's name has small letters, digits, - and _ only")
            return
        settings = self._convert((channel, name), table, settings_type(channel))
        if settings is not None:
            accounts[AccountId(f"{channel}:{name}")] = AccountConfig(channel, settings)

    def _convert(self, path: tuple[str, ...], table: object, kind: type[msgspec.Struct]) -> msgspec.Struct | None:
        """The table in its shape; None, with the mistake noted, when it does not fit."""
        try:
            return msgspec.convert(table, kind, dec_hook=self._secret)
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at ")
            inner = tuple(re.findall(r"[\w-]+", where.strip("`").removeprefix("$")))
            field = re.search(r"field `([^`]+)`", what)
            full = (*path, *inner, field[1]) if field else (*path, *inner)
            self._mistake(full, _in_words(what, kind))
            return None

    def _secret(self, kind: type, value: object) -> object:
        """A secret written down, or where it is kept: ``{env=…}``, ``{file=…}``, ``{keyring=…}``."""
        if kind is not Secret:
            raise TypeError(f"no reading of {kind}")
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, dict) and len(value) == 1:
            where, name = next(iter(value.items()))
            value = self._kept(where, name) if isinstance(name, str) else None
        elif isinstance(value, str):
            self._written_down(value)
        if not isinstance(value, str):
            raise ValueError(
                'is a secret: write it as text, or {env="NAME"}, {file="path"} or {keyring="service/name"}'
            )
        if not value.strip():
            raise ValueError("is empty")
        if value != value.strip():
            raise ValueError("begins or ends with white space; remove it")
        return Secret(value)

    def _kept(self, where: str, name: str) -> str | None:
        if where == "env":
            if name not in self._environment:
                raise ValueError(f"is to come from the environment variable {name}, which is not set")
            return self._environment[name]
        if where == "file":
            return self._from_file(name)
        if where == "keyring":
            return _from_keyring(name)
        return None

    def _from_file(self, name: str) -> str:
        path = Path(name)
        try:
            value = path.read_text(encoding="utf-8")
            others = path.stat().st_mode & stat.S_IROTH
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"is to come from the file {name}, which cannot be read") from error
        if others:
            self._warnings.append(
                f"Everybody on this machine can read the secret in {name}. Run: chmod 600 {name}"
            )
        return value.rstrip("\r\n")

    def _written_down(self, secret: str) -> None:
        """A secret in config.toml itself: fine, as long as others cannot read the file."""
        if self._path is None or secret not in self._text or not self._path.stat().st_mode & stat.S_IROTH:
            return
        warning = (
            f"{self._source} holds a secret and everybody on this machine can read it. Run: chmod 600 {self._path}"
        )
        if warning not in self._warnings:
            self._warnings.append(warning)

    def _unknown_sections(self) -> None:
        for name in sorted(self._tree.keys() - SECTIONS.keys() - TABLES.keys() - CHANNELS.keys()):
            known = ", ".join([*SECTIONS, *TABLES, *CHANNELS])
            self._mistake((name,), f"is not known; known are: {known}")

    def _same_consumer(self, accounts: dict[AccountId, AccountConfig]) -> None:
        seen: dict[tuple[str, str], AccountId] = {}
        for account, config in accounts.items():
            name = (config.channel, config.settings.consumes())
            if name in seen:
                first = seen[name].replace(":", ".")
                self._mistake(tuple(account.split(":")), f"reads the same as [{first}]; remove one of the two")
            seen.setdefault(name, account)

    def _plausible(self, sections: dict[str, msgspec.Struct]) -> None:
        service = cast("ServiceSection", sections["service"])
        if service.database and not service.database.startswith(("sqlite:///", "postgresql://", "postgres://")):
            self._mistake(("service", "database"), "must begin with sqlite:/// or postgresql://")
        if not 2 <= service.worker_lease_s <= 300:
            self._mistake(("service", "worker_lease_s"), "must be between 2 and 300")
        for name in ("inbox", "webhooks"):
            port = cast("InboxSection | WebhooksSection", sections[name]).port
            if not 0 <= port <= 65535:
                self._mistake((name, "port"), "must be between 0 and 65535")
        inbox = cast("InboxSection", sections["inbox"])
        if not 0 <= inbox.undo_s <= 300:
            self._mistake(("inbox", "undo_s"), "must be between 0 and 300")
        router = cast("RouterSection", sections["router"])
        if not 0 <= router.reopen_within_h <= MOST_HOURS:
            self._mistake(("router", "reopen_within_h"), f"must be between 0 and {MOST_HOURS}")
        for name in ("account_ids", "order_ids"):
            for pattern in getattr(router, name):
                if mistake := mistake_in(pattern):
                    self._mistake(("router", name), f"has a pattern that is none: {mistake}")
        if unknown := sorted(set(router.phone_regions) - known_regions()):
            self._mistake(("router", "phone_regions"), f"has no country such as {unknown[0]!r}; write e.g. DE")
        if router.young_days < 0:
            self._mistake(("router", "young_days"), "must be 0 or more")
        if router.flood_messages < 0:
            self._mistake(("router", "flood_messages"), "must be 0 or more")
        for name in ("flood_minutes", "flood_mute_minutes"):
            if not 0 < getattr(router, name) <= MOST_HOURS:
                self._mistake(("router", name), f"must be more than 0 and at most {MOST_HOURS}")
        if not router.languages or not KNOWN_LANGUAGES.issuperset(router.languages):
            self._mistake(("router", "languages"), "must be one or more codes of ISO 639-1 that can be recognised")

    def _sendable(self, alerts: AlertsSection, accounts: dict[AccountId, AccountConfig]) -> None:
        """Alerts must have a way out."""
        found = accounts.get(AccountId(alerts.account))
        if alerts.account and found is None:
            known = ", ".join(sorted(accounts)) or "none is configured"
            self._mistake(("alerts", "account"), f"names no account; known are: {known}")
        elif found is not None and found.channel == "x":
            self._mistake(("alerts", "account"), "must not be on X: everything said there is public")
        elif found is not None and not alerts.to:
            self._mistake(("alerts", "to"), "is missing; name the address, chat or channel to tell")
        elif found is not None and found.channel == "email" and "@" not in alerts.to:
            self._mistake(("alerts", "to"), "must be a mail address")
        elif found is not None and found.channel == "email" and alerts.to.lower() == _own_address(found):
            self._mistake(("alerts", "to"), "must not be the account's own address: alerts would come back to it")
        elif found is not None and found.channel != "email" and not re.fullmatch(r"-?[0-9]{1,20}", alerts.to):
            self._mistake(("alerts", "to"), "must be the number of a chat or channel")
        if alerts.heartbeat_url and not alerts.heartbeat_url.reveal().startswith(("https://", "http://")):
            self._mistake(("alerts", "heartbeat_url"), "must begin with https:// or http://")
        if not 10 <= alerts.heartbeat_s <= 3_600:
            self._mistake(("alerts", "heartbeat_s"), "must be between 10 and 3600")

    def _checkable(
        self, identity: IdentitySection, accounts: dict[AccountId, AccountConfig], default: str
    ) -> None:
        """Codes must have a way out, links a page that can read them, and questions words."""
        for name in ("answer_minutes", "holds_hours"):
            if not 0 < getattr(identity, name) <= MOST_HOURS:
                self._mistake(("identity", name), f"must be more than 0 and at most {MOST_HOURS}")
        found = accounts.get(AccountId(identity.mail_account))
        if identity.mail_account and (found is None or found.channel != "email"):
            known = ", ".join(sorted(name for name, one in accounts.items() if one.channel == "email"))
            self._mistake(("identity", "mail_account"), f"names no mail account; known are: {known or 'none'}")
        if identity.sign_in_url and not _NEAR_OR_SAFE.match(identity.sign_in_url):
            self._mistake(("identity", "sign_in_url"), "must begin with https://")
        if bool(identity.sign_in_url) != bool(identity.sign_in_secret):
            missing = "sign_in_secret" if identity.sign_in_url else "sign_in_url"
            self._mistake(("identity", missing), "is missing: a sign-in page needs an address and a secret")
        if "#" in identity.sign_in_url:
            self._mistake(("identity", "sign_in_url"), "must not have a # in it: what follows is not sent")
        secret = identity.sign_in_secret.reveal().encode() if identity.sign_in_secret else b""
        if secret and len(secret) < FEWEST_BYTES:
            self._mistake(("identity", "sign_in_secret"), f"must have at least {FEWEST_BYTES} bytes")
        elif identity.sign_in_secret and not can_sign(identity.sign_in_secret):
            self._mistake(("identity", "sign_in_secret"), "must be random characters, no key of a file")
        for name, texts in identity.questions.items():
            if not _NAME.fullmatch(name):
                self._mistake(("identity", "questions", name), "must have small letters, digits, - and _ only")
            elif not texts.get(default, "").strip():
                self._mistake(("identity", "questions", name), f"lacks the default language: add {default} = …")

    def _mistake(self, path: tuple[str, ...], what: str) -> None:
        """``config.toml line 7: inbox.port must be …``"""
        key = ".".join(path)
        if any(path[: len(known)] == known for known in self._from_environment):
            variable = PREFIX + "__".join(part.upper() for part in path)
            self._mistakes.append(f"{variable}: {key} {what}.")
            return
        line = nearest_line(self._lines, path)
        where = f"{self._source} line {line}" if line else self._source
        self._mistakes.append(f"{where}: {key} {what}.")


def _own_address(account: AccountConfig) -> str:
    return str(account.settings.address).lower()


def _in_words(what: str, kind: type[msgspec.Struct]) -> str:
    """msgspec's sentence about a value, in ours; it tells types, never values."""
    if "unknown field" in what:
        return f"is not known; known are: {', '.join(kind.__struct_fields__)}"
    if "missing required field" in what:
        return "is missing; add it"
    if match := re.fullmatch(r"Expected `([^`]+)`, got `([^`]+)`", what):
        return f"must be {match[1]}, not {match[2]}"
    if match := re.match(r"Invalid enum value", what):
        choices = sorted({choice for field in msgspec.structs.fields(kind) for choice in _literals(field.type)})
        return f"is not one of the known values ({', '.join(choices)})"
    return what[:1].lower() + what[1:]


def _literals(shape: Any) -> Iterator[str]:
    """The words that a type allows, however deep they stand in it."""
    for one in get_args(shape):
        if isinstance(one, str):
            yield one
        else:
            yield from _literals(one)


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ConfigError(f"{path} is larger than 1 MiB; that is no configuration.")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text. Save it as UTF-8.") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. Give another with --config.") from error


def _from_keyring(name: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise ValueError("needs the keyring: pip install 'switchboard[keyring]'") from error
    service, _, user = name.partition("/")
    find = cast("Callable[[str, str], str | None]", keyring.get_password)
    try:
        value = find(service, user)
    except KeyringError as error:
        raise ValueError(f"is to come from the keyring entry {name}, but no keyring answers here") from error
    if value is None:
        raise ValueError(f"is to come from the keyring entry {name}, which does not exist")
    return value


def _toml_value(text: str) -> object:
    """Numbers only in plain spelling: a secret such as ``0x1F`` or ``1_000`` must stay what it is."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
    return text if type(value) is int and str(value) != text.strip() else value


def _first_line(error: Exception) -> str:
    """TOML errors tell place and kind, and at most one character of the text."""
    return str(error).splitlines()[0].rstrip(".")
