"""Deliveries: who may send what and when, and what is known afterwards."""

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
    get_delivery,
    lease_out,
    open_ticket,
    outgoing,
    query,
    queue,
)
from tests.support.stores import Database
from tickets.errors import Conflict
from tickets.ids import AccountId, AttachmentId, DeliveryId, ExternalMessageId, MessageId, ThreadId, ThreadKey
from tickets.model import AttachmentDraft, DeliveryPart, Receipt, ReplyTarget
from tickets.records import MessageRef, NewAttachment
from tickets.storage import Store

D = DeliveryId("d-r")


async def sending(store: Store, name: str = "r", n: int = 1, seconds: float = 1, holder: str = "worker") -> bool:
    return await store.mark_sending(DeliveryId(f"d-{name}"), n, holder, at(seconds))


async def sent(store: Store, name: str = "r", n: int = 1, seconds: float = 2) -> None:
    receipt = Receipt(ExternalMessageId(f"x-{name}-{n}"), at(seconds))
    await store.record_receipt(DeliveryId(f"d-{name}"), n, receipt, at(seconds))


# Leases ------------------------------------------------------------------------------


async def test_a_queued_delivery_is_leased_as_it_was_stored(store: Store) -> None:
    wanted = delivery("r", texts=("one", "two"), priority=5, code="waiting", detail="a reason")
    await queue(store, wanted)
    assert list(await store.lease_deliveries([MAIN], "worker", T0, 60, 10)) == [wanted]
    assert await store.find_delivery(D) == wanted
    assert await store.find_delivery(DeliveryId("d-nobody")) is None


async def test_only_what_is_due_and_queued_is_leased(store: Store) -> None:
    states = [delivery(state, state=state) for state in ("held", "sending", "sent", "failed", "unknown")]
    await queue(store, delivery("later", next_at=at(10)), *states)
    assert await lease_out(store, 9.9) == []
    assert await lease_out(store, 10) == ["later"]


async def test_only_the_accounts_asked_for_are_leased(store: Store) -> None:
    other = AccountId("telegram:other")
    await queue(store, delivery("a"), delivery("b", account=other))
    assert list(await store.lease_deliveries([], "worker", T0, 60, 10)) == []
    assert [d.id for d in await store.lease_deliveries([other], "worker", T0, 60, 10)] == ["d-b"]
    assert [d.id for d in await store.lease_deliveries([MAIN, other], "worker", T0, 60, 10)] == ["d-a"]


async def test_the_most_urgent_is_leased_first(store: Store) -> None:
    await queue(
        store,
        delivery("late", next_at=at(3)),
        delivery("urgent", priority=9, next_at=at(4)),
        delivery("early", next_at=at(2)),
    )
    assert await lease_out(store, 5, limit=1) == ["urgent"]
    assert await lease_out(store, 5) == ["early", "late"]


async def test_a_leased_delivery_is_given_to_no_other_until_it_expires(store: Store) -> None:
    await queue(store, delivery("r"))
    assert await lease_out(store, 0, holder="one") == ["r"]
    assert await lease_out(store, 59, holder="two") == []
    assert await lease_out(store, 60, holder="two") == ["r"]


async def test_parallel_workers_never_get_the_same(database: Database) -> None:
    stores = [database.store() for _ in range(3)]
    for store in stores:
        await store.open()
    await queue(stores[0], *(delivery(f"{n}") for n in range(30)))
    leases = await asyncio.gather(
        *(lease_out(store, holder=f"w{n}", limit=5) for n in range(4) for store in stores)
    )
    seen = [name for leased in leases for name in leased]
    assert len(seen) == len(set(seen))
    while left := await lease_out(stores[0], limit=5):
        seen += left
    assert sorted(seen, key=int) == [f"{n}" for n in range(30)]
    for store in stores:
        await store.close()


async def test_answers_in_a_thread_keep_their_order(store: Store) -> None:
    await open_ticket(store, "ann")
    in_thread = [delivery(f"{n}", thread_id="h-ann", created_at=at(n), priority=n) for n in range(3)]
    await queue(store, *reversed(in_thread))
    for n in range(3):
        assert await lease_out(store, 10) == [f"{n}"]
        assert await lease_out(store, 10, holder="other") == []
        assert await sending(store, f"{n}", seconds=11)
        assert await lease_out(store, 11, holder="other") == []
        await sent(store, f"{n}", seconds=12)


