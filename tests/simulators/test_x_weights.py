"""How long a text is by X's count, in many scripts."""

import pytest

from simulators.x.links import find_entities, find_links
from simulators.x.weights import MAX_LENGTH, cut, weighted_length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("This is a test.", 15),
        ("Grüße, Jürgen", 13),
        ("Привет", 6),
        ("Ελληνικά", 8),
        ("مرحبا بالعالم", 13),
        ("שלום", 4),
        ("नमस्ते दुनिया", 13),
        ("สวัสดีครับ", 10),
        ("Xin chào Việt Nam", 17 + 1),
        ("안녕하세요", 10),
        ("你好，世界", 10),
        ("こんにちは", 10),
        ("カタカナ", 8),
        ("ﾊﾝｶｸ", 8),
        ("“quoted” – yes…", 15 + 1),
        ("€5", 3),
        ("→", 2),
        ("\U00010000\U0010ffff", 4),
    ],
)
def test_scripts_weigh_one_or_two(text: str, length: int) -> None:
    """Most of Vietnamese counts one; its letters with two marks, like ệ, lie outside the ranges and count two."""
    assert weighted_length(text) == length


def test_the_borders_of_the_ranges() -> None:
    counts = {point: weighted_length(chr(point)) for point in (4351, 4352, 8191, 8192, 8205, 8206, 8207, 8208)}
    assert counts == {4351: 1, 4352: 2, 8191: 2, 8192: 1, 8205: 1, 8206: 2, 8207: 2, 8208: 1}
    assert [weighted_length(chr(point)) for point in (8223, 8224, 8241, 8242, 8247, 8248)] == [1, 2, 2, 1, 1, 2]


def test_a_text_is_composed_before_it_is_counted() -> None:
    assert weighted_length("Cafe\u0301") == 4
    assert weighted_length("Vie\u0323\u0302t") == weighted_length("Việt") == 5
    assert weighted_length("\u1112\u1161\u11ab") == 2  # jamo become one syllable


@pytest.mark.parametrize(
    "emoji",
    [
        "🐱",
        "☺",
        "☺️",
        "👍🏽",
        "🇩🇪",
        "1️⃣",
        "#⃣",
        "👨‍👩‍👧‍👦",
        "🏳️‍🌈",
        "❤️‍🔥",
        "👩🏽‍💻",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "©️",
    ],
)
def test_an_emoji_counts_two_however_it_is_made(emoji: str) -> None:
    assert weighted_length(emoji) == 2
    assert weighted_length(f"a{emoji}{emoji}b") == 6


def test_signs_that_only_become_emoji_with_a_selector() -> None:
    assert (weighted_length("©"), weighted_length("1"), weighted_length("#")) == (1, 1, 1)
    assert weighted_length("🇩") == 2


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("http://test.com", ["http://test.com"]),
        ("HTTPS://Example.COM/a?b=c#d", ["HTTPS://Example.COM/a?b=c#d"]),
        ("Test https://test.com test test.com test", ["https://test.com", "test.com"]),
        ("see example.com.", ["example.com"]),
        ("(https://en.wikipedia.org/wiki/A_(b))", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("請看https://example.com你好", ["https://example.com"]),
        ("ดูที่example.comนะ", ["example.com"]),
        ("https://пример.рф/путь", ["https://пример.рф/путь"]),
        ("https://example.com:8080/x", ["https://example.com:8080/x"]),
        ("Hello.World", ["Hello.World"]),
        ("mail a@example.com", []),
        ("notes.txt and e.g. this", []),
        ("ftp://example.com", []),
        ("@example.com #example.com", []),
        ("http://localhost/x", []),
    ],
)
def test_links(text: str, links: list[str]) -> None:
    assert [found.value for found in find_links(text)] == links


def test_a_link_counts_twenty_three_whatever_its_length() -> None:
    assert weighted_length("a.co") == weighted_length("https://example.com/" + "x" * 500) == 23
    assert weighted_length("見て https://example.com/あ") == 4 + 1 + 23 + 2  # a path ends before kana


def test_mentions_and_hashtags() -> None:
    found = find_entities("@anna: ask＠acme, (@acme) #ปัญหา #1 #日本 a@b x#y https://a.com/@c")
    assert [(one.kind, one.value) for one in found] == [
        ("mention", "anna"),
        ("mention", "acme"),
        ("hashtag", "ปัญหา"),
        ("hashtag", "日本"),
        ("url", "https://a.com/@c"),
    ]


def test_a_long_text_is_cut_to_what_fits() -> None:
    assert cut("x" * 300, MAX_LENGTH) == "x" * 280
    assert cut("語" * 300, MAX_LENGTH) == "語" * 140
    assert cut("short", MAX_LENGTH) == "short"
    family = "👨‍👩‍👧‍👦"
    assert weighted_length(cut(family * 200, MAX_LENGTH)) <= MAX_LENGTH


@pytest.mark.parametrize(
    "text", ["a." * 5000, "http://" + "a-" * 5000, "-" * 10_000, "@" * 10_000, "(" * 9000 + "a.com"]
)
def test_hostile_texts_are_counted_in_no_time(text: str) -> None:
    assert 23 <= weighted_length(text) <= 10_023
    assert len(find_entities(text)) <= 1
