"""Somebody blocked or muted, in the inbox and over the API."""

import re

import pytest

from tests.console.house import House
from tests.console.seeds import Person

BASE = "/api/v1"
FORM = {"kind": "block", "why": "spam", "hours": "24"}


async def anna(house: House) -> Person:
    person = Person("Anna <b>Lind</b>", "x", account="x:main", visibility="public")
    await house.seeds.writes(person, "Buy my elephants")
    return person


async def test_somebody_is_blocked_and_heard_again(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}"
    page = (await browser.get(path)).text
    who = re.search(r'name="who" value="([^"]+)"', page)
    assert who is not None
    done = await browser.post(f"{path}/restrict", key="a", who=who[1], **FORM)
    assert done.status_code == 303
    page = (await browser.get(path)).text
    assert "Blocked for spam by <bdi>Mei Lin</bdi> until" in page
    assert "Mei Lin blocked the person until" in page
    assert "Block or mute" not in page
    assert (await house.seeds.get(person.number)).ticket.status == "closed"
    await browser.post(f"{path}/lift", key="b", who=who[1])
    page = (await browser.get(path)).text
    assert "Mei Lin let the person be heard again" in page
    assert "Block or mute" in page


@pytest.mark.parametrize(
    "wrong", [{"kind": "ban"}, {"why": "<b>"}, {"hours": "-1"}, {"hours": "1e9"}, {"kind": ""}]
)
async def test_forms_that_nobody_made_are_refused(house: House, wrong: dict[str, str]) -> None:
    person, browser = await anna(house), await house.signed_in()
    answer = await browser.post(f"/tickets/{person.number}/restrict", key="a", **(FORM | wrong))
    assert answer.status_code == 422
    assert (await house.seeds.get(person.number)).identities[0].restriction is None


async def test_over_the_api(house: House) -> None:
    person, api = await anna(house), await house.api()
    path = f"{BASE}/tickets/{person.number}"
    assert (await api.get(path)).json()["restriction"] is None
    for _ in range(2):
        done = await api.post(
            f"{path}/restrict",
            json={"kind": "mute", "reason": "flood", "hours": 2},
            headers={"Idempotency-Key": "a"},
        )
        held = done.json()["restriction"]
        assert (done.status_code, held["kind"], held["reason"]) == (200, "mute", "flood")
    for hours in (0, -5, 1e300):
        refused = await api.post(
            f"{path}/restrict", json={"kind": "mute", "hours": hours}, headers={"Idempotency-Key": f"h{hours}"}
        )
        assert (refused.status_code, "hours, or for good" in refused.json()["detail"]) == (422, True)
    lifted = await api.post(f"{path}/lift", headers={"Idempotency-Key": "b"})
    assert lifted.json()["restriction"] is None


async def test_whoever_only_reads_holds_nobody_back(house: House) -> None:
    person, viewer = await anna(house), await house.signed_in("Olga", "viewer")
    path = f"/tickets/{person.number}"
    assert "/restrict" not in (await viewer.get(path)).text
    assert (await viewer.post(f"{path}/restrict", key="a", **FORM)).status_code == 403
