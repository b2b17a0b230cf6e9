"""What needs a person: notices above every page, and the page of answers that have not arrived."""

import re
from datetime import timedelta

import httpx
import pytest

from responders.compose import Limits, compose
from tests.console.house import HERE, Browser, House
from tests.console.seeds import Person
from tests.console.strings import MARKUP, NASTY
from tickets.ids import AccountId, NoticeId, ThreadKey
from tickets.model import Delivery, ReplyTarget, Role
from tickets.notices import NewNotice, NoticeKind
from tickets.ports import Bucket
from tickets.records import Admission

MAIN = AccountId("telegram:main")
ARABIC = "القناة غير متصلة منذ ساعة"
PAGES = ("/", "/outbox", "/channels", "/quarantine", "/reading")


async def raised(
    house: House, text: str = "It is not connected.", kind: NoticeKind = "down", key: str = ""
) -> NoticeId:
    """An open notice."""
    since = house.clock.now() - timedelta(minutes=5)
    await house.store.raise_notices([NewNotice(kind, key or text[:60], text, since, MAIN)], house.clock.now())
    return (await house.store.list_notices())[0].id


async def waiting(house: House, text: str = "On its way", person: Person | None = None) -> Delivery:
    """An answer that waits for its turn."""
    person = person or Person("Anna Lind")
    number = await house.seeds.writes(person, "Where is my parcel?")
    await house.desk.answer(await house.actor("Jonas Weber"), number, text, key=f"k-{number}")
    return await house.seeds.newest_delivery(number)


async def of_fate(house: House, state: str, text: str = "On its way", detail: str = "No answer came.") -> Delivery:
    """An answer that came to this state."""
    delivery = await waiting(house, text)
    await house.seeds.fails(delivery, state, "odd", detail)
    return delivery


async def alerting(house: House, text: str) -> Delivery:
    """An alert, which belongs to no ticket."""
    target = ReplyTarget("telegram", MAIN, ThreadKey("5"), "private")
    delivery = compose("alert", target, text, Limits(4096, "utf16"), house.clock.now())
    await house.store.admit([Admission((), "ticket", deliveries=(delivery,))], house.clock.now())
    return delivery


def without_ours(page: str) -> str:
    return page.replace('<script defer src="/static', "").replace('<script type="module" src="/static', "")


def section(page: str, title: str) -> str:
    """The part of the outbox under this heading; empty when it is not there."""
    found = re.search(rf"<h2>{title}.*?</section>", page, re.DOTALL)
    return found[0] if found else ""


# Notices -----------------------------------------------------------------------------


async def test_a_notice_stands_above_every_page(house: House) -> None:
    number = await house.seeds.writes(Person("Anna Lind"), "Hello")
    await raised(house, ARABIC)
    browser = await house.signed_in(role="admin")
    for path in (*PAGES, f"/tickets/{number}"):
        page = (await browser.get(path)).text
        assert page.count(ARABIC) == 1, path
        assert "A channel is not connected" in page
        assert f'<p dir="auto">{ARABIC}</p>' in page
        assert page.index(ARABIC) < page.index('<nav class="rail"')


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("gap", "Messages may be missing"),
        ("down", "A channel is not connected"),
        ("silent", "A channel is unusually quiet"),
        ("worker", "A worker stopped"),
    ],
)
async def test_each_kind_has_words_of_its_own(house: House, kind: NoticeKind, title: str) -> None:
    await raised(house, kind=kind)
    assert title in (await (await house.signed_in()).get("/notices")).text


async def test_a_stretch_of_time_has_an_end(house: House) -> None:
    now = house.clock.now()
    gap = NewNotice("gap", "g", "Lost.", now - timedelta(hours=2), MAIN, now - timedelta(hours=1))
    await house.store.raise_notices([gap], now)
    page = (await (await house.signed_in()).get("/notices")).text
    assert re.search(r"07:00 UTC</time>\s*to\s*<time[^>]*>08:00 UTC", page)
    assert "since" not in page


async def test_nothing_in_a_notice_becomes_markup(house: House) -> None:
    browser = await house.signed_in()
    for n, payload in enumerate(NASTY):
        notice = NewNotice("down", f"{n}", payload, house.clock.now(), AccountId(f"telegram:{payload}"))
        await house.store.raise_notices([notice], house.clock.now())
    page = without_ours((await browser.get("/")).text)
    assert page.count('class="alert danger"') == len(NASTY)
    for mark in MARKUP:
        assert mark not in page


