"""``switchboard run``, ``switchboard worker`` and ``switchboard sandbox``."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from rich.console import Console

from service.commands.common import ConfigOption, read_config
from service.config import Config
from tickets.errors import ConfigError

if TYPE_CHECKING:
    from service.lifespan import Started

FIRST_USER = "admin"
out = Console(highlight=False, soft_wrap=True)


def run(config: ConfigOption = None) -> None:
    """Start Switchboard: every configured channel and the inbox. Without a channel, the sandbox."""
    settings = read_config(config)
    if not settings.accounts:
        out.print(
            "No channel is configured yet, so this is the [bold]sandbox[/]: everything runs, nothing is real."
        )
        out.print("For a real channel see config.toml and the README.\n")
        _start_sandbox(settings)
    else:
        _start(settings)


def sandbox(config: ConfigOption = None) -> None:
    """Start against simulated platforms with scripted people, whatever is configured."""
    _start_sandbox(read_config(config))


def worker(config: ConfigOption = None) -> None:
    """Start another worker: it receives, decides and sends, without an inbox. Any number, on PostgreSQL."""
    settings = read_config(config)
    if not settings.accounts:
        raise ConfigError("No channel is configured, so a worker has nothing to do. See config.toml.")
    _start(settings, inbox=False)


def _start(settings: Config, *, inbox: bool = True) -> None:
    from service.lifespan import run as serve
    from service.locks import only_service
    from service.logs import start_logging, stop_logging

    _warn(settings)
    with only_service(settings.sqlite_path):
        listener = start_logging(settings.log)
        try:
            greet = _greet(settings) if inbox else _say_what_works(settings)
            asyncio.run(_until_signal(lambda stop: serve(settings, greet, stop, inbox=inbox)))
        finally:
            stop_logging(listener)


def _start_sandbox(settings: Config) -> None:
    from service.locks import only_service
    from service.logs import start_logging, stop_logging
    from service.sandbox import play, sandbox_config

    settings = sandbox_config(settings)
    _warn(settings)
    with only_service(settings.sqlite_path):
        listener = start_logging(settings.log)
        try:
            asyncio.run(_until_signal(lambda stop: play(settings, _greet(settings, sandbox=True), stop)))
        finally:
            stop_logging(listener)


def _say_what_works(settings: Config) -> "Callable[[Started], Awaitable[None]]":
    """A worker's first words."""

    async def greet(_started: "Started") -> None:
        out.print(f"A Switchboard worker is running for {', '.join(sorted(settings.accounts))}.")
        out.print("The inbox is where `switchboard run` is running. Stop with Ctrl-C.")
        with contextlib.suppress(ValueError):
            sys.stdout.flush()

    return greet


async def _until_signal(serve: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run until the first SIGTERM or Ctrl-C; a second one changes nothing, as stopping is under way."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(stop)


def _warn(settings: Config) -> None:
    for warning in settings.warnings:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"[yellow]![/] {warning}")


def _greet(settings: Config, *, sandbox: bool = False) -> "Callable[[Started], Awaitable[None]]":
    """The first words on the terminal.  A log file gets no sign-in link: whoever reads it could enter."""

    async def greet(started: "Started") -> None:
        base = settings.inbox.public_url.rstrip("/") or started.url
        out.print(f"Switchboard is running. The inbox: [bold]{base}[/]")
        users = await started.access.list_users()
        if not users:
            users = [await started.access.add_user(FIRST_USER, "admin")]
        if len(users) == 1 and (sandbox or sys.stdout.isatty()):
            secret = await started.access.make_signin_link(users[0])
            out.print(f"Sign in as {users[0].name} (works once, for 30 minutes): [bold]{base}/enter/{secret}[/]")
        else:
            out.print(f"Sign in there; a sign-in link is made by: switchboard user link '{users[0].name}'")
        if sandbox:
            out.print(
                "\nTry this: watch the messages arrive. Open one and answer it (Ctrl-Enter sends): soon\n"
                "the person writes back. Somebody's account was stolen: see why that ticket is on top.\n"
            )
        out.print("Stop with Ctrl-C.")
        with contextlib.suppress(ValueError):
            sys.stdout.flush()

    return greet
