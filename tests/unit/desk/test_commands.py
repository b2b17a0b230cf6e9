"""Every command: who may, once per key, with an event that carries no content."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from desk.actors import Actor
from desk.changes import LONGEST_TEXT
from desk.commands import Desk
from desk.files import NewFile
from desk.frame import Done
from responders.compose import Limits
from simulators.memory_store import MemoryStore
from tests.support.builders import (
    MAIN,
    T0,
    at,
    delivery,
    following,
    get_delivery,
    lease,
    message,
    open_ticket,
    opening,
    raw,
    receive,
)
from tests.support.clock import ManualClock
from tests.support.stores import Database
from tickets.errors import Conflict, Forbidden, KeyReused, PublicStep, Refused, TicketNotFound
from tickets.ids import (
    ChallengeId,
    DeliveryId,
    EventId,
    IdentityId,
    ItemId,
    MessageId,
    NoticeId,
    ThreadId,
    TicketNumber,
    UserId,
)
from tickets.model import Delivery, DeliveryPart, Role, Ticket, TicketEnvelope
from tickets.ports import FileRules, no_crash
from tickets.records import CommandResult, Duty, TicketChange
from tickets.storage import Store

ONE = TicketNumber(1)
LIMITS = {MAIN: Limits(20, "utf16")}
ANN = Actor("user:u-ann", "Ann Agent", "agent", UserId("u-ann"))
BEN = Actor("user:u-ben", "Ben Agent", "agent", UserId("u-ben"))
TOKEN = Actor("token:crm", "crm", "agent")


class Crowded(MemoryStore):
    """Lets others in between any two calls, as a database does."""

    async def find_ticket(self, number: TicketNumber) -> TicketEnvelope | None:
        found = await super().find_ticket(number)
        await asyncio.sleep(0)
        return found

    async def find_command(self, actor: str, key: str) -> CommandResult | None:
        await asyncio.sleep(0)
        return await super().find_command(actor, key)

    async def apply_change(self, change: TicketChange, now: Any) -> None:
        await asyncio.sleep(0)
        await super().apply_change(change, now)


@pytest.fixture
def store_class() -> type[Crowded]:
    return Crowded


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(at(60))


@pytest.fixture
def desk(store: Crowded, clock: ManualClock) -> Desk:
    return Desk(store, clock, no_crash, LIMITS)


@pytest.fixture
async def ticket(store: Crowded) -> Ticket:
    return await open_ticket(store, "bob", text="Where is my parcel?")


async def envelope(store: Store, number: int = 1) -> TicketEnvelope:
    found = await store.find_ticket(TicketNumber(number))
    assert found is not None
    return found


# Who may --------------------------------------------------------------------------------

Command = Callable[[Desk, Actor], Awaitable[Any]]
D1 = DeliveryId("d-1")
COMMANDS: dict[str, tuple[str, Command]] = {
    "get_ticket": ("read", lambda desk, actor: desk.get_ticket(actor, ONE)),
    "answer": ("work", lambda desk, actor: desk.answer(actor, ONE, "Hi", key="k")),
    "foresee": ("work", lambda desk, actor: desk.foresee(actor, ONE, "Hi")),
    "hide": ("work", lambda desk, actor: desk.hide(actor, ONE, MessageId("m-bob"), key="k")),
    "note": ("work", lambda desk, actor: desk.note(actor, ONE, "Hi", key="k")),
    "claim": ("work", lambda desk, actor: desk.claim(actor, ONE, key="k")),
    "assign": ("direct", lambda desk, actor: desk.assign(actor, ONE, UserId("u-ben"), key="k")),
    "close": ("work", lambda desk, actor: desk.close(actor, ONE, key="k")),
    "reopen": ("work", lambda desk, actor: desk.reopen(actor, ONE, key="k")),
    "merge": ("work", lambda desk, actor: desk.merge(actor, ONE, TicketNumber(2), key="k")),
    "take_apart": ("work", lambda desk, actor: desk.take_apart(actor, ONE, key="k")),
    "begin": ("work", lambda desk, actor: desk.begin(actor, ONE, "Hello", "They asked on the phone", key="k")),
    "challenge": ("work", lambda desk, actor: desk.challenge(actor, ONE, "questions", key="k")),
    "judge": ("work", lambda desk, actor: desk.judge(actor, ONE, ChallengeId("c"), "seen", key="k", passed=False)),
    "give_code": ("work", lambda desk, actor: desk.give_code(actor, ONE, key="k")),
    "restrict": ("work", lambda desk, actor: desk.restrict(actor, ONE, "mute", "flood", key="k")),
    "lift": ("work", lambda desk, actor: desk.lift(actor, ONE, key="k")),
    "withdraw": ("work", lambda desk, actor: desk.withdraw(actor, D1, key="k")),
    "send_again": ("work", lambda desk, actor: desk.send_again(actor, D1, key="k")),
    "confirm_arrived": ("work", lambda desk, actor: desk.confirm_arrived(actor, D1, key="k")),
    "read_raw": ("work", lambda desk, actor: desk.read_raw(actor, ONE, MessageId("m-bob"), key="k")),
    "replay": ("administer", lambda desk, actor: desk.replay(actor, EventId(1))),
    "take_up": ("work", lambda desk, actor: desk.take_up(actor, ItemId("i-1"))),
    "categorize": ("work", lambda desk, actor: desk.categorize(actor, ONE, "payments", key="k")),
    "tag": ("work", lambda desk, actor: desk.tag(actor, ONE, ["a"], key="k")),
    "hand_over": ("work", lambda desk, actor: desk.hand_over(actor, ONE, key="k", found="f", tried="t", line=2)),
    "set_presence": ("work", lambda desk, actor: desk.set_presence(actor, present=True)),
    "set_duty": ("oversee", lambda desk, actor: desk.set_duty(actor, UserId("u"), Duty())),
    "go_away": ("oversee", lambda desk, actor: desk.go_away(actor, UserId("u"), at(60))),
    "dismiss_notice": ("work", lambda desk, actor: desk.dismiss_notice(actor, NoticeId(1))),
}


@pytest.mark.parametrize("name", sorted(COMMANDS))
@pytest.mark.parametrize("role", ["viewer", "agent", "lead", "admin"])
@pytest.mark.usefixtures("ticket")
async def test_roles_and_commands(desk: Desk, store: Crowded, name: str, role: Role) -> None:
    right, command = COMMANDS[name]
    actor = Actor(f"user:{role}", role, role, UserId(f"u-{role}"))
    before = await envelope(store)
    if actor.may(right):
        with suppress(Refused, TicketNotFound):  # the role allows it; the state does not
            await command(desk, actor)
    else:
        with pytest.raises(Forbidden):
            await command(desk, actor)
        assert await envelope(store) == before


def test_every_command_is_in_the_table() -> None:
    asks_only = {
        "categories",
        "missing",
        "suggest",
        "ask_for_missing",
        "hidden_teams",
        "team_names",
        "list_tickets",
        "count_tickets",
        "hides",
        "offer",
        "prepared",
        "prepare",
        "typing",
        "ways",
        "questions",
        "stale",
    }
    by_program = {"join", "erase", "could_not_hide", "signed_in"}
    assert set(COMMANDS) == {name for name in dir(Desk) if not name.startswith("_")} - asks_only - by_program


# Answering ------------------------------------------------------------------------------


@pytest.mark.usefixtures("ticket")
async def test_an_answer_is_queued_and_the_ticket_waits_for_the_person(desk: Desk, store: Crowded) -> None:
    done = await desk.answer(ANN, ONE, "  It is on its way.\r\nSorry!  ", key="k", undo_s=10)
    after = await envelope(store)
    [queued] = after.deliveries
    assert done == Done(ONE, queued.id)
    assert [part.text for part in queued.parts] == ["It is on its way.", "Sorry!"]
    assert (queued.state, queued.next_at, queued.kind) == ("queued", at(70), "reply")
    assert (after.ticket.status, after.ticket.waiting_since, after.ticket.unanswered) == ("pending", None, 0)
    assert after.ticket.assignee == "u-ann"
    assert [m.text for m in after.messages] == ["Where is my parcel?", "It is on its way.\nSorry!"]


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (LONGEST_TEXT + 1), "x" * 500])
@pytest.mark.usefixtures("ticket")
async def test_a_text_that_cannot_be_sent_is_refused(desk: Desk, store: Crowded, text: str) -> None:
    before = await envelope(store)
    with pytest.raises(Refused):
        await desk.answer(ANN, ONE, text, key="k")
    assert await envelope(store) == before


@pytest.mark.usefixtures("ticket")
async def test_the_same_key_and_text_is_one_answer(desk: Desk, store: Crowded) -> None:
    first = await desk.answer(ANN, ONE, "Hi", key="k")
    again = await desk.answer(ANN, ONE, "Hi", key="k")
    assert again == first._replace(repeated=True)
    assert len((await envelope(store)).deliveries) == 1


async def test_what_was_done_between_two_looks_is_told_as_done(
    desk: Desk, store: Crowded, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One click came as two requests at once: the second must not hear that the words were sent already."""
    seen = (await envelope(store)).messages[-1].id
    look = store.find_command
    between: list[Any] = []

    async def find_command(actor: str, key: str) -> CommandResult | None:
        found = await look(actor, key)
        if not between:
            between.append(key)
            between.append(await desk.answer(ANN, ONE, "Hi", key="k", seen=seen))
        return found

    monkeypatch.setattr(store, "find_command", find_command)
    done = await desk.answer(ANN, ONE, "Hi", key="k", seen=seen)
    assert done == between[1]._replace(repeated=True)