async def test_notices_that_were_seen_are_not_sent_again(house: House) -> None:
    browser = await house.signed_in()
    assert (await browser.get("/notices?seen=")).status_code == 204
    first = await raised(house, "One.")
    assert "One." in (await browser.get("/notices?seen=")).text
    assert (await browser.get(f"/notices?seen={first}")).status_code == 204
    second = await raised(house, "Two.")
    answer = await browser.get(f"/notices?seen={first}")
    assert "One." in answer.text
    assert f"/notices?seen={second}.{first}" in answer.text
    await house.store.end_notices(["One.", "Two."], house.clock.now())
    ended = await browser.get(f"/notices?seen={second}.{first}")
    assert (ended.status_code, "alert" in ended.text.replace('id="alerts"', "")) == (200, False)


async def test_looking_for_notices_keeps_nobody_signed_in(house: House) -> None:
    browser = await house.signed_in()
    page = (await browser.get("/")).text
    asked = re.search(r'<div id="alerts"[^>]*>', page)
    assert asked is not None
    assert 'hx-headers=\'{"X-Live": "1"}\'' in asked[0]


async def test_who_has_read_a_notice_dismisses_it_for_everybody(house: House) -> None:
    kept, read = await raised(house, "Kept."), await raised(house, "Read.")
    browser, other = await house.signed_in(), await house.signed_in("Jonas Weber")
    answer = await browser.post(f"/notices/{read}/dismiss", hx=True)
    assert answer.status_code == 200
    assert ("Kept." in answer.text, "Read." in answer.text) == (True, False)
    assert "Read." not in (await other.get("/")).text
    late = await other.post(f"/notices/{read}/dismiss", hx=True)
    assert late.status_code == 422
    assert "gone already" in late.text
    plain = await other.post(f"/notices/{kept}/dismiss")
    assert (plain.status_code, plain.headers["location"]) == (303, "/")
    assert "Kept." not in (await other.get("/")).text


@pytest.mark.parametrize("notice", ["x", "-1", "1.5", "٣", "9" * 19, "%00", "1e3"])
async def test_notices_that_are_none(house: House, notice: str) -> None:
    browser = await house.signed_in()
    assert (await browser.post(f"/notices/{notice}/dismiss")).status_code == 404


async def test_without_a_sign_in_there_is_nothing_to_see(house: House) -> None:
    notice = await raised(house, ARABIC)
    client = house.client()
    for path in ("/outbox", "/notices"):
        answer = await client.get(path)
        assert (answer.status_code, ARABIC in answer.text) == (303, False)
    assert (await client.get("/outbox", headers={"X-Live": "1"})).status_code == 401
    answer = await client.post(f"/notices/{notice}/dismiss", headers=HERE)
    assert answer.status_code == 401
    assert len(await house.store.list_notices()) == 1


async def test_a_foreign_page_dismisses_nothing(house: House) -> None:
    notice = await raised(house)
    browser = await house.signed_in()
    path = f"/notices/{notice}/dismiss"
    foreign = {"Origin": "https://evil.example.test"}
    assert (await browser.client.post(path, data={"csrf": browser.csrf}, headers=foreign)).status_code == 403
    assert (await browser.client.post(path, data={"csrf": "x" * 20}, headers=HERE)).status_code == 403
    assert (await browser.client.post(path, headers=HERE)).status_code == 403
    assert (await browser.get(path)).status_code == 405
    assert len(await house.store.list_notices()) == 1


# Who may -----------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("agent", True), ("lead", True), ("admin", True)])
async def test_a_viewer_sees_everything_and_decides_nothing(house: House, role: Role, may: bool) -> None:
    notice = await raised(house, ARABIC)
    delivery = await of_fate(house, "unknown")
    browser = await house.signed_in("Somebody", role)
    page = (await browser.get("/outbox")).text
    assert ARABIC in page
    assert "Nobody knows whether it arrived" in page
    for button in (
        f"/notices/{notice}/dismiss",
        f"/deliveries/{delivery.id}/arrived",
        f"/deliveries/{delivery.id}/again",
    ):
        assert (f'action="{button}"' in page) is may
    for path in (f"/notices/{notice}/dismiss", f"/deliveries/{delivery.id}/arrived"):
        assert (await browser.post(path, hx=True, key="k")).status_code == (
            403 if not may else 200 if "notices" in path else 204
        )
    assert len(await house.store.list_notices()) == (0 if may else 1)
    assert (await house.store.find_delivery(delivery.id)).state == ("sent" if may else "unknown")  # type: ignore[union-attr]


