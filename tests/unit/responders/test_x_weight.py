"""X's count, held against the loopback X's own, which was written apart from it."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from responders.fit import MOST_PARTS, X_LINK, fit, x_weight
from simulators.x.weights import MAX_LENGTH, weighted_length
from tickets.errors import Refused

CHINESE = "我的包裹三个星期了还没有到。请帮我查一下物流信息，谢谢！"
PLAIN = [
    CHINESE,
    "注文した商品がまだ届いていません。「ご確認」をお願いいたします。",
    "주문한 상품이 아직 도착하지 않았습니다. 확인 부탁드립니다.",
    unicodedata.normalize("NFD", "주문한 상품이 아직"),
    "ฉันยังไม่ได้รับพัสดุเลยค่ะ ช่วยตรวจสอบให้หน่อย",
    "لم تصل الطَّلَبِيَّة حتى الآن، أرجو المساعدة؟",
    "Tôi vẫn chưa nhận được đơn hàng của mình, xin giúp tôi kiểm tra.",
    unicodedata.normalize("NFD", "Tôi vẫn chưa nhận được đơn hàng"),
    "मेरा पार्सल अभी तक नहीं आया है। कृपया जाँच करें।",
    "It costs 3.14 €, e.g. at 9:30 – see “v1.2.3” … @anna #parcel a@b.c U.S.A.",
    "ﾊﾝｶｸ ＦＵＬＬ １２３",
    "",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_weighs_what_it_weighs_for_x(text: str) -> None:
    assert x_weight(text) == weighted_length(text)


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("a.co", X_LINK),
        ("https://example.com/a", X_LINK),
        ("见a.com、b.com", 2 + X_LINK + 2 + X_LINK),
        ("请看example.com", 4 + X_LINK),
        ("ดูที่example.comนะ", 5 + X_LINK + 2),
        ("a.com,b.com", 2 * X_LINK + 1),
        ("https://a.com，https://b.com。", 2 * X_LINK + 4),
        ("(https://a.com/b).", X_LINK + 3),
        ("https://a.com/b中文", X_LINK + 4),
        ("HTTPS://A.COM", X_LINK),
        ("https://bücher.de/x", X_LINK),
        ("a.com b.com\nc.com", 3 * X_LINK + 2),
        ("https://shop.example.com", 24),
    ],
)
def test_links(text: str, weight: int) -> None:
    """A link weighs 23, or its letters when those are more; what stands beside it weighs as always."""
    assert x_weight(text) == weight >= weighted_length(text)


@pytest.mark.parametrize(
    "text",
    [
        "a.museum",
        "www.example.museum",
        "https://例え.みんな",
        "https://пример.рф/путь",
        "https://a.co.zzzz",
        "https://a.co中文.x",
        "https://例え.中国您好",
        "https://a.com.museum/x",
        "a.museum,b.museum",
        "xhttps://a.com/(b.co",
        "\u202ahttps://éb.com",
        "https://example.https://éa.co/",
        "a.co_http://例.museum",
        "😀a.co👩‍👩‍👧b.co",
    ],
)
def test_what_may_become_a_link_never_weighs_less(text: str) -> None:
    assert x_weight(text) >= weighted_length(text)


@pytest.mark.parametrize(
    "emoji", ["😀", "👩‍👩‍👧", "👍🏽", "🏳️‍🌈", "🇻🇳", "1️⃣", "©️", "☺", "🏴\U000e0067\U000e0062\U000e007f"]
)
def test_an_emoji_weighs_at_least_what_it_weighs_for_x(emoji: str) -> None:
    assert x_weight(emoji) >= weighted_length(emoji) == 2
    assert x_weight("😀" * 5) == 10


PIECES = [
    "a.co", "b.com", "https://", "HTTP://", "example.", ".museum", ".みんな", ".zzz", "example.com", "/a/b",
    "?c=d", "www.", "com", "x", "y1", "中", "文", "、", "。", "，", "」", "ร", "น่", "ế", "e\u0301", "ſ",
    "한", "\u1112\u1161",
    ".", ",", "/", "?", "(", ")", "!", "=", "@", "#", "_", "-", "+", ":", "&", "|", " ", "\n", "\u3000", "\u202a",
    "\u202e", "\u200d", "\ufeff", "😀", "👩‍👩‍👧", "🇻🇳", "1️⃣", "©️",
]  # fmt: skip
WRITTEN = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40)


@settings(max_examples=600)
@given(WRITTEN)
@example("https://example.https://éa.co/")
def test_no_text_weighs_less_than_for_x(text: str) -> None:
    assert x_weight(text) >= weighted_length(text)


@settings(max_examples=150)
@given(st.lists(st.sampled_from([*PIECES, *PLAIN, "word ", "\n\n", "https://shop.example.com/o/1 "]), max_size=60))
def test_every_piece_is_within_the_limit_and_nothing_is_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        posts = fit(text, MAX_LENGTH, "x_weighted")
    except Refused:
        assert not text.strip() or x_weight(text) > MAX_LENGTH * MOST_PARTS // 2
        return
    assert all(0 < weighted_length(post) <= MAX_LENGTH for post in posts)
    assert "".join("".join(posts).split()) == "".join(text.split())


@settings(max_examples=150)
@given(WRITTEN, st.integers(46, 60))
def test_every_piece_is_within_any_limit(text: str, limit: int) -> None:
    try:
        posts = fit(text, limit, "x_weighted")
    except Refused:
        return
    assert all(0 < weighted_length(post) <= limit for post in posts)


@pytest.mark.parametrize("text", PLAIN[:-1])
def test_a_long_text_fills_posts_and_loses_nothing(text: str) -> None:
    """BX10."""
    long = f"{text} " * 12
    posts = fit(long, MAX_LENGTH, "x_weighted")
    assert all(MAX_LENGTH // 2 <= weighted_length(post) <= MAX_LENGTH for post in posts[:-1])
    assert "".join("".join(posts).split()) == "".join(long.split())


def test_a_long_text_in_chinese_is_cut_between_sentences() -> None:
    posts = fit(CHINESE * 12, MAX_LENGTH, "x_weighted")
    assert len(posts) == 3
    assert "".join(posts) == CHINESE * 12
    assert all(post[-1] in "。！" for post in posts)


def test_marks_written_apart_do_not_count() -> None:
    text = unicodedata.normalize("NFD", "é" * 280)
    assert fit(text, MAX_LENGTH, "x_weighted") == (text,)


def test_the_last_letter_that_fits() -> None:
    assert fit("字" * 140, 280, "x_weighted") == ("字" * 140,)
    assert fit("字" * 140 + "a", 280, "x_weighted") == ("字" * 140, "a")
    assert len(fit("a" * 280, 280, "x_weighted")) == 1
    assert [len(post) for post in fit("a" * 281, 280, "x_weighted")] == [280, 1]
    assert len(fit("a" * 256 + " https://example.com/a", 280, "x_weighted")) == 1
    assert fit("a" * 257 + " https://example.com/a", 280, "x_weighted") == ("a" * 257, "https://example.com/a")


@pytest.mark.parametrize(
    "text",
    [
        "a." * 20_000,
        "http://" * 20_000,
        "http://" + "a-" * 20_000,
        "-" * 40_000,
        "(" * 40_000 + "a.com",
        "a_" * 20_000,
    ],
)
def test_hostile_texts_are_weighed_in_no_time(text: str) -> None:
    assert x_weight(text) >= 20_000
