"""Who else gets an answer: those who got the mail, and never the account itself."""

from msgspec.structs import replace

from responders.compose import MOST_COPIES, Limits, copies_of
from tests.support.builders import identity, message

ANN = replace(identity("ann"), channel="email", external_id="ann@customers.test")
OWN = "help@desk.test"
ALIASES = frozenset(("billing@desk.test", "press@desk.test"))


def copies(*addresses: str, cc: tuple[str, ...] = (), own: str = OWN) -> tuple[str, ...]:
    return copies_of(
        message("m", "ann", to=addresses, cc=cc), ANN, Limits(None, "characters", own, aliases=ALIASES)
    )


def test_everybody_else_is_offered_once() -> None:
    found = copies("help@desk.test", "bob@customers.test", cc=("Bob@customers.test", "eve@customers.test"))
    assert found == ("bob@customers.test", "eve@customers.test")


def test_neither_the_writer_nor_the_account_itself() -> None:
    assert copies("HELP@desk.test", "help+sb.1@desk.test", "Billing@desk.test", "ann@customers.test") == ()


def test_no_more_than_can_be_looked_over() -> None:
    assert len(copies(*(f"p{n}@customers.test" for n in range(200)))) == MOST_COPIES


def test_what_is_no_plain_address_gets_none() -> None:
    assert copies("bö@customers.test", "a b@customers.test", "x@\ny.test") == ()


def test_a_channel_without_addresses_has_no_copies() -> None:
    assert copies("bob@customers.test", own="") == ()
