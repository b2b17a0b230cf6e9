"""Texts to show: nothing invisible that misleads, nothing lost that matters."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.text import CUT, SHOWN_CHARS, one_line, readable

HOSTILE = st.text(alphabet=st.characters()) | st.text(
    alphabet="\r\n\t \x00\x85\u2028\u202e\u0301\U000e0041aé👩\u200d"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("gpj\u202eexe.", "gpjexe."),
        ("\u2066hidden\u2069", "hidden"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("\ufefftext", "text"),
        ("lone \ud83d surrogate", "lone ? surrogate"),
        ("a" + "\u0301" * 500, "a" + "\u0301" * 8),
        ("one\n\n\n\n\n\n\ntwo", "one\n\n\ntwo"),
        ("  two\tcolumns  ", "two\tcolumns"),
    ],
)
def test_what_misleads_is_taken_out(text: str, expected: str) -> None:
    assert readable(text) == expected


@pytest.mark.parametrize(
    "text", ["👩‍👩‍👧 family", "می‌خواهم", "क्षत्रिय", "ที่นี่", "e\u0301te\u0301", "שָׁלוֹם", "한국어", "‏مرحبا"]
)
def test_what_scripts_need_stays(text: str) -> None:
    assert readable(text) == text


def test_blank_lines_by_the_hundred_thousand_become_two() -> None:
    assert readable("above" + "\n \t" * 200_000 + "\nbelow") == "above\n\n\nbelow"


def test_a_line_of_five_megabytes_is_cut_and_says_so() -> None:
    shown = readable("x" * 5_000_000)
    assert shown == "x" * SHOWN_CHARS + CUT


@given(HOSTILE)
def test_readable_text_has_nothing_that_acts(text: str) -> None:
    shown = readable(text)
    assert len(shown) <= SHOWN_CHARS + len(CUT)
    assert shown == shown.strip()
    assert not any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in shown)
    assert not any("\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069" for char in shown)
    shown.encode("utf-8")


@given(st.text(alphabet="abc é中\n\t", max_size=300))
def test_reading_twice_changes_nothing(text: str) -> None:
    assert readable(readable(text)) == readable(text)


@given(HOSTILE, st.integers(2, 50))
def test_one_line_is_one_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_a_cut_line_says_so() -> None:
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("abcd", 4) == "abcd"


def test_marks_of_every_script_are_kept_from_piling_up() -> None:
    for code in range(0x110000):
        if unicodedata.combining(chr(code)):
            assert readable("a" + chr(code) * 20) == "a" + chr(code) * 8, hex(code)
