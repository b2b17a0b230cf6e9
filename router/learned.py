"""What a message is about, as a team's own corrections have taught it.  Pure; needs no library that learns.

A model is data: weights of runs of letters and of pairs of words that stand in one message.  Both are found in any
script, without lists of words.  Where a model was learnt is in ``router.training``.
"""

import re
import zlib
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from tickets.segments import UNSPACED, fold

MAGIC: Final = b"SBMODEL1"
MAX_LABELS: Final = 500
MAX_LABEL_CHARS: Final = 100
MAX_FEATURES: Final = 65_000
MAX_WEIGHTS: Final = 6_000_000
"""Labels times features: 12 MB, what 80 labels need with all features."""
MAX_HEADER_BYTES: Final = 1_000_000
LOOKED_AT_CHARS: Final = 2_000
LONGEST_RUN: Final = 5
"""Letters, with the blank before and behind a word."""
PAIRED: Final = 64
"""So many different words of a text, from its first on, are paired with each other."""

Floats = npt.NDArray[np.float32]
Hashes = npt.NDArray[np.uint32]
_UNSPACED: Final = UNSPACED.pattern[1:-1]
_RUN = re.compile(rf"[{_UNSPACED}]+|(?:[^\W{_UNSPACED}]|[\u0900-\u0963\u0966-\u0dff])+")
"""Of letters; vowel signs of Indic scripts belong to them."""
_DIGIT = re.compile(r"\d")
_SPACE: Final = ord(" ")
_FIRST, _SECOND, _STEP = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93), np.uint64(0x100000001B3)
_HALF: Final = np.uint64(32)


class Likely(NamedTuple):
    """label: as the team named it; None for "unsure", which only stands first.  probability: from 0 to 1."""

    label: str | None
    probability: float


class Found(NamedTuple):
    """What stands in one text: each hash once, rising, and how often it stands there."""

    hashes: Hashes
    counts: Floats


class Learned:
    """A model, loaded.  Safe from any thread."""

    def __init__(self, data: bytes) -> None:
        """data: as ``pack`` made it; from whom does not matter.  Raises ValueError for anything else."""
        head, parts = _read(data)
        self.labels: Final = tuple(head.labels)
        """In the order of their weights."""
        self._threshold, self._steepness, self._rare = head.threshold, head.steepness, head.rare
        self._hashes = np.concatenate((parts.letters, parts.pairs))
        self._letters = len(parts.letters)
        self._idf, self._weights = parts.idf, parts.weights

    def score(self, text: str) -> tuple[Likely, ...]:
        """Every label with how probable it is, best first.

        Where the best is less probable than the model's own threshold, ``Likely(None, p)``
        stands before it, p being how probable it is that none of them can be told.
        """
        shares = self._shares(text)
        order = np.argsort(-shares, kind="stable")
        told = tuple(Likely(self.labels[at], float(shares[at])) for at in order)
        return told if told[0].probability >= self._threshold else (Likely(None, 1 - told[0].probability), *told)

    def _shares(self, text: str) -> Floats:
        return margins_to_shares(self._margins(text), self._steepness)

    def _margins(self, text: str) -> Floats:
        """About 1 for a label that is meant, about -1 for one that is not; -1 for all where nothing is known."""
        rows, values = [], []
        for part, found in enumerate(found_in(text)):
            begin, end = (0, self._letters) if part == 0 else (self._letters, len(self._hashes))
            at, weight = weighed(found, self._hashes[begin:end], self._idf[begin:end], self._rare)
            rows.append(at + begin)
            values.append(weight)
        weights = self._weights[np.concatenate(rows)].astype(np.float32)
        margins: Floats = np.concatenate(values) @ weights - 1
        return margins


def margins_to_shares(margins: Floats, steepness: float) -> Floats:
    """As probabilities; along the last axis they add up to 1."""
    steep = (margins - margins.max(-1, keepdims=True)) * np.float32(steepness)
    raised = np.exp(steep)
    shares: Floats = raised / raised.sum(-1, keepdims=True)
    return shares


def found_in(text: str) -> tuple[Found, Found]:
    """Runs of letters, and words alone and in pairs.  Case, accents, width and which digit it is say nothing."""
    runs = _runs_in(text)
    return _counted(_spelt(runs)), _counted(_paired(_words_of(runs)))


def words_in(text: str) -> list[str]:
    """From first to last; where words run together, each two letters beside each other stand for a word."""
    return _words_of(_runs_in(text))


def _runs_in(text: str) -> list[str]:
    return _RUN.findall(_DIGIT.sub("0", fold(text[:LOOKED_AT_CHARS])))


def _words_of(runs: list[str]) -> list[str]:
    words: list[str] = []
    for run in runs:
        if len(run) > 2 and UNSPACED.match(run):
            words.extend(run[at : at + 2] for at in range(len(run) - 1))
        else:
            words.append(run)
    return words


def weighed(found: Found, hashes: Hashes, idf: Floats, rare: float) -> tuple[npt.NDArray[np.intp], Floats]:
    """Where in hashes the known ones are, and what they weigh in this text.

    What is unknown counts to the length that all is divided by, so that a
    text of which little is known says little.
    """
    if not len(hashes) or not len(found.hashes):
        return np.zeros(0, np.intp), np.zeros(0, np.float32)
    at = np.minimum(np.searchsorted(hashes, found.hashes), len(hashes) - 1)
    known = hashes[at] == found.hashes
    weights = np.where(known, idf[at], np.float32(rare)) * (1 + np.log(found.counts))
    length = np.sqrt(2 * np.square(weights).sum())
    return at[known], (weights[known] / length).astype(np.float32)


