"""Discord and X from a message to the answer in its thread, on a running service."""

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.stores import Database
from tests.support.town import AGENT, Town, incoming, open_town, unescaped, until
from tickets.errors import Refused


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town() as place, place.open_for_business(place.config(sql_database.url, tmp_path)):
        yield place


async def test_a_direct_message_on_discord_there_and_back(town: Town) -> None:
    asked = town.linh.write("Ứng dụng không mở được, giúp mình với", town.discord_bot)
    ticket = await town.ticket_saying("không mở được")
    assert (ticket.ticket.requester, ticket.ticket.language, ticket.ticket.channel) == ("Linh", "vi", "discord")
    assert ticket.threads[0].visibility == "private"

    delivery = await town.settled(await town.answer(ticket.ticket.number, "Thử *lại* nhé <@1> @everyone"), "sent")

    answer = town.discord.sent[-1]
    assert (answer.person, answer.reply_to) == (town.linh, asked.id)
    assert unescaped(answer.text) == "Thử *lại* nhé <@1> @everyone"
    assert answer.nonce == f"{delivery.id}.1"
    assert delivery.parts[0].external_id == f"{answer.channel_id}/{answer.id}"
    town.linh.write("Cảm ơn, được rồi", town.discord_bot, reply_to=answer)
    assert (await town.ticket_saying("được rồi")).ticket.number == ticket.ticket.number
    assert town.discord.violations == []


async def test_mentions_in_a_channel_are_a_ticket_for_each_person(town: Town) -> None:
    other = town.discord.add_person("Minjun", username="minjun")
    town.linh.say("Mình không đăng nhập được vào tài khoản", town.hall, mention=town.discord_bot)
    other.say("출금이 안 됩니다, 확인 부탁드립니다", town.hall, mention=town.discord_bot)
    town.linh.say("nobody is called here", town.hall)
    first = await town.ticket_saying("đăng nhập")
    second = await town.ticket_saying("출금이")
    assert first.ticket.number != second.ticket.number
    assert {first.threads[0].visibility, second.threads[0].visibility} == {"public"}
    await town.settled(await town.answer(second.ticket.number, "확인했습니다."), "sent")
    answer = town.discord.sent[-1]
    other.say("감사합니다!", town.hall, reply_to=answer)
    assert (await town.ticket_saying("감사합니다")).ticket.number == second.ticket.number
    assert len(await town.tickets()) == 2


async def test_a_discord_thread_is_one_conversation(town: Town) -> None:
    thread = town.linh.start_thread(town.hall, "Login")
    town.linh.say("Ai giúp mình vào tài khoản với", thread, mention=town.discord_bot)
    ticket = await town.ticket_saying("giúp mình")
    other = town.discord.add_person("Minjun", username="minjun")
    other.say("저도 같은 문제가 있어요", thread, mention=town.discord_bot)
    assert (await town.ticket_saying("같은 문제")).ticket.number == ticket.ticket.number
    await town.settled(await town.answer(ticket.ticket.number, "Đang xem đây"), "sent")
    assert town.discord.sent[-1].channel_id == thread.id


async def test_edits_and_deletions_on_discord_are_versions(town: Town) -> None:
    first = town.linh.write("Mình cần nạp tiền", town.discord_bot)
    await town.ticket_saying("nạp tiền")
    town.linh.edit(first, "Mình cần rút tiền")
    ticket = await town.ticket_saying("rút tiền")
    assert [version.text for version in ticket.messages[0].versions] == ["Mình cần nạp tiền"]
    town.linh.delete(first)

    async def gone() -> bool:
        return (await town.tickets())[0].messages[0].deleted_at is not None

    await town.eventually(gone, "the deletion")


