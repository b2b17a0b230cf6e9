"""Learning what messages are about from a team's own corrections.

``python -m router.training [OLD]`` reads examples as JSON lines from standard
input (see ``Example``; without a label one serves as an unlabelled text),
writes a model to standard output if it is better than OLD (a file) and than
the lists of words, and figures to standard error as JSON.  It is a process of
its own, so that the service neither waits nor keeps the memory that it takes.

In short: what stands in texts is counted; words that stand beside the same
words are alike, which the unlabelled texts tell too; by that a first guess is
made at the unlabelled ones, and from labelled and guessed ones together the
weights are found that ``router.learned`` scores by (a linear support vector
machine with squared hinge loss for each label).
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from router.categories import Classifier
from router.learned import (
    MAX_FEATURES,
    MAX_LABEL_CHARS,
    MAX_LABELS,
    MAX_WEIGHTS,
    Floats,
    Found,
    Hashes,
    Head,
    Learned,
    Parts,
    found_in,
    hash_of,
    margins_to_shares,
    pack,
    weighed,
    words_in,
)

LEAST_EXAMPLES: Final = 10
"""A label with fewer is left out; its texts serve as unlabelled ones."""
LEAST_HELD_OUT: Final = 50
"""With fewer no figure says enough to let a model take over."""
HELD_OUT_EVERY: Final = 5
"""One text of so many is kept for comparing, always the same ones, so that no model has learnt from them."""
MOST_TEXTS: Final = 10_000
"""Labelled and unlabelled; of more, the last ones of each."""
RIGHT: Final = 0.8
"""So many of the labels told shall be right, by held-out examples; below that the model says that it is unsure."""
FROM_A_GUESS: Final = 0.4
"""The least way from a blind guess to certainty that a label needs to be told."""
SEEN_TWICE: Final = 2
LETTERS: Final = 0.25
"""The share of the features that are runs of letters."""
CONTEXTS: Final = 4_000
ALIKE: Final = 12_000
DIMENSIONS: Final = 100
"""Of what is alike; and by so many features, the most frequent, of runs of letters and of pairs each."""
LANDMARKS: Final = 1_500
NARROW: Final = 3.0
"""How much less alike texts count by their distance."""
SMOOTH: Final = 0.05
GUESSED_WEIGHS: Final = 0.2
SHARPEN: Final = 20.0
LOSS_FEW: Final = 1.0
LOSS_MANY: Final = 3.0
"""What an error costs against large weights: less where most labels are guesses."""

Matrix = Any
"""scipy's csr_matrix of float32, one row a text."""
Ints = npt.NDArray[np.intp]


class Example(msgspec.Struct, frozen=True):
    """label: None for a text of which nothing is known.  language, theft: as the router found them; only the
    lists of words, which a new model is compared with, need them.
    """

    text: str
    label: str | None = None
    language: str | None = None
    theft: bool = False


class TooFew(ValueError):
    """missing: by label, how many examples it lacks; by "" of held-out ones or of labels."""

    def __init__(self, sentence: str, missing: dict[str, int]) -> None:
        super().__init__(sentence)
        self.missing = missing


class Figures(msgspec.Struct, frozen=True):
    """Shares of the held-out examples: told rightly and told wrongly; of the rest nothing was told."""

    right: float
    wrong: float

    @property
    def worth(self) -> float:
        """A wrong label costs what a right one saves."""
        return self.right - self.wrong


class Compared(msgspec.Struct, frozen=True):
    """held_out: how many.  old: None where there is no model yet.  better: whether the new one may take over."""

    held_out: int
    new: Figures
    old: Figures | None
    words: Figures
    better: bool


