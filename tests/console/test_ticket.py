"""A ticket's page: every kind of message and delivery, in words."""

import re

import pytest

from tests.console.house import House
from tests.console.seeds import Person, image
from tests.console.strings import MARKUP, NASTY
from tickets.ids import AccountId, ThreadId, ThreadKey
from tickets.model import AttachmentDraft, Authenticity, Automatic, Entity, Thread


async def page_of(house: House, person: Person) -> str:
    browser = await house.signed_in()
    return (await browser.get(f"/tickets/{person.number}")).text


async def test_versions_deletion_and_quotes(house: House) -> None:
    person = Person("Anna Lind")
    await house.seeds.writes(person, "First words\n\nOn Monday Mei wrote:\n> quoted line")
    message = (await house.seeds.get(person.number)).messages[0]
    await house.seeds.edits(person, message.id, "Second words")
    assert "Edited. Earlier words (1)" in await page_of(house, person)
    await house.seeds.edits(person, message.id, None)
    page = await page_of(house, person)
    assert "The author deleted this" in page
    assert "First words" in page


async def test_what_one_should_know_before_trusting(house: House) -> None:
    person = Person("Mailer", "email", address="m@example.test")
    await house.seeds.writes(
        person,
        "Could not deliver\n\n> your mail",
        authenticity=Authenticity("failed", "mx"),
        automatic=Automatic("bounce", "a bounce"),
        warnings=("Look twice",),
    )
    page = await page_of(house, person)
    for words in ("sender check failed", "Written by a machine", "a bounce", "Look twice", "Quoted text"):
        assert words in page


async def test_a_covered_secret_says_what_to_do_and_its_original_is_for_leads(house: House) -> None:
    person = Person("Ricardo", "x", account="x:main", visibility="public")
    await house.seeds.writes(person, "[covered: seed phrase]", secrets=("seed phrase",))
    page = await page_of(house, person)
    assert "A seed phrase stood here and is covered." in page
    assert "It still stands in public" in page
    assert "/raw" not in page
    lead = await house.signed_in("Lea Lead", "lead")
    assert "/raw" in (await lead.get(f"/tickets/{person.number}")).text
    message = (await house.seeds.get(person.number)).messages[0]
    browser = await house.signed_in()
    assert (await browser.post(f"/tickets/{person.number}/messages/{message.id}/raw")).status_code == 403


async def test_what_people_named_stands_beside_the_conversation(house: House) -> None:
    person = Person("Anna Lind")
    wallet = Entity("wallet", "TR7NH", "TR7NH", "its checksum is wrong")
    await house.seeds.writes(person, "first", entities=(Entity("amount", "250 USDT", "250 usdt"), wallet))
    later = (Entity("amount", "250 USDT", "250"), *(Entity("link", one, one, one) for one in NASTY))
    await house.seeds.writes(person, "second", entities=later)
    panel = (await page_of(house, person)).partition('id="panel"')[2]
    assert panel.count("250 USDT") == 1
    assert "its checksum is wrong" in panel
    assert not [one for one in MARKUP if one in panel.partition("</aside>")[0]]


async def test_what_the_person_says_now_stands_in_front_and_the_rest_one_click_away(house: House) -> None:
    person = Person("Mailer", "email", address="m@example.test")
    text = "请再查一下。\n\n-- \n王小明\n\nOn 3.3.2025 at 10:15 Support wrote:\n> <b>Hello</b>\n> old"
    await house.seeds.writes(person, text)
    page = (await page_of(house, person)).partition('id="composer"')[0]
    folded = re.findall(r"<details class=\"quote\".*?<summary>(.*?)</summary>.*?</details>", page, re.DOTALL)
    assert folded == ["Signature", "Quoted text"]
    in_front = re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)
    assert re.findall(r"<div class=\"body\"[^>]*>(.*?)</div>", in_front, re.DOTALL) == ["请再查一下。"]
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page


async def test_a_message_that_is_only_a_quotation_is_shown(house: House) -> None:
    person = Person("Mailer", "email", address="m@example.test")
    await house.seeds.writes(person, "> first\n> second")
    page = await page_of(house, person)
    assert "Quoted text" not in page
    assert "&gt; second" in page


async def test_a_ruler_where_the_channel_changes(house: House) -> None:
    person = Person("Anna Lind")
    await house.seeds.writes(person, "Here")
    square = Thread(
        ThreadId("square"), AccountId("telegram:square"), "telegram", ThreadKey("s"), "public", "Town square"
    )
    await house.seeds.writes(person, "And there", joins=square)
    page = await page_of(house, person)
    assert page.index("Telegram, in private") < page.index("Telegram, in public, Town square")
    assert "In public, as square over Telegram" in page
    assert 'class="box public"' in page


