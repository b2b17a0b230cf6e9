"""Policy as data: the first row that holds."""

import pytest
from msgspec.structs import replace

from router.rules import MACHINE_TEAM, decide, rule_table
from tests.support.builders import MAIN
from tests.support.inbound import FAILED, MAIL, UNVERIFIED, VERIFIED, mailed, said
from tickets.model import Authenticity, Automatic

MACHINE = Automatic("list", "List-Id")


def test_what_is_sent_to_an_alias_goes_to_its_queue() -> None:
    aliases = {(MAIL, "billing@desk.test"): "billing"}
    table = rule_table("help")
    sent = mailed(alias="billing@desk.test")
    assert decide(sent, table, aliases)[::2] == ("person, to billing@desk.test", ("billing", True, True, True))
    assert decide(mailed(alias=""), table, aliases).outcome.team == "help"
    assert decide(mailed(alias="press@desk.test"), table, aliases).outcome.team == "help"
    assert decide(replace(sent, automatic=MACHINE), table, aliases).outcome.team == MACHINE_TEAM
    assert decide(replace(sent, account=MAIN), table, aliases).outcome.team == "help"


@pytest.mark.parametrize(
    ("authenticity", "automatic", "name", "team", "counts", "acknowledge"),
    [
        (VERIFIED, None, "person", "help", True, True),
        (UNVERIFIED, None, "unverified", "help", True, False),
        (FAILED, None, "forged", "help", True, False),
        (VERIFIED, MACHINE, "machine", MACHINE_TEAM, False, False),
        (FAILED, MACHINE, "machine", MACHINE_TEAM, False, False),
    ],
)
def test_who_waits_where_and_who_is_told(
    authenticity: Authenticity, automatic: Automatic | None, name: str, team: str, counts: bool, acknowledge: bool
) -> None:
    rule = decide(said(authenticity=authenticity, automatic=automatic), rule_table("help"), {})
    assert (rule.name, *rule.outcome[:3]) == (name, team, counts, acknowledge)
