"""The incident's room in the inbox."""

import re

from tests.console.house import House
from tests.console.seeds import Person
from tickets.ids import IncidentNumber
from tickets.incidents import Incident, IncidentChange, IncidentEvent, Member
from tickets.model import TicketEnvelope

TITLE = "withdrawal, <b>stuck</b>"


async def outage(house: House) -> list[TicketEnvelope]:
    """Two who report the same."""
    found = []
    for name, language in (("Anna <i>Lind</i>", "de"), ("Boris", "ru")):
        person = Person(name, "telegram", language=language)
        await house.seeds.writes(person, "It is <b>stuck</b>")
        found.append(await house.seeds.get(person.number))
    now = house.clock.now()
    joined = tuple(Member(one.messages[0].id, one.ticket.id, now, ("same error code WD-5031",)) for one in found)
    incident = Incident(IncidentNumber(0), joined[0].message_id, "trouble", "open", TITLE, now, now, 2)
    event = IncidentEvent("raised", "program:incidents", now, {"people": 2})
    await house.store.apply_incident(IncidentChange(incident, 0, joined, events=(event,)), now)
    return found


async def test_without_any_the_page_says_so(house: House) -> None:
    browser = await house.signed_in()
    assert "Nothing is going on" in (await browser.get("/incidents")).text
    assert (await browser.get("/incidents/7")).status_code == 404
    assert (await browser.get("/incidents/x")).status_code == 404


async def test_the_room_shows_who_reported_it_and_why(house: House) -> None:
    anna, _ = await outage(house)
    browser = await house.signed_in()
    listed = (await browser.get("/incidents")).text
    assert "withdrawal, &lt;b&gt;stuck&lt;/b&gt;" in listed
    assert "nobody was told anything yet" in listed
    page = (await browser.get("/incidents/1")).text
    assert "Anna &lt;i&gt;Lind&lt;/i&gt;" in page
    assert "It is &lt;b&gt;stuck&lt;/b&gt;" in page
    assert "same error code WD-5031" in page
    assert re.search(r'name="text-ru"', page)
    assert "Switchboard found it: 2 people" in page
    ticket = (await browser.get(f"/tickets/{anna.ticket.number}")).text
    assert '<a href="/incidents/1">1</a>' in ticket
    assert "It belongs to incident 1" in ticket


async def test_it_is_looked_after_told_of_and_over(house: House) -> None:
    await outage(house)
    browser = await house.signed_in()
    for action in ("take", "join"):
        assert (await browser.post(f"/incidents/1/{action}", key="a")).status_code == 303
    await browser.post("/incidents/1/rename", key="a", title="Withdrawals are stuck")
    refused = await browser.post("/incidents/1/tell", key="a", kind="answer", otherwise="ru", **{"text-de": "Ja"})
    assert (refused.status_code, "whose language has none" in refused.text) == (422, True)
    texts = {"text-de": "Wir wissen es <b>schon</b>", "text-ru": "Мы знаем"}
    assert (
        await browser.post("/incidents/1/tell", key="a", kind="answer", otherwise="ru", **texts)
    ).status_code == 303
    page = (await browser.get("/incidents/1")).text
    assert "Withdrawals are stuck" in page
    assert "Wir wissen es &lt;b&gt;schon&lt;/b&gt;" in page
    assert "with <bdi>Mei Lin</bdi>" in page
    await browser.post("/incidents/1/tell", key="a", kind="resolution", otherwise="ru", **texts)
    assert "Over" in (await browser.get("/incidents")).text
    repeated = await browser.post("/incidents/1/tell", key="a", kind="resolution", otherwise="ru", **texts)
    assert repeated.status_code == 303
    texts["text-de"] = "Anders"
    again = await browser.post("/incidents/1/tell", key="a", kind="resolution", otherwise="ru", **texts)
    assert (again.status_code, "It is over already" in again.text) == (422, True)


async def test_who_does_not_belong_is_let_go_by_one_click(house: House) -> None:
    anna, boris = await outage(house)
    browser = await house.signed_in()
    done = await browser.post("/incidents/1/remove", key="a", ticket=boris.ticket.id)
    assert done.status_code == 303
    page = (await browser.get("/incidents/1")).text
    assert "Boris" not in page
    assert "Mei Lin said that a ticket does not belong to it" in page
    assert (await house.seeds.get(boris.ticket.number)).ticket.incident is None
    assert (await house.seeds.get(anna.ticket.number)).ticket.incident == 1
    refused = await browser.post("/incidents/1/remove", key="a", ticket=boris.ticket.id)
    assert refused.status_code == 422


async def test_what_was_none_is_dismissed_and_viewers_only_look(house: House) -> None:
    await outage(house)
    viewer = await house.signed_in("Vera", role="viewer")
    assert "Tell everybody" not in (await viewer.get("/incidents/1")).text
    assert (await viewer.post("/incidents/1/dismiss", key="a")).status_code == 403
    browser = await house.signed_in()
    await browser.post("/incidents/1/dismiss", key="a")
    assert "Was none" in (await browser.get("/incidents")).text


async def test_over_the_api(house: House) -> None:
    anna, boris = await outage(house)
    api = await house.api()
    [listed] = (await api.get("/api/v1/incidents")).json()["items"]
    assert (listed["number"], listed["state"], listed["people"], listed["told"]) == (1, "open", 2, 0)
    room = (await api.get("/api/v1/incidents/1")).json()
    assert {(one["number"], one["language"]) for one in room["members"]} == {
        (anna.ticket.number, "de"), (boris.ticket.number, "ru"),
    }  # fmt: skip
    wrong = await api.post("/api/v1/incidents/1/tell", json={"texts": {}, "otherwise": "en"})
    assert wrong.status_code == 422
    for _ in range(2):
        told = await api.post("/api/v1/incidents/1/tell", json={"texts": {"en": "We know"}, "otherwise": "en"})
        assert (told.status_code, told.json()["told"]) == (200, 1)
    gone = await api.post("/api/v1/incidents/1/remove", json={"ticket": boris.ticket.number})
    assert [one["number"] for one in gone.json()["members"]] == [anna.ticket.number]
    assert (await api.post("/api/v1/incidents/1/dismiss")).json()["state"] == "dismissed"
    assert (await api.get("/api/v1/incidents/2")).status_code == 404