async def test_files(house: House) -> None:
    """BE23, BE87: shown are small pictures; whatever could run, or unfold, is only to be kept."""
    person = Person("Anna Lind")
    files = (
        image("dot.png"),
        AttachmentDraft("a.pdf", "application/pdf", 4, b"%PDF"),
        AttachmentDraft("big.mp4", "video/mp4", 9, None, note="too large"),
        AttachmentDraft("later.ogg", "audio/ogg", 2048, None, "remote"),
        image("evil.svg", b"<svg onload=alert(1)>", "image/svg+xml"),
        AttachmentDraft("page.html", "text/html", 9, b"<script>x"),
        image("huge.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + 2 * (50_000).to_bytes(4, "big")),
    )
    await house.seeds.writes(person, "", files=files)
    page = await page_of(house, person)
    assert page.count("<img ") == 2
    assert "not there: too large" in page
    assert "2.0 KB; being fetched" in page
    browser = await house.signed_in()
    kept = (await house.seeds.get(person.number)).messages[0].attachments
    answers = [await browser.get(f"/attachments/{file.id}") for file in kept]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 404, 200, 200, 200]
    assert answers[0].headers["content-type"] == "image/png"
    assert answers[0].headers["content-disposition"].startswith("inline")
    for answer in (answers[1], *answers[4:]):
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
    assert all("sandbox" in answers[n].headers["content-security-policy"] for n in (0, 1, 4, 5, 6))
    again = await browser.get(f"/attachments/{kept[0].id}", **{"If-None-Match": answers[0].headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("name", [*NASTY, "", "..", "a/b\\c", "名前.png", "x\u0000y", "n" * 500])
async def test_no_file_name_breaks_the_header(house: House, name: str) -> None:
    person = Person("Anna Lind")
    await house.seeds.writes(person, "x", files=[image(name)])
    browser = await house.signed_in()
    file = (await house.seeds.get(person.number)).messages[0].attachments[0]
    said = (await browser.get(f"/attachments/{file.id}")).headers["content-disposition"]
    assert re.fullmatch(r"inline; filename=\"[\x20-\x7e]+\"; filename\*=UTF-8''[A-Za-z0-9._~%-]+", said)
    assert said.count('"') == 2


async def test_nothing_of_a_person_becomes_markup(house: House) -> None:
    for payload in NASTY:
        person = Person(payload, "email", address=payload, title=payload, language=payload[:8])
        files = [image(payload), AttachmentDraft(payload, payload, None, None, note=payload)]
        await house.seeds.writes(
            person,
            payload,
            subject=payload,
            files=files,
            warnings=(payload,),
            cc=(payload,),
            automatic=Automatic("bot", payload),
            authenticity=Authenticity("verified", payload, payload),
        )
        page = await page_of(house, person)
        page = page.replace('<script defer src="/static', "").replace('<script type="module" src="/static', "")
        for mark in MARKUP:
            assert mark not in page, payload
        assert 'href="javascript:' not in page


async def test_long_tickets_are_paged(house: House) -> None:
    person = Person("Nadia")
    for n in range(130):
        await house.seeds.writes(person, f"Message {n}.")
    browser = await house.signed_in()
    page = (await browser.get(f"/tickets/{person.number}")).text
    assert "Show earlier messages (30)" in page
    assert "Message 29." not in page.split('id="case"')[1]
    assert "Message 29." in (await browser.get(f"/tickets/{person.number}?show=300")).text.split('id="case"')[1]


@pytest.mark.parametrize("number", ["0", "-1", "99", "x", "9" * 30, "1e3", "%00", "٣"])
async def test_numbers_that_are_none(house: House, number: str) -> None:
    await house.seeds.writes(Person("Anna Lind"), "Hello")
    browser = await house.signed_in()
    assert (await browser.get(f"/tickets/{number}")).status_code == 404


async def test_the_original_is_a_download_and_its_reading_an_event(house: House) -> None:
    person = Person("Anna Lind")
    await house.seeds.writes(person, "Hello", raw=b"<script>alert(1)</script>")
    browser = await house.signed_in()
    message = (await house.seeds.get(person.number)).messages[0]
    answer = await browser.post(f"/tickets/{person.number}/messages/{message.id}/raw")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "Mei Lin read an original message" in await page_of(house, person)
    viewer = await house.signed_in("Vera", "viewer")
    assert (await viewer.post(f"/tickets/{person.number}/messages/{message.id}/raw")).status_code == 403


async def test_a_viewer_sees_no_button(house: House) -> None:
    person = Person("Anna Lind")
    await house.seeds.writes(person, "Hello")
    viewer = await house.signed_in("Vera", "viewer")
    page = (await viewer.get(f"/tickets/{person.number}")).text
    assert "Your role lets you read" in page
    assert "<textarea" not in page
    for action in ("messages", "claim", "close", "assign"):
        answer = await viewer.post(f"/tickets/{person.number}/{action}", key="k", text="x")
        assert answer.status_code == 403
