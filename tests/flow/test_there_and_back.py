"""A message in, a ticket, an answer out, and the person's answer back to the same ticket."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.mail.name_server import NameServer
from simulators.telegram.records import SentMessage
from tests.support.signing import records, signed
from tests.support.stores import Database
from tests.support.town import AGENT, EMAIL, TELEGRAM, Town, incoming, open_town, until
from tickets.model import TicketEnvelope

STOLEN = "我的账户被盗了，请马上冻结！有人改了密码。"


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    """A running service on each database."""
    async with open_town() as place, place.open_for_business(place.config(sql_database.url, tmp_path)):
        yield place


async def test_a_chat_message_becomes_a_ticket_and_its_answer_goes_back(town: Town) -> None:
    asked = town.anna.write("Wie lange dauert die Auszahlung auf mein Konto?", town.bot)
    ticket = await town.ticket_saying("Auszahlung")
    assert (ticket.ticket.requester, ticket.ticket.language, ticket.ticket.channel) == ("Anna", "de", "telegram")

    delivery = await town.settled(await town.answer(ticket.ticket.number, "Ein bis zwei Werktage."), "sent")

    (answer,) = [one for one in town.telegram.sent if one.text == "Ein bis zwei Werktage."]
    assert (answer.chat_id, answer.reply_to) == (town.anna.id, asked.message_id)
    assert delivery.parts[0].external_id == f"{town.bot.id}/{town.anna.id}/{answer.message_id}"
    town.anna.write("Danke, und am Wochenende?", town.bot, reply_to=answer.message_id)
    assert (await town.ticket_saying("Wochenende")).ticket.number == ticket.ticket.number


async def test_a_mail_becomes_a_ticket_and_its_answer_goes_back_into_the_thread(town: Town) -> None:
    town.mei.write(to="support@example.test", subject="账户问题", text=STOLEN)
    ticket = await town.ticket_saying("被盗")
    assert ticket.ticket.subject == "账户问题"
    assert ticket.ticket.priority >= 60
    assert any("security" in reason.label for reason in ticket.ticket.priority_reasons)

    await town.settled(await town.answer(ticket.ticket.number, "我们已冻结您的账户。"), "sent")

    await until(lambda: "我们已冻结您的账户。" in town.mail_texts(), "the answer at the person's")
    answer = next(one for one in town.mei.received if not one.header("Auto-Submitted"))
    assert answer.in_reply_to == incoming(ticket)[0].external_id
    assert answer.subject == "Re: 账户问题"
    town.mei.reply(answer, "谢谢你们，现在好了。")
    assert (await town.ticket_saying("现在好了")).ticket.number == ticket.ticket.number


async def test_everybody_is_told_once_that_their_message_arrived(town: Town) -> None:
    for n in range(3):
        town.anna.write(f"Nachricht Nummer {n} von mir", town.bot)
    town.mei.write(to="support@example.test", subject="第一封", text="第一封邮件的内容在这里")
    await town.ticket_saying("Nummer 2")
    await town.ticket_saying("第一封邮件")

    await until(lambda: len(town.telegram.sent) == 1 and len(town.mei.received) == 1, "two acknowledgements")
    assert town.telegram.sent[0].text.startswith("Danke")
    assert "我们已收到" in town.mei.received[0].text
    assert town.mei.received[0].header("Auto-Submitted") == "auto-replied"


async def test_whoever_answers_the_acknowledgement_reaches_the_ticket(town: Town) -> None:
    """Even where its name is all that their program keeps."""
    town.mei.write(to="support@example.test", subject="提现", text="我的提现还没有到账")
    ticket = await town.ticket_saying("还没有到账")
    await until(lambda: bool(town.mei.received), "the acknowledgement")
    told = town.mei.received[0]
    town.mei.write(
        to="support@example.test", subject="补充", text="补充一下，金额是五十", in_reply_to=told.message_id
    )
    assert (await town.ticket_saying("金额是五十")).ticket.number == ticket.ticket.number


async def test_a_signature_checked_here_proves_who_wrote(sql_database: Database, tmp_path: Path) -> None:
    """Where the mailbox's server reports nothing; a name server that does not know the key loses no mail."""
    raw = (
        "From: mei@{}\r\nTo: support@example.test\r\nSubject: 签名\r\nDate: Sat, 1 Aug 2026 10:00:00 +0000\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n请核对签名 {}\r\n"
    )
    async with NameServer() as names, open_town() as town:
        names.records = records("customers.test")
        changed = {EMAIL: {"check_signatures": True, "nameserver": names.address}}
        async with town.open_for_business(town.config(sql_database.url, tmp_path, changed=changed)):
            for domain in ("customers.test", "keyless.test"):
                town.box.deliver(signed(raw.format(domain, domain).encode(), domain))
            known = await town.ticket_saying("签名 customers.test")
            assert known.messages[0].authenticity.verdict == "verified"
            assert known.messages[0].authenticity.by == "customers.test"
            assert (await town.ticket_saying("签名 keyless.test")).messages[0].authenticity.verdict == "unverified"
            assert set(names.asked) == {"sb1._domainkey.customers.test", "sb1._domainkey.keyless.test"}


