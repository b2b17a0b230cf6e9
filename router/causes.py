"""What a report says about its cause, in a form that is the same in every language.  Pure; the words are data.

Three kinds of features: *marks* (what it is about, what is wrong, error codes, links, names), *words* (hashes of
the words or pairs of letters, which only texts of one language share, but for names), *bands* (for
near-duplicates).
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from itertools import chain
from typing import Final, NamedTuple
from zlib import crc32

from router.lexicon import Lexicon, read_words
from router.urgency import is_meant
from tickets.model import Entity
from tickets.segments import fold, segments_of

LOOKED_AT_CHARS: Final = 2_000
MOST_WORDS: Final = 64
"""Of a longer text those with the smallest hashes, which are the same ones in a copy of it."""
MOST_NAMES: Final = 6
BANDS: Final = 8
"""Two texts that share half of their words have a band in common nine times in ten, as 1 - (1 - 0.5²)⁸."""
WRONG: Final = (
    "stuck", "error", "broken", "missing", "slow", "down", "crash", "rejected", "paused", "double", "many",
    "again", "waiting", "outcry", "alarm",
)  # fmt: skip
"""Groups of words that tell of trouble."""
SURE: Final = frozenset(
    {"stuck", "error", "broken", "missing", "slow", "down", "crash", "rejected", "paused", "double"}
)
"""Those that do so alone; the others stand beside it."""
TALK: Final = frozenset({"asks", "wishes", "thanks", "mistake"})
"""Groups of words of usual talk, which is no trouble of the service."""
ANYWHERE: Final = "everywhere"


class Signature(NamedTuple):
    """What is kept of a message to find others of the same cause.

    marks: as ``about:withdrawal``, ``wrong:stuck``, ``talk:asks``, ``code:wd-5031``, ``number:5031``,
    ``link:a.test/b``, ``name:tron``, sorted.  words: 32-bit hashes, sorted, at most 64.  bands: eight 32-bit
    hashes; none without words.
    """

    marks: tuple[str, ...] = ()
    words: tuple[int, ...] = ()
    bands: tuple[int, ...] = ()


def signature_of(said: str, entities: tuple[Entity, ...], language: str | None) -> Signature:
    """said: what the person wrote, without quotations.  language: None when unknown."""
    text = unicodedata.normalize("NFKC", said[:LOOKED_AT_CHARS])
    plain = _without(text, entities)
    folded = fold(plain)
    marks = {*_concepts(plain, folded, language), *_links(entities), *_codes(plain, entities), *_names(plain)}
    words = tuple(sorted({crc32(word.encode()) for word in _words_of(folded)})[:MOST_WORDS])
    return Signature(tuple(sorted(marks)), words, bands_of(words))


def bands_of(words: tuple[int, ...]) -> tuple[int, ...]:
    """Two smallest hashes each, as MinHash takes them (Broder 1997)."""
    if not words:
        return ()
    least = [min([(word * factor + 1) & 0xFFFFFFFF for word in words]) for factor in _FACTORS]
    return tuple(
        (least[at] * 0x01000193 ^ least[at + 1] * 0x9E3779B1 ^ at * 0x7FEB352D) & 0xFFFFFFFF
        for at in range(0, 2 * BANDS, 2)
    )


_FACTORS: Final = tuple((0x9E3779B1 * (2 * at + 1) ^ 0x85EBCA6A * at) | 1 for at in range(2 * BANDS))


def likeness(some: frozenset[int], others: Collection[int]) -> float:
    """The share of the words that both have, from 0 to 1.  others: each once."""
    common = len(some.intersection(others))
    every = len(some) + len(others) - common
    return common / every if every else 0.0


_MASKED: Final = frozenset({"account", "order", "transaction", "wallet", "email", "phone", "link"})


def _without(text: str, entities: tuple[Entity, ...]) -> str:
    """What is another in every message would only part them."""
    for entity in entities:
        if entity.kind in _MASKED and entity.text:
            text = text.replace(unicodedata.normalize("NFKC", entity.text), " ")
    return _LONG.sub(" ", text)


_LONG = re.compile(r"(?<![^\W_])(?:0x)?(?=[0-9A-Za-z]*\d)[0-9A-Za-z]{16,}|(?<!\d)\d{6,}(?!\d)", re.ASCII)


def _words_of(folded: str) -> Iterator[str]:
    for word in segments_of(folded):
        if len(word) > 1 and not word.isdecimal():
            yield word


def _concepts(plain: str, folded: str, language: str | None) -> Iterator[str]:
    vietnamese = _VIETNAMESE.search(plain) is not None
    found = [_words().find(folded)]
    if vietnamese or language == "vi":
        found.append(_vietnamese(vietnamese).find(_accented(plain) if vietnamese else folded))
    for spoken, group in set(chain.from_iterable(found)):
        if spoken == ANYWHERE:
            yield f"name:{group}"
        elif is_meant((spoken,), language) or (spoken == "vi" and vietnamese):
            yield _mark(group)


def _mark(group: str) -> str:
    if group in WRONG:
        return f"wrong:{group}"
    return f"talk:{group}" if group in TALK else f"about:{group}"


def _links(entities: tuple[Entity, ...]) -> Iterator[str]:
    for entity in entities:
        if entity.kind == "link":
            path = entity.text.partition("://")[2] or entity.text
            yield f"link:{path.partition('?')[0].rstrip('/.,;:!)').lower()}"


_CODE = re.compile(r"(?<![0-9A-Za-z])([A-Za-z]{1,6})[-_‐‑]?(\d{3,5})(?![0-9A-Za-z])")
_NUMBER = re.compile(r"(?<![0-9A-Za-z.,:/-])(\d{4,5}|4\d\d|5\d\d)(?![0-9A-Za-z%:/-]|[.,]\d)")
_ROUND = re.compile(r"0{2,}$|^(?:19|20)\d\d$")


def _codes(plain: str, entities: tuple[Entity, ...]) -> Iterator[str]:
    """Codes as WD-5031, and their numbers, which many remember alone; no amounts, years or round ones."""
    for letters, digits in _CODE.findall(plain):
        yield f"code:{letters.lower()}-{digits}"
        yield f"number:{digits}"
    amounts = " ".join(one.text for one in entities if one.kind in ("amount", "date"))
    for number in _NUMBER.findall(plain):
        if not _ROUND.search(number) and number not in amounts:
            yield f"number:{number}"


_LATIN = re.compile(
    r"(?<![0-9A-Za-z\u00c0-\u036f\u1e00-\u1eff])[A-Za-z][0-9A-Za-z]{2,19}(?![0-9A-Za-z\u00c0-\u036f\u1e00-\u1eff])"
)
_FOREIGN = re.compile(r"[\u0370-\u1dff\u3000-\uffff]")


def _names(plain: str) -> list[str]:
    """Words in Latin letters within another script, and those with capitals or digits inside: names, mostly."""
    found = _LATIN.findall(plain)
    if not found:
        return []
    foreign = len(_FOREIGN.findall(plain)) > sum(map(len, found)) / 2
    loud = sum(word.isupper() for word in found) > len(found) / 2 and len(found) > 2
    odd = [word for word in found if foreign or (not loud and not word[1:].islower())]
    return [f"name:{word.lower()}" for word in dict.fromkeys(odd) if not _CODE.fullmatch(word)][:MOST_NAMES]


_VIETNAMESE = re.compile("[\u0103\u0111\u01a1\u01b0\u0102\u0110\u01a0\u01af\u1ea0-\u1ef9]")
PLAIN_ENOUGH: Final = 6
"""Letters of a Vietnamese word that is known without its accents."""


def _accented(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


@cache
def _words() -> Lexicon[tuple[str, str]]:
    """By language and group, without Vietnamese."""
    return Lexicon(
        {
            (language, group): words
            for language, groups in read_words("causes").items()
            if language != "vi"
            for group, words in groups.items()
        }
    )


@cache
def _vietnamese(accented: bool) -> Lexicon[tuple[str, str]]:
    """Its syllables stand alone, so that each counts as a whole only."""
    groups = read_words("causes")["vi"]
    if accented:
        words = {("vi", group): [f"={word}" for word in words] for group, words in groups.items()}
        return Lexicon(words, _accented)
    long = {
        ("vi", group): [f"={word}" for word in words if len(word) >= PLAIN_ENOUGH]
        for group, words in groups.items()
    }
    return Lexicon(long)


def tells_of_trouble(marks: Iterable[str]) -> bool:
    """Whether something is said to be wrong that is enough alone."""
    return any(mark.startswith("wrong:") and mark[6:] in SURE for mark in marks)
