"""Roles and rights."""

import pytest

from desk.actors import RIGHTS, Actor
from tickets.errors import Forbidden

MATRIX = {
    "viewer": {"read"},
    "agent": {"read", "work", "direct"},
    "lead": {"read", "work", "direct"},
    "admin": {"read", "work", "direct", "administer"},
}


@pytest.mark.parametrize("role", sorted(MATRIX))
@pytest.mark.parametrize("right", ["read", "work", "direct", "administer"])
def test_a_role_may_what_the_table_says(role: str, right: str) -> None:
    actor = Actor("user:1", "Ann", role)
    assert actor.may(right) == (right in MATRIX[role])
    if right in MATRIX[role]:
        actor.require(right)
    else:
        with pytest.raises(Forbidden, match=role):
            actor.require(right)
    assert set(RIGHTS) == set(MATRIX)
