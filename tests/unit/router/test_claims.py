"""Codes that people bring: what they lead to, and when they lead nowhere."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.builders import MAIN, T0
from tests.support.inbound import FAILED, UNVERIFIED, mailed, said
from tests.unit.router.test_decision import Router, kinds, ticket_of
from tickets.claims import hash_of
from tickets.ids import AccountId, TicketNumber
from tickets.model import Automatic, Restriction, Ticket
from tickets.records import Claim

CODE = "K7QF-2MXD-9TPA"
HASH = hash_of(CODE)
WEEK = T0 + timedelta(days=7)


def given(silent: frozenset[AccountId] = frozenset(), **changes: Any) -> tuple[Router, Ticket]:
    """Ann was given a code in her mail ticket, #7.  silent: accounts that may say nothing by themselves."""
    router = Router(silent=silent)
    first = router.one(mailed("Ich warte auf meine Auszahlung"))
    known = replace(ticket_of(first), number=TicketNumber(7))
    router.context.tickets[known.id] = known
    assert first.new_identity is not None
    claim = Claim(HASH, known.id, first.new_identity.id, WEEK)
    router.context.claims[HASH] = replace(claim, **changes)
    return router, known


def test_whoever_brings_a_code_has_both_tickets_made_one() -> None:
    router, known = given()
    brought = router.one(said(f"我的代码：{CODE}", who="ann-chat"))
    ticket = ticket_of(brought)
    assert ticket.id != known.id
    assert brought.claimed == HASH
    assert [(job.kind, job.payload) for job in brought.jobs] == [
        ("join", {"one": ticket.id, "other": known.id, "claim": HASH})
    ]
    assert kinds(brought) == ["opened", "received", "claimed"]
    assert brought.events[-1].data["number"] == 7
    assert [delivery.parts[0].text for delivery in brought.deliveries] == ["claimed zh"]


def test_an_account_that_may_say_nothing_by_itself_says_nothing() -> None:
    router, _ = given(silent=frozenset({MAIN}))
    brought = router.one(said(CODE, who="ann-chat"))
    assert (brought.claimed, brought.deliveries) == (HASH, ())


def test_a_link_brings_it_too() -> None:
    """BT23."""
    router, _ = given()
    brought = router.one(said(f"/start {CODE}", who="ann-chat", command="start", argument=CODE))
    assert (brought.claimed, brought.message is not None) == (HASH, True)
    again = router.one(said(f"/start {CODE}", who="eve", name="2", command="start", argument=CODE))
    assert (again.claimed, again.message, [one.parts[0].text for one in again.deliveries]) == (
        "",
        None,
        ["welcome"],
    )


def test_it_leads_somewhere_once() -> None:
    router, _ = given()
    assert router.one(said(CODE, who="ann-chat")).claimed == HASH
    assert router.one(said(CODE, who="eve", name="2")).claimed == ""


def test_in_public_nobody_is_told() -> None:
    router, _ = given()
    post = said(f"@desk {CODE}", who="ann-x")
    brought = router.one(replace(post, thread=replace(post.thread, visibility="public")))
    assert (brought.claimed, brought.deliveries) == (HASH, ())


@pytest.mark.parametrize(
    "changes",
    [{"used": True}, {"expires_at": T0}, {"ticket_id": "t-gone"}],
)
def test_what_was_used_or_has_run_out_leads_nowhere(changes: dict[str, Any]) -> None:
    """BT23."""
    router, _ = given(**changes)
    brought = router.one(said(CODE, who="ann-chat"))
    assert (brought.claimed, brought.jobs, kinds(brought)) == ("", (), ["opened", "received"])


@pytest.mark.parametrize(
    "how",
    [
        {"authenticity": UNVERIFIED},
        {"authenticity": FAILED},
        {"automatic": Automatic("auto_reply", "Auto-Submitted")},
    ],
)
def test_machines_and_the_unverified_bring_nothing(how: dict[str, Any]) -> None:
    router, _ = given()
    assert router.one(mailed(CODE, who="eve", name="<2@x>", **how)).claimed == ""
    assert not router.context.claims[HASH].used


def test_quoting_it_back_to_us_is_no_proof() -> None:
    """An answer to the mail that brought it, in the same ticket and by the same person."""
    router, known = given()
    same = mailed(f"Danke\n\nAm Montag schrieb Mei:\n> {CODE}", name="<2@x>")
    assert router.one(same).claimed == ""
    brought = router.one(mailed(CODE, name="<3@x>", reply_to=("<1@customers.test>",)))
    assert ticket_of(brought).id == known.id
    assert brought.claimed == ""
    assert not router.context.claims[HASH].used


def test_from_another_conversation_it_counts_under_the_same_name_too() -> None:
    """From a private talk to a post of theirs: the platform gives both one name, and the tickets are two."""
    router, known = given()
    brought = router.one(mailed(f"{CODE} Und noch etwas", name="<3@x>"))
    assert ticket_of(brought).id != known.id
    assert brought.claimed == HASH
    assert [job.payload["other"] for job in brought.jobs] == [known.id]


def test_somebody_who_is_blocked_brings_nothing() -> None:
    router, _ = given()
    router.one(said("Hello there", who="ann-chat"))
    key: Any = ("telegram", "ann-chat")
    block = Restriction(kind="block", reason="spam", by="Mei", since=T0)
    router.context.identities[key] = replace(router.context.identities[key], restriction=block)
    assert router.one(said(CODE, who="ann-chat", name="2")).claimed == ""


def test_in_a_ticket_of_others_a_code_shows_nothing() -> None:
    """Eve, who was given one in her own mail, writes it where Carol asks: it would make Carol's ticket hers."""
    router, _ = given()
    carol = ticket_of(router.one(said("Wo ist mein Paket?", who="carol", name="c")))
    shared = said(CODE, who="eve", name="2", thread=said("x", who="carol").thread)
    brought = router.one(shared)
    assert ticket_of(brought).id == carol.id
    assert (brought.claimed, brought.jobs) == ("", ())
    assert brought.message is not None
    assert any("others take part" in warning for warning in brought.message.warnings)
    assert not router.context.claims[HASH].used
    later = router.one(said(CODE, who="carol", name="3"))
    assert later.claimed == ""


def test_a_code_of_somebody_who_is_blocked_opens_no_way_round() -> None:
    block = Restriction(kind="block", reason="spam", by="Mei", since=T0)
    router, _ = given(restriction=block)
    brought = router.one(said(CODE, who="ann-chat"))
    assert brought.claimed == ""
    assert brought.message is not None
    assert any("used before, has run out" in warning for warning in brought.message.warnings)


def test_the_link_in_the_hands_of_whom_it_was_sent_to_only_greets() -> None:
    router, _ = given()
    key: Any = ("telegram", "ann-chat")
    router.one(said("Hello there", who="ann-chat"))
    claim = router.context.claims[HASH]
    router.context.claims[HASH] = replace(claim, identity_id=router.context.identities[key].id)
    opened = router.one(said(f"/start {CODE}", who="ann-chat", name="2", command="start", argument=CODE))
    assert (opened.message, [one.parts[0].text for one in opened.deliveries]) == (None, ["welcome"])


def test_numbers_before_it_do_not_hide_a_code() -> None:
    router, _ = given()
    numbers = " ".join(f"{n:012}" for n in range(8))
    assert router.one(said(f"{numbers} {CODE}", who="ann-chat")).claimed == HASH
