"""Answers, notes, taking back, settling."""

import re

from tests.console.house import House, Upload
from tests.console.seeds import Person


async def anna(house: House) -> Person:
    person = Person("Anna Lind")
    await house.seeds.writes(person, "Where is my parcel?")
    return person


async def test_a_double_click_makes_one_delivery(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}/messages"
    for hx in (True, True, False):
        answer = await browser.post(path, hx=hx, text="Tomorrow", key="same")
        assert answer.status_code == (200 if hx else 303)
    assert len((await house.seeds.get(person.number)).deliveries) == 1


async def test_other_words_with_a_used_form_are_kept_and_told(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}/messages"
    await browser.post(path, hx=True, text="Tomorrow", key="same")
    answer = await browser.post(path, hx=True, text="No, Friday", key="same")
    assert answer.status_code == 422
    assert "No, Friday</textarea>" in answer.text
    assert 'name="key" value="same"' not in answer.text


async def test_mistakes_keep_the_text_beside_the_reason(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}/messages"
    empty = await browser.post(path, hx=True, text="  ", key="k1")
    assert (empty.status_code, "Write something first" in empty.text) == (422, True)
    newest = (await house.seeds.get(person.number)).messages[-1].id
    jonas = await house.actor("Jonas Weber")
    await house.desk.answer(jonas, person.number, "Mine first", key="j")
    for hx in (True, False):
        late = await browser.post(path, hx=hx, text="<b>Mine</b>", key=f"k{hx}", seen=newest)
        assert late.status_code == 422
        assert "Jonas Weber answered while you were writing" in late.text
        assert "&lt;b&gt;Mine&lt;/b&gt;</textarea>" in late.text
    assert len((await house.seeds.get(person.number)).deliveries) == 1


