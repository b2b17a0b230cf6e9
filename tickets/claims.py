"""Codes by which somebody shows that two conversations are theirs: given in private, brought to the other.

Twelve letters and digits of Crockford's alphabet (https://www.crockford.com/base32.html), 60 bits, in groups of
four.  They are looked up by a hash, and colleagues see the first four; whole they stand in what was sent only.
"""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Collection
from datetime import timedelta

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GOOD_FOR = timedelta(days=7)
MOST_IN_A_TEXT = 20
LOOKED_AT_CHARS = 4_000
_ALIKE = str.maketrans("ILO", "110")
_GAP = r"[-‐‑–—−]?\s{0,2}"
_FOUR = "[0-9A-Za-z]{4}"
_CODE = re.compile(rf"(?<![0-9A-Za-z])(?=({_FOUR}{_GAP}{_FOUR}{_GAP}{_FOUR})(?![0-9A-Za-z]))")
"""Also with blanks or at the end of a line, as telephones write it; words before it do not hide it."""

_WRITTEN = re.compile(rf"(?<!\w)[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}(?!\w)")


def new_code() -> str:
    """As a person reads it: ``K7QF-2MXD-9TPA``."""
    letters = ""
    while not any(map(str.isdigit, letters)):
        letters = "".join(secrets.choice(ALPHABET) for _ in range(12))
    return "-".join(letters[at : at + 4] for at in (0, 4, 8))


def masked(code: str) -> str:
    """As colleagues see it."""
    return f"{code[:4]}-····-····"


def covered(text: str) -> str:
    """A text with the codes in it as colleagues see them."""
    return _WRITTEN.sub(lambda found: masked(found[0]), text)


def without(text: str, hashes: Collection[str]) -> str:
    """A text with the codes of these hashes as colleagues see them, however they are written."""
    found = [one for one in _CODE.finditer(text) if hash_of(one[1]) in hashes] if hashes else []
    for one in reversed(found):
        text = f"{text[: one.start(1)]}{masked(one[1])}{text[one.end(1) :]}"
    return text


def hash_of(code: str) -> str:
    """What is kept of it: the same for small letters, without hyphens, and for O and 0, I, L and 1."""
    plain = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", code))).upper().translate(_ALIKE)
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def hashes_in(text: str) -> tuple[str, ...]:
    """Of all that could be a code in a text, at most twenty; most texts have none.

    A code has a digit: else every word of twelve letters would be one.
    """
    found = _CODE.findall(unicodedata.normalize("NFKC", text[:LOOKED_AT_CHARS]))
    likely = (code for code in found if any(map(str.isdigit, code)) and "U" not in code.upper())
    return tuple(dict.fromkeys(map(hash_of, likely)))[:MOST_IN_A_TEXT]
