"""Who else gets an answer is shown, and chosen for each answer anew."""

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import Person


def test_a_copy_goes_where_it_is_wanted(server: Server, screen: Screen) -> None:
    person = Person("Mei", "email", address="mei@example.test")
    server.run(server.house.seeds.writes(person, "合同", cc=("bob@example.test",)))
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.shows(".per-voice", "With a copy to bob@example.test")
    screen.click(".per-voice input")
    screen.type("给你们两个人", "#text")
    screen.click(".send")
    screen.until(lambda: server.run(server.house.seeds.get(person.number)).deliveries)
    (delivery,) = server.run(server.house.seeds.get(person.number)).deliveries
    assert delivery.target.cc == ("bob@example.test",)
    screen.until(lambda: not screen.find(".per-voice input").is_selected())
