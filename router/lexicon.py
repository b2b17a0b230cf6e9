"""Many words looked for at once, in text of any script.  Pure; the words are data.

In alphabets a word is found where a word begins, so that "hack" is in "hacked" and not in "shack"; "=" before it:
only whole.  Where words run together (Chinese, Japanese, Korean, Thai) it is found anywhere.
"""

import re
import tomllib
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

        entries: dict[str, list[tuple[Key, bool, bool]]] = {}
        for key, written in words.items():
            for word in written:
                whole = word.startswith("=")
                plain = folding(word.removeprefix("="))
                spaced = UNSPACED.match(plain) is None and not (_ARABIC.match(plain) and len(plain) > LONG)
                entries.setdefault(plain, []).append((key, spaced, whole and spaced))
        self._found: Any = ahocorasick.Automaton()
        for plain, meanings in entries.items():
            self._found.add_word(plain, (len(plain), meanings))
        self._found.make_automaton()

    def find(self, folded: str) -> dict[Key, set[int]]:
        """What stands in a text that is folded in the same way, and where each word of it begins."""
        hits: dict[Key, set[int]] = {}
        if not len(self._found):
            return hits
        for end, (length, meanings) in self._found.iter(folded):
            start = end + 1 - length
            begins = start == 0 or not folded[start - 1].isalnum()
            ends = end + 1 == len(folded) or not folded[end + 1].isalnum()
            for key, spaced, whole in meanings:
                if (begins or not spaced) and (ends or not whole):
                    hits.setdefault(key, set()).add(start)
        return hits


def read_words(name: str) -> dict[str, dict[str, list[str]]]:
    """One of the files of words beside this: by its tables, and in each by group."""
    return tomllib.loads((WORDS / f"{name}.toml").read_text(encoding="utf-8"))
