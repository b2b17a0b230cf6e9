"""What somebody writes under our post is hidden there, where X lets us; else the ticket says why not."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from desk.commands import Desk
from responders.compose import Limits
from service.jobs import JobRunner
from simulators.x import SimPost
from tests.support.builders import T0, opening, thread
from tests.support.clock import ManualClock
from tests.support.stores import Database
from tests.support.town import AGENT, Town, X, incoming, open_town, until
from tickets.errors import Refused
from tickets.ids import ExternalMessageId, MessageId, TicketNumber
from tickets.model import TicketEnvelope
from tickets.ports import no_crash
from tickets.storage import Store


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town() as place, place.open_for_business(place.config(sql_database.url, tmp_path)):
        yield place


async def hide(town: Town, ticket: TicketEnvelope, key: str, *, hidden: bool = True) -> None:
    message = incoming(ticket)[0].id
    await town.service.desk.hide(AGENT, ticket.ticket.number, message, key=key, hidden=hidden)


async def whole(town: Town, number: TicketNumber) -> TicketEnvelope:
    found = await town.service.store.find_ticket(number)
    assert found is not None
    return found


async def test_a_reply_under_our_post_is_hidden_and_shown_again(town: Town) -> None:
    begun = town.x.post_alone(town.x_account, "Nova versão hoje!")
    rude: SimPost = town.ricardo.mention(town.x_account, "vão todos embora", reply_to=begun)
    ticket = await town.ticket_saying("embora")
    await hide(town, ticket, "h")
    await until(lambda: rude.hidden, "hidden on X")
    with pytest.raises(Refused, match="hidden already"):
        await hide(town, ticket, "again")
    assert (await whole(town, ticket.ticket.number)).messages[0].hidden
    await hide(town, ticket, "s", hidden=False)
    await until(lambda: not rude.hidden, "shown on X")


async def test_where_x_refuses_it_the_ticket_says_so_and_shows_it_as_it_is(town: Town) -> None:
    rude = town.ricardo.mention(town.x_account, "começo uma conversa minha")
    ticket = await town.ticket_saying("conversa minha")
    await hide(town, ticket, "h")

    async def told() -> bool:
        found = await whole(town, ticket.ticket.number)
        return any(one.direction == "note" and "does not let" in one.text for one in found.messages)

    await town.eventually(told, "a note")
    assert not (await whole(town, ticket.ticket.number)).messages[0].hidden
    assert not rude.hidden


async def test_only_what_is_in_public_can_be_hidden(town: Town) -> None:
    town.anna.write("nur für euch", town.bot)
    ticket = await town.ticket_saying("nur für euch")
    with pytest.raises(Refused, match="in public"):
        await hide(town, ticket, "h")
    town.linh.say("Giúp mình với", town.hall, mention=town.discord_bot)
    ticket = await town.ticket_saying("Giúp mình")
    with pytest.raises(Refused, match="lets nobody hide"):
        await hide(town, ticket, "d")


class SlowX:
    """Takes so long over the first wish that somebody wishes otherwise, and another worker serves that first."""

    def __init__(self, wish_otherwise: Callable[[], Awaitable[None]]) -> None:
        self.hidden = False
        self._wish_otherwise: Callable[[], Awaitable[None]] | None = wish_otherwise

    async def hide(self, _message: ExternalMessageId, *, hidden: bool) -> None:
        if (meanwhile := self._wish_otherwise) is not None:
            self._wish_otherwise = None
            await meanwhile()
        self.hidden = hidden


async def test_who_changes_their_mind_while_x_is_slow_gets_what_they_wished_last(store: Store) -> None:
    public = replace(thread("ann"), visibility="public", account=X, channel="x")
    made = opening("ann")
    assert made.message is not None
    said = replace(made.message, external_id=ExternalMessageId("100"))
    await store.admit([replace(made, new_thread=public, message=said)], T0)
    clock, wish = ManualClock(), MessageId("m-ann")
    desk = Desk(store, clock, no_crash, {X: Limits(280, "weighted", hides=True)})

    async def show() -> None:
        await desk.hide(AGENT, TicketNumber(1), wish, key="s", hidden=False)
        await runner("other").run_due()

    slow = SlowX(show)

    def runner(name: str) -> JobRunner:
        connector: Any = SimpleNamespace(source=object(), sender=slow)
        return JobRunner(store, clock, name, {X: connector}, desk)

    await desk.hide(AGENT, TicketNumber(1), wish, key="h")
    await runner("one").run_due()
    found = await store.find_ticket(TicketNumber(1))
    assert found is not None
    assert (found.messages[0].hidden, slow.hidden) == (False, False)
