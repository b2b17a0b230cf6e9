"""A hundred clicks at once send once: over the form and over the API, with one key and with many."""

import asyncio
import os
import re
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.console.house import House
from tests.console.seeds import Clock, Person
from tests.support.stores import Database

CLICKS = 100
ROUNDS = int(os.environ.get("SWITCHBOARD_TEST_CLICK_ROUNDS", "10"))
TEXT = "Đã gửi. 明天到, إن شاء الله"
KEY = re.compile(r'name="key" value="([^"]+)"')


@pytest.fixture
async def house(sql_database: Database) -> AsyncIterator[House]:
    store = sql_database.store()
    await store.open()
    try:
        yield House(store, Clock())
    finally:
        await store.close()


async def asking(house: House) -> Person:
    person = Person("Анна Линд")
    await house.seeds.writes(person, "Where is my parcel?")
    return person


async def sent_once(house: House, person: Person, database: Database) -> None:
    """One outbox row, one message, one step in the ticket's history."""
    ticket = await house.seeds.get(person.number)
    assert [part.text for delivery in ticket.deliveries for part in delivery.parts] == [TEXT]
    assert [message.text for message in ticket.messages if message.direction == "out"] == [TEXT]
    assert [event.kind for event in ticket.events].count("answered") == 1
    rows = database.rows(f"SELECT COUNT(*) FROM delivery WHERE ticket_id = '{ticket.ticket.id}'")
    assert rows == [(1,)]


async def key_of_page(house: House, path: str) -> str:
    """The key that the answer form of a freshly opened page carries."""
    page = (await (await house.signed_in()).get(path)).text
    form = page[page.index(f'action="{path}/messages"') :]
    found = KEY.search(form)
    assert found is not None
    return found[1]


async def test_a_hundred_clicks_on_one_form_send_once(house: House, sql_database: Database) -> None:
    tabs = [await house.signed_in(), await house.signed_in()]
    for _ in range(ROUNDS):
        person = await asking(house)
        path = f"/tickets/{person.number}"
        key = await key_of_page(house, path)

        answers = await asyncio.gather(
            *(
                tabs[n % 2].post(f"{path}/messages", hx=n % 3 > 0, text=TEXT, key=key, kind="answer")
                for n in range(CLICKS)
            )
        )

        assert_told_well(answers, {200, 303})
        await sent_once(house, person, sql_database)


async def test_a_hundred_calls_with_one_key_send_once(house: House, sql_database: Database) -> None:
    api = await house.api()
    for n in range(ROUNDS):
        person = await asking(house)
        path = f"/api/v1/tickets/{person.number}/replies"

        answers = await asyncio.gather(
            *(
                api.post(path, json={"text": TEXT}, headers={"Idempotency-Key": f"order-{n}"})
                for _ in range(CLICKS)
            )
        )

        assert_told_well(answers, {202})
        assert len({one.json()["delivery"]["id"] for one in answers}) == 1
        await sent_once(house, person, sql_database)


async def test_of_a_hundred_colleagues_at_once_one_answers(house: House, sql_database: Database) -> None:
    """Each has a form of their own, and before them the same newest message."""
    tabs = [await house.signed_in(f"Colleague {n}") for n in range(8)]
    for n in range(ROUNDS):
        person = await asking(house)
        seen = (await house.seeds.get(person.number)).messages[-1].id
        path = f"/tickets/{person.number}/messages"

        answers = await asyncio.gather(
            *(
                tab.post(path, hx=True, text=TEXT, key=f"{n}-{place}", seen=seen, kind="answer")
                for place, tab in enumerate(tabs)
            )
        )

        told = Counter(one.status_code for one in answers)
        assert told == {200: 1, 422: len(tabs) - 1}
        assert all("answered while you were writing" in one.text for one in answers if one.status_code == 422)
        await sent_once(house, person, sql_database)


async def test_two_tabs_of_one_person_send_the_same_words_once(house: House, sql_database: Database) -> None:
    """Each tab has a form of its own; the ticket looked the same in both."""
    tabs = [await house.signed_in(), await house.signed_in()]
    for n in range(ROUNDS):
        person = await asking(house)
        seen = (await house.seeds.get(person.number)).messages[-1].id
        path = f"/tickets/{person.number}/messages"

        answers = await asyncio.gather(
            *(
                tabs[click % 2].post(path, hx=True, text=TEXT, key=f"{n}-{click % 2}", seen=seen, kind="answer")
                for click in range(CLICKS)
            )
        )

        assert_told_well(answers, {200, 422})
        assert all(TEXT in one.text for one in answers if one.status_code == 422), "the words must not be gone"
        await sent_once(house, person, sql_database)


async def test_one_person_may_send_two_answers_in_a_row(house: House) -> None:
    person, tab = await asking(house), await house.signed_in()
    seen = (await house.seeds.get(person.number)).messages[-1].id
    for n, text in enumerate(("Un momento", "已经寄出")):
        answer = await tab.post(
            f"/tickets/{person.number}/messages", hx=True, text=text, key=f"{n}", seen=seen, kind="answer"
        )
        assert answer.status_code == 200
    assert len((await house.seeds.get(person.number)).deliveries) == 2


async def test_what_was_taken_back_may_be_sent_again(house: House) -> None:
    person, tab = await asking(house), await house.signed_in()
    seen = (await house.seeds.get(person.number)).messages[-1].id
    path = f"/tickets/{person.number}"
    await tab.post(f"{path}/messages", hx=True, text=TEXT, key="1", seen=seen, kind="answer")
    delivery = await house.seeds.newest_delivery(person.number)
    await tab.post(f"{path}/undo/{delivery.id}", hx=True, undo_key="u")
    again = await tab.post(f"{path}/messages", hx=True, text=TEXT, key="2", seen=seen, kind="answer")
    assert again.status_code == 200
    states = [one.state for one in (await house.seeds.get(person.number)).deliveries]
    assert sorted(states) == ["held", "queued"]


def assert_told_well(answers: list[httpx.Response], wanted: set[int]) -> None:
    """Whoever clicked is told that it was sent: none sees an error that a second click caused."""
    assert {one.status_code for one in answers} <= wanted, Counter(one.status_code for one in answers)