async def test_a_note_stays_inside(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    await browser.post(f"/tickets/{person.number}/messages", text="Ask the warehouse", key="k", kind="note")
    ticket = await house.seeds.get(person.number)
    assert ticket.deliveries == ()
    assert ticket.messages[-1].direction == "note"


async def test_an_answer_that_everybody_would_read_is_shown_once_more(house: House) -> None:
    person = Person("Ricardo", "x", account="x:main", visibility="public")
    await house.seeds.writes(person, "¿Dónde está mi paquete?")
    browser = await house.signed_in()
    path = f"/tickets/{person.number}/messages"
    await browser.post(path, text="He lives at Calle 5 <b>", key="n", kind="note")
    form = {"thread": person.thread.id if person.thread else "", "key": "k"}
    for hx in (True, False):
        asked = await browser.post(path, hx=hx, text="Calle 5 <b>\r\n", **form)
        assert asked.status_code == 422
        assert '<blockquote class="body" dir="auto">Calle 5 &lt;b&gt;</blockquote>' in asked.text
        assert "Calle 5 &lt;b&gt;" in asked.text.partition("<textarea")[2]
    seen = re.search(r'name="public" value="([0-9a-f]{64})"', asked.text)
    assert seen is not None
    other = await browser.post(path, hx=True, text="Calle 6", public=seen[1], **form)
    assert (other.status_code, "Calle 6</blockquote>" in other.text) == (422, True)
    assert (await house.seeds.get(person.number)).deliveries == ()
    sent = await browser.post(path, hx=True, text="Calle 5 <b>\r\n", public=seen[1], **form)
    assert (sent.status_code, "blockquote" in sent.text) == (200, False)
    assert len((await house.seeds.get(person.number)).deliveries) == 1


async def test_what_was_said_on_the_phone_is_kept_as_such(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}"
    refused = await browser.post(f"{path}/messages", hx=True, text=" ", key="a", kind="note", call="yes")
    assert (refused.status_code, 'name="call" value="yes" checked' in refused.text) == (422, True)
    await browser.post(f"{path}/messages", text="彼女は住所を確認しました", key="k", kind="note", call="yes")
    await browser.post(f"{path}/messages", text="Plain", key="n", kind="note")
    called, plain = (await house.seeds.get(person.number)).messages[-2:]
    assert (called.direction, called.call, plain.call) == ("note", True, False)
    page = (await browser.get(path)).text
    assert page.count("phone call, only colleagues see it") == 1
    assert "Mei Lin kept what was said on the phone" in page


async def test_undo_until_the_last_moment(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    sent = await browser.post(f"/tickets/{person.number}/messages", hx=True, text="Too quick", key="k")
    delivery = await house.seeds.newest_delivery(person.number)
    assert (delivery.next_at - house.clock.now()).total_seconds() == 30
    assert "undo-button" in sent.text
    house.clock.pass_(seconds=29.9)
    path = f"/tickets/{person.number}/undo/{delivery.id}"
    answer = await browser.post(path, hx=True, undo_key="u", text="more words")
    assert "Too quick\n\nmore words</textarea>" in answer.text
    assert (await house.seeds.newest_delivery(person.number)).state == "held"
    plain = await browser.post(path, undo_key="u")
    page = (await browser.get(plain.headers["location"])).text
    assert "Too quick</textarea>" in page


async def test_undo_comes_too_late(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    await browser.post(f"/tickets/{person.number}/messages", hx=True, text="Gone", key="k")
    delivery = await house.seeds.newest_delivery(person.number)
    house.clock.pass_(seconds=31)
    await house.seeds.starts_sending(delivery)
    answer = await browser.post(
        f"/tickets/{person.number}/undo/{delivery.id}", hx=True, undo_key="u", text="typed"
    )
    assert answer.status_code == 422
    assert "typed</textarea>" in answer.text
    assert "sending" in answer.text


async def test_deliveries_say_what_to_do(house: House) -> None:
    browser = await house.signed_in()
    cases = (
        (
            "failed",
            "blocked",
            "They blocked the bot.",
            ("Not sent", "has blocked this account", "Send again"),
        ),
        (
            "unknown",
            "no_answer",
            "No answer in 30 s.",
            ("Nobody knows whether it arrived", "No answer in 30 s.", "It arrived", "Send again"),
        ),
        ("held", "credential", "The token is refused.", ("Held back", "renew the account", "Send again")),
        (
            "queued",
            "slow",
            "It asks for a pause.",
            ("Waiting for its turn", "asks for a pause", "Stop it"),
        ),
    )
    mei = await house.actor("Mei Lin")
    for state, code, detail, words in cases:
        person = await anna(house)
        await house.desk.answer(mei, person.number, "Hi", key=f"a-{state}")
        await house.seeds.fails(await house.seeds.newest_delivery(person.number), state, code, detail)
        page = (await browser.get(f"/tickets/{person.number}")).text
        for word in words:
            assert word in page, (state, word)


async def test_settling(house: House) -> None:
    browser, mei = await house.signed_in(), await house.actor("Mei Lin")
    for command, after in (("arrived", "sent"), ("again", "queued")):
        person = await anna(house)
        await house.desk.answer(mei, person.number, "Hi", key=f"a-{command}")
        delivery = await house.seeds.newest_delivery(person.number)
        await house.seeds.fails(delivery, "unknown", "no_answer", "?")
        answer = await browser.post(f"/deliveries/{delivery.id}/{command}", hx=True, key=f"s-{command}")
        assert (answer.status_code, answer.headers["hx-trigger"]) == (204, "switchboard:changed")
        assert (await house.seeds.newest_delivery(person.number)).state == after
    assert (await browser.post("/deliveries/none/again", key="x")).status_code == 404


async def test_taking_handing_closing_reopening(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    jonas = await house.actor("Jonas Weber")
    path = f"/tickets/{person.number}"
    assert (await browser.post(f"{path}/claim", key="1")).headers["location"] == path
    await browser.post(f"{path}/assign", key="2", user=str(jonas.user_id))
    assert (await house.seeds.get(person.number)).ticket.assignee == jonas.user_id
    assert (await browser.post(f"{path}/assign", key="3", user="nobody-known")).status_code == 422
    await browser.post(f"{path}/assign", key="4", user="")
    await browser.post(f"{path}/close", key="5")
    ticket = (await house.seeds.get(person.number)).ticket
    assert (ticket.assignee, ticket.status) == (None, "closed")
    twice = await browser.post(f"{path}/close", hx=True, key="6")
    assert (twice.status_code, twice.text) == (422, f"Ticket #{person.number} is already closed.")
    await browser.post(f"{path}/reopen", key="7")
    page = (await browser.get(path)).text
    for line in ("Mei Lin took it", "assigned it to Jonas Weber", "back to everybody", "Mei Lin opened it again"):
        assert line in page


async def test_every_form_on_a_page_has_its_own_key(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    page = (await browser.get(f"/tickets/{person.number}")).text
    keys = re.findall(r'name="key" value="([^"]+)"', page)
    assert len(keys) == len(set(keys)) >= 4


async def test_somebody_who_blocked_us_gets_only_a_note(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    thread = (await house.seeds.get(person.number)).threads[0]
    await house.store.mark_unreachable("telegram", thread.id, house.clock.now())
    page = (await browser.get(f"/tickets/{person.number}")).text
    assert "no longer accepts messages here" in page
    assert re.search(r'value="answer" disabled', page)
    assert re.search(r'value="note" checked', page)


# Files ---------------------------------------------------------------------------------


def upload(name: str = "beleg.png", content: bytes = b"\x89PNG", media_type: str = "image/png") -> Upload:
    return "files", (name, content, media_type)


async def test_files_go_with_the_answer(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}/messages"
    files = [upload(), upload("C:\\temp\\领收书.pdf", b"%PDF", "application/pdf; x=y"), upload("", b"", "x")]
    answer = await browser.post(path, hx=True, files=files, text="Here they are", key="k")
    assert answer.status_code == 200
    ticket = await house.seeds.get(person.number)
    kept = ticket.messages[-1].attachments
    assert [(file.name, file.media_type, file.size_bytes) for file in kept] == [
        ("beleg.png", "image/png", 4),
        ("领收书.pdf", "application/pdf", 4),
    ]
    parts = ticket.deliveries[0].parts
    assert [(part.text, part.files) for part in parts] == [
        ("Here they are", ()),
        ("", (kept[0].id,)),
        ("", (kept[1].id,)),
    ]
    page = (await browser.get(f"/tickets/{person.number}")).text
    assert f'href="/attachments/{kept[1].id}"' in page
    again = await browser.post(path, hx=True, files=files, text="Here they are", key="k")
    assert again.status_code == 200
    assert len((await house.seeds.get(person.number)).deliveries) == 1


async def test_what_a_channel_does_not_take_is_said_before_anything_is_sent(house: House) -> None:
    person = Person("Ricardo", "x", account="x:main", visibility="public")
    await house.seeds.writes(person, "Where is my parcel?")
    browser = await house.signed_in()
    path = f"/tickets/{person.number}/messages"
    for files, told in (
        (
            [upload("a.pdf", b"%PDF", "application/pdf")],
            "The file a.pdf cannot be sent here; only pictures can, as PNG.",
        ),
        ([upload(content=b"x" * 1_001)], "The file beleg.png has"),
        ([upload(content=b"")], "The file beleg.png is empty."),
        ([upload()] * 5, "At most 4 files go with an answer here; these are 5."),
    ):
        answer = await browser.post(path, hx=True, files=files, text="Look", key="k", attached="place-of-mine")
        assert answer.status_code == 422
        assert told in answer.text
        assert "Look</textarea>" in answer.text
        assert 'id="files-place-of-mine" hx-preserve' in answer.text
    plain = await browser.post(path, files=[upload(content=b"")], text="Look", key="k")
    assert "Choose the files again." in plain.text
    assert (await house.seeds.get(person.number)).deliveries == ()


async def test_an_account_without_files_offers_none(house: House) -> None:
    person = Person("Linh", "discord")
    await house.seeds.writes(person, "Hello")
    browser = await house.signed_in()
    assert 'type="file"' not in (await browser.get(f"/tickets/{person.number}")).text
    answer = await browser.post(f"/tickets/{person.number}/messages", hx=True, files=[upload()], text="x", key="k")
    assert "Files cannot be sent over this account." in answer.text


async def test_a_note_takes_no_files(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}/messages"
    answer = await browser.post(path, hx=True, files=[upload()], text="Inside", key="k", kind="note")
    assert (answer.status_code, "A note takes no files." in answer.text) == (422, True)


async def test_files_of_what_was_taken_back_are_told(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    await browser.post(f"/tickets/{person.number}/messages", hx=True, files=[upload()], text="Look", key="k")
    delivery = await house.seeds.newest_delivery(person.number)
    more = {"files": [upload("next.png")], "attached": "place-of-mine"}  # chosen meanwhile for the next answer
    answer = await browser.post(f"/tickets/{person.number}/undo/{delivery.id}", hx=True, undo_key="u", **more)
    assert answer.status_code == 200
    assert 'id="files-place-of-mine" hx-preserve' in answer.text
    assert "Its files stay with it; attach them again" in answer.text
    assert "Look</textarea>" in answer.text


async def test_too_many_files_are_refused(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}/messages"
    for count, status in ((21, 422), (101, 400)):
        answer = await browser.post(path, hx=True, files=[upload()] * count, text="Look", key="k")
        assert answer.status_code == status
    assert (await house.seeds.get(person.number)).deliveries == ()


# Formatted words -----------------------------------------------------------------------


async def test_marks_are_format_only_where_somebody_says_so(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}/messages"
    await browser.post(path, hx=True, text="2 **3** [a](https://x.test)", key="k1")
    assert (await house.seeds.newest_delivery(person.number)).parts[0].spans == ()
    await browser.post(path, hx=True, text="**注意：**请看[这里](https://x.test)", key="k2", formatted="yes")
    ticket = await house.seeds.get(person.number)
    [part] = (await house.seeds.newest_delivery(person.number)).parts
    assert part.text == ticket.messages[-1].text == "注意：请看这里"
    assert [(span.kind, span.start, span.end) for span in part.spans] == [("bold", 0, 3), ("link", 5, 7)]
    assert ticket.messages[-1].html == (
        '<p dir="auto"><strong>注意：</strong>请看<a href="https://x.test">这里</a></p>'
    )


async def test_what_was_formatted_comes_back_with_its_marks(house: House) -> None:
    person = Person("Mei", "email", address="mei@customers.test")
    await house.seeds.writes(person, "还没到账")
    browser = await house.signed_in()
    typed = "**注意：**请看 [这里](https://x.test)\n\n第二段 *重要*"
    await browser.post(
        f"/tickets/{person.number}/messages", hx=True, text=typed, key="k", formatted="yes", quote="yes"
    )
    delivery = await house.seeds.newest_delivery(person.number)
    answer = await browser.post(f"/tickets/{person.number}/undo/{delivery.id}", hx=True, undo_key="u")
    assert f"{typed}</textarea>" in answer.text
    assert 'name="formatted" value="yes" checked' in answer.text


async def test_where_nothing_is_shown_formatted_that_is_said_and_addresses_are_written_out(house: House) -> None:
    person = Person("Ricardo", "x", account="x:main", visibility="public")
    await house.seeds.writes(person, "Where is my parcel?")
    browser = await house.signed_in()
    assert "shown as plain text there" in (await browser.get(f"/tickets/{person.number}")).text
    path = f"/tickets/{person.number}/messages"
    await browser.post(path, hx=True, text="**See** [it](https://x.test)", key="k", formatted="yes")
    [part] = (await house.seeds.newest_delivery(person.number)).parts
    assert (part.text, part.spans) == ("See it (https://x.test)", ())
    delivery = await house.seeds.newest_delivery(person.number)
    answer = await browser.post(f"/tickets/{person.number}/undo/{delivery.id}", hx=True, undo_key="u")
    assert "**See** [it](https://x.test)</textarea>" in answer.text


async def test_the_same_formatted_words_from_two_windows_are_sent_once(house: House) -> None:
    """Browsers send other line ends than are kept."""
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}/messages"
    seen = (await house.seeds.get(person.number)).messages[-1].id
    for key in ("k1", "k2"):
        await browser.post(path, hx=True, text="**One**\r\ntwo ", key=key, formatted="yes", seen=seen)
    assert len((await house.seeds.get(person.number)).deliveries) == 1


async def test_a_refused_answer_keeps_what_was_ticked(house: House) -> None:
    person = Person("Mei", "email", address="mei@customers.test")
    await house.seeds.writes(person, "还没到账", cc=("bob@customers.test",))
    browser = await house.signed_in()
    path = f"/tickets/{person.number}/messages"
    answer = await browser.post(path, hx=True, text=" ", key="k", quote="yes", copies="yes")
    assert 'name="quote" value="yes" checked' in answer.text
    assert 'name="copies" value="yes" checked' in answer.text
    sent = await browser.post(path, hx=True, text="Gleich", key="k", quote="yes", copies="yes")
    assert "checked" not in sent.text.partition('name="copies"')[2].partition(">")[0]


async def test_a_refused_answer_keeps_its_marks(house: House) -> None:
    person, browser = await anna(house), await house.signed_in()
    path = f"/tickets/{person.number}/messages"
    answer = await browser.post(path, hx=True, text="  ", key="k", formatted="yes")
    assert answer.status_code == 422
    assert 'name="formatted" value="yes" checked' in answer.text
