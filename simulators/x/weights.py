"""How long a text is by X's own count.

Source: https://docs.x.com/fundamentals/counting-characters and the v3
configuration of https://github.com/twitter/twitter-text (config/v3.json).
"""

import re
import unicodedata

from simulators.x.links import find_links

MAX_LENGTH = 280
LINK_LENGTH = 23
"""Every link counts so much: as long as its t.co address."""

_SINGLE = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that count one; all others count two."""

_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23f3"
    "\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b"
    "\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_JOINED = rf"{_PICTURE}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|[0-9#*]\ufe0f?\u20e3"
    "|\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]+\U000e007f"
    rf"|[\u00a9\u00ae]\ufe0f|(?![\u00a9\u00ae]){_JOINED}(?:\u200d{_JOINED})*"
)
"""A flag, a keycap, a regional flag, or pictures joined into one."""


def weighted_length(text: str) -> int:
    """The count ``MAX_LENGTH`` is held against: NFC first, links 23, emoji 2, wide scripts 2."""
    text = unicodedata.normalize("NFC", text)
    total = position = 0
    for link in find_links(text):
        total += _plain_length(text[position : link.start]) + LINK_LENGTH
        position = link.end
    return total + _plain_length(text[position:])


def cut(text: str, length: int) -> str:
    """The longest beginning that counts no more than ``length``."""
    end = min(len(text), length)
    while end and weighted_length(text[:end]) > length:
        end -= 1
    return text[:end]


def _plain_length(text: str) -> int:
    without, emoji = _EMOJI.subn("", text)
    return emoji * 2 + sum(_weight(ord(character)) for character in without)


def _weight(code_point: int) -> int:
    return 1 if any(first <= code_point <= last for first, last in _SINGLE) else 2
