"""Deliveries of unknown fate: who looks for one, what a look may change, and whose turn comes meanwhile."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.builders import (
    MAIN,
    T0,
    answer,
    at,
    changing,
    delivery,
    following,
    get_delivery,
    get_ticket,
    lease_out,
    message,
    open_ticket,
    outgoing,
    queue,
)
from tests.support.stores import Database
from tickets.errors import Conflict
from tickets.ids import AccountId, DeliveryId, ExternalMessageId
from tickets.model import ChannelHealth, Receipt, Ticket
from tickets.storage import Store

D = DeliveryId("d-r")
FOUND = Receipt(ExternalMessageId("x-1"), at(3), note="Found there.")


async def lost(store: Store, name: str = "r", seconds: float = 5, n: int = 1) -> None:
    """The delivery was sent and nobody knows whether it arrived."""
    assert name in await lease_out(store, seconds - 1)
    assert await store.mark_sending(DeliveryId(f"d-{name}"), n, "worker", at(seconds - 1))
    await store.record_failure(
        DeliveryId(f"d-{name}"), n, "unknown", "no_answer", "No answer came.", at(seconds), at(seconds), "worker"
    )


async def lease_unknown(
    store: Store, seconds: float = 5, *, holder: str = "worker", limit: int = 100, account: AccountId = MAIN
) -> list[str]:
    leased = await store.lease_unknown([account], holder, at(seconds), 60, limit)
    return [one.id.removeprefix("d-") for one in leased]


async def answered(store: Store, *names: str, texts: tuple[str, ...] = ("Hello",)) -> Ticket:
    """A ticket that waits for the person, with answers of these names, one second after the other."""
    known = await open_ticket(store, "ann")
    for n, name in enumerate(names, 1):
        known = await answer_again(store, known, name, n, texts)
    return known


async def answer_again(
    store: Store, known: Ticket, name: str, seconds: float, texts: tuple[str, ...] = ("Hello",)
) -> Ticket:
    pending = replace(known, version=known.version + 1, status="pending", waiting_since=None, unanswered=0)
    change = changing(
        known,
        ticket=pending,
        message=outgoing(name, known, stored_at=at(seconds)),
        delivery=answer(name, known, texts=texts, created_at=at(seconds)),
    )
    await store.apply_change(change, at(seconds))
    return await get_ticket(store, known.number)


async def settle(store: Store, known: Ticket, seconds: float, **fields: Any) -> None:
    """What a person decides about ``r``, which is of unknown fate."""
    wanted = await get_delivery(store, "r")
    parts = tuple(replace(part, state=fields["state"]) for part in wanted.parts)
    decided = replace(wanted, parts=parts, next_at=at(seconds), updated_at=at(seconds), **fields)
    fresh = await get_ticket(store, known.number)
    await store.apply_change(changing(fresh, delivery=decided, expected_delivery="unknown"), at(seconds))


# Who looks ---------------------------------------------------------------------------


async def test_what_became_unknown_is_looked_for_at_once_by_one_worker(store: Store) -> None:
    await queue(store, delivery("r", texts=("one", "two")))
    await lost(store)
    [leased] = await store.lease_unknown([MAIN], "worker", at(5), 60, 10)
    assert leased == await get_delivery(store, "r")
    assert [part.state for part in leased.parts] == ["unknown", "queued"]
    assert await lease_unknown(store, 64, holder="another") == []
    assert await lease_unknown(store, 65, holder="another") == ["r"]


async def test_only_unknown_ones_of_the_accounts_asked_for_are_looked_for(store: Store) -> None:
    other = AccountId("telegram:other")
    await queue(store, delivery("r"), delivery("q"), delivery("o", account=other))
    await store.record_failure(D, 1, "unknown", "", "", at(1), at(1))
    await store.record_failure(DeliveryId("d-o"), 1, "unknown", "", "", at(1), at(1))
    assert list(await store.lease_unknown([], "worker", at(5), 60, 10)) == []
    assert await lease_unknown(store) == ["r"]
    assert await lease_unknown(store, account=other) == ["o"]


async def test_no_more_are_looked_for_than_asked_the_longest_due_first(store: Store) -> None:
    await queue(store, *(delivery(f"{n}", created_at=at(-n)) for n in range(4)))
    for n in range(4):
        await store.record_failure(DeliveryId(f"d-{n}"), 1, "unknown", "", "", at(n), at(n))
    assert sorted(await lease_unknown(store, 10, limit=2)) == ["0", "1"]
    assert sorted(await lease_unknown(store, 10, limit=2)) == ["2", "3"]


async def test_parallel_workers_never_look_for_the_same(database: Database) -> None:
    stores = [database.store() for _ in range(3)]
    for store in stores:
        await store.open()
    await queue(stores[0], *(delivery(f"{n}") for n in range(12)))
    for n in range(12):
        await stores[0].record_failure(DeliveryId(f"d-{n}"), 1, "unknown", "", "", at(1), at(1))
    leases = await asyncio.gather(
        *(lease_unknown(store, holder=f"w{n}", limit=2) for n in range(3) for store in stores)
    )
    seen = [name for leased in leases for name in leased]
    while left := await lease_unknown(stores[0], limit=5):
        seen += left
    assert sorted(seen, key=int) == [f"{n}" for n in range(12)]
    for store in stores:
        await store.close()


async def test_what_a_dead_worker_looked_for_is_free_at_once(store: Store) -> None:
    await queue(store, delivery("r"))
    await lost(store)
    assert await lease_unknown(store, holder="dead") == ["r"]
    reaped = await store.reap_workers(at(6), None, leaving="dead")
    assert (reaped.workers, reaped.unknown) == (("dead",), 0)
    assert await lease_unknown(store, 6, holder="another") == ["r"]


async def test_a_worker_that_leaves_is_as_if_it_were_dead(store: Store) -> None:
    await queue(store, delivery("r"), delivery("idle"))
    await store.acquire_lease("worker:worker", "worker", T0, 600)
    await store.acquire_lease("worker:another", "another", T0, 600)
    assert len(await lease_out(store)) == 2
    assert await store.mark_sending(D, 1, "worker", at(1))
    reaped = await store.reap_workers(at(2), None, leaving="worker")
    assert (reaped.workers, reaped.unknown) == (("worker",), 1)
    assert (await get_delivery(store, "r")).state == "unknown"
    assert await lease_out(store, 2, holder="another") == ["idle"]
    assert not await store.acquire_lease("worker:another", "third", at(3), 60)
    assert await store.acquire_lease("worker:worker", "third", at(3), 60)


async def test_nobody_is_reaped_where_nobody_died(store: Store) -> None:
    await store.acquire_lease("worker:worker", "worker", T0, 60)
    reaped = await store.reap_workers(at(59), None)
    assert (reaped.workers, reaped.unknown) == ((), 0)
    assert (await store.reap_workers(at(60), None)).workers == ("worker",)


# What a look changes -------------------------------------------------------------------


async def test_a_look_that_found_nothing_is_noted_and_comes_again(store: Store) -> None:
    await queue(store, delivery("r"))
    await lost(store)
    await lease_unknown(store)
    await store.note_look(D, "worker", "沒有找到。ไม่พบ", at(30), at(6))
    noted = await get_delivery(store, "r")
    assert (noted.state, noted.detail, noted.code, noted.updated_at) == (
        "unknown", "沒有找到。ไม่พบ", "no_answer", at(5)
    )  # fmt: skip
    assert await lease_unknown(store, 29) == []
    assert await lease_unknown(store, 30, holder="another") == ["r"]


async def test_after_the_last_look_nobody_looks_again(store: Store) -> None:
    await queue(store, delivery("r"))
    await lost(store)
    await lease_unknown(store)
    await store.note_look(D, "worker", "Only a person can tell.", None, at(6))
    assert await lease_unknown(store, 10_000_000) == []
    assert (await get_delivery(store, "r")).state == "unknown"


async def test_a_look_of_another_hand_changes_nothing(store: Store) -> None:
    await queue(store, delivery("r"))
    await lost(store)
    before = await get_delivery(store, "r")
    await store.note_look(D, "worker", "nobody leased it", None, at(6))
    assert not await store.queue_unsent(D, 1, "worker", "nobody leased it", at(6))
    await lease_unknown(store)
    seq = await store.newest_seq()
    await store.note_look(D, "another", "not theirs", None, at(6))
    assert not await store.queue_unsent(D, 1, "another", "not theirs", at(6))
    assert await get_delivery(store, "r") == before
    assert await store.newest_seq() == seq


async def test_what_is_proved_unsent_is_queued_and_due_at_once(store: Store) -> None:
    await queue(store, delivery("r", texts=("one", "two")))
    await lost(store)
    await lease_unknown(store)
    assert await store.queue_unsent(D, 1, "worker", "It had not arrived.", at(20))
    found = await get_delivery(store, "r")
    assert (found.state, found.code, found.detail) == ("queued", "not_arrived", "It had not arrived.")
    assert (found.next_at, found.updated_at) == (at(20), at(20))
    assert [(part.state, part.attempts) for part in found.parts] == [("queued", 1), ("queued", 0)]
    assert not await store.queue_unsent(D, 1, "worker", "twice", at(21))
    assert await lease_out(store, 20, holder="another") == ["r"]
    assert await lease_unknown(store, 10_000) == []


async def test_a_found_piece_ends_the_look_and_the_rest_goes_on(store: Store) -> None:
    await queue(store, delivery("r", texts=("one", "two", "three")))
    await lost(store)
    await lease_unknown(store, holder="looker")
    await store.record_receipt(D, 1, FOUND, at(20), "looker")
    found = await get_delivery(store, "r")
    assert (found.state, found.code, found.detail, found.next_at) == ("queued", "", "Found there.", at(20))
    assert [(part.state, part.external_id) for part in found.parts] == [
        ("sent", "x-1"), ("queued", None), ("queued", None)
    ]  # fmt: skip
    assert await lease_out(store, 20, holder="another") == ["r"]
    assert await store.mark_sending(D, 2, "another", at(21))


async def test_looks_and_their_proofs_are_told_as_events(store: Store) -> None:
    await answered(store, "r")
    await lost(store)
    seq = await store.newest_seq()
    await lease_unknown(store)
    await store.note_look(D, "worker", "Not there yet.", at(6), at(5))  # one that goes on is no history
    await lease_unknown(store, 6)
    await store.queue_unsent(D, 1, "worker", "Not there.", at(6))
    await lost(store, seconds=19)
    await lease_unknown(store, 20)
    await store.note_look(D, "worker", "Not there. Only a person can tell.", None, at(21))
    told = await store.events_after(seq)
    events = [(one.delivery_id, one.data["state"], one.data["code"], one.data["part"]) for one in told]
    assert events[0] == (D, "queued", "not_arrived", 1)
    assert events[-1] == (D, "unknown", "looked", 1)
    assert len([code for _, _, code, _ in events if code == "looked"]) == 1


async def test_a_person_may_decide_while_a_worker_looks(store: Store) -> None:
    known = await answered(store, "r")
    await lost(store)
    await lease_unknown(store)
    await settle(store, known, 7, state="sent", detail="Seen.")
    await store.note_look(D, "worker", "Not there.", at(30), at(8))
    assert not await store.queue_unsent(D, 1, "worker", "Not there.", at(8))
    await store.record_receipt(D, 1, FOUND, at(8), "worker")
    found = await get_delivery(store, "r")
    assert (found.state, found.detail, found.updated_at) == ("sent", "Seen.", at(7))


async def test_what_is_being_sent_is_not_a_persons_to_decide(store: Store) -> None:
    known = await answered(store, "r")
    assert await lease_out(store) == ["r"]
    held = replace(await get_delivery(store, "r"), state="held", updated_at=at(2))
    with pytest.raises(Conflict):
        await store.apply_change(changing(known, delivery=held, expected_delivery="queued"), at(2))


async def test_a_late_hand_gives_nothing_of_unknown_fate_back(store: Store) -> None:
    await queue(store, delivery("r"))
    await lost(store)
    await lease_unknown(store)
    await store.give_back(D, "worker", at(6))
    assert (await get_delivery(store, "r")).state == "unknown"


# The ticket ----------------------------------------------------------------------------


async def test_a_reply_that_arrived_after_all_ends_the_waiting(store: Store) -> None:
    known = await answered(store, "r")
    await lost(store)
    assert (await get_ticket(store, known.number)).status == "open"
    await store.record_receipt(D, 1, FOUND, at(9))
    now = await get_ticket(store, known.number)
    assert (now.status, now.waiting_since, now.unanswered, now.updated_at) == ("pending", None, 0, at(9))
    assert now.version == known.version + 2


async def test_it_ends_while_pieces_of_it_are_still_to_be_sent(store: Store) -> None:
    known = await answered(store, "r", texts=("one", "two"))
    await lost(store)
    await store.record_receipt(D, 1, FOUND, at(9))
    assert (await get_delivery(store, "r")).state == "queued"
    assert (await get_ticket(store, known.number)).status == "pending"


async def test_a_reply_that_leaves_again_ends_the_waiting(store: Store) -> None:
    known = await answered(store, "r")
    await lost(store)
    await lease_unknown(store)
    await store.queue_unsent(D, 1, "worker", "Not there.", at(9))
    now = await get_ticket(store, known.number)
    assert (now.status, now.waiting_since, now.unanswered) == ("pending", None, 0)


async def test_a_reply_that_was_held_and_leaves_again_ends_the_waiting(store: Store) -> None:
    known = await answered(store, "r")
    await store.record_failure(D, 1, "held", "credential", "Refused.", at(2), at(2))
    assert (await get_ticket(store, known.number)).status == "open"
    await store.release_held(MAIN, "credential", at(3))
    now = await get_ticket(store, known.number)
    assert (now.status, now.waiting_since, now.unanswered) == ("pending", None, 0)


async def test_a_person_who_wrote_since_still_waits(store: Store) -> None:
    known = await answered(store, "r")
    await lost(store)
    opened = await get_ticket(store, known.number)
    later = following(opened, "later", message=message("later", "ann", stored_at=at(7)))
    await store.admit([later], at(7))
    await store.record_receipt(D, 1, FOUND, at(9))
    now = await get_ticket(store, known.number)
    assert (now.status, now.waiting_since) == ("open", at(5))


async def test_a_person_whose_later_answer_is_in_trouble_still_waits(store: Store) -> None:
    known = await answered(store, "r", "s")
    await store.record_failure(D, 1, "unknown", "", "", at(3), at(3))
    await store.record_failure(DeliveryId("d-s"), 1, "failed", "refused", "no", at(4), at(4))
    await store.record_receipt(D, 1, FOUND, at(9))
    assert (await get_ticket(store, known.number)).status == "open"


async def test_a_later_answer_that_went_well_ends_nothing_less(store: Store) -> None:
    known = await answered(store, "r", "s")
    await store.record_failure(D, 1, "unknown", "", "", at(3), at(3))
    assert (await get_ticket(store, known.number)).status == "open"
    await store.record_receipt(D, 1, FOUND, at(9))
    assert (await get_ticket(store, known.number)).status == "pending"


async def test_an_ordinary_receipt_touches_no_ticket(store: Store) -> None:
    known = await answered(store, "r")
    await lease_out(store)
    await store.mark_sending(D, 1, "worker", at(1))
    reopened = replace(known, status="open", version=known.version + 1)
    await store.apply_change(changing(known, ticket=reopened), at(2))
    await store.record_receipt(D, 1, FOUND, at(9), "worker")
    assert await get_ticket(store, known.number) == reopened


async def test_a_closed_ticket_stays_closed(store: Store) -> None:
    known = await answered(store, "r")
    await lost(store)
    opened = await get_ticket(store, known.number)
    closed = replace(opened, status="closed", waiting_since=None, unanswered=0, version=opened.version + 1)
    await store.apply_change(changing(opened, ticket=closed), at(7))
    await store.record_receipt(D, 1, FOUND, at(9))
    assert (await get_ticket(store, known.number)).status == "closed"


# Whose turn comes ----------------------------------------------------------------------


async def test_a_later_answer_waits_while_the_one_before_is_looked_for(store: Store) -> None:
    await open_ticket(store, "ann")
    await queue(store, *(delivery(name, thread_id="h-ann", created_at=at(n)) for n, name in enumerate("rs")))
    await lost(store, seconds=5)
    assert await lease_out(store, 5) == []
    assert await lease_out(store, 5 + 179.999999) == []
    assert await lease_out(store, 5 + 180) == ["s"]


async def test_a_later_answer_goes_once_only_a_person_can_tell(store: Store) -> None:
    await open_ticket(store, "ann")
    await queue(store, *(delivery(name, thread_id="h-ann", created_at=at(n)) for n, name in enumerate("rs")))
    await lost(store, seconds=5)
    await lease_unknown(store)
    await store.note_look(D, "worker", "Not there yet.", at(8), at(6))
    assert await lease_out(store, 7) == []
    await lease_unknown(store, 8)
    await store.note_look(D, "worker", "Only a person can tell.", None, at(8))
    assert await lease_out(store, 8) == ["s"]


async def test_it_keeps_its_place_when_it_leaves_again(store: Store) -> None:
    await open_ticket(store, "ann")
    await queue(store, *(delivery(name, thread_id="h-ann", created_at=at(n)) for n, name in enumerate("rs")))
    await lost(store, seconds=5)
    await lease_unknown(store)
    await store.queue_unsent(D, 1, "worker", "Not there.", at(9))
    assert await lease_out(store, 9) == ["r"]
    assert await lease_out(store, 9, holder="another") == []


async def test_other_conversations_do_not_wait_for_it(store: Store) -> None:
    await open_ticket(store, "ann")
    await open_ticket(store, "bob")
    await queue(store, delivery("r", thread_id="h-ann"))
    await lost(store)
    await queue(store, delivery("b", thread_id="h-bob", created_at=at(1)), delivery("n", created_at=at(1)))
    assert sorted(await lease_out(store, 6)) == ["b", "n"]


# What is unfinished ----------------------------------------------------------------------


async def test_the_unfinished_are_listed_those_that_need_somebody_first(store: Store) -> None:
    states = ("queued", "sending", "held", "failed", "unknown", "sent")
    await queue(store, *(delivery(f"{state}-{n}", state=state, next_at=at(n)) for n in (2, 1) for state in states))
    listed = [one.id.removeprefix("d-") for one in await store.list_unfinished()]
    assert listed == [
        f"{state}-{n}" for state in ("unknown", "failed", "held", "sending", "queued") for n in (1, 2)
    ]
    few = [one.id.removeprefix("d-") for one in await store.list_unfinished(1)]
    assert few == ["unknown-1", "held-1", "sending-1"]  # what failed hides nothing that moves


async def test_what_failed_in_a_closed_ticket_needs_nobody(store: Store) -> None:
    known = await answered(store, "f", "u")
    await lost(store, "f")
    await store.note_look(DeliveryId("d-f"), "worker", "", None, at(6))
    ticket = await get_ticket(store, known.number)
    given_up = replace(await get_delivery(store, "f"), state="failed", updated_at=at(7))
    await store.apply_change(replace(changing(ticket), delivery=given_up, expected_delivery="unknown"), at(7))
    await lost(store, "u", seconds=300)
    ticket = await get_ticket(store, known.number)
    closed = replace(ticket, status="closed", version=ticket.version + 1)
    assert [one.id for one in await store.list_unfinished()] == ["d-u", "d-f"]
    await store.apply_change(changing(ticket, ticket=closed), at(301))
    assert [one.id for one in await store.list_unfinished()] == ["d-u"]


async def test_a_late_receipt_of_one_piece_queues_no_other_that_is_unknown(store: Store) -> None:
    """Piece 1 was proved, piece 2 sent by another worker and lost; then the first worker wakes."""
    await answered(store, "r", texts=("one", "two"))
    await lease_out(store, 1, holder="old")
    assert await store.mark_sending(D, 1, "old", at(1))
    await store.reap_workers(at(2), "new")
    await store.lease_unknown([MAIN], "new", at(3), 60, 10)
    proof = Receipt(ExternalMessageId("x-1"), at(3))
    await store.record_receipt(D, 1, proof, at(3), "new")
    await lease_out(store, 4, holder="new")
    assert await store.mark_sending(D, 2, "new", at(4))
    await store.record_failure(D, 2, "unknown", "no_answer", "Lost.", at(5), at(5), "new")
    await store.record_receipt(D, 1, proof, at(6), "old")
    found = await get_delivery(store, "r")
    assert (found.state, [part.state for part in found.parts]) == ("unknown", ["sent", "unknown"])


async def test_nothing_is_sent_again_behind_a_later_answer(store: Store) -> None:
    await open_ticket(store, "ann")
    await queue(store, *(delivery(name, thread_id="h-ann", created_at=at(n)) for n, name in enumerate("rs")))
    await lost(store, seconds=5)
    assert await lease_out(store, 200) == ["s"]
    assert await store.mark_sending(DeliveryId("d-s"), 1, "worker", at(200))
    await store.record_receipt(DeliveryId("d-s"), 1, Receipt(ExternalMessageId("x-s"), at(201)), at(201), "worker")
    await lease_unknown(store, 202)
    assert not await store.queue_unsent(D, 1, "worker", "Not there.", at(203))
    assert (await get_delivery(store, "r")).state == "unknown"


async def test_nothing_is_sent_again_into_a_closed_ticket(store: Store) -> None:
    known = await answered(store, "r")
    await lost(store)
    ticket = await get_ticket(store, known.number)
    closed = replace(ticket, status="closed", version=ticket.version + 1)
    await store.apply_change(changing(ticket, ticket=closed), at(9))
    await lease_unknown(store, 10)
    assert not await store.queue_unsent(D, 1, "worker", "Not there.", at(11))


async def test_a_proof_that_is_another_messages_name_is_none(store: Store) -> None:
    await answered(store, "r", "s")
    await lost(store)
    await store.note_look(D, "nobody", "Never looked for.", None, at(5))
    assert await lease_out(store, 300) == ["s"]
    assert await store.mark_sending(DeliveryId("d-s"), 1, "worker", at(300))
    name = Receipt(ExternalMessageId("x-same"), at(6))
    await store.record_receipt(DeliveryId("d-s"), 1, name, at(301), "worker")
    await lease_unknown(store, 302)
    await store.record_receipt(D, 1, name, at(303), "worker")
    assert [(await get_delivery(store, one)).state for one in "rs"] == ["unknown", "sent"]


async def test_the_queued_are_listed_as_they_will_leave(store: Store) -> None:
    wanted = delivery("now", texts=("one", "two"), next_at=at(3))
    await queue(
        store,
        wanted,
        delivery("b", next_at=at(2)),
        delivery("a", next_at=at(2)),
        delivery("urgent", next_at=at(9), priority=5),
    )
    listed = await store.list_unfinished()
    assert [one.id.removeprefix("d-") for one in listed] == ["urgent", "a", "b", "now"]
    assert listed[-1] == wanted


# Health and clock ------------------------------------------------------------------------


async def test_the_databases_clock_goes_forward_where_it_has_one(database: Database) -> None:
    store = database.store()
    await store.open()
    times = [await store.read_clock(), await store.read_clock()]
    await store.close()
    if database.engine != "postgres":
        assert times == [None, None]
        return
    first, second = times
    assert first is not None
    assert second is not None
    assert first.utcoffset() == timedelta(0)
    assert first <= second <= first + timedelta(minutes=10)


async def test_when_an_account_was_last_connected_is_kept_while_it_is_not(store: Store) -> None:
    async def tell(state: Any, seconds: float, up_at: datetime | None = None) -> datetime | None:
        await store.set_health(ChannelHealth(MAIN, "telegram", state, "", at(seconds), at(seconds), up_at=up_at))
        [found] = await store.list_health()
        return found.up_at

    assert await tell("starting", 1) is None
    assert await tell("up", 2, at(2)) == at(2)
    assert await tell("down", 3) == at(2)
    assert await tell("up", 4, at(4)) == at(4)


async def test_a_person_decides_about_what_belongs_to_no_ticket(store: Store) -> None:
    await queue(store, delivery("r"))
    await lost(store)
    seen = replace(await get_delivery(store, "r"), state="sent", detail="Seen.", updated_at=at(9))
    assert await store.settle_delivery(seen, "unknown", at(9))
    assert not await store.settle_delivery(seen, "unknown", at(10))
    assert (await get_delivery(store, "r")).state == "sent"


async def test_the_oldest_doubt_is_known_while_somebody_looks(store: Store) -> None:
    assert await store.find_doubt(MAIN) is None
    await queue(store, delivery("r"), delivery("q"))
    await lease_out(store)
    assert await store.find_doubt(MAIN) is None
    for name, seconds in (("r", 3), ("q", 2)):
        assert await store.mark_sending(DeliveryId(f"d-{name}"), 1, "worker", at(seconds))
    assert await store.find_doubt(MAIN) == at(2)
    assert await store.find_doubt(AccountId("telegram:other")) is None
    await store.record_receipt(DeliveryId("d-q"), 1, Receipt(ExternalMessageId("x-q"), at(4)), at(4))
    await store.record_failure(D, 1, "unknown", "", "", at(5), at(5))
    assert await store.find_doubt(MAIN) == at(3)
    await store.lease_unknown([MAIN], "worker", at(6), 60, 10)
    await store.note_look(D, "worker", "only a person can tell", None, at(7))
    assert await store.find_doubt(MAIN) is None
