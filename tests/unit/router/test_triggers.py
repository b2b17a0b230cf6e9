"""The operator's rules: what sets them off, and what they make of a ticket."""

import pytest

from router.triggers import RULE, Action, Condition, Trigger, Triggers
from tests.support.builders import T0, event, ticket
from tests.support.inbound import said
from tests.unit.router.test_decision import Router, kinds, ticket_of
from tickets.ids import UserId
from tickets.model import Reason, Ticket

OPENED = event("opened", "ann")


def rule(
    name: str = "r", when: tuple[str, ...] = ("opened",), then: Action | None = None, **condition: object
) -> Trigger:
    return Trigger(name, frozenset(when), Condition(**condition), then or Action(tags=("seen",)))


def applied(trigger: Trigger, case: Ticket | None = None, words: str = "") -> bool:
    return Triggers([trigger]).apply(case or ticket("ann"), (OPENED,), words, T0).events != ()


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({}, True),
        ({"channels": frozenset({"telegram"})}, True),
        ({"channels": frozenset({"email", "x"})}, False),
        ({"accounts": frozenset({"telegram:other"})}, False),
        ({"teams": frozenset({"support"})}, True),
        ({"teams": frozenset({"payments"})}, False),
        ({"categories": frozenset({"payments"})}, False),
        ({"languages": frozenset({"de"})}, True),
        ({"statuses": frozenset({"closed"})}, False),
        ({"tags": frozenset({"whale", "x"})}, True),
        ({"tags": frozenset({"x"})}, False),
        ({"vip": True}, False),
        ({"vip": False}, True),
        ({"owned": True}, True),
        ({"owned": False}, False),
        ({"priority_from": 10}, True),
        ({"priority_from": 11}, False),
        ({"line_from": 2}, False),
    ],
)
def test_all_of_a_condition_must_hold(condition: dict[str, object], holds: bool) -> None:
    case = ticket("ann", language="de", tags=("whale",), assignee=UserId("u"))
    assert applied(rule(**condition), case) is holds


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I want to WITHDRAW", True),
        ("提现多久到账", True),
        ("ถอนเงินไม่ได้", True),
        ("سحب الأموال", True),
        ("hello", False),
        ("", False),
    ],
)
def test_words_are_found_in_any_language(text: str, found: bool) -> None:
    assert applied(rule(words=("withdraw", "提现", "ถอนเงิน", "سحب")), words=text) is found


def test_only_what_is_named_sets_it_off() -> None:
    assert not applied(rule(when=("closed", "answered")))
    assert applied(rule(when=("closed", "opened")))


def test_what_it_does_is_seen_and_told() -> None:
    case = ticket("ann", priority_reasons=(Reason("a person is waiting", 10),))
    action = Action(team="payments", line=2, category="payments", priority=15, tags=("a", "b"), hold=True)
    done = Triggers([rule("big", then=action)]).apply(case, (OPENED,), "", T0)
    after = done.ticket
    assert (after.team, after.line, after.category, after.tags) == ("payments", 2, "payments", ("a", "b"))
    assert (after.category_by, after.priority, after.priority_reasons[-1]) == (
        "program:rules", 25, Reason("rule big", 15),
    )  # fmt: skip
    [told] = done.events
    assert (told.kind, told.actor) == ("ruled", "program:rules")
    assert told.data == {
        "rule": "big", "on": "opened",
        "did": "team payments, line 2, category payments, priority 15, tags a b, hold ",
    }  # fmt: skip
    assert (done.jobs, done.hold) == ((), True)


def test_what_is_done_outside_is_left_to_one_job() -> None:
    action = Action(note="n", notify="m", reply="refund", hook="freeze", assign="Mei")
    done = Triggers([rule("big", then=action)]).apply(ticket("ann"), (OPENED, OPENED), "", T0)
    [job] = done.jobs
    assert (job.kind, job.dedupe_key) == (RULE, "rule:big:opened:t-ann:1")
    assert job.payload == {"rule": "big", "on": "opened", "ticket": "t-ann", "message": ""}


def test_rules_go_in_order_and_set_off_no_other() -> None:
    first = rule("first", then=Action(category="payments", tags=("x",)))
    second = rule("second", when=("categorized", "ruled"))
    again = rule("again", then=Action(tags=("x", "y")))
    done = Triggers([first, second, again]).apply(ticket("ann"), (OPENED,), "", T0)
    assert [one.data["rule"] for one in done.events] == ["first", "again"]
    assert done.ticket.tags == ("x", "y")


def test_the_points_of_a_rule_count_once() -> None:
    rules = Triggers([rule("r", then=Action(priority=15))])
    case = ticket("ann", priority_reasons=(Reason("a person is waiting", 10),))
    twice = rules.apply(rules.apply(case, (OPENED,), "", T0).ticket, (OPENED,), "", T0).ticket
    assert twice.priority == 25


def test_a_message_is_ruled_before_anything_automatic_leaves() -> None:
    hold = rule("hold", when=("received",), then=Action(hold=True, team="vip"), words=("lawyer",))
    chat = Router(triggers=Triggers([hold]))
    quiet = chat.one(said("My lawyer will call you", who="ann"))
    assert (quiet.deliveries, ticket_of(quiet).team) == ((), "vip")
    assert kinds(quiet)[-1] == "ruled"
    assert Router(triggers=Triggers([hold])).one(said("Hello", who="bob")).deliveries != ()
