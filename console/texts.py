"""A person's text prepared for showing: links found.  Pure, and never HTML."""

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


def is_emoji_only(text: str) -> bool:
    """A handful of signs and no letter or digit: shown larger."""
    signs = [char for char in text if not char.isspace()]
    if not signs or len(signs) > MOST_EMOJI * 4:
        return False
    kinds = [unicodedata.category(char) for char in signs]
    symbols = sum(kind in ("So", "Sk") for kind in kinds)
    return 1 <= symbols <= MOST_EMOJI * 2 and all(kind in ("So", "Sk", "Mn", "Me", "Cf") for kind in kinds)


REMOTE_PICTURE = re.compile(r'(<img[^<>]*?) data-remote="(https?://[^"<>]*)"', re.IGNORECASE)
"""A picture of another server in a mail's HTML, its address put aside at intake."""


def has_remote_pictures(html: str) -> bool:
    """Whether there is something to ask other servers for."""
    return REMOTE_PICTURE.search(html) is not None
