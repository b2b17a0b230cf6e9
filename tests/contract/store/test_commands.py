"""Commands: optimistic locking, idempotency keys, deliveries that a person decides about."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.builders import (
    T0,
    answer,
    at,
    changing,
    get_delivery,
    get_ticket,
    lease_out,
    open_ticket,
    opening,
    outgoing,
)
from tests.support.stores import Database
from tickets.errors import Conflict
from tickets.ids import DeliveryId, MessageId, ThreadId, TicketNumber
from tickets.model import Receipt, Ticket
from tickets.records import CommandResult, TicketChange
from tickets.storage import Store


async def refused(store: Store, known: Ticket, change: TicketChange) -> None:
    """The change raises Conflict and leaves nothing."""
    before = await store.find_ticket(known.number), await store.newest_seq(), await store.find_command("user", "k")
    with pytest.raises(Conflict):
        await store.apply_change(change, at(9))
    after = await store.find_ticket(known.number), await store.newest_seq(), await store.find_command("user", "k")
    assert after == before


async def test_a_reply_is_written_whole(store: Store) -> None:
    known = await open_ticket(store, "ann")
    changed = replace(known, status="pending", waiting_since=None, version=2, updated_at=at(1))
    said, reply = outgoing("r", known, text="Hello", stored_at=at(1)), answer("r", known)
    await store.apply_change(changing(known, ticket=changed, message=said, delivery=reply), at(1))
    envelope = await store.find_ticket(known.number)
    assert envelope is not None
    assert envelope.ticket == changed
    assert envelope.messages[1] == said
    assert envelope.deliveries == (reply,)
    assert [one.kind for one in envelope.events] == ["opened", "changed"]


async def test_a_note_about_a_call_stays_one(store: Store) -> None:
    known = await open_ticket(store, "ann")
    noted = replace(outgoing("n", known, text="她已确认地址", stored_at=at(1)), direction="note", call=True)
    await store.apply_change(changing(known, message=noted), at(1))
    envelope = await store.find_ticket(known.number)
    assert envelope is not None
    assert envelope.messages[1] == noted


async def test_a_ticket_that_changed_since_is_a_conflict(store: Store) -> None:
    known = await open_ticket(store, "ann")
    await store.apply_change(changing(known), at(1))
    await refused(store, known, changing(known, "k", message=outgoing("r", known), delivery=answer("r", known)))
    assert await store.find_delivery(DeliveryId("d-r")) is None


async def test_of_parallel_changes_of_one_ticket_one_wins(store: Store) -> None:
    known = await open_ticket(store, "ann")
    outcomes = await asyncio.gather(
        *(store.apply_change(changing(known), at(1)) for _ in range(20)), return_exceptions=True
    )
    assert sum(one is None for one in outcomes) == 1
    assert all(one is None or isinstance(one, Conflict) for one in outcomes)
    assert (await get_ticket(store, known.number)).version == 2


async def test_what_a_key_did_is_remembered(store: Store) -> None:
    known = await open_ticket(store, "ann")
    assert await store.find_command("user", "k") is None
    await store.apply_change(changing(known, "k", result="d-r"), at(1))
    assert await store.find_command("user", "k") == CommandResult("asked", "d-r")
    assert await store.find_command("other", "k") is None
    assert await store.find_command("user", "other") is None


async def test_a_key_serves_once(store: Store) -> None:
    known = await open_ticket(store, "ann")
    await store.apply_change(changing(known, "k"), at(1))
    known = await get_ticket(store, known.number)
    await refused(store, known, changing(known, "k", message=outgoing("r", known)))


async def test_of_a_hundred_parallel_commands_with_one_key_one_succeeds(store: Store) -> None:
    numbers = await store.admit([opening(f"p{n}") for n in range(100)], T0)
    tickets = [await get_ticket(store, number) for number in numbers.values()]
    outcomes = await asyncio.gather(
        *(store.apply_change(changing(known, "k", result=known.id), at(1)) for known in tickets),
        return_exceptions=True,
    )
    assert sum(one is None for one in outcomes) == 1
    assert sum(isinstance(one, Conflict) for one in outcomes) == 99
    changed = [known.id for known in tickets if (await get_ticket(store, known.number)).version == 2]
    assert await store.find_command("user", "k") == CommandResult("asked", changed[0])
    assert len(changed) == 1


async def test_closing_a_ticket_frees_its_thread(store: Store) -> None:
    known = await open_ticket(store, "ann")
    await store.apply_change(changing(known, ticket=replace(known, status="closed", version=2)), at(1))
    second = replace(opening("bob"), thread_id=ThreadId("h-ann"))
    await store.admit([second], at(2))
    closed = await get_ticket(store, known.number)
    await refused(store, closed, changing(closed, ticket=replace(closed, status="open", version=3)))


async def test_a_crash_before_the_commit_leaves_nothing(database: Database) -> None:
    points: list[str] = []

    def crash(point: str) -> None:
        points.append(point)
        raise ZeroDivisionError

    whole, torn = database.store(), database.store(crash=crash)
    await whole.open()
    await torn.open()
    known = await open_ticket(whole, "ann")
    before = await whole.find_ticket(known.number)
    change = changing(known, "k", message=outgoing("r", known), delivery=answer("r", known))
    with pytest.raises(ZeroDivisionError):
        await torn.apply_change(change, at(1))
    assert points == ["store.change_written"]
    assert await whole.find_ticket(known.number) == before
    assert await whole.find_command("user", "k") is None
    await whole.apply_change(change, at(2))
    await torn.close()
    await whole.close()


# Deliveries that a person decides about -----------------------------------------------


async def with_delivery(store: Store, state: str) -> Ticket:
    known = await open_ticket(store, "ann")
    reply = answer("r", known, state=state, texts=("one", "two"))
    reply = replace(reply, parts=tuple(replace(part, state=state) for part in reply.parts))
    await store.apply_change(changing(known, message=outgoing("r", known), delivery=reply), T0)
    return await get_ticket(store, known.number)


async def test_a_held_delivery_is_let_go(store: Store) -> None:
    known = await with_delivery(store, "held")
    assert await lease_out(store, 10) == []
    held = await get_delivery(store, "r")
    free = replace(
        held, state="queued", next_at=at(5), updated_at=at(5), code="approved", detail="by a lead",
        parts=tuple(replace(part, state="queued") for part in held.parts),
    )  # fmt: skip
    await store.apply_change(changing(known, delivery=free, expected_delivery="held"), at(5))
    assert await get_delivery(store, "r") == free
    assert await lease_out(store, 4) == []
    assert await lease_out(store, 5) == ["r"]


async def test_a_delivery_that_is_no_longer_in_that_state_is_a_conflict(store: Store) -> None:
    known = await with_delivery(store, "held")
    decided = replace(await get_delivery(store, "r"), state="failed", updated_at=at(5))
    await refused(store, known, changing(known, "k", delivery=decided, expected_delivery="unknown"))
    assert (await get_delivery(store, "r")).state == "held"


async def test_a_delivery_in_a_workers_hands_is_a_conflict(store: Store) -> None:
    known = await with_delivery(store, "queued")
    assert await lease_out(store, 0) == ["r"]
    stopped = replace(await get_delivery(store, "r"), state="failed", updated_at=at(5))
    await refused(store, known, changing(known, "k", delivery=stopped, expected_delivery="queued"))
    await store.mark_sending(DeliveryId("d-r"), 1, "worker", at(6))
    await refused(store, known, changing(known, "k", delivery=stopped, expected_delivery="queued"))


async def test_an_unknown_delivery_that_does_not_exist_is_a_conflict(store: Store) -> None:
    known = await open_ticket(store, "ann")
    await refused(store, known, changing(known, "k", delivery=answer("r", known), expected_delivery="unknown"))


async def test_a_worker_that_lost_its_delivery_to_a_person_may_not_send(store: Store) -> None:
    known = await with_delivery(store, "queued")
    await lease_out(store, 0, lease_s=10)
    stopped = replace(await get_delivery(store, "r"), state="failed", updated_at=at(11))
    await store.apply_change(changing(known, delivery=stopped, expected_delivery="queued"), at(11))
    assert not await store.mark_sending(DeliveryId("d-r"), 1, "worker", at(12))


async def test_the_sent_message_knows_its_name_on_the_platform(store: Store) -> None:
    await with_delivery(store, "queued")
    await lease_out(store)
    await store.mark_sending(DeliveryId("d-r"), 1, "worker", at(1))
    await store.record_receipt(DeliveryId("d-r"), 1, Receipt("x-9", at(1)), at(1))
    envelope = await store.find_ticket(TicketNumber(1))
    assert envelope is not None
    assert [one.external_id for one in envelope.messages if one.id == MessageId("m-r")] == ["x-9"]
