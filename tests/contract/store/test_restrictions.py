"""People held back: by name or everywhere, undone exactly, and never by a message that comes in."""

from msgspec.structs import replace

from tests.support.builders import T0, at, changing, event, following, get_ticket, identity, open_ticket, opening
from tickets.ids import ContactId, IdentityId, TicketNumber
from tickets.model import Restriction
from tickets.records import Restricting
from tickets.storage import Store

BLOCK = Restriction(kind="block", reason="spam", by="Mei 林", since=T0)
MUTE = Restriction(kind="mute", reason="flood", by="Switchboard", since=T0, until=at(60))


async def held(store: Store, number: int) -> Restriction | None:
    found = await store.find_ticket(TicketNumber(number))
    assert found is not None
    (person,) = found.identities
    return person.restriction


async def hold(store: Store, number: int, wanted: Restricting) -> None:
    known = await get_ticket(store, TicketNumber(number))
    await store.apply_change(changing(known, restricting=wanted), at(1))


async def same_person(store: Store) -> None:
    """Bob, as who is known under two names, and Ann."""
    await open_ticket(store, "bob")
    other = opening("bobby")
    assert other.new_identity is not None
    known = replace(other.new_identity, contact_id=ContactId("c-bob"))
    await store.admit([replace(other, new_contact=None, new_identity=known)], T0)
    await open_ticket(store, "ann")


async def test_one_name_is_held_back(store: Store) -> None:
    await same_person(store)
    await hold(store, 1, Restricting(IdentityId("i-bob"), BLOCK))
    assert [await held(store, n) for n in (1, 2, 3)] == [BLOCK, None, None]


async def test_every_name_of_a_person_is_held_back_and_let_go(store: Store) -> None:
    await same_person(store)
    await hold(store, 2, Restricting(IdentityId("i-bobby"), BLOCK, everywhere=True))
    assert [await held(store, n) for n in (1, 2, 3)] == [BLOCK, BLOCK, None]
    await hold(store, 1, Restricting(IdentityId("i-bob"), None, everywhere=True, lifting=BLOCK))
    assert [await held(store, n) for n in (1, 2, 3)] == [None, None, None]


async def test_undoing_one_leaves_another(store: Store) -> None:
    await same_person(store)
    await hold(store, 1, Restricting(IdentityId("i-bob"), BLOCK))
    await hold(store, 2, Restricting(IdentityId("i-bobby"), MUTE))
    await hold(store, 1, Restricting(IdentityId("i-bob"), None, everywhere=True, lifting=BLOCK))
    assert [await held(store, n) for n in (1, 2, 3)] == [None, MUTE, None]


async def test_a_message_that_comes_in_undoes_nothing(store: Store) -> None:
    """It was decided on what was known before."""
    known = await open_ticket(store, "bob")
    await hold(store, 1, Restricting(IdentityId("i-bob"), BLOCK))
    known = await get_ticket(store, known.number)
    stale = replace(identity("bob"), display_name="Bob 2", acknowledged_at=at(5))
    await store.admit([replace(following(known, "next"), changed_identity=stale)], at(5))
    assert await held(store, 1) == BLOCK


async def test_the_router_holds_back(store: Store) -> None:
    known = await open_ticket(store, "bob")
    admission = replace(
        following(known, "next"),
        restricting=Restricting(IdentityId("i-bob"), MUTE),
        events=(event("muted", "bob"),),
    )
    await store.admit([admission], at(5))
    assert await held(store, 1) == MUTE
