"""Linking people on X with mail addresses: only as they agree."""

import pytest
from msgspec.structs import replace

from desk.commands import Desk
from responders.compose import Limits
from simulators.memory_store import MemoryStore
from tests.support.builders import MAIN, T0, at, get_ticket, identity, opening
from tests.support.clock import ManualClock
from tests.unit.desk.test_commands import ANN, ONE
from tickets.errors import Refused
from tickets.ids import Channel, TicketNumber
from tickets.ports import no_crash

TWO = TicketNumber(2)


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await store.open()
    return store


@pytest.fixture
def desk(store: MemoryStore) -> Desk:
    return Desk(store, ManualClock(at(60)), no_crash, {MAIN: Limits(4096, "utf16")})  # type: ignore[arg-type]


async def asked(store: MemoryStore, name: str, channel: Channel) -> None:
    who = replace(identity(name), channel=channel)
    await store.admit([replace(opening(name), new_identity=who)], T0)


async def notes(store: MemoryStore) -> list[str]:
    found = await store.find_ticket(ONE)
    assert found is not None
    return [one.text for one in found.messages if one.direction == "note"]


async def test_without_consent_it_is_refused_with_what_to_do(desk: Desk, store: MemoryStore) -> None:
    await asked(store, "bob", "x")
    await asked(store, "ann", "email")
    with pytest.raises(Refused, match="Send them a code: bringing it is the consent"):
        await desk.merge(ANN, TWO, ONE, key="a")
    with pytest.raises(Refused, match="without their consent"):
        await desk.merge(ANN, ONE, TWO, key="b", consent="  ")
    assert (await get_ticket(store, TWO)).merged_into is None


async def test_where_they_agreed_is_kept_as_a_note(desk: Desk, store: MemoryStore) -> None:
    await asked(store, "bob", "x")
    await asked(store, "ann", "email")
    for _ in range(2):
        await desk.merge(ANN, TWO, ONE, key="a", consent=" in their mail of Monday ")
    assert (await get_ticket(store, TWO)).merged_into == ONE
    assert await notes(store) == ["They agreed to being linked with their mail address: in their mail of Monday"]


async def test_who_brought_a_code_has_agreed(desk: Desk, store: MemoryStore) -> None:
    await asked(store, "bob", "x")
    await asked(store, "ann", "email")
    await desk.join(TWO, ONE, "c" * 64)
    assert (await get_ticket(store, TWO)).merged_into == ONE
    assert await notes(store) == []


async def test_others_are_merged_as_ever(desk: Desk, store: MemoryStore) -> None:
    await asked(store, "bob", "x")
    await asked(store, "ann", "telegram")
    await desk.merge(ANN, TWO, ONE, key="a", consent="said so")
    assert await notes(store) == []
