"""``switchboard rules``: what the operator's rules would do, on what has already happened."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from router.triggers import Triggers
from service.clock import SystemClock
from service.commands.common import ConfigOption, in_loop, opened_store, read_config
from service.config import Config
from service.routing import triggers_of
from tickets.folds import fresh
from tickets.ids import MessageId
from tickets.model import TicketEnvelope
from tickets.records import TicketFilter
from tickets.storage import Store

app = typer.Typer(help="Rules of config.toml: when this happens, and that holds, do so.", no_args_is_help=True)
out = Console(highlight=False)
PAGE = 200
SHOWN = 5
"""Tickets that are named for each rule."""


@app.command("test")
def try_out(
    days: Annotated[float, typer.Option(help="How far to look back.")] = 30.0,
    config: ConfigOption = None,
) -> None:
    """Show which tickets of the last days each rule would have applied to. Nothing is changed.

    Tickets are taken as they are today; what was written, as it was then.
    """
    settings = read_config(config)
    if not settings.routing.rules:
        out.print("There are no rules. Add one to config.toml, as docs/rules.md shows.")
        return
    found = in_loop(_tried(settings, SystemClock().now() - timedelta(days=days)))
    table = Table("rule", "would apply", "tickets", "for example")
    for name in settings.routing.rules:
        numbers = found.get(name, [])
        tickets = sorted(set(numbers), reverse=True)
        named = ", ".join(f"#{number}" for number in tickets[:SHOWN])
        table.add_row(name, str(len(numbers)), str(len(tickets)), named or "none")
    out.print(table)


async def _tried(settings: Config, since: datetime) -> Mapping[str, list[int]]:
    """The tickets' numbers by rule, once for each time."""
    triggers, found = triggers_of(settings.routing), dict[str, list[int]]()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Looking back", total=None)
        async with opened_store(settings) as store:
            async for ticket in _tickets(store, since):
                _try(triggers, ticket, since, found)
                progress.advance(task)
    return found


async def _tickets(store: Store, since: datetime) -> AsyncIterator[TicketEnvelope]:
    cursor: str | None = ""
    while cursor is not None:
        page = await store.list_tickets(TicketFilter(limit=PAGE, cursor=cursor))
        for row in page.items:
            whole = await store.find_ticket(row.ticket.number) if row.ticket.updated_at >= since else None
            if whole is not None:
                yield whole
        cursor = page.next


def _try(triggers: Triggers, ticket: TicketEnvelope, since: datetime, found: dict[str, list[int]]) -> None:
    said: dict[MessageId | None, str] = {
        one.id: f"{one.subject or ''}\n{fresh(one.text)}" for one in ticket.messages if one.direction == "in"
    }
    for event in ticket.events:
        if event.at >= since:
            for trigger in triggers.matching(ticket.ticket, event, said.get(event.message_id, "")):
                found.setdefault(trigger.name, []).append(ticket.ticket.number)
