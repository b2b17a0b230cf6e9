"""Asking people who they are from the inbox and over the API, and reading what came of it."""

import re

import pytest

from tests.console.house import House
from tests.console.seeds import Person
from tests.console.strings import NASTY

BASE = "/api/v1"


@pytest.fixture
async def anna(house: House) -> Person:
    person = Person("Anna Lind")
    await house.seeds.writes(person, "What is my balance?")
    return person


def thread_of(person: Person) -> str:
    assert person.thread is not None
    return person.thread.id


async def test_a_code_is_sent_and_nobody_here_reads_it(house: House, anna: Person) -> None:
    browser = await house.signed_in()
    page = (await browser.get(f"/tickets/{anna.number}")).text
    assert "Ask them to show who they are: Telegram, in private" in page
    path = f"/tickets/{anna.number}/challenge"
    asked = {"way": "code", "thread": thread_of(anna), "address": "anna@customers.test"}
    for _ in range(2):
        assert (await browser.post(path, key="k", **asked)).status_code == 303
    ticket = await house.seeds.get(anna.number)
    [mail] = [one for one in ticket.deliveries if one.kind == "code"]
    code = re.search(r"\w{4}-\w{4}-\w{4}", mail.parts[0].text)
    assert code is not None
    page = (await browser.get(f"/tickets/{anna.number}")).text
    outbox = (await browser.get("/outbox")).text
    assert "Code to the address on record" in page
    assert "a code went to a•••@c•••.test" in page
    for shown in (page, outbox):
        assert code[0] not in shown
        assert f"{code[0][:4]}-····-····" in shown
    assert "Mei Lin asked the person to show who they are, by a code" in page


async def test_a_wrong_address_is_refused_with_what_to_do(house: House, anna: Person) -> None:
    browser = await house.signed_in()
    path = f"/tickets/{anna.number}/challenge"
    refused = await browser.post(path, key="k", way="code", thread=thread_of(anna), address="anna")
    assert (refused.status_code, "on record for them, as name@example.org" in refused.text) == (422, True)
    unticked = await browser.post(path, key="k", way="questions", thread=thread_of(anna))
    assert (unticked.status_code, "Tick the questions" in unticked.text) == (422, True)
    for fields in ({"way": "magic", "thread": thread_of(anna)}, {"way": "code", "thread": "../x"}):
        assert (await browser.post(path, key="k", **fields)).status_code == 422


async def test_in_public_nobody_is_asked(house: House) -> None:
    ricardo = Person("Ricardo", "x", account="x:main", visibility="public")
    await house.seeds.writes(ricardo, "¿Cuál es mi saldo?")
    browser = await house.signed_in()
    assert "Ask them to show" not in (await browser.get(f"/tickets/{ricardo.number}")).text
    refused = await browser.post(
        f"/tickets/{ricardo.number}/challenge", key="k", way="sign_in", thread=thread_of(ricardo)
    )
    assert (refused.status_code, "in private only" in refused.text) == (422, True)


async def test_a_colleague_compares_and_says_what_with(house: House, anna: Person) -> None:
    browser = await house.signed_in()
    path = f"/tickets/{anna.number}"
    await browser.post(f"{path}/challenge", key="k", way="questions", thread=thread_of(anna), question="order")
    page = (await browser.get(path)).text
    assert "Is it them?" in page
    [asked] = (await house.seeds.get(anna.number)).challenges
    assert asked.about == "order"
    judged = {"challenge": asked.id, "evidence": NASTY[0]}
    early = await browser.post(f"{path}/judge", key="e", passed="yes", **judged)
    assert (early.status_code, "not answered yet" in early.text) == (422, True)
    house.clock.pass_(seconds=60)
    await house.seeds.writes(anna, "A bicycle")
    assert (await browser.post(f"{path}/judge", key="j", passed="maybe", **judged)).status_code == 422
    assert (await browser.post(f"{path}/judge", key="j", passed="yes", **judged)).status_code == 303
    page = (await browser.get(path)).text
    assert "Anna Lind has shown who they are (seen by Mei Lin):" in page
    assert NASTY[0] not in page
    assert "Mei Lin saw that it is them, by questions" in page
    await browser.post(f"{path}/judge", key="r", passed="no", challenge=asked.id, evidence="mistaken")
    assert "Anna Lind has not shown who they are (seen by Mei Lin): mistaken" in (await browser.get(path)).text


async def test_it_counts_for_so_long(house: House, anna: Person) -> None:
    browser = await house.signed_in()
    path = f"/tickets/{anna.number}"
    await browser.post(f"{path}/challenge", key="k", way="questions", thread=thread_of(anna), question="order")
    house.clock.pass_(seconds=7_201)
    assert "did not show in time who they are: asked: order" in (await browser.get(path)).text
    [asked] = (await house.seeds.get(anna.number)).challenges
    await house.seeds.writes(anna, "A bicycle")
    await browser.post(f"{path}/judge", key="j", passed="yes", challenge=asked.id, evidence="on record")
    house.clock.pass_(hours=12)
    browser = await house.signed_in()
    assert "showed who they are (seen by Mei Lin), too long ago: on record" in (await browser.get(path)).text


async def test_whoever_only_reads_sees_it_and_asks_nobody(house: House, anna: Person) -> None:
    mei = await house.signed_in()
    path = f"/tickets/{anna.number}"
    await mei.post(f"{path}/challenge", key="k", way="questions", thread=thread_of(anna), question="order")
    viewer = await house.signed_in("Vera", "viewer")
    page = (await viewer.get(path)).text
    assert "was asked to show who they are by questions" in page
    assert "Is it them?" not in page
    assert "Ask them to show" not in page
    refused = await viewer.post(f"{path}/challenge", key="k", way="sign_in", thread=thread_of(anna))
    assert refused.status_code == 403


async def test_over_the_api(house: House, anna: Person) -> None:
    api = await house.api()
    path = f"{BASE}/tickets/{anna.number}/challenges"
    wanted = {"way": "questions", "questions": ["since"]}
    done = [await api.post(path, json=wanted, headers={"Idempotency-Key": "a"}) for _ in range(2)]
    assert [one.status_code for one in done] == [200, 200]
    [asked] = done[1].json()["challenges"]
    assert (asked["way"], asked["state"], asked["holds"], asked["about"]) == ("questions", "asked", False, "since")
    house.clock.pass_(seconds=60)
    await house.seeds.writes(anna, "Since May")
    judged = await api.post(
        f"{path}/{asked['id']}", json={"passed": True, "evidence": "on record"}, headers={"Idempotency-Key": "b"}
    )
    [shown] = judged.json()["challenges"]
    assert (shown["state"], shown["holds"], shown["evidence"]) == ("shown", True, "on record")
    assert shown["holds_until"] is not None
    unknown = await api.post(
        f"{path}/nobody", json={"passed": False, "evidence": "x"}, headers={"Idempotency-Key": "c"}
    )
    assert (unknown.status_code, "Nobody was asked" in unknown.text) == (422, True)
    viewer = await house.api("viewer")
    assert (await viewer.post(path, json=wanted, headers={"Idempotency-Key": "d"})).status_code == 403
