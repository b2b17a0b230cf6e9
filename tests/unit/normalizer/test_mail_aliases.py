"""A mailbox with several addresses: which one was written to, and what comes from one of them."""

import pytest

from normalizer.known import Known
from normalizer.registry import normalize
from tests.support.builders import T0
from tests.support.inbound import MAIL
from tickets.errors import PayloadError
from tickets.model import InboundMessage, RawEvent

ALIASES = ("billing@desk.example.test", "press@desk.example.test")
VERIFIED = "Authentication-Results: mx.desk.example.test; dmarc=pass header.from=desk.example.test\n"


def read(head: str, sender: str = "Ada <ada@customers.test>") -> InboundMessage:
    payload = f"From: {sender}\n{head}Subject: x\n\nHello.\n".encode()
    event = RawEvent("email", MAIL, "1", "c", payload, T0, "help@desk.example.test")
    message = normalize(event, Known(("mx.desk.example.test",), ALIASES))
    assert isinstance(message, InboundMessage)
    return message


@pytest.mark.parametrize(
    ("head", "alias"),
    [
        ("To: Billing <BILLING@desk.example.test>\n", "billing@desk.example.test"),
        ("To: bob@customers.test\nCc: press@desk.example.test\n", "press@desk.example.test"),
        ("To: list@customers.test\nDelivered-To: press@desk.example.test\n", ""),
        ("To: press@desk.example.test\nDelivered-To: help@desk.example.test\n", "press@desk.example.test"),
        ("To: billing@desk.example.test, help@desk.example.test\n", ""),
        ("To: billing@desk.example.test\nCc: help+sb.1.2@desk.example.test\n", ""),
        ("To: help@desk.example.test\n", ""),
        ('To: "billing@desk.example.test" <eve@elsewhere.test>\n', ""),
        ("", ""),
    ],
)
def test_the_address_that_was_written_to(head: str, alias: str) -> None:
    assert read(head).alias == alias


def test_what_comes_from_an_alias_is_ours_or_forged() -> None:
    """BE48."""
    assert read(VERIFIED, ALIASES[0]).own
    with pytest.raises(PayloadError, match="our own address"):
        read("", ALIASES[0])
