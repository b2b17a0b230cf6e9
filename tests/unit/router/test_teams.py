"""Whose work what is."""

import pytest

from router.teams import SECURITY, Case, Team, team_for

PAYMENTS = Team("payments", categories=frozenset({"payments"}))
GERMAN = Team("german", languages=frozenset({"de"}))
BOTH = Team("zahlungen", categories=frozenset({"payments"}), languages=frozenset({"de"}))
VIP = Team("vip", vip=True)
MAIL = Team("mail", channels=frozenset({"email"}))
TEAMS = (PAYMENTS, GERMAN, BOTH, VIP, SECURITY, MAIL, Team("anything"))


@pytest.mark.parametrize(
    ("case", "name"),
    [
        (Case("payments", "en", "telegram"), "payments"),
        (Case("payments", "de", "telegram"), "zahlungen"),
        (Case("orders", "de", "telegram"), "german"),
        (Case("", None, "telegram"), "support"),
        (Case("", None, "email"), "mail"),
        (Case("payments", "de", "telegram", vip=True), "vip"),
        (Case("payments", "de", "telegram", vip=True, serious=True), "security"),
    ],
)
def test_the_team_that_is_named_for_most_of_it(case: Case, name: str) -> None:
    assert team_for(case, TEAMS, "support") == name
    assert team_for(case, reversed(TEAMS), "support") == name


def test_without_teams_it_is_the_default() -> None:
    assert team_for(Case("payments", "de", "x", vip=True, serious=True), (), "support") == "support"
