"""Links found, emoji recognised; delivery and wait words."""

from datetime import timedelta

import pytest

from console import words
from console.downloads import disposition
from console.texts import is_emoji_only, pieces
from tests.console.seeds import Clock


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.test/a?b=1.", ["https://example.test/a?b=1"]),
        ("(http://example.test)", ["http://example.test"]),
        ("javascript:alert(1) data:x ftp://x", []),
        ("https://例え.test/道、次", ["https://例え.test/道、次"]),
        ('https://x.test/"onclick=', ["https://x.test/"]),
        ("nothing", []),
        ("", []),
    ],
)
def test_links(text: str, links: list[str]) -> None:
    found = pieces(text)
    assert [piece.text for piece in found if piece.kind == "link"] == links
    assert "".join(piece.text for piece in found) == text


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("🎉🎉❤️", True),
        ("👩‍👩‍👧", True),
        ("ok 👍", False),
        ("", False),
        ("!!", False),
        ("🎉" * 40, False),
        ("山", False),
    ],
)
def test_emoji(text: str, only: bool) -> None:
    assert is_emoji_only(text) is only


@pytest.mark.parametrize(
    ("minutes", "said", "heat"),
    [
        (-5, "now", "calm"),
        (0.5, "now", "calm"),
        (14, "14 min", "calm"),
        (15, "15 min", "warm"),
        (61, "1 h 01", "hot"),
        (3000, "2 d", "hot"),
    ],
)
def test_waits(minutes: float, said: str, heat: str) -> None:
    now = Clock().now()
    since = now - timedelta(minutes=minutes)
    assert (words.waited(since, now), words.heat(since, now)) == (said, heat)


def test_small_words() -> None:
    assert words.size(None) == ""
    assert words.size(900) == "900 bytes"
    assert words.size(1_500_000) == "1.4 MB"
    assert words.language_name("zh-TW") == "Chinese (zh-TW)"
    assert words.language_name("tlh") == "tlh"
    assert disposition("inline", "名.png") == "inline; filename=\"_.png\"; filename*=UTF-8''%E5%90%8D.png"
