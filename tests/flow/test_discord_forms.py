"""Discord's form, commands and buttons, from what people see to the ticket and back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from connectors.registry import make_connector
from simulators.discord.channels import SimThread
from simulators.discord.interactions import ANSWERED_WITHIN, SimInteraction
from tests.contract.connectors.harness import context
from tests.support.stores import Database
from tests.support.town import AGENT, DISCORD, Town, open_town, until
from tickets.errors import CredentialRejected, DeliveryError, Refused
from tickets.ids import ThreadKey, TicketNumber
from tickets.model import Reply, ReplyTarget

SAID = "Ứng dụng không cho mình rút tiền từ hôm qua"


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town() as place, place.open_for_business(place.config(sql_database.url, tmp_path)):
        place.linh.locale = "vi"
        yield place


async def shown(done: SimInteraction) -> str:
    await until(lambda: done.shown is not None, "an answer that is seen")
    return done.shown or ""


async def ask_by_form(town: Town) -> int:
    """Linh writes by the form in the hall; the number of her ticket."""
    opened = town.linh.call(town.discord_bot, "support", town.hall)
    await until(lambda: opened.form is not None, "the form")
    assert opened.form is not None
    values = {"Account": "linh-17", "Transaction": "", "What happened?": SAID}
    sent = town.linh.submit(town.discord_bot, opened.form, values, town.hall)
    assert "Chúng tôi đã nhận được" in await shown(sent)
    assert sent.ephemeral
    ticket = await town.ticket_saying("rút tiền")
    assert ticket.messages[0].text == f"{SAID}\n\nAccount: linh-17"
    assert (ticket.ticket.requester, ticket.ticket.language) == ("Linh", "vi")
    assert ticket.threads[0].visibility == "private"
    return ticket.ticket.number


async def test_the_form_becomes_a_ticket_and_is_answered_in_private(town: Town) -> None:
    number = await ask_by_form(town)
    await town.settled(await town.answer(number, "Đã xong, bạn thử lại nhé"), "sent")
    answer = town.discord.sent[-1]
    assert (answer.person, answer.reply_to, answer.text) == (town.linh, None, "Đã xong, bạn thử lại nhé")
    assert len(town.discord.sent) == 1  # the form itself said that it arrived
    town.linh.write("Cảm ơn, được rồi", town.discord_bot)
    assert (await town.ticket_saying("được rồi")).ticket.number == number
    assert town.discord.violations == []


async def test_commands_are_answered_where_they_were_asked_and_nobody_else_sees_it(town: Town) -> None:
    number = await ask_by_form(town)
    asked = town.linh.call(town.discord_bot, "status", town.hall)
    assert f"#{number}" in await shown(asked)
    assert asked.ephemeral
    assert len(asked.labels) == 2
    town.linh.call(town.discord_bot, "language", town.hall, language="ko")
    await until(lambda: town.discord_bot.commands, "the commands")
    closed = town.linh.call(town.discord_bot, "close", town.hall)
    assert f"문의 #{number}을(를) 종료했습니다" in await shown(closed)
    assert town.discord.sent == []
    assert (await town.ticket_saying("rút tiền")).ticket.status == "closed"


async def test_buttons_under_an_acknowledgement_do_what_their_commands_do(town: Town) -> None:
    town.linh.write("Mình quên mật khẩu rồi", town.discord_bot)
    number = (await town.ticket_saying("mật khẩu")).ticket.number
    await until(lambda: bool(town.discord.sent), "the acknowledgement")
    pressed = town.linh.press(town.discord.sent[0], "Xin gặp nhân viên")
    assert f"#{number}" in await shown(pressed)
    ticket = (await town.ticket_saying("mật khẩu")).ticket
    assert ticket.priority_reasons[-1].label == "asked for a person"


async def test_what_discord_forgot_meanwhile_is_told_in_a_direct_message(town: Town) -> None:
    town.discord.faults.arm("status", times=None, path="@original", status=404)
    town.linh.call(town.discord_bot, "help", town.hall)
    await until(lambda: bool(town.discord.sent), "a direct message")
    assert "/status" in town.discord.sent[0].text
    assert town.discord.sent[0].person == town.linh


async def test_what_follows_waits_until_the_button_was_answered(town: Town) -> None:
    """The answer is ready before Discord has been told that the command was heard."""
    town.discord.faults.arm("delay", path="/callback", s=0.7)
    asked = town.linh.call(town.discord_bot, "help", town.hall)
    assert "/status" in await shown(asked)
    assert town.discord.sent == []


async def test_a_form_counts_also_where_no_direct_message_can_be_opened_at_first(town: Town) -> None:
    town.discord.faults.arm("status", path="/users/@me/channels", status=403)
    number = await ask_by_form(town)
    await town.settled(await town.answer(number, "Đã xong"), "sent")
    assert town.discord.sent[-1].person == town.linh


async def test_the_way_back_is_a_secret_and_stands_nowhere(town: Town, sql_database: Database) -> None:
    done = town.linh.call(town.discord_bot, "help", town.hall)
    await shown(done)
    for table, column in (("raw_event", "payload"), ("delivery", "target"), ("secret", "value")):
        for (kept,) in sql_database.rows(f"SELECT {column} FROM {table}"):
            found = bytes(kept) if isinstance(kept, bytes | memoryview) else str(kept).encode()
            assert done.token.encode() not in found
    assert timedelta(seconds=3) == ANSWERED_WITHIN


async def test_the_commands_are_there_in_the_languages_that_discord_knows(town: Town) -> None:
    commands = {str(one["name"]): one for one in town.discord_bot.commands}
    assert set(commands) == {"support", "help", "status", "human", "close", "language"}
    translated = commands["support"]["description_localizations"]
    assert isinstance(translated, dict)
    assert {"zh-CN", "zh-TW", "ja", "ko", "th", "vi", "hi", "pt-BR"} <= set(translated)


# Rooms: private threads ---------------------------------------------------------------------


@pytest.fixture
async def housed(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    """A town whose forms get a private thread each, with two people of staff about."""
    async with open_town() as place:
        place.discord_bot.message_content = True
        rooms = place.guild.add_channel("requests")
        changed = {DISCORD: {"rooms": str(rooms.id), "staff_roles": ["4711"]}}
        async with place.open_for_business(place.config(sql_database.url, tmp_path, changed=changed)):
            place.linh.locale = "vi"
            yield place


def room_of(town: Town) -> SimThread:
    return town.guild.threads[-1]


async def ask_in_a_room(town: Town) -> int:
    opened = town.linh.call(town.discord_bot, "support", town.hall)
    await until(lambda: opened.form is not None, "the form")
    values = {"What happened?": SAID}
    sent = town.linh.submit(town.discord_bot, opened.form or {}, values, town.hall)
    told = await shown(sent)
    assert f"<#{room_of(town).id}>" in told
    return (await town.ticket_saying("rút tiền")).ticket.number


async def test_a_form_gets_a_room_in_which_nobody_must_be_called(housed: Town) -> None:
    number = await ask_in_a_room(housed)
    room = room_of(housed)
    assert (room.private, room.name) == (True, "Linh")
    assert room.joined == {housed.discord_bot.id, housed.linh.id}
    await housed.settled(await housed.answer(number, "Mình đang xem đây"), "sent")
    assert housed.discord.sent[0].text == f"What happened?: {SAID}"
    assert {one.channel_id for one in housed.discord.sent} == {room.id}
    housed.linh.say("Cảm ơn, mình đợi nhé", room)
    ticket = await housed.ticket_saying("mình đợi")
    assert (ticket.ticket.number, ticket.threads[0].visibility) == (number, "private")


async def test_commands_in_a_room_are_about_its_ticket_and_a_second_form_stays_there(housed: Town) -> None:
    number = await ask_in_a_room(housed)
    asked = housed.linh.call(housed.discord_bot, "status", room_of(housed))
    assert f"#{number}" in await shown(asked)
    opened = housed.linh.call(housed.discord_bot, "support", housed.hall)
    await until(lambda: opened.form is not None, "the form")
    housed.linh.submit(housed.discord_bot, opened.form or {}, {"What happened?": "Vẫn chưa được"}, housed.hall)
    assert (await housed.ticket_saying("Vẫn chưa")).ticket.number == number
    assert len(housed.guild.threads) == 1


async def test_a_thread_that_everybody_may_read_is_no_room(housed: Town) -> None:
    await ask_in_a_room(housed)
    public = housed.linh.start_thread(room_of(housed).parent, "everybody")
    housed.linh.say("Mọi người đọc được câu này", public)
    housed.linh.say("Còn câu này gọi bot", public, mention=housed.discord_bot)
    ticket = await housed.ticket_saying("gọi bot")
    assert [thread.visibility for thread in ticket.threads if thread.key == str(public.id)] == ["public"]
    assert not any("đọc được" in one.text for found in await housed.tickets() for one in found.messages)


async def test_nobody_is_written_to_in_somebody_elses_room(housed: Town) -> None:
    number = await ask_in_a_room(housed)
    guest = housed.discord.add_person("Guest")
    guest.say("Tôi chỉ ghé qua", room_of(housed))
    ticket = await housed.ticket_saying("ghé qua")
    await housed.service.desk.close(AGENT, TicketNumber(number), key="c")
    who = next(one.id for one in ticket.identities if one.display_name == "Guest")
    done = await housed.service.desk.begin(AGENT, TicketNumber(number), "Chào bạn", "hỏi thêm", key="b", who=who)
    begun = await housed.service.store.find_ticket(done.number)
    assert begun is not None
    await housed.settled(begun.deliveries[0], "sent")
    assert housed.discord.sent[-1].person == guest
    with pytest.raises(Refused, match=f"#{done.number}"):
        await housed.service.desk.begin(AGENT, TicketNumber(number), "Và nữa", "quên", key="b2", who=who)


async def test_what_staff_writes_in_a_room_is_an_answer(housed: Town) -> None:
    number = await ask_in_a_room(housed)
    staff = housed.discord.add_person("Minh")
    housed.guild.roles[staff.id] = ["4711"]
    picture = ("a.png", "image/png", b"\x89PNG staff")
    staff.say("Bạn khởi động lại ứng dụng giúp mình", room_of(housed), files=[picture])

    async def answered() -> bool:
        found = await housed.ticket_saying("rút tiền")
        return found.ticket.status == "pending" and found.messages[-1].text.startswith("Bạn khởi động")

    await housed.eventually(answered, "the answer by staff")
    assert len(await housed.tickets()) == 1
    last = (await housed.tickets())[0].messages[-1]
    assert (last.direction, last.author) == ("out", "Minh, by hand")
    assert [file.name for file in last.attachments] == ["a.png"]
    housed.linh.say("Được rồi!", room_of(housed))
    assert (await housed.ticket_saying("Được rồi")).ticket.number == number


async def test_a_room_is_put_away_with_its_ticket_and_opened_with_it(housed: Town) -> None:
    number = await ask_in_a_room(housed)
    room = room_of(housed)
    await housed.service.desk.close(AGENT, TicketNumber(number), key="c")
    await until(lambda: room.archived_at is not None and room.locked, "the room to be put away")
    await housed.service.desk.reopen(AGENT, TicketNumber(number), key="r")
    await until(lambda: room.archived_at is None and not room.locked, "the room to be open again")


async def test_where_no_room_can_be_opened_it_goes_on_in_direct_messages(housed: Town) -> None:
    housed.discord.faults.arm("status", path="/threads", status=403)
    opened = housed.linh.call(housed.discord_bot, "support", housed.hall)
    await until(lambda: opened.form is not None, "the form")
    housed.linh.submit(housed.discord_bot, opened.form or {}, {"What happened?": SAID}, housed.hall)
    number = (await housed.ticket_saying("rút tiền")).ticket.number
    await housed.settled(await housed.answer(TicketNumber(number), "Xong rồi"), "sent")
    assert housed.discord.sent[-1].person == housed.linh


async def limits_told(town: Town) -> list[str]:
    return [one.notice.text for one in await town.service.store.list_notices() if one.notice.kind == "limit"]


async def test_on_a_full_server_forms_go_on_in_direct_messages_and_the_team_is_told(housed: Town) -> None:
    housed.guild.most_threads = 0
    opened = housed.linh.call(housed.discord_bot, "support", housed.hall)
    await until(lambda: opened.form is not None, "the form")
    housed.linh.submit(housed.discord_bot, opened.form or {}, {"What happened?": SAID}, housed.hall)
    number = (await housed.ticket_saying("rút tiền")).ticket.number
    await housed.settled(await housed.answer(TicketNumber(number), "Xong rồi"), "sent")
    assert housed.discord.sent[-1].person == housed.linh
    [told] = await limits_told(housed)
    assert "Close tickets, or archive threads" in told

    housed.guild.most_threads = 1_000
    other = housed.discord.add_person("Mai", username="mai")
    opened = other.call(housed.discord_bot, "support", housed.hall)
    await until(lambda: opened.form is not None, "the form")
    other.submit(housed.discord_bot, opened.form or {}, {"What happened?": "Tôi cũng vậy"}, housed.hall)
    await housed.ticket_saying("Tôi cũng vậy")
    assert len(housed.guild.threads) == 1
    assert await limits_told(housed) == []


async def test_an_answer_into_an_archived_room_waits_until_there_is_room(housed: Town) -> None:
    number = await ask_in_a_room(housed)
    before = len(housed.discord.sent)
    housed.linh.archive(room_of(housed))
    housed.guild.most_threads = 0
    delivery = await housed.answer(TicketNumber(number), "Bạn thử lại nhé")

    async def waits() -> bool:
        now = await housed.service.store.find_delivery(delivery.id)
        return now is not None and (now.state, now.code) == ("queued", "full")

    await housed.eventually(waits, "the answer waiting for room")
    assert len(await limits_told(housed)) == 1
    assert len(housed.discord.sent) == before


async def test_an_answer_that_waited_for_room_leaves_and_the_team_is_told(tmp_path: Path) -> None:
    told: list[str] = []

    async def limited(why: str) -> None:
        told.append(why)

    async with open_town() as place:
        thread = place.linh.start_thread(place.hall, "help")
        place.linh.archive(thread)
        settings = place.accounts()[DISCORD].settings
        connector = make_connector("discord", settings, context(DISCORD)._replace(limited=limited))
        await connector.open()
        target = ReplyTarget("discord", DISCORD, ThreadKey(str(thread.id)), "public")
        reply = Reply(target, "xin chào", "key-1", datetime.now(UTC))
        place.guild.most_threads = 0
        for _ in range(2):
            with pytest.raises(DeliveryError) as full:
                await connector.sender.send(reply)
        assert (full.value.code, full.value.delivered, full.value.retry_after_s) == ("full", False, 60.0)
        assert [bool(one) for one in told] == [True]
        place.guild.most_threads = 1
        await connector.sender.send(reply)
        assert [bool(one) for one in told] == [True, False]
        assert [one.text for one in place.discord.sent] == ["xin chào"]
        await connector.close()


async def test_a_bot_that_may_not_read_says_what_is_missing(tmp_path: Path) -> None:
    """BD07."""
    async with open_town() as place:
        settings = replace(place.accounts()[DISCORD].settings, rooms="17")
        connector = make_connector("discord", settings, context(DISCORD))
        with pytest.raises(CredentialRejected, match="Message Content Intent"):
            await connector.check()
        await connector.close()
