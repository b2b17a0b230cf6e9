"""Tickets merged and taken apart: what moves, where names lead, and that nothing is lost."""

import pytest
from msgspec.structs import replace

from desk.actors import Actor
from desk.merging import merged, taken_apart
from tests.support.builders import (
    answer,
    at,
    changing,
    following,
    get_ticket,
    identity,
    lease_out,
    message,
    open_ticket,
    outgoing,
    query,
    thread,
)
from tickets.errors import Conflict
from tickets.ids import DeliveryId, ExternalMessageId, MessageId, ThreadId, ThreadKey, TicketNumber, UserId
from tickets.model import Participant, Receipt, Ticket, TicketEnvelope
from tickets.records import Context, TicketFilter
from tickets.segments import segments
from tickets.storage import Store

TEXT = "提现没有到账"
MEI = Actor("user:u-1", "Mei", "agent", UserId("u-1"))


async def whole(store: Store, number: int) -> TicketEnvelope:
    found = await store.find_ticket(TicketNumber(number))
    assert found is not None
    return found


async def merge(store: Store, giver: int, receiver: int, seconds: float = 10) -> None:
    now = at(seconds)
    change = merged(await whole(store, giver), await whole(store, receiver), MEI, now)
    await store.apply_change(change, now)


async def take_apart(store: Store, number: int, seconds: float = 20) -> None:
    was, now = await whole(store, number), at(seconds)
    assert was.ticket.merged_into is not None
    receiver, brought = await whole(store, was.ticket.merged_into), await store.find_brought(TicketNumber(number))
    await store.apply_change(taken_apart(was, receiver, brought, MEI, now), now)


async def people(store: Store, *names: str) -> list[Ticket]:
    """A ticket for each, numbered from 1, opened one second after the other."""
    return [await open_ticket(store, name, waiting_since=at(n), unanswered=1) for n, name in enumerate(names)]


def ids(ticket: TicketEnvelope) -> list[str]:
    return [one.id for one in ticket.messages]


async def leads(store: Store, name: str) -> Context:
    """What the router is told of somebody's message, conversation and ticket's number."""
    number = {"ann": 1, "bob": 2, "cem": 3}[name]
    return await store.find_context(
        query(
            refs=frozenset({("telegram", ExternalMessageId(f"ref-{name}"))}),
            threads=frozenset({(("telegram:main"), ThreadKey(f"key-{name}"))}),
            numbers=frozenset({TicketNumber(number)}),
        )
    )


async def test_all_that_was_said_is_in_the_other_ticket(store: Store) -> None:
    ann, bob = await people(store, "ann", "bob")
    await store.apply_change(changing(ann, message=outgoing("r", ann), delivery=answer("r", ann)), at(3))
    await merge(store, 1, 2)

    both, was = await whole(store, 2), await whole(store, 1)
    assert ids(both) == ["m-ann", "m-bob", "m-r"]
    assert {one.ticket_id for one in both.messages} == {bob.id}
    assert {one.id for one in both.threads} == {"h-ann", "h-bob"}
    assert {one.id for one in both.identities} == {"i-ann", "i-bob"}
    assert [one.id for one in both.deliveries] == ["d-r"]
    assert both.merged == (1,)
    assert (both.ticket.status, both.ticket.waiting_since) == ("open", at(0))
    assert (was.ticket.status, was.ticket.merged_into, ids(was), was.deliveries) == ("closed", 2, [], ())


async def test_nothing_that_happened_is_forgotten(store: Store) -> None:
    await people(store, "ann", "bob")
    before = [one.seq for number in (1, 2) for one in (await whole(store, number)).events]
    await merge(store, 1, 2)
    events = (await whole(store, 2)).events
    assert [one.seq for one in events] == sorted(one.seq for one in events)
    assert set(before) < {one.seq for one in events}
    assert [one.kind for one in events[-2:]] == ["merged", "merged_in"]
    assert [one.kind for one in (await whole(store, 1)).events][-1] == "merged"


async def test_lists_show_it_once_and_find_it_by_all_its_words(store: Store) -> None:
    ann, _bob = await people(store, "ann", "bob")
    said = following(
        ann, "m2", segments=segments("提现没有到账"), message=message("m2", "ann", text="提现没有到账")
    )
    await store.admit([said], at(3))
    await merge(store, 1, 2)
    rows = (await store.list_tickets(TicketFilter())).items
    assert [row.ticket.number for row in rows] == [2]
    assert rows[0].message_count == 3
    assert rows[0].snippet == "提现没有到账"
    assert [row.ticket.number for row in (await store.list_tickets(TicketFilter(query="提现"))).items] == [2]
    assert (await store.count_tickets(None)).open == 1


