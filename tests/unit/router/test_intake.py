"""The queue of raw events, on the memory store: a bad one never stops the good ones."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from router.intake import CONFLICT_ATTEMPTS, LEASE_S, MOST_ATTEMPTS, Intake
from simulators.memory_store import MemoryStore
from tests.support.builders import MAIN, T0
from tests.support.clock import ManualClock
from tests.support.inbound import JsonNormalizer, PlainNotices, decider, told
from tickets.errors import Conflict, StoreUnavailable
from tickets.ids import TicketId, TicketNumber
from tickets.model import RawEvent, TicketEnvelope
from tickets.ports import no_crash
from tickets.records import Admission, TicketChange


class Faulty(MemoryStore):
    """Refuses to admit as often as it is told to."""

    conflicts = 0
    away = False
    refuse_text = ""

    async def admit(self, admissions: Sequence[Admission], now: datetime) -> dict[TicketId, TicketNumber]:
        if self.away:
            raise StoreUnavailable("The database is away.")
        if self.refuse_text and any(self.refuse_text in one.segments for one in admissions):
            raise RuntimeError("this text breaks the database")
        if self.conflicts:
            self.conflicts -= 1
            raise Conflict("somebody was faster")
        return await super().admit(admissions, now)


@pytest.fixture
def store_class() -> type[Faulty]:
    return Faulty


@pytest.fixture
def intake(store: Faulty, clock: ManualClock) -> Intake:
    return Intake(store, JsonNormalizer(), decider(notices=PlainNotices()), clock, no_crash, "worker")


async def receive(store: Faulty, *events: RawEvent) -> None:
    await store.append_raw(MAIN, events, None)


async def texts(store: Faulty) -> list[list[str]]:
    """Every ticket's messages."""
    found: list[TicketEnvelope] = []
    while (ticket := await store.find_ticket(TicketNumber(len(found) + 1))) is not None:
        found.append(ticket)
    return [[message.text for message in ticket.messages] for ticket in found]


async def test_what_arrived_becomes_tickets_once(store: Faulty, intake: Intake) -> None:
    await receive(store, told("1"), told("2"), told("3", "bob"), told("4", "bob", ignored="a group"))
    assert await intake.drain_inbound() == 4
    assert await texts(store) == [["Text 1", "Text 2"], ["Text 3"]]
    assert await intake.drain_inbound() == 0


async def test_nothing_is_in_hand_when_nothing_came(intake: Intake) -> None:
    assert await intake.drain_inbound() == 0


async def test_what_cannot_be_read_is_quarantined_with_its_reason(store: Faulty, intake: Intake) -> None:
    await receive(store, told("1"), told("2", broken="not a message"), told("3"))
    await intake.drain_inbound()
    assert await texts(store) == [["Text 1", "Text 3"]]
    assert [(one.external_id, one.reason) for one in await store.list_quarantine()] == [("2", "not a message")]


async def test_poison_is_tried_again_then_quarantined_and_others_go_on(
    store: Faulty, intake: Intake, clock: ManualClock
) -> None:
    await receive(store, told("1"), told("2", poison=99), told("3"), told("4", "bob"))
    await intake.drain_inbound()
    assert await texts(store) == [["Text 4"]]
    waits = [await _until_due(intake, clock) for _ in range(MOST_ATTEMPTS - 1)]
    assert await texts(store) == [["Text 4"], ["Text 1", "Text 3"]]
    [quarantined] = await store.list_quarantine()
    assert quarantined.external_id == "2"
    assert "RuntimeError" in quarantined.reason
    assert "swordfish" not in quarantined.reason
    assert waits == [2, 4]


async def _until_due(intake: Intake, clock: ManualClock) -> int:
    """Seconds until something was in hand again."""
    for seconds in range(1, 100):
        clock.move(1)
        if await intake.drain_inbound():
            return seconds
    raise AssertionError("nothing came back")


async def test_a_failure_that_passes_loses_nothing(store: Faulty, intake: Intake, clock: ManualClock) -> None:
    await receive(store, told("1"), told("2", poison=1, text="now it works"), told("3"))
    await intake.drain_inbound()
    clock.move(10)
    await intake.drain_inbound()
    assert await texts(store) == [["Text 1", "now it works", "Text 3"]]
    assert await store.list_quarantine() == []


