"""What somebody at the desk does all day, in a real browser."""

from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import Person
from tickets.ids import ExternalMessageId
from tickets.model import Delivery, Reason, Receipt

URGENT = (Reason("security: theft", 70),)


def anna(server: Server, text: str = "Where is my parcel?") -> Person:
    person = Person("Anna Lind")
    server.run(server.house.seeds.writes(person, text))
    return person


async def deliver(server: Server, delivery: Delivery) -> None:
    house = server.house
    house.clock.pass_(seconds=40)
    await house.seeds.starts_sending(delivery)
    receipt = Receipt(ExternalMessageId("platform-1"), house.clock.now())
    await house.store.record_receipt(delivery.id, 1, receipt, house.clock.now())


def test_open_answer_and_watch_it_leave(server: Server, screen: Screen) -> None:
    person = anna(server)
    screen.enter()
    screen.click("#rows .row")
    screen.until(lambda: screen.driver.current_url.endswith(f"/tickets/{person.number}"))
    assert screen.all("#rows .row"), "the list stays beside the conversation"
    screen.type("It leaves tomorrow, Anna.", "#text")
    screen.shows("#count", "25 characters")
    screen.type(Keys.CONTROL + Keys.ENTER, "#text")
    screen.shows("#conversation", "It leaves tomorrow, Anna.")
    screen.shows("#conversation .fate", "Leaves at")
    assert screen.find("#text").get_attribute("value") == ""
    delivery = server.run(server.house.seeds.newest_delivery(person.number))
    server.run(deliver(server, delivery))
    screen.until(lambda: screen.text("#conversation .fate").startswith("Sent"))
    assert screen.text("#count-waiting") == "1"


def test_undo_brings_the_words_back(server: Server, screen: Screen) -> None:
    person = anna(server)
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.type("Too quick", "#text")
    screen.click(".send")
    screen.shows("#undo-words", "Leaves in")
    screen.click("#undo-button")
    screen.until(lambda: screen.find("#text").get_attribute("value") == "Too quick")
    screen.shows("#conversation", "Withdrawn, not sent")
    delivery = server.run(server.house.seeds.newest_delivery(person.number))
    assert (delivery.state, delivery.code) == ("held", "withdrawn")


def test_a_double_click_answers_once(server: Server, screen: Screen) -> None:
    person = anna(server)
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.type("Once", "#text")
    screen.script(
        "const form = document.getElementById('composer'); const send = form.querySelector('.send');"
        "fetch(form.action, {method: 'POST', body: new URLSearchParams(new FormData(form))}); send.click();"
    )
    screen.until(lambda: screen.find("#text").get_attribute("value") == "")
    screen.shows("#conversation", "Once")
    assert len(server.run(server.house.seeds.get(person.number)).deliveries) == 1


def test_newcomers_gather_behind_a_pill(server: Server, screen: Screen) -> None:
    anna(server)
    screen.enter()
    seeds = server.house.seeds
    server.run(seeds.writes(Person("Bogdan Petrov"), "Help!", reasons=URGENT))
    screen.shows("#pill", "1 new, 1 urgent")
    server.run(seeds.writes(Person("Giulia Conti"), "Ciao"))
    screen.shows("#pill", "2 new, 1 urgent")
    assert [one.text for one in screen.all("#rows .who")] == ["Anna Lind"], "nothing moved"
    screen.click("#pill")
    screen.until(lambda: len(screen.all("#rows .who")) == 3)
    assert screen.all("#rows .who")[0].text == "Bogdan Petrov"
    assert screen.text("#count-open") == "3"


def test_a_first_ticket_fills_an_empty_inbox(server: Server, screen: Screen) -> None:
    screen.enter()
    screen.shows("#listing", "Nobody is waiting")
    anna(server)
    screen.until(lambda: len(screen.all("#rows .row")) == 1)


def test_a_new_message_appears_and_the_draft_stays(server: Server, screen: Screen) -> None:
    person = anna(server)
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.type("I am still wri", "#text")
    server.run(server.house.seeds.writes(person, "Hello? Anybody?"))
    screen.shows("#conversation", "Hello? Anybody?")
    assert screen.find("#text").get_attribute("value") == "I am still wri"
    assert screen.driver.switch_to.active_element.get_attribute("id") == "text"
    screen.open("/")
    screen.open(f"/tickets/{person.number}")
    screen.until(lambda: screen.find("#text").get_attribute("value") == "I am still wri")


