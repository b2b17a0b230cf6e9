"""Plain text for Discord: nothing in it means anything, and it is never longer than reckoned.

``alive`` reads a text as Discord's client does: an address goes to the next
space or ``<`` and takes a backslash with it, a backslash before a mark is
gone together with the mark's meaning, and the rest is text with markup.
"""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.discord.markup import escape, marked
from responders.fit import discord_letters, fit
from tickets.errors import Refused
from tickets.model import Span
from tickets.rich import read

SPACE = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
URL = re.compile(rf"(?:https?|steam)://[^{SPACE}<]+[^{SPACE}<.,:;\"'\]]")
ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
MARKS = re.compile(r"[*_~`|\[]|<|@everyone|@here")
LINE = re.compile(rf"[ \t\f]*(?:#{{1,3}}[{SPACE}]|-#[{SPACE}]|>|[-+*][{SPACE}]|\d+[.)][{SPACE}])")
LINES = re.compile("\r\n|[\n\r\u2028\u2029]")


def alive(text: str) -> list[str]:
    """What of it Discord would take for markup; addresses and escaped marks are out of the question."""
    rest, at = "", 0
    while at < len(text):
        if found := URL.match(text, at) or ESCAPE.match(text, at):
            rest += "\0"
            at = found.end()
        else:
            rest += text[at]
            at += 1
    return MARKS.findall(rest) + [line for line in LINES.split(rest) if LINE.match(line)]


@pytest.mark.parametrize(
    "text",
    [
        "<@1> <@!1> <@&1> <#3> <t:1:R> </cmd:1> <id:customize> <:a:1> <a:b:1> <https://a.test>",
        "@everyone @here",
        "*a* **a** _a_ __a__ ~~a~~ `a` ```a``` ||a|| [a](https://a.test)",
        "# a\n## a\n### a\n-# a\n> a\n>>> a",
        "- a\n* a\n+ a\n  - a\n1. a\n 12345678901. a",
        "\\*a* \\\\*a*",
        "a\r# b\r- c\u2028> d",
        "https://a.test/<#3> https://a.test/<t:1:R> https://a.test/</cmd:1>",
        "https://a.test/><#3> steam://a<#3> http://a<@1>",
        "https://a.test/\ufeff*b* https://a.test/\x1c<#3>",
        "https://*. a https://*. https://[",
        "[a](https://a.test)(https://evil.example.test) https://a.test/](https://b.test)",
        "¯\\_(ツ)_/¯",
    ],
)
def test_nothing_survives(text: str) -> None:
    """BD01, BD05."""
    assert alive(text)
    assert alive(escape(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "我的包裹三个星期了还没有到。",
        "ご確認をお願いいたします。「はい」",
        "주문한 상품이 아직 도착하지 않았습니다.",
        "ฉันยังไม่ได้รับพัสดุเลยค่ะ",
        "لم تصل الطَّلَبِيَّة حتى الآن، أرجو المساعدة.",
        "Tôi vẫn chưa nhận được đơn hàng.",
        "मेरा पार्सल अभी तक नहीं आया है।",
        "👩‍👩‍👧 👍🏽 🏳️‍🌈 1️⃣",
        "It's 5 - 3 = 2, 100 % sure (#4711), a@b? 12.5",
        "https://shop.test/a_b_c?d=*e*&f=[g]#h~i",
        "请看https://a.test/路径_路径",
    ],
)
def test_what_means_nothing_stays_as_it_is(text: str) -> None:
    assert escape(text) == text.replace("@", "\\@")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("https://a.test/||b||`c`", "https://a.test/%7C%7Cb%7C%7C%60c%60"),
        ("https://a.test/<b>", "https://a.test/%3Cb>"),
        ("see https://a.test/a_b, _now_", "see https://a.test/a_b, \\_now\\_"),
        ("[https://a.test/_]", "\\[https://a.test/_]"),
        ("https:// *a*", "https:// \\*a\\*"),
        ("1. one\n2) two", "1\\. one\n2\\) two"),
        ("-5 #1 >", "-5 #1 >"),
    ],
)
def test_addresses_stay_addresses(text: str, escaped: str) -> None:
    assert escape(text) == escaped