def _spelt(runs: list[str]) -> npt.NDArray[np.uint64]:
    """Of one to five letters, within words; a blank stands before and behind each word.  Unmixed hashes."""
    text = f" {' '.join(runs)} "
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    solid = letters != _SPACE
    hashes, inner = letters, np.ones(len(letters), bool)
    found = [letters[solid]]
    for length in range(2, min(LONGEST_RUN, len(letters)) + 1):
        hashes = hashes[:-1] * _STEP + letters[length - 1 :]
        inner = inner[:-1] & solid[length - 2 : -1] if length > 2 else inner[:-1]
        found.append(hashes[inner] + np.uint64(length))
    return np.concatenate(found)


def _paired(words: list[str]) -> npt.NDArray[np.uint64]:
    """Whichever stands first; each word with itself stands for the word alone."""
    first = list(dict.fromkeys(words))[:PAIRED]
    hashes = np.unique(np.array([hash_of(word) for word in first], np.uint64))
    one, other = np.triu_indices(len(hashes))
    return hashes[one] * _FIRST + hashes[other]


def hash_of(word: str) -> int:
    """The same in every process and on every machine."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def _counted(unmixed: npt.NDArray[np.uint64]) -> Found:
    mixed = unmixed * _FIRST
    mixed = (mixed ^ (mixed >> _HALF)) * _SECOND
    hashes, counts = np.unique((mixed >> _HALF).astype(np.uint32), return_counts=True)
    return Found(hashes, counts.astype(np.float32))


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands before the numbers.  letters, pairs: how many hashes of each kind there are.

    rare: what an unknown one weighs.  steepness: of probabilities over margins.  threshold: from 0 to 1.
    """

    labels: list[str]
    letters: int
    pairs: int
    rare: float
    steepness: float
    threshold: float


class Parts(NamedTuple):
    """letters, pairs: hashes, each kind rising.  idf: one for each of both.  weights: float16, one row for each of
    both and one column a label.
    """

    letters: Hashes
    pairs: Hashes
    idf: Floats
    weights: npt.NDArray[np.float16]


def pack(head: Head, parts: Parts) -> bytes:
    """A mark of eight bytes, the header's length (four bytes, little-endian), the header (msgpack), the arrays."""
    told = msgspec.msgpack.encode(head)
    kinds = ("<u4", "<u4", "<f4", "<f2")
    arrays = (np.ascontiguousarray(one, kind).tobytes() for one, kind in zip(parts, kinds, strict=True))
    return b"".join((MAGIC, len(told).to_bytes(4, "little"), told, *arrays))


def _read(data: bytes) -> tuple[Head, Parts]:
    if data[: len(MAGIC)] != MAGIC:
        raise ValueError("This is no model of ours: its first bytes are others.")
    begin = len(MAGIC) + 4
    size = int.from_bytes(data[len(MAGIC) : begin], "little")
    if size > min(MAX_HEADER_BYTES, len(data) - begin):
        raise ValueError("The model's header is longer than the model, or than any header may be.")
    try:
        head = msgspec.msgpack.decode(data[begin : begin + size], type=Head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("The model's header cannot be read.") from error
    _check_head(head)
    parts = _parts(head, memoryview(data)[begin + size :])
    _check_parts(parts)
    return head, parts


def _check_head(head: Head) -> None:
    if not 2 <= len(head.labels) <= MAX_LABELS or len(set(head.labels)) < len(head.labels):
        raise ValueError(f"A model has 2 to {MAX_LABELS} labels, none of them twice.")
    if not all(0 < len(label) <= MAX_LABEL_CHARS for label in head.labels):
        raise ValueError(f"A label has 1 to {MAX_LABEL_CHARS} letters.")
    features = head.letters + head.pairs
    if min(head.letters, head.pairs) < 0 or not 0 < features <= MAX_FEATURES:
        raise ValueError(f"A model has 1 to {MAX_FEATURES} features.")
    if features * len(head.labels) > MAX_WEIGHTS:
        raise ValueError(f"A model has at most {MAX_WEIGHTS} weights.")
    if not (0 <= head.threshold <= 1 and 0 < head.steepness <= 1_000 and 0 < head.rare <= 100):
        raise ValueError("The model's threshold, steepness or weight of what is rare is out of its range.")


def _parts(head: Head, numbers: memoryview) -> Parts:
    features, labels = head.letters + head.pairs, len(head.labels)
    shapes = (
        ("<u4", (head.letters,)),
        ("<u4", (head.pairs,)),
        ("<f4", (features,)),
        ("<f2", (features, labels)),
    )
    arrays: list[Any] = []
    for kind, shape in shapes:
        count = int(np.prod(shape))
        size = count * np.dtype(kind).itemsize
        if size > len(numbers):
            raise ValueError("The model is shorter than its header says.")
        arrays.append(np.frombuffer(numbers, kind, count).reshape(shape).astype(kind[1:]))
        numbers = numbers[size:]
    if len(numbers):
        raise ValueError("The model is longer than its header says.")
    return Parts(*arrays)


def _check_parts(parts: Parts) -> None:
    for hashes in (parts.letters, parts.pairs):
        if np.any(hashes[1:] <= hashes[:-1]):
            raise ValueError("The model's hashes do not rise.")
    if not all(np.isfinite(one).all() for one in (parts.idf, parts.weights)):
        raise ValueError("A number of the model is none.")
    if parts.idf.min() <= 0 or parts.idf.max() > 100:
        raise ValueError("A number of the model is out of its range.")
