"""``switchboard migrate --to``: the whole store from SQLite to PostgreSQL, shown while it goes."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import unquote

import typer
from rich.console import Console

from service.commands.common import in_loop
from service.config import Config
from service.locks import only_service
from tickets.errors import ConfigError, Refused

if TYPE_CHECKING:
    from rich.progress import Progress

    from store.copying import Compared, Copying, Step

VARIABLE = "SWITCHBOARD_MIGRATE_TO"
STOPPED = 130
LINE_EVERY_S = 5.0
SHORTEST_S = 0.5
"""A rate over less is chance."""
SECRET_WORDS = {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}
"""Settings of libpq that are secret."""

out = Console(highlight=False, soft_wrap=True)


def move(settings: Config, url: str, *, verify: bool) -> None:
    """Copy, compare and say what comes next; with ``verify`` only compare.

    Exits with 1 when a table differs, with 130 after Ctrl-C.  Raises
    ConfigError, Refused and StoreError, never with the URL's password.
    """
    path = _source(settings)
    try:
        from store import copying
    except ImportError as error:
        raise ConfigError("PostgreSQL needs psycopg: pip install 'switchboard[postgres]'.") from error
    try:
        with only_service(path), _gentle_stop() as look, _shown() as show:

            def watch(step: "Step") -> None:
                show(step)
                look()

            with copying.opened(path, url, watch) as both:
                found = _verify(both) if verify else _copy(both, path)
    except KeyboardInterrupt:
        again = "Nothing was changed." if verify else "What was copied stays; the same command goes on from there."
        out.print(f"Stopped. {again}")
        raise typer.Exit(STOPPED) from None
    _report(found)
    if differing := [one.table for one in found if not one.equal]:
        _complain(differing, verify=verify)
        raise typer.Exit(1)
    out.print("Every table is equal.")
    if not verify:
        _say_what_next(settings, path, url)


def masked(url: str) -> str:
    """The URL with ``***`` for every password in it.  url: one that libpq can read."""
    url = re.sub(r"^(\w+://[^:@/]*):[^@/]*@", r"\1:***@", url)
    base, mark, query = url.partition("?")
    return base + mark + "&".join(_masked_setting(setting) for setting in query.split("&"))


def _masked_setting(setting: str) -> str:
    name, _equals, _value = setting.partition("=")
    return f"{name}=***" if unquote(name) in SECRET_WORDS else setting


def _source(settings: Config) -> Path:
    path = settings.sqlite_path
    if path is None:
        raise Refused(
            "--to copies from SQLite, and service.database is a PostgreSQL server already. From server to server, "
            "use pg_dump and pg_restore."
        )
    if not path.exists():
        raise Refused("There is no database yet, so nothing to copy. Set service.database to the URL and start.")
    return path


# The work -----------------------------------------------------------------------------


def _copy(both: "Copying", path: Path) -> "list[Compared]":
    began = in_loop(both.prepare())
    if began == "resumed":
        out.print("An earlier copying was stopped; this one goes on from there.")
    if began == "anew":
        out.print(
            "The source, or this program, has changed since the copying began. What was copied is removed, and it "
            "begins anew."
        )
    for name in both.left_out:
        out.print(f"Not copied: {name}, which is no table of Switchboard.", markup=False)
    both.copy()
    out.print(f"Everything of {path} is copied. Both sides are read once more and compared.", markup=False)
    found = list(both.compare())
    if all(one.equal for one in found):
        both.finish()
    return found


def _verify(both: "Copying") -> "list[Compared]":
    if both.unfinished:
        out.print("The copy is not finished: the same command without --verify goes on with it.")
    return list(both.compare())


@contextmanager
def _gentle_stop() -> Iterator[Callable[[], None]]:
    """What is yielded raises KeyboardInterrupt after a first Ctrl-C; a second one does so at once."""
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    def look() -> None:
        if asked:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield look
    finally:
        signal.signal(signal.SIGINT, before)


# What is shown ------------------------------------------------------------------------


@contextmanager
def _shown() -> "Iterator[Callable[[Step], None]]":
    """A bar on a terminal, lines everywhere."""
    if not out.is_terminal:
        yield _Lines().show
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    with Progress(*columns, TimeRemainingColumn(), console=out, transient=True) as progress:
        yield _Bar(progress).show


class _Rate:
    """Rows a second of what is being done to one table."""

    def __init__(self) -> None:
        self._name = ""
        self._first = 0
        self._since = 0.0

    def of(self, step: "Step") -> str:
        """``12,345 a second``; empty as long as there is too little to tell."""
        now = time.monotonic()
        if (name := f"{step.doing} {step.table}") != self._name:
            self._name, self._first, self._since = name, step.rows, now
        elapsed_s = now - self._since
        return f"{(step.rows - self._first) / elapsed_s:,.0f} a second" if elapsed_s > SHORTEST_S else ""


class _Lines:
    """A line when a table is copied, and now and then while something takes long."""

    def __init__(self) -> None:
        self._rate = _Rate()
        self._said = time.monotonic()

    def show(self, step: "Step") -> None:
        rate = self._rate.of(step)
        now = time.monotonic()
        if _is_copied(step) or now - self._said > LINE_EVERY_S:
            self._said = now
            _say(step, rate)


class _Bar:
    """A bar for what is being done, under a line for each table that is copied."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._rate = _Rate()
        self._task = progress.add_task("", total=None, rate="")
        self._name = ""

    def show(self, step: "Step") -> None:
        rate = self._rate.of(step)
        name = f"{step.table}: {step.doing}"
        if name != self._name:
            self._name = name
            self._progress.reset(self._task, description=name, total=step.total)
        self._progress.update(self._task, completed=step.rows, rate=rate)
        if _is_copied(step):
            _say(step, rate)