def test_keys(server: Server, screen: Screen) -> None:
    first = anna(server)
    second = Person("Bogdan Petrov")
    server.run(server.house.seeds.writes(second, "And mine?"))
    screen.enter()
    screen.press("j")
    screen.press("j")
    screen.until(lambda: "Bogdan Petrov" in screen.driver.switch_to.active_element.text)
    screen.press(Keys.ENTER)
    screen.shows(".head", f"#{second.number}")
    screen.press("c")
    screen.shows(".head", "with Mei Lin")
    screen.press("n")
    screen.type("Ask the warehouse", "#text")
    screen.type(Keys.CONTROL + Keys.ENTER, "#text")
    screen.shows("#conversation .note", "Ask the warehouse")
    screen.type(Keys.ESCAPE, "#text")
    screen.press("e")
    screen.shows(".head", "Closed")
    screen.press("?")
    screen.until(lambda: screen.find("#help").is_displayed())
    screen.press(Keys.ESCAPE)
    screen.until(lambda: not screen.find("#help").is_displayed())
    screen.press("/")
    assert screen.driver.switch_to.active_element.get_attribute("id") == "q"
    screen.type("parcel", "#q")
    screen.until(lambda: [one.text for one in screen.all("#rows .who")] == [first.name])
    assert "q=parcel" in screen.driver.current_url
    screen.type(Keys.ESCAPE, "#q")
    screen.press("g")
    screen.press("m")
    screen.shows("h1", "Mine")


def test_back_returns_to_the_list(server: Server, screen: Screen) -> None:
    person = anna(server)
    screen.enter()
    screen.click("#rows .row")
    screen.shows(".head", f"#{person.number}")
    screen.driver.back()
    screen.shows("#case", "Choose a ticket")
    screen.driver.forward()
    screen.shows(".head", f"#{person.number}")


def test_an_ended_session_keeps_what_was_typed(server: Server, screen: Screen) -> None:
    person = anna(server)
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.type("Long thoughts", "#text")
    screen.script(
        "const form = new URLSearchParams({csrf: document.querySelector('[data-signout] [name=csrf]').value});"
        "return fetch('/signout', {method: 'POST', body: form, redirect: 'manual'})"
    )
    screen.click(".send")
    screen.shows("#notices", "You are signed out")
    assert screen.find("#text").get_attribute("value") == "Long thoughts"
    typing = screen.driver.current_window_handle
    screen.driver.switch_to.new_window("tab")
    screen.enter()
    screen.driver.close()
    screen.driver.switch_to.window(typing)
    screen.script("dispatchEvent(new Event('focus'))")
    screen.shows("#notices", "signed in again")
    screen.click(".send")
    screen.shows("#conversation", "Long thoughts")
    assert any("401" in line for line in screen.complaints()), "only the refused request is told"


def test_an_unknown_delivery_is_settled_by_a_button(server: Server, screen: Screen) -> None:
    person = anna(server)
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.type("On its way", "#text")
    screen.click(".send")
    screen.shows("#conversation .fate", "Leaves at")
    seeds = server.house.seeds
    server.house.clock.pass_(seconds=40)
    delivery = server.run(seeds.newest_delivery(person.number))
    server.run(seeds.fails(delivery, "unknown", "no_answer", "Telegram did not answer."))
    screen.shows("#conversation .fate", "Nobody knows whether it arrived")
    screen.shows("#conversation .fate", "Telegram did not answer.")
    screen.click(f"#do-arrived-{delivery.id}")
    screen.until(lambda: screen.text("#conversation .fate").startswith("Sent"))


def test_a_row_that_belongs_elsewhere_stays_under_the_pointer(server: Server, screen: Screen) -> None:
    first = anna(server)
    second = Person("Bogdan Petrov")
    server.run(server.house.seeds.writes(second, "And mine?"))
    screen.enter()
    colleague = server.run(server.house.actor("Jonas Weber"))
    server.run(server.house.desk.answer(colleague, first.number, "On its way", key="k"))
    screen.shows(f"#t{first.number} .wait", "moved on")
    assert [one.text for one in screen.all("#rows .who")] == ["Anna Lind", "Bogdan Petrov"]
    server.run(server.house.seeds.writes(first, "Thank you, one more thing"))
    screen.shows(f"#t{first.number} .said", "one more thing")
    screen.shows(f"#t{first.number} .wait", "now")


def test_a_refused_command_is_told_and_nothing_moves(server: Server, screen: Screen) -> None:
    person = anna(server)
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.until(lambda: screen.script("return document.body.dataset.live") == "on")
    screen.script("document.querySelector('#close').form.setAttribute('hx-post', '/tickets/9999/close')")
    screen.script("htmx.process(document.querySelector('#close').form)")
    screen.script("document.querySelector('#close').form.querySelector('[name=key]').value = ''")
    screen.click("#close")
    screen.shows("#notices", "incomplete")
    assert server.run(server.house.seeds.get(person.number)).ticket.status == "open"
    assert all("422" in line for line in screen.complaints())