async def test_a_conflict_is_decided_again(store: Faulty, intake: Intake) -> None:
    store.conflicts = CONFLICT_ATTEMPTS - 1
    await receive(store, told("1"))
    await intake.drain_inbound()
    assert await texts(store) == [["Text 1"]]


async def test_a_conflict_for_ever_is_put_aside_and_comes_back(
    store: Faulty, intake: Intake, clock: ManualClock
) -> None:
    store.conflicts = CONFLICT_ATTEMPTS
    await receive(store, told("1"))
    await intake.drain_inbound()
    assert await texts(store) == []
    clock.move(10)
    await intake.drain_inbound()
    assert await texts(store) == [["Text 1"]]


async def test_a_conversation_that_breaks_the_store_does_not_stop_the_rest(
    store: Faulty, intake: Intake, clock: ManualClock
) -> None:
    store.refuse_text = "evil"
    await receive(store, told("1"), told("2", "eve", text="evil"), told("3", "bob"))
    await intake.drain_inbound()
    assert await texts(store) == [["Text 1"], ["Text 3"]]
    for _ in range(MOST_ATTEMPTS):
        clock.move(100)
        await intake.drain_inbound()
    [quarantined] = await store.list_quarantine()
    assert (quarantined.external_id, "RuntimeError" in quarantined.reason) == ("2", True)


async def test_a_store_that_is_away_is_a_pause_and_no_loss(store: Faulty, intake: Intake) -> None:
    await receive(store, told("1"))
    store.away = True
    with pytest.raises(StoreUnavailable):
        await intake.drain_inbound()
    store.away = False
    assert await intake.drain_inbound() == 1
    assert await texts(store) == [["Text 1"]]
    assert await store.list_quarantine() == []


async def test_two_workers_never_share_a_conversation(store: Faulty, clock: ManualClock) -> None:
    await receive(store, *[told(str(n), f"person-{n % 3}") for n in range(12)])
    held = await store.lease_events("another", clock.now(), LEASE_S, 4)
    worker = Intake(store, JsonNormalizer(), decider(), clock, no_crash, "worker")
    mine = await worker.drain_inbound()
    assert mine == 12 - len(held)
    theirs = {one.event.conversation for one in held}
    assert theirs
    assert await texts(store) == [
        [f"Text {n}" for n in range(12) if f"person-{n % 3}" == person]
        for person in ("person-0", "person-1", "person-2")
        if person not in theirs
    ]


async def test_an_album_waits_until_it_is_quiet(store: Faulty, intake: Intake, clock: ManualClock) -> None:
    def picture(name: str, received_at: datetime) -> RawEvent:
        event = told(name, received_at=received_at, text=f"Picture {name}", group="g")
        return replace(event, group="g", quiet_s=1.5)

    await receive(store, picture("1", T0))
    clock.move(1)
    await receive(store, picture("2", T0 + timedelta(seconds=1)))
    clock.move(1)
    assert await intake.drain_inbound() == 0
    clock.move(0.5)
    assert await intake.drain_inbound() == 2
    assert await texts(store) == [["Picture 1\nPicture 2"]]


async def test_a_closed_case_answered_while_another_is_open_is_stored(
    store: Faulty, intake: Intake, clock: ManualClock
) -> None:
    """One open ticket a conversation: the answer goes there and is not refused by the store."""
    await receive(store, told("1"))
    await intake.drain_inbound()
    await close(store, 1, clock.now())
    clock.move(8 * 24 * 3600)
    await receive(store, told("2", text="Another question"))
    await intake.drain_inbound()
    await receive(store, told("3", text="About the old one", reply_to=["1"]), told("1e", text="Changed"))
    await intake.drain_inbound()
    assert await texts(store) == [["Text 1"], ["Another question", "About the old one", "Changed"]]
    assert await store.list_quarantine() == []


async def close(store: Faulty, number: int, now: datetime) -> None:
    envelope = await store.find_ticket(TicketNumber(number))
    assert envelope is not None
    closed = replace(envelope.ticket, status="closed", version=envelope.ticket.version + 1)
    await store.apply_change(TicketChange(closed, envelope.ticket.version, ()), now)


async def test_crash_points_are_passed_in_order(store: Faulty, clock: ManualClock) -> None:
    passed: list[str] = []
    await receive(store, told("1"))
    await Intake(store, JsonNormalizer(), decider(), clock, passed.append, "worker").drain_inbound()
    assert passed == [
        "intake.leased",
        "intake.normalized",
        "intake.looked_up",
        "intake.decided",
        "intake.admitted",
    ]