def _is_copied(step: "Step") -> bool:
    return step.doing == "copied" and step.rows >= step.total


def _say(step: "Step", rate: str) -> None:
    speed = f", {rate}" if rate else ""
    out.print(f"{step.table}: {step.doing} {step.rows:,} of {step.total:,} rows{speed}", markup=False)


def _report(found: "list[Compared]") -> None:
    from rich.table import Table

    table = Table("table", "rows", "hash", "", box=None, pad_edge=False)
    for one in found:
        rows = f"{one.source.rows:,}" if one.source.rows == one.target.rows else _apart(one)
        table.add_row(one.table, rows, one.source.value[:16], "equal" if one.equal else "DIFFERS")
    out.print(table)


def _apart(one: "Compared") -> str:
    return f"{one.source.rows:,} and {one.target.rows:,}"


def _complain(differing: list[str], *, verify: bool) -> None:
    out.print(f"[bold red]✗[/] The two databases differ in: {', '.join(differing)}.")
    if verify:
        out.print("A database that was worked with since it was copied differs, as it should.")
    else:
        out.print(
            "If something was written to the source meanwhile, such as by `switchboard user`, the same command "
            "copies anew. Otherwise empty the target, or give another. No service starts on it as it is."
        )


def _say_what_next(settings: Config, path: Path, url: str) -> None:
    key = "SWITCHBOARD_SECRET_KEY" if settings.secret_key else str(settings.data_dir / "secret.key")
    out.print("Now, in config.toml:\n\n\\[service]")
    out.print(f'database = "{masked(url)}"\n', markup=False)
    if masked(url) != url:
        out.print(
            "*** stands for the password. It may also stay out of the file: the environment variable "
            "SWITCHBOARD__SERVICE__DATABASE takes the whole URL."
        )
    out.print(
        f"The secrets in the database are sealed with a key that is not in it: {key} stays where it is, and every "
        f"worker needs the same one.\nThe old database {path} is as it was; keep it until all is well, and start "
        "nothing on it again.",
        markup=False,
    )
