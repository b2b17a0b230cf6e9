"""Amounts with their currency, as people write them in any language.  Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from typing import Final

from router.entity_words import COINS, CURRENCY_SIGNS, CURRENCY_WORDS, MULTIPLES
from tickets.segments import UNSPACED

LONGEST_NUMBER: Final = 18
_NUMBER: Final = r"(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d{1,8})?|\d(?:[\d.,'’٬٫]{0,18}\d)?)(?!\d)"


def amounts_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each stands, and what it is, as ``1200.50 USD``."""
    if not any(map(str.isdecimal, text)):
        return
    for found in _written().finditer(text):
        number = number_of(found["number"])
        if number is None:
            continue
        sign = found["sign"] or found["unit"]
        multiple = MULTIPLES.get((found["times"] or "").strip().lower(), 1)
        yield found.start(), found.end(), f"{_plain(number * multiple)} {_currencies()[sign.lower()]}"


def number_of(written: str) -> Decimal | None:
    """What a number says, whichever of points and commas parts thousands; None where that cannot be told.

    The last of two different signs parts the decimals; a single one does so
    too, unless exactly three digits follow it and no zero leads.
    """
    digits = "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in written)
    digits = digits.replace("٬", ",").replace("٫", ".").translate(_APART)
    marks = [one for one in digits if one in ".,"]
    if not marks:
        return Decimal(digits) if len(digits) <= LONGEST_NUMBER else None
    last = marks[-1]
    whole, _, rest = digits.rpartition(last)
    grouped = re.fullmatch(r"[1-9]\d{0,2}(?:[.,]\d{3})*", whole) is not None and len(rest) == 3
    if len(set(marks)) == 1 and grouped:
        return Decimal(whole.replace(last, "") + rest)
    if whole.count(last) > 0:
        return None
    whole = whole.replace("," if last == "." else ".", "")
    return Decimal(f"{whole}.{rest}") if len(whole) + len(rest) <= LONGEST_NUMBER else None


_APART: Final = str.maketrans("", "", "'’ \u00a0\u202f")


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


@cache
def _currencies() -> dict[str, str]:
    """Every sign, word and code, in small letters, with what it names."""
    from babel import Locale

    codes = [*(str(code) for code in Locale("en").currencies), *COINS]
    named = {code.lower(): code for code in codes if code.isalpha() and code not in _WORDS_TOO}
    return named | {sign.lower(): code for sign, code in {**CURRENCY_SIGNS, **CURRENCY_WORDS}.items()}


_WORDS_TOO: Final = frozenset({"ALL", "TOP", "BAM", "COP", "SOS", "TRY", "CUP", "PEN", "GEL", "MOP"})
"""Codes that are English words, written small or large."""


@cache
def _written() -> re.Pattern[str]:
    """A sign before a number, or a currency behind it."""
    signs = "|".join(sorted(map(re.escape, CURRENCY_SIGNS), key=len, reverse=True))
    return re.compile(
        rf"(?<![0-9A-Za-z.,])(?:(?P<sign>{signs})\s?(?=\d))?(?P<number>{_NUMBER})"
        rf"(?P<times>\s?(?:{_any_of(MULTIPLES)}))?(?(sign)|\s?(?P<unit>{_any_of(_currencies())}))",
        re.IGNORECASE,
    )


def _any_of(words: Iterable[str]) -> str:
    """The longest first; where words are parted by blanks, whole ones only."""
    longest = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word) + _end_of(word) for word in longest)


def _end_of(word: str) -> str:
    """Of a Latin word: Chinese may follow it without a blank."""
    if UNSPACED.match(word[-1]) or not word[-1].isalnum():
        return ""
    return r"(?![0-9A-Za-z\u00c0-\u024f])" if word.isascii() else r"(?![^\W_])"
