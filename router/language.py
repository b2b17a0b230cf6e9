"""Which language a message is written in: limited to the configured ones, unknown when unsure."""

import re
import threading
from functools import cache
from typing import Any

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
    r"https?://\S+|www\.\S+|\S+@\S+|[@#]\w+|\b[0-9a-fA-F]{16,}\b|^>.*$|\[[a-z ]+[:,\]][^\]\n]*\]?", re.MULTILINE
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
_lock = threading.Lock()


def sample_of(text: str) -> str:
    """What of a text shows its language: no addresses, names, numbers of machines or quoted lines."""
    return " ".join(_NOISE.sub(" ", text[:SAMPLE_CHARS]).split())


class LanguageRecognizer:
    """Recognises a message's language.

    languages: ISO 639-1 codes to choose from.  The model (about 100 MB of
    memory, a second to load) is loaded at first need or by ``warm``.
    """

    def __init__(self, languages: tuple[str, ...] = DEFAULT_LANGUAGES) -> None:
        self._languages = languages

    def warm(self) -> None:
        """Load the model.  Safe from any thread; blocks for about a second."""
        self._loaded()

    def recognize(self, sample: str, hint: str | None = None) -> str | None:
        """An ISO 639-1 code, or None when nothing can be said.

        sample: of the text, see ``sample_of``.  hint: the person's own
        setting or past language, BCP 47; it decides only where the text is
        too short to.
        """
        letters = len(_LETTERS.findall(sample))
        fallback = self._known(hint)
        if letters < 2:
            return fallback
        if script := self._by_script(sample, letters):
            return script
        code, confidence = self._loaded().classify(sample)
        if confidence >= CONFIDENT and (letters >= TRUST_HINT_BELOW or fallback in (None, code)):
            return str(code)
        return fallback

    def _by_script(self, sample: str, letters: int) -> str | None:
        for language, pattern in _SCRIPTS:
            if language in self._languages and len(pattern.findall(sample)) >= SCRIPT_SHARE * letters:
                return language
        return None

    def _known(self, hint: str | None) -> str | None:
        code = (hint or "").split("-")[0].split("_")[0].lower()
        return code if code in self._languages else None

    def _loaded(self) -> Any:
        with _lock:
            return _model(self._languages)


@cache
def _model(languages: tuple[str, ...]) -> Any:
    """Read once in a process."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(list(languages))
    return model
