"""Which language a message is written in: limited to the configured ones, unknown when unsure.

Runs of letters alone (py3langid) mistake Portuguese for Spanish in short texts; with the common words of each
language (wordfreq) they seldom do.
"""

import gzip
import math
import re
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

DEFAULT_LANGUAGES = (
    "ar", "de", "en", "es", "fa", "fr", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "uk",
    "vi", "zh",
)  # fmt: skip
KNOWN_LANGUAGES = frozenset((
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "br", "bs", "ca", "cs", "cy", "da", "de", "dz", "el",
    "en", "eo", "es", "et", "eu", "fa", "fi", "fo", "fr", "fy", "ga", "gd", "gl", "gu", "ha", "he", "hi",
    "hr", "ht", "hu", "hy", "id", "ig", "is", "it", "ja", "jv", "ka", "kk", "km", "kn", "ko", "ku", "ky", "la",
    "lb", "lg", "ln", "lo", "lt", "lv", "mg", "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no",
    "oc", "om", "or", "pa", "pl", "ps", "pt", "qu", "ro", "ru", "rw", "se", "si", "sk", "sl", "sn", "so", "sq",
    "sr", "st", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl", "tr", "tt", "ug", "uk", "ur", "uz", "vi", "vo",
    "wa", "xh", "yo", "zh", "zu",
))  # fmt: skip
"""Those of ISO 639-1 that the model can tell apart."""
_NOISE = re.compile(
    r"https?://\S+|www\.\S+|\S+@\S+|[@#]\w+|\b[0-9a-fA-F]{16,}\b|^>.*$|\[[a-z ]+[:,\]][^\]\n]*\]?"
    # Order numbers, and codes of ours, be they of letters alone.
    r"|(?<![A-Za-z0-9])(?=[A-Za-z-]*[0-9])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
    r"|(?<![A-Za-z0-9-])[A-Za-z0-9]{4}(?:-[A-Za-z0-9]{4}){2}(?![A-Za-z0-9-])",
    re.MULTILINE,
)
_LETTERS = re.compile(r"[^\W\d_]")
_SCRIPTS = (
    ("ko", re.compile(r"[\uac00-\ud7a3]")),
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
)
"""Scripts that one configured language alone is written in; in this order, as Japanese uses Han letters too."""
SCRIPT_SHARE = 0.3
CONFIDENT = 0.5
TRUST_HINT_BELOW = 12
"""Texts with fewer letters say less about their language than the person's own client does."""
SAMPLE_CHARS = 240
"""Of a longer text, so much is looked at."""
FLOOR = 1e-12
COMMON = 15_000
"""Words of each language, about."""
UNHEARD = -17.0
"""As a natural logarithm, how often a word is said that is in no list."""
WORDS_WEIGH = 0.8
UNSPACED_LANGUAGES = frozenset({"ja", "ko", "th", "zh"})
"""Their script tells them."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_lock = threading.Lock()


def sample_of(text: str) -> str:
    """What of a text shows its language: no addresses, names, numbers of machines or quoted lines."""
    return " ".join(_NOISE.sub(" ", text[:SAMPLE_CHARS]).split())


class Recognized(NamedTuple):
    """language: ISO 639-1, None when nothing can be said.  confidence: from 0 to 1; of what a hint said, 0."""

    language: str | None
    confidence: float = 0.0


class LanguageRecognizer:
    """Recognises a message's language.

    languages: ISO 639-1 codes to choose from.  What is known of them (about 180 MB of
    memory, two seconds to load) is loaded at first need or by ``warm``.
    """

    def __init__(self, languages: tuple[str, ...] = DEFAULT_LANGUAGES) -> None:
        self._languages = languages

    def warm(self) -> None:
        """Load what is known.  Safe from any thread; blocks for about two seconds."""
        self._loaded()

    def recognize(self, sample: str, hint: str | None = None) -> str | None:
        """The language alone, see ``find``."""
        return self.find(sample, hint).language

    def find(self, sample: str, hint: str | None = None) -> Recognized:
        """The language and how sure that is.

        sample: of the text, see ``sample_of``.  hint: the person's own
        setting or past language, BCP 47; it decides only where the text is
        too short to.
        """
        letters = len(_LETTERS.findall(sample))
        fallback = self._known(hint)
        if letters < 2:
            return Recognized(fallback)
        if script := self._by_script(sample, letters):
            return Recognized(script, 1.0)
        found = self._loaded().likeliest(sample)
        if found.confidence >= CONFIDENT and (letters >= TRUST_HINT_BELOW or fallback in (None, found.language)):
            return found
        return Recognized(fallback)

    def _by_script(self, sample: str, letters: int) -> str | None:
        for language, pattern in _SCRIPTS:
            if language in self._languages and len(pattern.findall(sample)) >= SCRIPT_SHARE * letters:
                return language
        return None

    def _known(self, hint: str | None) -> str | None:
        code = (hint or "").split("-")[0].split("_")[0].lower()
        return code if code in self._languages else None

    def _loaded(self) -> "_Model":
        with _lock:
            return _model(self._languages)


class _Model:
    """Runs of letters, which tell a text of some length, and common words, which tell short ones."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        self._letters: Any = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self._letters.set_languages(list(languages))
        self._gains = _gains(languages)

    def likeliest(self, sample: str) -> Recognized:
        scores = {code: math.log(max(float(share), FLOOR)) for code, share in self._letters.rank(sample)}
        words = _WORD.findall(sample.casefold())
        weight = WORDS_WEIGH / math.sqrt(len(words) or 1)
        for word in words:
            for code, gain in self._gains.get(word, ()):
                scores[code] += weight * gain
        best = max(scores, key=scores.__getitem__)
        return Recognized(best, 1 / sum(math.exp(score - scores[best]) for score in scores.values()))


def _gains(languages: tuple[str, ...]) -> dict[str, tuple[tuple[str, float], ...]]:
    """By word: in which languages it is common, and by how much it speaks for each, as a natural logarithm.

    What no list has speaks against all languages alike, so for none.
    """
    found: dict[str, tuple[tuple[str, float], ...]] = {}
    for language in languages:
        for word, often in _common_words(language).items():
            found[word] = (*found.get(word, ()), (language, often - UNHEARD))
    return found


def _common_words(language: str) -> dict[str, float]:
    """With how often each is said, as a natural logarithm; none for a language that nobody has counted.

    In wordfreq's format cBpack: behind a header lists of words, from the most frequent on; the place of each list
    tells how often its words are said, in hundredths of powers of ten.
    """
    counted = _data_of("wordfreq") / f"small_{language}.msgpack.gz"
    if language in UNSPACED_LANGUAGES or not counted.exists():
        return {}
    _header, *lists = msgspec.msgpack.decode(gzip.decompress(counted.read_bytes()))
    found: dict[str, float] = {}
    for place, words in enumerate(lists):
        found |= dict.fromkeys(words, -math.log(10) * place / 100)
        if len(found) > COMMON:
            break
    return found


def _data_of(package: str) -> Path:
    """Where a package keeps its data; it is not imported, which takes longer than all lists."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data"


@cache
def _model(languages: tuple[str, ...]) -> _Model:
    """Read once in a process."""
    return _Model(languages)