async def test_a_postponed_answer_holds_those_after_it(store: Store) -> None:
    await open_ticket(store, "ann")
    await queue(
        store,
        delivery("first", thread_id="h-ann", next_at=at(50)),
        delivery("second", thread_id="h-ann", created_at=at(1)),
    )
    assert await lease_out(store, 40) == []
    assert await lease_out(store, 50) == ["first"]


@pytest.mark.parametrize("state", ["failed", "unknown", "held"])
async def test_an_answer_that_waits_for_a_person_does_not_hold_those_after_it(store: Store, state: str) -> None:
    await open_ticket(store, "ann")
    await queue(
        store,
        delivery("first", thread_id="h-ann", state=state),
        delivery("second", thread_id="h-ann", created_at=at(1)),
    )
    assert await lease_out(store, 1) == ["second"]


async def test_threads_do_not_wait_for_each_other(store: Store) -> None:
    await open_ticket(store, "ann")
    await open_ticket(store, "bob")
    await queue(store, delivery("a", thread_id="h-ann"), delivery("b", thread_id="h-bob"))
    assert sorted(await lease_out(store)) == ["a", "b"]


# Sending -----------------------------------------------------------------------------


async def test_sending_is_committed_with_its_attempt(store: Store) -> None:
    await queue(store, delivery("r", code="waiting", detail="why"))
    await lease_out(store)
    assert await sending(store)
    found = await get_delivery(store, "r")
    assert (found.state, found.code, found.detail, found.updated_at) == ("sending", "", "", at(1))
    [part] = found.parts
    assert (part.state, part.attempts, part.started_at) == ("sending", 1, at(1))


async def test_sending_needs_the_lease(store: Store) -> None:
    await queue(store, delivery("r"))
    assert not await sending(store)
    await lease_out(store, 0)
    assert not await sending(store, holder="other")
    assert not await sending(store, seconds=60)
    assert (await get_delivery(store, "r")).state == "queued"
    await lease_out(store, 60, holder="other")
    assert not await sending(store, seconds=61)
    assert await sending(store, seconds=61, holder="other")


async def test_nothing_is_sent_twice_at_once(store: Store) -> None:
    await queue(store, delivery("r"))
    await lease_out(store)
    marked = await asyncio.gather(*(sending(store) for _ in range(10)))
    assert sorted(marked) == [False] * 9 + [True]
    assert (await get_delivery(store, "r")).parts[0].attempts == 1


async def test_a_receipt_of_the_only_piece_ends_the_delivery(store: Store) -> None:
    await queue(store, delivery("r"))
    await lease_out(store)
    await sending(store)
    await store.record_receipt(D, 1, Receipt(ExternalMessageId("x-1"), at(2), note="quote was gone"), at(3))
    found = await get_delivery(store, "r")
    assert (found.state, found.detail, found.updated_at) == ("sent", "quote was gone", at(3))
    assert (found.parts[0].state, found.parts[0].external_id, found.parts[0].sent_at) == ("sent", "x-1", at(2))
    assert await lease_out(store, 1000) == []


async def test_the_next_piece_is_sent_under_the_same_lease(store: Store) -> None:
    await queue(store, delivery("r", texts=("one", "two", "three")))
    await lease_out(store)
    for n in (1, 2):
        assert await sending(store, n=n)
        await sent(store, n=n)
        assert (await get_delivery(store, "r")).state == "queued"
        assert await lease_out(store, 3, holder="other") == []
    assert await sending(store, n=3)
    await sent(store, n=3)
    found = await get_delivery(store, "r")
    assert found.state == "sent"
    assert [part.external_id for part in found.parts] == ["x-r-1", "x-r-2", "x-r-3"]
    assert [part.attempts for part in found.parts] == [1, 1, 1]


async def test_the_pieces_left_are_sent_by_another_worker(store: Store) -> None:
    await queue(store, delivery("r", texts=("one", "two")))
    await lease_out(store)
    await sending(store)
    await sent(store)
    assert await lease_out(store, 61, holder="other") == ["r"]
    assert [part.state for part in (await get_delivery(store, "r")).parts] == ["sent", "queued"]
    assert not await sending(store, n=2, seconds=62)


async def test_every_piece_and_alias_leads_back_to_the_ticket(store: Store) -> None:
    known = await open_ticket(store, "ann")
    reply = answer("r", known, texts=("one", "two"))
    await store.apply_change(changing(known, message=outgoing("r", known), delivery=reply), T0)
    await lease_out(store)
    await sending(store)
    aliases = (ExternalMessageId("x-alias"),)
    await store.record_receipt(D, 1, Receipt(ExternalMessageId("x-1"), at(1), aliases), at(1))
    await sending(store, n=2)
    await sent(store, n=2)
    wanted = frozenset(("telegram", ExternalMessageId(name)) for name in ("x-1", "x-alias", "x-r-2"))
    refs = (await store.find_context(query(refs=wanted))).refs
    back = MessageRef(MessageId("m-r"), known.id, ThreadId("h-ann"), ours=True)
    assert refs == dict.fromkeys(wanted, back)


