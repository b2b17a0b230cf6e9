"""One person over several channels, shown by a code that they carry; undone by a click."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.stores import Database
from tests.support.town import AGENT, Town, incoming, open_town
from tickets.errors import Refused
from tickets.ids import TicketNumber
from tickets.model import TicketEnvelope

CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town() as town:
        config = town.config(sql_database.url, tmp_path, username="desk_bot")
        async with town.open_for_business(config):
            yield town


async def merged(town: Town, number: int) -> TicketEnvelope:
    """The ticket as soon as it goes on elsewhere: that one."""
    found: list[TicketEnvelope] = []

    async def there() -> bool:
        one = await town.service.store.find_ticket(TicketNumber(number))
        if one is not None and one.ticket.merged_into is not None:
            whole = await town.service.store.find_ticket(one.ticket.merged_into)
            found[:] = [whole] if whole else []
        return bool(found)

    await town.eventually(there, f"#{number} goes on in another")
    return found[0]


async def test_from_a_post_to_a_private_chat(town: Town) -> None:
    """The code is given in the chat and posted where everybody reads it, when it is worth nothing any more."""
    post = town.ricardo.mention(town.x_account, "mi cuenta está bloqueada")
    public = await town.ticket_saying("bloqueada")
    with pytest.raises(Refused, match="private only"):
        await town.service.desk.give_code(AGENT, public.ticket.number, key="no")
    town.anna.write("Soy yo, desde aquí", town.bot)
    private = await town.ticket_saying("Soy yo")
    done = await town.service.desk.give_code(AGENT, private.ticket.number, key="code")
    assert (
        await town.service.desk.give_code(AGENT, private.ticket.number, key="code")
    ).delivery_id == done.delivery_id

    await town.eventually(
        lambda: _true(any(CODE.search(text) for text in town.telegram_texts())), "the code arrives"
    )
    (text,) = [text for text in town.telegram_texts() if CODE.search(text)]
    code = CODE.search(text)
    assert code is not None
    assert "t.me" not in text  # they are there already
    town.ricardo.mention(town.x_account, f"aquí está: {code[0]}", reply_to=post)
    one = await merged(town, private.ticket.number)
    assert one.ticket.number == public.ticket.number
    assert {thread.channel for thread in one.threads} == {"x", "telegram"}
    assert "claimed" in [event.kind for event in one.events]

    await town.service.desk.take_apart(AGENT, private.ticket.number, key="apart")
    apart = await town.ticket_saying("Soy yo")
    assert apart.ticket.number == private.ticket.number
    assert {thread.channel for thread in apart.threads} == {"telegram"}


async def test_from_a_mail_into_a_chat_by_a_link(town: Town) -> None:
    """BT23."""
    town.mei.write(to="support@example.test", subject="提现", text="提现没有到账，请帮忙")
    first = await town.ticket_saying("提现没有到账")
    await town.service.desk.give_code(AGENT, first.ticket.number, key="code")
    await town.eventually(lambda: _true(any("t.me" in text for text in town.mail_texts())), "the code arrives")
    (text,) = [text for text in town.mail_texts() if "t.me" in text]
    link = re.search(r"https://t\.me/desk_bot\?start=(\S+)", text)
    assert link is not None
    town.anna.write(f"/start {link[1]}", town.bot)
    one = await merged(town, 2)
    assert one.ticket.number == first.ticket.number
    assert {thread.channel for thread in one.threads} == {"email", "telegram"}
    await town.eventually(
        lambda: _true(
            any("go on here" in one.text or "machen hier weiter" in one.text for one in town.telegram.sent)
        ),
        "the person is told",
    )
    town.anna.write("Und hier ein Bild dazu", town.bot)
    assert (await town.ticket_saying("ein Bild dazu")).ticket.number == first.ticket.number

    town.mei.write(to="support@example.test", subject="Re: 提现", text=f"{link[1]} 再用一次", in_reply_to=None)
    again = await town.ticket_saying("再用一次")
    assert len(incoming(again)) == 1


async def _true(value: bool) -> bool:
    return value
