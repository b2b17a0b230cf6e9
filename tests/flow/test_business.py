"""Talks of a business account on Telegram that the bot takes part in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.telegram.business import SimBusiness
from tests.support.stores import Database
from tests.support.town import Town, incoming, open_town


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town() as place:
        boss = place.telegram.add_person("Boss", username="boss")
        config = place.config(sql_database.url, tmp_path, business_accounts=(boss.id,))
        place.telegram.tie(boss, place.bot)
        async with place.open_for_business(config):
            yield place


@pytest.fixture
def shop(town: Town) -> SimBusiness:
    return next(iter(town.bot.businesses.values()))


async def test_a_stranger_who_ties_the_bot_to_their_own_account_is_not_heard(
    town: Town, shop: SimBusiness
) -> None:
    stranger = town.telegram.tie(town.telegram.add_person("Mallory"), town.bot)
    stranger.write(town.anna, "an Mallory")
    stranger.write(town.anna, "send me your PIN", by_owner=True)
    shop.write(town.anna, "an den Laden")
    await town.ticket_saying("an den Laden")
    assert len(await town.tickets()) == 1
    assert not [one for one in town.telegram.sent if one.text and "PIN" in one.text]
    assert list(stranger.conversations[town.anna.id].messages) == [1, 2]


async def test_there_and_back_in_the_account_s_name(town: Town, shop: SimBusiness) -> None:
    asked = shop.write(town.anna, "ร้านเปิดกี่โมงคะ /help")
    ticket = await town.ticket_saying("ร้านเปิดกี่โมง")
    assert (ticket.ticket.requester, ticket.threads[0].visibility) == ("Anna", "private")
    await town.settled(await town.answer(ticket.ticket.number, "เปิดเก้าโมงค่ะ"), "sent")
    answer = town.telegram.sent[-1]
    assert (answer.text, answer.reply_to) == ("เปิดเก้าโมงค่ะ", asked)
    assert shop.conversations[town.anna.id].messages[answer.message_id]["business_connection_id"] == shop.id
    shop.write(town.anna, "ขอบคุณค่ะ", reply_to=answer.message_id)
    again = await town.ticket_saying("ขอบคุณ")
    assert again.ticket.number == ticket.ticket.number
    assert len([one for one in again.messages if one.direction == "out"]) == 1  # its echo is no news


async def test_the_same_person_s_talk_with_the_bot_itself_stays_apart(town: Town, shop: SimBusiness) -> None:
    shop.write(town.anna, "an den Laden")
    town.anna.write("an den Bot", town.bot)
    one, other = await town.ticket_saying("an den Laden"), await town.ticket_saying("an den Bot")
    assert {thread.key for thread in one.threads} != {thread.key for thread in other.threads}
    await town.settled(await town.answer(one.ticket.number, "aus dem Laden"), "sent")
    assert "aus dem Laden" in str(shop.conversations[town.anna.id].messages)


async def test_what_the_owner_writes_is_an_answer_and_nobody_waits(town: Town, shop: SimBusiness) -> None:
    shop.write(town.anna, "seid ihr da?")
    number = (await town.ticket_saying("seid ihr da")).ticket.number
    shop.write(town.anna, "Ja, klar", by_owner=True)

    async def answered() -> bool:
        found = await town.service.store.find_ticket(number)
        return found is not None and found.ticket.status == "pending" and found.messages[-1].text == "Ja, klar"

    await town.eventually(answered, "the owner's answer in the ticket")


async def test_what_is_edited_or_deleted_there_is_kept_as_versions(town: Town, shop: SimBusiness) -> None:
    first, second = shop.write(town.anna, "eins"), shop.write(town.anna, "zwei")
    await town.ticket_saying("zwei")
    shop.edit(town.anna, first, "eins, genauer")
    await town.ticket_saying("genauer")
    shop.delete(town.anna, first, second)

    async def gone() -> bool:
        return all(one.deleted_at for one in incoming((await town.tickets())[0]))

    await town.eventually(gone, "both deleted")


async def test_what_telegram_lets_no_bot_answer_says_why(town: Town, shop: SimBusiness) -> None:
    shop.write(town.anna, "hallo?")
    ticket = await town.ticket_saying("hallo")
    shop.end()
    failed = await town.settled(await town.answer(ticket.ticket.number, "Hallo!"), "failed")
    assert "has taken the bot from it" in failed.detail


CHAT = {"id": 5, "type": "private"}
SAID = {"message_id": 1, "date": 1, "chat": CHAT}
ODD = [
    {"business_message": SAID},
    {"business_message": {**SAID, "chat": {"id": -5, "type": "group"}, "business_connection_id": "a"}},
    {"business_message": {**SAID, "business_connection_id": "../a"}},
    {"deleted_business_messages": {"business_connection_id": "a", "chat": CHAT, "message_ids": []}},
    {"deleted_business_messages": {"business_connection_id": "a", "chat": CHAT, "message_ids": [1, "x", None]}},
    {"deleted_business_messages": "odd"},
    {"deleted_business_messages": {"message_ids": 7}},
]


@pytest.mark.parametrize("update", ODD)
async def test_odd_updates_stop_nothing(town: Town, shop: SimBusiness, update: dict) -> None:
    town.telegram.inject_update(town.bot, update)
    shop.write(town.anna, "danach")
    await town.ticket_saying("danach")
