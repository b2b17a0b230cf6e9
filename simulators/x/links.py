"""Links, mentions and hashtags in a text, as twitter-text finds them.

Source: https://github.com/twitter/twitter-text (conformance/extract.yml, validate.yml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from simulators.x.tlds import TOP_LEVEL_DOMAINS


class Found(NamedTuple):
    """A stretch of a text, in code points.  kind: "url", "mention" or "hashtag".  value: without sign."""

    start: int
    end: int
    kind: str
    value: str


_BEFORE_LINK = "A-Za-z0-9@＠$#＃\u202a-\u202e\u2061-\u2064\ufffe\ufeff\uffff"
_CANDIDATE = re.compile(
    rf"(?<![{_BEFORE_LINK}])(?P<protocol>https?://)(?P<named>(?:[\w-]+\.)+[\w-]+)"
    rf"|(?<![{_BEFORE_LINK}_./-])(?P<bare>(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\.)+[A-Za-z0-9][A-Za-z0-9-]*)",
    re.IGNORECASE,
)
_LONGEST_FIRST = sorted(TOP_LEVEL_DOMAINS, key=len, reverse=True)
_TLD = re.compile(
    rf"\.(?:{'|'.join(_LONGEST_FIRST)})(?![0-9A-Za-z@+-])",
    re.IGNORECASE,
)
_PATH_CHARACTER = r"[a-z0-9\u00c0-\u024f\u0400-\u04ff!*';:=+,.$/%#\[\]\-–_~@|&()]"
_PATH_END = r"[a-z0-9\u00c0-\u024f\u0400-\u04ff=+\-_#/)]"
_QUERY_CHARACTER = r"[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@]"
_QUERY_END = r"[a-z0-9\-_&=#/]"
_TAIL = re.compile(
    rf"(?::[0-9]+)?(?:/(?:{_PATH_CHARACTER}*{_PATH_END})?)?(?:\?{_QUERY_CHARACTER}*{_QUERY_END})?",
    re.IGNORECASE,
)
_MENTION = re.compile(r"(?<![A-Za-z0-9_!#$%&*@＠])[@＠]([A-Za-z0-9_]{1,20})(?![A-Za-z0-9_@＠\u00c0-\u024f]|://)")
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff\u0e31-\u0e4e\u200c"
_HASHTAG = re.compile(rf"(?<![&\w])[#＃]((?=[0-9_]*[^\W\d_])[\w{_MARKS}]+)")


def find_links(text: str) -> Iterator[Found]:
    """Addresses with http or https, and bare domains under a top-level domain that exists."""
    position = 0
    while (candidate := _CANDIDATE.search(text, position)) is not None:
        group = "named" if candidate["named"] else "bare"
        end = _domain_end(text, *candidate.span(group))
        if end is None:
            position = candidate.end()
            continue
        position = _tail_end(text, end)
        yield Found(candidate.start(), position, "url", text[candidate.start() : position])


def find_entities(text: str) -> list[Found]:
    """Links, mentions and hashtags in the order they stand; none inside another."""
    links = list(find_links(text))
    found = [*links]
    for kind, pattern in (("mention", _MENTION), ("hashtag", _HASHTAG)):
        found += [Found(*match.span(), kind, match[1]) for match in pattern.finditer(text)]
    return sorted(one for one in found if one.kind == "url" or not _inside(one, links))


def _domain_end(text: str, start: int, end: int) -> int | None:
    """Where the longest domain that ends in a top-level domain ends; None when there is none."""
    last = None
    for match in _TLD.finditer(text, start, end):
        if _bounded(text, match.end()):
            last = match.end()
    return last


def _tail_end(text: str, start: int) -> int:
    """Where port, path and query end; a bracket the link did not open stays outside."""
    tail = _TAIL.match(text, start)
    end = start if tail is None else tail.end()
    while text[start:end].endswith(")") and text.count(")", start, end) > text.count("(", start, end):
        end -= 1
    return end


def _bounded(text: str, end: int) -> bool:
    return end == len(text) or re.match(r"[0-9A-Za-z@+-]", text[end]) is None


def _inside(one: Found, links: list[Found]) -> bool:
    return any(link.start <= one.start < link.end for link in links)
