"""Somebody who passes for one of us: look-alike letters, marks and spaces (bad inputs BT26, BD19)."""

from typing import Any

import pytest

from router.albums import gather
from router.names import passes_for
from router.priority import PRETENDS
from tests.support.builders import T0
from tests.support.inbound import decider, empty_context, said
from tickets.ids import EventId
from tickets.model import Author

OURS = ("Acme Support", "Kenji Lim", "客服小美")


@pytest.mark.parametrize(
    ("name", "handle", "found"),
    [
        ("Acme Support", None, "Acme Support"),
        ("acme_support", None, "Acme Support"),
        ("АсmЕ Ѕuрроrt ✓", None, "Acme Support"),
        ("Ａｃｍｅ Ｓｕｐｐｏｒｔ (official)", None, "Acme Support"),
        ("A.c.m.e 5upp0rt", None, "Acme Support"),
        ("Acrne Support", None, "Acme Support"),
        ("Ácmé Súpport", None, "Acme Support"),
        ("A\u200bcme Sup\u200bport", None, "Acme Support"),
        ("Somebody", "kenj1_1im", "Kenji Lim"),
        ("Κеnјі Lіm", None, "Kenji Lim"),
        ("客服小美✅", None, "客服小美"),
        ("Anna Lind", "anna", ""),
        ("Supporter", None, ""),
        ("Kenneth Lim", None, ""),
        ("客服", None, ""),
        ("สมชาย", None, ""),
        ("", "", ""),
    ],
)
def test_who_looks_like_one_of_us(name: str, handle: str | None, found: str) -> None:
    assert passes_for(Author("1", name, handle), OURS) == found


def test_names_of_a_few_letters_are_not_looked_for() -> None:
    assert passes_for(Author("1", "Joanna"), ("Jo", "An ✓")) == ""


def admitted(**fields: Any) -> tuple[list[str], tuple[str, ...]]:
    [gathered] = gather([(EventId(1), said("Send me your code", **fields))])
    admission = decider(own_names=OURS).decide(gathered, empty_context(), T0)
    assert admission.ticket is not None
    assert admission.message is not None
    return [reason.label for reason in admission.ticket.priority_reasons], admission.message.warnings


def test_they_are_marked_and_come_before_others() -> None:
    reasons, warnings = admitted(author=Author("1", "Асmе Ѕuррort"))
    assert PRETENDS in reasons
    assert any("Acme Support" in one for one in warnings)
    assert admitted(author=Author("2", "Anna")) == (["a person is waiting"], ())
