"""Whoever joined a platform only now waits behind others, and gets no automatic answer."""

from datetime import timedelta

from msgspec.structs import replace

from router.priority import Circumstances, score
from router.rules import decide, is_young, rule_table
from tests.support.inbound import said
from tickets.model import InboundMessage

LATELY = timedelta(days=3)
TABLE = rule_table("support", LATELY)


def by_author_of(age: timedelta | None, text: str = "Wo bleibt meine Auszahlung?") -> InboundMessage:
    message = said(text)
    since = None if age is None else message.sent_at - age
    return replace(message, author=replace(message.author, since=since))


def test_the_young_are_heard_but_get_no_automatic_answer() -> None:
    young = by_author_of(timedelta(hours=1))
    rule = decide(young, TABLE, {})
    assert (rule.name, rule.outcome.counts, rule.outcome.acknowledge, rule.outcome.open) == (
        "young",
        True,
        False,
        True,
    )
    points, reasons = score(young, Circumstances(young=is_young(young, LATELY)))
    assert points < score(young, Circumstances())[0]
    assert "joined the platform only now" in [reason.label for reason in reasons]


def test_others_and_those_of_whom_nothing_is_told_are_as_ever() -> None:
    for age in (None, timedelta(days=3), timedelta(days=900)):
        message = by_author_of(age)
        assert not is_young(message, LATELY)
        assert decide(message, TABLE, {}).name == "person"
    assert decide(by_author_of(timedelta(0)), rule_table("support"), {}).name == "person"


def test_an_alarm_weighs_as_much_from_the_young() -> None:
    stolen = by_author_of(timedelta(hours=1), "我的账号被盗了")
    assert score(stolen, Circumstances(young=True)) == score(stolen, Circumstances())
