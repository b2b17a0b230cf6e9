"""Sizes, schemes, scripts that run right to left, and strings that want to be code."""

import pytest

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import Person, image
from tests.console.strings import NASTY
from tickets.ids import AccountId
from tickets.notices import NewNotice

WIDTHS = (360, 768, 1280, 2560)
LONG_NAME = "Priya Raghunathan-Venkataraman von und zu Hohenstein-Wallerstein the Younger Esq"


def seed(server: Server) -> Person:
    person = Person(LONG_NAME)
    seeds = server.house.seeds
    server.run(
        seeds.writes(person, "W" * 400 + " https://example.test/" + "a" * 300, files=[image("x" * 120 + ".png")])
    )
    server.run(seeds.writes(person, "🎉🎉"))
    return person


def attention(server: Server, person: Person) -> None:
    """A notice above everything, and an answer of unknown fate."""
    house = server.house
    text = "telegram:main is not connected. https://example.test/" + "a" * 200 + " القناة غير متصلة"
    notices = [NewNotice("down", f"{n}", text, house.clock.now(), AccountId("telegram:main")) for n in range(2)]
    server.run(house.store.raise_notices(notices, house.clock.now()))
    mei = server.run(house.actor("Jonas Weber"))
    server.run(house.desk.answer(mei, person.number, "A" * 300 + " شكرا لصبركم", key="k"))
    delivery = server.run(house.seeds.newest_delivery(person.number))
    server.run(house.seeds.fails(delivery, "unknown", "no_answer", "No answer came. " + "x" * 300))


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_sideways(server: Server, screen: Screen, width: int) -> None:
    person = seed(server)
    screen.size(width, 800, touch=width < 1000)
    screen.enter()
    attention(server, person)
    server.run(server.house.seeds.finds("W" * 300, author=LONG_NAME, mood="alarming", alike=3))
    for path in ("/", f"/tickets/{person.number}", "/outbox", "/channels", "/quarantine", "/reading", "/nowhere"):
        screen.open(path)
        wide = screen.script(
            "const width = document.documentElement.clientWidth;"
            "const inside = [...document.querySelectorAll('#listing, #scroller, .page')];"
            "return [document.documentElement.scrollWidth <= width,"
            " inside.every(one => one.scrollWidth <= one.clientWidth)]"
        )
        assert wide == [True, True], (path, width)
    assert all("404" in line for line in screen.complaints())


def test_on_a_phone_the_composer_is_under_the_thumb(server: Server, screen: Screen) -> None:
    person = seed(server)
    screen.size(360, 740, touch=True)
    screen.enter()
    assert not screen.find("#main").is_displayed()
    screen.click("#rows .row")
    screen.until(lambda: screen.find("#text").is_displayed())
    assert not screen.find("#list").is_displayed()
    box = screen.script(
        "const box = document.querySelector('.composer').getBoundingClientRect(); return box.bottom"
    )
    assert 720 <= box <= 740
    small = screen.script(
        "return [...document.querySelectorAll('button, .tabs label, .quiet, select')]"
        ".filter(one => one.checkVisibility())"
        ".map(one => [one.className, Math.round(one.getBoundingClientRect().height)])"
        ".filter(([, high]) => high < 44)"
    )
    assert small == []
    send = screen.script("return document.querySelector('.send').getBoundingClientRect().height")
    assert send >= 44
    screen.click(".back")
    screen.until(lambda: screen.find("#list").is_displayed())
    assert screen.driver.current_url.endswith("/")
    assert person.number


CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgba = color => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => [r, g, b].map(one => one / 255)
  .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
  .reduce((sum, one, n) => sum + one * [0.2126, 0.7152, 0.0722][n], 0);
