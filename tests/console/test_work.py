"""What a ticket is about, whose it is and by when, in the inbox and over the API."""

import re

from msgspec.structs import replace

from tests.console.house import House
from tests.console.seeds import Person
from tickets.ids import UserId
from tickets.model import Entity
from tickets.records import Duty, User

BASE = "/api/v1"


async def anna(house: House) -> Person:
    person = Person("Anna <b>Lind</b>", "telegram")
    await house.seeds.writes(person, "Where is my parcel?")
    return person


async def test_a_colleague_says_what_it_is_about(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}"
    page = (await browser.get(path)).text
    assert '<option value="payments" data-key="2">2 Payments in and out</option>' in page
    assert 'id="categorize"' in page
    done = await browser.post(f"{path}/category", key="a", category="payments")
    assert done.status_code == 303
    page = (await browser.get(path)).text
    assert "<bdi>Payments in and out</bdi>" in page
    assert "as somebody said" in page
    assert "Mei Lin said what it is about: payments" in page
    assert "Not named yet: amount, transaction, when." in page
    asked = await browser.get(f"{path}/asking")
    assert asked.headers["content-type"].startswith("text/plain")
    assert asked.text.splitlines()[1:] == [
        "- the amount and currency", "- the transaction number (TxID)", "- the day and time",
    ]  # fmt: skip
    refused = await browser.post(f"{path}/category", key="b", category="<script>")
    assert refused.status_code == 422
    assert "There is no category &#39;&lt;script&gt;&#39;" in refused.text


async def test_it_is_handed_over_with_what_is_known(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}"
    refused = await browser.post(f"{path}/hand-over", key="a", found="", tried="x", line="2", team="support")
    assert (refused.status_code, "Say what you found" in refused.text) == (422, True)
    done = await browser.post(
        f"{path}/hand-over", key="b", found="<i>nothing</i>", tried="all", line="2", team="support"
    )
    assert done.status_code == 303
    page = (await browser.get(path)).text
    assert "Mei Lin handed it over to support, line 2" in page
    assert "Found: &lt;i&gt;nothing&lt;/i&gt;" in page
    assert re.search(r"<bdi>support</bdi>, line 2", page)


async def test_who_does_work_says_whether_they_are_there(house: House) -> None:
    await anna(house)
    browser = await house.signed_in()
    assert 'action="/presence"' not in (await browser.get("/")).text
    [mei] = [one for one in await house.store.list_users() if one.name == "Mei Lin"]
    await house.store.set_user(replace(mei, duty=Duty(teams=("support",))))
    assert "You are away: no work is given to you" in (await browser.get("/")).text
    done = await browser.post("/presence", key="a", present="yes")
    assert done.status_code == 303
    assert "You are here: work may be given to you" in (await browser.get("/")).text


async def test_what_is_restricted_is_not_shown(house: House) -> None:
    person = Person("Anna <b>Lind</b>", "telegram")
    await house.seeds.writes(person, "I was hacked", team="security")
    browser, api = await house.signed_in(), await house.api()
    path = f"/tickets/{person.number}"
    assert (await browser.get(path)).status_code == 200
    lead = User(UserId("lead"), "Lea", "lead", True, house.clock.now(), duty=Duty(teams=("security",)))
    await house.store.add_user(lead)
    refused = await browser.get(path)
    assert refused.status_code == 403
    assert "for the team security alone" in refused.text
    assert "Anna" not in (await browser.get("/")).text
    assert (await api.get(f"{BASE}/tickets")).json()["items"] == []
    assert (await api.get(f"{BASE}{path}")).status_code == 403


async def test_over_the_api(house: House) -> None:
    person, api = await anna(house), await house.api()
    path = f"{BASE}/tickets/{person.number}"
    for _ in range(2):
        done = await api.post(f"{path}/category", json={"category": "orders"}, headers={"Idempotency-Key": "a"})
        assert (done.status_code, done.json()["category"], done.json()["category_confidence"]) == (
            200,
            "orders",
            1.0,
        )
    handed = await api.post(
        f"{path}/hand-over", json={"found": "f", "tried": "t", "line": 3}, headers={"Idempotency-Key": "b"}
    )
    assert (handed.status_code, handed.json()["line"]) == (200, 3)
    assert handed.json()["messages"][-1]["text"] == "Found: f\nTried: t"
    wrong = await api.post(
        f"{path}/hand-over", json={"found": "f", "tried": "t", "line": 9}, headers={"Idempotency-Key": "c"}
    )
    assert wrong.status_code == 422
    for query, count in (("team=support", 1), ("team=x", 0), ("category=orders", 1), ("category=spam", 0)):
        assert len((await api.get(f"{BASE}/tickets?{query}")).json()["items"]) == count


async def test_who_names_the_same_may_be_the_same_person(house: House) -> None:
    first, second, third = Person("Anna Lind", "telegram"), Person("a.lind", "email"), Person("Other", "discord")
    named = (Entity("account", "12345678", "12345678"),)
    await house.seeds.writes(first, "My account 12345678 is locked", entities=named)
    await house.seeds.writes(second, "Account 12345678, since yesterday", entities=named)
    await house.seeds.writes(third, "Something else", entities=())
    browser = await house.signed_in()
    page = (await browser.get(f"/tickets/{first.number}")).text
    assert f'Perhaps the same person: <a href="/tickets/{second.number}">#{second.number}</a>' in page
    assert "both name the account 12345678" in page
    assert f"#{third.number}" not in page.split("Same matter")[1].split("Go on in ticket")[0]
    assert "Perhaps the same person" not in (await browser.get(f"/tickets/{third.number}")).text