async def test_files_on_discord_and_pictures_on_x_are_fetched(town: Town) -> None:
    town.linh.write("Ảnh lỗi đây", town.discord_bot, files=[("lỗi 1.png", "image/png", b"\x89PNG discord")])
    town.ricardo.mention(town.x_account, "Olha o erro na tela", pictures=[b"\x89PNG x"])

    async def fetched() -> bool:
        files = [file for one in await town.tickets() for message in one.messages for file in message.attachments]
        return len(files) == 2 and all(file.state == "stored" for file in files)

    await town.eventually(fetched, "two files")
    stored = [one.messages[0].attachments[0].sha256 for one in await town.tickets()]
    contents = {b"".join([piece async for piece in town.service.store.read_blob(sha)]) for sha in stored}
    assert contents == {b"\x89PNG discord", b"\x89PNG x"}


async def test_a_post_on_x_there_and_back(town: Town) -> None:
    asked = town.ricardo.mention(town.x_account, "meu saque não chegou, podem ajudar por favor?")
    ticket = await town.ticket_saying("saque")
    assert ticket.messages[0].text.startswith("meu saque")
    assert (ticket.ticket.requester, ticket.ticket.channel) == ("Ricardo", "x")
    assert ticket.threads[0].visibility == "public"

    delivery = await town.settled(await town.answer(ticket.ticket.number, "Estamos verificando agora."), "sent")

    answer = town.x.sent[-1]
    assert (answer.text, answer.reply_to, answer.person) == ("Estamos verificando agora.", asked.id, town.ricardo)
    assert delivery.parts[0].external_id == answer.id
    town.ricardo.post("Obrigado!", reply_to=answer)
    again = await town.ticket_saying("Obrigado")
    assert again.ticket.number == ticket.ticket.number
    assert any("X may refuse" in warning for warning in again.messages[-1].warnings)


async def test_a_long_answer_on_x_becomes_a_thread_under_the_post(town: Town) -> None:
    town.ricardo.mention(town.x_account, "¿podéis explicarlo todo con detalle?")
    ticket = await town.ticket_saying("detalle")
    text = " ".join(f"这是第{n}句话，说明如何恢复账户。" for n in range(30))
    delivery = await town.settled(await town.answer(ticket.ticket.number, text), "sent")
    posts = town.x.sent
    assert len(posts) == len(delivery.parts) > 2
    assert [post.reply_to for post in posts[1:]] == [post.id for post in posts[:-1]]
    assert "".join(post.text for post in posts).replace(" ", "") == text.replace(" ", "")


async def test_an_answer_that_x_forbids_says_how_to_give_it_by_hand(town: Town) -> None:
    town.x.leading_mentions_count = False
    asked = town.ricardo.mention(town.x_account, "meu saque não chegou")
    ticket = await town.ticket_saying("saque")
    await town.settled(await town.answer(ticket.ticket.number, "Estamos vendo."), "sent")
    reply = town.ricardo.post("E agora?", reply_to=town.x.sent[-1])
    await town.ticket_saying("E agora")
    held = await town.settled(await town.answer(ticket.ticket.number, "Já resolvido."), "held")
    assert held.code == "by_hand"
    assert f"in_reply_to={reply.id}&text=J%C3%A1%20resolvido." in held.target.by_hand
    assert asked.id != reply.id
    assert (await town.tickets())[0].ticket.status == "open"
    town.x.post_by_hand(town.x_account, "Já resolvido, desculpe!", reply.id)
    await town.settled(held, "sent")
    assert (await town.tickets())[0].ticket.status == "pending"


async def test_a_post_that_did_not_call_us_is_not_answered_by_program(town: Town) -> None:
    town.x.inject_post(
        town.x_account,
        {
            "id": "1999999999999999999",
            "text": "they never answer anybody",
            "author_id": town.ricardo.id,
            "conversation_id": "1999999999999999999",
        },
    )
    ticket = await town.ticket_saying("never answer")
    number = ticket.ticket.number
    assert "intent/post" in incoming(ticket)[0].unanswerable
    with pytest.raises(Refused, match="one post without files"):
        await town.service.desk.answer(AGENT, number, "We do! " * 60, key="k")
    draft = await town.answer(number, "We do!")
    assert (draft.state, draft.code) == ("held", "by_hand")
    assert (await town.tickets())[0].ticket.status == "open"
    posted = town.x.post_by_hand(town.x_account, "We do, by hand", "1999999999999999999")
    sent = await town.settled(draft, "sent")
    assert sent.parts[0].external_id == posted.id
    town.ricardo.post("thank you all", reply_to=posted)
    again = await town.ticket_saying("thank you all")
    assert again.ticket.number == number
    assert [one.text for one in again.messages if one.direction == "out"] == ["We do!"]
    assert not any("We do" in one.text for one in town.x.sent)