async def test_people_ask_the_bot_how_it_stands_in_their_language(town: Town) -> None:
    wei = town.telegram.add_person("王伟", language_code="zh-hans")

    async def asks(command: str, answer: str) -> None:
        wei.write(command, town.bot)
        await until(lambda: any(answer in one.text for one in town.telegram.sent), f"{answer!r}")

    await asks("/help", "/status 查看进展")
    await asks("/status", "您没有未处理完的问题")
    wei.write("我的提现还没有到账，请帮我查一下", town.bot)
    number = (await town.ticket_saying("没有到账")).ticket.number
    await asks("/status", f"您的问题 #{number} 正在由我们的团队处理")
    await town.settled(await town.answer(number, "明天到账。"), "sent")
    await asks("/status", f"我们已回复您的问题 #{number}")
    await asks("/human", f"您的问题 #{number} 将由工作人员处理")
    ticket = (await town.ticket_saying("没有到账")).ticket
    assert ticket.status == "open"
    assert any(reason.label == "asked for a person" for reason in ticket.priority_reasons)
    await asks("/close", f"您的问题 #{number} 已结束")
    closed = await town.ticket_saying("没有到账")
    assert closed.ticket.status == "closed"
    assert [message.text for message in incoming(closed)] == ["我的提现还没有到账，请帮我查一下"]


async def test_the_menu_of_commands_is_there_in_every_language(town: Town) -> None:
    shown = {json.loads(scope)[1]: commands for scope, commands in town.bot.commands.items()}
    assert {one["command"] for one in shown[""]} == {"help", "status", "human", "close", "language"}
    assert {"ar", "de", "hi", "ja", "ko", "th", "vi", "zh"} < set(shown)
    assert "查看进展" in [one["description"] for one in shown["zh"]]


async def test_what_can_be_sent_can_be_pressed_and_nobody_can_forge_it(town: Town) -> None:
    """BT22."""
    wei = town.telegram.add_person("王伟", language_code="zh-hans")
    wei.write("我的提现还没有到账，请帮我查一下", town.bot)
    number = (await town.ticket_saying("没有到账")).ticket.number
    await until(lambda: bool(town.telegram.sent), "the acknowledgement")
    told = town.telegram.sent[0]
    assert labels(told) == ["查看进展", "请求人工", "不再需要"]
    wei.press_data(told, "AAAAAAAAAAAAAAAAAAAAclose")
    wei.press_data(told, "close")
    wei.press(told, "请求人工")
    await until(lambda: any(f"#{number} 将由工作人员处理" in one.text for one in town.telegram.sent), "an answer")
    asked = (await town.ticket_saying("没有到账")).ticket
    assert (asked.status, asked.priority_reasons[-1].label) == ("open", "asked for a person")
    await until(lambda: not town.bot.callback_queries, "every button to be let go")
    wei.press(told, "不再需要")
    await until(lambda: any(f"#{number} 已结束" in one.text for one in town.telegram.sent), "the end")
    assert (await town.ticket_saying("没有到账")).ticket.status == "closed"