const behind = one => {
  for (let at = one; at; at = at.parentElement) {
    const color = rgba(getComputedStyle(at).backgroundColor);
    if (color[3] === 255) return color;
  }
  return [255, 255, 255];
};
const says = one => [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
return [...document.querySelectorAll(arguments[0])].filter(one => one.checkVisibility() && says(one)).map(one => {
  const [low, high] = [light(rgba(getComputedStyle(one).color)), light(behind(one))].sort((a, b) => a - b);
  return [one.className || one.tagName, one.textContent.trim().slice(0, 20), (high + 0.05) / (low + 0.05)];
});
"""
"""Each element that says something itself, and how far its letters stand out (WCAG 2.2, 1.4.3)."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_what_needs_a_person_can_be_read_and_pressed(
    server: Server, screen: Screen, width: int, scheme: str
) -> None:
    person = seed(server)
    attention(server, person)
    screen.size(width, 740, touch=width < 1000)
    screen.scheme(scheme)
    screen.enter()
    screen.open("/outbox")
    screen.click(".alert summary")
    said = screen.script(CONTRAST, "#alerts *, #outbox-list *")
    assert len(said) > 8
    assert [one for one in said if one[2] < 4.5] == []
    low = 44 if width < 1000 else 24
    small = screen.script(
        "return [...document.querySelectorAll('#alerts button, #alerts summary, #outbox-list button')]"
        ".filter(one => one.checkVisibility())"
        ".map(one => [one.innerText, Math.round(one.getBoundingClientRect().height)])"
        f".filter(([, high]) => high < {low})"
    )
    assert small == []
    shown = screen.script("return document.querySelector('#outbox-list').getBoundingClientRect().top")
    assert shown < 740


def test_a_decision_changes_the_outbox_and_a_read_notice_goes(server: Server, screen: Screen) -> None:
    attention(server, seed(server))
    screen.enter()
    screen.open("/outbox")
    screen.click("[id^=do-arrived]")
    screen.shows("#outbox-list", "Everything has left")
    screen.click(".alert button")
    screen.until(lambda: len(screen.all(".alert")) == 1)
    screen.click(".alert button")
    screen.until(lambda: screen.all(".alert") == [])


def test_dark_is_dark(server: Server, screen: Screen) -> None:
    seed(server)
    screen.enter()
    shade = "return getComputedStyle(document.body).backgroundColor"
    screen.scheme("light")
    light = screen.script(shade)
    screen.scheme("dark")
    dark = screen.script(shade)
    assert lightness(light) > 0.9
    assert lightness(dark) < 0.3


def lightness(color: str) -> float:
    """Of ``oklch(0.98 …)`` as the browser tells it."""
    return float(color.removeprefix("oklch(").split()[0])


def test_arabic_runs_from_the_right(server: Server, screen: Screen) -> None:
    person = Person("محمد العلي", language="ar")
    server.run(server.house.seeds.writes(person, "السلام عليكم، لم يصلني الطلب"))
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    assert screen.script("return document.querySelector('#conversation .body').matches(':dir(rtl)')")
    screen.type("وعليكم السلام", "#text")
    assert screen.script("return document.getElementById('text').matches(':dir(rtl)')")
    assert screen.script("return document.documentElement.matches(':dir(ltr)')")


def test_the_whole_page_can_be_mirrored(server: Server, screen: Screen) -> None:
    person = seed(server)
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.script("document.documentElement.dir = 'rtl'")
    rail = screen.script("return document.querySelector('.rail').getBoundingClientRect().right")
    assert rail == 1280
    assert screen.script("return document.documentElement.scrollWidth") <= 1280


def test_no_string_becomes_code(server: Server, screen: Screen) -> None:
    seeds = server.house.seeds
    people = []
    for payload in NASTY:
        person = Person(payload, title=payload, language=payload[:8])
        server.run(
            seeds.writes(
                person, payload, subject=payload, warnings=(payload,), files=[image(payload)], cc=(payload,)
            )
        )
        people.append(person)
    screen.driver.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument",
        {
            "source": "globalThis.alert = () => { document.title = 'executed' };"
            "document.addEventListener('securitypolicyviolation', () => { globalThis.violated = true })"
        },
    )
    screen.enter()
    for person in people:
        screen.open(f"/tickets/{person.number}")
        screen.until(lambda: screen.find("#conversation .message").is_displayed())
        assert screen.driver.title != "executed"
        assert screen.script("return globalThis.violated ?? false") is False
        assert (
            screen.script("return document.querySelectorAll('#case script, #case iframe, #case [onerror]').length")
            == 0
        )
    assert screen.script("return document.querySelectorAll('#rows .who').length") == len(NASTY)


def test_two_hundred_messages_open_at_the_newest(server: Server, screen: Screen) -> None:
    person = Person("Nadia Fournier")
    for n in range(200):
        server.run(server.house.seeds.writes(person, f"Message {n}"))
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.until(
        lambda: screen.script(
            "const box = document.getElementById('scroller');"
            "return box.scrollHeight - box.scrollTop - box.clientHeight < 2 && box.scrollTop > 1000"
        )
    )
    assert len(screen.all("#conversation .message")) == 100
    screen.script("document.querySelector('#earlier a').click()")
    screen.until(lambda: len(screen.all("#conversation .message")) == 200)
