"""Policy as data: the first row that holds."""

import pytest

from router.rules import MACHINE_QUEUE, decide, rule_table
from tests.support.inbound import FAILED, UNVERIFIED, VERIFIED, said
from tickets.model import Authenticity, Automatic

MACHINE = Automatic("list", "List-Id")


@pytest.mark.parametrize(
    ("authenticity", "automatic", "name", "queue", "counts", "acknowledge"),
    [
        (VERIFIED, None, "person", "help", True, True),
        (UNVERIFIED, None, "unverified", "help", True, False),
        (FAILED, None, "forged", "help", True, False),
        (VERIFIED, MACHINE, "machine", MACHINE_QUEUE, False, False),
        (FAILED, MACHINE, "machine", MACHINE_QUEUE, False, False),
    ],
)
def test_who_waits_where_and_who_is_told(
    authenticity: Authenticity, automatic: Automatic | None, name: str, queue: str, counts: bool, acknowledge: bool
) -> None:
    rule = decide(said(authenticity=authenticity, automatic=automatic), rule_table("help"))
    assert (rule.name, *rule.outcome) == (name, queue, counts, acknowledge)
