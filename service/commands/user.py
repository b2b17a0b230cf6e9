"""``switchboard user``: who may sign in to the inbox."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, TypeVar

import typer
from msgspec.structs import replace
from rich.console import Console

from desk.access import Access
from desk.actors import Actor
from desk.commands import Desk
from service.clock import SystemClock
from service.commands.common import ConfigOption, in_loop, opened_store, read_config
from service.commands.token import RoleName
from service.config import DEFAULT_PORT, Config
from service.wiring import routing_of
from tickets.ports import no_crash
from tickets.records import Duty

app = typer.Typer(help="People who may sign in.", no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)
OPERATOR = Actor("program:operator", "The operator", "admin")
T = TypeVar("T")


def _with_access(settings: Config, work: Callable[[Access], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with opened_store(settings) as store:
            return await work(Access(store, SystemClock()))

    return in_loop(opened())


@app.command("add")
def add(
    name: str,
    role: Annotated[RoleName, typer.Option("--role", "-r", help="What they may do.")] = "agent",
    config: ConfigOption = None,
) -> None:
    """Add somebody and print a sign-in link for them."""
    settings = read_config(config)

    async def work(access: Access) -> str:
        return await access.make_signin_link(await access.add_user(name, role))

    _show_link(settings, name, _with_access(settings, work))


@app.command("link")
def link(name: str, config: ConfigOption = None) -> None:
    """Print a new sign-in link: it works once, within 30 minutes."""
    settings = read_config(config)

    async def work(access: Access) -> str:
        return await access.make_signin_link(await access.get_user(name))

    _show_link(settings, name, _with_access(settings, work))


@app.command("list")
def list_users(config: ConfigOption = None) -> None:
    """List everybody."""
    for user in _with_access(read_config(config), lambda access: access.list_users()):
        state = "" if user.active else "  switched off"
        out.print(f"{user.name}  {user.role}{state}", markup=False)


@app.command("role")
def role(name: str, role: RoleName, config: ConfigOption = None) -> None:
    """Change what somebody may do."""
    _with_access(read_config(config), lambda access: access.set_role(name, role))
    out.print(f"{name} is now {role}.", markup=False)


@app.command("password")
def password(name: str, config: ConfigOption = None) -> None:
    """Set somebody's password (asked for, never on the command line)."""
    wanted = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    _with_access(read_config(config), lambda access: access.set_password(name, wanted))
    out.print(f"{name} can sign in with the new password.", markup=False)


@app.command("duty")
def duty(
    name: str,
    teams: Annotated[str | None, typer.Option(help="Whose tickets they get, e.g. support,payments.")] = None,
    languages: Annotated[str | None, typer.Option(help="They answer in these, e.g. de,en; all: in any.")] = None,
    line: Annotated[int | None, typer.Option(help="The highest line they take work of, 1 to 3.")] = None,
    cap: Annotated[int | None, typer.Option(help="Open tickets at most; 0: any number.")] = None,
    present: Annotated[bool | None, typer.Option("--present/--absent", help="Work may be given to them.")] = None,
    away_days: Annotated[float | None, typer.Option(help="Away for so long; what they have goes back.")] = None,
    config: ConfigOption = None,
) -> None:
    """Say what work somebody does; without options show it."""
    settings = read_config(config)

    async def work() -> Duty:
        clock = SystemClock()
        async with opened_store(settings) as store:
            user = await Access(store, clock).get_user(name)
            desk = Desk(store, clock, no_crash, {}, routing=routing_of(settings))
            wanted = _duty(user.duty, teams, languages, line, cap, present)
            if wanted != user.duty:
                await desk.set_duty(OPERATOR, user.id, wanted)
            if away_days is not None:
                await desk.go_away(OPERATOR, user.id, clock.now() + timedelta(days=away_days))
            return (await Access(store, clock).get_user(name)).duty

    _show_duty(name, in_loop(work()))


def _duty(
    duty: Duty,
    teams: str | None,
    languages: str | None,
    line: int | None,
    cap: int | None,
    present: bool | None,
) -> Duty:
    """What is not said stays."""
    told = {
        "teams": None if teams is None else _listed(teams),
        "languages": None if languages is None else () if languages == "all" else _listed(languages),
        "line": line,
        "cap": cap,
        "present": present,
    }
    return replace(duty, **{field: value for field, value in told.items() if value is not None})


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _show_duty(name: str, duty: Duty) -> None:
    there = "here" if duty.present else "not here"
    away = f", away until {duty.away_until:%Y-%m-%d %H:%M} UTC" if duty.away_until else ""
    out.print(
        f"{name}: teams {', '.join(duty.teams) or 'none'}; languages {', '.join(duty.languages) or 'any'}; "
        f"line {duty.line}; at most {duty.cap or 'any number of'} tickets; {there}{away}.",
        markup=False,
    )


@app.command("off")
def off(name: str, config: ConfigOption = None) -> None:
    """Switch somebody off; their sessions end at once."""
    _with_access(read_config(config), lambda access: access.set_active(name, False))
    out.print(f"{name} can no longer sign in.", markup=False)


@app.command("on")
def on(name: str, config: ConfigOption = None) -> None:
    """Let somebody in again."""
    _with_access(read_config(config), lambda access: access.set_active(name, True))
    out.print(f"{name} can sign in again.", markup=False)


def _show_link(settings: Config, name: str, secret: str) -> None:
    base = (
        settings.inbox.public_url.rstrip("/")
        or f"http://{settings.inbox.host}:{settings.inbox.port or DEFAULT_PORT}"
    )
    out.print(f"{name} signs in here (works once, for 30 minutes):", markup=False)
    typer.echo(f"{base}/enter/{secret}")
