"""What everybody would read is shown once more where a ticket has private parts; with the keyboard alone."""

from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import Person


def test_a_public_answer_in_a_mixed_ticket_is_confirmed_by_key(server: Server, screen: Screen) -> None:
    person = Person("Ricardo", "x", account="x:main", visibility="public")
    server.run(server.house.seeds.writes(person, "¿Dónde está mi paquete?"))
    colleague = server.run(server.house.actor("Jonas Weber"))
    server.run(server.house.desk.note(colleague, person.number, "He lives at Calle 5", key="n"))
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    text = screen.find("#text")
    text.send_keys("Está en camino. هو في الطريق", Keys.CONTROL, Keys.ENTER)
    screen.shows("#step blockquote", "Está en camino. هو في الطريق")
    step = screen.find("#step input")
    screen.until(lambda: screen.script("return document.activeElement") == step)
    assert screen.all(".message.out") == []
    step.send_keys(Keys.SPACE)
    step.send_keys(Keys.CONTROL, Keys.ENTER)
    screen.shows("#conversation", "Está en camino")
    assert screen.all("#step") == []
    assert [line for line in screen.complaints() if "422" not in line] == []
