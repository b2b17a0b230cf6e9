"""Somebody is written to first: where each platform allows it, and what comes back finds its ticket."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desk.frame import Done
from tests.support.stores import Database
from tests.support.town import AGENT, Town, open_town, until
from tickets.errors import KeyReused, Refused
from tickets.ids import TicketNumber
from tickets.model import TicketEnvelope


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town() as place, place.open_for_business(place.config(sql_database.url, tmp_path)):
        yield place


async def begin(town: Town, about: TicketEnvelope, text: str, key: str = "b") -> TicketEnvelope:
    """Begun from a ticket; the new one once what was written has left."""
    done = await town.service.desk.begin(AGENT, about.ticket.number, text, "asked on the phone", key=key)
    found = await numbered(town, done.number)
    assert (found.ticket.status, found.ticket.requester) == ("pending", about.ticket.requester)
    assert [one.direction for one in found.messages] == ["note", "out"]
    assert found.messages[0].text == f"Begun from #{about.ticket.number}: asked on the phone"
    await town.settled(found.deliveries[0], "sent")
    return found


async def numbered(town: Town, number: TicketNumber) -> TicketEnvelope:
    found = await town.service.store.find_ticket(number)
    assert found is not None
    return found


async def test_who_asked_in_a_discord_channel_is_written_to_in_private(town: Town) -> None:
    town.linh.say("Mình không rút được tiền", town.hall, mention=town.discord_bot)
    begun = await begin(town, await town.ticket_saying("không rút"), "Chào bạn, cho mình xin mã giao dịch nhé")
    assert town.discord.sent[-1].person == town.linh
    assert begun.threads[0].visibility == "private"
    town.linh.write("Mã là 17", town.discord_bot)
    back = await town.ticket_saying("Mã là 17")
    assert (back.ticket.number, back.ticket.status) == (begun.ticket.number, "open")
    assert back.threads[0].key == str(town.linh.dm(town.discord_bot))


async def test_who_asked_in_a_telegram_group_is_written_to_in_private_if_they_have_started(town: Town) -> None:
    town.anna.write("/start", town.bot)
    group = town.telegram.add_group("Buyers", town.bot)
    town.anna.write(f"@{town.bot.username} Wo bleibt meine Auszahlung?", town.bot, group=group)
    about = await town.ticket_saying("Auszahlung")
    begun = await begin(town, about, "Guten Tag, welche Kontonummer ist es?")
    assert any(one.chat_id == town.anna.id and "Kontonummer" in one.text for one in town.telegram.sent)
    town.anna.write("Es ist die 4711", town.bot)
    assert (await town.ticket_saying("die 4711")).ticket.number == begun.ticket.number
    with pytest.raises(Refused, match=f"#{begun.ticket.number}"):
        await town.service.desk.begin(AGENT, about.ticket.number, "Und noch etwas", "forgot it", key="again")
    words = "Guten Tag, welche Kontonummer ist es?"
    again = await town.service.desk.begin(AGENT, about.ticket.number, words, "asked on the phone", key="b")
    assert again == Done(begun.ticket.number, begun.deliveries[0].id, repeated=True)
    with pytest.raises(KeyReused):
        await town.service.desk.begin(AGENT, about.ticket.number, "Guten Tag", "asked on the phone", key="b")


async def test_telegram_refuses_who_never_started_and_the_ticket_says_so(town: Town) -> None:
    stranger = town.telegram.add_person("สมชาย")
    group = town.telegram.add_group("Buyers", town.bot)
    stranger.write(f"@{town.bot.username} ถอนเงินไม่ได้", town.bot, group=group)
    about = await town.ticket_saying("ถอนเงิน")
    done = await town.service.desk.begin(AGENT, about.ticket.number, "สวัสดีครับ", "asked on the phone", key="b")
    begun = await numbered(town, done.number)
    failed = await town.settled(begun.deliveries[0], "failed")
    assert failed.detail
    assert (await numbered(town, done.number)).ticket.status == "open"


async def test_by_mail_it_has_a_subject_of_its_own_and_the_answer_comes_back(town: Town) -> None:
    town.mei.write(to="support@example.test", subject="提现", text="我的提现还没有到账")
    about = await town.ticket_saying("没有到账")
    await until(lambda: bool(town.mei.received), "the acknowledgement")
    done = await town.service.desk.begin(
        AGENT, about.ticket.number, "您好，想请您做个调查。", "survey", key="b", subject="用户调查"
    )
    await until(lambda: any(one.subject == "用户调查" for one in town.mei.received), "the mail")
    mail = next(one for one in town.mei.received if one.subject == "用户调查")
    assert mail.in_reply_to is None
    town.mei.reply(mail, "好的，没问题。")
    assert (await town.ticket_saying("没问题")).ticket.number == done.number


async def test_on_x_nobody_is_written_to_unasked(town: Town) -> None:
    town.ricardo.mention(town.x_account, "meu saque não chegou")
    about = await town.ticket_saying("saque")
    with pytest.raises(Refused, match="send them a code"):
        await town.service.desk.begin(AGENT, about.ticket.number, "Olá", "privado", key="b")
