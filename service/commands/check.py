"""``switchboard check``: is the configuration right, and does each credential work?"""

import asyncio

import typer
from rich.console import Console

from service.commands.common import ConfigOption, in_loop, opened_store, read_config
from service.config import Config
from tickets.errors import ConnectorError

CHECK_S = 60.0
out = Console(highlight=False, soft_wrap=True)


def check(config: ConfigOption = None) -> None:
    """Check config.toml, the database and every account's credentials. Receives and sends nothing."""
    settings = read_config(config)
    for warning in settings.warnings:
        out.print(f"[yellow]![/] {warning}")
    if not in_loop(_check(settings)):
        raise typer.Exit(1)


async def _check(settings: Config) -> bool:
    from service.clock import SystemClock
    from service.wiring import make_connectors
    from tickets.ports import no_crash

    async with opened_store(settings) as store:
        await store.check()
        out.print("[green]✓[/] The configuration is right and the database can be written.")
        if not settings.accounts:
            out.print("[yellow]![/] No channel is configured; `switchboard run` starts the sandbox.")
        connectors = make_connectors(settings, store, SystemClock(), no_crash)
        good = True
        for account, connector in connectors.items():
            try:
                async with asyncio.timeout(CHECK_S):
                    name = await connector.check()
                out.print(f"[green]✓[/] {account}: signed in as {name}")
            except (ConnectorError, TimeoutError) as error:
                good = False
                out.print(f"[red]✗[/] {account}: {error or 'no answer within a minute'}")
            finally:
                await connector.close()
        return good