async def test_names_conversations_and_numbers_lead_to_where_it_went_on(store: Store) -> None:
    await people(store, "ann", "bob", "cem")
    await merge(store, 1, 2)
    await merge(store, 2, 3, seconds=11)
    for name in ("ann", "bob", "cem"):
        context = await leads(store, name)
        cem = await get_ticket(store, TicketNumber(3))
        assert list(context.tickets.values()) == [cem]
        assert {one.ticket_id for one in context.refs.values()} == {cem.id}
        assert set(context.thread_tickets.values()) | set(context.numbers.values()) == {cem.id}
        assert context.participants[cem.id] == {identity(one).id for one in ("ann", "bob", "cem")}
    assert (await whole(store, 3)).merged == (1, 2)


async def test_an_answer_on_its_way_arrives_at_the_other_ticket(store: Store) -> None:
    ann, bob = await people(store, "ann", "bob")
    await store.apply_change(changing(ann, message=outgoing("r", ann), delivery=answer("r", ann)), at(3))
    await lease_out(store, 4)
    assert await store.mark_sending(DeliveryId("d-r"), 1, "worker", at(4))
    await merge(store, 1, 2)
    await store.record_receipt(DeliveryId("d-r"), 1, Receipt(ExternalMessageId("x-r"), at(11)), at(11), "worker")
    (delivery,) = (await whole(store, 2)).deliveries
    assert (delivery.state, delivery.ticket_id) == ("sent", bob.id)
    name = ("telegram", ExternalMessageId("x-r"))
    assert (await store.find_context(query(refs=frozenset({name})))).refs[name].ticket_id == bob.id


async def test_taken_apart_each_has_its_own_again_and_what_came_since(store: Store) -> None:
    await people(store, "ann", "bob")
    await merge(store, 1, 2)
    both = await get_ticket(store, TicketNumber(2))
    came = message("late", "bob", thread_id=ThreadId("h-ann"), identity_id=identity("ann").id, stored_at=at(15))
    late = following(both, "late", message=came, refs=())
    await store.admit([replace(late, thread_id=ThreadId("h-ann"))], at(15))
    await store.apply_change(changing(await get_ticket(store, TicketNumber(2)), key="k"), at(16))
    await take_apart(store, 1)

    ann, bob = await whole(store, 1), await whole(store, 2)
    assert ids(ann) == ["m-ann", "m-late"]
    assert ids(bob) == ["m-bob"]
    assert [one.id for one in bob.threads] == ["h-bob"]
    assert [one.id for one in bob.identities] == ["i-bob"]
    assert [one.id for one in ann.identities] == ["i-ann"]
    assert (bob.merged, ann.ticket.merged_into, ann.ticket.status) == ((), None, "open")
    assert (ann.ticket.unanswered, ann.ticket.waiting_since) == (2, ann.messages[0].stored_at)
    assert ann.events[-1].kind == "taken_apart"
    assert {row.ticket.number: row.message_count for row in (await store.list_tickets(TicketFilter())).items} == {
        1: 2,
        2: 1,
    }
    context = await leads(store, "ann")
    assert set(context.thread_tickets.values()) | set(context.numbers.values()) == {ann.ticket.id}
    assert not (await store.find_brought(TicketNumber(1))).messages


async def test_merged_twice_is_taken_apart_from_the_outside_in(store: Store) -> None:
    await people(store, "ann", "bob", "cem")
    await merge(store, 1, 2)
    await merge(store, 2, 3, seconds=11)
    await take_apart(store, 2)
    assert ids(await whole(store, 2)) == ["m-ann", "m-bob"]
    assert (await whole(store, 2)).merged == (1,)
    await take_apart(store, 1)
    assert [ids(await whole(store, n)) for n in (1, 2, 3)] == [["m-ann"], ["m-bob"], ["m-cem"]]


async def test_a_second_merging_after_the_first_was_undone(store: Store) -> None:
    await people(store, "ann", "bob")
    for n in range(3):
        await merge(store, 1, 2, seconds=10 + 20 * n)
        await take_apart(store, 1, seconds=20 + 20 * n)
    await merge(store, 2, 1, seconds=90)
    assert ids(await whole(store, 1)) == ["m-ann", "m-bob"]


@pytest.mark.parametrize("stale", [1, 2])
async def test_what_was_decided_on_an_older_state_changes_nothing(store: Store, stale: int) -> None:
    known = await people(store, "ann", "bob")
    change = merged(await whole(store, 1), await whole(store, 2), MEI, at(10))
    await store.apply_change(changing(known[stale - 1]), at(5))
    with pytest.raises(Conflict):
        await store.apply_change(change, at(10))
    assert [ids(await whole(store, n)) for n in (1, 2)] == [["m-ann"], ["m-bob"]]
    assert (await get_ticket(store, TicketNumber(1))).merged_into is None


