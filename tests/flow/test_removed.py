"""What people remove on X is removed here, too."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.registry import make_connector
from service.jobs import JobRunner
from service.removals import ASK
from tests.contract.connectors.harness import context
from tests.support.clock import ManualClock
from tests.support.stores import Database
from tests.support.town import ADDRESS, AGENT, Town, X, incoming, open_town
from tickets.ports import Connector
from tickets.records import NewJob, TicketFilter

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town() as place, place.open_for_business(place.config(sql_database.url, tmp_path)):
        yield place


@pytest.fixture
async def connector(town: Town) -> AsyncIterator[Connector]:
    made = make_connector("x", town.accounts()[X].settings, context(X))
    yield made
    await made.close()


class Hours:
    """Lets hours go by for the jobs only."""

    def __init__(self, town: Town, connector: Connector) -> None:
        self._store, self._now = town.service.store, datetime.now(UTC)
        self._clock = ManualClock(self._now)
        self._jobs = JobRunner(self._store, self._clock, "hours", {X: connector}, town.service.desk)

    async def ask(self) -> None:
        key = f"{ASK}:{self._clock.now()}"
        await self._store.enqueue_jobs([NewJob(ASK, key, self._now, {"account": X})])

    async def pass_by(self) -> bool:
        """Always True; for conditions that are looked at afterwards."""
        self._clock.move(timedelta(minutes=30).total_seconds())
        await self._jobs.run_due()
        return True


@pytest.mark.parametrize("how", ["deleted", "suspended"])
async def test_a_post_that_is_gone_on_x_is_gone_here(town: Town, connector: Connector, how: str) -> None:
    asked = town.ricardo.mention(town.x_account, "minha senha é segredo", pictures=(PICTURE,))
    other = town.x.add_person("Somchai", username="somchai")
    other.mention(town.x_account, "ถอนเงินไม่ได้")
    gone = await town.ticket_saying("segredo")
    stays = await town.ticket_saying("ถอนเงิน")
    edited = town.ricardo.edit(asked, "@support_desk minha senha é outra")
    await town.ticket_saying("outra")
    if how == "deleted":
        town.ricardo.delete(edited)
    else:
        town.ricardo.suspend()
    hours = Hours(town, connector)
    await hours.ask()

    async def forgotten() -> bool:
        await hours.pass_by()
        found = await town.service.store.find_ticket(gone.ticket.number)
        assert found is not None
        return incoming(found)[0].deleted_at is not None

    await town.eventually(forgotten, "the removed post forgotten")
    found = await town.service.store.find_ticket(gone.ticket.number)
    assert found is not None
    [message] = incoming(found)
    assert (message.text, message.versions, message.attachments[0].state) == ("", (), "missing")
    assert "senha" not in found.ticket.subject
    assert message.event_id is not None
    assert await town.service.store.read_raw(message.event_id) is None
    assert not (await town.service.store.list_tickets(TicketFilter(query="senha"))).items
    assert (await town.ticket_saying("ถอนเงิน")).messages == stays.messages
    assert not town.x.violations


async def test_where_x_does_not_tell_the_team_is_told(town: Town, connector: Connector) -> None:
    town.x.tells_removed = False
    town.ricardo.mention(town.x_account, "olá")
    await town.ticket_saying("olá")
    hours = Hours(town, connector)
    await hours.ask()

    async def told() -> bool:
        await hours.pass_by()
        return any("within 24 hours" in one.notice.text for one in await town.service.store.list_notices())

    await town.eventually(told, "a notice")
    town.x.tells_removed = True
    await hours.ask()

    async def over() -> bool:
        await hours.pass_by()
        return not any("within 24 hours" in one.notice.text for one in await town.service.store.list_notices())

    await town.eventually(over, "the notice gone")


async def test_the_words_of_a_merged_ticket_go_from_where_they_are(town: Town, connector: Connector) -> None:
    asked = town.ricardo.mention(town.x_account, "palavra secreta")
    first = await town.ticket_saying("secreta")
    town.mei.write(to=ADDRESS, subject="支付失败", text="订单没有到账")
    second = await town.ticket_saying("订单")
    await town.service.desk.merge(
        AGENT, first.ticket.number, second.ticket.number, key="m", consent="on the phone"
    )
    town.ricardo.delete(asked)
    hours = Hours(town, connector)
    await hours.ask()

    async def forgotten() -> bool:
        await hours.pass_by()
        return not any("secreta" in one.text for ticket in await town.tickets() for one in ticket.messages)

    await town.eventually(forgotten, "the removed post forgotten")
    subjects = [one.ticket.subject for one in await town.tickets()]
    assert not any("secreta" in subject for subject in subjects)
    assert any("支付失败" in subject for subject in subjects)
    assert not (await town.service.store.list_tickets(TicketFilter(query="secreta"))).items
