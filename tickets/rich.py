"""Formatted words: what somebody typed with marks, as text and where in it what holds.

The marks are those that chat programs have taught everybody: ``**bold**``,
``*slanted*`` or ``_slanted_``, ``~~struck~~``, `` `code` `` and
``[words](address)``; a backslash before a mark leaves it standing.  Unlike
CommonMark's they work beside letters and signs of scripts without spaces
(``**注意：**请``), and stay within their line, as no channel needs more.
"""

import html
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tickets.errors import Refused
from tickets.model import Span, SpanKind

_WITHIN = 500
"""So far a mark looks for its end: hostile texts cost no more."""
_ADDRESS = r"https?://[^\s()<>\[\]]+(?:\([^\s()<>]*\)[^\s()<>]*)*"
_MARK = re.compile(
    r"(?P<address>https?://[^\s<>()\[\]]*[^\s<>()\[\]*_~`])"  # standing for itself, whatever is in it
    r"|\\(?P<escaped>[*_~`\[\]\\])"
    rf"|`(?P<code>[^`\n]{{1,{_WITHIN}}})`"
    rf"|\[(?P<label>[^\[\]\n]{{1,{_WITHIN}}})\]\((?P<link>{_ADDRESS})\)"
    rf"|\*\*\*(?=[^\s*])(?P<both>.{{1,{_WITHIN}}}?)(?<=[^\s*])\*\*\*(?!\*)"
    rf"|\*\*(?=[^\s*])(?P<bold>.{{1,{_WITHIN}}}?)(?<=\S)\*\*(?!\*)"
    rf"|~~(?=[^\s~])(?P<strike>.{{1,{_WITHIN}}}?)(?<=\S)~~"
    rf"|(?<![A-Za-z0-9*])\*(?=[^\s*])(?P<italic>.{{1,{_WITHIN}}}?)(?<=[^\s*])\*(?![A-Za-z0-9*])"
    rf"|(?<![A-Za-z0-9_])_(?=[^\s_])(?P<slanted>.{{1,{_WITHIN}}}?)(?<=[^\s_])_(?![A-Za-z0-9_])"
)
MOST_SPANS = 1_000
MEANS: dict[str, tuple[SpanKind, ...]] = {
    "address": (),
    "escaped": (),
    "code": ("code",),
    "link": ("link",),
    "both": ("italic", "bold"),
    "bold": ("bold",),
    "strike": ("strike",),
    "italic": ("italic",),
    "slanted": ("italic",),
}


class Rich(NamedTuple):
    """spans: within lines, properly nested, outer before inner."""

    text: str
    spans: tuple[Span, ...]


def read(source: str) -> Rich:
    """What was typed, its marks taken for what they mean.  Raises Refused for more than a thousand stretches."""
    reading = _Reading()
    reading.scan(source)
    if len(reading.spans) > MOST_SPANS:
        raise Refused(f"More than {MOST_SPANS} formatted stretches are too many for one answer. Take some away.")
    outer_first = reversed(reading.spans)  # of two that are equally long, the outer one ended later
    return Rich("".join(reading.pieces), tuple(sorted(outer_first, key=lambda span: (span.start, -span.end))))


class _Reading:
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.spans: list[Span] = []
        self._length = 0

    def scan(self, source: str) -> None:
        at = 0
        for found in _MARK.finditer(source):
            self._take(source[at : found.start()])
            at = found.end()
            start, kind = self._length, str(found.lastgroup)
            if kind in ("address", "escaped", "code"):
                self._take(found[kind])
            else:
                self.scan(found["label" if kind == "link" else kind])
            for meant in MEANS[kind]:
                self._mark(meant, start, found["link"] or "")
        self._take(source[at:])

    def _take(self, words: str) -> None:
        self.pieces.append(words)
        self._length += len(words)

    def _mark(self, kind: SpanKind, start: int, url: str) -> None:
        if start == self._length:
            return
        if kind == "link":  # an address within another's words leads nowhere
            self.spans = [span for span in self.spans if span.start < start or span.kind != "link"]
        self.spans.append(Span(start, self._length, kind, url if kind == "link" else ""))


TAGS = {"bold": "strong", "italic": "em", "strike": "s", "code": "code"}


def tags(span: Span) -> tuple[str, str]:
    """What opens and what closes a span on a page."""
    if span.kind == "link":
        return f'<a href="{html.escape(span.url)}">', "</a>"
    return f"<{TAGS[span.kind]}>", f"</{TAGS[span.kind]}>"


def page_of(rich: Rich) -> str:
    """As HTML that needs no cleaning."""
    inner = written_out(rich, lambda words, _literal: html.escape(words).replace("\n", "<br>\n"), tags)
    return f'<p dir="auto">{inner}</p>'


def utf16_units(text: str) -> int:
    """Telegram counts so, lengths and places: letters outside the first plane count twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clipped(spans: Sequence[Span], start: int, end: int) -> tuple[Span, ...]:
    """Those of a text from ``start`` to ``end``, as they stand in that piece."""
    inside = (
        Span(max(span.start, start) - start, min(span.end, end) - start, span.kind, span.url)
        for span in spans
        if span.start < end and span.end > start
    )
    return tuple(inside)


def with_addresses(rich: Rich) -> str:
    """For readers that see no formatting: an address stands behind its words, unless these name it."""
    pieces: list[str] = []
    at = 0
    for link in (span for span in rich.spans if span.kind == "link"):
        words = rich.text[link.start : link.end]
        pieces.append(rich.text[at : link.end])
        pieces.append("" if words == link.url else f" ({link.url})")
        at = link.end
    return "".join([*pieces, rich.text[at:]])


def written_out(rich: Rich, words: Callable[[str, bool], str], around: Callable[[Span], tuple[str, str]]) -> str:
    """With marks of another kind.

    words: a stretch of text as it is to stand there; True within code or the
    words of a link.  around: what opens a span and what closes it.
    """
    pieces: list[str] = []
    open_spans: list[Span] = []
    at = 0
    for place in sorted({0, len(rich.text), *(p for span in rich.spans for p in (span.start, span.end))}):
        literal = any(span.kind in ("code", "link") for span in open_spans)
        pieces.append(words(rich.text[at:place], literal) if place > at else "")
        at = place
        while open_spans and open_spans[-1].end <= place:
            pieces.append(around(open_spans.pop())[1])
        for span in (one for one in rich.spans if one.start == place and one.end > place):
            open_spans.append(span)
            pieces.append(around(span)[0])
    return "".join(pieces)
