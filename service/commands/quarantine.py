"""``switchboard quarantine``: messages that could not be read, kept whole."""

from typing import Annotated

import typer
from rich.console import Console

from desk.actors import Actor
from desk.commands import Desk
from service.clock import SystemClock
from service.commands.common import ConfigOption, in_loop, opened_store, read_config
from service.config import Config
from tickets.errors import Refused
from tickets.ids import EventId
from tickets.ports import no_crash

app = typer.Typer(help="Messages that could not be read: nothing of them is lost.", no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)
OPERATOR = Actor(key="operator", name="Operator", role="admin")
"""Whoever may use the command line on this machine."""
Number = Annotated[int, typer.Argument(help="The number that `quarantine list` shows.")]


@app.command("list")
def list_all(config: ConfigOption = None) -> None:
    """List them, newest first, with the reason."""

    async def work(settings: Config) -> None:
        async with opened_store(settings) as store:
            events = await store.list_quarantine()
        if not events:
            out.print("Nothing is in quarantine.")
        for event in events:
            size = f"{event.size_bytes} bytes"
            out.print(
                f"{event.id}  {event.received_at:%Y-%m-%d %H:%M}  {event.account}  {size}  {event.reason}",
                markup=False,
            )

    in_loop(work(read_config(config)))


@app.command("show")
def show(number: Number, config: ConfigOption = None) -> None:
    """Write one, byte for byte, to standard output."""

    async def work(settings: Config) -> bytes:
        async with opened_store(settings) as store:
            event = await store.read_raw(EventId(number))
        if event is None:
            raise Refused(f"There is no message {number}. `switchboard quarantine list` shows what there is.")
        return event.payload

    typer.echo(in_loop(work(read_config(config))), nl=False)


@app.command("replay")
def replay(number: Number, config: ConfigOption = None) -> None:
    """Let the running service try one again, after an upgrade for instance."""

    async def work(settings: Config) -> bool:
        async with opened_store(settings) as store:
            desk = Desk(store, SystemClock(), no_crash, {})
            return await desk.replay(OPERATOR, EventId(number))

    if not in_loop(work(read_config(config))):
        raise Refused(f"Message {number} is not in quarantine. `switchboard quarantine list` shows what is.")
    out.print(f"Message {number} is handled anew.")
