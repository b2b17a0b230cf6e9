"""What a ticket is about and whose it is, as its messages come."""

from msgspec.structs import replace

from router.sorting import Sorter
from router.teams import SECURITY, Team
from router.vips import Vips
from tests.support.inbound import VERIFIED, mailed, said
from tests.unit.router.test_decision import Router, kinds, ticket_of
from tickets.ids import UserId
from tickets.model import Authenticity, Author

TEAMS = (Team("payments", categories=frozenset({"payments"})), Team("vip", vip=True), SECURITY)
SORTER = Sorter(teams=TEAMS, vips=Vips(frozenset({"email:@bank.test", "telegram:ann", "x:@big"})))
PAYMENT = "Where is my withdrawal? The bank has received no transfer"


def router() -> Router:
    return Router(sorter=SORTER)


def test_a_new_ticket_goes_to_the_team_for_it() -> None:
    ticket = ticket_of(router().one(said(PAYMENT, who="bob")))
    assert (ticket.category, ticket.team, ticket.category_by) == ("payments", "payments", "")
    assert 0.34 <= ticket.category_confidence <= 1
    assert ticket_of(router().one(said("Hello there", who="bob"))).team == "support"


def test_theft_goes_to_security_in_any_language_and_a_later_word_of_it_too() -> None:
    for text in ("我的账户被盗了", "บัญชีของฉันถูกแฮก", "Мой аккаунт взломали"):
        assert ticket_of(router().one(said(text, who="bob"))).team == "security"
    chat = router()
    first = chat.one(said(PAYMENT, who="bob", name="1"))
    chat.set_ticket(ticket_of(first), assignee=UserId("u"))
    second = ticket_of(chat.one(said("I was hacked", who="bob", name="2")))
    assert (second.team, second.category, second.assignee) == ("security", "payments", "u")


def test_what_becomes_clear_later_is_sorted_then_unless_somebody_has_it_or_said_otherwise() -> None:
    for changes, team in (({}, "payments"), ({"assignee": UserId("u")}, "support"), ({"team": "mine"}, "mine")):
        chat = router()
        chat.set_ticket(ticket_of(chat.one(said("Hello", who="bob", name="1"))), **changes)
        after = ticket_of(chat.one(said(PAYMENT, who="bob", name="2")))
        assert (after.category, after.team) == ("payments", team)
    chat = router()
    chat.set_ticket(ticket_of(chat.one(said("Hi", who="bob", name="1"))), category="praise", category_by="user:u")
    assert ticket_of(chat.one(said(PAYMENT, who="bob", name="2"))).category == "praise"


def test_vips_skip_the_lines_as_far_as_somebody_vouches_for_them() -> None:
    ticket = ticket_of(router().one(said("Hello", who="ann", authenticity=VERIFIED)))
    assert (ticket.vip, ticket.team) == (True, "vip")
    assert "a VIP" in [reason.label for reason in ticket.priority_reasons]
    forged = said("Hello", who="ann", authenticity=Authenticity("unverified", ""))
    assert not ticket_of(router().one(forged)).vip
    mail = replace(mailed("Hello"), authenticity=VERIFIED, author=Author("Boss@Bank.test", "Boss"))
    assert ticket_of(router().one(mail)).vip
    post = said("Hi", channel="x", author=Author("77", "Big", handle="Big"), authenticity=VERIFIED)
    assert ticket_of(router().one(post)).vip


def test_a_team_that_an_address_names_stays_unless_it_is_about_security() -> None:
    address = Router(sorter=SORTER, aliases={(mailed("x").account, "press@desk.test"): "press"})
    assert ticket_of(address.one(replace(mailed(PAYMENT), alias="press@desk.test"))).team == "press"
    stolen = replace(mailed("My account was hacked", name="2"), alias="press@desk.test", content_hash="2")
    assert ticket_of(address.one(stolen)).team == "security"


def test_the_opening_event_tells_team_and_category() -> None:
    admission = router().one(said(PAYMENT, who="bob"))
    [opened] = [one for one in admission.events if one.kind == "opened"]
    assert (opened.data["team"], opened.data["category"]) == ("payments", "payments")
    assert kinds(admission)[0] == "opened"
