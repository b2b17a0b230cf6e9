"""People held back: by name or everywhere, undone exactly, and never by a message that comes in."""

import pytest
from msgspec.structs import replace

from tests.support.builders import T0, at, changing, event, following, get_ticket, identity, open_ticket, query
from tickets.errors import Conflict
from tickets.ids import IdentityId, TicketNumber
from tickets.model import Authenticity, Restriction
from tickets.records import Restricting
from tickets.storage import Store

BLOCK = Restriction(kind="block", reason="spam", by="Mei 林", since=T0)
OVER = Restriction(kind="block", reason="other", by="Mei 林", since=at(-60), until=at(-1))
MUTE = Restriction(kind="mute", reason="flood", by="Switchboard", since=T0, until=at(60))


async def held(store: Store, number: int) -> Restriction | None:
    found = await store.find_ticket(TicketNumber(number))
    assert found is not None
    (person,) = found.identities
    return person.restriction


async def hold(store: Store, number: int, wanted: Restricting) -> None:
    known = await get_ticket(store, TicketNumber(number))
    await store.apply_change(changing(known, restricting=wanted), at(1))


async def three(store: Store) -> None:
    for name in ("bob", "bobby", "ann"):
        await open_ticket(store, name)


def only(*names: str) -> frozenset[IdentityId]:
    return frozenset(IdentityId(f"i-{name}") for name in names)


async def test_one_name_is_held_back(store: Store) -> None:
    await three(store)
    await hold(store, 1, Restricting(only("bob"), BLOCK))
    assert [await held(store, n) for n in (1, 2, 3)] == [BLOCK, None, None]


async def test_several_names_are_held_back_and_let_go(store: Store) -> None:
    await three(store)
    await hold(store, 2, Restricting(only("bob", "bobby"), BLOCK))
    assert [await held(store, n) for n in (1, 2, 3)] == [BLOCK, BLOCK, None]
    await hold(store, 1, Restricting(only("bob", "bobby"), None, lifting=BLOCK))
    assert [await held(store, n) for n in (1, 2, 3)] == [None, None, None]


async def test_undoing_one_leaves_another(store: Store) -> None:
    await three(store)
    await hold(store, 1, Restricting(only("bob"), BLOCK))
    await hold(store, 2, Restricting(only("bobby"), MUTE))
    await hold(store, 1, Restricting(only("bob", "bobby"), None, lifting=BLOCK))
    assert [await held(store, n) for n in (1, 2, 3)] == [None, MUTE, None]
    with pytest.raises(Conflict):
        await hold(store, 1, Restricting(only("bob"), None, lifting=BLOCK))


@pytest.mark.parametrize(("present", "after"), [(None, MUTE), (BLOCK, BLOCK), (OVER, MUTE)])
async def test_the_program_takes_nothing_back_from_a_colleague(
    store: Store, present: Restriction | None, after: Restriction
) -> None:
    await three(store)
    await hold(store, 1, Restricting(only("bob"), present))
    await hold(store, 1, Restricting(only("bob"), MUTE, gently=True))
    assert await held(store, 1) == after


async def test_a_message_that_comes_in_undoes_nothing(store: Store) -> None:
    """It was decided on what was known before."""
    known = await open_ticket(store, "bob")
    await hold(store, 1, Restricting(only("bob"), BLOCK))
    known = await get_ticket(store, known.number)
    stale = replace(identity("bob"), display_name="Bob 2", acknowledged_at=at(5))
    await store.admit([replace(following(known, "next"), changed_identity=stale)], at(5))
    assert await held(store, 1) == BLOCK


async def test_the_router_holds_back(store: Store) -> None:
    known = await open_ticket(store, "bob")
    admission = replace(
        following(known, "next"),
        restricting=Restricting(only("bob"), MUTE),
        events=(event("muted", "bob"),),
    )
    await store.admit([admission], at(5))
    assert await held(store, 1) == MUTE


# Who wrote how much -----------------------------------------------------------------------------


async def busy(store: Store, since_s: float) -> dict[IdentityId, int]:
    asked = query(
        identities=frozenset({("telegram", "person-bob"), ("telegram", "person-ann")}), busy_since=at(since_s)
    )
    return (await store.find_context(asked)).busy


async def test_messages_of_late_are_counted_of_whom_somebody_vouches_for(store: Store) -> None:
    for name in ("bob", "ann"):
        known = await open_ticket(store, name)
        for n, (seconds, verdict) in enumerate(
            [(10, "verified"), (20, "verified"), (30, "unverified"), (-50, "verified")]
        ):
            said = following(known, f"{name}-{n}")
            assert said.message is not None
            vouched = Authenticity(verdict=verdict, by="test")  # type: ignore[arg-type]
            sent = replace(said.message, sent_at=at(seconds), authenticity=vouched)
            await store.admit([replace(said, message=sent)], at(60))
            known = await get_ticket(store, known.number)
    assert await busy(store, 0) == {"i-bob": 2, "i-ann": 2}
    assert await busy(store, 15) == {"i-bob": 1, "i-ann": 1}
    await hold(store, 1, Restricting(only("bob"), MUTE))
    assert await busy(store, 0) == {"i-ann": 2}
    assert (await store.find_context(query(identities=frozenset({("telegram", "person-bob")})))).busy == {}
