"""HTML from outside: cleaned so that nothing in it acts, and read out as plain text."""

import re
from collections import Counter
from collections.abc import Mapping
from textwrap import dedent

MAX_CHARS = 512 * 1024
MAX_DEPTH = 1_000
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)[^<>]*+>")
_VOID = frozenset(("br", "img", "hr", "meta", "link", "input", "area", "base", "col", "source", "wbr", "p", "li"))
_REMOVED_WHOLE = re.compile(r"<(script|style|title)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
# fmt: off
TAGS = frozenset((
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "q", "s",
    "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "u", "ul",
))
# fmt: on
ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt", "data-remote"}, "td": {"colspan", "rowspan"}, "th": {"colspan"}}
SCHEMES = frozenset(("http", "https", "mailto", "cid"))


def clean(source: str) -> str | None:
    """The HTML with nothing left that runs, loads or lays itself over the page.

    Pictures keep only ``cid:`` sources: a remote one would tell its sender
    who reads; its address is put aside as ``data-remote``.  None when it is
    too large or too deep to be cleaned safely, or grows too large by it.
    """
    if _too_much(source):
        return None
    cleaned = _PICTURE.sub(_put_aside, _cleaned(source, ATTRIBUTES))
    return cleaned if len(cleaned) <= MOST_CLEANED * MAX_CHARS else None


_PICTURE = re.compile(r'<img((?: [a-z-]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')


def _put_aside(picture: re.Match[str]) -> str:
    """A picture of another server, with its address where no browser follows it."""
    found = dict(_ATTRIBUTE.findall(picture[1]))
    source = found.pop("src", "cid:")
    if source.lower().startswith("cid:"):
        return picture[0]
    found["data-remote"] = source
    return "<img" + "".join(f' {name}="{value}"' for name, value in sorted(found.items())) + ">"


MOST_CLEANED = 4
"""What is written out anew may be so many times the longest source."""


def _cleaned(source: str, attributes: Mapping[str, set[str]]) -> str:
    import nh3

    return nh3.clean(
        source,
        tags=set(TAGS),
        attributes=dict(attributes),
        attribute_filter=_kept,
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
        clean_content_tags={"script", "style", "title"},
    )


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """An attribute's value; None for one to drop."""
    if attribute == "style" and tag != "blockquote":
        return "display: none" if _HIDES.search(value[:STYLE_CHARS]) else None
    allowed = _BEGINNINGS.get((tag, attribute))
    return value if allowed is None or value.strip().lower().startswith(allowed) else None


_HIDES = re.compile(r"display\s*:\s*none|(?:^|[;\s])opacity\s*:\s*0(?:\.0*)?\s*(?:;|!|$)", re.IGNORECASE)
"""What hides everything within.  Letters of no size do not: those within may have another."""
STYLE_CHARS = 2_000
FOR_READING = {**ATTRIBUTES, "*": {"style"}, "blockquote": {"type", "class", "id", "cite", "style"}}


_BEGINNINGS = {
    ("img", "src"): ("cid:", "http://", "https://"),
    ("img", "data-remote"): ("http://", "https://"),
    ("a", "href"): ("http://", "https://", "mailto:"),
}
"""How an address may begin: one without a host would lead into our own pages."""


def to_text(source: str) -> str:
    """Plain text a person can read, with tables and lists kept apart, and ``>`` before quoted lines."""
    if _too_much(source):
        return without_tags(source[: 4 * MAX_CHARS])
    from inscriptis import get_text

    cleaned = _cleaned(_MARKS.sub("", source), FOR_READING)
    return _prefixed(_dedented(get_text(_with_marks(cleaned)))) if cleaned.strip() else without_tags(source)


# Quotations: marked in the HTML, as reading it out tells no more where one began ------

_OPEN, _CLOSE = "\ue010", "\ue011"
RULER = "_" * 32
"""As mail programs write it in plain text."""
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}]")
_BLOCKQUOTE = re.compile(r"<(/?)blockquote((?:\s+[\w-]+=\"[^\"]*\")*)\s*>")
_OF_A_MAIL = re.compile(
    r"\b(?:type=\"cite\"|cite=\"|(?:class|id)=\"[^\"]*(?:quot|cite|reply)|style=\"[^\"]*border-left:\s*(?!none|0))",
    re.IGNORECASE,
)
"""What mail programs write there; without it people use the element to indent their own words …"""
_TIME_OR_ADDRESS = re.compile(r"\d[:.]\d\d|@")
ANNOUNCEMENT_CHARS = 400
"""… unless so much before it ends in a colon, behind a time or an address."""
_RULER = re.compile(r"<hr\s*/?>")


def _with_marks(cleaned: str) -> str:
    """A mark where a quotation begins and ends.  The HTML is well-formed, as it was just written anew."""
    quoting: list[bool] = []

    def marked(tag: re.Match[str]) -> str:
        if not tag[1]:
            quoting.append(bool(_OF_A_MAIL.search(tag[2])) or _is_announced(cleaned, tag.start()))
            return f"<blockquote>{_OPEN}" if quoting[-1] else "<blockquote>"
        return f"{_CLOSE}</blockquote>" if quoting and quoting.pop() else "</blockquote>"

    return _RULER.sub(f"<p>{RULER}</p>", _BLOCKQUOTE.sub(marked, cleaned))


def _is_announced(cleaned: str, at: int) -> bool:
    before = re.sub(r"<[^<>]*>", " ", cleaned[max(0, at - 2 * ANNOUNCEMENT_CHARS) : at]).rstrip()
    return before.endswith((":", "：")) and bool(_TIME_OR_ADDRESS.search(before[-ANNOUNCEMENT_CHARS:]))


def _dedented(text: str) -> str:
    """Without the indentation that all lines share; the library has taken it from the first one already."""
    first, _, rest = text.partition("\n")
    return f"{first.lstrip()}\n{dedent(rest)}"


def _prefixed(text: str) -> str:
    lines: list[str] = []
    depth = 0
    for line in text.split("\n"):
        quoted = depth > 0 or _OPEN in line
        depth = max(0, depth + line.count(_OPEN) - line.count(_CLOSE))
        bare = _MARKS.sub("", line)
        if quoted and (bare.strip() or bare == line):
            lines.append(f"> {bare.strip()}".rstrip())
        elif not quoted:
            lines.append(bare)
    return "\n".join(lines)


def without_tags(source: str) -> str:
    """The words alone, where nothing better can be had or layout does not matter."""
    from html import unescape

    return unescape(re.sub(r"<[^<>]*>", " ", _REMOVED_WHOLE.sub(" ", source)))


def _too_much(source: str) -> bool:
    return len(source) > MAX_CHARS or _too_deep(source)


def _too_deep(source: str) -> bool:
    """As browsers count: ``<div/>`` opens a div, and an end tag that nothing opened closes nothing."""
    unclosed: Counter[str] = Counter()
    depth = 0
    for closing, name in _TAG.findall(source.lower()):
        step = 0 if name in _VOID else 1 if not closing else -min(1, unclosed[name])
        unclosed[name] += step
        depth += step
        if depth > MAX_DEPTH:
            return True
    return False
