"""Marks that people type: what they mean, in every script, and that they cost little."""

import re
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.errors import Refused
from tickets.model import Span
from tickets.rich import MOST_SPANS, Rich, clipped, page_of, read, with_addresses

LINK = "https://x.test/a_b?c=1&d=*"


def found(source: str) -> list[tuple[str, str]]:
    """Kind and words of each span, outer before inner."""
    rich = read(source)
    return [(span.kind, rich.text[span.start : span.end]) for span in rich.spans]


@pytest.mark.parametrize(
    ("source", "spans"),
    [
        ("a **bold** word", [("bold", "bold")]),
        ("*slanted* and _slanted_", [("italic", "slanted"), ("italic", "slanted")]),
        ("~~gone~~ `x * y`", [("strike", "gone"), ("code", "x * y")]),
        (f"[here]({LINK})", [("link", "here")]),
        ("**a *b* c**", [("bold", "a *b* c".replace("*", "")), ("italic", "b")]),
        ("***both***", [("bold", "both"), ("italic", "both")]),
        (f"**[bold link]({LINK})**", [("bold", "bold link"), ("link", "bold link")]),
        ("[w](https://x.test/(a)) end)", [("link", "w")]),
    ],
)
def test_marks_mean_what_they_mean_everywhere(source: str, spans: list[tuple[str, str]]) -> None:
    assert sorted(found(source)) == sorted(spans)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("**注意：**请先登录", "注意："), ("请**先登录**再试", "先登录"), ("必ず**「確認」**して", "「確認」"),
        ("**꼭!**확인하세요", "꼭!"), ("กรุณา**ยืนยัน**ก่อน", "ยืนยัน"), ("يرجى **التأكيد** أولاً", "التأكيد"),
        ("Vui lòng **xác nhận** trước", "xác nhận"), ("कृपया **पुष्टि** करें", "पुष्टि"),
    ],
)  # fmt: skip
def test_marks_work_in_every_script(source: str, words: str) -> None:
    """CommonMark's own rules leave the first, the third and the fourth as they are."""
    assert found(source) == [("bold", words)]
    assert found(source.replace("**", "~~")) == [("strike", words)]


@pytest.mark.parametrize("source", ["请*注意*这个", "これは*大切*です"])
def test_slanted_words_too(source: str) -> None:
    assert [kind for kind, _ in found(source)] == ["italic"]


@pytest.mark.parametrize(
    "source",
    [
        "2*3*4 = 24", "snake_case_name", "a ** b ** c", "* item\n* item", "** not closed", "**over\nlines**",
        "`over\nlines`", "[x](javascript:alert(1))", "[x](//evil.test)", "[x](data:text/html,x)", "[x]( https://x.test)",
        "[x](https://x.test", "[x](mailto:a@x.test)",
        "https://x.test/_a_/b", "see https://x.test/*y*/z and",
        "~approx~", "5 * 4 * 3", "__init__.py is x__y", "****", "[]()", "**", "",
    ],
)  # fmt: skip
def test_what_only_looks_like_marks_stays(source: str) -> None:
    assert read(source) == Rich(source, ())


def test_a_backslash_leaves_a_mark_standing() -> None:
    assert read(r"\*\*not\*\* \`this\` \[nor\](https://x.test) C:\temp \\") == Rich(
        "**not** `this` [nor](https://x.test) C:\\temp \\", ()
    )


def test_addresses_stand_behind_their_words_unless_these_name_them() -> None:
    source = f"See [our page]({LINK}) or [https://x.test](https://x.test), **now**."
    assert with_addresses(read(source)) == f"See our page ({LINK}) or https://x.test, now."


def test_a_page_holds_no_markup_but_its_own() -> None:
    page = page_of(read(f'<b>x</b> **<script>** [<i>](https://x.test/?a="&b) `<&>`\n_next_ {LINK}'))
    assert page == (
        '<p dir="auto">&lt;b&gt;x&lt;/b&gt; <strong>&lt;script&gt;</strong> '
        '<a href="https://x.test/?a=&quot;&amp;b">&lt;i&gt;</a> <code>&lt;&amp;&gt;</code><br>\n'
        f"<em>next</em> {LINK.replace('&', '&amp;')}</p>"
    )


def test_pieces_keep_what_is_formatted_in_them() -> None:
    spans = (Span(2, 6, "bold"), Span(4, 6, "link", LINK))
    assert clipped(spans, 0, 5) == (Span(2, 5, "bold"), Span(4, 5, "link", LINK))
    assert clipped(spans, 5, 9) == (Span(0, 1, "bold"), Span(0, 1, "link", LINK))
    assert clipped(spans, 6, 9) == clipped(spans, 0, 2) == ()


TYPED = st.lists(
    st.sampled_from(
        ["**", "*", "_", "~~", "`", "[", "](https://x.test)", "\\", " ", "\n", "a", "字", "é", ")", "😀"]
    ),
    max_size=25,
).map("".join)


@given(TYPED)
def test_any_marks_give_spans_within_lines_that_are_nested(source: str) -> None:
    rich = read(source)
    for span in rich.spans:
        assert 0 <= span.start < span.end <= len(rich.text)
        assert "\n" not in rich.text[span.start : span.end]
        for other in rich.spans:
            apart = other.end <= span.start or span.end <= other.start
            within = span.start <= other.start and other.end <= span.end
            around = other.start <= span.start and span.end <= other.end
            assert apart or within or around
    assert page_of(rich).count("<") == page_of(rich).count(">")


def test_more_format_than_anybody_needs_is_refused() -> None:
    assert len(read("*a* " * MOST_SPANS).spans) == MOST_SPANS
    with pytest.raises(Refused, match="Take some away"):
        read("*a* " * (MOST_SPANS + 1))


def test_an_address_ends_before_the_mark_around_it() -> None:
    assert found("**https://x.test/a_b** and *https://x.test*") == [
        ("bold", "https://x.test/a_b"),
        ("italic", "https://x.test"),
    ]


@pytest.mark.parametrize("bit", ["**a", "*a ", "_a ", "~~a", "`", "[", "[a](", "\\", "[a](https://", "(", "***a"])
def test_hostile_marks_cost_little(bit: str) -> None:
    began = time.process_time()
    with suppress(Refused):
        page_of(read(bit * (100_000 // len(bit))))
    assert time.process_time() - began < 5


def test_no_mark_is_left_in_what_is_shown() -> None:
    assert re.findall(r"[*_~`]", read("**a** _b_ ~~c~~ `d` ***e***").text) == []
