"""Whether what X shows is what was written.  It puts names before, spells three letters as HTML, makes links."""

import html
import re
import unicodedata

_LEADING_NAMES = re.compile(r"(@\w{1,15}\s+)*")
_ANY_LINK = r"[^\s]+?\.[^\s]+?"
"""What X made a link of has a dot in it."""
_LAST_LINK = re.compile(r"\s*https?://t\.co/[A-Za-z0-9]+\s*$")
_SHORT_LINK = re.compile(r"https?://t\.co/[A-Za-z0-9]+")


def is_same(shown: str, written: str, *, carries: int = 0) -> bool:
    """carries: so many files went with it, to which X puts a link behind the text.

    A link may stand for any words: X also makes one of a mere ``example.org``.
    """
    text = _LAST_LINK.sub("", shown) if carries else shown
    plain = _LEADING_NAMES.sub("", html.unescape(text), 1)
    pieces = [re.escape(_bare(piece)) for piece in _SHORT_LINK.split(plain)]
    return re.fullmatch(_ANY_LINK.join(pieces), _bare(_LEADING_NAMES.sub("", written.strip(), 1))) is not None


def _bare(text: str) -> str:
    """Without white space and what cannot be seen; letters in one of the ways Unicode spells them."""
    return "".join(one for one in unicodedata.normalize("NFC", text) if unicodedata.category(one)[0] not in "ZC")
