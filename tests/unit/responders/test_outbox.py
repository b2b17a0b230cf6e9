"""The way out, on the memory store: marked before sending, sent once, recorded after."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from responders.outbox import FILE_GONE, RECORD_AGAIN_S, Outbox
from responders.retry import MOST_ATTEMPTS
from simulators.memory_store import MemoryStore
from tests.support.builders import (
    MAIN,
    answer,
    at,
    changing,
    delivery,
    get_delivery,
    open_ticket,
    outgoing,
    query,
    queue,
)
from tests.support.channels import FakeSender, lost, never, not_now
from tests.support.clock import ManualClock, settle
from tickets.errors import DeliveryError, StoreUnavailable
from tickets.ids import AttachmentId, DeliveryId, ExternalMessageId, MessageId
from tickets.model import AttachmentDraft, Delivery, DeliveryPart, Receipt, Reply
from tickets.ports import Bucket, no_crash
from tickets.records import NewAttachment


class Leaving(MemoryStore):
    """Is away for as many of the named calls as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.away: dict[str, int] = {}

    def _go_away(self, call: str) -> None:
        if self.away.get(call, 0) > 0:
            self.away[call] -= 1
            raise StoreUnavailable("The database is away.")

    async def record_receipt(self, *args: Any) -> None:
        self._go_away("record_receipt")
        await super().record_receipt(*args)

    async def record_failure(self, *args: Any) -> None:
        self._go_away("record_failure")
        await super().record_failure(*args)

    async def mark_sending(
        self, delivery_id: DeliveryId, n: int, holder: str, now: datetime, name: ExternalMessageId | None = None
    ) -> bool:
        self._go_away("mark_sending")
        return await super().mark_sending(delivery_id, n, holder, now, name)


@pytest.fixture
def store_class() -> type[Leaving]:
    return Leaving


@pytest.fixture
def sender(clock: ManualClock) -> FakeSender:
    return FakeSender(now=clock.now)


class Office:
    """A worker with one account."""

    def __init__(self, store: Leaving, clock: ManualClock, sender: FakeSender) -> None:
        self.store, self.clock, self.sender = store, clock, sender
        self.passed: list[str] = []
        self._outbox = Outbox(store, clock, self.passed.append, "worker")

    async def deliver(self) -> int:
        return await self._outbox.deliver_due({MAIN: self.sender})

    async def deliver_for(self, seconds: int) -> list[int]:
        """Look every second; the seconds at which something was in hand."""
        busy = []
        for second in range(seconds):
            if await self.deliver():
                busy.append(second)
            self.clock.move(1)
        return busy

    async def states(self, name: str = "r") -> tuple[str, list[str]]:
        found = await get_delivery(self.store, name)
        return found.state, [part.state for part in found.parts]

    async def get(self, name: str = "r") -> Delivery:
        return await get_delivery(self.store, name)


@pytest.fixture
def office(store: Leaving, clock: ManualClock, sender: FakeSender) -> Office:
    return Office(store, clock, sender)


async def test_marked_then_sent_then_recorded(office: Office) -> None:
    seen: list[tuple[str, list[str]]] = []

    async def look(_: Reply) -> None:
        seen.append(await office.states())

    office.sender.before_sending = look
    await queue(office.store, delivery("r"))
    assert await office.deliver() == 1
    assert seen == [("sending", ["sending"])]
    assert await office.states() == ("sent", ["sent"])
    assert office.passed == [
        "outbox.leased",
        "outbox.budget_taken",
        "outbox.marked_sending",
        "outbox.sent",
        "outbox.recorded",
    ]
    [reply] = office.sender.sent
    assert (reply.send_key, reply.part, reply.parts, reply.automatic) == ("d-r.1", 1, 1, False)


async def test_the_way_back_is_kept(office: Office) -> None:
    ticket = await open_ticket(office.store, "ann")
    change = changing(ticket, message=outgoing("r", ticket), delivery=answer("r", ticket))
    await office.store.apply_change(change, at(0))
    await office.deliver()
    name = ("telegram", ExternalMessageId("x-1"))
    context = await office.store.find_context(query(refs=frozenset({name})))
    assert context.refs[name].ours
    assert context.refs[name].ticket_id == ticket.id


@pytest.mark.parametrize("error", [lost(), RuntimeError("swordfish"), ValueError(), TimeoutError()])
async def test_what_may_have_arrived_is_unknown_and_never_sent_again(office: Office, error: Exception) -> None:
    office.sender.outcomes = [error]
    await queue(office.store, delivery("r", texts=("one", "two")))
    await office.deliver_for(20)
    assert office.sender.texts == ["one"]
    assert await office.states() == ("unknown", ["unknown", "queued"])
    assert "swordfish" not in (await office.get()).detail
    office.clock.move(10_000)
    assert await office.deliver() == 0


