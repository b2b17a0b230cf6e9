"""Prepared answers in the composer: one click puts one where the cursor stands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from responders.templates import ReplyTemplates
from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import Person


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "answers"
    folder.mkdir()
    hours = "hours = Hello { $name }, we are here from nine to five.\n    .title = Hours\n"
    (folder / "hours.en.ftl").write_text(hours)
    with Server(tmp_path, ReplyTemplates(folder, "en")) as running:
        yield running


def test_a_prepared_answer_comes_to_the_cursor(server: Server, screen: Screen) -> None:
    person = Person("Anna Lind")
    server.run(server.house.seeds.writes(person, "When are you there?"))
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.type("Before. ", "#text")
    screen.click(".composer details summary")
    screen.click("[data-prepared]")
    wanted = "Before. Hello Anna Lind, we are here from nine to five."
    screen.until(lambda: screen.find("#text").get_attribute("value") == wanted)
    screen.shows("#count", f"{len(wanted)} characters")
    assert not screen.find("[data-prepared]").is_displayed()
    screen.click(".send")
    screen.shows("#conversation", wanted)
    assert screen.complaints() == []
