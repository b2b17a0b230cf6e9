"""HTML from outside: cleaned so that nothing in it acts, and read out as plain text."""

import re
from collections import Counter

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
SCHEMES = frozenset(("http", "https", "mailto", "cid"))


def clean(source: str) -> str | None:
    """The HTML with nothing left that runs, loads or lays itself over the page.

    Pictures keep only ``cid:`` sources: a remote one would tell its sender
    who reads.  None when it is too large or too deep to be cleaned safely.
    """
    import nh3

    if len(source) > MAX_CHARS or _too_deep(source):
        return None
    return nh3.clean(
        source,
        tags=set(TAGS),
        attributes={"a": {"href"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan"}},
        attribute_filter=_without_remote_pictures,
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
        clean_content_tags={"script", "style", "title"},
    )


def _without_remote_pictures(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src" and not value.lower().startswith("cid:"):
        return None
    return value


def to_text(source: str) -> str:
    """Plain text a person can read, with tables and lists kept apart."""
    if len(source) > MAX_CHARS or _too_deep(source):
        return _tags_off(source[: 4 * MAX_CHARS])
    from inscriptis import get_text

    cleaned = clean(source)
    return get_text(cleaned) if cleaned and cleaned.strip() else _tags_off(source)


def _tags_off(source: str) -> str:
    from html import unescape

    return unescape(re.sub(r"<[^<>]*>", " ", _REMOVED_WHOLE.sub(" ", source)))


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
