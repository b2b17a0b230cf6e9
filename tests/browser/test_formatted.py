"""A formatted mail in a real browser, beside a server that notes who asks it for pictures."""

import http.server
import threading
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from normalizer.html import clean
from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import PIXEL, Person, image


class Tracker(http.server.ThreadingHTTPServer):
    """Answers everything with one dot.  asked: the paths."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Dot)
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Dot(http.server.BaseHTTPRequestHandler):
    server: Tracker

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(PIXEL)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    with Tracker() as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


HOSTILE = """<p>Your password?</p><script>document.title = "taken"; fetch("{url}/script")</script>
<form action="{url}/form"><input name="password"><button>Sign in</button></form>
<img src="cid:logo" alt="Logo"><img src="{url}/picture.png" alt="">
<div style="background:url({url}/background.png);position:fixed;inset:0">over everything</div>
<link rel="stylesheet" href="{url}/style.css"><video poster="{url}/poster.png"></video>
<iframe src="{url}/frame"></iframe><object data="{url}/object"></object>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">"""


def open_mail(server: Server, screen: Screen, tracker: Tracker) -> None:
    person = Person("Mailer", "email", address="m@example.test")
    cleaned = clean(HOSTILE.replace("{url}", tracker.url))
    logo = replace(image("logo.png"), content_id="logo")
    server.run(server.house.seeds.writes(person, "Your password?", html=cleaned, files=[logo]))
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.click(".formatted > summary")
    screen.until(lambda: "Your password?" in inside(screen, "document.body.innerText"))


def inside(screen: Screen, source: str) -> str:
    return str(
        screen.script(f"const document = window.document.querySelector('iframe').contentDocument; return {source}")
    )


def test_a_mail_is_shown_and_asks_nobody_for_anything(server: Server, screen: Screen, tracker: Tracker) -> None:
    """BE82, BE84, BE86, BE88, BE90."""
    open_mail(server, screen, tracker)
    screen.until(lambda: inside(screen, "document.querySelector('img').naturalWidth") == "1")
    assert (
        inside(screen, "document.querySelectorAll('form, input, script, iframe, object, video, style').length")
        == "0"
    )
    assert inside(screen, "getComputedStyle(document.querySelector('div') ?? document.body).position") == "static"
    assert "taken" not in screen.driver.title
    assert tracker.asked == []


def test_pictures_of_others_come_when_asked_for(server: Server, screen: Screen, tracker: Tracker) -> None:
    open_mail(server, screen, tracker)
    screen.click(".formatted a")
    screen.until(lambda: tracker.asked == ["/picture.png"])
    assert screen.driver.current_url.startswith(server.url)
    assert len(screen.driver.window_handles) == 1
