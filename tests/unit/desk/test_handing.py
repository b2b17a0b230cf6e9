"""What a ticket is about, whose it is, who is there; and who may see it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from desk.actors import Actor
from desk.commands import Desk
from desk.frame import Routing
from responders.templates import ReplyTemplates
from router.clocks import ClockRules
from router.sorting import Sorter
from router.teams import SECURITY, Team
from service.wiring import TEMPLATES
from simulators.memory_store import MemoryStore
from tests.support.builders import T0, at, get_ticket, open_ticket, user
from tests.support.clock import ManualClock
from tickets.errors import Forbidden, Refused
from tickets.ids import TicketNumber, UserId
from tickets.model import Entity, Ticket
from tickets.ports import no_crash
from tickets.records import Duty, TicketFilter

ONE = TicketNumber(1)
ANN = Actor("user:u-ann", "Ann", "agent", UserId("u-ann"))
LEA = Actor("user:u-lea", "Lea", "lead", UserId("u-lea"))
TEAMS = (Team("payments", categories=frozenset({"payments"})), SECURITY)
ROUTING = Routing(Sorter(teams=TEAMS), ClockRules())


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(at(60))


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await store.open()
    await store.add_user(user("ann", name="Ann"))
    await store.add_user(user("lea", name="Lea", role="lead"))
    return store


@pytest.fixture
def desk(store: MemoryStore, clock: ManualClock) -> Desk:
    own = ReplyTemplates(TEMPLATES / "replies", "en")
    return Desk(store, clock, no_crash, {}, own=own, routing=ROUTING)


@pytest.fixture
async def ticket(store: MemoryStore) -> Ticket:
    return await open_ticket(store, "bob")


async def events(store: MemoryStore) -> list[str]:
    envelope = await store.find_ticket(ONE)
    assert envelope is not None
    return [event.kind for event in envelope.events]


# What it is about ---------------------------------------------------------------------


@pytest.mark.usefixtures("ticket")
async def test_who_says_what_it_is_about_sends_it_to_the_team_for_that(desk: Desk, store: MemoryStore) -> None:
    await desk.categorize(ANN, ONE, "payments", key="k")
    found = await get_ticket(store, ONE)
    assert (found.category, found.category_confidence, found.category_by) == ("payments", 1.0, ANN.key)
    assert found.team == "payments"
    assert (await events(store))[-1] == "categorized"


@pytest.mark.usefixtures("ticket")
async def test_what_somebody_has_stays_with_them(desk: Desk, store: MemoryStore) -> None:
    await desk.claim(ANN, ONE, key="k")
    await desk.categorize(ANN, ONE, "payments", key="k2")
    assert (await get_ticket(store, ONE)).team == "support"


@pytest.mark.usefixtures("ticket")
async def test_a_category_that_is_none_is_refused_with_those_that_are(desk: Desk) -> None:
    with pytest.raises(Refused, match="There is no category 'x'; there are: account, payments"):
        await desk.categorize(ANN, ONE, "x", key="k")


@pytest.mark.parametrize(
    ("language", "begins"),
    [("de", "Damit wir schneller"), ("ja", "早くお手伝い"), ("th", "เพื่อให้เรา"), (None, "To help you")],
)
async def test_what_is_missing_is_asked_for_in_their_language(
    desk: Desk, store: MemoryStore, language: str | None, begins: str
) -> None:
    named = (Entity("amount", "250 USDT"),)
    await open_ticket(store, "bob", category="payments", language=language)
    whole = await desk.get_ticket(ANN, ONE)
    assert desk.missing(whole) == ("amount", "transaction", "date")
    text = desk.ask_for_missing(ANN, whole)
    assert text.startswith(begins)
    assert text.count("\n- ") == 3
    [message] = whole.messages
    told = replace(whole, messages=(replace(message, entities=named),))
    assert desk.missing(told) == ("transaction", "date")
    with pytest.raises(Refused, match="Nothing is missing"):
        desk.ask_for_missing(ANN, replace(whole, ticket=replace(whole.ticket, category="praise")))


# Lines and teams ------------------------------------------------------------------------


@pytest.mark.usefixtures("ticket")
async def test_who_hands_over_says_what_was_found_and_tried(desk: Desk, store: MemoryStore) -> None:
    await desk.claim(ANN, ONE, key="k")
    await desk.hand_over(ANN, ONE, key="k2", found="The bank refused it", tried="Sent it again", line=2)
    whole = await desk.get_ticket(ANN, ONE)
    assert (whole.ticket.line, whole.ticket.team, whole.ticket.assignee) == (2, "support", None)
    assert whole.messages[-1].direction == "note"
    assert whole.messages[-1].text == "Found: The bank refused it\nTried: Sent it again"
    assert (await events(store))[-1] == "handed_over"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"found": " ", "tried": "x", "line": 2}, "Say what you found and what you tried"),
        ({"found": "x", "tried": "", "line": 2}, "Say what you found and what you tried"),
        ({"found": "x", "tried": "x", "line": 4}, "Lines go from 1 to 3"),
        (
            {"found": "x", "tried": "x", "team": "nobody"},
            "There is no team 'nobody'; there are: support, payments",
        ),
        ({"found": "x", "tried": "x"}, "It is there already"),
        ({"found": "x", "tried": "x", "line": 1, "team": "support"}, "It is there already"),
    ],
)
@pytest.mark.usefixtures("ticket")
async def test_a_hand_over_that_is_none(desk: Desk, store: MemoryStore, fields: dict, why: str) -> None:
    with pytest.raises(Refused, match=why):
        await desk.hand_over(ANN, ONE, key="k", **fields)
    assert (await get_ticket(store, ONE)).version == 1


# Who may see ------------------------------------------------------------------------------


async def test_a_restricted_teams_tickets_are_its_members_and_leads(desk: Desk, store: MemoryStore) -> None:
    await open_ticket(store, "bob", team="security")
    assert (await desk.get_ticket(ANN, ONE)).ticket.number == ONE  # nobody is a member yet
    await store.set_user(user("lea", name="Lea", role="lead", duty=Duty(teams=("security",))))
    with pytest.raises(Forbidden, match="Ticket #1 is for the team security alone"):
        await desk.get_ticket(ANN, ONE)
    with pytest.raises(Forbidden):
        await desk.note(ANN, ONE, "hi", key="k")
    assert (await desk.list_tickets(ANN, TicketFilter())).items == ()
    assert (await desk.count_tickets(ANN)).open == 0
    assert (await desk.get_ticket(LEA, ONE)).ticket.number == ONE
    await desk.assign(LEA, ONE, ANN.user_id, key="k")
    assert (await desk.get_ticket(ANN, ONE)).ticket.number == ONE
    assert len((await desk.list_tickets(ANN, TicketFilter())).items) == 1


async def test_a_hidden_ticket_takes_no_other_in(desk: Desk, store: MemoryStore) -> None:
    await open_ticket(store, "bob")
    await open_ticket(store, "cid", team="security")
    await store.set_user(user("lea", name="Lea", role="lead", duty=Duty(teams=("security",))))
    with pytest.raises(Forbidden):
        await desk.merge(ANN, ONE, TicketNumber(2), key="k")


# Who is there -------------------------------------------------------------------------------


async def test_one_says_oneself_that_one_is_there(desk: Desk, store: MemoryStore) -> None:
    await desk.set_presence(ANN, present=True)
    assert {one.id: one.duty.present for one in await store.list_users()}[UserId("u-ann")]
    await desk.set_presence(ANN, present=False)
    assert not {one.id: one.duty.present for one in await store.list_users()}[UserId("u-ann")]


async def test_leads_say_what_work_others_do(desk: Desk, store: MemoryStore) -> None:
    await desk.set_duty(LEA, UserId("u-ann"), Duty(teams=("payments",), line=2))
    assert {one.id: one.duty.teams for one in await store.list_users()}[UserId("u-ann")] == ("payments",)
    with pytest.raises(Forbidden):
        await desk.set_duty(ANN, UserId("u-ann"), Duty())
    with pytest.raises(Refused, match="There is no team 'x'"):
        await desk.set_duty(LEA, UserId("u-ann"), Duty(teams=("x",)))
    with pytest.raises(Refused, match="Lines go"):
        await desk.set_duty(LEA, UserId("u-ann"), Duty(line=4))


async def test_who_goes_away_gives_back_what_they_have(desk: Desk, store: MemoryStore) -> None:
    for name in ("bob", "cid", "dan"):
        await open_ticket(store, name, assignee=UserId("u-ann"))
    await open_ticket(store, "eve", assignee=UserId("u-lea"))
    back = at(60) + timedelta(days=7)
    assert await desk.go_away(ANN, UserId("u-ann"), back) == 3
    assert dict(await store.count_loads()) == {UserId("u-lea"): 1}
    [ann] = [one for one in await store.list_users() if one.id == "u-ann"]
    assert (ann.duty.present, ann.duty.away_until) == (False, back)
    with pytest.raises(Forbidden):
        await desk.go_away(ANN, UserId("u-lea"), back)
    with pytest.raises(Refused, match="a time that is to come"):
        await desk.go_away(ANN, UserId("u-ann"), T0)
