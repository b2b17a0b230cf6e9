"""Answers of unknown fate, on the memory store: found, proved unsent, or left to a person; nothing on a guess."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from msgspec.structs import replace

from responders.outbox import Outbox
from responders.proof import BATCH, LEASE_S, NO_WAY, Prover, next_look
from simulators.memory_store import MemoryStore
from tests.support.builders import (
    MAIN,
    answer,
    at,
    changing,
    delivery,
    get_delivery,
    get_ticket,
    open_ticket,
    outgoing,
    query,
    queue,
)
from tests.support.channels import FakeSender, lost, never
from tests.support.clock import ManualClock
from tickets.errors import ConnectorError, DeliveryError, StoreUnavailable, Unreachable
from tickets.ids import DeliveryId, ExternalMessageId
from tickets.model import Delivery, Receipt, Reply
from tickets.ports import no_crash

DAY_S = 86_400


class ProvingFake(FakeSender):
    """A sender that can look: what it ``has`` is found by its words.

    asked: each look's piece and beginning.  broken: what the next looks
    raise.  before_looking: does something else in the meantime.
    """

    certain_after_s: float | None = 30.0

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(now=clock.now)
        self.has: list[tuple[str, Receipt]] = []
        self.asked: list[tuple[Reply, datetime]] = []
        self.broken: list[Exception] = []
        self.before_looking: list[object] = []

    async def find_sent(self, reply: Reply, since: datetime) -> Sequence[Receipt]:
        self.asked.append((reply, since))
        for meanwhile in self.before_looking:
            await meanwhile  # type: ignore[misc]
        self.before_looking.clear()
        if self.broken:
            raise self.broken.pop(0)
        return [receipt for text, receipt in self.has if text == reply.text]


class Office:
    """A worker with one account, that sends and looks."""

    def __init__(self, store: MemoryStore, clock: ManualClock, sender: FakeSender) -> None:
        self.store, self.clock, self.sender = store, clock, sender
        self.passed: list[str] = []
        self._outbox = Outbox(store, clock, no_crash, "worker")
        self._prover = Prover(store, clock, self.passed.append, "worker")

    async def lose(self, *texts: str) -> None:
        """The answer ``r`` is sent; what became of its last piece given here is unknown."""
        self.sender.outcomes = [*[None] * (len(texts) - 1), lost()]
        await self.deliver()

    async def deliver(self) -> int:
        return await self._outbox.deliver_due({MAIN: self.sender})

    async def look(self) -> int:
        return await self._prover.settle_due({MAIN: self.sender})

    async def look_for(self, seconds: int, every: int = 1) -> list[int]:
        """Look again and again; the seconds at which something was looked for."""
        busy = []
        for second in range(0, seconds, every):
            if await self.look():
                busy.append(second)
            self.clock.move(every)
        return busy

    async def get(self, name: str = "r") -> Delivery:
        return await get_delivery(self.store, name)

    async def states(self, name: str = "r") -> tuple[str, list[str]]:
        found = await self.get(name)
        return found.state, [part.state for part in found.parts]


@pytest.fixture
def sender(clock: ManualClock) -> ProvingFake:
    return ProvingFake(clock)


@pytest.fixture
def office(store: MemoryStore, clock: ManualClock, sender: ProvingFake) -> Office:
    return Office(store, clock, sender)


def found(name: str = "x-9", note: str = "") -> Receipt:
    return Receipt(ExternalMessageId(name), at(2), note=note)


# Found -------------------------------------------------------------------------------


async def test_what_is_found_has_arrived(office: Office, sender: ProvingFake) -> None:
    await queue(office.store, delivery("r", texts=("有人吗? هل من أحد؟ มีใครไหม",)))
    await office.lose("r")
    sender.has = [("有人吗? هل من أحد؟ มีใครไหม", found(note="The quoted message was gone."))]
    office.clock.move(5)
    assert await office.look() == 1
    settled = await office.get()
    assert (settled.state, settled.parts[0].external_id, settled.parts[0].sent_at) == ("sent", "x-9", at(2))
    assert "The quoted message was gone." in settled.detail
    assert "found on the platform" in settled.detail
    assert sender.texts == ["有人吗? هل من أحد؟ มีใครไหม"]
    assert office.passed == ["proof.leased", "proof.looked", "proof.recorded"]
    office.clock.move(DAY_S)
    assert (await office.look(), await office.deliver()) == (0, 0)


async def test_it_is_looked_for_from_when_the_attempt_began(office: Office, sender: ProvingFake) -> None:
    await queue(office.store, delivery("r"))
    office.clock.move(7)
    await office.lose("r")
    office.clock.move(3)
    await office.look()
    [(reply, since)] = sender.asked
    assert (reply, since) == (sender.sent[0], at(7))


async def test_what_is_known_as_another_message_is_not_taken(office: Office, sender: ProvingFake) -> None:
    """Two answers may have the same words."""
    known = await open_ticket(office.store, "ann")
    change = changing(known, message=outgoing("s", known), delivery=answer("s", known))
    await office.store.apply_change(change, at(0))
    await office.deliver()
    await queue(office.store, delivery("r"))
    await office.lose("r")
    sender.has = [("Hello", found("x-1"))]
    await office.look()
    assert await office.states() == ("unknown", ["unknown"])
    sender.has = [("Hello", found("x-1")), ("Hello", found("x-2"))]
    office.clock.move(10)
    await office.look()
    assert (await office.get()).parts[0].external_id == "x-2"


async def test_the_persons_next_words_reach_the_ticket_of_what_was_found(
    office: Office, sender: ProvingFake
) -> None:
    known = await open_ticket(office.store, "ann")
    pending = replace(known, status="pending", waiting_since=None, unanswered=0, version=known.version + 1)
    change = changing(
        known, ticket=pending, message=outgoing("r", known, stored_at=at(1)), delivery=answer("r", known)
    )
    await office.store.apply_change(change, at(1))
    await office.lose("r")
    assert (await get_ticket(office.store, known.number)).status == "open"
    sender.has = [("Hello", found())]
    await office.look()
    assert (await get_ticket(office.store, known.number)).status == "pending"
    name = ("telegram", ExternalMessageId("x-9"))
    context = await office.store.find_context(query(refs=frozenset({name})))
    assert context.refs[name].ticket_id == known.id


async def test_after_the_second_piece_is_found_the_third_goes_on(office: Office, sender: ProvingFake) -> None:
    await queue(office.store, delivery("r", texts=("one", "two", "three")))
    await office.lose("one", "two")
    assert await office.states() == ("unknown", ["sent", "unknown", "queued"])
    assert await office.deliver() == 0
    sender.has = [("one", found("x-1")), ("two", found("x-9"))]
    await office.look()
    assert [reply.previous for reply, _ in sender.asked] == ["x-1"]
    assert await office.states() == ("queued", ["sent", "sent", "queued"])
    await office.deliver()
    assert sender.texts == ["one", "two", "three"]
    assert sender.sent[-1].previous == "x-9"
    assert (await office.get()).state == "sent"


# Not found ---------------------------------------------------------------------------


async def test_what_is_not_found_is_looked_for_at_growing_paces(office: Office, sender: ProvingFake) -> None:
    sender.certain_after_s = None
    await queue(office.store, delivery("r"))
    await office.lose("r")
    assert await office.look_for(600) == [*range(0, 60, 5), *range(60, 600, 60)]
    assert await office.look_for(7200, every=60) == list(range(0, 7200, 900))
    told = (await office.get()).detail
    assert told.startswith("No answer came. It may or may not have arrived. Looked for on the platform at ")
    assert "It is looked for again at " in told
    assert told.count("Looked for") == 1


async def test_after_a_day_only_a_person_can_tell_and_nothing_was_sent_again(
    office: Office, sender: ProvingFake
) -> None:
    sender.certain_after_s = None
    await queue(office.store, delivery("r"))
    await office.lose("r")
    await office.look()
    office.clock.move(DAY_S)
    await office.look()
    assert "Only a person can tell" in (await office.get()).detail
    assert await office.look_for(7 * DAY_S, every=3600) == []
    assert (await office.states(), await office.deliver()) == (("unknown", ["unknown"]), 0)
    assert len(sender.sent) == 1


async def test_what_is_certainly_not_there_is_sent_again_once(office: Office, sender: ProvingFake) -> None:
    await queue(office.store, delivery("r"))
    await office.lose("r")
    assert await office.look_for(30) == [0, 5, 10, 15, 20, 25]
    assert await office.states() == ("unknown", ["unknown"])
    assert await office.look() == 1
    queued = await office.get()
    assert (queued.state, queued.code) == ("queued", "not_arrived")
    assert "it had not arrived, so it is sent again" in queued.detail
    for _ in range(100):
        await office.deliver()
        await office.look()
        office.clock.move(60)
    assert await office.states() == ("sent", ["sent"])
    first, second = sender.sent
    assert first == second
    assert (await office.get()).parts[0].attempts == 2


async def test_only_the_lost_piece_is_sent_again(office: Office, sender: ProvingFake) -> None:
    await queue(office.store, delivery("r", texts=("one", "two", "three")))
    await office.lose("one", "two")
    office.clock.move(30)
    await office.look()
    await office.deliver()
    assert sender.texts == ["one", "two", "two", "three"]
    assert await office.states() == ("sent", ["sent"] * 3)


async def test_the_attempt_that_counts_is_the_last(office: Office, sender: ProvingFake) -> None:
    await queue(office.store, delivery("r"))
    await office.lose("r")
    office.clock.move(30)
    await office.look()
    sender.outcomes = [lost()]
    await office.deliver()
    office.clock.move(29)
    await office.look()
    assert await office.states() == ("unknown", ["unknown"])
    assert sender.asked[-1][1] == at(30)


# Not to be looked for --------------------------------------------------------------------


async def test_where_nobody_can_look_only_a_person_can_tell(store: MemoryStore, clock: ManualClock) -> None:
    office = Office(store, clock, FakeSender(now=clock.now))
    await queue(store, delivery("r"))
    await office.lose("r")
    assert await office.look_for(100) == [0]
    assert await office.states() == ("unknown", ["unknown"])
    assert (await office.get()).detail == f"No answer came. It may or may not have arrived. {NO_WAY}"
    clock.move(DAY_S)
    assert (await office.look(), await office.deliver()) == (0, 0)


@pytest.mark.parametrize(
    "error",
    [Unreachable("No connection."), ConnectorError("Strange."), never("gone")],
)
async def test_a_look_that_fails_proves_nothing_and_is_tried_again(
    office: Office, sender: ProvingFake, error: Exception
) -> None:
    await queue(office.store, delivery("r"))
    await office.lose("r")
    office.clock.move(40)
    sender.broken = [error]
    await office.look()
    noted = await office.get()
    assert (noted.state, f"could not be looked for: {error}" in noted.detail) == ("unknown", True)
    assert await office.look_for(6) == [5]
    assert (await office.get()).state == "queued"


async def test_what_cannot_be_looked_for_all_day_is_left_to_a_person(office: Office, sender: ProvingFake) -> None:
    await queue(office.store, delivery("r"))
    await office.lose("r")
    sender.broken = [DeliveryError("refused", "No such place.", temporary=False, delivered=False)] * 2
    await office.look()
    office.clock.move(DAY_S)
    await office.look()
    assert await office.look_for(DAY_S, every=900) == []
    assert (await office.states(), len(sender.sent)) == (("unknown", ["unknown"]), 1)


# Meanwhile -------------------------------------------------------------------------------


async def decide(office: Office, state: str) -> None:
    """What a person says of ``r``."""
    wanted = await office.get()
    known = await get_ticket(office.store, 1)  # type: ignore[arg-type]
    decided = replace(
        wanted,
        state=state,
        parts=tuple(replace(part, state=state) for part in wanted.parts),
        detail="A person said so.",
        updated_at=office.clock.now(),
        next_at=office.clock.now(),
    )
    await office.store.apply_change(
        changing(known, delivery=decided, expected_delivery="unknown"), office.clock.now()
    )


@pytest.mark.parametrize("state", ["sent", "queued"])
@pytest.mark.parametrize("there", [True, False])
async def test_a_person_who_decides_meanwhile_is_not_overruled(
    office: Office, sender: ProvingFake, state: str, there: bool
) -> None:
    known = await open_ticket(office.store, "ann")
    await office.store.apply_change(
        changing(known, message=outgoing("r", known), delivery=answer("r", known)), at(0)
    )
    await office.lose("r")
    office.clock.move(60)
    sender.has = [("Hello", found())] if there else []
    sender.before_looking = [decide(office, state)]
    await office.look()
    decided = await office.get()
    assert (decided.state, decided.detail) == (state, "A person said so.")
    await office.deliver()
    assert len(sender.sent) == (1 if state == "sent" else 2)


async def test_two_workers_never_look_for_the_same(office: Office, store: MemoryStore, clock: ManualClock) -> None:
    await queue(store, delivery("r"))
    await office.lose("r")
    another = Prover(store, clock, no_crash, "another")
    office.sender.before_looking = [another.settle_due({MAIN: office.sender})]  # type: ignore[attr-defined]
    await office.look()
    assert len(office.sender.asked) == 1  # type: ignore[attr-defined]


async def test_what_a_dead_worker_looked_for_is_looked_for_again(
    office: Office, store: MemoryStore, clock: ManualClock
) -> None:
    def crash(point: str) -> None:
        raise SystemError(point)

    await queue(store, delivery("r"))
    await office.lose("r")
    with pytest.raises(SystemError):
        await Prover(store, clock, crash, "dead").settle_due({MAIN: office.sender})
    assert await office.look() == 0
    clock.move(LEASE_S)
    assert await office.look() == 1


async def test_only_the_senders_at_hand_are_asked(office: Office, sender: ProvingFake) -> None:
    await queue(office.store, delivery("r"))
    await office.lose("r")
    assert await Prover(office.store, office.clock, no_crash, "worker").settle_due({}) == 0
    assert sender.asked == []


async def test_many_are_looked_for_in_turns(office: Office, sender: ProvingFake) -> None:
    await queue(office.store, *(delivery(f"{n}") for n in range(BATCH + 5)))
    for n in range(BATCH + 5):
        await office.store.record_failure(DeliveryId(f"d-{n}"), 1, "unknown", "", "", at(0), at(0))
    assert [await office.look() for _ in range(3)] == [BATCH, 5, 0]


async def test_a_store_that_is_away_stops_the_look_and_changes_nothing(
    office: Office, sender: ProvingFake
) -> None:
    await queue(office.store, delivery("r"))
    await office.lose("r")
    sender.has = [("Hello", found())]
    sender.before_looking = [office.store.close()]
    with pytest.raises(StoreUnavailable):
        await office.look()
    await office.store.open()
    assert await office.states() == ("unknown", ["unknown"])
    office.clock.move(LEASE_S)
    await office.look()
    assert await office.states() == ("sent", ["sent"])


@pytest.mark.parametrize(
    ("elapsed_s", "wait_s"),
    [(0, 5), (59.9, 5), (60, 60), (599, 60), (600, 900), (86_399, 900), (86_400, None), (1e9, None)],
)
def test_the_paces(elapsed_s: float, wait_s: float | None) -> None:
    expected = None if wait_s is None else at(elapsed_s + wait_s)
    assert next_look(at(0), at(elapsed_s)) == expected
