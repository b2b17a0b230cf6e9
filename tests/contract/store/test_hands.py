"""Deliveries and the hands they are in: who may still say what became of one, and who waits again."""

import pytest
from msgspec.structs import replace

from tests.support.builders import (
    MAIN,
    answer,
    at,
    changing,
    delivery,
    get_delivery,
    get_ticket,
    lease_out,
    open_ticket,
    outgoing,
    queue,
)
from tickets.ids import AccountId, DeliveryId, ExternalMessageId
from tickets.model import Receipt, Ticket
from tickets.storage import Store

D = DeliveryId("d-r")
RECEIPT = Receipt(ExternalMessageId("x-1"), at(9))


async def taken(store: Store, holder: str = "worker") -> None:
    """The delivery ``r`` leased and marked as being sent."""
    assert await lease_out(store, holder=holder) == ["r"]
    assert await store.mark_sending(D, 1, holder, at(1))


async def test_what_is_given_back_is_due_at_once_and_was_never_sent(store: Store) -> None:
    await queue(store, delivery("r"))
    await taken(store)
    await store.give_back(D, "somebody else", at(2))
    assert (await get_delivery(store, "r")).state == "sending"
    await store.give_back(D, "worker", at(2))
    given = await get_delivery(store, "r")
    assert (given.state, given.parts[0].state) == ("queued", "queued")
    assert await lease_out(store, 2, holder="another") == ["r"]


async def test_a_failure_counts_only_from_the_hand_that_tried(store: Store) -> None:
    await queue(store, delivery("r"))
    await taken(store)
    await store.record_failure(D, 1, "queued", "late", "", at(5), at(5), "somebody else")
    assert (await get_delivery(store, "r")).state == "sending"
    await store.record_failure(D, 1, "failed", "refused", "no", at(5), at(5), "worker")
    assert (await get_delivery(store, "r")).state == "failed"


async def test_a_late_failure_changes_nothing_that_is_settled(store: Store) -> None:
    await queue(store, delivery("r"))
    await taken(store)
    await store.record_receipt(D, 1, RECEIPT, at(4), "worker")
    await store.record_failure(D, 1, "queued", "late", "", at(5), at(5), "worker")
    assert (await get_delivery(store, "r")).state == "sent"


async def test_a_late_receipt_is_the_proof_an_unknown_delivery_waited_for(store: Store) -> None:
    await queue(store, delivery("r"))
    await taken(store)
    await store.record_failure(D, 1, "unknown", "worker_lost", "", at(5), at(5))
    await store.record_receipt(D, 1, RECEIPT, at(9), "worker")
    assert (await get_delivery(store, "r")).state == "sent"


async def test_a_late_receipt_takes_nothing_from_the_next_hand(store: Store) -> None:
    await queue(store, delivery("r"))
    await taken(store)
    await store.give_back(D, "worker", at(2))
    assert await lease_out(store, 3, holder="another") == ["r"]
    assert await store.mark_sending(D, 1, "another", at(3))
    await store.record_receipt(D, 1, RECEIPT, at(9), "worker")
    assert (await get_delivery(store, "r")).state == "sending"


async def test_what_was_held_for_a_reason_is_released_by_it(store: Store) -> None:
    await queue(store, delivery("r"), delivery("s"), delivery("o", account=AccountId("telegram:other")))
    for name, code in (("r", "credential"), ("s", "withdrawn")):
        await store.record_failure(DeliveryId(f"d-{name}"), 1, "held", code, "why", at(1), at(1))
    assert await store.release_held(MAIN, "credential", at(2)) == 1
    assert await store.release_held(MAIN, "credential", at(2)) == 0
    released = await get_delivery(store, "r")
    assert (released.state, released.parts[0].state, released.code) == ("queued", "queued", "")
    assert (await get_delivery(store, "s")).state == "held"
    assert await lease_out(store, 2) == ["r"]


async def answered(store: Store, kind: str = "reply") -> Ticket:
    """A ticket that waits for the person, as its answer ``r`` is on its way."""
    known = await open_ticket(store, "anna")
    pending = replace(known, version=known.version + 1, status="pending", waiting_since=None, unanswered=0)
    change = changing(
        known, ticket=pending, message=outgoing("r", known), delivery=replace(answer("r", known), kind=kind)
    )
    await store.apply_change(change, at(0))
    await taken(store)
    return pending


@pytest.mark.parametrize("state", ["failed", "unknown", "held"])
async def test_a_reply_that_did_not_surely_arrive_reopens_its_ticket(store: Store, state: str) -> None:
    pending = await answered(store)
    await store.record_failure(D, 1, state, "code", "why", at(7), at(7), "worker")
    now = await get_ticket(store, pending.number)
    assert (now.status, now.waiting_since, now.unanswered, now.version) == ("open", at(7), 1, pending.version + 1)


@pytest.mark.parametrize(("kind", "state"), [("reply", "queued"), ("notice", "failed")])
async def test_a_retry_or_a_notice_reopens_nothing(store: Store, kind: str, state: str) -> None:
    pending = await answered(store, kind)
    await store.record_failure(D, 1, state, "code", "why", at(7), at(7), "worker")
    assert await get_ticket(store, pending.number) == pending


async def test_what_a_dead_worker_was_sending_reopens_its_ticket(store: Store) -> None:
    pending = await answered(store)
    assert (await store.reap_workers(at(8), alone="survivor")).unknown == 1
    assert (await get_ticket(store, pending.number)).status == "open"