async def test_a_name_that_is_known_before_leads_back_from_the_first_moment(store: Store) -> None:
    """People, and their mail servers, may answer before the receipt is written, or where it never comes."""
    known = await open_ticket(store, "ann")
    change = changing(known, message=outgoing("r", known), delivery=answer("r", known))
    await store.apply_change(change, T0)
    await lease_out(store)
    assert await store.mark_sending(D, 1, "worker", at(1), ExternalMessageId("x-r-1"))
    wanted = frozenset({("telegram", ExternalMessageId("x-r-1"))})
    refs = (await store.find_context(query(refs=wanted))).refs
    assert refs == dict.fromkeys(wanted, MessageRef(MessageId("m-r"), known.id, ThreadId("h-ann"), ours=True))


@pytest.mark.parametrize("kind", ["reply", "notice"])
async def test_its_own_name_proves_that_it_arrived(store: Store, kind: str) -> None:
    """Also of a notice, which is no message and whose name leads to what it is about."""
    known = await open_ticket(store, "ann")
    by_mail = ReplyTarget("email", MAIN, ThreadKey("key"), "private")
    sent_out = replace(answer("r", known), kind=kind, target=by_mail)
    if kind == "reply":
        await store.apply_change(changing(known, message=outgoing("r", known), delivery=sent_out), T0)
    else:
        await queue(store, replace(sent_out, message_id=None))
    await lease_out(store)
    await store.mark_sending(D, 1, "worker", at(1), ExternalMessageId("x-r-1"))
    await store.record_failure(D, 1, "unknown", "no_answer", "", at(2), at(2), "worker")
    await sent(store, seconds=3)
    assert (await get_delivery(store, "r")).state == "sent"


@pytest.mark.parametrize("state", ["queued", "held", "failed", "unknown"])
async def test_a_failure_is_stored_with_its_reason_and_ends_the_lease(store: Store, state: str) -> None:
    await queue(store, delivery("r"))
    await lease_out(store)
    await sending(store)
    await store.record_failure(D, 1, state, "blocked", "The person blocked us.", at(30), at(2))  # type: ignore[arg-type]
    found = await get_delivery(store, "r")
    assert (found.state, found.code, found.detail) == (state, "blocked", "The person blocked us.")
    assert (found.next_at, found.updated_at) == (at(30), at(2))
    assert (found.parts[0].state, found.parts[0].attempts) == (state, 1)
    assert await lease_out(store, 29) == []
    assert await lease_out(store, 30) == (["r"] if state == "queued" else [])


async def test_attempts_are_counted_over_failures(store: Store) -> None:
    await queue(store, delivery("r"))
    for n in range(1, 4):
        await lease_out(store, n * 10)
        assert await sending(store, seconds=n * 10)
        await store.record_failure(D, 1, "queued", "unreachable", "", at(n * 10 + 5), at(n * 10))
        assert (await get_delivery(store, "r")).parts[0].attempts == n


async def test_a_postponed_delivery_counts_no_attempt(store: Store) -> None:
    await queue(store, delivery("r"))
    await lease_out(store)
    await store.postpone(D, at(20), "The platform asks for a pause.", at(1))
    found = await get_delivery(store, "r")
    assert (found.state, found.parts[0].attempts, found.next_at) == ("queued", 0, at(20))
    assert found.detail == "The platform asks for a pause."
    assert await lease_out(store, 19, holder="other") == []
    assert await lease_out(store, 20, holder="other") == ["r"]


async def test_steps_are_told_as_events_of_the_ticket(store: Store) -> None:
    known = await open_ticket(store, "ann")
    await store.apply_change(
        changing(known, message=outgoing("r", known), delivery=answer("r", known)), T0
    )  # fmt: skip
    before = await store.newest_seq()
    await lease_out(store)
    await sending(store)
    await sent(store)
    told = await store.events_after(before)
    assert [(one.ticket_id, one.delivery_id, one.data["state"]) for one in told] == [
        (known.id, D, "sending"),
        (known.id, D, "sent"),
    ]


# After a crash -------------------------------------------------------------------------


