"""Plain text that Discord shows as it was written.

The library's own escaper leaves ``<@1>``, ``<t:1:R>``, ``</cmd:1>``,
``<id:customize>`` and numbered lists alive.
"""

import re

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


def _escaped(text: str) -> str:
    return _MARKS.sub(lambda found: "\\" + found[0], text)


def _unhiding(url: str) -> str:
    """An address without the signs that would begin or end a spoiler, a code block, a mention or a tag."""
    return url.replace("|", "%7C").replace("`", "%60").replace("<", "%3C")