@pytest.mark.usefixtures("ticket")
async def test_the_same_key_with_another_wish_is_refused(desk: Desk, store: Crowded) -> None:
    await desk.answer(ANN, ONE, "Hi", key="k")
    for other in (
        desk.answer(ANN, ONE, "Hello", key="k"),
        desk.note(ANN, ONE, "Hi", key="k"),
        desk.close(ANN, ONE, key="k"),
        desk.answer(ANN, TicketNumber(2), "Hi", key="k"),
    ):
        with pytest.raises(KeyReused):
            await other
    await desk.answer(BEN, ONE, "Hello", key="k")
    assert len((await envelope(store)).deliveries) == 2


@pytest.mark.parametrize("key", ["", "k" * 201])
@pytest.mark.usefixtures("ticket")
async def test_a_key_must_be_one(desk: Desk, key: str) -> None:
    with pytest.raises(Refused, match="1 to 200"):
        await desk.note(ANN, ONE, "x", key=key)


@pytest.mark.usefixtures("ticket")
async def test_a_hundred_answers_with_one_key_are_one(desk: Desk, store: Crowded) -> None:
    """BW06."""
    done = await asyncio.gather(*(desk.answer(ANN, ONE, "Hi", key="k") for _ in range(100)))
    assert len({one.delivery_id for one in done}) == 1
    assert sum(not one.repeated for one in done) == 1
    after = await envelope(store)
    assert (len(after.deliveries), len(after.messages)) == (1, 2)