async def test_people_choose_the_language_they_are_written_to_in(town: Town) -> None:
    omar = town.telegram.add_person("Omar", language_code="en")
    omar.write("/language", town.bot)
    await until(lambda: bool(town.telegram.sent), "the question")
    assert {"العربية", "हिन्दी", "日本語", "한국어", "ไทย", "Tiếng Việt", "繁體中文"} < set(
        labels(town.telegram.sent[0])
    )
    omar.press(town.telegram.sent[0], "ไทย")
    await until(lambda: len(town.telegram.sent) == 2, "the confirmation")
    assert "ภาษาไทย" in town.telegram.sent[1].text
    omar.write("My withdrawal has not arrived, please look into it", town.bot)
    ticket = await town.ticket_saying("has not arrived")
    assert ticket.ticket.language == "th"
    assert ticket.messages[0].language == "en"
    await until(lambda: len(town.telegram.sent) == 3, "the acknowledgement")
    assert re.search(r"[ก-๛]", town.telegram.sent[2].text)
    omar.write("/language Deutsch", town.bot)
    await until(lambda: len(town.telegram.sent) == 4, "the confirmation")
    assert "auf Deutsch" in town.telegram.sent[3].text
    omar.write("/language I do not know how to say it", town.bot)
    assert "do not know" in (await town.ticket_saying("do not know")).messages[-1].text


async def test_signs_at_an_answer_stand_there_and_the_unhappy_wait_again(town: Town) -> None:
    town.anna.write("Where is my withdrawal?", town.bot)
    number = (await town.ticket_saying("my withdrawal")).ticket.number
    await town.settled(await town.answer(number, "It is on its way."), "sent")
    sent = next(one for one in town.telegram.sent if one.text == "It is on its way.")

    async def reacted(*signs: str) -> TicketEnvelope:
        town.anna.react(town.bot, sent.message_id, *signs)
        shown = "".join(signs)

        async def there() -> bool:
            found = await town.ticket_saying("my withdrawal")
            return "".join(sign.signs for message in found.messages for sign in message.reactions) == shown

        await town.eventually(there, f"the reaction {shown!r}")
        return await town.ticket_saying("my withdrawal")

    assert (await reacted("👍")).ticket.status == "pending"
    unhappy = await reacted("👎")
    assert (unhappy.ticket.status, unhappy.ticket.unanswered) == ("open", 1)
    assert len((await reacted()).messages) == 2


async def test_the_person_sees_that_somebody_writes(town: Town) -> None:
    town.anna.write("Where is my withdrawal?", town.bot)
    number = (await town.ticket_saying("my withdrawal")).ticket.number
    await town.service.desk.typing(AGENT, number)
    shown = [call for call in town.telegram.calls if call.method == "sendChatAction"]
    assert [(one.parameters["chat_id"], one.parameters["action"]) for one in shown] == [
        (str(town.anna.id), "typing")
    ]


def labels(sent: SentMessage) -> list[str]:
    rows = (sent.markup or {}).get("inline_keyboard", [])
    assert isinstance(rows, list)
    return [key["text"] for row in rows for key in row]


