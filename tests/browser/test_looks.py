"""Sizes, schemes, scripts that run right to left, and strings that want to be code."""

import pytest

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import Person, image
from tests.console.strings import NASTY

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


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_sideways(server: Server, screen: Screen, width: int) -> None:
    person = seed(server)
    screen.size(width, 800, touch=width < 1000)
    screen.enter()
    for path in ("/", f"/tickets/{person.number}", "/channels", "/quarantine", "/nowhere"):
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
