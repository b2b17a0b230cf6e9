"""Who gets a ticket."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from router.assignment import choose, lead_for
from tests.support.builders import T0, ticket, user
from tickets.ids import TicketNumber, UserId
from tickets.model import Role
from tickets.records import Duty, User


def person(name: str, role: Role = "agent", **duty: object) -> User:
    fields = {"teams": ("support",), "present": True} | duty
    return replace(user(name), role=role, duty=Duty(**fields))


CASE = ticket("ann", language="de", team="support", line=1)


@pytest.mark.parametrize(
    ("duty", "gets"),
    [
        ({}, True),
        ({"present": False}, False),
        ({"away_until": T0 + timedelta(days=1)}, False),
        ({"away_until": T0 - timedelta(days=1)}, True),
        ({"teams": ("payments",)}, False),
        ({"languages": ("de", "en")}, True),
        ({"languages": ("ja",)}, False),
        ({"cap": 2}, False),
        ({"cap": 3}, True),
        ({"line": 3}, True),
    ],
)
def test_who_can_take_it(duty: dict[str, object], gets: bool) -> None:
    ann = person("ann", **duty)
    assert (choose(CASE, [ann], {ann.id: 2}, T0) == ann.id) is gets


def test_viewers_and_who_is_switched_off_get_nothing() -> None:
    assert choose(CASE, [person("ann", "viewer"), replace(person("bob"), active=False)], {}, T0) is None


def test_who_has_least_and_of_equals_one_after_the_other() -> None:
    crew = [person(name) for name in ("ann", "bob", "cid")]
    assert choose(CASE, crew, {crew[0].id: 1, crew[1].id: 1}, T0) == crew[2].id
    turns = [choose(replace(CASE, number=TicketNumber(n)), crew, {}, T0) for n in range(3)]
    assert set(turns) == {one.id for one in crew}


def test_the_second_line_needs_somebody_for_it_and_a_vip_gets_the_best() -> None:
    first, second = person("ann"), person("bob", line=2)
    assert choose(replace(CASE, line=2), [first, second], {second.id: 9}, T0) == second.id
    assert choose(replace(CASE, line=3), [first, second], {}, T0) is None
    assert choose(replace(CASE, vip=True), [first, second], {second.id: 9}, T0) == second.id


def test_a_language_nobody_knows_is_anybodys() -> None:
    ann = person("ann", languages=("ja",))
    assert choose(replace(CASE, language=None), [ann], {}, T0) == ann.id


def test_a_lead_is_pulled_in_whatever_they_have() -> None:
    lead = person("ann", "lead", cap=1)
    loads = {lead.id: 5}
    assert choose(CASE, [lead], loads, T0) is None
    assert lead_for(CASE, [person("bob"), lead], loads, T0) == lead.id
    assert lead_for(CASE, [person("bob")], loads, T0) is None


def test_a_user_is_named() -> None:
    assert choose(CASE, [person("ann")], {}, T0) == UserId("u-ann")
