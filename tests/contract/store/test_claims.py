"""Codes in the store: found by their hash, used once, forgotten after their time."""

import pytest
from msgspec.structs import replace

from tests.contract.store.test_merging import merge
from tests.support.builders import T0, at, changing, following, get_ticket, open_ticket, opening, query
from tickets.errors import Conflict
from tickets.ids import IdentityId, TicketId, TicketNumber
from tickets.records import Claim, Context
from tickets.storage import Store

HASH = "a" * 64
CLAIM = Claim(HASH, TicketId("t-bob"), IdentityId("i-bob"), at(7 * 86_400))
DAY_S = 86_400


async def given(store: Store) -> None:
    known = await open_ticket(store, "bob")
    await store.apply_change(changing(known, claim=CLAIM), at(1))


async def look(store: Store, *hashes: str) -> Context:
    return await store.find_context(query(claims=frozenset(hashes)))


async def test_a_code_leads_to_its_ticket(store: Store) -> None:
    await given(store)
    found = await look(store, HASH, "b" * 64)
    assert found.claims == {HASH: CLAIM}
    assert found.tickets[CLAIM.ticket_id].number == 1
    assert (await look(store, "b" * 64)).claims == {}


async def test_it_is_used_once(store: Store) -> None:
    await given(store)
    await store.admit([replace(opening("ann"), claimed=HASH)], at(5))
    assert (await look(store, HASH)).claims[HASH].used
    with pytest.raises(Conflict):
        await store.admit([replace(opening("eve"), claimed=HASH)], at(6))
    assert await store.find_ticket(TicketNumber(3)) is None


async def test_it_leads_to_where_its_ticket_goes_on(store: Store) -> None:
    await given(store)
    await open_ticket(store, "ann")
    await merge(store, 1, 2)
    found = await look(store, HASH)
    assert found.claims[HASH].ticket_id == "t-ann"
    assert "t-ann" in found.tickets


async def test_it_is_forgotten_a_month_after_its_time(store: Store) -> None:
    await given(store)
    await store.forget_old(at(36 * DAY_S))
    assert HASH in (await look(store, HASH)).claims
    await store.forget_old(at(38 * DAY_S))
    assert (await look(store, HASH)).claims == {}
    known = await get_ticket(store, TicketNumber(1))
    await store.admit([following(known, "next")], T0)
