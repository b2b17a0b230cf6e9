"""Codes by which somebody shows who they are: what counts, and what does not."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.builders import T0
from tests.support.inbound import FAILED, UNVERIFIED, mailed, said
from tests.unit.router.test_decision import Router, kinds, ticket_of
from tickets.claims import hash_of
from tickets.ids import ChallengeId, ExternalMessageId, MessageId, ThreadId
from tickets.model import Automatic, Challenge, InboundMessage, Restriction
from tickets.records import Admission, MessageRef

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


@pytest.mark.parametrize(
    ("changes", "why"), [({"answer_by": T0}, "too late"), ({"state": "failed"}, "does not count any more")]
)
def test_too_late_is_too_late(changes: dict[str, Any], why: str) -> None:
    brought = asked(**changes).one(said(CODE, who="ann", name="2"))
    assert brought.shown is None
    assert why in warnings(brought)


def test_of_several_codes_the_good_one_counts() -> None:
    router = asked()
    older = "A7QF-2MXD-9TPA"
    known = router.context.challenges[HASH]
    router.context.challenges[hash_of(older)] = replace(known, id=ChallengeId("ch-0"), answer_by=T0)
    brought = router.one(said(f"{older}? nein, {CODE}", who="ann", name="2"))
    assert brought.shown is not None
    assert brought.shown.id == "ch-1"


def test_a_code_is_covered_wherever_it_is_brought() -> None:
    for who in ("ann", "eve"):
        brought = asked().one(said("ของฉันคือ k7qf 2mxd 9tpa", who=who, name="2"))
        assert brought.message is not None
        assert brought.message.text == "ของฉันคือ k7qf-····-····"
        assert "2mxd" not in brought.snippet


def test_who_answers_by_mail_from_the_address_it_was_sent_to_is_no_thief() -> None:
    router = asked()
    ref = MessageRef(
        MessageId("m"), router.context.challenges[HASH].ticket_id, ThreadId("h"), ours=True, notice=True
    )
    router.context.refs["email", ExternalMessageId("<code@desk>")] = ref
    brought = router.one(mailed(CODE, reply_to=(ExternalMessageId("<code@desk>"),)))
    assert ticket_of(brought).id == ref.ticket_id
    assert brought.new_thread is not None
    assert brought.new_thread.channel == "email"
    assert (brought.shown, "have them write it there" in warnings(brought)) == (None, True)


@pytest.mark.parametrize(
    "how",
    [
        {"authenticity": UNVERIFIED},
        {"authenticity": FAILED},
        {"automatic": Automatic("auto_reply", "Auto-Submitted")},
    ],
)
def test_mails_that_nobody_vouches_for_show_nothing(how: dict[str, Any]) -> None:
    first = mailed("Wie hoch ist mein Guthaben?")
    router = asked(first)
    forged = router.one(mailed(CODE, name="<2@x>", reply_to=(first.external_id,), **how))
    assert forged.shown is None
    assert router.context.challenges[HASH].state == "asked"
    assert router.one(mailed(CODE, name="<3@x>", reply_to=(first.external_id,))).shown is not None


def test_a_quotation_is_nothing_that_they_say() -> None:
    first = mailed("Wie hoch ist mein Guthaben?")
    router = asked(first)
    text = f"Danke\n\nAm Montag schrieb Mei:\n> {CODE}"
    assert router.one(mailed(text, name="<2@x>", reply_to=(first.external_id,))).shown is None
    assert router.one(mailed(text.replace("> ", ""), name="<3@x>", reply_to=(first.external_id,))).shown


def test_somebody_who_is_blocked_shows_nothing() -> None:
    router = asked()
    key: Any = ("telegram", "ann")
    block = Restriction(kind="block", reason="spam", by="Mei", since=T0)
    router.context.identities[key] = replace(router.context.identities[key], restriction=block)
    assert router.one(said(CODE, who="ann", name="2")).shown is None