async def test_a_lost_sending_is_unknown_and_the_others_are_queued(store: Store) -> None:
    await queue(store, delivery("r"), delivery("idle"), delivery("done"))
    assert len(await lease_out(store)) == 3
    await sending(store)
    await sending(store, "done")
    await sent(store, "done")
    assert await store.reap_deliveries(at(59)) == 0
    assert (await get_delivery(store, "r")).state == "sending"
    assert await store.reap_deliveries(at(60)) >= 1
    found = await get_delivery(store, "r")
    assert (found.state, found.parts[0].state) == ("unknown", "unknown")
    assert found.detail
    assert (await get_delivery(store, "done")).state == "sent"
    assert await lease_out(store, 60, holder="other") == ["idle"]
    assert await store.reap_deliveries(at(61)) == 0


async def test_only_the_piece_that_was_being_sent_is_unknown(store: Store) -> None:
    await queue(store, delivery("r", texts=("one", "two", "three")))
    await lease_out(store)
    await sending(store)
    await sent(store)
    await sending(store, n=2)
    await store.reap_deliveries(at(100))
    assert [part.state for part in (await get_delivery(store, "r")).parts] == ["sent", "unknown", "queued"]


async def test_a_crash_while_the_receipt_is_stored_leaves_it_sending(database: Database) -> None:
    points: list[str] = []

    def crash(point: str) -> None:
        points.append(point)
        raise ZeroDivisionError

    whole, torn = database.store(), database.store(crash=crash)
    await whole.open()
    await torn.open()
    await queue(whole, delivery("r"))
    await lease_out(whole)
    await sending(whole)
    before = await get_delivery(whole, "r")
    seq = await whole.newest_seq()
    with pytest.raises(ZeroDivisionError):
        await sent(torn)
    assert points == ["store.receipt_written"]
    assert await get_delivery(whole, "r") == before
    assert await whole.newest_seq() == seq
    await sent(whole)
    assert (await get_delivery(whole, "r")).state == "sent"
    await torn.close()
    await whole.close()


async def test_people_who_no_longer_accept_messages_are_remembered(store: Store) -> None:
    await open_ticket(store, "ann")
    await open_ticket(store, "bob")
    await store.mark_unreachable("telegram", ThreadId("h-ann"), at(1))
    asked = frozenset({("telegram", "person-ann"), ("telegram", "person-bob")})
    identities = (await store.find_context(query(identities=asked))).identities
    assert {name: one.unreachable for (_, name), one in identities.items()} == {
        "person-ann": True,
        "person-bob": False,
    }


# Files -------------------------------------------------------------------------------


async def test_files_of_an_answer_are_read_with_their_bytes_in_order(store: Store) -> None:
    known = await open_ticket(store, "ann")
    contents = {"one.png": b"\x89PNG", "二.pdf": b"%PDF" * 100_000, "again.png": b"\x89PNG"}
    files = tuple(
        NewAttachment(
            AttachmentId(f"a-{n}"), MessageId("m-r"), AttachmentDraft(name, "a/b", len(content), content)
        )
        for n, (name, content) in enumerate(contents.items())
    )
    parts = (
        DeliveryPart(1, "Hello", "queued", files=(files[0].id,)),
        DeliveryPart(2, "", "queued", files=(files[1].id, files[2].id)),
    )
    wanted = replace(answer("r", known), parts=parts)
    said = outgoing("r", known)
    await store.apply_change(changing(known, message=said, attachments=files, delivery=wanted), at(1))
    assert list(await store.lease_deliveries([MAIN], "worker", at(1), 60, 10)) == [wanted]
    asked = [files[2].id, AttachmentId("a-nobody"), files[1].id]
    found = await store.read_files(asked)
    assert [(file.name, file.media_type, file.content) for file in found] == [
        ("again.png", "a/b", b"\x89PNG"),
        ("二.pdf", "a/b", b"%PDF" * 100_000),
    ]
    ticket = await store.find_ticket(known.number)
    assert ticket is not None
    assert [file.name for file in ticket.messages[-1].attachments] == list(contents)
    assert [file.state for file in ticket.messages[-1].attachments] == ["stored"] * 3


async def test_an_overtaken_answer_leaves_no_file(store: Store) -> None:
    known = await open_ticket(store, "ann")
    late = changing(known, message=outgoing("r", known), attachments=(picture("r"),))
    await store.apply_change(changing(known), at(1))
    with pytest.raises(Conflict):
        await store.apply_change(late, at(2))
    assert await store.find_attachment(AttachmentId("a-r")) is None


def picture(name: str) -> NewAttachment:
    draft = AttachmentDraft("a.png", "image/png", 1, b"x")
    return NewAttachment(AttachmentId(f"a-{name}"), MessageId(f"m-{name}"), draft)