async def test_what_was_not_taken_is_tried_again_ever_later(office: Office) -> None:
    office.sender.outcomes = [not_now(), not_now(), not_now()]
    await queue(office.store, delivery("r"))
    assert await office.deliver_for(30) == [0, 2, 6, 14]
    assert office.sender.texts == ["Hello"]
    assert (await office.get()).parts[0].attempts == 4


async def test_after_twelve_attempts_it_is_given_up(office: Office) -> None:
    office.sender.outcomes = [not_now() for _ in range(99)]
    await queue(office.store, delivery("r"))
    for _ in range(MOST_ATTEMPTS + 3):
        await office.deliver()
        office.clock.move(3600)
    assert await office.states() == ("failed", ["failed"])
    assert len(office.sender.outcomes) == 99 - MOST_ATTEMPTS


async def test_the_platforms_pause_stops_its_narrowest_bucket(office: Office) -> None:
    """BT16: only that chat waits."""
    office.sender = FakeSender(Bucket("chat:1", 100, 1.0), Bucket("all", 100, 30.0), now=office.clock.now)
    office.sender.outcomes = [not_now(3600)]
    await queue(office.store, delivery("r"))
    assert await office.deliver_for(3602) == [0, 3600]
    other = FakeSender(Bucket("chat:2", 100, 1.0), Bucket("all", 100, 30.0))
    office.sender.outcomes = [not_now(3600)]
    await queue(office.store, delivery("s"))
    await office.deliver()
    office.sender = other
    await queue(office.store, delivery("t"))
    await office.deliver()
    assert other.texts == ["Hello"]


async def test_a_person_who_blocked_us_is_unreachable(office: Office) -> None:
    """BT14."""
    ticket = await open_ticket(office.store, "ann")
    office.sender.outcomes = [never("blocked")]
    await queue(office.store, delivery("r", thread_id="h-ann", ticket_id=ticket.id))
    await office.deliver_for(10)
    assert await office.states() == ("failed", ["failed"])
    envelope = await office.store.find_ticket(ticket.number)
    assert envelope is not None
    assert [person.unreachable for person in envelope.identities] == [True]
    assert office.sender.sent == []


async def test_a_wrong_secret_holds_and_does_not_fail(office: Office) -> None:
    office.sender.outcomes = [DeliveryError("credential", "Refused.", temporary=False, delivered=False)]
    await queue(office.store, delivery("r"))
    await office.deliver_for(10)
    assert await office.states() == ("held", ["held"])


async def test_pieces_go_in_order_each_after_the_one_before(office: Office) -> None:
    await queue(office.store, delivery("r", texts=("one", "two", "three")))
    await office.deliver()
    assert office.sender.texts == ["one", "two", "three"]
    assert [reply.previous for reply in office.sender.sent] == [None, "x-1", "x-2"]
    assert [reply.send_key for reply in office.sender.sent] == ["d-r.1", "d-r.2", "d-r.3"]
    assert await office.states() == ("sent", ["sent"] * 3)


async def test_a_failure_in_the_middle_goes_on_there(office: Office) -> None:
    office.sender.outcomes = [None, not_now(), None, None]
    await queue(office.store, delivery("r", texts=("one", "two", "three")))
    await office.deliver()
    assert await office.states() == ("queued", ["sent", "queued", "queued"])
    await office.deliver_for(10)
    assert office.sender.texts == ["one", "two", "three"]
    assert [reply.previous for reply in office.sender.sent] == [None, "x-1", "x-2"]


async def test_a_budget_postpones_and_counts_no_attempt(office: Office) -> None:
    office.sender = FakeSender(Bucket("chat", 1, 0.5), now=office.clock.now)
    await queue(office.store, delivery("r", texts=("one", "two", "three")))
    await office.deliver()
    waiting = await office.get()
    assert (waiting.state, [part.attempts for part in waiting.parts]) == ("queued", [1, 0, 0])
    assert "limit" in waiting.detail
    await office.deliver_for(10)
    assert office.sender.texts == ["one", "two", "three"]
    assert [part.sent_at for part in (await office.get()).parts] == [at(0), at(2), at(4)]


async def test_a_store_away_before_sending_sends_nothing_and_holds_nothing_up(office: Office) -> None:
    office.store.away = {"mark_sending": 1}
    await queue(office.store, delivery("r"), delivery("s"))
    await office.deliver()
    assert len(office.sender.sent) == 1
    assert (await office.states())[0] == "queued"
    assert (await office.states("s"))[0] == "sent"
    await office.deliver()
    assert (await office.states())[0] == "sent"
    assert len(office.sender.sent) == 2


