"""Which recent reports say the same in nearly the same words: groups around the first one of each.  Pure."""

from array import array
from collections import OrderedDict
from typing import Final

from router.causes import Signature, likeness

ALIKE: Final = 0.5
"""Share of common words from which two texts say the same; copies with a greeting or typing errors have that."""
MOST: Final = 100_000
"""Wordings that are remembered; then those that nobody used for longest are forgotten."""
CROWD: Final = 24
"""Wordings looked at in one band, the newest ones."""


class Wordings:
    """Finds the wording that a text is one more use of, by bands (locality-sensitive hashing)."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._texts: OrderedDict[int, tuple[array[int], array[int]]] = OrderedDict()
        """Words and bands, by the wording's number; the last used is the last."""
        self._bands: dict[int, tuple[int, ...]] = {}
        self._next = 1

    def __len__(self) -> int:
        return len(self._texts)

    def find(self, signature: Signature) -> int | None:
        """The number of the most alike wording; None when there is none."""
        words = frozenset(signature.words)
        best, found = 0.0, None
        for number in self._near(signature.bands):
            alike = likeness(words, self._texts[number][0])
            if alike >= ALIKE and alike > best:
                best, found = alike, number
        return found

    def learn(self, signature: Signature) -> int:
        """The number of its wording, a new one where it is the first; 0 for what has no words."""
        if not signature.words:
            return 0
        found = self.find(signature)
        if found is not None:
            self._texts.move_to_end(found)
            return found
        number, self._next = self._next, self._next + 1
        self._texts[number] = (array("I", signature.words), array("I", signature.bands))
        for band in signature.bands:
            self._bands[band] = (*self._bands.get(band, ())[1 - CROWD :], number)
        if len(self._texts) > self._most:
            self._forget()
        return number

    def _near(self, bands: tuple[int, ...]) -> dict[int, None]:
        near: dict[int, None] = {}
        for band in bands:
            near.update(dict.fromkeys(self._bands.get(band, ())))
        return near

    def _forget(self) -> None:
        number, (_, bands) = self._texts.popitem(last=False)
        for band in bands:
            rest = tuple(one for one in self._bands.get(band, ()) if one != number)
            if rest:
                self._bands[band] = rest
            else:
                self._bands.pop(band, None)
