"""What X costs: counted, told, and planned for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.stores import Database
from tests.support.town import Town, X, open_town
from tickets.spending import Prices, Spending, total


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    budget = {X: {"monthly_budget": 0.25, "prices": Prices(own=0.005), "by_hand_after_s": 0.5}}
    async with (
        open_town() as place,
        place.open_for_business(place.config(sql_database.url, tmp_path, changed=budget)),
    ):
        yield place


async def spent(town: Town) -> dict[str, Spending]:
    service = town.service
    return {one.what: one for one in await service.store.list_spending(town.x.calls[-1].at) if one.account == X}


async def test_each_post_is_counted_and_what_can_wait_waits_for_the_next_month(town: Town) -> None:
    town.ricardo.mention(town.x_account, "meu saque não chegou")
    number = (await town.ticket_saying("saque")).ticket.number
    await town.settled(await town.answer(number, "Já vimos."), "sent")
    await town.settled(await town.answer(number, "Veja https://example.com"), "sent")

    async def counted() -> bool:
        found = await spent(town)
        return {"own", "answers", "links"} <= found.keys()

    await town.eventually(counted, "all that was spent")
    found = await spent(town)
    assert (found["answers"].units, found["links"].units, found["links"].dollars) == (1, 1, 0.2)
    assert found["own"].dollars == pytest.approx(found["own"].units * 0.005)

    async def told() -> list[str]:
        notices = await town.service.store.list_notices()
        return [one.notice.text for one in notices if one.notice.kind == "budget"]

    await town.eventually(told, "that most of it is gone")
    assert any("80%" in text for text in await told())
    while total(list((await spent(town)).values())) < 0.25:
        person = town.x.add_person("P", f"p{len(town.x.calls)}")
        person.mention(town.x_account, f"ajuda {person.id}")
        await town.ticket_saying(f"ajuda {person.id}")

    async def over() -> bool:
        return any("is used up." in text for text in await told())

    await town.eventually(over, "that it is used up")
    looked = [call for call in town.x.calls if call.path.endswith("/tweets")]
    town.ricardo.mention(town.x_account, "ainda leem isto?")
    number = (await town.ticket_saying("ainda leem")).ticket.number
    await town.settled(await town.answer(number, "Sim!"), "sent")
    later = [call for call in town.x.calls if call.path.endswith("/tweets") and call.method == "GET"]
    assert len(later) <= len([call for call in looked if call.method == "GET"]) + 1