async def test_who_calls_the_bot_in_a_group_is_answered_in_the_topic(town: Town) -> None:
    """BT15."""
    group = town.telegram.add_group("Buyers", town.bot, topics={45})
    omar = town.telegram.add_person("عمر", language_code="ar")
    omar.write("كيف حالكم جميعا", town.bot, group=group, topic=45)
    call = f"@{town.bot.username}"
    asked = town.anna.write(f"{call} Wo bleibt meine Auszahlung?", town.bot, group=group, topic=45)
    omar.write(f"{call} وأين أموالي؟", town.bot, group=group, topic=45)
    hers, his = await town.ticket_saying("Wo bleibt"), await town.ticket_saying("وأين أموالي")
    assert hers.ticket.number != his.ticket.number
    assert incoming(hers)[0].text == "Wo bleibt meine Auszahlung?"
    assert hers.threads[0].visibility == "public"

    await town.settled(await town.answer(hers.ticket.number, "Sie ist unterwegs."), "sent")
    answer = next(one for one in town.telegram.sent if one.text == "Sie ist unterwegs.")
    assert (answer.chat_id, answer.thread_id, answer.reply_to) == (group.id, 45, asked.message_id)
    town.anna.write("Danke schön", town.bot, reply_to=answer.message_id, group=group, topic=45)
    assert (await town.ticket_saying("Danke schön")).ticket.number == hers.ticket.number
    assert len(await town.tickets()) == 2

    town.telegram.upgrade_group(group)
    await town.settled(await town.answer(his.ticket.number, "وصلت اليوم"), "sent")
    moved = next(one for one in town.telegram.sent if one.text == "وصلت اليوم")
    assert moved.chat_id == group.id

    group.topics.remove(45)
    failed = await town.settled(await town.answer(hers.ticket.number, "Ist sie da?"), "failed")
    assert "topic was deleted" in failed.detail


async def test_whoever_answers_in_a_merged_ticket_reaches_the_other(town: Town) -> None:
    """By their mail program's reference, by its number, and by chat; taken apart it is theirs again."""
    town.mei.write(to="support@example.test", subject="提现", text="第一个问题：提现没有到账")
    first = await town.ticket_saying("第一个问题")
    town.anna.write("Meine Auszahlung fehlt auch", town.bot)
    second = await town.ticket_saying("fehlt auch")
    desk = town.service.desk
    await desk.merge(AGENT, first.ticket.number, second.ticket.number, key="merge")

    asked = incoming(first)[0].external_id
    town.mei.write(to="support@example.test", subject="Re: 提现", text="还没有到账，请查", in_reply_to=asked)
    together = await town.ticket_saying("请查")
    assert together.ticket.number == second.ticket.number
    numbered = f"Frage [#{first.ticket.number}]"
    town.mei.write(to="support@example.test", subject=numbered, text="凭号码再问一次")
    assert (await town.ticket_saying("凭号码")).ticket.number == second.ticket.number
    town.anna.write("Gibt es etwas Neues?", town.bot)
    assert (await town.ticket_saying("etwas Neues")).ticket.number == second.ticket.number

    await desk.take_apart(AGENT, first.ticket.number, key="apart")
    theirs = await town.ticket_saying("请查")
    assert theirs.ticket.number == first.ticket.number
    assert theirs.ticket.status == "open"
    assert [message.text for message in incoming(await town.ticket_saying("Neues"))] == [
        "Meine Auszahlung fehlt auch",
        "Gibt es etwas Neues?",
    ]


async def test_an_answer_goes_to_everybody_who_got_the_mail_only_if_somebody_wants_that(town: Town) -> None:
    bob = town.mail.add_person("Bob", "bob@customers.test")
    town.mei.write(to="support@example.test", subject="合同", text="请看这份合同", cc=["bob@customers.test"])
    ticket = await town.ticket_saying("请看这份合同")
    number = ticket.ticket.number
    await town.settled(await town.answer(number, "只给您一个人"), "sent")
    done = await town.service.desk.answer(AGENT, number, "给你们两个人", key="both", copies=True)
    assert done.delivery_id is not None
    queued = await town.service.store.find_delivery(done.delivery_id)
    assert queued is not None
    delivery = await town.settled(queued, "sent")
    assert delivery.target.cc == ("bob@customers.test",)
    assert [mail.text.strip() for mail in bob.received] == ["请看这份合同", "给你们两个人"]

    name = next(mail.message_id for mail in town.mei.received if "两个人" in mail.text)
    copy_failed = BOUNCE.replace("rfc822; mei@", "rfc822; bob@").format(server="mx.customers.test", name=name)
    town.box.deliver(copy_failed.encode())
    after = await town.ticket_saying("could not be delivered")
    assert after.ticket.status == "pending"
    found = await town.service.store.find_delivery(done.delivery_id)
    assert found is not None
    assert found.state == "sent"  # the person has it


