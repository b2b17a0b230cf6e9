"""Writing to somebody first, from the panel."""

from tests.browser.conftest import Screen
from tests.browser.server import Server
from tests.console.seeds import Person


def test_what_is_typed_survives_news_and_leads_to_the_new_ticket(server: Server, screen: Screen) -> None:
    person = Person("林薇", "email")
    server.run(server.house.seeds.writes(person, "我的提现还没有到账"))
    screen.enter()
    screen.open(f"/tickets/{person.number}")
    screen.click("#panel details[id^=begin] summary")
    screen.find("#panel [name=reason]").send_keys("She asked us on the phone to call back")
    screen.find("#panel [name=text]").send_keys("您好，想请您确认一下账号。")
    server.run(server.house.seeds.writes(person, "还在吗？"))
    screen.shows("#conversation", "还在吗")
    assert screen.find("#panel [name=text]").get_attribute("value") == "您好，想请您确认一下账号。"
    screen.click("#panel details[id^=begin] button")
    screen.shows("#conversation", "Begun from #1: She asked us on the phone to call back")
    screen.shows("#conversation", "您好，想请您确认一下账号。")
    assert screen.driver.current_url.endswith("/tickets/2")
    assert screen.complaints() == []