async def test_who_says_that_it_is_posted_is_believed_and_the_post_is_no_second_answer(town: Town) -> None:
    town.x.leading_mentions_count = False
    town.ricardo.mention(town.x_account, "meu saque não chegou")
    number = (await town.ticket_saying("saque")).ticket.number
    await town.settled(await town.answer(number, "Estamos vendo."), "sent")
    reply = town.ricardo.post("E agora?", reply_to=town.x.sent[-1])
    await town.ticket_saying("E agora")
    held = await town.settled(await town.answer(number, "Já resolvido."), "held")
    await town.service.desk.confirm_arrived(AGENT, held.id, key="c")
    assert (await town.settled(held, "sent")).parts[0].external_id is None
    assert (await town.ticket_saying("E agora")).ticket.status == "pending"
    posted = town.x.post_by_hand(town.x_account, "Já resolvido.", reply.id)

    async def known() -> bool:
        found = await town.service.store.find_delivery(held.id)
        return found is not None and found.parts[0].external_id == posted.id

    await town.eventually(known, "the post by its name")
    said = [one.text for one in (await town.ticket_saying("E agora")).messages if one.direction == "out"]
    assert said == ["Estamos vendo.", "Já resolvido."]
    with pytest.raises(Refused, match="sent"):
        await town.service.desk.withdraw(AGENT, held.id, key="w")


async def test_a_long_answer_that_x_refuses_is_not_half_posted(town: Town) -> None:
    town.x.leading_mentions_count = False
    town.ricardo.mention(town.x_account, "meu saque não chegou")
    number = (await town.ticket_saying("saque")).ticket.number
    await town.settled(await town.answer(number, "Estamos vendo."), "sent")
    town.ricardo.post("E agora?", reply_to=town.x.sent[-1])
    await town.ticket_saying("E agora")
    failed = await town.settled(await town.answer(number, "Já resolvido, e mais. " * 30), "failed")
    assert "answer again, shorter" in failed.detail


async def test_an_answer_of_unknown_fate_is_not_taken_for_one_by_hand(town: Town) -> None:
    """While it is looked for, the account's own posts are not looked through beyond it."""
    town.ricardo.mention(town.x_account, "meu saque não chegou")
    number = (await town.ticket_saying("saque")).ticket.number
    town.x.faults.arm("status", times=None, path=f"/users/{town.x_account.id}/tweets", method="GET", status=503)
    town.x.faults.arm("drop_after_accept", path="/tweets", method="POST")
    doubtful = await town.settled(await town.answer(number, "Estamos vendo."), "unknown")
    town.ricardo.mention(town.x_account, "alguém aí?")
    await town.ticket_saying("alguém")
    town.x.faults.clear()
    await town.settled(doubtful, "sent")
    assert len(town.x.sent) == 1
    said = [one.text for one in (await town.ticket_saying("saque")).messages if one.direction == "out"]
    assert said == ["Estamos vendo."]


async def test_what_x_does_not_tell_of_our_own_posts_holds_up_no_mention(town: Town) -> None:
    town.x.faults.arm("status", times=None, path="/tweets", method="GET", status=403)
    town.ricardo.mention(town.x_account, "meu saque não chegou")
    assert (await town.ticket_saying("saque")).ticket.status == "open"
    await until(
        lambda: sum("/tweets" in call.path and call.status == 403 for call in town.x.calls) >= 3, "refusals"
    )
    town.ricardo.mention(town.x_account, "alguém aí?")
    await town.ticket_saying("alguém")