async def test_what_is_sent_to_an_alias_goes_to_its_team_and_is_answered_from_there(
    sql_database: Database, tmp_path: Path
) -> None:
    changed = {EMAIL: {"aliases": {"billing@example.test": "billing"}}}
    async with open_town() as town:
        config = town.config(sql_database.url, tmp_path, changed=changed)
        async with town.open_for_business(config):
            town.box.deliver(TO_BILLING.encode())
            ticket = await town.ticket_saying("发票在哪里")
            assert ticket.ticket.team == "billing"
            await town.settled(await town.answer(ticket.ticket.number, "发票已附上。"), "sent")
            await until(lambda: "发票已附上。" in town.mail_texts(), "the answer at the person's")
            answer = next(mail for mail in town.mei.received if mail.text.strip() == "发票已附上。")
            assert answer.header("From") == "Support <billing@example.test>"


TO_BILLING = """From: Mei <mei@customers.test>\r
To: billing@example.test\r
Subject: =?utf-8?B?5Y+R56Wo?=\r
Message-ID: <to-billing@customers.test>\r
Content-Type: text/plain; charset=utf-8\r
\r
发票在哪里？\r
"""
BOUNCE = """From: Mail Delivery System <MAILER-DAEMON@{server}>\r
To: support@example.test\r
Subject: Undelivered Mail Returned to Sender\r
Return-Path: <>\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary=b\r
\r
--b\r
\r
Your mail could not be delivered.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; {server}\r
\r
Final-Recipient: rfc822; mei@customers.test\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 no such user\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: {name}\r
\r
--b--\r
"""


async def test_an_answer_that_comes_back_stands_at_the_answer(town: Town) -> None:
    """BE66, BE67: and a report about a mail that was never sent opens nothing."""
    town.mei.write(to="support@example.test", subject="账户问题", text=STOLEN)
    ticket = await town.ticket_saying("被盗")
    answer_id = await town.answer(ticket.ticket.number, "我们已冻结您的账户。")
    await town.settled(answer_id, "sent")
    answer = next(one for one in town.mei.received if "冻结" in one.text)

    town.box.deliver(BOUNCE.format(server="mx.customers.test", name="<never@example.test>").encode())
    town.box.deliver(BOUNCE.format(server="mx.customers.test", name=answer.message_id).encode())

    back = await town.settled(answer_id, "failed")
    assert (back.code, back.detail) == (
        "bounced",
        "A mail system sent it back (mei@customers.test: 550 5.1.1 no such user).",
    )
    after = await town.ticket_saying("could not be delivered")
    assert (after.ticket.number, after.ticket.status) == (ticket.ticket.number, "open")
    assert after.ticket.waiting_since is not None
    assert len(await town.tickets()) == 1
    assert [one.kind for one in after.deliveries if one.target.to != ("mei@customers.test",)] == []


async def test_an_unverified_sender_gets_no_automatic_answer(town: Town) -> None:
    town.mei.write(to="support@example.test", subject="Hallo", text="Wer bin ich wirklich?", authenticated=False)
    ticket = await town.ticket_saying("wirklich")
    assert incoming(ticket)[0].authenticity.verdict == "failed"
    assert ticket.deliveries == ()


