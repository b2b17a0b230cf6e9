"""Bytes to text, whatever a mail claims."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.charsets import codec, decode

SENTENCES = [
    ("iso-2022-jp", "荷物がまだ届いていません"),
    ("shift_jis", "荷物がまだ届いていません"),
    ("euc-jp", "荷物がまだ届いていません"),
    ("gb2312", "我的包裹在哪里"),
    ("gb18030", "我的包裹在哪里"),
    ("big5", "我的包裹在哪裡"),
    ("euc-kr", "택배가 아직 안 왔어요"),
    ("koi8-r", "Где мой заказ"),
    ("windows-1251", "Где мой заказ"),
    ("windows-1256", "أين طلبي"),
    ("iso-8859-6", "أين طلبي"),
    ("tis-620", "พัสดุอยู่ไหน"),
    ("windows-874", "พัสดุอยู่ไหน"),
    ("iso-8859-9", "Siparişim nerede, ığüşöç"),
    ("windows-1258", "Ti"),
    ("utf-8", "Đơn hàng của tôi"),
    ("UTF-16", "mixed 中文"),
    ('"utf-8"', "quoted"),
]


@pytest.mark.parametrize(("charset", "text"), SENTENCES)
def test_what_is_declared_is_believed(charset: str, text: str) -> None:
    python = {"windows-874": "cp874"}.get(charset, charset.strip('"'))
    assert decode(text.encode(python), charset) == (text, True)


@pytest.mark.parametrize(
    ("declared", "really", "text"),
    [
        ("gb2312", "gbk", "朱镕基路"),
        ("euc-kr", "cp949", "똠방각하"),
        ("iso-8859-1", "cp1252", "“quoted” €5"),
        ("us-ascii", "utf-8", "Größe"),
        ("shift_jis", "cp932", "①番"),
        ("tis-620", "cp874", "“ไทย”"),
        ("iso-8859-1", "iso-8859-1", "Größe"),
    ],
)
def test_the_wider_set_that_programs_really_use(declared: str, really: str, text: str) -> None:
    assert decode(text.encode(really), declared) == (text, True)


@pytest.mark.parametrize(
    "charset",
    [
        "x-unknown",
        "idna",
        "undefined",
        "rot13",
        "base64",
        "../../etc",
        "unicode_escape",
        "raw_unicode_escape",
        "punycode",
        "zip",
        "hex",
        "a\x00b",
        "\ud83d",
        "é" * 100,
        "",
        " ",
        "utf-8;evil",
        "aliases",
        "mbcs",
    ],
)
def test_unknown_and_unfit_names_are_no_codec(charset: str) -> None:
    assert codec(charset) is None
    assert decode("Größe".encode(), charset) == ("Größe", True)
    assert decode(rb"\x3c", charset) == (r"\x3c", True)


def test_latin_is_the_last_resort_and_uncertain() -> None:
    assert decode("Größe".encode("latin-1"), None) == ("Größe", False)
    assert decode("Größe".encode("latin-1"), "x-unknown") == ("Größe", False)


def test_a_longer_text_without_a_charset_is_guessed() -> None:
    text = "Мой заказ ещё не пришёл, хотя прошло уже три недели. Пожалуйста, проверьте, где он сейчас находится. "
    assert decode((text * 3).encode("koi8-r"), None) == (text * 3, False)


def test_japanese_with_one_letter_too_many_stays_japanese() -> None:
    """NEC's ① is in most Japanese mail and in no ISO-2022-JP: the rest must not become ``$BF|K\\``."""
    raw = b"\x1b$BF|K\\\x2d\x21$G$9\x1b(B"
    text, certain = decode(raw, "iso-2022-jp")
    assert text.startswith("日本")
    assert text.endswith("です")
    assert not certain


@given(st.binary(max_size=200), st.none() | st.text(max_size=20) | st.sampled_from([c for c, _ in SENTENCES]))
def test_anything_is_text(raw: bytes, charset: str | None) -> None:
    text, _ = decode(raw, charset)
    assert isinstance(text, str)
