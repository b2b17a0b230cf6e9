"""Plain text that Discord shows as it was written.

The library's own escaper leaves ``<@1>``, ``<t:1:R>``, ``</cmd:1>``,
``<id:customize>`` and numbered lists alive.
"""

import re
from collections.abc import Sequence

from tickets.model import Span
from tickets.rich import Rich, written_out

_SPACE = r"\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""White space as Discord's client knows it; Python's ``\\s`` is another set."""
_URL = re.compile(
    rf"(?:https?|steam)://(?![^{_SPACE}][.,:;\"')\]]*(?![^{_SPACE}]))[^{_SPACE}]+"  # not with a single letter
)
"""An address as the client takes it: to the next space, a backslash too.  So nothing can be escaped in it."""
_MARKS = re.compile(r"[\\*_~`|<@\[\]]")
_INDENTED = r"(?m)((?:^|(?<=[\r\u2028\u2029]))[^\S\n\r\u2028\u2029]*"
_LINE_START = re.compile(rf"{_INDENTED})(?=#{{1,3}}[\s\ufeff]|-#[\s\ufeff]|>|[+-][\s\ufeff])")
_NUMBERED = re.compile(rf"{_INDENTED}\d+)(?=[.)][\s\ufeff])")


def escape(text: str) -> str:
    """Text without any markup, mention or special tag; addresses stay clickable.

    A letter becomes at most three, as ``responders.fit`` reckons for the
    unit ``discord``.
    """
    pieces: list[str] = []
    at = 0
    for url in _URL.finditer(text):
        pieces += (_escaped(text[at : url.start()]), _unhiding(url[0]))
        at = url.end()
    pieces.append(_escaped(text[at:]))
    return _NUMBERED.sub(r"\1\\", _LINE_START.sub(r"\1\\", "".join(pieces)))


def marked(text: str, spans: Sequence[Span]) -> str:
    """The same with what is formatted in Discord's own marks; what marks would break stays without."""
    return written_out(
        Rich(
            text, tuple(span for span in spans if _may_be_marked(text, span) and not _starred_twice(span, spans))
        ),
        lambda words, literal: words if literal else escape(words),
        _marks,
    )


def _may_be_marked(text: str, span: Span) -> bool:
    words = text[span.start : span.end]
    if span.kind == "code":
        return "`" not in words
    return "://" not in words and not (span.kind == "link" and _MARKS.search(words))


def _starred_twice(span: Span, spans: Sequence[Span]) -> bool:
    """Whether its one star would stand beside two others: Discord could not tell where which begins."""
    borders = {border for one in spans if one.kind == "bold" for border in (one.start, one.end)}
    return span.kind == "italic" and bool(borders & {span.start, span.end})


def _marks(span: Span) -> tuple[str, str]:
    if span.kind == "link":
        return "[", f"](<{_unhiding(span.url).replace('(', '%28').replace(')', '%29').replace('>', '%3E')}>)"
    mark = {"bold": "**", "italic": "*", "strike": "~~", "code": "`"}[span.kind]
    return mark, mark


def _escaped(text: str) -> str:
    return _MARKS.sub(lambda found: "\\" + found[0], text)


def _unhiding(url: str) -> str:
    """An address without the signs that would begin or end a spoiler, a code block, a mention or a tag."""
    return url.replace("|", "%7C").replace("`", "%60").replace("<", "%3C")