async def test_an_album_becomes_one_message_with_its_pictures(town: Town) -> None:
    town.anna.send_album(
        [b"\x89PNG one", b"\x89PNG two", b"\x89PNG three"], town.bot, caption="Drei Bilder vom Fehler"
    )
    ticket = await town.ticket_saying("Drei Bilder")

    async def fetched() -> bool:
        files = (await town.ticket_saying("Drei Bilder")).messages[0].attachments
        return len(files) == 3 and all(one.state == "stored" for one in files)

    await town.eventually(fetched, "three pictures")
    assert len(incoming(ticket)) == 1
    stored = (await town.ticket_saying("Drei Bilder")).messages[0].attachments
    contents = [b"".join([piece async for piece in town.service.store.read_blob(one.sha256)]) for one in stored]
    assert contents == [b"\x89PNG one", b"\x89PNG two", b"\x89PNG three"]


async def test_an_edit_is_kept_as_a_version(town: Town) -> None:
    first = town.anna.write("Ich brauche Hilfe beim Einloggen", town.bot)
    await town.ticket_saying("Einloggen")
    town.anna.edit(first, "Ich brauche Hilfe beim Auszahlen")
    ticket = await town.ticket_saying("Auszahlen")
    assert [version.text for version in ticket.messages[0].versions] == ["Ich brauche Hilfe beim Einloggen"]


async def test_a_mail_with_an_attachment_keeps_every_byte(town: Town) -> None:
    content = bytes(range(256)) * 2000
    town.mei.write(
        to="support@example.test",
        subject="Anhang",
        text="Siehe Anhang mit allen Bytes",
        attachments=[("截图 1.bin", "application/octet-stream", content)],
    )
    (file,) = (await town.ticket_saying("allen Bytes")).messages[0].attachments
    assert (file.name, file.size_bytes) == ("截图 1.bin", len(content))
    assert b"".join([piece async for piece in town.service.store.read_blob(file.sha256)]) == content


async def test_the_same_complaint_over_two_channels_is_pointed_out(town: Town) -> None:
    text = "My withdrawal from Monday is still pending and nobody answers"
    town.anna.write(text, town.bot)
    first = await town.ticket_saying(text)
    town.mei.write(to="support@example.test", subject="Withdrawal", text=text)

    async def both() -> bool:
        return len(await town.tickets()) == 2

    await town.eventually(both, "the second ticket")
    second = (await town.tickets())[1]
    assert any(f"ticket #{first.ticket.number}" in warning for warning in second.messages[0].warnings)


async def test_unreadable_messages_are_quarantined_and_the_channel_goes_on(town: Town) -> None:
    town.telegram.inject_update(
        town.bot, {"message": {"message_id": 1, "date": "yesterday", "chat": {"id": 5, "type": "private"}}}
    )
    town.box.deliver(b"Subject: nobody wrote this\r\n\r\nno sender at all\r\n")
    town.anna.write("Nach dem Gift kommt das Gute", town.bot)
    await town.ticket_saying("das Gute")

    async def both() -> bool:
        return len(await town.service.store.list_quarantine()) == 2

    await town.eventually(both, "two quarantined events")
    reasons = {one.account: one.reason for one in await town.service.store.list_quarantine()}
    assert "date" in reasons[TELEGRAM]
    assert "From" in reasons[EMAIL]


async def test_a_quarantined_message_can_be_replayed(town: Town) -> None:
    town.telegram.inject_update(
        town.bot, {"message": {"message_id": 1, "date": "yesterday", "chat": {"id": 5, "type": "private"}}}
    )

    async def there() -> bool:
        return len(await town.service.store.list_quarantine()) == 1

    await town.eventually(there, "the quarantined event")
    (event,) = await town.service.store.list_quarantine()
    assert await town.service.store.replay(event.id, event.received_at)
    await town.eventually(there, "it is back in quarantine, as nothing has changed")


