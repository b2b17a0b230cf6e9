"""Files in the composer: chosen or pasted, still there after a refusal, gone after sending."""

from pathlib import Path

import pytest

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import PIXEL, Person

CHOSEN = "[...document.querySelector('.attach input').files].map(file => file.name)"
PASTE = """
const given = new DataTransfer();
given.items.add(new File([new Uint8Array([1, 2])], "screenshot.png", {type: "image/png"}));
const event = new ClipboardEvent("paste", {clipboardData: given, bubbles: true, cancelable: true});
document.getElementById("text").dispatchEvent(event);
"""


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "übersicht 概要.png"
    path.write_bytes(PIXEL)
    return path


def chosen(screen: Screen) -> list[str]:
    return screen.script(f"return {CHOSEN}")


def test_files_stay_chosen_until_they_are_sent(server: Server, screen: Screen, picture: Path) -> None:
    person = Person("Anna Lind")
    server.run(server.house.seeds.writes(person, "Where is my parcel?"))
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.find(".attach input").send_keys(str(picture))
    screen.script(PASTE)
    assert chosen(screen) == ["übersicht 概要.png", "screenshot.png"]
    screen.click(".send")
    screen.shows("#problem", "Write something first")
    assert chosen(screen) == ["übersicht 概要.png", "screenshot.png"]
    screen.type("Both are here.", "#text")
    screen.click(".send")
    screen.shows("#conversation", "Both are here.")
    screen.until(lambda: len(screen.all("#conversation .message.out .thumbnail img")) == 2)
    assert "übersicht 概要.png" in screen.text("#conversation")
    assert chosen(screen) == []
    assert [line for line in screen.complaints() if "422" not in line] == []


def test_another_conversation_takes_other_files(server: Server, screen: Screen) -> None:
    person = Person("Ricardo", "x", account="x:main", visibility="public")
    server.run(server.house.seeds.writes(person, "Where is my parcel?"))
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    assert screen.find(".attach input").get_attribute("accept") == "image/png"
    screen.script("document.querySelector('[name=kind][value=note]').click()")
    assert not screen.find(".attach").is_displayed()
