"""Names that look like one of ours: letters that only look alike, marks and spaces do not tell them apart.

Source of the letters: Unicode Technical Standard 39, confusables, of those in use on the platforms.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from tickets.model import Author
from tickets.segments import fold

SHORTEST: Final = 4
"""Shorter names are in too many others."""
WARNING: Final = (
    "The name looks like one of yours ({name}): perhaps somebody passes for you. Warn the people there."
)
_ALIKE: Final = {
    "a": "аɑα@4", "b": "вьβ", "c": "сϲⅽ", "d": "ԁⅾ", "e": "еєε3", "g": "ɡց9", "h": "һнհ", "j": "ј",
    "k": "кκ", "l": "iіɩιӏ1|!ⅰⅼ", "m": "мⅿ", "n": "ոηп", "o": "оοօ0", "p": "рρ", "q": "ԛ", "r": "гᴦ", "s": "ѕꜱ5$",
    "t": "тτ7", "u": "սυц", "v": "ѵν", "w": "ԝωѡ", "x": "хχ", "y": "уγү", "z": "ᴢ2",
}  # fmt: skip
_LETTERS: Final = str.maketrans({odd: plain for plain, odds in _ALIKE.items() for odd in odds})


@lru_cache(maxsize=256)
def bare(name: str) -> str:
    """What is left of a name when all that looks alike is the same."""
    letters = fold(unicodedata.normalize("NFKC", name)).translate(_LETTERS)
    seen = "".join(one for one in letters if unicodedata.category(one)[0] in "LMN")
    return seen.replace("rn", "m").replace("vv", "w")


def passes_for(author: Author, own_names: Sequence[str]) -> str:
    """The first of our names that somebody's name or handle looks like; empty for none."""
    if not own_names:
        return ""
    theirs = [bare(name) for name in (author.display_name, author.handle or "")]
    for own in own_names:
        plain = bare(own)
        if len(plain) >= SHORTEST and any(plain in name for name in theirs):
            return own
    return ""
