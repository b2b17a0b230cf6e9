"""What a message is about, by its words: one of the categories of an online service.  Pure; the words are data.

Unsure where words of several categories stand beside each other, or of none.
"""

from collections import Counter
from functools import cache
from typing import Final, NamedTuple

from router.lexicon import Lexicon, read_words
from router.urgency import is_meant
from tickets.segments import fold

LOOKED_AT_CHARS: Final = 2_000
SURE: Final = 0.34
"""A smaller share of what speaks for any category speaks for none."""
WEIGHTS: Final = {"spam": 1.4, "technical": 0.8}
"""What a word weighs, where not 1: of screens people speak whatever it is about, of sure profits seldom."""
NAMES: Final = {
    "account": "Account and security",
    "payments": "Payments in and out",
    "orders": "Trading and orders",
    "rules": "Rules and fees",
    "technical": "Technical fault",
    "feedback": "Feedback",
    "praise": "Praise",
    "spam": "Spam",
}
"""By what the words stand under."""


class Classified(NamedTuple):
    """category: a key of ``NAMES``; None when unsure.  confidence: from 0 to 1."""

    category: str | None
    confidence: float = 0.0


def classify(text: str, language: str | None, *, theft: bool) -> Classified:
    """language: of the text, None when unknown.  theft: it tells of theft or fraud, see ``router.urgency``."""
    if theft:
        return Classified("account", 1.0)
    weighed: Counter[str] = Counter()
    for (spoken, category), places in _words().find(fold(text[:LOOKED_AT_CHARS])).items():
        if is_meant((spoken,), language):
            weighed[category] += len(places)
    if not weighed:
        return Classified(None)
    scores = {one: count * WEIGHTS.get(one, 1.0) for one, count in weighed.items()}
    best = max(scores, key=scores.__getitem__)
    share = scores[best] / (sum(scores.values()) + 0.5)
    return Classified(best if share >= SURE else None, share)


@cache
def _words() -> Lexicon[tuple[str, str]]:
    """By language and category."""
    return Lexicon(
        {
            (language, category): words
            for language, categories in read_words("categories").items()
            for category, words in categories.items()
        }
    )
