"""Codes: as people copy them, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.claims import ALPHABET, MOST_IN_A_TEXT, hash_of, hashes_in, new_code, without

CODE = "K7QF-2MXD-9TPA"


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        f"Hier ist er: {CODE}.",
        f"/start {CODE}",
        "我的代码是K7QF-2MXD-9TPA，谢谢",
        "รหัสคือ k7qf-2mxd-9tpa ค่ะ",
        "الرمز: K7QF-2MXD-9TPA",
        "k7qf2mxd9tpa",
        "K7QF–2MXD—9TPA",
        "Ｋ７ＱＦ－２ＭＸＤ－９ＴＰＡ",
        "@desk_de K7QF-2MXD-9TPA danke!",
    ],
)
def test_a_code_is_found_as_people_write_it(text: str) -> None:
    assert hashes_in(text) == (hash_of(CODE),)


def test_letters_that_look_alike_are_the_same() -> None:
    assert hash_of("1O1O-0000-1111") == hash_of("ioLO-OOOO-ILIL") == hash_of("1010-0000-1111")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Where is my parcel? It should have come on Friday.",
        "abcd-efgh-jkmn",
        "wort-wort-wort",
        "K7QF-2MXD-9TPA7",
        "0K7QF-2MXD-9TPA",
        "x" * 5_000 + f" {CODE}",
    ],
)
def test_other_words_are_none(text: str) -> None:
    assert hashes_in(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "code K7QF 2MXD 9TPA",
        "K7QF−2MXD−9TPA",
        "K7QF-\n2MXD-9TPA",
        "my code is k7qf2mxd9tpa.",
        "(K7QF\u00a02MXD 9TPA)",
    ],
)
def test_a_code_is_known_as_telephones_write_it(text: str) -> None:
    assert hash_of(CODE) in hashes_in(text)
    assert "2MXD" not in without(text, {hash_of(CODE)}).upper()
    assert without(text, ()) == text


def test_of_many_only_the_first_few_are_looked_up() -> None:
    assert len(hashes_in(" ".join(new_code() for _ in range(50)))) == MOST_IN_A_TEXT


def test_every_new_code_is_found_and_another() -> None:
    codes = [new_code() for _ in range(500)]
    assert len(set(codes)) == 500
    assert all(hashes_in(code) == (hash_of(code),) for code in codes)
    assert set("".join(codes)) - {"-"} <= set(ALPHABET)


@given(st.text())
def test_any_text_is_looked_through(text: str) -> None:
    assert len(hashes_in(text)) <= MOST_IN_A_TEXT
