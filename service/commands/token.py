"""``switchboard token``: bearer tokens for the API."""

from typing import Annotated, Literal

import typer
from rich.console import Console

from desk.access import Access
from service.clock import SystemClock
from service.commands.common import ConfigOption, in_loop, opened_store, read_config
from service.config import Config

app = typer.Typer(help="Tokens for the API.", no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)
RoleName = Literal["viewer", "agent", "lead", "admin"]


@app.command("create")
def create(
    name: Annotated[str, typer.Option("--name", "-n", help="What the token is for; shown in histories.")],
    role: Annotated[RoleName, typer.Option("--role", "-r", help="What it may do.")] = "agent",
    config: ConfigOption = None,
) -> None:
    """Make a token. It is printed once, as the last word."""

    async def work(settings: Config) -> str:
        async with opened_store(settings) as store:
            return await Access(store, SystemClock()).add_token(name, role)

    secret = in_loop(work(read_config(config)))
    typer.echo(f"Token {name} ({role}), shown this once: {secret}")


@app.command("list")
def list_tokens(config: ConfigOption = None) -> None:
    """List the tokens, without their secrets."""

    async def work(settings: Config) -> None:
        async with opened_store(settings) as store:
            for token in await Access(store, SystemClock()).list_tokens():
                state = f"revoked {token.revoked_at:%Y-%m-%d}" if token.revoked_at else "in use"
                out.print(f"{token.name}  {token.role}  made {token.created_at:%Y-%m-%d}  {state}", markup=False)

    in_loop(work(read_config(config)))


@app.command("revoke")
def revoke(name: str, config: ConfigOption = None) -> None:
    """End a token at once."""

    async def work(settings: Config) -> None:
        async with opened_store(settings) as store:
            await Access(store, SystemClock()).revoke_token(name)

    in_loop(work(read_config(config)))
    out.print(f"Token {name} no longer works.", markup=False)