async def test_a_hundred_answers_with_one_key_are_one_in_a_database(
    clock: ManualClock, database_file: Database
) -> None:
    store = database_file.store()
    await store.open()
    try:
        await open_ticket(store, "bob")
        desk = Desk(store, clock, no_crash, LIMITS)
        done = await asyncio.gather(*(desk.answer(ANN, ONE, "Hi", key="k") for _ in range(100)))
        assert len({one.delivery_id for one in done}) == 1
        assert len((await envelope(store)).deliveries) == 1
    finally:
        await store.close()


@pytest.fixture
def database_file(tmp_path: Path) -> Database:
    return Database("sqlite", f"sqlite:///{tmp_path}/switchboard.db")


@pytest.mark.usefixtures("ticket")
async def test_commands_of_several_people_are_all_done(desk: Desk, store: Crowded) -> None:
    await asyncio.gather(*(desk.note(ANN, ONE, f"note {n}", key=f"k{n}") for n in range(4)))
    assert len((await envelope(store)).messages) == 5


@pytest.mark.usefixtures("ticket")
async def test_who_is_overtaken_again_and_again_is_told(desk: Desk, store: Crowded) -> None:
    async def overtaken(*_: Any) -> None:
        raise Conflict("somebody was faster")

    store.apply_change = overtaken
    with pytest.raises(Conflict):
        await desk.note(ANN, ONE, "x", key="k")


# Two at once ------------------------------------------------------------------------------


