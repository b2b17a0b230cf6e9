"""What people ask the bot itself, and what becomes of their ticket."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from router.commands import carry_out
from router.priority import WANTS_PERSON, WEIGHTS
from tests.support.builders import T0, at
from tests.support.builders import ticket as made
from tests.support.inbound import said
from tests.unit.router.test_decision import Router
from tickets.model import Reason, Ticket

LATER = T0 + timedelta(hours=1)


def ticket(**fields: object) -> Ticket:
    return made("ann", unanswered=1, **fields)


@pytest.mark.parametrize(
    ("command", "known", "answer"),
    [
        ("help", None, "commands"),
        ("status", None, "none"),
        ("status", ticket(), "open"),
        ("status", ticket(status="pending", waiting_since=None), "pending"),
        ("human", None, "human-none"),
        ("close", None, "none"),
    ],
)
def test_what_changes_nothing_is_only_answered(command: str, known: Ticket | None, answer: str) -> None:
    done = carry_out(command, known, LATER, alone=True)
    assert (done.said, done.ticket, done.event) == (answer, None, "")


def test_whoever_wants_a_person_waits_and_comes_earlier_once() -> None:
    pending = ticket(status="pending", waiting_since=None, priority=10, priority_reasons=(Reason("x", 10),))
    first = carry_out("human", pending, LATER, alone=True)
    assert first.ticket is not None
    assert (first.ticket.status, first.ticket.waiting_since, first.ticket.unanswered) == ("open", LATER, 1)
    assert first.ticket.priority == 10 + WEIGHTS.person
    assert first.ticket.priority_reasons[-1].label == WANTS_PERSON
    again = carry_out("human", first.ticket, at(9_000), alone=True)
    assert again.ticket is not None
    assert (again.ticket.priority, again.ticket.waiting_since) == (first.ticket.priority, LATER)


def test_whoever_needs_nothing_more_closes_the_ticket() -> None:
    done = carry_out("close", ticket(), LATER, alone=True)
    assert done.ticket is not None
    assert (done.ticket.status, done.ticket.waiting_since, done.ticket.unanswered) == ("closed", None, 0)
    assert done.ticket.version == ticket().version + 1


def test_nobody_ends_what_others_wait_for() -> None:
    """Two people's tickets were merged: one of them needs nothing more."""
    done = carry_out("close", ticket(), LATER, alone=False)
    assert (done.said, done.ticket) == ("open", None)


def test_the_wish_for_a_person_stays_a_reason() -> None:
    router = Router()
    router.one(said("Hello there, my money is gone missing"))
    asked = router.one(said("/human", name="2", command="human"))
    assert asked.ticket is not None
    assert asked.message is None
    assert [event.kind for event in asked.events] == ["asked_for_person"]
    after = router.one(said("Still waiting for it", name="3"))
    assert after.ticket is not None
    assert WANTS_PERSON in [one.label for one in after.ticket.priority_reasons]
    assert after.ticket.priority == sum(reason.points for reason in after.ticket.priority_reasons)


def test_after_closing_the_next_words_open_it_again() -> None:
    router = Router()
    first = router.one(said("Hello there, my money is gone missing"))
    closed = router.one(said("/close", name="2", command="close"))
    assert closed.ticket is not None
    assert closed.ticket.status == "closed"
    again = router.one(said("One thing more", name="3"))
    assert again.ticket is not None
    assert first.ticket is not None
    assert (again.ticket.id, again.ticket.status) == (first.ticket.id, "open")


def test_a_late_command_is_done_and_not_answered() -> None:
    router = Router()
    router.one(said("Hello there, my money is gone missing"))
    done = router.one(said("/close", name="2", command="close", late=True))
    assert done.deliveries == ()
    assert done.ticket is not None
    assert done.ticket.status == "closed"


def test_who_asks_the_same_many_times_at_once_is_answered_once() -> None:
    router = Router()
    asked = [router.one(said("/status", command="status", name=str(n))) for n in range(50)]
    assert [len(one.deliveries) for one in asked] == [1] + [0] * 49
    assert len(router.one(said("/help", command="help", name="51")).deliveries) == 1
    assert len(router.one(said("/status", command="status", name="52", who="eve")).deliveries) == 1


def test_neither_a_late_command_nor_another_person_s_takes_somebody_s_answer() -> None:
    router = Router()
    late = said("/status", command="status", name="1", late=True)
    assert router.one(late).deliveries == ()
    assert len(router.one(said("/status", command="status", name="2")).deliveries) == 1
    beside = replace(said("/status", command="status", name="3", who="eve"), thread=late.thread)
    assert len(router.one(beside).deliveries) == 1


def test_where_each_question_shows_that_it_is_thought_about_each_is_answered() -> None:
    router = Router()
    pressed = [said("/status", command="status", name=str(n), interaction=f"1{n}/token") for n in range(3)]
    assert [len(router.one(one).deliveries) for one in pressed] == [1, 1, 1]