# The outbox --------------------------------------------------------------------------


async def test_an_empty_outbox_says_so(house: House) -> None:
    page = (await (await house.signed_in()).get("/outbox")).text
    assert "Everything has left" in page
    assert 'aria-current="page" title="Outbox"' in page
    assert "answers of unknown fate" not in page


async def test_every_answer_stands_where_it_belongs(house: House) -> None:
    for state, text in (("unknown", "Fate unknown"), ("failed", "Did fail"), ("held", "Is held")):
        await of_fate(house, state, text)
    sending = await waiting(house, "Being sent")
    await house.seeds.starts_sending(sending)
    await waiting(house, "Is queued")
    gone = await of_fate(house, "unknown", "Has arrived")
    browser = await house.signed_in()
    await browser.post(f"/deliveries/{gone.id}/arrived", key="k")

    page = (await browser.get("/outbox")).text
    places = {
        "Needs a person": {"Fate unknown", "Did fail"},
        "On its way": {"Being sent", "Is queued"},
        "Held back": {"Is held"},
    }
    every = {"Has arrived"}.union(*places.values())
    for title, texts in places.items():
        assert {text for text in every if text in section(page, title)} == texts, title
    assert "Has arrived" not in page
    assert 'aria-label="1 answers of unknown fate">1<' in page


async def test_an_answer_names_its_ticket_and_begins_with_its_words(house: House) -> None:
    words = "ขอบคุณที่รอ " * 40
    delivery = await waiting(house, words)
    number = await house.store.find_ticket_number(delivery.ticket_id)  # type: ignore[arg-type]
    page = (await (await house.signed_in()).get("/outbox")).text
    assert f'<a href="/tickets/{number}">#{number}</a>' in page
    assert f'<span dir="auto">{words[:160]}…</span>' in page


async def test_when_an_answer_leaves_follows_what_the_platform_allows(house: House) -> None:
    """A forecast from the account's budget: the second one an hour after the first."""
    first, second = await waiting(house, "First"), await waiting(house, "Second", Person("Bogdan Petrov"))
    now = house.clock.now()
    hourly = Bucket(name="all", capacity=1, per_s=1 / 3600)
    assert await house.store.take_budget(MAIN, [hourly], now) == 0
    house.clock.pass_(seconds=60)
    forecast = await house.store.forecast([first.id, second.id], house.clock.now())
    page = section((await (await house.signed_in()).get("/outbox")).text, "On its way")
    assert page.index("First") < page.index("Second")
    for delivery in (first, second):
        assert forecast[delivery.id] > house.clock.now() + timedelta(minutes=50)
        assert f'datetime="{forecast[delivery.id]:%Y-%m-%dT%H:%M}' in page
    assert page.count("Leaves about") == 2


async def test_an_answer_that_may_be_taken_back_leaves_at_its_own_time(house: House) -> None:
    number = await house.seeds.writes(Person("Anna Lind"), "Hello")
    await house.desk.answer(await house.actor("Mei Lin"), number, "Not yet", key="k", undo_s=30)
    browser = await house.signed_in()
    assert "Leaves at <time" in (await browser.get("/outbox")).text
    house.clock.pass_(seconds=31)
    assert "Waiting for its turn" in (await browser.get("/outbox")).text


@pytest.mark.parametrize(("command", "state"), [("arrived", "sent"), ("again", "queued")])
async def test_an_alert_is_decided_about_though_it_has_no_ticket(house: House, command: str, state: str) -> None:
    delivery = await alerting(house, ARABIC)
    await house.seeds.fails(delivery, "unknown", "no_answer", "No answer came.")
    waits = await alerting(house, "And this one waits.")
    browser = await house.signed_in(role="admin")
    page = (await browser.get("/outbox")).text
    assert page.count("alert to you") == 2
    assert f'<span dir="auto">{ARABIC}</span>' in page
    path = f"/deliveries/{delivery.id}/{command}"
    done = await browser.post(path, key=key_of(page, path))
    assert (done.status_code, done.headers["location"]) == (303, "/outbox")
    assert (await house.store.find_delivery(delivery.id)).state == state  # type: ignore[union-attr]
    assert (await browser.post(f"/deliveries/{waits.id}/arrived", hx=True, key="no")).status_code == 422


