"""Sending a code from the inbox and over the API."""

from tests.console.house import House
from tests.console.seeds import Person

BASE = "/api/v1"


async def test_a_code_is_sent_where_it_stays_private(house: House) -> None:
    anna, ricardo = Person("Anna Lind"), Person("Ricardo", "x", account="x:main", visibility="public")
    await house.seeds.writes(anna, "Where is my parcel?")
    await house.seeds.writes(ricardo, "¿Dónde está?")
    browser = await house.signed_in()
    assert "Send a code" not in (await browser.get(f"/tickets/{ricardo.number}")).text
    page = (await browser.get(f"/tickets/{anna.number}")).text
    assert "Send a code: Telegram, in private" in page
    thread = anna.thread.id if anna.thread else ""
    for _ in range(2):
        done = await browser.post(f"/tickets/{anna.number}/code", key="k", thread=thread)
        assert done.status_code == 303
    ticket = await house.seeds.get(anna.number)
    assert len(ticket.deliveries) == 1
    assert "Your code:" in ticket.messages[-1].text
    assert "Mei Lin sent a code" in (await browser.get(f"/tickets/{anna.number}")).text
    refused = await browser.post(f"/tickets/{ricardo.number}/code", key="k2")
    assert (refused.status_code, "in private only" in refused.text) == (422, True)


async def test_over_the_api(house: House) -> None:
    anna = Person("Anna Lind")
    await house.seeds.writes(anna, "Where is my parcel?")
    api = await house.api()
    path = f"{BASE}/tickets/{anna.number}/code"
    done = [await api.post(path, headers={"Idempotency-Key": "a"}) for _ in range(2)]
    assert [one.status_code for one in done] == [202, 202]
    assert done[0].json() == done[1].json()
    viewer = await house.api("viewer")
    assert (await viewer.post(path, headers={"Idempotency-Key": "b"})).status_code == 403
