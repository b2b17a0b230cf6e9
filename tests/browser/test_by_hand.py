"""What a program may not answer is written in the inbox and posted by hand."""

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import Person

WHY = "X lets a program answer only people who mentioned or quoted the account, and this person did neither."


def test_an_answer_for_x_is_prepared_posted_and_confirmed(server: Server, screen: Screen) -> None:
    person = Person("Ricardo", "x", account="x:main", visibility="public")
    server.run(server.house.seeds.writes(person, "¿Por qué nadie contesta?", unanswerable=WHY))
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.shows(".composer .problem", "Write the answer here; then post it by hand")
    screen.find("#text").send_keys("Perdón, ya lo vemos. 很抱歉")
    assert screen.text(".send").strip() == "Keep for posting"
    screen.click(".send")
    screen.shows(".fate", "To be posted by hand")
    box = screen.find(".fate a").get_attribute("href")
    assert box.startswith("https://x.com/intent/post?in_reply_to=")
    assert box.endswith("&text=Perd%C3%B3n%2C%20ya%20lo%20vemos.%20%E5%BE%88%E6%8A%B1%E6%AD%89")
    buttons = {button.text: button for button in screen.all(".fate-actions button")}
    assert set(buttons) == {"It is posted", "Give it up"}
    buttons["It is posted"].click()
    screen.shows(".fate", "Sent")
    assert screen.complaints() == []
