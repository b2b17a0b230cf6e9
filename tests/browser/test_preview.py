"""Before an answer is sent, the composer shows what it leaves as and what it costs."""

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import Person


def test_a_long_answer_on_x_is_shown_in_pieces_with_its_cost(server: Server, screen: Screen) -> None:
    person = Person("Ricardo", "x", account="x:main", visibility="public")
    server.run(server.house.seeds.writes(person, "¿Por qué nadie contesta?"))
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.find("#text").send_keys("我们会尽快处理您的问题，谢谢您的耐心等待。" * 12)
    screen.shows("#preview summary", "Leaves as 2 messages")
    screen.shows("#preview", "Costs $0.025.")
    screen.click("#preview summary")
    screen.shows("#preview details", "1 of 2: 2")
    screen.find("#text").clear()
    screen.find("#text").send_keys("看这里 https://example.com/help")
    screen.shows("#preview", "Costs $0.20, as it has a link in it; without one $0.01.")
    screen.find("[name=kind][value=note]").find_element("xpath", "..").click()
    screen.until(lambda: not screen.text("#preview").strip())
    assert screen.complaints() == []
