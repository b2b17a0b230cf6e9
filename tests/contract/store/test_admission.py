"""What the router decided: committed whole or not at all."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.builders import (
    MAIN,
    T0,
    answer,
    at,
    changing,
    delivery,
    event,
    following,
    get_delivery,
    get_ticket,
    identity,
    ignoring,
    lease,
    message,
    open_ticket,
    opening,
    outgoing,
    query,
    raw,
    receive,
    ref,
    thread,
    ticket,
)
from tests.support.stores import Database
from tickets.errors import Conflict
from tickets.ids import ExternalMessageId, IdentityId, MessageId, ThreadId, TicketId, TicketNumber
from tickets.model import Authenticity, Automatic, Contact, DeliveryKind, DeliveryState, Participant, Reason
from tickets.records import BOUNCED, Admission, Bounce, NewJob, TicketFilter
from tickets.segments import segments
from tickets.storage import Store


async def census(store: Store) -> list[object]:
    """Everything that a failed call might have left behind."""
    tickets = [await store.find_ticket(TicketNumber(number)) for number in range(1, 6)]
    return [dict(await store.count_rows()), await store.newest_seq(), await store.count_waiting(), *tickets]


# What is written ---------------------------------------------------------------


async def test_a_first_message_makes_everything(store: Store) -> None:
    await receive(store, raw("1"))
    [leased] = await lease(store)
    numbers = await store.admit([opening("ann", leased.id)], at(1))
    assert numbers == {TicketId("t-ann"): 1}
    envelope = await store.find_ticket(TicketNumber(1))
    assert envelope is not None
    assert envelope.ticket == ticket("ann", number=TicketNumber(1))
    assert envelope.threads == (thread("ann"),)
    assert envelope.contacts == (Contact(identity("ann").contact_id, "Person ann", T0),)
    assert envelope.identities == (identity("ann"),)
    assert envelope.participants == (Participant(IdentityId("i-ann"), "requester"),)
    assert envelope.messages == (message("ann", "ann"),)
    assert [(e.kind, e.seq > 0) for e in envelope.events] == [("opened", True)]
    assert await store.count_waiting() == 0


async def test_every_field_of_a_ticket_and_a_message_comes_back(store: Store) -> None:
    await receive(store, raw("1"))
    [leased] = await lease(store)
    full = opening(
        "ann", leased.id, assignee="u-1", language="de", waiting_since=None, version=1,
        priority_reasons=(Reason("angry", 30), Reason("old", -5)), status="pending",
    )  # fmt: skip
    written = message(
        "ann", "ann", text="Grüße 👋\n\tzwei", event_id=leased.id, external_id=ExternalMessageId("x-1"),
        reply_to=ExternalMessageId("x-0"), subject="Hallo", html="<p>Hallo</p>", language="de",
        authenticity=Authenticity("verified", "dmarc", "pass"), automatic=Automatic("list", "List-Id"),
        warnings=("take care",), to=("a@example.org",), cc=("b@example.org", "c@example.org"),
        sent_at=at(-5.000001),
    )  # fmt: skip
    await store.admit([replace(full, message=written)], at(1))
    envelope = await store.find_ticket(TicketNumber(1))
    assert envelope is not None
    assert full.ticket is not None
    assert envelope.ticket == replace(full.ticket, number=TicketNumber(1))
    assert envelope.messages == (written,)


async def test_numbers_follow_each_other(store: Store) -> None:
    numbers = await store.admit([opening(f"p{n}") for n in range(3)], T0)
    numbers |= await store.admit([opening("p3"), opening("p4")], T0)
    assert [numbers[TicketId(f"t-p{n}")] for n in range(5)] == [1, 2, 3, 4, 5]


async def test_parallel_admissions_get_consecutive_numbers(store: Store) -> None:
    found = await asyncio.gather(*(store.admit([opening(f"p{n}")], T0) for n in range(20)))
    assert sorted(number for numbers in found for number in numbers.values()) == list(range(1, 21))


async def test_several_admissions_for_one_new_ticket_in_a_batch(store: Store) -> None:
    first = opening("ann")
    second = Admission(
        (), "ticket", ticket=ticket("ann", version=2, priority=70), ticket_version=1, thread_id=ThreadId("h-ann"),
        message=message("m2", "ann", stored_at=at(1)), segments=segments("second"),
    )  # fmt: skip
    assert await store.admit([first, second], T0) == {TicketId("t-ann"): 1}
    envelope = await store.find_ticket(TicketNumber(1))
    assert envelope is not None
    assert (envelope.ticket.version, envelope.ticket.priority, envelope.ticket.number) == (2, 70, 1)
    assert [one.id for one in envelope.messages] == ["m-ann", "m-m2"]
    assert len((await store.list_tickets(TicketFilter(query="second"))).items) == 1


async def test_a_further_message_changes_its_ticket(store: Store) -> None:
    known = await open_ticket(store, "ann")
    changed = replace(known, subject="New", status="pending", priority=3, version=2, updated_at=at(5))
    assert await store.admit([following(known, "m2", ticket=changed)], at(5)) == {known.id: known.number}
    assert await get_ticket(store, known.number) == changed


async def test_a_changed_identity_is_changed(store: Store) -> None:
    known = await open_ticket(store, "ann")
    renamed = identity("ann", display_name="Ann B.", handle="ann", language="sv")
    await store.admit([following(known, "m2", changed_identity=renamed)], at(1))
    envelope = await store.find_ticket(known.number)
    assert envelope is not None
    assert envelope.identities == (renamed,)


async def test_an_existing_reference_keeps_its_message(store: Store) -> None:
    await open_ticket(store, "ann")
    bob = opening("bob")
    await store.admit([replace(bob, refs=(*bob.refs, ref("ref-ann", "bob", "bob")))], T0)
    name = ("telegram", ExternalMessageId("ref-ann"))
    context = await store.find_context(query(refs=frozenset({name})))
    assert context.refs[name].message_id == MessageId("m-ann")


async def test_ignored_and_quarantined_events_need_no_ticket(store: Store) -> None:
    await receive(store, raw("1"), raw("2"))
    first, second = await lease(store)
    assert await store.admit([ignoring(first.id), Admission((second.id,), "quarantined", "torn")], T0) == {}
    assert await store.count_waiting() == 0
    assert [one.id for one in await store.list_quarantine()] == [second.id]
    assert await lease(store, 1000) == []


async def test_deliveries_jobs_and_events_are_written_with_the_ticket(store: Store) -> None:
    notice = delivery("n", thread_id="h-ann", ticket_id=TicketId("t-ann"))
    job = NewJob("fetch", "fetch-1", T0, {"attachment": "a-1"})
    await store.admit([replace(opening("ann"), deliveries=(notice,), jobs=(job,))], T0)
    assert await get_delivery(store, "n") == notice
    [leased] = await store.lease_jobs("worker", T0, 60, 10)
    assert (leased.kind, leased.payload) == ("fetch", {"attachment": "a-1"})


async def test_events_keep_their_data_in_order(store: Store) -> None:
    first = event("opened", "ann", data={"from": "a", "count": 3, "none": None}, message_id=MessageId("m-ann"))
    await store.admit([replace(opening("ann"), events=(first, event("routed", "ann")))], T0)
    found = await store.events_after(0)
    assert [one.kind for one in found] == ["opened", "routed"]
    assert found[0] == replace(first, seq=found[0].seq)
    assert await store.newest_seq() == found[1].seq
    assert await store.events_after(found[0].seq) == [found[1]]
    assert await store.events_after(0, limit=1) == [found[0]]


async def test_a_ticket_may_have_several_threads_and_reopens_in_all(store: Store) -> None:
    known = await open_ticket(store, "ann")
    more = following(known, "m2", new_thread=thread("more"), thread_id=ThreadId("h-more"))
    await store.admit([more], at(1))
    known = await get_ticket(store, known.number)
    await store.apply_change(changing(known, ticket=replace(known, status="closed", version=3)), at(2))
    known = await get_ticket(store, known.number)
    await store.admit([following(known, "m3", ticket=replace(known, status="open", version=4))], at(3))
    await refused(store, replace(opening("bob"), thread_id=ThreadId("h-more")))


async def test_a_new_ticket_may_open_where_the_last_one_is_closed(store: Store) -> None:
    await open_ticket(store, "ann", status="closed")
    numbers = await store.admit([replace(opening("bob"), thread_id=ThreadId("h-ann"))], at(1))
    assert numbers == {TicketId("t-bob"): 2}


# What is refused ---------------------------------------------------------------


async def refused(store: Store, *admissions: Admission) -> None:
    """The admissions raise Conflict and leave nothing, and the good ones among them are still possible."""
    before = await census(store)
    with pytest.raises(Conflict):
        await store.admit(admissions, at(9))
    assert await census(store) == before


async def test_a_ticket_that_changed_meanwhile(store: Store) -> None:
    known = await open_ticket(store, "ann")
    await store.admit([following(known, "m2")], at(1))
    await refused(store, opening("bob"), following(known, "m3"))


async def test_a_ticket_that_does_not_exist(store: Store) -> None:
    await open_ticket(store, "ann")
    await refused(store, opening("bob"), following(ticket("ann", version=7), "m2"))


async def test_an_identity_that_another_worker_made(store: Store) -> None:
    await open_ticket(store, "ann")
    twin = opening("twin")
    same = replace(identity("twin"), external_id="person-ann")
    await refused(store, opening("bob"), replace(twin, new_identity=same))


async def test_a_thread_that_another_worker_made(store: Store) -> None:
    await open_ticket(store, "ann")
    await refused(store, opening("bob"), replace(opening("twin"), new_thread=replace(thread("ann"), id="h-twin")))


async def test_a_second_open_ticket_in_a_thread(store: Store) -> None:
    await open_ticket(store, "ann")
    await refused(store, replace(opening("bob"), thread_id=ThreadId("h-ann")))


async def test_events_that_another_worker_handled(store: Store) -> None:
    await receive(store, raw("1"), raw("2", "other"))
    mine = await lease(store, 0)
    others = await lease(store, 61)
    await store.admit([opening("ann", others[0].id)], at(62))
    await refused(store, opening("bob", mine[1].id), opening("cid", mine[0].id))


async def test_events_that_another_worker_ignored(store: Store) -> None:
    await receive(store, raw("1"))
    [mine] = await lease(store, 0)
    await store.admit([ignoring(mine.id)], at(62))
    await refused(store, ignoring(mine.id))


async def test_of_parallel_workers_with_the_same_events_one_wins(store: Store) -> None:
    await receive(store, raw("1"))
    [leased] = await lease(store)
    outcomes = await asyncio.gather(
        *(store.admit([opening(f"p{n}", leased.id)], T0) for n in range(10)), return_exceptions=True
    )
    assert sum(isinstance(one, dict) for one in outcomes) == 1
    assert sum(isinstance(one, Conflict) for one in outcomes) == 9
    assert (await store.count_rows())["tickets_unfinished"] == 1


async def test_a_number_refused_is_given_to_the_next(store: Store) -> None:
    await open_ticket(store, "ann")
    await refused(store, opening("bob"), replace(opening("twin"), new_identity=identity("ann")))
    assert (await store.admit([opening("cid")], at(10)))[TicketId("t-cid")] == 2


async def test_a_refused_event_can_be_leased_again(store: Store) -> None:
    known = await open_ticket(store, "ann")
    await receive(store, raw("1"))
    [leased] = await lease(store)
    with pytest.raises(Conflict):
        await store.admit([following(replace(known, version=5), "m2", leased.id)], at(1))
    assert [one.id for one in await lease(store, 61)] == [leased.id]


async def test_a_crash_before_the_commit_leaves_nothing(database: Database) -> None:
    points: list[str] = []
    whole, torn = database.store(), database.store(crash=lambda point: _crash(points, point))
    await whole.open()
    await torn.open()
    await receive(whole, raw("1"))
    [leased] = await lease(whole)
    before = await census(whole)
    with pytest.raises(ZeroDivisionError):
        await torn.admit([opening("ann", leased.id)], at(1))
    assert points == ["store.admit_written"]
    assert await census(whole) == before
    assert await whole.admit([opening("ann", leased.id)], at(2)) == {TicketId("t-ann"): 1}
    await torn.close()
    await whole.close()


def _crash(points: list[str], point: str) -> None:
    points.append(point)
    raise ZeroDivisionError


# What came back ----------------------------------------------------------------


@pytest.mark.parametrize("state", ["sent", "unknown"])
async def test_an_answer_that_came_back_has_failed(store: Store, state: DeliveryState) -> None:
    known = await open_ticket(store, "ann")
    await store.apply_change(
        changing(known, message=outgoing("r", known), delivery=answer("r", known, texts=("Hello",), state=state)),
        at(1),
    )
    [row] = (await store.list_tickets(TicketFilter())).items
    bounce = Bounce(MessageId("m-r"), "A mail system sent it back.")
    await store.admit([following(row.ticket, "back", bounce=bounce)], at(9))
    back = await get_delivery(store, "r")
    assert (back.state, back.code, back.detail, back.updated_at) == ("failed", BOUNCED, bounce.detail, at(9))
    assert [part.state for part in back.parts] == ["failed"]
    told = [one for one in await store.events_after(0, 99) if one.delivery_id == back.id]
    assert told[-1].data == {"state": "failed", "part": 1, "code": BOUNCED}
    assert await store.lease_unknown([MAIN], "worker", at(99), 60, 10) == []


@pytest.mark.parametrize("kind", ["code", "notice"])
async def test_a_code_that_came_back_has_the_person_wait_again_and_other_mails_do_not(
    store: Store, kind: DeliveryKind
) -> None:
    name = ExternalMessageId("<code@desk>")
    known = await open_ticket(store, "ann", status="pending", waiting_since=None, unanswered=0)
    mailed = answer("c", known, state="sent")
    part = replace(mailed.parts[0], state="sent", external_id=name)
    mailed = replace(mailed, kind=kind, message_id=None, thread_id=None, parts=(part,))
    await store.apply_change(changing(known, mailed=mailed), at(1))
    [row] = (await store.list_tickets(TicketFilter())).items
    bounce = Bounce(MessageId("m-ann"), "A mail system sent it back.", name)
    await store.admit([following(row.ticket, "back", bounce=bounce)], at(9))
    after = await get_ticket(store, 1)
    back = await get_delivery(store, "c")
    waits = kind == "code"
    assert (back.state, after.waiting_since is not None, after.unanswered > 0) == (
        "failed" if waits else "sent",
        waits,
        waits,
    )


@pytest.mark.parametrize("state", ["queued", "held", "sending", "failed"])
async def test_what_has_not_left_cannot_come_back(store: Store, state: DeliveryState) -> None:
    known = await open_ticket(store, "ann")
    wanted = answer("r", known, state=state)
    await store.apply_change(changing(known, message=outgoing("r", known), delivery=wanted), at(1))
    [row] = (await store.list_tickets(TicketFilter())).items
    await store.admit([following(row.ticket, "back", bounce=Bounce(MessageId("m-r"), "x"))], at(9))
    assert await get_delivery(store, "r") == wanted
