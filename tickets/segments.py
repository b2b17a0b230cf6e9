"""Text to search segments, the same on every engine and for every script.

Words of alphabets are folded (case, accents, width); Chinese, Japanese, Korean,
Thai and other scripts whose words run together become overlapping pairs of
letters, so that a word of two characters is found inside a sentence.
"""

import re
import unicodedata

MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u109f\u135d-\u1dff\u20d0-\u20ff\u2cef-\u2dff\u302a-\u302f\u3099\u309a"
    "\ua66f-\uabed\ufb1e\ufe20-\ufe2f\U000101fd-\U0001e94a"
)
"""Where combining marks lie, among other letters: the class of a pattern that saves asking every letter."""
_MARKED = re.compile(f"[{MARKS}]+")
_PLAIN_MARKS = re.compile("(?<=[\x00-\u02ff\u0370-\u0482\u048a-\u0590])[\u0300-\u034e\u0350-\u036f]+")
"""Most of them: accents on letters of alphabets, dropped without a look at each."""
_UNSPACED = (
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Kana, Han
    "\uac00-\ud7a3"  # Hangul: particles are glued to the word
    "\U00020000-\U0003ffff"  # Han, further planes
)
_VOWEL_SIGNS = "\u0900-\u0963\u0966-\u0dff"  # of Indic scripts; they are no \w
_RUN = re.compile(rf"[{_UNSPACED}]+|(?:[^\W{_UNSPACED}]+|[{_VOWEL_SIGNS}])+")
_BEYOND = re.compile("[\u0900-\U0010ffff]")
_WORD = re.compile(r"\w+")
"""The same as ``_RUN`` where nothing lies beyond, and found in half the time."""
UNSPACED = re.compile(rf"[{_UNSPACED}]")
"""Letters of scripts whose words run together."""
MAX_SEGMENT_CHARS = 40
MAX_TEXT_CHARS = 20_000


def fold(text: str) -> str:
    """Case, width and accents folded; Vietnamese đ and the like become their base letter.

    Marks are dropped only where readers do without them (Latin, Greek,
    Cyrillic, Hebrew, Arabic): in Thai or Hindi they are letters.
    """
    if text.isascii():
        return text.lower()
    plain = _PLAIN_MARKS.sub("", unicodedata.normalize("NFKD", text))
    bare = _MARKED.sub(_without_marks, plain)
    return unicodedata.normalize("NFC", bare).casefold().replace("đ", "d").replace("ł", "l")


def _without_marks(run: re.Match[str]) -> str:
    """Letters from where marks lie, behind one from elsewhere or at the beginning."""
    kept: list[str] = []
    folds = run.start() > 0 and run.string[run.start() - 1] < "\u0700"
    for char in run[0]:
        if unicodedata.combining(char):
            if not folds:
                kept.append(char)
            continue
        folds = char < "\u0700"
        kept.append(char)
    return "".join(kept)


def segments(text: str) -> frozenset[str]:
    """The distinct segments of a text; of a long one, of its first 20,000 characters."""
    return segments_of(fold(text[:MAX_TEXT_CHARS]))


def segments_of(folded: str) -> frozenset[str]:
    """The same of a text that is folded already."""
    if not _BEYOND.search(folded):
        return frozenset(word[:MAX_SEGMENT_CHARS] for word in _WORD.findall(folded))
    found: set[str] = set()
    for run in set(_RUN.findall(folded)):
        if UNSPACED.match(run):
            found.update(_pairs(run))
        else:
            found.add(run[:MAX_SEGMENT_CHARS])
    return frozenset(found)


def query_segments(text: str) -> tuple[str, ...]:
    """What a searcher's words must all contain; empty when they hold nothing to search for.

    A single unspaced letter is looked for as itself, so texts keep their
    single letters beside the pairs.
    """
    found: dict[str, None] = {}
    for run in _RUN.findall(fold(text[:500])):
        if UNSPACED.match(run):
            found.update(dict.fromkeys([run] if len(run) == 1 else _bigrams(run)))
        else:
            found[run[:MAX_SEGMENT_CHARS]] = None
    return tuple(found)[:12]


def _pairs(run: str) -> set[str]:
    return {*run, *_bigrams(run)}


def _bigrams(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]
