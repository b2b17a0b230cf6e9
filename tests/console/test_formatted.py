"""A mail as it was formatted: shown in a frame where nothing runs, and other servers are asked only on demand."""

import re

from msgspec.structs import replace

from normalizer.html import clean
from tests.console.house import House
from tests.console.seeds import Person, image
from tickets.model import MessageId

MAIL = """<p>Guten Tag,</p><p>siehe <a href="https://shop.example.test/?a=1&b=2">hier</a></p>
<img src="cid:logo" alt="Logo"><img src="cid:lost"><img src="https://tracker.example.test/p.gif?who=mei&x=1">"""


async def mailed(house: House, html: str | None = MAIL) -> tuple[Person, MessageId]:
    person = Person("Mailer", "email", address="m@example.test")
    logo = replace(image("logo.png"), content_id="logo")
    cleaned = None if html is None else clean(html)
    await house.seeds.writes(person, "Guten Tag, siehe hier", html=cleaned, files=[logo])
    return person, (await house.seeds.get(person.number)).messages[0].id


def address(person: Person, message: MessageId) -> str:
    return f"/tickets/{person.number}/messages/{message}/formatted"


async def test_enclosed_pictures_are_shown_and_others_are_not_asked_for(house: House) -> None:
    """BE82."""
    person, message = await mailed(house)
    browser = await house.signed_in()
    answer = await browser.get(address(person, message))
    (file,) = (await house.seeds.get(person.number)).messages[0].attachments
    assert answer.status_code == 200
    assert re.findall(r'<img[^>]*src="([^"]*)"', answer.text) == [f"/attachments/{file.id}"]
    assert '<a target="_blank" href="https://shop.example.test/?a=1&amp;b=2" rel="noopener' in answer.text
    assert "img-src 'self';" in answer.headers["content-security-policy"]


async def test_pictures_of_other_servers_are_shown_when_somebody_wants_to_see_them(house: House) -> None:
    person, message = await mailed(house)
    browser = await house.signed_in()
    assert f'href="{address(person, message)}?pictures=1"' in (await browser.get(f"/tickets/{person.number}")).text
    answer = await browser.get(f"{address(person, message)}?pictures=1")
    assert 'src="https://tracker.example.test/p.gif?who=mei&amp;x=1"' in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_nothing_may_run_in_the_frame_whoever_shows_it(house: House) -> None:
    """BE84, BE88, BE90."""
    person, message = await mailed(house)
    browser = await house.signed_in()
    for query in ("", "?pictures=1"):
        headers = (await browser.get(address(person, message) + query)).headers
        rules = dict(rule.partition(" ")[::2] for rule in headers["content-security-policy"].split("; "))
        assert rules["default-src"] == "'none'"
        assert "script-src" not in rules
        assert "allow-scripts" not in rules["sandbox"]
        assert "allow-forms" not in rules["sandbox"]
        assert (rules["form-action"], rules["base-uri"]) == ("'none'", "'none'")
        assert (rules["frame-ancestors"], headers["x-frame-options"]) == ("'self'", "SAMEORIGIN")
    page = (await browser.get(f"/tickets/{person.number}")).text
    sandbox = re.search(r'<iframe[^>]*sandbox="([^"]*)"', page)
    assert sandbox is not None
    assert "allow-scripts" not in sandbox[1]


async def test_a_mail_without_pictures_of_others_offers_none(house: House) -> None:
    person, _message = await mailed(house, "<b>Hello</b>")
    page = (await (await house.signed_in()).get(f"/tickets/{person.number}")).text
    assert "As it was formatted" in page
    assert "pictures from other servers" not in page


async def test_what_has_no_formatted_version_offers_none(house: House) -> None:
    person, message = await mailed(house, None)
    browser = await house.signed_in()
    assert "As it was formatted" not in (await browser.get(f"/tickets/{person.number}")).text
    assert (await browser.get(address(person, message))).status_code == 404
    assert (await browser.get(address(person, MessageId("nobody")))).status_code == 404


async def test_nobody_sees_it_without_signing_in(house: House) -> None:
    person, message = await mailed(house)
    async with house.client() as stranger:
        assert (await stranger.get(address(person, message))).status_code == 303
