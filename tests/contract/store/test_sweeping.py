"""Tickets of which something is due, many at once."""

from msgspec.structs import replace

from tests.support.builders import T0, at, open_ticket, user
from tickets.ids import UserId
from tickets.model import Reason, Ticket, TicketClock, TicketEvent
from tickets.records import Duty, TicketChange, TicketFilter
from tickets.storage import Store

CLOCK = TicketClock("first", T0, at(600), 600, "warned", at(600))


async def changed(store: Store, name: str, **fields: object) -> Ticket:
    """A ticket of somebody's with these fields."""
    ticket = await open_ticket(store, name)
    after = replace(ticket, version=ticket.version + 1, **fields)
    assert await store.apply_sweep([change(ticket, after)], T0) == 1
    return after


def change(before: Ticket, after: Ticket) -> TicketChange:
    event = TicketEvent("clock_warned", "program:test", T0, before.id, data={"clock": "first"})
    return TicketChange(ticket=after, expected_version=before.version, events=(event,))


async def test_everything_about_the_work_is_kept(store: Store) -> None:
    after = await changed(
        store, "ann", team="payments", line=2, category="orders", category_confidence=0.625, category_by="user:u",
        vip=True, answered_at=at(5), clocks=(CLOCK,), look_at=at(600), priority=30,
        priority_reasons=(Reason("its clock: first answer is due soon", 10),),
    )  # fmt: skip
    envelope = await store.find_ticket(after.number)
    assert envelope is not None
    assert envelope.ticket == after
    assert [event.kind for event in envelope.events][-1] == "clock_warned"


async def test_what_is_due_is_found_the_longest_overdue_first(store: Store) -> None:
    late = await changed(store, "ann", look_at=at(10))
    later = await changed(store, "bob", look_at=at(5))
    await changed(store, "cid", look_at=at(30))
    await changed(store, "dan", look_at=None)
    assert [one.number for one in await store.list_to_look(at(20), 10)] == [later.number, late.number]
    assert [one.number for one in await store.list_to_look(at(20), 1)] == [later.number]


async def test_a_ticket_that_has_changed_meanwhile_is_left_out(store: Store) -> None:
    ann, bob = await changed(store, "ann", look_at=at(1)), await changed(store, "bob", look_at=at(1))
    stale = replace(bob, version=bob.version - 1)
    moved = [replace(one, version=one.version + 1, look_at=None) for one in (ann, stale)]
    assert await store.apply_sweep([change(ann, moved[0]), change(stale, moved[1])], T0) == 1
    assert [one.id for one in await store.list_to_look(at(2), 10)] == [bob.id]
    envelope = await store.find_ticket(bob.number)
    assert envelope is not None
    assert [one.kind for one in envelope.events].count("clock_warned") == 1


async def test_what_nobody_has_comes_by_priority_and_page(store: Store) -> None:
    for name, priority in (("ann", 10), ("bob", 90), ("cid", 50)):
        await changed(store, name, priority=priority, waiting_since=at(priority), team="payments")
    await changed(store, "dan", assignee=UserId("u"), team="payments", waiting_since=T0)
    await changed(store, "eve", waiting_since=at(1), team="other")
    await changed(store, "fay", waiting_since=None, status="pending", team="payments")
    first = await store.list_unowned(["payments"], None, 2)
    assert [one.priority for one in first] == [90, 50]
    rest = await store.list_unowned(["payments"], (50, at(50)), 2)
    assert [one.priority for one in rest] == [10]
    assert await store.list_unowned([], None, 2) == []


async def test_the_oldest_that_nobody_has(store: Store) -> None:
    assert await store.find_unowned() is None
    await changed(store, "ann", waiting_since=at(9))
    oldest = await changed(store, "bob", waiting_since=at(3))
    await changed(store, "cid", waiting_since=at(1), assignee=UserId("u"))
    assert await store.find_unowned() == (oldest, 2)


async def test_how_much_everybody_has(store: Store) -> None:
    for name, status in (("ann", "open"), ("bob", "open"), ("cid", "pending"), ("dan", "closed")):
        await changed(store, name, assignee=UserId("u"), status=status)
    assert dict(await store.count_loads()) == {UserId("u"): 2}


async def test_hidden_teams_are_left_out_but_for_who_has_the_ticket(store: Store) -> None:
    await changed(store, "ann", team="security")
    own = await changed(store, "bob", team="security", assignee=UserId("u"))
    open_one = await changed(store, "cid", team="support", category="orders")
    hidden = TicketFilter(hidden=frozenset({"security"}), seen_by=UserId("u"))
    assert {row.ticket.number for row in (await store.list_tickets(hidden)).items} == {own.number, open_one.number}
    nobody = replace(hidden, seen_by=None)
    assert {row.ticket.number for row in (await store.list_tickets(nobody)).items} == {open_one.number}
    assert (await store.count_tickets(UserId("u"), frozenset({"security"}))).open == 2
    assert (await store.count_tickets(None, frozenset({"security"}))).open == 1
    assert (await store.count_tickets(None)).open == 3
    for wanted in (TicketFilter(team="support"), TicketFilter(category="orders")):
        assert [row.ticket.number for row in (await store.list_tickets(wanted)).items] == [open_one.number]


async def test_what_work_somebody_does_is_kept(store: Store) -> None:
    duty = Duty(("payments", "支払い"), ("de", "th"), 2, 5, True, at(60))
    await store.add_user(user("ann"))
    await store.set_user(replace(user("ann"), duty=duty))
    [found] = await store.list_users()
    assert found.duty == duty


async def test_what_colleagues_said_is_there_to_learn_from(store: Store) -> None:
    await changed(store, "ann", category="orders", category_by="user:u", language="de")
    await changed(store, "bob", category="payments", category_by="")
    await changed(store, "cid", category="rules", category_by="program:rules")
    found = await store.list_examples(10)
    assert [(one.text, one.category, one.language) for one in found] == [
        ("Text of cid", None, None), ("Text of bob", None, None), ("Text of ann", "orders", "de"),
    ]  # fmt: skip
    assert len(await store.list_examples(2)) == 2
