"""The list: views, order, search, pages, hostile addresses."""

import re

import pytest

from tests.console.house import Browser, House
from tests.console.seeds import Person
from tickets.model import Reason


def numbers(html: str) -> list[int]:
    return [int(found) for found in re.findall(r'data-number="(\d+)" data-v', html)]


async def crowd(house: House) -> Browser:
    seeds = house.seeds
    for n, points in enumerate((10, 70, 30), 1):
        await seeds.writes(Person(f"Person {n}"), f"Story {n}", reasons=(Reason("because", points),))
        house.clock.pass_(minutes=1)
    return await house.signed_in()


async def test_open_tickets_by_priority_with_reasons(house: House) -> None:
    browser = await crowd(house)
    page = (await browser.get("/")).text
    assert numbers(page) == [2, 3, 1]
    assert "Priority 70" in page
    assert "because</bdi> <b>+70" in page


async def test_views(house: House) -> None:
    browser = await crowd(house)
    mei = await house.actor("Mei Lin")
    await house.desk.claim(mei, 1, key="a")
    await house.desk.answer(mei, 2, "Hello", key="b")
    await house.desk.close(mei, 3, key="c")
    shown = {
        view: numbers((await browser.get(f"/?view={view}")).text)
        for view in ("open", "unassigned", "mine", "waiting", "closed", "nonsense")
    }
    assert shown == {"open": [1], "unassigned": [], "mine": [1, 2], "waiting": [2], "closed": [3], "nonsense": [1]}


async def test_only_one_channel(house: House) -> None:
    browser = await crowd(house)
    number = await house.seeds.writes(Person("Hanako", "email", address="h@example.test"), "Mail")
    assert numbers((await browser.get("/?channel=email")).text) == [number]
    assert len(numbers((await browser.get("/?channel=%3Cx%3E")).text)) == 4


@pytest.mark.parametrize(
    "words", ["story", "STORY", "story'", "%", "_", '" OR 1 --', "story NEAR x", "x" * 10_000]
)
async def test_search(house: House, words: str) -> None:
    browser = await crowd(house)
    answer = await browser.client.get("/", params={"q": words})
    assert answer.status_code == 200
    assert numbers(answer.text) == ([3, 2, 1] if words.lower().strip("'") == "story" else [])


async def test_further_pages(house: House) -> None:
    for n in range(120):
        await house.seeds.writes(Person(f"P{n}"), "Hello")
    browser = await house.signed_in()
    seen: list[int] = []
    page = (await browser.get("/")).text
    while True:
        seen += numbers(page)
        found = re.search(r'hx-get="(/rows\?[^"]+)"', page)
        if found is None:
            break
        page = (await browser.get(found[1].replace("&amp;", "&"))).text
    assert seen == list(range(1, 121))


@pytest.mark.parametrize("cursor", ["x", "1", "1.2", "1.2.3.4", "9" * 40 + ".1.1", "1.1.' OR", "١.١.١", "%00.1.1"])
async def test_hostile_cursors(house: House, cursor: str) -> None:
    browser = await crowd(house)
    assert (await browser.get(f"/rows?section=open&cursor={cursor}")).status_code == 404
    assert (await browser.get(f"/?section=open&cursor={cursor}")).status_code == 404


async def test_empty_views_say_how_to_begin(house: House) -> None:
    browser = await house.signed_in()
    for view in ("open", "unassigned", "mine", "waiting", "closed"):
        assert 'id="empty"' in (await browser.get(f"/?view={view}")).text
    assert "Nothing found" in (await browser.get("/?q=zebra")).text


async def test_a_wait_has_a_clock(house: House) -> None:
    await house.seeds.writes(Person("Anna Lind"), "Hello")
    browser = await house.signed_in()
    for minutes, words, heat in ((0, "now", "calm"), (16, "16 min", "warm"), (60, "1 h 16", "hot")):
        house.clock.pass_(minutes=minutes)
        page = (await browser.get("/")).text
        assert re.search(rf'class="wait {heat}"[^>]*>{words}<', page), words


async def test_channels_and_quarantine_need_their_rights(house: House) -> None:
    viewer = await house.signed_in("Vera", "viewer")
    admin = await house.signed_in("Mei Lin", "admin")
    assert (await viewer.get("/channels")).status_code == 200
    assert (await viewer.get("/quarantine")).status_code == 403
    assert (await viewer.post("/quarantine/1/replay")).status_code == 403
    assert (await admin.get("/quarantine")).status_code == 200
    assert (await admin.post("/quarantine/1/replay")).status_code == 422
    assert (await admin.post("/quarantine/zz/replay")).status_code == 404
