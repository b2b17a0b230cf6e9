"""What a ticket is about, corrected by one key; what is missing, asked for; handed over with what is known."""

import os

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import Person


def test_one_digit_says_what_it_is_about(server: Server, screen: Screen) -> None:
    number = server.run(
        server.house.seeds.writes(Person("Anna Lind", language="de"), "Wo bleibt meine Auszahlung?")
    )
    screen.size(1440, 1100)
    screen.enter()
    screen.open(f"/tickets/{number}")
    screen.shows("#panel", "unsure")
    screen.press("2")
    screen.shows("#panel", "Payments in and out as somebody said")
    assert server.run(server.house.seeds.get(number)).ticket.category == "payments"
    screen.shows("#panel", "Not named yet: amount, transaction, when.")
    screen.click("#panel a[data-prepared]")
    screen.until(lambda: "Damit wir schneller helfen können" in screen.find("#text").get_attribute("value"))
    if path := os.environ.get("SWITCHBOARD_SHOT"):
        screen.driver.save_screenshot(path)
    assert screen.complaints() == []


def test_a_digit_that_is_typed_is_a_digit(server: Server, screen: Screen) -> None:
    number = server.run(server.house.seeds.writes(Person("Anna Lind"), "Where is my parcel?"))
    screen.enter()
    screen.open(f"/tickets/{number}")
    screen.type("2", "#text")
    assert screen.find("#text").get_attribute("value") == "2"
    assert server.run(server.house.seeds.get(number)).ticket.category == ""


def test_it_is_handed_over_with_what_was_found_and_tried(server: Server, screen: Screen) -> None:
    number = server.run(server.house.seeds.writes(Person("Anna Lind"), "Where is my parcel?"))
    screen.size(1440, 1400)
    screen.enter()
    screen.open(f"/tickets/{number}")
    screen.click("#hand-over summary")
    screen.type("The carrier lost it", "#found")
    screen.type("Asked the carrier", "#tried")
    if path := os.environ.get("SWITCHBOARD_SHOT"):
        screen.driver.save_screenshot(path.replace(".png", "2.png"))
    screen.click("#hand-over button")
    screen.shows("#panel", "support, line 2")
    screen.shows("#conversation", "Found: The carrier lost it")
    assert screen.complaints() == []
