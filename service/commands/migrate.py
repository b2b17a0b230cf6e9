"""``switchboard migrate``: the schema up to this program's, or one version down; or the store to PostgreSQL."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from service.clock import SystemClock
from service.commands.common import ConfigOption, in_loop, read_config
from service.commands.move import VARIABLE, move
from service.config import Config
from service.locks import only_service
from store import schema
from store.engine import Engine
from store.schema import Migration, TakenBack
from store.sql import make_engine
from tickets.errors import Refused

out = Console(highlight=False, soft_wrap=True)


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is missing: exit code 1 if anything is.")
    ] = False,
    down: Annotated[bool, typer.Option("--down", help="One version back, for an older program.")] = False,
    force: Annotated[bool, typer.Option("--force", help="With --down: accept what would be lost.")] = False,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="URL",
            help=f"Copy the whole store from SQLite to postgresql://… (or {VARIABLE}, which others cannot see).",
        ),
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="With --to: only compare the two.")] = False,
    config: ConfigOption = None,
) -> None:
    """Bring the database up to this program's schema. Every start of the service does so too."""
    if check and down:
        raise Refused("--check and --down do not go together: --check changes nothing.")
    if force and not down:
        raise Refused("--force belongs to --down.")
    url = _target(to, verify=verify, schema_only=check or down)
    settings = read_config(config)
    if url:
        move(settings, url, verify=verify)
        return
    if check:
        raise typer.Exit(in_loop(_check(settings)))
    in_loop(_down(settings, force=force) if down else _up(settings))


def _target(to: str | None, *, verify: bool, schema_only: bool) -> str:
    """Where to copy to; empty: nothing is to be copied."""
    if schema_only:
        if to is not None or verify:
            raise Refused("--to and --verify do not go together with --check and --down.")
        return ""
    url = to or os.environ.get(VARIABLE, "")
    if not url and (verify or to is not None):
        raise Refused(f"Give the address to copy to: --to postgresql://… or {VARIABLE} in the environment.")
    return url


# Up -----------------------------------------------------------------------------------


async def _up(settings: Config) -> None:
    steps: list[Migration] = []

    def tell(step: Migration) -> None:
        steps.append(step)
        out.print(_upward(step), markup=False)

    async with _opened(settings) as (engine, dialect):
        reached = await schema.bring_up(engine, dialect, done=tell)
    nothing = "" if steps else "Nothing to do. "
    out.print(f"{nothing}The database stands at schema {reached}, the newest this program knows.")


# Checking -----------------------------------------------------------------------------


async def _check(settings: Config) -> int:
    """The exit code: 0 when nothing is missing, 1 else."""
    known = schema.migrations()
    version = await _find_version(settings)
    missing = schema.missing(version or 0, known)
    if version is None:
        out.print(f"There is no database yet; this program would make one of schema {max(known)}.")
    else:
        out.print(f"The database stands at schema {version}; the newest this program knows is {max(known)}.")
    for step in missing:
        out.print(f"Missing: {_upward(step)}", markup=False)
    if not missing:
        out.print("No step is missing.")
    return 1 if missing else 0


async def _find_version(settings: Config) -> int | None:
    """None while there is no file for SQLite; none is made."""
    path = settings.sqlite_path
    if path is not None:
        return schema.version_in_file(path) if path.exists() else None
    async with _opened(settings) as (engine, dialect):
        return await schema.find_version(engine, dialect)


# Down ---------------------------------------------------------------------------------


async def _down(settings: Config, *, force: bool) -> None:
    path = settings.sqlite_path
    if path is not None and not path.exists():
        raise Refused("There is no database yet: there is nothing to take back.")
    async with _opened(settings) as (engine, dialect):
        taken = await _take_down(engine, dialect, path, force=force)
    below = taken.step.number - 1
    out.print(f"schema {taken.step.number} → {below} ({taken.step.name})", markup=False)
    for loss in taken.losses:
        out.print(f"[yellow]![/] Lost, as --force accepts: {loss}")
    out.print(
        f"The database stands at schema {below}. Install the older program before anything is started: "
        "this one brings the schema up again, with nearly every command."
    )


async def _take_down(engine: Engine, dialect: str, path: Path | None, *, force: bool) -> TakenBack:
    clock = SystemClock()
    await schema.refuse_workers(engine, dialect, clock.now())  # their names say more than the lock below
    with only_service(path):
        return await schema.take_down(engine, dialect, clock.now(), force=force)


# --------------------------------------------------------------------------------------


@asynccontextmanager
async def _opened(settings: Config) -> AsyncIterator[tuple[Engine, str]]:
    """The configured database, its schema as it is."""
    engine, dialect = make_engine(settings.database)
    await engine.open()
    try:
        yield engine, dialect
    finally:
        await engine.close()


def _upward(step: Migration) -> str:
    return f"schema {step.number - 1} → {step.number} ({step.name})"
