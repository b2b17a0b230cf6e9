"""Asking somebody who they are, and saying what came of it, in a real browser."""

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import Person


def test_questions_are_asked_and_judged_in_the_panel(server: Server, screen: Screen) -> None:
    anna = Person("Anna Lind")
    number = server.run(server.house.seeds.writes(anna, "Wie hoch ist mein Guthaben?"))
    assert anna.thread is not None
    screen.enter()
    screen.open(f"/tickets/{number}")
    asking = f"#ask-{anna.thread.id}-0"
    screen.click(f"{asking} summary")
    screen.click(f"{asking} input[value='since']")  # only the other one
    screen.click(f"{asking} form:nth-of-type(2) button")
    screen.shows("#panel", "was asked to show who they are by questions: asked: order")
    screen.shows("#conversation", "What did you order last?")
    [asked] = server.run(server.house.seeds.get(number)).challenges
    server.house.clock.pass_(seconds=5)
    server.run(server.house.seeds.writes(anna, "Seit Mai"))
    screen.shows("#conversation", "Seit Mai")
    screen.type("as in our records of May", f"#evidence-{asked.id}")
    screen.click(f"#judge-{asked.id} button[value='yes']")
    screen.shows("#panel", "Anna Lind has shown who they are (seen by Mei Lin): as in our records of May")
    assert screen.complaints() == []
