"""Codes by which somebody shows who they are: what counts, and what does not."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.builders import T0
from tests.support.inbound import FAILED, UNVERIFIED, mailed, said
from tests.unit.router.test_decision import Router, kinds, ticket_of
from tickets.claims import hash_of
from tickets.ids import ChallengeId
from tickets.model import Automatic, Challenge, InboundMessage, Restriction
from tickets.records import Admission

CODE = "K7QF-2MXD-9TPA"
HASH = hash_of(CODE)


def asked(first: InboundMessage | None = None, **changes: Any) -> Router:
    """Ann asked in a chat, and a code went to her address on record."""
    router = Router()
    begun = router.one(first or said("ยอดเงินของฉันเท่าไร", who="ann"))
    ticket = ticket_of(begun)
    assert begun.new_identity is not None
    challenge = Challenge(
        id=ChallengeId("ch-1"),
        ticket_id=ticket.id,
        identity_id=begun.new_identity.id,
        way="code",
        state="asked",
        asked_by="user:u-ben",
        asked_at=T0,
        answer_by=T0 + timedelta(hours=2),
        about="a•••@example.test",
    )
    router.context.challenges[HASH] = replace(challenge, **changes)
    return router


def warnings(admission: Admission) -> str:
    assert admission.message is not None
    return " ".join(admission.message.warnings)


@pytest.mark.parametrize(
    "text", [f"นี่ค่ะ {CODE}", CODE.lower().replace("-", ""), f"رمزي: {CODE}", f"コードは{CODE}です"]
)
def test_whoever_was_asked_shows_it_in_their_ticket(text: str) -> None:
    router = asked()
    brought = router.one(said(text, who="ann", name="2"))
    assert brought.shown is not None
    assert (brought.shown.state, brought.shown.evidence) == (
        "shown",
        "The code that was sent to a•••@example.test came back in this conversation.",
    )
    assert brought.shown.ended_at is not None
    assert brought.shown.holds_until == brought.shown.ended_at + timedelta(hours=12)
    assert kinds(brought)[-1] == "identified"
    assert [one.parts[0].text.split()[0] for one in brought.deliveries] == ["claimed"]
    assert (brought.claimed, brought.jobs) == ("", ())


def test_it_is_shown_once() -> None:
    router = asked()
    assert router.one(said(CODE, who="ann", name="2")).shown is not None
    again = router.one(said(CODE, who="ann", name="3"))
    assert (again.shown, warnings(again), again.deliveries) == (None, "", ())


def test_somebody_else_shows_nothing_even_in_the_same_conversation() -> None:
    router = asked()
    elsewhere = router.one(said(CODE, who="eve", name="2"))
    same = router.one(replace(said(CODE, who="eve", name="3"), thread=said("x", who="ann").thread))
    for brought in (elsewhere, same):
        assert brought.shown is None
        assert "others must not have" in warnings(brought)
    assert router.context.challenges[HASH].state == "asked"


@pytest.mark.parametrize("changes", [{"answer_by": T0}, {"state": "failed"}])
def test_too_late_is_too_late(changes: dict[str, Any]) -> None:
    brought = asked(**changes).one(said(CODE, who="ann", name="2"))
    assert brought.shown is None
    assert "too late" in warnings(brought)


@pytest.mark.parametrize(
    "how",
    [
        {"authenticity": UNVERIFIED},
        {"authenticity": FAILED},
        {"automatic": Automatic("auto_reply", "Auto-Submitted")},
    ],
)
def test_mails_that_nobody_vouches_for_show_nothing(how: dict[str, Any]) -> None:
    router = asked(mailed("Wie hoch ist mein Guthaben?"))
    forged = mailed(CODE, name="<2@x>", reply_to=("<1@x>",), **how)
    assert router.one(forged).shown is None
    assert router.context.challenges[HASH].state == "asked"


def test_a_quotation_is_nothing_that_they_say() -> None:
    router = asked(mailed("Wie hoch ist mein Guthaben?"))
    quoted = mailed(f"Danke\n\nAm Montag schrieb Mei:\n> {CODE}", name="<2@x>")
    assert router.one(quoted).shown is None


def test_somebody_who_is_blocked_shows_nothing() -> None:
    router = asked()
    key: Any = ("telegram", "ann")
    block = Restriction(kind="block", reason="spam", by="Mei", since=T0)
    router.context.identities[key] = replace(router.context.identities[key], restriction=block)
    assert router.one(said(CODE, who="ann", name="2")).shown is None