async def test_a_colleague_who_answered_meanwhile_is_read_first(
    desk: Desk, store: Crowded, clock: ManualClock, ticket: Ticket
) -> None:
    """BW07."""
    await desk.answer(BEN, ONE, "From Ben", key="b")
    with pytest.raises(Refused, match="Ben Agent answered"):
        await desk.answer(ANN, ONE, "From Ann", key="a", seen=MessageId("m-bob"))
    newest = (await envelope(store)).messages[-1].id
    clock.move(1)
    await desk.answer(ANN, ONE, "From Ann", key="a", seen=newest)
    await desk.answer(ANN, ONE, "Ann again", key="a2", seen=newest)
    assert len((await envelope(store)).deliveries) == 3
    assert ticket.number == 1


@pytest.mark.usefixtures("ticket")
async def test_notes_and_messages_of_the_person_refuse_nothing(desk: Desk, store: Crowded) -> None:
    await desk.note(BEN, ONE, "a hint", key="b")
    current = (await envelope(store)).ticket
    more = message("more", "bob", stored_at=at(61))
    await store.admit([following(current, "more", message=more)], at(61))
    await desk.answer(ANN, ONE, "Hi", key="a", seen=MessageId("m-bob"))
    await desk.answer(ANN, ONE, "Hi", key="a2", seen=MessageId("m-unheard-of"))
    assert len((await envelope(store)).deliveries) == 2


@pytest.mark.usefixtures("ticket")
async def test_a_ticket_is_claimed_by_one(desk: Desk, store: Crowded) -> None:
    await desk.claim(ANN, ONE, key="k")
    await desk.claim(ANN, ONE, key="k2")
    with pytest.raises(Refused, match="colleague"):
        await desk.claim(BEN, ONE, key="k")
    with pytest.raises(Refused, match="token"):
        await desk.claim(TOKEN, ONE, key="k")
    await desk.assign(BEN, ONE, BEN.user_id, key="k2")
    assert (await envelope(store)).ticket.assignee == "u-ben"
    await desk.assign(BEN, ONE, None, key="k3")
    await desk.claim(BEN, ONE, key="k4")


# Who cannot be answered ----------------------------------------------------------------------


async def test_a_person_who_cannot_be_reached_is_not_written_to(
    desk: Desk, store: Crowded, ticket: Ticket
) -> None:
    await store.mark_unreachable("telegram", ThreadId("h-bob"), T0)
    with pytest.raises(Refused, match="no longer accepts"):
        await desk.answer(ANN, ticket.number, "Hi", key="k")


async def test_a_sender_without_an_address_is_not_written_to(desk: Desk, store: Crowded) -> None:
    odd = opening("bob")
    assert odd.message is not None
    unsigned = replace(odd.message, unanswerable="This message has no sender that could be answered.")
    await store.admit([replace(odd, message=unsigned)], T0)
    with pytest.raises(Refused, match="no sender"):
        await desk.answer(ANN, ONE, "Hi", key="k")


async def in_public(store: Crowded) -> None:
    """A ticket that began in public."""
    begun = opening("bob", text="Where is my parcel?")
    assert begun.new_thread is not None
    await store.admit([replace(begun, new_thread=replace(begun.new_thread, visibility="public"))], T0)


async def test_what_everybody_reads_takes_a_second_step_where_much_is_private(desk: Desk, store: Crowded) -> None:
    await in_public(store)
    await desk.answer(ANN, ONE, "Thank you for asking", key="a")
    await desk.note(ANN, ONE, "His card was stolen", key="n")
    seen = ""
    for text in ("His card was stolen", "支払いを確認しました", "تم الدفع"):
        with pytest.raises(PublicStep) as step:
            await desk.answer(ANN, ONE, f"  {text}\r\n", key=text, seen_public=seen)
        assert step.value.text == text
        seen = step.value.seen
    assert len((await envelope(store)).deliveries) == 1
    await desk.answer(ANN, ONE, text, key=text, seen_public=seen)
    assert len((await envelope(store)).deliveries) == 2