PIECES = [
    "https://", "http://", "steam://", "a", "B", "中", "*", "_", "~", "`", "|", "<", ">", "@", "[", "]", "(", ")",
    "](", "\\", "#", "-", "+", ".", ",", ":", "'", '"', "# ", "-# ", "- ", "> ", "1. ", "12345678901. ", "<@1>",
    "<#3>", "<t:1:R>", "</c:1>", "<id:x>", "<:a:1>", "@everyone", " ", "\n", "\r", "\t", "\f", "\x1c", "\x85",
    "\u2028", "\u3000", "\ufeff", "😀", "e\u0301",
]  # fmt: skip
WRITTEN = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=30)
THOROUGH = settings(max_examples=400)


@THOROUGH
@given(WRITTEN)
@example("https://a<#3>")
@example("https://*.\x1c<#3>")
def test_nothing_survives_in_any_text(text: str) -> None:
    assert alive(escape(text)) == []


@THOROUGH
@given(WRITTEN)
def test_it_is_never_longer_than_reckoned(text: str) -> None:
    assert len(escape(text)) <= discord_letters(text)


@THOROUGH
@given(WRITTEN)
def test_without_its_backslashes_it_is_what_was_written(text: str) -> None:
    """Addresses aside: there is none in the text once they have no double slash."""
    text = text.replace("://", ":/")
    assert ESCAPE.sub(r"\1", escape(text)) == text


@given(WRITTEN, st.integers(15, 60))
def test_every_piece_fits_once_it_is_escaped(text: str, limit: int) -> None:
    try:
        pieces = fit(text, limit, "discord")
    except Refused:
        return
    assert all(len(escape(piece)) <= limit for piece in pieces)


def test_the_longest_answer() -> None:
    assert [len(escape(piece)) for piece in fit("*" * 1500, 2000, "discord")] == [2000, 1000]
    assert [len(escape(piece)) for piece in fit("<" * 1500, 2000, "discord")] == [1332, 1332, 336]
    assert fit("字" * 2000, 2000, "discord") == ("字" * 2000,)


@pytest.mark.parametrize(
    "text", ["https://" * 20_000, "1" * 200_000, " " * 200_000, "\n \n" * 50_000, "https://)" * 20_000]
)
def test_hostile_texts_are_escaped_in_no_time(text: str) -> None:
    assert len(escape(text)) <= discord_letters(text)


# Formatted words ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("a **b** *c* ~~d~~ `e`", "a **b** *c* ~~d~~ `e`"),
        ("**注意：**请 2\\*3", "**注意：**请 2\\*3"),
        ("[our page](https://x.test/(a))", "[our page](<https://x.test/%28a%29>)"),
        ("**[w](https://x.test)**", "**[w](<https://x.test>)**"),
        ("**<@1>** and @everyone", "**\\<\\@1>** and \\@everyone"),
        ("`<@1> *x*`", "`<@1> *x*`"),
        ("**a** *b*", "**a** *b*"),
        ("**https://x.test/a**", "https://x.test/a"),
        ("[https://x.test](https://evil.test)", "https://x.test"),
        ("# no heading", "\\# no heading"),
    ],
)
def test_what_is_formatted_is_marked_and_nothing_else(source: str, sent: str) -> None:
    assert marked(*read(source)) == sent


def test_stars_of_two_kinds_never_touch() -> None:
    bold, slanted = Span(0, 2, "bold"), Span(2, 4, "italic")
    assert marked("重要现在", (bold, slanted)) == "**重要**现在"
    assert marked("重要现在", (bold, Span(2, 4, "strike"))) == "**重要**~~现在~~"


@given(st.text(alphabet="ab*_~`[]<>@# \n.1字", max_size=40))
def test_without_format_it_is_the_same_as_ever(text: str) -> None:
    assert marked(text, ()) == escape(text)
