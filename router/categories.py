"""What a message is about, by its words: one of the categories of an online service.  Pure; the words are data.

Unsure where words of several categories stand beside each other, or of none.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from router.lexicon import Lexicon, read_words
from router.urgency import is_meant
from tickets.model import Entity, EntityKind
from tickets.segments import fold

if TYPE_CHECKING:
    from router.learned import Learned

LOOKED_AT_CHARS: Final = 2_000
SURE: Final = 0.34
"""A smaller share of what speaks for any category speaks for none."""
WEIGHTS: Final = {"spam": 1.4, "technical": 0.8}
"""What a word weighs, where not 1: of screens people speak whatever it is about, of sure profits seldom."""
SECURITY: Final = "account"
"""Where theft and fraud belong."""


class Category(NamedTuple):
    """title: for people.  needs: what a good request of it names.  words: further ones, by language."""

    title: str
    needs: tuple[EntityKind, ...] = ()
    words: Mapping[str, tuple[str, ...]] = MappingProxyType({})


DEFAULTS: Final[Mapping[str, Category]] = MappingProxyType(
    {
        "account": Category("Account and security", ("account",)),
        "payments": Category("Payments in and out", ("account", "amount", "transaction", "date")),
        "orders": Category("Trading and orders", ("account", "order")),
        "rules": Category("Rules and fees"),
        "technical": Category("Technical fault"),
        "feedback": Category("Feedback"),
        "praise": Category("Praise"),
        "spam": Category("Spam"),
    }
)
"""By what the words stand under."""


class Classified(NamedTuple):
    """category: a key of the categories; None when unsure.  confidence: from 0 to 1."""

    category: str | None
    confidence: float = 0.0


class Classifier:
    """Knows the categories' words.  They are read at first need."""

    def __init__(self, categories: Mapping[str, Category] = DEFAULTS) -> None:
        self.categories = categories
        self.learned: Learned | None = None
        """What the team's own corrections have taught; None: nothing yet, and words alone tell."""
        self._more = tuple(
            (language, name, words)
            for name, category in categories.items()
            for language, words in category.words.items()
        )

    def classify(self, text: str, language: str | None, *, theft: bool) -> Classified:
        """language: of the text, None when unknown.  theft: it tells of theft or fraud, see ``router.urgency``."""
        if theft and SECURITY in self.categories:
            return Classified(SECURITY, 1.0)
        if self.learned is not None and (told := self._as_learned(self.learned, text)):
            return told
        weighed: Counter[str] = Counter()
        for (spoken, category), places in _words(self._more).find(fold(text[:LOOKED_AT_CHARS])).items():
            if category in self.categories and is_meant((spoken,), language):
                weighed[category] += len(places)
        if not weighed:
            return Classified(None)
        scores = {one: count * WEIGHTS.get(one, 1.0) for one, count in weighed.items()}
        best = max(scores, key=scores.__getitem__)
        share = scores[best] / (sum(scores.values()) + 0.5)
        return Classified(best if share >= SURE else None, share)

    def _as_learned(self, learned: "Learned", text: str) -> Classified | None:
        """None where the model is unsure, or names what is no category any more."""
        best = learned.score(text)[0]
        known = best.label is not None and best.label in self.categories
        return Classified(best.label, best.probability) if known else None

    def missing(
        self, category: str, entities: Iterable[Entity], known: Iterable[EntityKind]
    ) -> tuple[EntityKind, ...]:
        """What a good request of a category names and this one does not.  known: kinds that can be found."""
        named = {entity.kind for entity in entities}
        needs = self.categories[category].needs if category in self.categories else ()
        return tuple(kind for kind in needs if kind not in named and kind in known)


@cache
def _words(more: tuple[tuple[str, str, tuple[str, ...]], ...]) -> Lexicon[tuple[str, str]]:
    """By language and category."""
    found = {
        (language, category): tuple(words)
        for language, categories in read_words("categories").items()
        for category, words in categories.items()
    }
    for language, category, words in more:
        found[language, category] = (*found.get((language, category), ()), *words)
    return Lexicon(found)
