"""Challenges in the store: kept with their ticket, found by their code, changed with it."""

from msgspec.structs import replace

from tests.contract.store.test_merging import merge, take_apart
from tests.support.builders import T0, at, changing, following, get_ticket, open_ticket, query
from tickets.ids import ChallengeId, IdentityId, TicketId, TicketNumber
from tickets.model import Challenge, TicketEnvelope
from tickets.records import Challenged
from tickets.storage import Store

ONE = TicketNumber(1)
HASH = "c" * 64
ASKED = Challenge(
    id=ChallengeId("ch-1"),
    ticket_id=TicketId("t-bob"),
    identity_id=IdentityId("i-bob"),
    way="code",
    state="asked",
    asked_by="user:u-ann",
    asked_at=at(1),
    answer_by=at(7_200),
    about="b•••@例え.test",
)
SHOWN = replace(ASKED, state="shown", evidence="The code came back.", ended_at=at(60), holds_until=at(9_000))


async def asked(store: Store) -> None:
    known = await open_ticket(store, "bob")
    await store.apply_change(changing(known, challenged=Challenged(ASKED, HASH)), at(1))


async def whole(store: Store, number: TicketNumber = ONE) -> TicketEnvelope:
    found = await store.find_ticket(number)
    assert found is not None
    return found


async def test_it_stands_in_its_ticket_and_is_found_by_its_code(store: Store) -> None:
    await asked(store)
    assert (await whole(store)).challenges == (ASKED,)
    assert await store.find_challenge(ASKED.id) == ASKED
    assert await store.find_challenge(ChallengeId("another")) is None
    found = await store.find_context(query(claims=frozenset({HASH, "d" * 64})))
    assert found.challenges == {HASH: ASKED}
    assert found.tickets[ASKED.ticket_id].number == 1
    assert found.claims == {}


async def test_a_message_that_brings_its_code_shows_it(store: Store) -> None:
    await asked(store)
    known = await get_ticket(store, ONE)
    await store.admit([replace(following(known, "code"), shown=SHOWN)], at(60))
    assert (await whole(store)).challenges == (SHOWN,)


async def test_a_command_changes_it(store: Store) -> None:
    await asked(store)
    failed = replace(ASKED, state="failed", evidence="Another customer", judged_by="user:u-ben", ended_at=at(9))
    known = await get_ticket(store, ONE)
    await store.apply_change(changing(known, challenged=Challenged(failed)), at(9))
    assert (await whole(store)).challenges == (failed,)
    found = await store.find_context(query(claims=frozenset({HASH})))
    assert found.challenges == {HASH: failed}  # the code still leads to it


async def test_it_goes_where_its_ticket_goes_and_comes_back(store: Store) -> None:
    await asked(store)
    await open_ticket(store, "ann")
    await merge(store, 1, 2)
    found = await store.find_context(query(claims=frozenset({HASH})))
    assert found.challenges[HASH].ticket_id == "t-ann"
    assert (await whole(store, TicketNumber(2))).challenges == (ASKED,)
    receiver = await get_ticket(store, TicketNumber(2))
    moved = replace(SHOWN, ticket_id=receiver.id)
    await store.admit([replace(following(receiver, "code"), shown=moved)], at(60))
    assert (await whole(store, TicketNumber(2))).challenges == (SHOWN,)
    assert (await whole(store)).challenges == (SHOWN,)


async def test_who_was_asked_while_two_were_one_takes_it_along_when_they_are_parted(store: Store) -> None:
    await open_ticket(store, "bob")
    await open_ticket(store, "ann")
    await merge(store, 1, 2)
    receiver = await get_ticket(store, TicketNumber(2))
    of_bob = replace(ASKED, ticket_id=receiver.id, asked_at=at(11))
    of_ann = replace(of_bob, id=ChallengeId("ch-2"), identity_id=IdentityId("i-ann"))
    for one, code in ((of_bob, HASH), (of_ann, "e" * 64)):
        known = await get_ticket(store, TicketNumber(2))
        await store.apply_change(changing(known, challenged=Challenged(one, code)), at(11))
    await take_apart(store, 1)
    back = replace(of_bob, ticket_id=TicketId("t-bob"))
    assert (await whole(store)).challenges == (back,)
    assert (await whole(store, TicketNumber(2))).challenges == (of_ann,)
    found = await store.find_context(query(claims=frozenset({HASH})))
    assert found.challenges[HASH].ticket_id == "t-bob"


async def test_it_stays_as_long_as_its_ticket(store: Store) -> None:
    await asked(store)
    await store.forget_old(at(400 * 86_400))
    assert (await whole(store)).challenges == (ASKED,)
    known = await get_ticket(store, ONE)
    await store.admit([following(known, "next")], T0)
