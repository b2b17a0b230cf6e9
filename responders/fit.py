"""A text cut to a channel's limit, in the channel's own units, at places where people would cut it."""

import re
import unicodedata
from collections.abc import Callable

from tickets.errors import Refused
from tickets.links import LINK
from tickets.rich import Rich, clipped, utf16_units, with_addresses

Measure = Callable[[str], int]


_ESCAPED = re.compile(r"[\\*_~@\[\]#>+.)-]")
_ESCAPED_LONGER = re.compile(r"[|`<]")


def discord_letters(text: str) -> int:
    """What Discord counts at most once the connector has taken the meaning from every mark."""
    return len(text) + len(_ESCAPED.findall(text)) + 2 * len(_ESCAPED_LONGER.findall(text))


_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
X_LINK = 23


def x_weight(text: str) -> int:
    """What X counts (twitter-text 3): most scripts 1, Chinese, Japanese, Korean and emoji 2, a link 23.

    Never less than X: a link counts 23, or by its letters when those are
    more; what only may become one counts both; an emoji of several signs
    counts them all.
    """
    text = unicodedata.normalize("NFC", text)
    weight = at = 0
    for link in LINK.finditer(text):
        letters = _letters(link[0])
        weight += _letters(text[at : link.start()]) + (max(X_LINK, letters) if link["sure"] else X_LINK + letters)
        at = link.end()
    return weight + _letters(text[at:])


def _letters(text: str) -> int:
    return sum(1 if any(low <= ord(letter) <= high for low, high in _LIGHT) else 2 for letter in text)


MEASURES: dict[str, Measure] = {
    "utf16": utf16_units,
    "characters": len,
    "discord": discord_letters,
    "x_weighted": x_weight,
}
"""How a channel counts, by the name its capabilities give."""
_BORDERS = (
    re.compile(r"\n\s*\n"),  # paragraphs
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…])\s+|(?<=[。！？।])"),  # sentences
    re.compile(r"\s+"),
)
MOST_PARTS = 20
_SMALLEST_SHARE = 0.5
"""A border is used when it fills at least this share of the limit; else a finer one is looked for."""


def fit(text: str, limit: int | None, unit: str) -> tuple[str, ...]:
    """The pieces to send, in order; each within ``limit`` units.

    Only white space at a cut is lost.  limit None: one piece.  Raises
    Refused for an empty text, or one of more than 20 pieces.
    """
    text = text.strip()
    if not text:
        raise Refused("The answer is empty. Write something first.")
    measure = MEASURES[unit]
    if limit is None:
        return (text,)
    pieces: list[str] = []
    while text:
        if len(pieces) == MOST_PARTS:
            raise Refused(f"The answer needs more than {MOST_PARTS} messages here. Shorten it, or attach a file.")
        cut = _cut(text, limit, measure)
        pieces.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return tuple(pieces)


SPAN_COST = 10
"""More than any channel's marks around a stretch of text, addresses left out."""


def fit_rich(rich: Rich, limit: int | None, unit: str, formats: bool) -> tuple[Rich, ...]:
    """The pieces of formatted words; where formatting is not shown, with the addresses behind the words.

    Where marks count, all of them are taken off each piece's limit: that is
    less room than there is, and never too much.  Raises Refused.
    """
    if not formats or not rich.spans:
        return tuple(Rich(piece, ()) for piece in fit(with_addresses(rich), limit, unit))
    marks = sum(SPAN_COST + 3 * len(span.url) for span in rich.spans) if unit == "discord" else 0
    if limit is not None and marks > limit // 2:
        raise Refused("There are too many formatted words or long addresses for one message here. Take some away.")
    found: list[Rich] = []
    at = 0
    for piece in fit(rich.text, limit and limit - marks, unit):
        at = rich.text.index(piece, at)
        found.append(Rich(piece, clipped(rich.spans, at, at + len(piece))))
        at += len(piece)
    return tuple(found)


def _cut(text: str, limit: int, measure: Measure) -> int:
    """How many characters go into the next piece: at least one, at most what fits."""
    if len(text) <= 2 * limit and measure(text) <= limit:
        return len(text)
    fits = _most_that_fits(text, limit, measure)
    for border in _BORDERS:
        ends = [match.end() for match in border.finditer(text, 0, fits + 1) if match.start() <= fits]
        if ends and ends[-1] >= fits * _SMALLEST_SHARE:
            return min(ends[-1], fits) or fits
    return _whole_letter(text, fits)


def _most_that_fits(text: str, limit: int, measure: Measure) -> int:
    """By halving: but for links, which may weigh less once they are whole, a text's size grows with its length."""
    low, high = 1, min(len(text) - 1, limit)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _whole_letter(text: str, at: int) -> int:
    """The last place up to ``at`` that does not tear a letter from its marks, joiners or modifiers."""
    place = at
    while place > 0 and _glued(text, place):
        place -= 1
    return place or at


def _glued(text: str, at: int) -> bool:
    """Whether the letters around ``at`` are shown as one (UAX #29, the parts that people write)."""
    before, after = text[at - 1], text[at]
    return (
        unicodedata.category(after) in ("Mn", "Mc", "Me")
        or after in "\u200c\u200d\u0e33\u0eb3"  # joiners; am of Thai and Lao
        or before == "\u200d"
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin colours
        or "\U000e0020" <= after <= "\U000e007f"  # tags, as in the flag of Wales
        or "\u1160" <= after <= "\u11ff"  # Korean vowels and finals written apart
        or (_is_regional(after) and _regionals_before(text, at) % 2 == 1)
    )


def _is_regional(letter: str) -> bool:
    """One half of a flag."""
    return "\U0001f1e6" <= letter <= "\U0001f1ff"


def _regionals_before(text: str, at: int) -> int:
    start = at
    while start > 0 and _is_regional(text[start - 1]):
        start -= 1
    return at - start
