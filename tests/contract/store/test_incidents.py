"""Reports and incidents: kept, found, changed by one at a time, marked on tickets."""

import pytest
from msgspec.structs import replace

from tests.support.builders import T0, at, get_ticket, open_ticket, opening
from tickets.errors import Conflict
from tickets.ids import IdentityId, IncidentNumber, MessageId, TicketId, UserId
from tickets.incidents import Incident, IncidentChange, IncidentEvent, Member, Report, Telling
from tickets.model import Ticket
from tickets.storage import Store

NEW = Incident(IncidentNumber(0), MessageId("m-ann"), "trouble", "open", "withdrawal, stuck", T0, at(5), 5)


def member(name: str, seconds: float = 0, **fields: object) -> Member:
    return Member(MessageId(f"m-{name}"), TicketId(f"t-{name}"), at(seconds), **fields)


async def crowd(store: Store, *names: str) -> list[Ticket]:
    return [await open_ticket(store, name) for name in names]


async def raised(store: Store, *names: str) -> Incident:
    joined = tuple(member(name, seconds) for seconds, name in enumerate(names))
    event = IncidentEvent("raised", "program:incidents", T0, {"people": len(names)})
    number = await store.apply_incident(IncidentChange(NEW, 0, joined, events=(event,)), T0)
    found = await store.find_incident(number)
    assert found is not None
    return found


async def test_an_incident_is_kept_with_its_members_and_marks_their_tickets(store: Store) -> None:
    tickets = await crowd(store, "ann", "bob", "cid")
    incident = await raised(store, "ann", "bob")
    assert incident == replace(NEW, number=IncidentNumber(1))
    assert [one.message_id for one in await store.list_members(incident.number)] == ["m-ann", "m-bob"]
    assert [(await get_ticket(store, one.number)).incident for one in tickets] == [1, 1, None]
    envelope = await store.find_ticket(tickets[0].number)
    assert envelope is not None
    assert (envelope.events[-1].kind, envelope.events[-1].data) == ("incident_joined", {"incident": 1})
    rows = await store.list_member_rows(incident.number, 10)
    assert [(row.number, row.requester, row.status) for row in rows] == [
        (tickets[1].number, "Person bob", "open"), (tickets[0].number, "Person ann", "open"),
    ]  # fmt: skip
    assert [event.kind for event in await store.list_incident_events(incident.number)] == ["raised"]


async def test_everything_about_it_can_change_but_by_one_at_a_time(store: Store) -> None:
    await crowd(store, "ann", "bob")
    incident = await raised(store, "ann")
    told = Telling("answer", {"en": "We know", "th": "เราทราบแล้ว"}, "en", "user:u", "Mei", at(9))
    after = replace(
        incident, state="resolved", title="Title", last_at=at(50), people=9, marks=("about:withdrawal",),
        owner=UserId("u"), crew=(UserId("u"), UserId("v")), told=(told,), version=2,
    )  # fmt: skip
    change = IncidentChange(after, 1, (member("bob", 2, why=("same error code WD-5031",)),))
    assert await store.apply_incident(change, at(50)) == 1
    assert await store.find_incident(incident.number) == after
    assert (await store.list_members(incident.number))[1].why == ("same error code WD-5031",)
    with pytest.raises(Conflict):
        await store.apply_incident(IncidentChange(replace(after, version=2), 1), at(51))
    with pytest.raises(Conflict):
        await raised(store, "ann")
    assert len(await store.list_members(incident.number)) == 2


async def test_who_is_removed_is_marked_no_more_and_stays_on_record(store: Store) -> None:
    tickets = await crowd(store, "ann", "bob")
    incident = await raised(store, "ann", "bob")
    change = IncidentChange(replace(incident, version=2), 1, removed=(MessageId("m-bob"),), removed_by="user:u")
    await store.apply_incident(change, at(9))
    assert [one.removed_by for one in await store.list_members(incident.number)] == ["", "user:u"]
    assert [row.number for row in await store.list_member_rows(incident.number, 9)] == [tickets[0].number]
    assert (await get_ticket(store, tickets[1].number)).incident is None
    again = IncidentChange(replace(incident, version=3), 2, (member("bob", 1),))
    await store.apply_incident(again, at(10))
    assert [one.removed_by for one in await store.list_members(incident.number)] == ["", ""]


async def test_members_go_to_the_incident_that_theirs_became_a_part_of(store: Store) -> None:
    tickets = await crowd(store, "ann", "bob")
    small = await raised(store, "ann")
    large = replace(NEW, key=MessageId("m-bob"))
    number = await store.apply_incident(IncidentChange(large, 0, (member("bob"), member("ann"))), T0)
    merged = replace(small, state="merged", merged_into=number, version=2)
    await store.apply_incident(IncidentChange(merged, 1), T0)
    assert [one.number for one in await store.list_incidents(open_only=True)] == [number]
    assert [one.number for one in await store.list_incidents(open_only=False)] == [number]
    assert (await get_ticket(store, tickets[0].number)).incident == number
    assert await store.list_members(small.number) == []


async def test_incidents_are_listed_by_their_last_report(store: Store) -> None:
    await crowd(store, "ann", "bob", "cid")
    for name, last in (("ann", 5), ("bob", 9), ("cid", 7)):
        one = replace(NEW, key=MessageId(f"m-{name}"), last_at=at(last))
        await store.apply_incident(IncidentChange(one, 0), T0)
    assert [one.key for one in await store.list_incidents(open_only=True)] == ["m-bob", "m-cid", "m-ann"]
    assert len(await store.list_incidents(open_only=True, limit=2)) == 2
    assert await store.find_incident(IncidentNumber(9)) is None


async def test_reports_come_with_admission_and_are_forgotten_after_a_week(store: Store) -> None:
    for name, signature in (("ann", "[1]"), ("bob", ""), ("cid", "[3]")):
        await store.admit([replace(opening(name), signature=signature)], T0)
    found = await store.list_reports(0, at(-60), 10)
    assert [(one.message_id, one.ticket_id, one.signature) for one in found] == [
        ("m-ann", "t-ann", "[1]"), ("m-cid", "t-cid", "[3]"),
    ]  # fmt: skip
    assert isinstance(found[0], Report)
    assert found[0].identity_id == IdentityId("i-ann")
    assert [one.message_id for one in await store.list_reports(found[0].seq, at(-60), 10)] == ["m-cid"]
    assert [one.message_id for one in await store.list_reports(0, at(-60), 1)] == ["m-ann"]
    assert await store.list_reports(0, at(60), 10) == []
    await store.forget_old(at(8 * 24 * 3600))
    assert await store.list_reports(0, at(-60), 10) == []
