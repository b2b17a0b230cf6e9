"""A team's prepared answers: in the person's language, filled in, never more than text."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from responders.templates import ReplyTemplates
from tests.console.house import House, open_house
from tests.console.seeds import Person
from tests.console.strings import NASTY

FILES = {
    "refund.en.ftl": """refund =
    Hello { $name },

    it is on its way (#{ $number }). { $agent }
    .title = Refund
""",
    "refund.de.ftl": "refund = Guten Tag { $name }, das Geld ist unterwegs.\n",
    "refund.zh-TW.ftl": "refund = { $name}您好，退款已在途中。\n",
    "hours.en.ftl": "hours = We are here from nine to five.\n",
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path / "answers"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    async with open_house(tmp_path, prepared=ReplyTemplates(folder, "en")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Guten Tag Anna Lind, das Geld ist unterwegs."),
        ("zh-TW", "Anna Lind您好，退款已在途中。"),
        ("ko", "Hello Anna Lind,\n\nit is on its way (#1). Mei Lin"),
        (None, "Hello Anna Lind,\n\nit is on its way (#1). Mei Lin"),
    ],
)
async def test_an_answer_is_in_the_persons_language_and_filled_in(
    house: House, language: str | None, text: str
) -> None:
    person = Person("Anna Lind", language=language)
    await house.seeds.writes(person, "Where is my money?")
    browser = await house.signed_in()
    answer = await browser.get(f"/tickets/{person.number}/prepared/refund")
    assert answer.text == text
    assert answer.headers["content-type"].startswith("text/plain")


async def test_the_list_tells_titles_and_languages(house: House) -> None:
    person = Person("Anna Lind", language="de")
    await house.seeds.writes(person, "Wo ist mein Geld?")
    page = (await (await house.signed_in()).get(f"/tickets/{person.number}")).text
    offered = page.partition("Prepared answers</summary>")[2].partition("</details>")[0]
    told = re.findall(r">([^<]+)</a> <span class=\"muted\">([^<]+)<", offered)
    assert told == [("hours", "en"), ("Refund", "de")]


@pytest.mark.parametrize("name", NASTY)
async def test_a_name_is_put_in_as_it_is(house: House, name: str) -> None:
    """BW16."""
    person = Person(name, language="de")
    await house.seeds.writes(person, "Wo ist mein Geld?")
    kept = (await house.seeds.get(person.number)).ticket.requester
    answer = await (await house.signed_in()).get(f"/tickets/{person.number}/prepared/refund")
    assert answer.text == f"Guten Tag {kept}, das Geld ist unterwegs."


@pytest.mark.parametrize("name", ["nothing", "refund.de", "%2e%2e%2frefund"])
async def test_what_is_not_there_is_refused(house: House, name: str) -> None:
    person = Person("Anna Lind")
    await house.seeds.writes(person, "Where is my money?")
    answer = await (await house.signed_in()).get(f"/tickets/{person.number}/prepared/{name}")
    assert answer.status_code in (404, 422)


async def test_readers_get_none(house: House) -> None:
    person = Person("Anna Lind")
    await house.seeds.writes(person, "Where is my money?")
    browser = await house.signed_in("Reader", "viewer")
    assert "Prepared answers" not in (await browser.get(f"/tickets/{person.number}")).text
    assert (await browser.get(f"/tickets/{person.number}/prepared/refund")).status_code == 403
