"""Answers of which nobody heard whether they arrived: settled by what is on the platform, else by a person."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import groupby
from pathlib import Path

import pytest
from msgspec.structs import replace

from responders.proof import NO_WAY
from tests.support.stores import Database
from tests.support.town import AGENT, DISCORD, EMAIL, PASSWORD, TELEGRAM, Town, X, open_town, unescaped
from tickets.ids import AccountId
from tickets.model import Delivery
from tickets.secret import Secret

QUIET: Mapping[AccountId, Mapping[str, object]] = {
    TELEGRAM: {"acknowledge": False},
    EMAIL: {"acknowledge": False},
    DISCORD: {"acknowledge": False, "appears_within_s": 1.0},
    X: {"appears_within_s": 1.0},
}
Opening = Callable[..., AbstractAsyncContextManager[Town]]


@pytest.fixture
def opening(sql_database: Database, tmp_path: Path) -> Opening:
    """Opens a town with a running service; sent_folder: where the mail provider keeps what was sent."""

    @asynccontextmanager
    async def open_one(sent_folder: str = "") -> AsyncIterator[Town]:
        async with open_town() as town:
            imap = replace(
                town.accounts()[EMAIL].settings.imap, password=Secret(PASSWORD), sent_folder=sent_folder
            )
            town.box.keeps_sent_in = sent_folder or None
            changed = {**QUIET, EMAIL: {**QUIET[EMAIL], "imap": imap}}
            async with town.open_for_business(town.config(sql_database.url, tmp_path, changed=changed)):
                yield town

    return open_one


async def answered(town: Town, account: AccountId, text: str) -> Delivery:
    """A person asks there, an agent answers."""
    asked = f"{account}: 请帮帮我 {text}"
    match account:
        case "telegram:main":
            town.anna.write(asked, town.bot)
        case "email:support":
            town.mei.write(to="support@example.test", subject="问题", text=asked)
        case "discord:main":
            town.linh.write(asked, town.discord_bot)
        case _:
            town.ricardo.mention(town.x_account, asked)
    ticket = await town.ticket_saying(asked)
    return await town.answer(ticket.ticket.number, text, key=f"{account} {text}")


def lose(town: Town, account: AccountId, *, taken: bool) -> None:
    """Nobody hears what becomes of the next answer there."""
    fault = "drop_after_accept" if taken else "drop_before_accept"
    match account:
        case "telegram:main":
            town.telegram.faults.arm(fault, method="sendMessage")
        case "email:support":
            town.mail.faults.arm(f"smtp_{fault}")
        case "discord:main":
            town.discord.faults.arm(fault, method="POST", path="/messages")
        case _:
            town.x.faults.arm(fault, method="POST")


async def states(town: Town, delivery: Delivery) -> list[str]:
    """The states the delivery was in one after another, as the history tells it."""
    events = await town.service.store.events_after(0, 200)
    told = [str(one.data["state"]) for one in events if one.kind == "delivery" and one.delivery_id == delivery.id]
    return [state for state, _same in groupby(told)]


async def only_a_person_can_tell(town: Town, delivery: Delivery) -> None:
    async def told() -> bool:
        found = await town.service.store.find_delivery(delivery.id)
        return found is not None and found.state == "unknown" and found.detail.endswith(NO_WAY)

    await town.eventually(told, "an answer about which only a person can tell")


async def test_what_arrived_becomes_sent_by_itself(opening: Opening) -> None:
    """BD18, BX03."""
    text = "Xong *rồi* & <ok> 已处理 https://help.example.org/a?b=1&c=2"
    async with opening("Sent") as town:
        for account in (DISCORD, X, EMAIL):
            lose(town, account, taken=True)
            delivery = await town.settled(await answered(town, account, text), "sent")
            assert await states(town, delivery) == ["sending", "unknown", "sent"]
            assert "it was found on the platform" in delivery.detail
            ticket = await town.ticket_saying(f"{account}: 请帮帮我")
            assert ticket.ticket.status == "pending"
            assert delivery.parts[0].external_id == ticket.messages[-1].external_id
        assert [unescaped(one.text) for one in town.discord.sent] == [text]
        assert [one.text for one in town.x.sent] == [text]
        assert town.mail_texts() == [text]


async def test_what_did_not_arrive_is_sent_again_by_itself(opening: Opening) -> None:
    text = "Đã xử lý. ขอบคุณค่ะ"
    async with opening() as town:
        for account in (DISCORD, X):
            lose(town, account, taken=False)
        begun = [await answered(town, account, text) for account in (DISCORD, X)]
        for delivery in begun:
            sent = await town.settled(delivery, "sent")
            assert await states(town, sent) == ["sending", "unknown", "queued", "sending", "sent"]
            assert sent.parts[0].attempts == 2
        assert [one.text for one in town.discord.sent] == [text]
        assert [one.text for one in town.x.sent] == [text]


async def test_where_nothing_can_be_looked_up_a_person_decides(opening: Opening) -> None:
    async with opening() as town:
        for account in (TELEGRAM, EMAIL):
            lose(town, account, taken=True)
            delivery = await answered(town, account, "سنرد قريبًا")
            await only_a_person_can_tell(town, delivery)
            assert (await town.ticket_saying(f"{account}: 请帮帮我")).ticket.status == "open"
            await town.service.desk.confirm_arrived(AGENT, delivery.id, key=f"arrived {account}")
            settled = await town.settled(delivery, "sent")
            assert "saw that it arrived" in settled.detail
            assert (await town.ticket_saying(f"{account}: 请帮帮我")).ticket.status == "pending"
        assert town.telegram_texts() == ["سنرد قريبًا"]
        assert town.mail_texts() == ["سنرد قريبًا"]


async def test_a_person_has_it_sent_again(opening: Opening) -> None:
    async with opening() as town:
        for account in (TELEGRAM, EMAIL):
            lose(town, account, taken=False)
            delivery = await answered(town, account, "हम देख रहे हैं")
            await only_a_person_can_tell(town, delivery)
            await town.service.desk.send_again(AGENT, delivery.id, key=f"again {account}")
            await town.settled(delivery, "sent")
        assert town.telegram_texts() == ["हम देख रहे हैं"]
        assert town.mail_texts() == ["हम देख रहे हैं"]


async def test_an_earlier_answer_with_the_same_words_is_not_taken_for_it(opening: Opening) -> None:
    async with opening() as town:
        first = await town.settled(await answered(town, DISCORD, "Xong rồi"), "sent")
        number = (await town.tickets())[0].ticket.number
        lose(town, DISCORD, taken=True)
        second = await town.settled(await town.answer(number, "Xong rồi", key="second"), "sent")
        lose(town, DISCORD, taken=False)
        third = await town.settled(await town.answer(number, "Xong rồi", key="third"), "sent")
        assert [one.text for one in town.discord.sent] == ["Xong rồi"] * 3
        names = [f"{one.channel_id}/{one.id}" for one in town.discord.sent]
        assert [one.parts[0].external_id for one in (first, second, third)] == names


async def test_a_piece_in_the_middle_is_found_and_the_rest_follows(opening: Opening) -> None:
    async with opening() as town:
        asked = "¿podéis explicarlo todo?"
        town.ricardo.mention(town.x_account, asked)
        ticket = await town.ticket_saying(asked)
        text = " ".join(f"这是第{n}句话，说明如何恢复账户。" for n in range(20))
        town.x.on_answer(lambda post: lose(town, X, taken=True) if len(town.x.sent) == 1 else None)
        delivery = await town.settled(await town.answer(ticket.ticket.number, text), "sent")
        assert len(delivery.parts) > 2
        assert [one.external_id for one in delivery.parts] == [post.id for post in town.x.sent]
        assert [post.reply_to for post in town.x.sent[1:]] == [post.id for post in town.x.sent[:-1]]
        assert "unknown" in await states(town, delivery)
