"""What an answer would leave as, and cost, before it is sent."""

import pytest
from msgspec.structs import replace

from desk.actors import Actor
from desk.commands import Desk
from responders.compose import Limits
from simulators.memory_store import MemoryStore
from tests.support.builders import MAIN, at, open_ticket
from tests.support.clock import ManualClock
from tickets.errors import Refused
from tickets.ids import TicketNumber, UserId
from tickets.ports import no_crash
from tickets.records import Admission
from tickets.spending import Prices, Spent

ONE = TicketNumber(1)
ANN = Actor("user:u-ann", "Ann Agent", "agent", UserId("u-ann"))


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await store.open()
    await open_ticket(store, "bob")
    return store


def desk_over(store: MemoryStore, **limits: object) -> Desk:
    return Desk(store, ManualClock(at(60)), no_crash, {MAIN: Limits(280, "x_weighted", **limits)})  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["สวัสดี", "ठीक है", "Xin chào", "مرحبا"])
async def test_a_short_answer_that_is_free_is_one_piece(store: MemoryStore, text: str) -> None:
    before = await store.find_ticket(ONE)
    seen = await desk_over(store).foresee(ANN, ONE, text)
    assert [(piece.text, seen.limit, seen.cost) for piece in seen.pieces] == [(text, 280, None)]
    assert await store.find_ticket(ONE) == before


async def test_a_long_answer_is_shown_piece_by_piece_each_within_the_limit(store: MemoryStore) -> None:
    text = "这是一个很长的句子，解释如何恢复账户。" * 20
    seen = await desk_over(store, prices=Prices()).foresee(ANN, ONE, text)
    assert "".join(piece.text for piece in seen.pieces) == text
    assert len(seen.pieces) > 2
    assert all(200 < piece.length <= 280 for piece in seen.pieces[:-1])
    assert seen.cost is not None
    assert seen.cost.dollars == pytest.approx(0.010 + 0.015 * (len(seen.pieces) - 1))
    assert seen.cost.left is None


@pytest.mark.parametrize("text", ["Siehe https://example.com/hilfe", "请看example.com", "ดูที่ example.co.th"])
async def test_a_link_is_dear_and_the_price_without_it_stands_beside(store: MemoryStore, text: str) -> None:
    await store.add_spending(MAIN, (Spent("own", 1, 7.5),), at(60))
    seen = await desk_over(store, prices=Prices(), budget=10.0).foresee(ANN, ONE, text)
    assert seen.cost is not None
    assert (seen.cost.dollars, seen.cost.without_links, seen.cost.left) == (0.2, 0.01, 2.5)


async def test_what_could_not_be_sent_says_so_already(store: MemoryStore) -> None:
    with pytest.raises(Refused):
        await desk_over(store).foresee(ANN, ONE, "x" * 20_000)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ask @ann_1 and ＠Mei", ("@ann_1", "@Mei")),
        ("问@ann，谢谢", ("@ann",)),
        ("@bob this is for you", ()),
        ("write to help@example.org, or x@@ann", ()),
        ("@a_name_of_more_than_15 is none", ()),
    ],
)
async def test_whom_an_answer_calls_is_said_before(store: MemoryStore, text: str, names: tuple[str, ...]) -> None:
    """BX11."""
    found = await store.find_ticket(ONE)
    assert found is not None
    known = replace(found.identities[0], handle="Bob")
    await store.admit([Admission((), "ticket", changed_identity=known)], at(1))
    assert (await desk_over(store, notifies=True).foresee(ANN, ONE, text)).notified == names
    assert (await desk_over(store).foresee(ANN, ONE, text)).notified == ()