async def test_the_second_step_shows_what_will_be_read(store: Crowded, clock: ManualClock) -> None:
    """Addresses behind words, and files; others must be seen anew."""
    await in_public(store)
    rules = FileRules(per_piece=2, each_bytes=100, together_bytes=200)
    desk = Desk(store, clock, no_crash, {MAIN: Limits(200, "utf16", files=rules)})
    await desk.note(ANN, ONE, "Not for others", key="n")
    text, files = "It is [there](https://intranet.test/secret)", [NewFile("plan.pdf", "application/pdf", b"1")]

    async def ask(key: str, seen: str, **how: Any) -> Done:
        wanted = {"formatted": True, "files": files} | how
        return await desk.answer(ANN, ONE, text, key=key, seen_public=seen, **wanted)

    with pytest.raises(PublicStep) as step:
        await ask("a", "")
    assert step.value.text == "It is there (https://intranet.test/secret)\n\n[plan.pdf]"
    other = [NewFile("plan.pdf", "application/pdf", b"2")]
    for changed in ({"files": other}, {"files": []}, {"formatted": False}):
        with pytest.raises(PublicStep):
            await ask("b", step.value.seen, **changed)
    await ask("c", step.value.seen)


async def test_private_answers_take_no_second_step(desk: Desk, ticket: Ticket) -> None:
    await desk.note(ANN, ticket.number, "Not for others", key="n")
    await desk.answer(ANN, ticket.number, "Hi", key="a")


async def test_an_account_that_is_gone_sends_nothing(store: Crowded, clock: ManualClock, ticket: Ticket) -> None:
    with pytest.raises(Refused, match="not configured"):
        await Desk(store, clock, no_crash, {}).answer(ANN, ticket.number, "Hi", key="k")


async def test_a_conversation_without_messages_has_no_answer(desk: Desk, ticket: Ticket) -> None:
    with pytest.raises(Refused, match="nothing to answer"):
        await desk.answer(ANN, ticket.number, "Hi", key="k", thread_id=ThreadId("h-other"))


async def test_a_ticket_that_does_not_exist(desk: Desk) -> None:
    with pytest.raises(TicketNotFound):
        await desk.note(ANN, TicketNumber(7), "x", key="k")
    with pytest.raises(TicketNotFound):
        await desk.withdraw(ANN, DeliveryId("d-none"), key="k")


# Settling deliveries ----------------------------------------------------------------------------

STATES = ("queued", "held", "sending", "sent", "failed", "unknown")
TABLE = {
    ("withdraw", "queued"): "held",
    ("send_again", "failed"): "queued",
    ("send_again", "held"): "queued",
    ("send_again", "unknown"): "queued",
    ("confirm_arrived", "unknown"): "sent",
}


async def stored_delivery(store: Crowded, *part_states: str, state: str) -> DeliveryId:
    current = (await envelope(store)).ticket
    parts = tuple(DeliveryPart(n, f"Text {n}", part) for n, part in enumerate(part_states, 1))
    made: Delivery = replace(
        delivery("1"), parts=parts, state=state, ticket_id=current.id, thread_id=ThreadId("h-bob"), next_at=at(999)
    )
    await store.admit([following(current, "extra", message=None, deliveries=(made,))], T0)
    return made.id


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", ["withdraw", "send_again", "confirm_arrived"])
@pytest.mark.usefixtures("ticket")
async def test_settling_a_delivery(desk: Desk, store: Crowded, command: str, state: str) -> None:
    delivery_id = await stored_delivery(store, state, state=state)
    settle = getattr(desk, command)
    if (command, state) in TABLE:
        await settle(ANN, delivery_id, key="k")
        after = await get_delivery(store, "1")
        expected = TABLE[command, state]
        assert (after.state, [part.state for part in after.parts]) == (expected, [expected])
        assert (await settle(ANN, delivery_id, key="k")).repeated
    else:
        with pytest.raises(Refused, match=state):
            await settle(ANN, delivery_id, key="k")
        assert (await get_delivery(store, "1")).state == state


