"""A person's text prepared for showing: links found, quotes folded.  Pure, and never HTML."""

import re
import unicodedata
from typing import Literal, NamedTuple

_LINK = re.compile(r"https?://[^\s<>\"'`{}|\\^]{3,500}", re.IGNORECASE)
_TRAILING = ".,;:!?)]»”’。、，！？）"
MOST_LINKS = 200
MOST_EMOJI = 6


class Piece(NamedTuple):
    """A run of a text: plain words, or an address to follow."""

    kind: Literal["text", "link"]
    text: str


class Quoted(NamedTuple):
    """A text and the quotation it ends with; ``quote`` is empty without one."""

    text: str
    quote: str


def pieces(text: str) -> list[Piece]:
    """The text cut at its http and https addresses."""
    found: list[Piece] = []
    at = 0
    for match in _LINK.finditer(text):
        link = match.group().rstrip(_TRAILING)
        if len(found) >= 2 * MOST_LINKS:
            break
        found.append(Piece("text", text[at : match.start()]))
        found.append(Piece("link", link))
        at = match.start() + len(link)
    found.append(Piece("text", text[at:]))
    return [piece for piece in found if piece.text]


def split_quotes(text: str) -> Quoted:
    """Fold the lines a mail program quotes at the end, with the line that announces them.

    A text that is nothing but quotation stays as it is.
    """
    lines = text.rstrip().split("\n")
    start = len(lines)
    while start > 0 and (not lines[start - 1].strip() or lines[start - 1].lstrip().startswith(">")):
        start -= 1
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start == len(lines) or start == 0:
        return Quoted(text, "")
    start = _before_announcement(lines, start)
    kept = "\n".join(lines[:start]).rstrip()
    return Quoted(kept, "\n".join(lines[start:]).strip()) if kept else Quoted(text, "")


def _before_announcement(lines: list[str], start: int) -> int:
    """The line before a quotation belongs to it when it ends with a colon (“On Monday, Anna wrote:”)."""
    at = start - 1
    while at > 0 and not lines[at].strip():
        at -= 1
    return at if at > 0 and lines[at].rstrip().endswith((":", "：")) else start


def is_emoji_only(text: str) -> bool:
    """A handful of signs and no letter or digit: shown larger."""
    signs = [char for char in text if not char.isspace()]
    if not signs or len(signs) > MOST_EMOJI * 4:
        return False
    kinds = [unicodedata.category(char) for char in signs]
    symbols = sum(kind in ("So", "Sk") for kind in kinds)
    return 1 <= symbols <= MOST_EMOJI * 2 and all(kind in ("So", "Sk", "Mn", "Me", "Cf") for kind in kinds)