async def test_nothing_in_an_answer_becomes_markup(house: House) -> None:
    for payload in NASTY:
        await of_fate(house, "failed", payload.replace("\r\n", "\n"), payload)
    page = without_ours((await (await house.signed_in()).get("/outbox")).text)
    assert page.count('<li>\n<p class="outbox-words">') == len(NASTY)
    for mark in MARKUP:
        assert mark not in page


async def test_right_to_left_texts_run_by_themselves(house: House) -> None:
    await of_fate(house, "failed", "شكرا لصبركم", "رفضت المنصة")
    page = (await (await house.signed_in()).get("/outbox")).text
    assert '<span dir="auto">شكرا لصبركم</span>' in page
    assert '<span dir="auto">رفضت المنصة</span>' in page


@pytest.mark.parametrize(("command", "state"), [("arrived", "sent"), ("again", "queued")])
async def test_a_decision_on_the_outbox_is_carried_out_once(house: House, command: str, state: str) -> None:
    delivery = await of_fate(house, "unknown")
    number = await house.store.find_ticket_number(delivery.ticket_id)  # type: ignore[arg-type]
    browser = await house.signed_in()
    page = (await browser.get("/outbox")).text
    path, key = f"/deliveries/{delivery.id}/{command}", key_of(page, f"/deliveries/{delivery.id}/{command}")
    assert (await browser.post(path, hx=True, key=key)).headers["hx-trigger"] == "switchboard:changed"
    plain = await browser.post(path, key=key)
    assert (plain.status_code, plain.headers["location"]) == (303, f"/tickets/{number}")
    assert (await house.store.find_delivery(delivery.id)).state == state  # type: ignore[union-attr]
    late = await browser.post(f"/deliveries/{delivery.id}/arrived", hx=True, key="another")
    assert late.status_code == 422


def key_of(page: str, action: str) -> str:
    found = re.search(rf'action="{action}".*?name="key" value="([^"]+)"', page, re.DOTALL)
    assert found is not None
    return found[1]


async def test_an_outbox_that_stays_open_is_sent_anew_only_when_it_changed(house: House) -> None:
    delivery = await waiting(house)
    browser = await house.signed_in()
    seen = seen_in(await browser.get("/outbox"))
    assert (await live(browser, seen)).status_code == 204
    house.clock.pass_(minutes=1)
    assert (await live(browser, seen)).status_code == 204
    await house.seeds.starts_sending(delivery)
    changed = await live(browser, seen)
    assert "Sending" in changed.text
    assert "<html" not in changed.text
    assert (await live(browser, seen_in(changed))).status_code == 204


async def live(browser: Browser, seen: str) -> httpx.Response:
    """What the open page asks for by itself."""
    return await browser.get(f"/outbox?seen={seen}", **{"X-Live": "1"})


def seen_in(answer: httpx.Response) -> str:
    found = re.search(r'hx-get="/outbox\?seen=([0-9a-f]{8})"', answer.text)
    assert found is not None
    return found[1]


# A ticket's history ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("looked", "Answer: looked for on the platform, not found"),
        ("not_arrived", "Answer: it had not arrived, so it is sent again"),
    ],
)
async def test_a_look_on_the_platform_stands_in_the_history(house: House, code: str, sentence: str) -> None:
    delivery = await of_fate(house, "unknown")
    now = house.clock.now() + timedelta(minutes=5)
    assert [one.id for one in await house.store.lease_unknown([MAIN], "w", now, 60, 5)] == [delivery.id]
    if code == "looked":
        await house.store.note_look(delivery.id, "w", "Not there.", None, now)
    else:
        assert await house.store.queue_unsent(delivery.id, 1, "w", "Not there.", now)
    number = await house.store.find_ticket_number(delivery.ticket_id)  # type: ignore[arg-type]
    assert sentence in (await (await house.signed_in()).get(f"/tickets/{number}")).text
