"""Many people, one cause, over four channels: found, told once each, late ones too, and the false one let go."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from desk.actors import Actor
from desk.incidents import IncidentDesk
from service.clock import SystemClock
from tests.support.stores import Database
from tests.support.town import Town, open_town
from tickets.ids import IncidentNumber, UserId
from tickets.storage import Store

MEI = Actor("user:u-mei", "Mei", "lead", UserId("u-mei"))
ONE = IncidentNumber(1)
TROUBLE = "Withdrawal fails with error WD-5031, it is stuck"
GERMAN = "Auszahlung geht nicht, Fehler WD-5031"


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town() as town, town.open_for_business(town.config(sql_database.url, tmp_path)):
        yield town


def members(store: Store, count: int) -> Callable[[], Awaitable[bool]]:
    async def there() -> bool:
        return len(await store.list_member_rows(ONE, 100)) == count

    return there


async def test_five_report_it_everybody_is_told_once_and_who_comes_late_at_once(town: Town) -> None:
    store = town.service.store
    desk = IncidentDesk(store, SystemClock())
    town.anna.write(GERMAN, town.bot)
    town.mei.write(to="support@example.test", subject="Withdrawal", text=TROUBLE)
    town.linh.say("rút tiền bị lỗi WD-5031", town.hall, mention=town.discord_bot)
    town.ricardo.mention(town.x_account, "my withdrawal is stuck, WD-5031")
    town.telegram.add_person("Somchai", language_code="th").write("ถอนเงินไม่ได้ ขึ้น error WD-5031", town.bot)
    await town.eventually(members(store, 5), "five members")
    room = await desk.get_room(MEI, ONE)
    assert room.incident.people == 5
    assert "wd-5031" in room.incident.title.lower()
    assert [one.notice.kind for one in await store.list_notices()].count("incident") == 1
    texts = {"en": "We are repairing withdrawals.", "de": "Wir reparieren die Auszahlungen."}
    await desk.tell(MEI, ONE, "answer", texts, "en")
    await town.eventually(said(town, "We are repairing", 4), "four answers in English")
    await town.eventually(said(town, "Wir reparieren", 1), "one in German")
    town.telegram.add_person("Late", language_code="en").write(
        "withdrawal error WD-5031 again and again", town.bot
    )
    await town.eventually(members(store, 6), "six members")
    await town.eventually(said(town, "We are repairing", 5), "the late one's answer")
    await desk.tell(MEI, ONE, "resolution", {"en": "Withdrawals work again."}, "en")
    await town.eventually(said(town, "work again", 6), "the end, told to all")
    assert len([text for text in town.accepted() if "We are repairing" in text]) == 5
    assert (await desk.get_room(MEI, ONE)).incident.state == "resolved"


def said(town: Town, words: str, times: int) -> Callable[[], Awaitable[bool]]:
    async def done() -> bool:
        return len([text for text in town.accepted() if words in text]) == times

    return done
