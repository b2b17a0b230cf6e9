"""What somebody writes under our post is hidden there, where X lets us; else the ticket says why not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.x import SimPost
from tests.support.stores import Database
from tests.support.town import AGENT, Town, incoming, open_town, until
from tickets.errors import Refused
from tickets.ids import TicketNumber
from tickets.model import TicketEnvelope


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
