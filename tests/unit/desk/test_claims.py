"""Codes that are sent to people, and tickets that become one by them."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

import service
from desk.answered import answered_message, same_person
from desk.commands import Desk
from responders.compose import Limits
from responders.templates import ReplyTemplates
from simulators.memory_store import MemoryStore
from tests.support.builders import (
    MAIN,
    T0,
    at,
    event,
    following,
    get_ticket,
    identity,
    open_ticket,
    opening,
    query,
)
from tests.support.clock import ManualClock
from tests.unit.desk.test_commands import ANN, ONE
from tickets.claims import hash_of
from tickets.errors import Conflict, Overtaken, Refused
from tickets.ids import IdentityId, TicketNumber
from tickets.model import Contact, Participant
from tickets.ports import no_crash

TEMPLATES = Path(service.__file__).parent.parent / "templates" / "replies"
TWO = TicketNumber(2)


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await store.open()
    return store


@pytest.fixture
def desk(store: MemoryStore) -> Desk:
    own = ReplyTemplates(TEMPLATES, "en")
    links = {"telegram": "https://t.me/desk_bot?start=", "discord": "https://example.test/?c="}
    return Desk(store, ManualClock(at(60)), no_crash, {MAIN: Limits(4096, "utf16")}, None, own, links)  # type: ignore[arg-type]


async def test_a_code_goes_to_the_person_and_is_kept_as_a_hash(desk: Desk, store: MemoryStore) -> None:
    await open_ticket(store, "bob", language="ko")
    first = await desk.give_code(ANN, ONE, key="a")
    assert (await desk.give_code(ANN, ONE, key="a")).delivery_id == first.delivery_id
    found = await store.find_ticket(ONE)
    assert found is not None
    assert len(found.deliveries) == 1
    text = found.deliveries[0].parts[0].text
    code = re.search(r"\w{4}-\w{4}-\w{4}", text)
    assert code is not None
    assert text.startswith("코드: ")
    assert f"https://example.test/?c={code[0]}" in text
    assert "t.me" not in text  # they are on Telegram already
    claims = (await store.find_context(query(claims=frozenset({hash_of(code[0])})))).claims
    (claim,) = claims.values()
    assert (claim.ticket_id, claim.identity_id, claim.used) == ("t-bob", "i-bob", False)
    assert code[0] not in repr(found.events) + found.messages[-1].text
    assert f"{code[0][:4]}-····-····" in found.messages[-1].text
    assert [event.kind for event in found.events[-2:]] == ["answered", "code_given"]


async def test_in_public_nobody_gets_a_code(desk: Desk, store: MemoryStore) -> None:
    begun = opening("bob")
    assert begun.new_thread is not None
    await store.admit([replace(begun, new_thread=replace(begun.new_thread, visibility="public"))], T0)
    with pytest.raises(Refused, match="in private only"):
        await desk.give_code(ANN, ONE, key="a")


async def test_the_younger_ticket_goes_on_in_the_older_once(desk: Desk, store: MemoryStore) -> None:
    await open_ticket(store, "bob")
    await open_ticket(store, "ann")
    await desk.join(TWO, ONE, "c" * 64)
    assert (await get_ticket(store, TWO)).merged_into == ONE
    await desk.take_apart(ANN, TWO, key="apart")
    await desk.join(ONE, TWO, "c" * 64)
    assert (await get_ticket(store, TWO)).merged_into is None


async def test_where_they_cannot_become_one_a_note_says_so(desk: Desk, store: MemoryStore) -> None:
    await open_ticket(store, "bob")
    await open_ticket(store, "ann")
    await open_ticket(store, "eve")
    await desk.merge(ANN, ONE, TicketNumber(3), key="m")
    for _ in range(2):
        await desk.join(ONE, TWO, "c" * 64)
    found = await store.find_ticket(TWO)
    assert found is not None
    assert [one.text for one in found.messages if one.direction == "note"] == [
        "A code showed that #1 is this person's, too. They could not be merged: "
        "Ticket #1 was merged into #3. Go on there."
    ]


async def joined(store: MemoryStore) -> None:
    """Bob asked by mail; who came by a code is he, and Eve takes part."""
    await open_ticket(store, "bob")
    known = await get_ticket(store, ONE)
    for name, kind in (("bobby", "claimed"), ("eve", "received")):
        said = following(known, name)
        assert said.message is not None
        who = identity(name)
        shown = event(kind, "bob", message_id=said.message.id, data={"number": 1, "identity": "i-bob"})
        await store.admit(
            [
                replace(
                    said,
                    new_contact=Contact(who.contact_id, who.display_name, T0),
                    new_identity=who,
                    message=replace(said.message, identity_id=who.id),
                    participants=(Participant(who.id, "other"),),
                    events=(shown,),
                )
            ],
            at(10),
        )
        known = await get_ticket(store, ONE)


async def test_everywhere_is_where_a_code_has_shown_it(desk: Desk, store: MemoryStore) -> None:
    await joined(store)
    await desk.restrict(ANN, ONE, "block", "spam", key="a", everywhere=True)
    found = await store.find_ticket(ONE)
    assert found is not None
    assert {one.id for one in found.identities if one.restriction} == {"i-bob", "i-bobby"}
    assert found.ticket.status == "open"  # Eve takes part
    await desk.lift(ANN, ONE, key="b", who=IdentityId("i-bobby"))
    found = await store.find_ticket(ONE)
    assert found is not None
    assert not any(one.restriction for one in found.identities)


async def test_who_came_by_a_code_is_answered_where_they_write_now(store: MemoryStore) -> None:
    await joined(store)
    found = await store.find_ticket(ONE)
    assert found is not None
    answered = answered_message(found, None)
    assert answered is not None
    assert answered.identity_id == "i-bobby"  # and not Eve, who wrote last
    assert same_person(found, IdentityId("i-eve")) == {"i-eve"}


async def test_what_others_changed_meanwhile_is_done_later(store: MemoryStore, desk: Desk) -> None:
    await open_ticket(store, "bob")
    await open_ticket(store, "ann")

    async def overtaken(*_asked: object) -> None:
        raise Conflict("somebody was faster")

    store.apply_change = overtaken  # type: ignore[assignment]
    with pytest.raises(Overtaken):
        await desk.join(ONE, TWO, "c" * 64)
