"""Our mails' names: read back from what servers and clients make of them, and from nothing else."""

import pytest

from tickets.own_names import alias_in, looks_ours, message_id, named_by, plus_address

KEY, TAG, HELP = "0123456789abcdefghjk.1", "00112233445566778899", "help@desk.example.test"
NAME = message_id(KEY, TAG, HELP)


def test_a_name_leads_there_and_back() -> None:
    assert NAME == "<sb.0123456789abcdefghjk.1.00112233445566778899@desk.example.test>"
    address = plus_address(NAME, HELP)
    assert address == "help+sb.0123456789abcdefghjk.1.00112233445566778899@desk.example.test"
    assert len(address.partition("@")[0]) <= 64  # RFC 5321 §4.5.3.1.1
    assert named_by(address, HELP) == NAME
    assert named_by(address.upper(), HELP) == NAME
    assert looks_ours(NAME, HELP)
    assert looks_ours(NAME.upper(), HELP)


@pytest.mark.parametrize(
    "recipient",
    [
        HELP,
        "help+sales@desk.example.test",
        f"help+sb.{KEY}.{TAG}@other.test",
        f"other+sb.{KEY}.{TAG}@desk.example.test",
        f"help+sb.{KEY}.{TAG}0@desk.example.test",
        f"help+sb.{KEY}.{TAG[:-1]}@desk.example.test",
        f"help+sb.{KEY}@desk.example.test",
        f"help+x.sb.{KEY}.{TAG}@desk.example.test",
        f"a+help+sb.{KEY}.{TAG}@desk.example.test",
        "",
        "@",
        "+@",
    ],
)
def test_other_recipients_name_nothing(recipient: str) -> None:
    assert named_by(recipient, HELP) is None


@pytest.mark.parametrize(
    "name",
    [
        "<1@desk.example.test>",
        "<sb.x@other.test>",
        "<xsb.1@desk.example.test>",
        "",
        "<>",
        "<sb.@desk.example.test>",
    ],
)
def test_other_names_do_not_look_ours(name: str) -> None:
    assert not looks_ours(name, HELP)


@pytest.mark.parametrize(
    ("to", "cc", "alias"),
    [
        (("billing@desk.test",), (), "billing@desk.test"),
        (("bob@customers.test",), ("PRESS@desk.test",), "press@desk.test"),
        (("billing@desk.test", "help@desk.test"), (), None),
        (("billing@desk.test",), ("help+sb.1@desk.test",), None),
        (("billing@elsewhere.test",), (), None),
    ],
)
def test_answers_come_from_the_address_that_was_written_to(
    to: tuple[str, ...], cc: tuple[str, ...], alias: str | None
) -> None:
    assert alias_in((*to, *cc), "help@desk.test", {"billing@desk.test", "press@desk.test"}) == alias
