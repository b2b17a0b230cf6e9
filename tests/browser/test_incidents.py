"""An incident's room in a real browser."""

import os

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.test_incidents import outage


def test_everybody_is_told_from_the_room(server: Server, screen: Screen) -> None:
    server.run(outage(server.house))
    screen.size(1280, 1400)
    screen.enter()
    screen.open("/incidents")
    screen.click("main .card a")
    screen.shows("main", "Boris")
    screen.type("Wir wissen es", "#text-de")
    screen.type("We know", "#text-ru")
    if path := os.environ.get("SWITCHBOARD_SHOT"):
        screen.driver.save_screenshot(path)
    screen.click("main button[value='answer']")
    screen.shows("main", "Wir wissen es")
    screen.shows("main", "Mei Lin told everybody")
    assert screen.complaints() == []