async def test_a_blocked_bot_is_shown_and_not_tried_again(town: Town) -> None:
    town.anna.write("Gleich blockiere ich euch", town.bot)
    ticket = await town.ticket_saying("blockiere")
    await until(lambda: len(town.telegram.sent) == 1, "the acknowledgement")
    town.anna.block(town.bot)
    failed = await town.settled(await town.answer(ticket.ticket.number, "Schade."), "failed")
    assert failed.code == "blocked"
    assert (await town.ticket_saying("blockiere")).identities[0].unreachable


async def test_a_long_answer_is_split_and_stays_in_order(town: Town) -> None:
    town.anna.write("Bitte alles ganz genau erklären", town.bot)
    ticket = await town.ticket_saying("genau")
    text = " ".join(f"Satz{n}." for n in range(1200))
    delivery = await town.settled(await town.answer(ticket.ticket.number, text), "sent")
    pieces = [one.text for one in town.telegram.sent[-len(delivery.parts) :]]
    assert len(pieces) > 1
    assert " ".join(pieces) == text
    town.anna.write("Zum zweiten Teil noch", town.bot, reply_to=town.telegram.sent[-1].message_id)
    assert (await town.ticket_saying("zweiten Teil")).ticket.number == ticket.ticket.number


async def test_an_answer_of_unknown_fate_goes_to_a_person(town: Town) -> None:
    """BT17."""
    town.anna.write("Kommt das an oder nicht?", town.bot)
    ticket = await town.ticket_saying("oder nicht")
    await until(lambda: len(town.telegram.sent) == 1, "the acknowledgement")
    town.telegram.faults.arm("drop_after_accept", method="sendMessage")
    unknown = await town.settled(await town.answer(ticket.ticket.number, "Unterwegs"), "unknown")
    assert town.telegram_texts() == ["Unterwegs"]
    assert "may or may not" in unknown.detail
    await town.service.desk.confirm_arrived(AGENT, unknown.id, key="arrived")
    await town.settled(unknown, "sent")
    assert town.telegram_texts() == ["Unterwegs"]


async def test_a_mail_lost_after_the_final_dot_is_never_sent_again_by_itself(town: Town) -> None:
    town.mei.write(to="support@example.test", subject="Frage", text="Wird sie doppelt beantwortet?")
    ticket = await town.ticket_saying("doppelt")
    await until(lambda: len(town.mei.received) == 1, "the acknowledgement")
    town.mail.faults.arm("smtp_drop_after_accept")
    await town.settled(await town.answer(ticket.ticket.number, "Einmal."), "unknown")
    assert town.mail_texts() == ["Einmal."]

    came = next(mail for mail in town.mei.received if mail.text.strip() == "Einmal.")
    town.mei.write(to="support@example.test", subject="收到", text="收到了，谢谢你们", in_reply_to=came.message_id)
    assert (await town.ticket_saying("收到了")).ticket.number == ticket.ticket.number


async def test_temporary_refusals_are_tried_again(town: Town) -> None:
    town.anna.write("Erst klemmt es ein wenig", town.bot)
    town.mei.write(to="support@example.test", subject="Auch hier", text="Auch hier klemmt es ein wenig")
    chat = await town.ticket_saying("Erst klemmt")
    post = await town.ticket_saying("Auch hier klemmt")
    await until(lambda: len(town.telegram.sent) == 1 and len(town.mei.received) == 1, "the acknowledgements")
    town.telegram.faults.arm("flood", method="sendMessage", retry_after=1)
    town.mail.faults.arm("smtp_status", code=451, stage="dot")
    first = await town.answer(chat.ticket.number, "Telegram gesund")
    second = await town.answer(post.ticket.number, "Mail gesund")
    await town.settled(first, "sent")
    await town.settled(second, "sent")
    assert town.telegram_texts() == ["Telegram gesund"]
    assert town.mail_texts() == ["Mail gesund"]