def main() -> None:
    old = Path(sys.argv[1]).read_bytes() if len(sys.argv) > 1 else None
    told = [msgspec.json.decode(line, type=Example) for line in sys.stdin.buffer if line.strip()]
    labelled = [one for one in told if one.label is not None]
    held = [one for one in labelled if is_held_out(one.text)]
    try:
        model = train(
            [one for one in labelled if not is_held_out(one.text)],
            [one.text for one in told if one.label is None],
        )
        compared = compare(old, model, held)
    except TooFew as error:
        _tell({"refused": str(error), "missing": error.missing})
        sys.exit(3)
    _tell(compared)
    if not compared.better:
        sys.exit(4)
    sys.stdout.buffer.write(model)


def _tell(figures: object) -> None:
    sys.stderr.buffer.write(msgspec.json.encode(figures) + b"\n")


def is_held_out(text: str) -> bool:
    """Whether a labelled text is kept for comparing; the same text always is."""
    return hash_of(text) % HELD_OUT_EVERY == 0


def compare(old: bytes | None, new: bytes, held_out: Sequence[Example]) -> Compared:
    """How an old model (None: there is none), a new one and the lists of words do on examples nobody learnt from.

    Raises TooFew for fewer than 50 labelled examples, ValueError for bytes that are no model.
    """
    labelled = [one for one in held_out if one.label is not None]
    if (missing := LEAST_HELD_OUT - len(labelled)) > 0:
        raise TooFew(f"{missing} more held-out examples are needed to compare models.", {"": missing})
    words = Classifier()
    by_new = _figures(labelled, _teller(new))
    by_old = _figures(labelled, _teller(old)) if old is not None else None
    by_words = _figures(labelled, lambda one: words.classify(one.text, one.language, theft=one.theft).category)
    bar = max(by_words.worth, by_old.worth if by_old else 0.0)
    return Compared(len(labelled), by_new, by_old, by_words, by_new.worth > bar)


def _teller(model: bytes) -> Callable[[Example], str | None]:
    learned = Learned(model)
    return lambda one: learned.score(one.text)[0].label


def _figures(held_out: Sequence[Example], tell: Callable[[Example], str | None]) -> Figures:
    told = [(tell(one), one.label) for one in held_out]
    right = sum(found == label for found, label in told)
    wrong = sum(found is not None and found != label for found, label in told)
    return Figures(right / len(told), wrong / len(told))


def train(examples: Iterable[Example], unlabelled: Iterable[str] = (), seed: int = 0) -> bytes:
    """A model for ``router.learned.Learned``; the same bytes for the same input on the same machine.

    unlabelled: earlier messages, the more the better where examples are few.
    Raises TooFew unless two labels have ten examples each.
    """
    labels, texts, meant = _sorted_out(list(examples), list(unlabelled))
    counted = _Counted([found_in(text) for text in texts], len(labels))
    known = len(meant)
    guess = (
        _Guesser(counted, [words_in(text) for text in texts], len(labels), seed) if known < len(texts) else None
    )
    held = _held_out_margins(counted, guess, meant, len(labels), seed)
    steepness = _steepness(held, meant)
    threshold = _threshold(margins_to_shares(held, steepness), meant)
    weights = _learnt(counted, guess, meant, len(labels), np.arange(known))
    head = Head(labels, len(counted.letters), len(counted.pairs), counted.rare, steepness, threshold)
    return pack(head, Parts(counted.letters, counted.pairs, counted.idf, weights.astype(np.float16)))


def _sorted_out(examples: list[Example], unlabelled: list[str]) -> tuple[list[str], list[str], Ints]:
    """The labels, all texts (labelled ones first), and which label each of the first ones has."""
    counts = Counter(one.label for one in examples if one.label)
    labels = sorted(label for label, count in counts.items() if count >= LEAST_EXAMPLES)
    if len(labels) < 2:
        missing = {str(label): LEAST_EXAMPLES - count for label, count in counts.items() if label not in labels}
        lacking = f"so many more are missing: {missing}" if missing else "too few labels are in use"
        raise TooFew(
            f"Two labels need {LEAST_EXAMPLES} examples each; {lacking}.", missing or {"": 2 - len(labels)}
        )
    if len(labels) > MAX_LABELS or max(map(len, labels)) > MAX_LABEL_CHARS:
        raise ValueError(f"There may be {MAX_LABELS} labels, of {MAX_LABEL_CHARS} letters each.")
    place = {label: at for at, label in enumerate(labels)}
    used = [one for one in examples if one.label in place][-MOST_TEXTS:]
    others = [one.text for one in examples if one.label not in place] + unlabelled
    room = MOST_TEXTS - len(used)
    texts = [one.text for one in used] + (others[-room:] if room else [])
    return labels, texts, np.array([place[str(one.label)] for one in used], np.intp)


