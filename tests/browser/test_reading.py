"""Reading along in a real browser: one click makes a ticket, and the way to it appears by itself."""

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import Person


def test_one_click_makes_a_ticket_and_leads_to_it(server: Server, screen: Screen) -> None:
    seeds = server.house.seeds
    item = server.run(seeds.finds("Rút tiền mãi không được", mood="upset"))
    screen.enter()
    screen.open("/reading")
    screen.shows(".card", "Sounds upset")
    screen.click(".card button")
    screen.shows(".card", "Its ticket is being made")
    number = server.run(seeds.writes(Person("Linh"), "Rút tiền mãi không được"))
    server.run(seeds.takes_up(item, number))
    screen.shows(".card", f"Ticket #{number}")
    screen.click(f".card a[href='/tickets/{number}']")
    screen.shows("#case", "Rút tiền")
    assert screen.complaints() == []