async def test_what_arrives_while_the_service_is_down_is_fetched_afterwards(
    sql_database: Database, tmp_path: Path
) -> None:
    async with open_town() as town:
        config = town.config(sql_database.url, tmp_path)
        async with town.open_for_business(config):
            town.anna.write("Vor der Pause geschrieben", town.bot)
            town.mei.write(to="support@example.test", subject="Vorher", text="Vor der Pause gemailt")
            await town.ticket_saying("Pause geschrieben")
            await town.ticket_saying("Pause gemailt")
        for n in range(5):
            town.anna.write(f"In der Pause {n} geschrieben", town.bot)
            uid = town.box.uids()[-1]
            town.mei.write(to="support@example.test", subject=f"Pause {n}", text=f"In der Pause {n} gemailt")
            town.box.mark_seen(uid + 1)
        async with town.open_for_business(config):
            for n in range(5):
                await town.ticket_saying(f"Pause {n} geschrieben")
                await town.ticket_saying(f"Pause {n} gemailt")
            texts = [message.text for ticket in await town.tickets() for message in incoming(ticket)]
            assert len(texts) == len(set(texts)) == 12


async def test_a_rebuilt_mailbox_is_read_again_without_repeats(town: Town) -> None:
    for n in range(3):
        town.mei.write(to="support@example.test", subject=f"Nummer {n}", text=f"Mail Nummer {n} mit Inhalt")
        await town.ticket_saying(f"Nummer {n} mit")
    town.box.change_uidvalidity()
    town.mei.write(to="support@example.test", subject="Danach", text="Nach dem Umbau geschrieben")
    await town.ticket_saying("Nach dem Umbau")
    assert len(await town.tickets()) == 4


async def test_mail_from_before_the_first_start_is_left_alone(sql_database: Database, tmp_path: Path) -> None:
    async with open_town() as town:
        town.mei.write(to="support@example.test", subject="Alt", text="Schon lange hier")
        async with town.open_for_business(town.config(sql_database.url, tmp_path)):
            town.mei.write(to="support@example.test", subject="Neu", text="Gerade erst gekommen")
            await town.ticket_saying("Gerade erst")
            assert len(await town.tickets()) == 1
            assert town.box.flags(1) == frozenset() or "\\Seen" not in town.box.flags(1)


async def test_pushed_updates_are_committed_before_they_are_confirmed(
    sql_database: Database, tmp_path: Path, unused_tcp_port: int
) -> None:
    async with open_town() as town:
        url = f"http://127.0.0.1:{unused_tcp_port}/hooks/telegram/main"
        config = town.config(sql_database.url, tmp_path, mode="webhook", webhook_url=url)
        config = config._replace(inbox=type(config.inbox)(port=unused_tcp_port))
        async with town.open_for_business(config):
            town.anna.write("Per Webhook hinein", town.bot)
            ticket = await town.ticket_saying("Per Webhook")
            await until(lambda: town.telegram.pending(town.bot) == [], "the update confirmed")
            assert len(incoming(ticket)) == 1


async def test_an_update_that_is_pushed_twice_is_one_message(
    sql_database: Database, tmp_path: Path, unused_tcp_port: int
) -> None:
    """BT05: Telegram pushes again what it holds for unconfirmed."""
    async with open_town() as town:
        url = f"http://127.0.0.1:{unused_tcp_port}/hooks/telegram/main"
        config = town.config(sql_database.url, tmp_path, mode="webhook", webhook_url=url)
        config = config._replace(inbox=type(config.inbox)(port=unused_tcp_port))
        async with town.open_for_business(config):
            town.anna.write("Einmal genügt", town.bot)
            first = incoming(await town.ticket_saying("Einmal genügt"))[0]
            assert first.event_id is not None
            raw = await town.service.store.read_raw(first.event_id)
            assert raw is not None
            town.telegram.inject_update(town.bot, raw.payload)
            town.anna.write("Und danach", town.bot)
            ticket = await town.ticket_saying("Und danach")
            assert [one.text for one in incoming(ticket)] == ["Einmal genügt", "Und danach"]