class _Counted:
    """What stands in the texts.  rows: one a text, its length 1 at most; letters and pairs: the known hashes."""

    def __init__(self, found: list[tuple[Found, Found]], labels: int) -> None:
        most = min(MAX_FEATURES, MAX_WEIGHTS // labels)
        runs, pairs = [one for one, _ in found], [one for _, one in found]
        self.letters, first = _vocabulary(runs, int(most * LETTERS))
        self.pairs, second = _vocabulary(pairs, most - len(self.letters))
        self.rare = float(np.log((1 + len(found)) / 2) + 1)
        self.idf: Floats = (np.log((1 + len(found)) / (1 + np.concatenate((first, second)))) + 1).astype(
            np.float32
        )
        at = len(self.letters)
        self.by_letters = _rows(runs, self.letters, self.idf[:at], self.rare)
        self.by_pairs = _rows(pairs, self.pairs, self.idf[at:], self.rare)
        self.rows = _beside(self.by_letters, self.by_pairs)


def _vocabulary(found: list[Found], most: int) -> tuple[Hashes, npt.NDArray[np.intp]]:
    """The hashes that most texts have, rising, and how many have each."""
    hashes, texts = np.unique(np.concatenate([one.hashes for one in found]), return_counts=True)
    chosen = np.flatnonzero(texts >= SEEN_TWICE)
    chosen = np.sort(chosen[np.argsort(-texts[chosen], kind="stable")[:most]])
    return hashes[chosen], texts[chosen]


def _rows(found: list[Found], hashes: Hashes, idf: Floats, rare: float) -> Matrix:
    from scipy.sparse import csr_matrix

    told = [weighed(one, hashes, idf, rare) for one in found]
    ends = np.cumsum([0, *(len(at) for at, _ in told)])
    columns, values = (np.concatenate([one[part] for one in told]) for part in (0, 1))
    return csr_matrix((values, columns, ends), (len(found), len(hashes)), np.float32)


def _beside(one: Matrix, other: Matrix) -> Matrix:
    from scipy.sparse import hstack

    return hstack((one, other), "csr", np.float32)


class _Guesser:
    """Guesses labels by how alike texts are: by what their words stand beside in all texts.

    A kernel ridge regression over a few landmarks.
    """

    def __init__(self, counted: _Counted, words: list[list[str]], labels: int, seed: int) -> None:
        contexts = _contexts(words)
        dense = np.hstack([_alike(one, contexts, seed) for one in (counted.by_letters, counted.by_pairs)])
        self._near = _nearness(dense / np.float32(2**0.5), seed)
        self._labels = labels

    def guess(self, meant: Ints, known: Ints, rest: Ints) -> tuple[Ints, Floats]:
        """Of the rest its likeliest labels and how sure they are.  known: the rows of those labelled."""
        clear = np.eye(self._labels, dtype=np.float32)[meant]
        shares = self._shares(clear, np.ones(len(known), np.float32), known, rest)
        for _ in range(2):
            weigh = np.concatenate((np.ones(len(known), np.float32), GUESSED_WEIGHS * shares.max(1)))
            shares = self._shares(np.vstack((clear, shares)), weigh, np.concatenate((known, rest)), rest)
        return shares.argmax(1), shares.max(1)

    def _shares(self, wanted: Floats, weigh: Floats, rows: Ints, of: Ints) -> Floats:
        near = self._near[rows]
        mean = np.average(wanted, axis=0, weights=weigh)
        heavy = (near * weigh[:, None]).T
        inner = heavy @ near + np.float32(SMOOTH) * np.eye(near.shape[1], dtype=np.float32)
        margins = self._near[of] @ np.linalg.solve(inner, heavy @ (wanted - mean).astype(np.float32)) + mean
        return _balanced(margins_to_shares(margins.astype(np.float32), SHARPEN))


def _balanced(shares: Floats) -> Floats:
    """Halfway to every label being guessed as often as any other, or one would swallow the rest."""
    even = shares / np.sqrt(np.maximum(shares.mean(0), 1e-6))
    balanced: Floats = even / even.sum(1, keepdims=True)
    return balanced


def _contexts(words: list[list[str]]) -> Matrix:
    """Which of the most frequent words stand in each text."""
    from scipy.sparse import csr_matrix

    counts = Counter(word for text in words for word in set(text))
    chosen = sorted(counts, key=lambda word: (-counts[word], word))[:CONTEXTS]
    place = {word: at for at, word in enumerate(chosen)}
    columns = [sorted({place[word] for word in text if word in place}) for text in words]
    ends = np.cumsum([0, *map(len, columns)])
    flat = np.array([at for one in columns for at in one], np.intp)
    return csr_matrix((np.ones(len(flat), np.float32), flat, ends), (len(words), max(1, len(chosen))))


def _alike(rows: Matrix, contexts: Matrix, seed: int) -> Floats:
    """Dense rows of length 1: singular vectors of what features and words share (positive mutual information)."""
    from scipy.sparse import csr_matrix
    from sklearn.utils.extmath import randomized_svd

    rows = rows[:, np.sort(np.argsort(-rows.getnnz(axis=0), kind="stable")[:ALIKE])]
    there = rows.copy()
    there.data[:] = 1
    beside = (there.T @ contexts).tocoo()
    often, words_often = (np.asarray(one.sum(0)).ravel() for one in (there, contexts))
    told = np.log(beside.data * rows.shape[0] / (often[beside.row] * words_often[beside.col]))
    more = told > 0
    shared = csr_matrix((told[more], (beside.row[more], beside.col[more])), beside.shape)
    size = min(DIMENSIONS, *(side - 1 for side in shared.shape))
    left, strength, _ = randomized_svd(shared, max(1, size), n_iter=3, random_state=seed)
    return _of_length_one(rows @ _of_length_one(left * np.sqrt(strength)))


def _of_length_one(rows: Any) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    told: Floats = (rows / np.maximum(lengths, 1e-9)).astype(np.float32)
    return told


def _nearness(dense: Floats, seed: int) -> Floats:
    """Rows whose products tell how near two texts are (a Gaussian), by way of landmarks (Nyström)."""
    chosen = np.random.default_rng(seed).permutation(len(dense))[:LANDMARKS]

    def near(some: Floats) -> Floats:
        told: Floats = np.exp(np.float32(NARROW) * (some @ dense[chosen].T - 1))
        return told

    values, vectors = np.linalg.eigh(near(dense[chosen]).astype(np.float64))
    scaled = (vectors / np.sqrt(np.maximum(values, 1e-4))).astype(np.float32)
    told: Floats = near(dense) @ scaled
    return told


def _held_out_margins(counted: _Counted, guess: _Guesser | None, meant: Ints, labels: int, seed: int) -> Floats:
    """Of every labelled text, by weights learnt without it."""
    folds = 5 if guess else 3
    fold = _folds(meant, folds, seed)
    margins = np.zeros((len(meant), labels), np.float32)
    for one in range(folds):
        out = np.flatnonzero(fold == one)
        weights = _learnt(counted, guess, meant, labels, np.flatnonzero(fold != one), shut=out)
        margins[out] = counted.rows[out] @ weights - 1
    return margins


def _folds(meant: Ints, folds: int, seed: int) -> Ints:
    """Each label in each fold alike."""
    mixed = np.random.default_rng(seed).permutation(len(meant))
    ordered = mixed[np.argsort(meant[mixed], kind="stable")]
    fold = np.empty(len(meant), np.intp)
    fold[ordered] = np.arange(len(meant)) % folds
    return fold


def _learnt(
    counted: _Counted, guess: _Guesser | None, meant: Ints, labels: int, known: Ints, shut: Ints | None = None
) -> Floats:
    """Weights, one row a feature and one column a label.  known: rows of examples; shut: rows not to look at."""
    rows, wanted, sure = known, meant[known], np.ones(len(known), np.float32)
    if guess is not None:
        rest = np.arange(len(meant), counted.rows.shape[0])
        guessed, how_sure = guess.guess(wanted, known, rest)
        rows, wanted = np.concatenate((known, rest)), np.concatenate((wanted, guessed))
        sure = np.concatenate((sure, how_sure))
    loss, steps, within = (LOSS_FEW, 5, 10) if guess else (LOSS_MANY, 8, 15)
    return _machine(counted.rows[rows], wanted, loss * sure, labels, steps, within)


def _machine(rows: Matrix, wanted: Ints, costs: Floats, labels: int, steps: int, within: int) -> Floats:
    """Linear support vector machines, one a label, all found at once by Newton's steps (squared hinge loss).

    steps: Newton's; within: of conjugate gradients in each of them.  An
    empty text is at -1 for every label: nothing is known of it.
    """
    sign = np.full((len(wanted), labels), -1, np.float32)
    sign[np.arange(len(wanted)), wanted] = 1
    turned = rows.T.tocsr()
    weights = np.zeros((rows.shape[1], labels), np.float32)
    for _ in range(steps):
        margins = rows @ weights - 1
        counts = costs[:, None] * (sign * margins < 1)
        downhill = turned @ (counts * (sign - margins)) - weights
        weights += _step(rows, turned, counts, downhill, within)
    return weights


def _step(rows: Matrix, turned: Matrix, counts: Floats, downhill: Floats, within: int) -> Floats:
    """Newton's step by conjugate gradients."""
    step, left, ahead = np.zeros_like(downhill), downhill, downhill
    size = np.square(left).sum(0)
    for _ in range(within):
        curved = turned @ (counts * (rows @ ahead)) + ahead
        far = size / np.maximum((ahead * curved).sum(0), 1e-12)
        step, left = step + far * ahead, left - far * curved
        before, size = size, np.square(left).sum(0)
        ahead = left + size / np.maximum(before, 1e-12) * ahead
    return step


def _steepness(margins: Floats, meant: Ints) -> float:
    """At which the labels that are meant are likeliest; a few right examples make nothing certain (Platt)."""
    count, labels = margins.shape
    doubt = 1 / (count + 2)
    wanted = np.full((count, labels), doubt / (labels - 1))
    wanted[np.arange(count), meant] = 1 - doubt

    def unlikely(steep: float) -> float:
        shares = margins_to_shares(margins, steep)
        return float(-(wanted * np.log(np.maximum(shares, 1e-9))).sum())

    return float(min(np.geomspace(0.5, 30, 60), key=unlikely))


def _threshold(shares: Floats, meant: Ints) -> float:
    """The least probability from which on enough is right; 1 where there is none."""
    blind = 1 / int(shares.shape[1])
    least = blind + FROM_A_GUESS * (1 - blind)
    order = np.argsort(-shares.max(1), kind="stable")
    right = (shares.argmax(1) == meant)[order]
    enough = np.flatnonzero(np.cumsum(right) >= RIGHT * np.arange(1, len(right) + 1))
    if not len(enough):
        return 1.0
    last = int(enough[-1])
    if last == len(right) - 1:
        return least
    return max(float(shares.max(1)[order[last]]), least)


if __name__ == "__main__":
    main()
