"""What an answer by mail quotes: the person's own words, and nothing else."""

import pytest
from msgspec.structs import replace

from responders.quoting import CUT, MOST_CHARS, quoted
from tests.support.builders import T0, identity, message
from tickets.folds import fresh

ANN = replace(identity("ann"), display_name="Ann", external_id="ann@customers.test")
HEAD = f"Ann <ann@customers.test>, {T0:%Y-%m-%d %H:%M} UTC:"


def of(text: str) -> str:
    return quoted(message("m", "ann", text=text), ANN)


def test_each_line_is_marked() -> None:
    assert of("Hello,\n\nwhere is it?") == f"{HEAD}\n> Hello,\n>\n> where is it?"


def test_what_the_person_quoted_is_left_out() -> None:
    older = "On 3.3.2025 at 10:15 Support wrote:\n> Das Geheimnis\n> ist 42."
    said = f"Noch nichts.\n\n{older}\n\n-- \nAnn\n+49 170 0000000"
    assert of(said) == f"{HEAD}\n> Noch nichts."


def test_a_long_message_is_cut() -> None:
    assert of("x" * (MOST_CHARS + 1)) == f"{HEAD}\n> {'x' * MOST_CHARS}\n> {CUT}"
    assert CUT not in of("x" * MOST_CHARS)


def test_without_words_nothing_is_quoted() -> None:
    assert of("") == ""


@pytest.mark.parametrize(
    "said",
    [
        "还没到账。", "まだ届きません。", "아직 안 왔어요.", "ยังไม่ได้รับ", "لم يصل بعد.", "Vẫn chưa nhận được.",
        "अभी तक नहीं मिला।",
    ],
)  # fmt: skip
def test_our_own_folds_know_it_again(said: str) -> None:
    assert fresh(f"Danke, es ist unterwegs.\n\n{of(said)}") == "Danke, es ist unterwegs."
