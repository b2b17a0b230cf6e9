"""Many words looked for at once, in text of any script.  Pure; the words are data.

In alphabets a word is found where a word begins, so that "hack" is in "hacked" and not in "shack"; "=" before it:
only whole.  Where words run together (Chinese, Japanese, Korean, Thai) it is found anywhere.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from tickets.segments import UNSPACED, fold

WORDS: Final = Path(__file__).parent / "words"

_ARABIC = re.compile(r"[\u0600-\u06ff]")
LONG: Final = 3
"""Letters; in Arabic "and", "so", "with" and others stand at the word itself, which longer words are told from."""

Key = TypeVar("Key", bound=Hashable)


class Lexicon(Generic[Key]):
    """Words by what they stand for.  One word may stand for several things."""

    def __init__(self, words: Mapping[Key, Iterable[str]], folding: Callable[[str], str] = fold) -> None:
        """folding: what is done to the words, and to be done to the text before it is looked through."""
        import ahocorasick

        entries: dict[str, list[Key]] = {}
        for key, written in words.items():
            for word in written:
                entries.setdefault(_pattern(word, folding), []).append(key)
        self._found: Any = ahocorasick.Automaton()
        for pattern, keys in entries.items():
            self._found.add_word(pattern, (len(pattern.rstrip()), keys))
        self._found.make_automaton()

    def find(self, folded: str) -> dict[Key, set[int]]:
        """What stands in a text that is folded in the same way, and where each word of it begins."""
        hits: dict[Key, set[int]] = {}
        if len(self._found):
            for end, (length, keys) in self._found.iter(_spaced(folded)):
                for key in keys:
                    hits.setdefault(key, set()).add(end - length)
        return hits


_ODD = re.compile(r"[^\w ]|_")


def _spaced(text: str) -> str:
    """With a blank for whatever parts words, one before the first and one behind the last."""
    return f" {_parted(text)} "


def _parted(text: str) -> str:
    return _ODD.sub(_blank, text)


def _blank(odd: re.Match[str]) -> str:
    """Marks are parts of letters, in Thai and Hindi those that tell words apart."""
    return odd[0] if unicodedata.category(odd[0])[0] == "M" else " "


def _pattern(word: str, folding: Callable[[str], str]) -> str:
    """As it is looked for in a spaced text: where words run together without a blank before it."""
    whole, plain = word.startswith("="), _parted(folding(word.removeprefix("=")))
    if UNSPACED.match(plain) or (_ARABIC.match(plain) and len(plain) > LONG):
        return plain
    return f" {plain.strip()} " if whole or plain.endswith(" ") else f" {plain}"


def read_words(name: str) -> dict[str, Any]:
    """One of the files of words beside this, by language: tables of groups, or lists."""
    return tomllib.loads((WORDS / f"{name}.toml").read_text(encoding="utf-8"))
