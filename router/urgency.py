"""What cannot wait: theft, somebody else's access, fraud, threats to life; and anger.  Pure; the words are data.

Recall comes before precision: a false alarm costs a glance, a missed one somebody's money.
"""

import re
import unicodedata
from functools import cache
from typing import Final, NamedTuple

from router.lexicon import Lexicon, read_words
from tickets.model import Gist
from tickets.segments import fold

PAIRS: Final = (("stranger", "access"), ("gone", "holdings"), ("lost", "thing"))
"""Groups of words of which two together tell of theft or loss."""
GIVEN_AWAY: Final = ("gave", "secret", "outsider")
NEIGHBOURS: Final = (
    frozenset({"es", "pt", "it"}),
    frozenset({"ru", "uk"}),
    frozenset({"de", "nl"}),
    frozenset({"ar", "fa"}),
)
"""Languages that are taken for one another in short texts."""
EVERYWHERE: Final = frozenset({"en", "hi"})
"""Mixed into others, or written in their letters."""
OWN_SCRIPT: Final = frozenset({"ru", "uk", "ar", "fa", "hi", "th", "zh", "ja", "ko"})
"""Their words stand in no other language's text by chance."""
ANGER: Final = (
    "!!!", "???", "unacceptable", "ridiculous", "worst", "lawyer", "inakzeptabel", "anwalt", "unverschämt",
    "inaceptable", "abogado", "inacceptable", "avocat", "безобразие", "возмутительно", "rezalet", "avukat",
    "太差", "投诉", "投訴", "垃圾", "ひどい", "最悪", "화나", "최악", "แย่มาก",
    "tệ quá", "thất vọng", "keterlaluan",
)  # fmt: skip


class Alarms(NamedTuple):
    """In which languages' words a text tells of theft, and of a threat to life."""

    theft: tuple[str, ...] = ()
    life: tuple[str, ...] = ()


def alarms_in(text: str, folded: str) -> Alarms:
    """folded: the text as ``tickets.segments.fold`` makes it."""
    groups: dict[str, dict[str, set[int]]] = {}
    for (language, group), places in _words().find(folded).items():
        groups.setdefault(language, {})[group] = places
    if _VIETNAMESE.search(text) is not None:
        plain = _accented(text)
        groups["vi"] = {group: places for (_, group), places in _vietnamese().find(plain).items()}
    theft = tuple(language for language, found in groups.items() if _tells_of_theft(found))
    return Alarms(theft, tuple(language for language, found in groups.items() if "life" in found))


def _tells_of_theft(found: dict[str, set[int]]) -> bool:
    if "theft" in found or all(group in found for group in GIVEN_AWAY):
        return True
    return any(_apart(found.get(one, set()), found.get(other, set())) for one, other in PAIRS)


def _apart(ones: set[int], others: set[int]) -> bool:
    """Whether both are there, and not as one and the same word."""
    return bool(ones and others) and len(ones | others) > 1


def is_meant(languages: tuple[str, ...], language: str | None) -> bool:
    """Whether words of some languages are meant, in a text of one language (None: it is unknown)."""
    if language is None:
        return bool(languages)
    near = next((some for some in NEIGHBOURS if language in some), frozenset({language}))
    return any(one in near or one in EVERYWHERE or one in OWN_SCRIPT for one in languages)


def is_urgent(gist: Gist, language: str | None) -> bool:
    """Whether a text tells of theft, fraud or a threat to life, in its language (None: it is unknown)."""
    return is_meant((*gist.theft, *gist.life), language)


def is_upset(folded: str) -> bool:
    return any(map(folded.__contains__, _anger()))


_VIETNAMESE = re.compile("[\u0103\u0111\u01a1\u01b0\u0102\u0110\u01a0\u01af\u1ea0-\u1ef9]")
"""Letters of Vietnamese alone.  Who writes them writes accents, without which half of its words are alike."""


def _accented(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


@cache
def _vietnamese() -> Lexicon[tuple[str, str]]:
    words = {("vi", group): words for group, words in read_words("urgency")["vi"].items()}
    return Lexicon(words, _accented)


@cache
def _words() -> Lexicon[tuple[str, str]]:
    """By language and group."""
    return Lexicon(
        {
            (language, group): words
            for language, groups in read_words("urgency").items()
            for group, words in groups.items()
        }
    )


@cache
def _anger() -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(fold, ANGER)))
