"""What platforms demand of programs, as data."""

import pytest

from tickets.demands import DEMANDS, demands_of, needs_consent
from tickets.ids import Channel


@pytest.mark.parametrize(
    ("ones", "others", "needed"),
    [
        ({"x"}, {"email"}, True),
        ({"email"}, {"x"}, True),
        ({"telegram", "x"}, {"discord", "email"}, True),
        ({"x"}, {"x"}, False),
        ({"x"}, {"telegram", "discord"}, False),
        ({"email"}, {"email"}, False),
        (set(), {"x", "email"}, False),
    ],
)
def test_people_on_x_are_linked_with_mail_addresses_as_they_agree(
    ones: set[Channel], others: set[Channel], needed: bool
) -> None:
    assert needs_consent(ones, others) is needed


def test_each_demand_says_where_it_stands() -> None:
    assert all("https://" in one.source for one in DEMANDS.values())
    assert demands_of("x").automatic_answers == 1
    assert demands_of("email").automatic_answers is None