async def test_an_answer_that_somebody_gave_on_x_itself_stands_in_the_ticket(town: Town) -> None:
    """An executive answers from their phone; what the program sent is not told a second time."""
    asked = town.ricardo.mention(town.x_account, "meu saque não chegou")
    ticket = await town.ticket_saying("saque")
    number = ticket.ticket.number
    await town.settled(await town.answer(number, "Estamos vendo."), "sent")
    town.x.post_by_hand(town.x_account, "个人回复您：今天到账 🙏", asked.id)

    async def there() -> bool:
        found = await town.ticket_saying("saque")
        return [one.text for one in found.messages if one.direction == "out"] == [
            "Estamos vendo.",
            "个人回复您：今天到账 🙏",
        ]

    await town.eventually(there, "the answer by hand")
    answered = (await town.ticket_saying("saque")).messages[-1]
    assert answered.author == "Support, by hand"
    assert answered.actor is None


async def test_a_session_that_discord_forgot_is_made_up_for(town: Town) -> None:
    """BD08. Over a channel, a thread and a direct message that we know; nothing twice."""
    thread = town.linh.start_thread(town.hall, "Login")
    town.linh.write("Tin nhắn riêng đầu tiên", town.discord_bot)
    await town.ticket_saying("riêng đầu tiên")
    town.discord.forget_sessions(town.discord_bot)
    town.discord.faults.arm("refuse_connect", times=2)
    town.discord.disconnect(town.discord_bot)
    await until(lambda: not town.discord.connected(town.discord_bot), "the session is gone")
    town.linh.write("Tin nhắn riêng khi mất mạng", town.discord_bot)
    town.linh.say("Trong kênh khi mất mạng", town.hall, mention=town.discord_bot)
    town.linh.say("Trong chủ đề khi mất mạng", thread, mention=town.discord_bot)
    for text in ("riêng khi mất", "kênh khi mất", "chủ đề khi mất"):
        await town.ticket_saying(text)
    assert sum(len(incoming(one)) for one in await town.tickets()) == 4


async def test_a_short_break_is_resumed_and_the_missed_replayed(town: Town) -> None:
    town.discord.disconnect(town.discord_bot)
    await until(lambda: not town.discord.connected(town.discord_bot), "the session is away")
    town.linh.write("Gửi lúc mất kết nối", town.discord_bot)
    await town.ticket_saying("lúc mất kết nối")
    kinds = [one.kind for one in town.discord.sessions(town.discord_bot)]
    assert kinds == ["identify", "resume"]


async def test_a_blocked_person_on_discord_is_marked(town: Town) -> None:
    town.linh.write("Chặn đây", town.discord_bot)
    ticket = await town.ticket_saying("Chặn")
    await until(lambda: len(town.discord.sent) == 1, "the acknowledgement")
    town.linh.block(town.discord_bot)
    failed = await town.settled(await town.answer(ticket.ticket.number, "Tiếc quá"), "failed")
    assert failed.code == "blocked"
    assert (await town.tickets())[0].identities[0].unreachable


async def test_odd_events_are_quarantined_and_the_channels_go_on(town: Town) -> None:
    town.discord.inject_event(town.discord_bot, "MESSAGE_CREATE", {"id": "12", "channel_id": "34", "content": "?"})
    town.x.inject_post(town.x_account, {"id": "1999999999999999998", "text": None})
    town.linh.write("Sau chất độc", town.discord_bot)
    town.ricardo.mention(town.x_account, "depois do veneno")
    await town.ticket_saying("chất độc")
    await town.ticket_saying("veneno")

    async def both() -> bool:
        return {one.channel for one in await town.service.store.list_quarantine()} == {"discord", "x"}

    await town.eventually(both, "two quarantined events")


async def test_no_heart_beats_for_a_session_that_is_over(town: Town) -> None:
    """The library beats in threads; one for each lost session would never end."""
    bot = town.discord_bot
    for _ in range(3):
        await until(lambda: town.discord.connected(bot), "connected")
        known = len(town.discord.sessions(bot))
        town.discord.forget_sessions(bot)
        town.discord.disconnect(bot)
        await until(lambda count=known: len(town.discord.sessions(bot)) > count, "a new session")
    await until(lambda: town.discord.connected(bot), "connected again")
    hearts = [one for one in threading.enumerate() if one.name.startswith("keep-alive-handler")]
    assert len(hearts) == 1
