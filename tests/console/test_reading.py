"""The page of what feeds found, and the same over the API."""

from tests.console.house import House
from tests.console.seeds import Person
from tests.console.strings import MARKUP, NASTY

BASE = "/api/v1"
SAID = "ถอนเงินไม่ได้เลย"


async def test_items_stand_with_tone_language_and_the_way_to_them(house: House) -> None:
    browser = await house.signed_in()
    assert "Nothing was found yet" in (await browser.get("/reading")).text
    item = await house.seeds.finds(SAID, language="th", mood="alarming", alike=12)
    page = (await browser.get("/reading")).text
    for words in (SAID, "Thai", "12 more with the same words", "theft", "x:main/talk", f'href="{item.address}"'):
        assert words in page, words
    assert page.count("Make a ticket") == 1


async def test_what_people_write_is_never_markup(house: House) -> None:
    browser = await house.signed_in()
    for text in NASTY:
        await house.seeds.finds(text, author=text, handle=text)
    page = (await browser.get("/reading")).text
    body = page[page.index("<main") :]
    assert not [one for one in MARKUP if one in body]


async def test_the_page_chooses_by_feed_and_tone_and_goes_on(house: House) -> None:
    browser = await house.signed_in()
    await house.seeds.finds("the oldest of all")
    for n in range(40):
        await house.seeds.finds(f"item {n}")
    await house.seeds.finds("in the hall", feeds=("telegram:main/hall",), mood="upset")
    first = (await browser.get("/reading")).text
    assert "in the hall" in first
    assert "the oldest of all" not in first
    older = first[first.index("/reading?after=") :].split('"')[0]
    assert "the oldest of all" in (await browser.get(older)).text
    hall = (await browser.get("/reading?feed=telegram:main/hall")).text
    assert ("in the hall" in hall, "item 3" in hall) == (True, False)
    assert "in the hall" in (await browser.get("/reading?mood=upset")).text
    assert "Nothing here" in (await browser.get("/reading?mood=alarming")).text
    assert (await browser.get("/reading?mood=%3Cb%3E&after=%27&feed=%00")).status_code == 200


async def test_a_page_that_stays_open_is_told_how_much_is_newer(house: House) -> None:
    browser = await house.signed_in()
    first = await house.seeds.finds("first")
    assert (await browser.get(f"/reading/newer?than={first.id}")).status_code == 204
    for n in range(3):
        await house.seeds.finds(f"later {n}")
    assert "3 newer" in (await browser.get(f"/reading/newer?than={first.id}")).text


async def test_a_ticket_is_wanted_once_and_linked_when_it_is_there(house: House) -> None:
    browser = await house.signed_in()
    item = await house.seeds.finds(SAID)
    for _ in range(2):
        assert (await browser.post(f"/reading/{item.id}/ticket")).status_code == 303
    waiting = (await browser.get(f"/reading/{item.id}")).text
    assert "Its ticket is being made" in waiting
    assert "Make a ticket" not in waiting
    assert len(await house.store.lease_events("worker", house.clock.now(), 60.0, 10)) == 1
    number = await house.seeds.writes(Person("Linh"), SAID)
    await house.seeds.takes_up(item, number)
    assert f'href="/tickets/{number}"' in (await browser.get(f"/reading/{item.id}")).text
    assert (await browser.get("/reading/none")).text == ""
    refused = await browser.post("/reading/none/ticket")
    assert (refused.status_code, "too old to be kept" in refused.text) == (422, True)


async def test_who_only_reads_makes_no_tickets(house: House) -> None:
    item, viewer = await house.seeds.finds(SAID), await house.signed_in("Olga", "viewer")
    assert "Make a ticket" not in (await viewer.get("/reading")).text
    assert (await viewer.post(f"/reading/{item.id}/ticket")).status_code == 403


async def test_without_feeds_the_page_says_how_to_begin(house: House) -> None:
    bare = House(house.store, house.clock, feeds=())
    browser = await bare.signed_in()
    assert "No feed is configured yet" in (await browser.get("/reading")).text


async def test_over_the_api(house: House) -> None:
    api = await house.api()
    for n in range(3):
        item = await house.seeds.finds(f"{SAID} {n}", mood="upset" if n else "")
    page = (await api.get(f"{BASE}/items?limit=2&mood=upset&feed=x:main/talk")).json()
    assert [one["text"] for one in page["items"]] == [f"{SAID} 2", f"{SAID} 1"]
    rest = (await api.get(f"{BASE}/items?cursor={page['next']}")).json()
    assert [one["text"] for one in rest["items"]] == [f"{SAID} 0"]
    assert rest["next"] is None
    for _ in range(2):
        asked = await api.post(f"{BASE}/items/{item.id}/ticket")
        assert (asked.status_code, asked.json()["wanted"], asked.json()["ticket"]) == (202, True, None)
    for wrong in ("mood=angry", "limit=0", "cursor=%27", "q=x"):
        assert (await api.get(f"{BASE}/items?{wrong}")).status_code == 422, wrong
    assert (await api.post(f"{BASE}/items/none/ticket")).status_code == 422