@pytest.mark.parametrize(
    ("command", "state", "before", "after"),
    [
        ("withdraw", "queued", ("sent", "queued", "queued"), ("sent", "held", "held")),
        ("send_again", "held", ("sent", "held", "held"), ("sent", "queued", "queued")),
        ("send_again", "failed", ("sent", "failed", "queued"), ("sent", "queued", "queued")),
        ("send_again", "unknown", ("sent", "unknown", "queued"), ("sent", "queued", "queued")),
        ("confirm_arrived", "unknown", ("sent", "unknown", "queued"), ("sent", "sent", "queued")),
        ("confirm_arrived", "unknown", ("sent", "sent", "unknown"), ("sent", "sent", "sent")),
    ],
)
@pytest.mark.usefixtures("ticket")
async def test_pieces_that_arrived_stay_arrived(
    desk: Desk, store: Crowded, command: str, state: str, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    delivery_id = await stored_delivery(store, *before, state=state)
    await getattr(desk, command)(ANN, delivery_id, key="k")
    found = await get_delivery(store, "1")
    assert tuple(part.state for part in found.parts) == after
    expected = "sent" if set(after) == {"sent"} else "held" if "held" in after else "queued"
    assert found.state == expected
    assert found.next_at == at(60)


@pytest.mark.usefixtures("ticket")
async def test_an_answer_is_taken_back_only_while_it_waits(desk: Desk, store: Crowded, clock: ManualClock) -> None:
    """BW09."""
    done = await desk.answer(ANN, ONE, "Hi", key="k", undo_s=30)
    assert done.delivery_id is not None
    clock.move(29.9)
    assert await store.lease_deliveries([MAIN], "worker", clock.now(), 60, 9) == []
    await desk.withdraw(ANN, done.delivery_id, key="w")
    clock.move(10)
    assert await store.lease_deliveries([MAIN], "worker", clock.now(), 60, 9) == []
    await desk.send_again(ANN, done.delivery_id, key="s")
    assert len(await store.lease_deliveries([MAIN], "worker", clock.now(), 60, 9)) == 1
    with pytest.raises(Refused, match="being sent right now"):
        await desk.withdraw(ANN, done.delivery_id, key="w2")


# Closing and reopening ------------------------------------------------------------------------------


@pytest.mark.usefixtures("ticket")
async def test_closing_and_reopening(desk: Desk, store: Crowded) -> None:
    await desk.close(ANN, ONE, key="k1")
    closed = (await envelope(store)).ticket
    assert (closed.status, closed.waiting_since, closed.unanswered) == ("closed", None, 0)
    with pytest.raises(Refused, match="already closed"):
        await desk.close(ANN, ONE, key="k2")
    await desk.reopen(ANN, ONE, key="k3")
    with pytest.raises(Refused, match="already open"):
        await desk.reopen(ANN, ONE, key="k4")


@pytest.mark.usefixtures("ticket")
async def test_a_case_is_not_reopened_beside_another_of_its_conversation(desk: Desk, store: Crowded) -> None:
    await desk.close(ANN, ONE, key="k1")
    second = opening("carol")
    beside = replace(second, new_thread=None, thread_id=ThreadId("h-bob"), message=None, refs=())
    await store.admit([beside], T0)
    with pytest.raises(Refused, match="another open ticket"):
        await desk.reopen(ANN, ONE, key="k2")
    with pytest.raises(Refused, match="another open ticket"):
        await desk.answer(ANN, ONE, "Noch etwas", key="k3")
    assert (await envelope(store)).ticket.status == "closed"


# Events ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("ticket")
async def test_every_command_is_an_event_without_content(desk: Desk, store: Crowded, clock: ManualClock) -> None:
    done = await desk.answer(ANN, ONE, "swordfish", key="1", undo_s=9)
    assert done.delivery_id is not None
    await desk.note(ANN, ONE, "swordfish", key="2")
    await desk.claim(ANN, ONE, key="3")
    await desk.assign(ANN, ONE, UserId("u-ben"), key="4")
    await desk.withdraw(ANN, done.delivery_id, key="5")
    await desk.send_again(ANN, done.delivery_id, key="6")
    await desk.close(ANN, ONE, key="7")
    await desk.reopen(BEN, ONE, key="8")
    events = [event for event in (await envelope(store)).events if event.actor.startswith("user:")]
    assert [event.kind for event in events] == [
        "answered", "noted", "assigned", "assigned", "withdraw", "send_again", "closed", "reopened",
    ]  # fmt: skip
    assert {event.at for event in events} == {clock.now()}
    assert "swordfish" not in repr(events)
    assert "Where is" not in repr(events)
    assert (await envelope(store)).ticket.version == 9


async def test_reading_a_message_as_it_came_is_an_event(desk: Desk, store: Crowded) -> None:
    await receive(store, raw("1"))
    [leased] = await lease(store)
    first = opening("bob", leased.id)
    assert first.message is not None
    await store.admit([replace(first, message=replace(first.message, event_id=leased.id))], T0)
    found = await desk.read_raw(ANN, ONE, MessageId("m-bob"), key="k")
    assert found == leased.event
    events = (await envelope(store)).events
    assert [(event.kind, event.message_id) for event in events][-1] == ("raw_read", "m-bob")
    await desk.note(ANN, ONE, "ours", key="n")
    note = (await envelope(store)).messages[-1]
    with pytest.raises(Refused, match="no original"):
        await desk.read_raw(ANN, ONE, note.id, key="k2")


async def test_an_original_with_a_secret_in_it_is_for_leads(desk: Desk, store: Crowded) -> None:
    await receive(store, raw("1"))
    [leased] = await lease(store)
    first = opening("bob", leased.id)
    assert first.message is not None
    kept = replace(first.message, event_id=leased.id, secrets=("seed phrase",))
    await store.admit([replace(first, message=kept)], T0)
    with pytest.raises(Forbidden):
        await desk.read_raw(ANN, ONE, MessageId("m-bob"), key="k")
    lead = Actor("user:lead", "Lea Lead", "lead", UserId("u-lead"))
    assert await desk.read_raw(lead, ONE, MessageId("m-bob"), key="k2") == leased.event


@pytest.mark.usefixtures("ticket")
async def test_the_crash_point_comes_after_the_commit(store: Crowded, clock: ManualClock) -> None:
    seen: list[tuple[str, int]] = []

    def hook(point: str) -> None:
        seen.append((point, store._tables.tickets["t-bob"].version))

    await Desk(store, clock, hook, LIMITS).note(ANN, ONE, "x", key="k")
    assert seen == [("desk.committed", 2)]


# Holding people back ----------------------------------------------------------------------------


async def test_whoever_is_blocked_is_done_with_until_it_is_lifted(
    desk: Desk, store: Crowded, ticket: Ticket
) -> None:
    await desk.restrict(ANN, ONE, "block", "spam", key="a", hours=24)
    after = await envelope(store)
    (person,) = after.identities
    assert person.restriction is not None
    assert (person.restriction.kind, person.restriction.reason, person.restriction.by) == (
        "block",
        "spam",
        ANN.name,
    )
    assert person.restriction.until == at(60) + timedelta(hours=24)
    assert (after.ticket.status, after.ticket.waiting_since, after.ticket.unanswered) == ("closed", None, 0)
    event = after.events[-1]
    assert (event.kind, event.actor, event.data["reason"]) == ("blocked", ANN.key, "spam")
    await desk.lift(BEN, ONE, key="b")
    lifted = await envelope(store)
    assert lifted.identities[0].restriction is None
    assert (lifted.events[-1].kind, lifted.events[-1].actor) == ("lifted", BEN.key)


async def test_whoever_is_muted_still_waits(desk: Desk, store: Crowded, ticket: Ticket) -> None:
    await desk.restrict(ANN, ONE, "mute", "abuse", key="a")
    after = await envelope(store)
    assert (after.ticket.status, after.ticket.waiting_since) == ("open", ticket.waiting_since)
    assert after.identities[0].restriction is not None
    assert after.identities[0].restriction.until is None


async def test_what_cannot_be_held_back_is_said(desk: Desk, clock: ManualClock, ticket: Ticket) -> None:
    with pytest.raises(Refused, match="no such person"):
        await desk.restrict(ANN, ONE, "mute", "other", key="a", who=IdentityId("i-nobody"))
    for hours in (0, -1, 1e9, float("nan"), float("inf")):
        with pytest.raises(Refused, match="hours, or for good"):
            await desk.restrict(ANN, ONE, "mute", "other", key="a", hours=hours)
    with pytest.raises(Refused, match="neither blocked nor muted"):
        await desk.lift(ANN, ONE, key="a")
    await desk.restrict(ANN, ONE, "mute", "other", key="b", hours=1)
    clock.move(3600)
    with pytest.raises(Refused, match="neither blocked nor muted"):
        await desk.lift(ANN, ONE, key="c")