async def test_a_conversation_that_goes_on_in_a_third_ticket_is_not_taken(store: Store) -> None:
    """A closed ticket of a conversation that has a new one: that one is to be merged instead."""
    ann, _bob = await people(store, "ann", "bob")
    closed = replace(ann, status="closed", version=2, waiting_since=None, unanswered=0)
    await store.apply_change(changing(ann, ticket=closed), at(3))
    third = replace(ann, id=type(ann.id)("t-third"), number=TicketNumber(0), version=1)
    words = message("third", "third", thread_id=ThreadId("h-ann"), identity_id=identity("ann").id)
    again = following(ann, "third", ticket=third, message=words, refs=())
    await store.admit([replace(again, ticket_version=0, thread_id=ThreadId("h-ann"))], at(4))
    with pytest.raises(Conflict):
        await merge(store, 1, 2)
    assert ids(await whole(store, 2)) == ["m-bob"]
    await merge(store, 1, 3)
    assert sorted(ids(await whole(store, 3))) == ["m-ann", "m-third"]
    await take_apart(store, 1)
    assert [ids(await whole(store, n)) for n in (1, 3)] == [["m-ann"], ["m-third"]]
    assert MessageId("m-ann") not in (await store.find_brought(TicketNumber(1))).messages


async def test_a_conversation_that_went_on_in_a_third_ticket_stays_there(store: Store) -> None:
    """It was merged, all was closed, and long afterwards the person wrote again."""
    ann, _bob = await people(store, "ann", "bob")
    await merge(store, 1, 2)
    both = await get_ticket(store, TicketNumber(2))
    closed = replace(both, status="closed", version=both.version + 1, waiting_since=None, unanswered=0)
    await store.apply_change(changing(both, ticket=closed), at(12))
    third = replace(ann, id=type(ann.id)("t-third"), number=TicketNumber(0), version=1)
    words = message("third", "third", thread_id=ThreadId("h-ann"), identity_id=identity("ann").id)
    again = following(ann, "third", ticket=third, message=words, refs=())
    await store.admit([replace(again, ticket_version=0, thread_id=ThreadId("h-ann"))], at(14))
    assert (await store.find_brought(TicketNumber(1))).elsewhere
    await take_apart(store, 1)
    assert [ids(await whole(store, n)) for n in (1, 2, 3)] == [["m-ann"], ["m-bob"], ["m-third"]]
    assert (await get_ticket(store, TicketNumber(1))).status == "closed"


@pytest.mark.parametrize("order", [(3, 1), (1, 3)])
async def test_each_of_several_takes_its_own_and_no_others(store: Store, order: tuple[int, int]) -> None:
    """An old ticket and a later one of the same chat, both merged into a third."""
    ann, _bob = await people(store, "ann", "bob")
    closed = replace(ann, status="closed", version=2, waiting_since=None, unanswered=0)
    await store.apply_change(changing(ann, ticket=closed), at(3))
    later = replace(ann, id=type(ann.id)("t-later"), number=TicketNumber(0), version=1)
    words = message("later", "later", thread_id=ThreadId("h-ann"), identity_id=identity("ann").id)
    again = following(ann, "later", ticket=later, message=words, refs=())
    person = (Participant(identity("ann").id, "requester"),)
    await store.admit([replace(again, ticket_version=0, thread_id=ThreadId("h-ann"), participants=person)], at(4))
    await merge(store, 3, 2, seconds=10)
    await merge(store, 1, 2, seconds=11)
    for number in order:
        await take_apart(store, number, seconds=20)
    assert [ids(await whole(store, n)) for n in (1, 2, 3)] == [["m-ann"], ["m-bob"], ["m-later"]]


async def test_two_conversations_of_one_person_go_back_to_their_own_tickets(store: Store) -> None:
    ann, _bob = await people(store, "ann", "bob")
    second = replace(ann, id=type(ann.id)("t-second"), number=TicketNumber(0), version=1)
    words = message("second", "second", thread_id=ThreadId("h-second"), identity_id=identity("ann").id)
    person = (Participant(identity("ann").id, "requester"),)
    opened = following(ann, "second", ticket=second, message=words, refs=(), participants=person)
    fresh = thread("second")
    await store.admit([replace(opened, ticket_version=0, new_thread=fresh, thread_id=fresh.id)], at(4))
    await merge(store, 1, 2, seconds=10)
    await merge(store, 3, 2, seconds=11)
    await take_apart(store, 1, seconds=20)
    assert [ids(await whole(store, n)) for n in (1, 2, 3)] == [["m-ann"], ["m-bob", "m-second"], []]
    await take_apart(store, 3, seconds=21)
    assert [ids(await whole(store, n)) for n in (1, 2, 3)] == [["m-ann"], ["m-bob"], ["m-second"]]
    assert [one.id for one in (await whole(store, 3)).threads] == ["h-second"]


async def test_what_was_taken_out_is_not_found_there_any_more(store: Store) -> None:
    ann, _bob = await people(store, "ann", "bob")
    said = following(ann, "m2", segments=segments(TEXT), message=message("m2", "ann", text=TEXT))
    await store.admit([said], at(3))
    await merge(store, 1, 2)
    await take_apart(store, 1)
    for words, numbers in (("提现", [1]), ("bob", [2]), ("Text", [2, 1])):
        found = (await store.list_tickets(TicketFilter(query=words))).items
        assert [row.ticket.number for row in found] == numbers
