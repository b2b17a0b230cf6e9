"""``switchboard sign-in``: an account's person agrees on the platform's own page, once."""

from typing import Annotated

import typer
from rich.console import Console

from service.commands.common import ConfigOption, in_loop, opened_store, read_config
from service.config import Config
from tickets.errors import ConfigError, Refused
from tickets.ids import AccountId

out = Console(highlight=False, soft_wrap=True)


def sign_in(
    account: Annotated[str, typer.Argument(help="Which account, as x:main.")], config: ConfigOption = None
) -> None:
    """Sign an X account in with OAuth 2.0. Its tokens are kept encrypted and renewed by themselves."""
    in_loop(_sign_in(read_config(config), AccountId(account)))


async def _sign_in(settings: Config, account: AccountId) -> None:
    from connectors.x.settings import Settings
    from connectors.x.signing_in import SigningIn
    from service.clock import SystemClock
    from service.wiring import make_connectors, make_context
    from tickets.ports import no_crash

    found = settings.accounts.get(account)
    if found is None:
        known = ", ".join(sorted(settings.accounts)) or "none"
        raise ConfigError(f"There is no account {account} in the configuration. There are: {known}.")
    if not isinstance(found.settings, Settings):
        raise Refused(f"{account} does not sign in this way.")
    clock = SystemClock()
    async with opened_store(settings) as store:
        signing_in = SigningIn(found.settings, make_context(account, store, clock, no_crash))
        out.print("Open this page, signed in as the account, and agree:\n")
        typer.echo(signing_in.address)
        out.print("\nThen copy the whole address of the page that follows; it may well show an error.")
        await signing_in.finish(typer.prompt("Address", prompt_suffix=": "))
        connector = make_connectors(settings, store, clock, no_crash)[account]
        try:
            out.print(f"[green]✓[/] {account}: signed in as {await connector.check()}")
        finally:
            await connector.close()
