"""Clocks are looked at, work is given out, a person is told."""

import pytest
from msgspec.structs import replace

from desk.commands import Desk
from desk.frame import Routing
from desk.sweeping import Sweeper
from router.clocks import Applies, ClockRules
from router.sorting import Sorter
from router.teams import Team
from router.triggers import Triggers
from simulators.memory_store import MemoryStore
from tests.support.builders import T0, get_ticket, open_ticket, user
from tests.support.clock import ManualClock
from tests.unit.desk.test_handing import ANN
from tickets.ids import TicketNumber, UserId
from tickets.model import Ticket
from tickets.ports import no_crash
from tickets.records import Duty

RULES = ClockRules(targets=((Applies(), {"pickup": 100, "first": 200}),))
TEAMS = (Team("support", assign=True), Team("payments"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(T0)


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await store.open()
    return store


@pytest.fixture
def sweeper(store: MemoryStore, clock: ManualClock) -> Sweeper:
    return Sweeper(store, clock, RULES, Triggers(), TEAMS)


async def waits(store: MemoryStore, name: str, **fields: object) -> Ticket:
    return await open_ticket(store, name, look_at=T0, **fields)


async def joins(store: MemoryStore, name: str, **fields: object) -> UserId:
    one = user(name, role=fields.pop("role", "agent"), duty=Duty(teams=("support",), present=True, **fields))
    await store.add_user(one)
    return one.id


async def test_everything_is_given_to_who_is_there_most_urgent_first(store: MemoryStore, sweeper: Sweeper) -> None:
    ann, ben = await joins(store, "ann", cap=2), await joins(store, "ben", cap=1)
    for number in range(5):
        await waits(store, f"p{number}", priority=number * 10)
    await waits(store, "other", team="payments")
    assert await sweeper.give() == 3
    loads = dict(await store.count_loads())
    assert loads == {ann: 2, ben: 1}
    owned = [(await get_ticket(store, TicketNumber(n))).assignee is not None for n in range(1, 7)]
    assert owned == [False, False, True, True, True, False]
    assert await sweeper.give() == 0


async def test_nobody_there_nothing_given(store: MemoryStore, sweeper: Sweeper) -> None:
    await waits(store, "bob")
    assert await sweeper.give() == 0


async def test_the_clock_is_looked_at_told_of_once_and_a_lead_is_pulled_in(
    store: MemoryStore, sweeper: Sweeper, clock: ManualClock
) -> None:
    ticket = await waits(store, "bob", team="payments")
    assert await sweeper.look() == 1
    assert await sweeper.look() == 0
    await store.add_user(user("lea", role="lead", duty=Duty(teams=("payments",), present=True)))
    await clock.advance(80)
    assert await sweeper.look() == 1
    [notice] = await store.list_notices()
    assert notice.notice.kind == "clock"
    assert notice.notice.text.startswith("Clocks of the team payments: the pick-up of #1 is due at 09:01 UTC.")
    envelope = await store.find_ticket(ticket.number)
    assert envelope is not None
    assert envelope.ticket.assignee == "u-lea"
    assert [event.kind for event in envelope.events][-2:] == ["clock_warned", "assigned"]
    await clock.advance(120)
    assert await sweeper.look() == 1
    assert (await get_ticket(store, ticket.number)).priority_reasons[
        -1
    ].label == "its clock: first answer is overdue"
    assert len(await store.list_notices()) == 1


async def test_thousands_are_due_at_once(store: MemoryStore, sweeper: Sweeper, clock: ManualClock) -> None:
    for number in range(1_200):
        await waits(store, f"p{number}")
    assert await sweeper.look() == 1_200
    await clock.advance(100)
    assert await sweeper.look() == 1_200
    assert await sweeper.look() == 0
    [notice] = await store.list_notices()
    assert "; and 1195 more." in notice.notice.text


async def test_what_nobody_has_for_long_is_an_alarm_until_somebody_takes_it(
    store: MemoryStore, sweeper: Sweeper, clock: ManualClock
) -> None:
    await waits(store, "bob")
    await sweeper.look()
    await sweeper.alarm()
    assert await store.list_notices() == []
    await clock.advance(100)
    await sweeper.look()
    await sweeper.alarm()
    assert [one.notice.kind for one in await store.list_notices()].count("unowned") == 1
    desk = Desk(store, clock, no_crash, {}, routing=Routing(Sorter(), RULES))
    await store.add_user(user("ann"))
    await desk.claim(ANN, TicketNumber(1), key="k")
    await sweeper.alarm()
    assert [one.notice.kind for one in await store.list_notices()].count("unowned") == 0


async def test_who_is_overtaken_leaves_the_ticket_alone(store: MemoryStore, clock: ManualClock) -> None:
    """Between the look and the change somebody took it."""

    class Overtaken(MemoryStore):
        async def apply_sweep(self, changes, now):
            ticket = self._tables.tickets[changes[0].ticket.id]
            self._tables.tickets[ticket.id] = replace(ticket, assignee=UserId("u-zed"), version=ticket.version + 1)
            return await super().apply_sweep(changes, now)

    raced = Overtaken()
    await raced.open()
    await joins(raced, "ann")
    await waits(raced, "bob")
    assert await Sweeper(raced, clock, RULES, Triggers(), TEAMS).give() == 0
    assert (await get_ticket(raced, TicketNumber(1))).assignee == "u-zed"