async def test_a_late_failure_undoes_nothing_that_another_worker_did(office: Office) -> None:
    """Our lease was taken away, a person sent it again, and only then our own try is refused."""
    gate = asyncio.Event()

    async def wait(_: Reply) -> None:
        await gate.wait()

    office.sender.before_sending = wait
    office.sender.outcomes = [not_now(5)]
    await queue(office.store, delivery("r"))
    task = asyncio.create_task(office.deliver())
    await settle()
    now = office.clock.now()
    await office.store.reap_workers(now, alone="another")
    await office.store.release_held(MAIN, "worker_lost", now)
    await office.store.record_receipt(DeliveryId("d-r"), 1, Receipt(ExternalMessageId("x-1"), now), now)
    gate.set()
    await task
    assert (await office.states())[0] == "sent"


@pytest.mark.parametrize(
    ("call", "outcome", "state"), [("record_receipt", None, "sent"), ("record_failure", lost(), "unknown")]
)
async def test_what_happened_is_recorded_however_long_the_store_is_away(
    office: Office, call: str, outcome: Exception | None, state: str
) -> None:
    office.store.away = {call: 500}
    office.sender.outcomes = [outcome]
    await queue(office.store, delivery("r"))
    task = asyncio.create_task(office.deliver())
    await office.clock.advance(499 * RECORD_AGAIN_S)
    assert not task.done()
    assert (await office.states())[0] == "sending"
    await office.clock.advance(RECORD_AGAIN_S)
    await task
    assert (await office.states())[0] == state
    assert len(office.sender.sent) == 1


async def test_a_lost_lease_sends_nothing(office: Office) -> None:
    await queue(office.store, delivery("r"))

    class Slow(FakeSender):
        def buckets(self, reply: Reply) -> tuple[Bucket, ...]:
            office.clock.move(10_000)
            return ()

    office.sender = Slow()
    await office.deliver()
    assert office.sender.sent == []


async def test_a_slow_delivery_holds_up_no_other(office: Office) -> None:
    gate = asyncio.Event()

    async def wait(reply: Reply) -> None:
        if reply.text == "slow":
            await gate.wait()

    office.sender.before_sending = wait
    await queue(office.store, delivery("r", texts=("slow",)), delivery("s", texts=("quick",)))
    task = asyncio.create_task(office.deliver())
    await settle()
    assert office.sender.texts == ["quick"]
    gate.set()
    await task
    assert office.sender.texts == ["quick", "slow"]


async def test_no_more_are_in_flight_than_allowed(office: Office, store: Leaving, clock: ManualClock) -> None:
    gate = asyncio.Event()

    async def wait(_: Reply) -> None:
        await gate.wait()

    office.sender.before_sending = wait
    await queue(store, *[delivery(str(n)) for n in range(FakeSender.at_once + 10)])
    outbox = Outbox(store, clock, no_crash, "worker")
    started = []
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            started.append(await outbox.start_due({MAIN: office.sender}, group))
            await settle()
        assert await outbox.start_due({}, group) == 0
        gate.set()
    assert started == [FakeSender.at_once, 0, 0, 0]


async def test_a_task_that_is_stopped_while_sending_leaves_the_truth_behind(office: Office) -> None:
    async def wait(_: Reply) -> None:
        await asyncio.Event().wait()

    office.sender.before_sending = wait
    await queue(office.store, delivery("r"))
    task = asyncio.create_task(office.deliver())
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await office.states() == ("sending", ["sending"])
    assert (await office.store.reap_workers(office.clock.now(), alone="another")).unknown == 1
    assert (await office.states())[0] == "unknown"


async def test_files_go_with_their_piece(office: Office) -> None:
    await answer_with_files(office, b"one", b"two")
    await office.deliver()
    assert [(reply.text, [file.content for file in reply.files]) for reply in office.sender.sent] == [
        ("Hello", [b"one"]),
        ("", [b"two"]),
    ]


async def test_without_its_file_a_piece_does_not_leave(office: Office) -> None:
    await answer_with_files(office, b"one", None)
    await office.deliver()
    found = await office.get()
    assert [reply.text for reply in office.sender.sent] == ["Hello"]
    assert (found.state, found.code, found.detail) == ("failed", "file_gone", FILE_GONE)


async def answer_with_files(office: Office, *contents: bytes | None) -> None:
    """Two pieces with a file each; None: it is not kept."""
    known = await open_ticket(office.store, "ann")
    ids = [AttachmentId(f"a-{n}") for n, _ in enumerate(contents)]
    files = tuple(
        NewAttachment(name, MessageId("m-r"), AttachmentDraft("a", "a/b", None, content, note="gone"))
        for name, content in zip(ids, contents, strict=True)
    )
    parts = (DeliveryPart(1, "Hello", "queued", files=(ids[0],)), DeliveryPart(2, "", "queued", files=(ids[1],)))
    sent = replace(answer("r", known), parts=parts)
    change = changing(known, message=outgoing("r", known), attachments=files, delivery=sent)
    await office.store.apply_change(change, office.clock.now())
