"""Amounts with their currency, as people write them in any language.  Pure."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Final

from router.entity_words import COINS, CURRENCY_CODES, CURRENCY_SIGNS, CURRENCY_WORDS, MULTIPLES

LONGEST_NUMBER: Final = 18
_NUMBER: Final = r"(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d{1,8})?|\d(?:[\d.,'’٬٫]{0,18}\d)?)(?!\d)"


def amounts_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each stands, and what it is, as ``1200.50 USD``."""
    for found in _WRITTEN.finditer(text):
        start, end = found.span("number")
        before, behind = _sign_before(text, start), None
        multiple, end = _multiple(text, end)
        if before is None:
            behind = _unit_behind(text, end)
        if before is None and (behind is None or _IN_A_WORD.match(text[start - 1 : start])):
            continue
        number = number_of(found["number"])
        if number is not None:
            begin, currency = before or (start, "")
            stop, currency = behind or (end, currency)
            yield begin, stop, f"{_plain(number * multiple)} {currency}"


_IN_A_WORD = re.compile("[A-Za-z]")
_WRITTEN = re.compile(rf"(?<![0-9.,])(?P<number>{_NUMBER})")


def _sign_before(text: str, start: int) -> tuple[int, str] | None:
    """A currency's sign before a number, with where it begins."""
    stop = start - 1 if text[start - 1 : start] == " " else start
    for length in _SIGN_LENGTHS:
        begin = stop - length
        if begin >= 0 and (code := _signs().get(text[begin:stop].lower())) and not _goes_on(text, begin):
            return begin, code
    return None


def _goes_on(text: str, begin: int) -> bool:
    """Whether a word that ends in letters of a sign began before it, as in "hours Rs"."""
    return text[begin].isalpha() and text[begin - 1 : begin].isalpha()


def _multiple(text: str, end: int) -> tuple[int, int]:
    """What a word such as "万" or "juta" behind a number makes of it, and where that ends."""
    found = _word_at(text, end, MULTIPLES)
    return (MULTIPLES[found[0]], found[1]) if found else (1, end)


def _unit_behind(text: str, end: int) -> tuple[int, str] | None:
    found = _word_at(text, end, _currencies())
    return (found[1], _currencies()[found[0]]) if found else None


_WORD = re.compile(
    r"\s?(?:(?P<unspaced>[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{1,6})|(?P<sign>[^\w\s])"
    r"|(?P<word>(?:[^\W\d_]|[\u0900-\u0963]){1,16}\.?))"
)


def _word_at(text: str, at: int, words: Mapping[str, object]) -> tuple[str, int] | None:
    """The longest of some words that stands there, and where it ends; where words run together, of the first."""
    found = _WORD.match(text, at)
    if found is None:
        return None
    if found["unspaced"]:
        start, run = found.start("unspaced"), found["unspaced"]
        length = next((n for n in range(len(run), 0, -1) if run[:n] in words), 0)
        return (run[:length], start + length) if length else None
    kind = "sign" if found["sign"] else "word"
    word = found[kind].lower()
    for one in (word, word.rstrip(".")):
        if one in words:
            return one, found.start(kind) + len(one)
    latin = _LATIN.match(word)  # "100u没到账": Chinese goes on without a blank
    if latin is None or latin[0] == word or latin[0] not in words:
        return None
    return latin[0], found.start(kind) + len(latin[0])


_LATIN = re.compile(r"[a-z\u00c0-\u024f]+(?![a-z\u00c0-\u024f])")


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


_SIGN_LENGTHS: Final = sorted({len(sign) for sign in CURRENCY_SIGNS}, reverse=True)


@cache
def _signs() -> dict[str, str]:
    return {sign.lower(): code for sign, code in CURRENCY_SIGNS.items()}


@cache
def _currencies() -> dict[str, str]:
    """Every sign, word and code, in small letters, with what it names."""
    codes = (code for code in (*CURRENCY_CODES, *COINS) if code not in _WORDS_TOO)
    named = {code.lower(): code for code in codes}
    return named | {sign.lower(): code for sign, code in {**CURRENCY_SIGNS, **CURRENCY_WORDS}.items()}


_WORDS_TOO: Final = frozenset({"ALL", "TOP", "BAM", "COP", "SOS", "TRY", "CUP", "PEN", "GEL", "MOP"})
"""Codes that are English words, written small or large."""
