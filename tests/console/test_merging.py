"""Two tickets made one, in the inbox and over the API."""

import re

import pytest

from tests.console.house import House
from tests.console.seeds import Person

BASE = "/api/v1"
KEY = {"Idempotency-Key": "merge-1"}


async def two(house: House) -> tuple[Person, Person]:
    anna, bilal = Person("Anna Lind"), Person("بلال", "discord")
    await house.seeds.writes(anna, "Ich warte auf meine Auszahlung")
    await house.seeds.writes(bilal, "لم يصل السحب")
    return anna, bilal


async def test_a_ticket_goes_on_in_another_and_comes_back(house: House) -> None:
    anna, bilal = await two(house)
    browser = await house.signed_in()
    done = await browser.post(f"/tickets/{anna.number}/merge", key="key-1", into=f"#{bilal.number}")
    assert (done.status_code, done.headers["location"]) == (303, f"/tickets/{bilal.number}")

    page = (await browser.get(f"/tickets/{bilal.number}")).text
    assert "Ich warte auf meine Auszahlung" in page
    assert f"Mei Lin merged into this ticket #{anna.number}" in page
    assert f"merged this ticket into #{bilal.number}" not in page
    led = await browser.get(f"/tickets/{anna.number}?view=closed")
    assert (led.status_code, led.headers["location"]) == (303, f"/tickets/{bilal.number}?view=closed")
    led = await browser.get(f"/tickets/{anna.number}/update")
    assert led.headers["location"] == f"/tickets/{bilal.number}/update"
    assert "Anna Lind" not in re.findall(r"<main.*", (await browser.get("/")).text)

    await browser.post(f"/tickets/{anna.number}/apart", key="apart")
    alone = (await browser.get(f"/tickets/{bilal.number}")).text.partition('id="conversation"')[2]
    assert "لم يصل السحب" in alone
    assert "Ich warte auf meine Auszahlung" not in alone
    again = (await browser.get(f"/tickets/{anna.number}")).text
    assert "Ich warte auf meine Auszahlung" in again
    assert f"Mei Lin took this ticket out of #{bilal.number}" in again


@pytest.mark.parametrize(
    ("into", "said"),
    [
        ("", "Write the number of the other ticket"),
        ("abc", "Write the number of the other ticket"),
        ("99999999999", "Write the number of the other ticket"),
        ("77", "There is no ticket #77"),
        ("1", "cannot be merged into itself"),
    ],
)
async def test_what_cannot_be_merged_is_said(house: House, into: str, said: str) -> None:
    await two(house)
    browser = await house.signed_in()
    answer = await browser.post("/tickets/1/merge", key="key", into=into)
    assert answer.status_code in (404, 409, 422)
    assert said in answer.text


async def test_a_merged_ticket_takes_no_commands(house: House) -> None:
    anna, bilal = await two(house)
    browser = await house.signed_in()
    await browser.post(f"/tickets/{anna.number}/merge", key="key-2", into=str(bilal.number))
    answer = await browser.post(f"/tickets/{anna.number}/close", key="close")
    assert f"Ticket #{anna.number} was merged into #{bilal.number}. Go on there." in answer.text


async def test_over_the_api(house: House) -> None:
    anna, bilal = await two(house)
    api = await house.api()
    path = f"{BASE}/tickets/{anna.number}/merge"
    for _ in range(2):  # the same key does it once
        done = await api.post(path, json={"into": bilal.number}, headers=KEY)
        assert done.status_code == 200
        assert (done.json()["number"], done.json()["merged"]) == (bilal.number, [anna.number])
        assert len(done.json()["messages"]) == 2
    assert (await api.get(f"{BASE}/tickets/{anna.number}")).json()["merged_into"] == bilal.number
    listed = (await api.get(f"{BASE}/tickets")).json()["items"]
    assert [one["number"] for one in listed] == [bilal.number]
    again = await api.post(path, json={"into": bilal.number}, headers={"Idempotency-Key": "merge-2"})
    assert again.status_code == 422
    apart = f"{BASE}/tickets/{anna.number}/take-apart"
    done = await api.post(apart, headers={"Idempotency-Key": "apart-1"})
    assert (done.json()["number"], done.json()["merged_into"], len(done.json()["messages"])) == (1, None, 1)
    no = await api.post(apart, headers={"Idempotency-Key": "apart-2"})
    assert "is not merged" in no.json()["detail"]


@pytest.mark.parametrize("into", [0, -1, 2**31, 9223372036854775808, 10**30, "2", None])
async def test_numbers_that_no_ticket_has_are_refused(house: House, into: object) -> None:
    await two(house)
    api = await house.api()
    answer = await api.post(f"{BASE}/tickets/1/merge", json={"into": into}, headers=KEY)
    assert answer.status_code in (400, 422), answer.text


async def test_whoever_only_reads_merges_nothing(house: House) -> None:
    anna, bilal = await two(house)
    viewer = await house.signed_in("Olga", "viewer")
    assert "/merge" not in (await viewer.get(f"/tickets/{anna.number}")).text
    api = await house.api("viewer")
    refused = await api.post(f"{BASE}/tickets/{anna.number}/merge", json={"into": bilal.number}, headers=KEY)
    assert refused.status_code == 403
