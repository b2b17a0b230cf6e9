"""Cutting a text to a channel's limit: within it, without loss, where people would cut."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.discord.markup import marked
from responders.fit import MEASURES, MOST_PARTS, fit, fit_rich
from tickets.errors import Refused
from tickets.rich import Rich, read, utf16_units

TEXTS = [
    "我的包裹三个星期了还没有到。请帮我查一下物流信息，谢谢！" * 6,
    "注文した商品がまだ届いていません。ご確認をお願いいたします。" * 6,
    "주문한 상품이 아직 도착하지 않았습니다. 확인 부탁드립니다. " * 6,
    "ฉันยังไม่ได้รับพัสดุเลยค่ะช่วยตรวจสอบให้หน่อยน้ำที่กำลังมา" * 6,
    "لم تصل الطَّلَبِيَّة حتى الآن، أرجو المساعدة في أقرب وقت. " * 6,
    "Tôi vẫn chưa nhận được đơn hàng của mình, xin giúp tôi kiểm tra. " * 6,
    unicodedata.normalize("NFD", "Tôi vẫn chưa nhận được đơn hàng") * 6,
    unicodedata.normalize("NFD", "주문한상품이아직도착하지않았습니다") * 6,
    "मेरा पार्सल अभी तक नहीं आया है। कृपया जाँच करें। " * 6,
    "👩‍👩‍👧👍🏽🏳️‍🌈🇻🇳🇯🇵1️⃣🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f" * 12,
    "word " * 60,
]
LETTERS = [
    "👩‍👩‍👧", "👍🏽", "🏳️‍🌈", "🇻🇳", "1️⃣", "e\u0301", "की", "ที่", "น้ำ", "한", "رَّ",
    "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
]  # fmt: skip


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("unit", sorted(MEASURES))
@pytest.mark.parametrize("limit", [40, 64, 101])
@pytest.mark.parametrize("text", TEXTS)
def test_pieces_fit_and_lose_only_white_space(text: str, limit: int, unit: str) -> None:
    pieces = fit(text, limit, unit)
    assert all(0 < MEASURES[unit](piece) <= limit for piece in pieces)
    assert squeezed("".join(pieces)) == squeezed(text)
    for piece in pieces:
        piece.encode()
        assert unicodedata.category(piece[0]) not in ("Mn", "Mc", "Me")
        assert piece[0] not in "\u200d\ufe0f"
        assert piece[-1] != "\u200d"


@pytest.mark.parametrize("letter", LETTERS)
def test_no_letter_is_torn(letter: str) -> None:
    letter = unicodedata.normalize("NFD", letter) if letter == "한" else letter
    for before in range(12):
        for piece in fit("x" * before + letter * 12, 15, "characters"):
            assert piece.strip("x").replace(letter, "") == ""


def test_two_flags_stay_two_flags() -> None:
    assert fit("🇻🇳🇯🇵🇰🇷", 3, "characters") == ("🇻🇳", "🇯🇵", "🇰🇷")
    assert fit("🇻🇳🇯🇵🇰🇷", 11, "utf16") == ("🇻🇳🇯🇵", "🇰🇷")


def test_a_letter_longer_than_the_limit_is_cut_all_the_same() -> None:
    pieces = fit("a" + "\u0301" * 30, 10, "characters")
    assert [len(piece) for piece in pieces] == [10, 10, 10, 1]


def test_telegram_counts_utf16() -> None:
    """BT11: emoji count twice."""
    assert utf16_units("a😀") == 3
    assert fit("😀" * 2048, 4096, "utf16") == ("😀" * 2048,)
    assert fit("😀" * 2049, 4096, "utf16") == ("😀" * 2048, "😀")
    assert [len(piece) for piece in fit("a" * 4097, 4096, "utf16")] == [4096, 1]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("one two three.\n\nfour five six", ("one two three.", "four five six")),
        ("one two three\nfour five six", ("one two three", "four five six")),
        ("one two three. four five six", ("one two three.", "four five six")),
        ("一二三四五六七。八九十一二三四五六七", ("一二三四五六七。", "八九十一二三四五六七")),
        ("one two three four five", ("one two three four", "five")),
        ("x. yyyyyyyy zzzzzzzz wwww", ("x. yyyyyyyy zzzzzzzz", "wwww")),
        ("x" * 25, ("x" * 20, "x" * 5)),
    ],
)
def test_cuts_are_where_people_would_make_them(text: str, pieces: tuple[str, ...]) -> None:
    limit = 13 if "一" in text else 20
    assert fit(text, limit, "characters") == pieces


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_nothing_to_say_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        fit(text, 10, "characters")


def test_too_much_to_say_is_refused() -> None:
    assert len(fit("x" * 10 * MOST_PARTS, 10, "characters")) == MOST_PARTS
    with pytest.raises(Refused, match="20 messages"):
        fit("x" * (10 * MOST_PARTS + 1), 10, "characters")


def test_without_a_limit_there_is_one_piece() -> None:
    assert fit(" x " * 100_000, None, "characters") == ((" x " * 100_000).strip(),)


WRITTEN = st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.lists(
    st.sampled_from([*LETTERS, " ", "\n\n", ". ", "。", "word", "中", "\u3000"]), max_size=60
).map("".join)


@given(WRITTEN, st.integers(15, 60), st.sampled_from(sorted(MEASURES)))
def test_any_text_fits_or_is_refused(text: str, limit: int, unit: str) -> None:
    try:
        pieces = fit(text, limit, unit)
    except Refused:
        assert not text.strip() or MEASURES[unit](text) > limit
        return
    assert all(0 < MEASURES[unit](piece) <= limit for piece in pieces)
    assert squeezed("".join(pieces)) == squeezed(text)


# Formatted words ---------------------------------------------------------------------------


def formatted_in(pieces: tuple[Rich, ...]) -> list[list[str]]:
    return [[piece.text[span.start : span.end] for span in piece.spans] for piece in pieces]


def test_what_is_formatted_stays_with_its_words() -> None:
    rich = read("One **two** three.\n\nFour *five six* seven.")
    pieces = fit_rich(rich, 20, "characters", formats=True)
    assert [piece.text for piece in pieces] == ["One two three.", "Four five six seven."]
    assert formatted_in(pieces) == [["two"], ["five six"]]


def test_what_is_cut_is_formatted_on_both_sides() -> None:
    pieces = fit_rich(read("**" + "word " * 10 + "end**"), 30, "characters", formats=True)
    assert formatted_in(pieces) == [[piece.text] for piece in pieces]
    assert len(pieces) == 2


def test_where_marks_count_every_piece_has_room_for_them() -> None:
    source = " ".join(f"**word{n}** [here](https://x.test/{n})" for n in range(10)) + " word_" * 600
    pieces = fit_rich(read(source), 2_000, "discord", formats=True)
    assert len(pieces) > 2
    assert max(len(marked(*piece)) for piece in pieces) <= 2_000
    with pytest.raises(Refused, match="too many formatted words"):
        fit_rich(read(source), 400, "discord", formats=True)


def test_where_nothing_is_shown_addresses_are_counted_too() -> None:
    rich = read("**See** [our page](https://x.test/a)")
    assert fit_rich(rich, 280, "x_weighted", formats=False) == (Rich("See our page (https://x.test/a)", ()),)
