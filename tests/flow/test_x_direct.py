"""Direct messages on X, from the person to the ticket and back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desk.files import NewFile
from tests.contract.connectors.test_connectors import PNG
from tests.support.stores import Database
from tests.support.town import AGENT, Town, X, open_town
from tickets.errors import Refused
from tickets.model import TicketEnvelope

SAID = "ฉันถอนเงินไม่ได้ตั้งแต่เมื่อวาน"


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town() as town:
        changed = {X: {"direct_messages": True, "direct_s": 0.1}}
        async with town.open_for_business(town.config(sql_database.url, tmp_path, changed=changed)):
            yield town


async def asked(town: Town) -> TicketEnvelope:
    town.x.write_direct(town.ricardo, town.x_account, SAID)
    return await town.ticket_saying(SAID)


def answered(town: Town) -> list[str]:
    return [one.text for one in town.x.directs.all if one.sender_id == town.x_account.id]


async def test_there_and_back_in_private_and_in_one_ticket(town: Town) -> None:
    ticket = await asked(town)
    number = ticket.ticket.number
    assert [(one.visibility, one.channel) for one in ticket.threads] == [("private", "x")]
    long = "字" * 600  # would be five posts
    await town.settled(await town.answer(number, long), "sent")
    assert answered(town) == [long]
    assert town.x.sent == []
    town.x.write_direct(town.ricardo, town.x_account, "ขอบคุณค่ะ")
    assert (await town.ticket_saying("ขอบคุณค่ะ")).ticket.number == number
    foreseen = await town.service.desk.foresee(AGENT, number, "ดูที่ https://x.test ครับ @ann")
    assert (foreseen.limit, foreseen.notified) == (10_000, ())
    assert foreseen.cost is not None
    assert foreseen.cost.dollars == 0.015


async def test_an_answer_whose_fate_was_unknown_is_found(town: Town) -> None:
    ticket = await asked(town)
    town.x.faults.arm("drop_after_accept", method="POST", path="/messages")
    text = "ค่าธรรมเนียม & เพดาน: ดู <ที่นี่> https://acme.test/a?b=1&c=2"
    file = NewFile("a.png", "image/png", PNG)
    await town.service.desk.answer(AGENT, ticket.ticket.number, text, key="a", files=[file])

    async def found() -> bool:
        whole = await town.service.store.find_ticket(ticket.ticket.number)
        return whole is not None and any(one.state == "sent" for one in whole.deliveries)

    await town.eventually(found, "the answer found on X")
    assert [fault.name for fault in town.x.faults.fired] == ["drop_after_accept"]
    assert answered(town) == [text]


async def test_a_code_given_in_private_joins_what_they_posted(town: Town) -> None:
    post = town.ricardo.mention(town.x_account, "ช่วยด้วย")
    public = await town.ticket_saying("ช่วยด้วย")
    ticket = await asked(town)
    assert ticket.ticket.number != public.ticket.number
    await town.service.desk.give_code(AGENT, ticket.ticket.number, key="code")
    await town.eventually(lambda: _true(bool(answered(town))), "the code")
    code = next(word for word in answered(town)[0].split() if word.count("-") == 2)
    town.ricardo.mention(town.x_account, f"นี่ครับ {code}", reply_to=post)

    async def joined() -> bool:
        found = await town.service.store.find_ticket(public.ticket.number)
        return found is not None and {one.visibility for one in found.threads} == {"public", "private"}

    await town.eventually(joined, "one ticket of both")


async def test_one_picture_goes_with_a_message(town: Town) -> None:
    ticket = await asked(town)
    files = [NewFile(f"{n}.png", "image/png", PNG) for n in range(2)]
    with pytest.raises(Refused, match="At most 1 files go"):
        await town.service.desk.answer(AGENT, ticket.ticket.number, "สองรูป", key="two", files=files)
    await town.service.desk.answer(AGENT, ticket.ticket.number, "รูปเดียว", key="one", files=files[:1])
    await town.eventually(lambda: _true(bool(answered(town))), "the answer")
    assert list(town.x.directs.all[-1].pictures) == [PNG]


async def _true(value: bool) -> bool:
    return value
