"""Asking people to show who they are, and judging what comes of it."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from desk.challenging import NO_CHECKS, IdentityChecks, half_hidden
from desk.commands import Desk
from desk.sign_in import SignIn
from responders.compose import Limits
from responders.templates import ReplyTemplates
from simulators.memory_store import MemoryStore
from tests.support.builders import (
    MAIN,
    T0,
    at,
    changing,
    following,
    get_ticket,
    message,
    open_ticket,
    opening,
    query,
)
from tests.support.clock import ManualClock
from tests.support.inbound import VERIFIED
from tests.support.paths import REPLIES
from tests.unit.desk.test_commands import ANN, ONE
from tickets.claims import hash_of
from tickets.errors import Refused
from tickets.ids import AccountId, ChallengeId, IdentityId, MessageId, ThreadId, TicketId, new_id
from tickets.model import Authenticity, Challenge, ChallengeWay, TicketEnvelope, TicketEvent
from tickets.ports import no_crash
from tickets.records import Challenged
from tickets.secret import Secret

MAIL = AccountId("email:support")
OWN = "help@desk.example.test"
QUESTIONS = {
    "order": {"en": "What did you order last?", "ko": "마지막 주문은 무엇인가요?"},
    "since": {"en": "Since when do you have your account?"},
}
CHECKS = IdentityChecks(
    questions=QUESTIONS,
    mail=MAIL,
    sign_in=SignIn("https://accounts.example.test/confirm", Secret("thirty-two bytes or more, of no value")),
    private=frozenset({"balance"}),
)


def challenge(way: ChallengeWay = "code", **changes: Any) -> Challenge:
    asked = Challenge(
        id=ChallengeId("ch-1"),
        ticket_id=TicketId("t-bob"),
        identity_id=IdentityId("i-bob"),
        way=way,
        state="asked",
        asked_by=ANN.key,
        asked_at=T0,
        answer_by=at(7_200),
    )
    return replace(asked, **changes)


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await store.open()
    return store


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(at(60))


@pytest.fixture
def desk(store: MemoryStore, clock: ManualClock) -> Desk:
    return desk_with(store, clock, CHECKS)


def desk_with(store: MemoryStore, clock: ManualClock, checks: IdentityChecks, **more: Any) -> Desk:
    limits: Mapping[AccountId, Limits] = {MAIN: Limits(4096, "utf16"), MAIL: Limits(None, "characters", OWN)}
    own = ReplyTemplates(REPLIES, "en")
    return Desk(store, clock, no_crash, limits, own=own, checks=checks, **more)  # type: ignore[arg-type]


async def whole(store: MemoryStore) -> TicketEnvelope:
    found = await store.find_ticket(ONE)
    assert found is not None
    return found


async def test_a_code_is_mailed_and_named_nowhere_else(desk: Desk, store: MemoryStore) -> None:
    await open_ticket(store, "bob", language="ko")
    for _ in range(2):
        await desk.challenge(ANN, ONE, "code", key="a", address=" Bob.K@customers.test ")
    found = await whole(store)
    mail = next(one for one in found.deliveries if one.kind == "code")
    told = next(one for one in found.deliveries if one.kind == "reply")
    assert len(found.deliveries) == 2
    assert (mail.target.channel, mail.target.to, mail.target.subject) == (
        "email",
        ("Bob.K@customers.test",),
        "코드 안내",
    )
    code = re.search(r"\w{4}-\w{4}-\w{4}", mail.parts[0].text)
    assert code is not None
    assert "B•••@c•••.test" in told.parts[0].text
    assert code[0] not in repr((told, found.messages, found.events, found.challenges))
    [asked] = found.challenges
    assert (asked.way, asked.state, asked.identity_id, asked.asked_by) == ("code", "asked", "i-bob", ANN.key)
    assert asked.about == "B•••@c•••.test"
    assert asked.answer_by - asked.asked_at == CHECKS.answer_within
    context = await store.find_context(query(claims=frozenset({hash_of(code[0])})))
    assert context.challenges == {hash_of(code[0]): asked}
    assert [event.kind for event in found.events[-2:]] == ["answered", "challenged"]
    assert found.ticket.status == "pending"


async def test_an_address_that_they_named_themselves_is_marked(desk: Desk, store: MemoryStore) -> None:
    begun = opening("bob")
    assert begun.message is not None
    await store.admit([replace(begun, message=replace(begun.message, text="I am BOB@customers.test"))], T0)
    await desk.challenge(ANN, ONE, "code", key="a", address="bob@customers.test")
    [asked] = (await whole(store)).challenges
    assert asked.about == "b•••@c•••.test (which they had named here themselves)"


async def test_one_that_they_named_in_their_own_script_or_in_the_subject_is_marked_too(
    desk: Desk, store: MemoryStore
) -> None:
    begun = opening("bob")
    assert begun.message is not None
    named = replace(begun.message, text="私のは mei@例え.jp です", subject="bob@customers.test")
    await store.admit([replace(begun, message=named)], T0)
    for key, address in enumerate(("mei@例え.jp", "mei@xn--r8jz45g.jp", "bob@customers.test")):
        await desk.challenge(ANN, ONE, "code", key=f"k{key}", address=address)
    assert all("named here themselves" in one.about for one in (await whole(store)).challenges)


@pytest.mark.parametrize(
    "address",
    ["", "bob", "bob@", "@example.test", "bob@example", "a b@example.test", "bob@example.test\nBcc: eve@x.test",
     "bob@ex\u200dämple.test",
     "bob@" + "ü" * 1_000_000, "bob@example.test,eve@x.test", "Bob <bob@example.test>", OWN, OWN.upper(),
     "b" * 65 + "@example.test"],
)  # fmt: skip
async def test_what_is_no_address_of_theirs_is_refused(desk: Desk, store: MemoryStore, address: str) -> None:
    await open_ticket(store, "bob")
    with pytest.raises(Refused, match="on record for them"):
        await desk.challenge(ANN, ONE, "code", key="a", address=address)
    assert (await whole(store)).deliveries == ()


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("mei@例え.jp", "mei@xn--r8jz45g.jp"),
        ("anna@müller.example", "anna@xn--mller-kva.example"),
        ("anna@straße.example", "anna@xn--strae-oqa.example"),  # not strasse.example, which may be another's
    ],
)
async def test_domains_of_every_script_get_their_code(
    desk: Desk, store: MemoryStore, address: str, sent: str
) -> None:
    await open_ticket(store, "bob")
    await desk.challenge(ANN, ONE, "code", key="a", address=address)
    mail = next(one for one in (await whole(store)).deliveries if one.kind == "code")
    assert mail.target.to == (sent,)


async def test_questions_come_in_their_language_where_they_are_there(desk: Desk, store: MemoryStore) -> None:
    await open_ticket(store, "bob", language="ko")
    await desk.challenge(ANN, ONE, "questions", key="a")
    found = await whole(store)
    lines = found.messages[-1].text.split("\n")
    assert lines[1:] == ["1. 마지막 주문은 무엇인가요?", "2. Since when do you have your account?"]
    assert found.challenges[0].about == "order, since"
    await desk.challenge(ANN, ONE, "questions", key="b", questions=["since", "since"])
    assert (await whole(store)).messages[-1].text.endswith("\nSince when do you have your account?")
    with pytest.raises(Refused, match=r"no question 'x'. There are: order, since"):
        await desk.challenge(ANN, ONE, "questions", key="c", questions=["x"])


@pytest.mark.parametrize("way", ["questions", "code", "sign_in"])
async def test_what_is_not_configured_says_so(store: MemoryStore, clock: ManualClock, way: ChallengeWay) -> None:
    await open_ticket(store, "bob")
    desk = desk_with(store, clock, NO_CHECKS)
    assert desk.ways == ()
    with pytest.raises(Refused, match="configured"):
        await desk.challenge(ANN, ONE, way, key="a", address="bob@customers.test")
    assert (await whole(store)).challenges == ()


@pytest.mark.parametrize("way", ["questions", "code", "sign_in"])
async def test_in_public_nobody_is_asked(desk: Desk, store: MemoryStore, way: ChallengeWay) -> None:
    begun = opening("bob")
    assert begun.new_thread is not None
    await store.admit([replace(begun, new_thread=replace(begun.new_thread, visibility="public"))], T0)
    with pytest.raises(Refused, match="in private only"):
        await desk.challenge(ANN, ONE, way, key="a", address="bob@customers.test")


async def put(store: MemoryStore, asked: Challenge) -> None:
    await open_ticket(store, "bob")
    known = await get_ticket(store, ONE)
    await store.apply_change(changing(known, challenged=Challenged(asked)), at(1))


@pytest.mark.parametrize("way", ["code", "sign_in"])
async def test_what_the_program_sees_no_colleague_says(desk: Desk, store: MemoryStore, way: ChallengeWay) -> None:
    await put(store, challenge(way))
    with pytest.raises(Refused, match="program itself sees"):
        await desk.judge(ANN, ONE, ChallengeId("ch-1"), "I know her", key="a", passed=True)
    await desk.judge(ANN, ONE, ChallengeId("ch-1"), "She says it is not her", key="b", passed=False)
    [after] = (await whole(store)).challenges
    assert (after.state, after.evidence, after.holds_until) == ("failed", "She says it is not her", None)


async def test_before_they_have_answered_nobody_can_say_that_it_is_them(desk: Desk, store: MemoryStore) -> None:
    await put(store, challenge("questions"))
    for unvouched in (None, Authenticity("failed", "mx")):
        if unvouched:
            await answers(store, unvouched)
        with pytest.raises(Refused, match="not answered yet"):
            await desk.judge(ANN, ONE, ChallengeId("ch-1"), "as in our records", key="a", passed=True)


async def test_a_colleague_says_it_once_and_it_can_be_taken_back(desk: Desk, store: MemoryStore) -> None:
    await put(store, challenge("questions"))
    await answers(store)
    await desk.judge(ANN, ONE, ChallengeId("ch-1"), "both as in our records", key="a", passed=True)
    [shown] = (await whole(store)).challenges
    assert (shown.state, shown.judged_by, shown.holds_until) == ("shown", ANN.key, at(60) + CHECKS.holds)
    with pytest.raises(Refused, match="said already"):
        await desk.judge(ANN, ONE, ChallengeId("ch-1"), "again", key="b", passed=True)
    await desk.judge(ANN, ONE, ChallengeId("ch-1"), "mistaken", key="c", passed=False)
    with pytest.raises(Refused, match="said already"):
        await desk.judge(ANN, ONE, ChallengeId("ch-1"), "again", key="d", passed=False)
    with pytest.raises(Refused, match="Nobody was asked"):
        await desk.judge(ANN, ONE, ChallengeId("ch-2"), "x", key="e", passed=False)
    with pytest.raises(Refused, match="500 characters"):
        await put_second(store)
        await desk.judge(ANN, ONE, ChallengeId("ch-3"), "x" * 501, key="f", passed=False)


async def answers(store: MemoryStore, by: Authenticity = VERIFIED) -> None:
    """What they were asked."""
    known = await get_ticket(store, ONE)
    written = message(new_id(), "bob", stored_at=at(30), authenticity=by)
    await store.admit([following(known, "", message=written, refs=())], at(30))


async def put_second(store: MemoryStore, name: str = "ch-3", **changes: Any) -> None:
    known = await get_ticket(store, ONE)
    asked = replace(challenge("questions", **changes), id=ChallengeId(name))
    await store.apply_change(changing(known, challenged=Challenged(asked)), at(1))


async def test_an_answer_with_private_data_waits_until_it_is_shown(
    store: MemoryStore, clock: ManualClock, tmp_path: Any
) -> None:
    (tmp_path / "balance.en.ftl").write_text("balance = You have { $number }.", encoding="utf-8")
    (tmp_path / "hello.en.ftl").write_text("hello = Hello { $name }!", encoding="utf-8")
    desk = desk_with(store, clock, CHECKS, prepared=ReplyTemplates(tmp_path, "en"))
    await put(store, challenge("questions"))
    assert desk.prepare(ANN, await whole(store), "hello")
    with pytest.raises(Refused, match="check who they are"):
        desk.prepare(ANN, await whole(store), "balance")
    await answers(store)
    await desk.judge(ANN, ONE, ChallengeId("ch-1"), "as in our records", key="a", passed=True)
    assert desk.prepare(ANN, await whole(store), "balance") == "You have 1."
    clock.move(60)
    await put_second(store, "ch-2", state="failed", ended_at=clock.now())  # asked anew, and it is not them
    with pytest.raises(Refused, match="check who they are"):
        desk.prepare(ANN, await whole(store), "balance")
    clock.move(60)
    await put_second(store, "ch-4", state="shown", ended_at=clock.now(), holds_until=clock.now() + CHECKS.holds)
    assert desk.prepare(ANN, await whole(store), "balance")
    clock.move(CHECKS.holds.total_seconds())
    with pytest.raises(Refused, match="check who they are"):
        desk.prepare(ANN, await whole(store), "balance")


async def test_private_data_are_told_in_private_and_to_nobody_whom_a_code_joined(
    store: MemoryStore, clock: ManualClock, tmp_path: Any
) -> None:
    (tmp_path / "balance.en.ftl").write_text("balance = You have { $number }.", encoding="utf-8")
    desk = desk_with(store, clock, CHECKS, prepared=ReplyTemplates(tmp_path, "en"))
    shown = challenge("code", state="shown", ended_at=at(10), holds_until=at(9_999))
    await put(store, shown)
    found = await whole(store)
    assert desk.prepare(ANN, found, "balance", ThreadId("h-bob"))
    public = replace(found, threads=tuple(replace(one, visibility="public") for one in found.threads))
    with pytest.raises(Refused, match="in private only"):
        desk.prepare(ANN, public, "balance")
    brought = TicketEvent("claimed", "router", at(20), message_id=MessageId("m-bob"), data={"identity": "i-eve"})
    joined = replace(found, events=(*found.events, brought))
    with pytest.raises(Refused, match="check who they are"):
        desk.prepare(ANN, joined, "balance")
    before = replace(brought, at=at(5))
    assert desk.prepare(ANN, replace(found, events=(*found.events, before)), "balance")


def test_an_address_is_known_by_its_owner_only() -> None:
    assert half_hidden("mei.lin@customers.test") == "m•••@c•••.test"
    assert half_hidden("m@ab.de") == "•••@•••.de"
    assert half_hidden("mei@xn--fsqu00a.xn--0zwm56d") == "m•••@•••.测试"
