"""Who somebody is: by a code to their address on record, at the company's own sign-in, by questions."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from service.config import Config, IdentitySection, InboxSection
from tests.flow.test_there_and_back import BOUNCE
from tests.support.ports import free_port
from tests.support.stores import Database
from tests.support.town import AGENT, Town, open_town, until
from tickets.errors import Refused
from tickets.ids import TicketNumber
from tickets.model import Challenge
from tickets.secret import Secret

SECRET = "a secret of no value, thirty-two bytes long"
PAGE = "https://accounts.example.test/confirm"
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
QUESTIONS = {"order": {"en": "What did you order last?", "de": "Was haben Sie zuletzt bestellt?"}}
RECORDED = "anna@customers.test"


@pytest.fixture
async def town(sql_database: Database, tmp_path: Path, free: int) -> AsyncIterator[Town]:
    async with open_town() as town, town.open_for_business(checked(town.config(sql_database.url, tmp_path), free)):
        yield town


@pytest.fixture
def free() -> int:
    return free_port()


def checked(config: Config, port: int) -> Config:
    identity = IdentitySection(sign_in_url=PAGE, sign_in_secret=Secret(SECRET), questions=QUESTIONS)
    return config._replace(identity=identity, inbox=InboxSection(port=port))


async def asks(town: Town) -> TicketNumber:
    town.anna.write("Was ist mein Guthaben?", town.bot)
    return (await town.ticket_saying("Guthaben")).ticket.number


async def challenge_of(town: Town, number: TicketNumber) -> Challenge:
    ticket = await town.service.store.find_ticket(number)
    assert ticket is not None
    return ticket.challenges[-1]


async def in_state(town: Town, number: TicketNumber, state: str) -> Challenge:
    async def there() -> bool:
        return (await challenge_of(town, number)).state == state

    await town.eventually(there, f"a challenge that is {state}")
    return await challenge_of(town, number)


async def code_mailed(town: Town, number: TicketNumber) -> str:
    await town.service.desk.challenge(AGENT, number, "code", key="code", address=RECORDED)

    async def arrived() -> bool:
        return any(RECORDED in (one.header("To") or "") for one in town.mail.sent)

    await town.eventually(arrived, "the mail with the code")
    [mail] = [one for one in town.mail.sent if RECORDED in (one.header("To") or "")]
    found = CODE.search(mail.text)
    assert found is not None
    assert mail.header("Subject") == "Ihr Code"
    return found[0]


async def test_the_code_goes_to_the_address_on_record_and_comes_back_in_the_chat(town: Town) -> None:
    number = await asks(town)
    code = await code_mailed(town, number)
    await town.eventually(lambda: _true(any("a•••@c•••.test" in text for text in said(town))), "the question")
    assert not any(code in text for text in said(town))
    town.anna.write(f"Hier: {code.lower()}", town.bot)
    shown = await in_state(town, number, "shown")
    assert shown.evidence == "The code that was sent to a•••@c•••.test came back in this conversation."
    assert shown.holds(datetime.now(UTC))
    await town.eventually(lambda: _true(any("machen hier weiter" in text for text in said(town))), "thanks")
    ticket = await town.service.store.find_ticket(number)
    assert ticket is not None
    assert [one.kind for one in ticket.events].count("identified") == 1
    assert code not in str([*ticket.messages[:-1], *ticket.events])  # it stands where the person wrote it, only


async def test_somebody_else_who_has_the_code_shows_nothing(town: Town) -> None:
    number = await asks(town)
    code = await code_mailed(town, number)
    town.linh.say(f"{code} tôi đây", town.hall, mention=town.discord_bot)
    other = await town.ticket_saying("tôi đây")
    assert any("which others must not have" in one for one in other.messages[0].warnings)
    assert (await challenge_of(town, number)).state == "asked"


async def test_signing_in_at_the_company_shows_it_once(town: Town, free: int) -> None:
    number = await asks(town)
    await town.service.desk.challenge(AGENT, number, "sign_in", key="s")
    await town.eventually(lambda: _true(any(PAGE in text for text in said(town))), "the link")
    [text] = [text for text in said(town) if PAGE in text]
    link = urlsplit(next(word for word in text.split() if word.startswith(PAGE)))
    told = jwt.decode(parse_qs(link.query)["request"][0], SECRET, ["HS256"], audience="sign-in")
    assert (told["channel"], told["name"]) == ("telegram", "anna")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free}") as browser:
        forged = await browser.get("/hooks/identity", params={"result": word(told, secret="x" * 40)})
        assert (forged.status_code, "not signed" in forged.text) == (400, True)
        assert (await challenge_of(town, number)).state == "asked"
        done = await browser.get(
            "/hooks/identity", params={"result": word(told)}, headers={"Accept-Language": "fr"}
        )
        assert (done.status_code, "Wir wissen jetzt, dass Sie es sind" in done.text) == (200, True)
        assert done.headers["cache-control"] == "no-store"
        again = await browser.get("/hooks/identity", params={"result": word(told)})
        assert again.status_code == 200
    shown = await challenge_of(town, number)
    assert shown.evidence == "Signed in at accounts.example.test as customer-4711 (pwd, otp)."
    ticket = await town.service.store.find_ticket(number)
    assert ticket is not None
    assert (ticket.ticket.status, ticket.ticket.unanswered) == ("open", 1)
    assert [one.kind for one in ticket.events].count("identified") == 1


async def test_a_visitor_with_nothing_good_is_told_in_their_language(town: Town, free: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free}") as browser:
        stale = await browser.get(
            "/hooks/identity", params={"result": "<b>x"}, headers={"Accept-Language": "ar-EG,en;q=0.5"}
        )
    assert (stale.status_code, 'dir="rtl"' in stale.text, "<b>" in stale.text) == (400, True, False)


async def test_who_answers_the_mail_with_the_code_reaches_the_ticket(town: Town) -> None:
    """By mail it counts where they were asked by mail; else they are to write it where they were asked."""
    town.mei.write(to="support@example.test", subject="余额", text="我的余额是多少？")
    number = (await town.ticket_saying("余额是多少")).ticket.number
    await town.service.desk.challenge(AGENT, number, "code", key="c", address=town.mei.address)
    await until(lambda: any(CODE.search(one.text) for one in town.mei.received), "the mail with the code")
    mail = next(one for one in town.mei.received if CODE.search(one.text))
    code = CODE.search(mail.text)
    assert code is not None
    town.mei.reply(mail, f"这是 {code[0]}")
    await in_state(town, number, "shown")
    ticket = await town.ticket_saying("这是")
    assert ticket.ticket.number == number
    assert code[0] not in str(ticket.messages)
    assert not [one for message in ticket.messages for one in message.warnings]


async def test_a_code_that_comes_back_opens_the_ticket_again(town: Town) -> None:
    number = await asks(town)
    await code_mailed(town, number)
    ticket = await town.service.store.find_ticket(number)
    assert ticket is not None
    sent = await town.settled(next(one for one in ticket.deliveries if one.kind == "code"), "sent")
    name = sent.parts[0].external_id
    town.box.deliver(BOUNCE.format(name=name, server="mail.example.test").encode())

    async def told() -> bool:
        found = await town.service.store.find_ticket(number)
        assert found is not None
        mail = next(one for one in found.deliveries if one.kind == "code")
        return (mail.state, found.ticket.status) == ("failed", "open")

    await town.eventually(told, "the code that came back")


async def test_who_signs_in_for_a_closed_ticket_is_told_to_ask_anew(town: Town, free: int) -> None:
    number = await asks(town)
    await town.service.desk.challenge(AGENT, number, "sign_in", key="s")
    asked = await challenge_of(town, number)
    await town.service.desk.close(AGENT, number, key="z")
    async with httpx.AsyncClient() as browser:
        stale = await browser.get(
            f"http://127.0.0.1:{free}/hooks/identity", params={"result": word({"jti": asked.id})}
        )
    assert stale.status_code == 400
    assert (await challenge_of(town, number)).state == "asked"


async def test_it_goes_on_where_the_ticket_was_merged(town: Town, free: int) -> None:
    number = await asks(town)
    await town.service.desk.challenge(AGENT, number, "sign_in", key="s")
    asked = await challenge_of(town, number)
    town.mei.write(to="support@example.test", subject="提现", text="提现没有到账")
    other = (await town.ticket_saying("提现没有到账")).ticket.number
    await town.service.desk.merge(AGENT, number, other, key="m")
    async with httpx.AsyncClient() as browser:
        told = {"jti": asked.id}
        await browser.get(f"http://127.0.0.1:{free}/hooks/identity", params={"result": word(told)})
    assert (await challenge_of(town, other)).state == "shown"


async def test_questions_are_asked_in_their_language_and_judged_by_a_colleague(town: Town) -> None:
    number = await asks(town)
    desk = town.service.desk
    await desk.challenge(AGENT, number, "questions", key="q")
    await town.eventually(
        lambda: _true(any("Was haben Sie zuletzt bestellt?" in text for text in said(town))), "the question"
    )
    asked = await challenge_of(town, number)
    with pytest.raises(Refused, match="not answered yet"):
        await desk.judge(AGENT, number, asked.id, "as in our records of May", key="i", passed=True)
    town.anna.write("Ein Fahrrad, im Mai", town.bot)
    await town.ticket_saying("Fahrrad")
    with pytest.raises(Refused, match="no text"):
        await desk.judge(AGENT, number, asked.id, " ", key="j0", passed=True)
    await desk.judge(AGENT, number, asked.id, "as in our records of May", key="j", passed=True)
    shown = await challenge_of(town, number)
    assert (shown.state, shown.judged_by) == ("shown", AGENT.key)
    await desk.judge(AGENT, number, asked.id, "wrong customer after all", key="k", passed=False)
    assert (await challenge_of(town, number)).state == "failed"


def word(told: dict[str, Any], secret: str = SECRET) -> str:
    """What the company's page would send back."""
    until = datetime.now(UTC) + timedelta(minutes=5)
    said = {"aud": "switchboard", "jti": told["jti"], "sub": "customer-4711", "amr": ["pwd", "otp"], "exp": until}
    return jwt.encode(said, secret, "HS256")


def said(town: Town) -> list[str]:
    return [one.text for one in town.telegram.sent]


async def _true(value: bool) -> bool:
    return value
