"""By when something is to happen, as the ticket changes hands and state."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from router.clocks import WAITING, Applies, ClockRules, timed
from router.hours import read_hours
from tests.support.builders import T0, at, ticket
from tickets.ids import UserId
from tickets.model import Reason, Ticket

MINUTE = 60
TARGETS = {"pickup": 5 * MINUTE, "first": 10 * MINUTE, "next": 20 * MINUTE, "resolution": 100 * MINUTE}
RULES = ClockRules(targets=((Applies(), TARGETS),))


def minute(n: float) -> datetime:
    return at(n * MINUTE)


def waiting(**fields: object) -> Ticket:
    return ticket(
        "ann", waiting_since=T0, priority=10, priority_reasons=(Reason("a person is waiting", 10),), **fields
    )


def clocks(one: Ticket) -> dict[str, str]:
    return {clock.kind: clock.state for clock in one.clocks}


def due(one: Ticket, kind: str) -> float | None:
    [clock] = [clock for clock in one.clocks if clock.kind == kind]
    return None if clock.due_at is None else (clock.due_at - T0) / timedelta(minutes=1)


def test_a_new_ticket_has_three_and_says_when_to_look() -> None:
    new, passed = timed(waiting(), T0, RULES)
    assert clocks(new) == {"pickup": "running", "first": "running", "resolution": "running"}
    assert (due(new, "pickup"), due(new, "first"), due(new, "resolution")) == (5, 10, 100)
    assert passed == ()
    assert new.look_at == minute(4)  # a fifth of the pick-up is left
    assert timed(new, T0, RULES) == (new, ())


def test_it_is_warned_of_then_missed_and_each_is_told_once() -> None:
    one, _ = timed(waiting(assignee=UserId("ann")), T0, RULES)
    assert one.look_at == minute(8)
    warned, passed = timed(one, minute(8), RULES)
    assert [(clock.kind, clock.state) for clock in passed] == [("first", "warned")]
    assert warned.priority == 20
    assert warned.look_at == minute(10)
    missed, passed = timed(warned, minute(10), RULES)
    assert [(clock.kind, clock.state) for clock in passed] == [("first", "missed")]
    assert missed.priority == 30
    assert [reason.label for reason in missed.priority_reasons][-1] == f"{WAITING} first answer is overdue"
    again, passed = timed(missed, minute(11), RULES)
    assert (again, passed) == (replace(missed, look_at=minute(80)), ())


def test_an_answer_ends_it_and_pauses_the_whole() -> None:
    one, _ = timed(waiting(assignee=UserId("ann")), T0, RULES)
    answered, _ = timed(replace(one, status="pending", waiting_since=None), minute(30), RULES)
    assert clocks(answered) == {"resolution": "paused"}
    assert answered.answered_at == minute(30)
    assert answered.look_at is None
    back, _ = timed(replace(answered, status="open", waiting_since=minute(500)), minute(500), RULES)
    assert clocks(back) == {"next": "running", "resolution": "running"}
    assert (due(back, "next"), due(back, "resolution")) == (520, 570)
    assert back.answered_at == minute(30)


def test_who_takes_it_ends_the_pick_up_and_who_gives_it_back_begins_anew() -> None:
    one, _ = timed(waiting(), T0, RULES)
    taken, _ = timed(replace(one, assignee=UserId("ann")), minute(1), RULES)
    assert "pickup" not in clocks(taken)
    back, passed = timed(replace(taken, assignee=None), minute(60), RULES)
    assert clocks(back)["pickup"] == "missed"
    assert [clock.kind for clock in passed] == ["pickup", "first"]


def test_closed_or_muted_tickets_have_none_and_a_new_question_begins_anew() -> None:
    one, _ = timed(waiting(), T0, RULES)
    closed, _ = timed(replace(one, status="closed", waiting_since=None), minute(3), RULES)
    assert (closed.clocks, closed.look_at) == ((), None)
    again, _ = timed(replace(closed, status="open", waiting_since=minute(900)), minute(900), RULES)
    assert due(again, "resolution") == 1000
    assert timed(replace(one, priority_reasons=(Reason("muted", -10),)), T0, RULES)[0].clocks == ()


def test_another_team_has_other_targets_and_what_was_used_stays_used() -> None:
    vip = (Applies(teams=frozenset({"vip"})), {"first": 4 * MINUTE, "pickup": 0})
    rules = RULES._replace(targets=(*RULES.targets, vip))
    one, _ = timed(waiting(), T0, rules)
    moved, _ = timed(replace(one, team="vip"), minute(3), rules)
    assert clocks(moved) == {"first": "running", "resolution": "running"}
    assert due(moved, "first") == 4
    late, passed = timed(replace(one, team="vip"), minute(6), rules)
    assert due(late, "first") == 6
    assert [clock.kind for clock in passed if clock.state == "missed"] == ["first"]


def test_nothing_runs_while_the_team_sleeps() -> None:
    office = read_hours("UTC", {"tue": ["09:00-17:00"]}, [])  # T0 is a Monday
    rules = RULES._replace(hours={"support": office})
    one, _ = timed(waiting(assignee=UserId("ann")), T0, rules)
    assert due(one, "first") == 24 * 60 + 10
    assert one.look_at == minute(24 * 60 + 8)


def test_where_targets_apply() -> None:
    case = ticket("ann", channel="email", team="payments", category="payments", vip=True)
    assert Applies().to(case)
    assert Applies(frozenset({"email"}), frozenset({"payments"}), frozenset({"payments"}), True).to(case)
    assert not Applies(frozenset({"x"})).to(case)
    assert not Applies(vip=False).to(case)
    assert not Applies(teams=frozenset({"support"})).to(case)
