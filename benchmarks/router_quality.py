"""``python -m benchmarks.router_quality [FOLDER]``: how well messages are recognised.

FOLDER (or SWITCHBOARD_DATA): public sets, each in the folder that this module
names; a set that is missing is left out and said.  ``urgent/`` beside this is
a set of our own: 40 messages in each of 15 languages, written by somebody who
had not seen the words that are looked for.  Of it every second message of
each kind was looked at while the words were gathered; the other half is kept
for the figure called *unseen*.
"""

import csv
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from router.categories import Classifier
from router.language import LanguageRecognizer, sample_of
from router.learned import Learned
from router.training import Example, train
from router.urgency import alarms_in, is_meant
from tickets.segments import fold

LANGUAGE = "pemistahl+lingua-py"
BANKING = "PolyAI-LDN+task-specific-datasets/banking_data/train.csv"
URGENT = Path(__file__).parent / "urgent"
GATHERING = Path(__file__).parent / "gathering"
"""Further messages in 21 languages, by others, for whoever adds words."""
THEFT = frozenset((
    "lost_or_stolen_card", "compromised_card", "lost_or_stolen_phone", "card_payment_not_recognised",
    "cash_withdrawal_not_recognised", "direct_debit_payment_not_recognised",
))  # fmt: skip
"""Of banking77's classes, those that tell of theft, loss or somebody else's doing."""


LABELS = {
    "account_security": "account",
    "payments": "payments",
    "orders": "orders",
    "rules_fees": "rules",
    "technical": "technical",
    "feedback": "feedback",
    "praise": "praise",
    "spam": "spam",
}
"""As our own set names the categories."""


class Share(NamedTuple):
    """hits of all, with the goal."""

    what: str
    hits: int
    of: int
    goal: str = ""


class Written(NamedTuple):
    text: str
    urgent: bool
    category: str


def main() -> None:
    folder = Path(next((one for one in sys.argv[1:] if one[0] != "-"), os.environ.get("SWITCHBOARD_DATA", "-")))
    console, languages = Console(), LanguageRecognizer()
    table = Table("what", "hits", "of", "share", "goal")
    for share in (
        *_languages(folder, languages),
        *_banking(folder),
        *_own(languages),
        *_gathered(languages),
        *_categories(languages),
        *_learned(folder, console),
    ):
        table.add_row(share.what, str(share.hits), str(share.of), f"{share.hits / share.of:.3f}", share.goal)
    console.print(table)
    for name in (LANGUAGE, BANKING):
        if not (folder / name).exists():
            console.print(f"Left out, as it is not in the folder named: {name}")


def _learned(folder: Path, console: Console) -> Iterator[Share]:
    """banking77's 77 classes, each fifth told by a model that learnt from the other four.

    With ten labels a class the other texts of the four fifths are unlabelled
    ones; the fifth that is told is never looked at before.
    """
    if not (folder / BANKING).exists():
        return
    if find_spec("sklearn") is None:
        console.print("Left out, as scikit-learn is missing (the extra `learn`): what is learnt of banking77.")
        return
    with (folder / BANKING).open(encoding="utf-8") as file:
        folds = _folds([Example(row["text"], row["category"]) for row in csv.DictReader(file)])
    for what, labelled, goal in (("10 labels a class", 10, "0.78"), ("all labels", None, "0.92")):
        began = time.monotonic()
        with console.status(f"learning banking77, {what}: five models, some minutes"):
            told = [_right(folds, out, labelled) for out in range(len(folds))]
        minutes = (time.monotonic() - began) / 60
        first, sure, right = (sum(part) for part in zip(*told, strict=True))
        count = sum(map(len, folds))
        yield Share(f"learnt, {what}: right ({minutes:.1f} minutes)", first, count, goal)
        yield Share(f"learnt, {what}: sure", sure, count)
        yield Share(f"learnt, {what}: right where sure", right, sure)


def _folds(examples: list[Example]) -> list[list[Example]]:
    """Five, each label in each alike."""
    random.Random(0).shuffle(examples)
    ordered = sorted(examples, key=lambda one: one.label or "")
    return [ordered[out::5] for out in range(5)]


def _right(folds: list[list[Example]], out: int, labelled: int | None) -> tuple[int, int, int]:
    """How often the likeliest label is right; how often one is told; how often one that is told is right."""
    by_label: defaultdict[str | None, list[Example]] = defaultdict(list)
    for one in (one for at, others in enumerate(folds) if at != out for one in others):
        by_label[one.label].append(one)
    for of_label in by_label.values():
        random.Random(out).shuffle(of_label)
    shown = [one for of_label in by_label.values() for one in of_label[:labelled]]
    rest = [one.text for of_label in by_label.values() for one in of_label[len(of_label[:labelled]) :]]
    model = Learned(train(shown, rest))
    scored = [(model.score(one.text), one.label) for one in folds[out]]
    first = sum(next(one.label for one in found if one.label) == label for found, label in scored)
    sure = sum(found[0].label is not None for found, _ in scored)
    return first, sure, sum(found[0].label == label for found, label in scored)


def is_urgent(text: str, language: str | None) -> bool:
    """As the router takes it."""
    alarms = alarms_in(text, fold(text))
    return is_meant((*alarms.theft, *alarms.life), language)


def _languages(folder: Path, languages: LanguageRecognizer) -> Iterator[Share]:
    for kind, goal in (("sentences", "0.998"), ("word-pairs", "0.96"), ("single-words", "")):
        files = sorted((folder / LANGUAGE / kind).glob("*.txt"))
        lines = [
            (file.stem, line) for file in files for line in file.read_text("utf-8").splitlines() if line.strip()
        ]
        if lines:
            right = sum(languages.recognize(sample_of(line)) == code for code, line in lines)
            yield Share(f"language of {kind.replace('-', ' ')}", right, len(lines), goal)


def _banking(folder: Path) -> Iterator[Share]:
    if not (folder / BANKING).exists():
        return
    with (folder / BANKING).open(encoding="utf-8") as file:
        rows = [(row["category"] in THEFT, is_urgent(row["text"], "en")) for row in csv.DictReader(file)]
    caught = sum(meant and told for meant, told in rows)
    yield Share("theft and loss in banking77: recall", caught, sum(meant for meant, _told in rows), "0.92")
    yield Share("theft and loss in banking77: precision", caught, sum(told for _meant, told in rows), "0.3")


def _own(languages: LanguageRecognizer) -> Iterator[Share]:
    for half in ("seen", "unseen"):
        sums = [0, 0, 0]
        for file in sorted(URGENT.glob("*.jsonl")):
            told = [
                (one.urgent, is_urgent(one.text, languages.recognize(sample_of(one.text))))
                for one in _half(file, half)
            ]
            caught = sum(meant and found for meant, found in told)
            meant, found = sum(one for one, _ in told), sum(one for _, one in told)
            sums = [a + b for a, b in zip(sums, (caught, meant, found), strict=True)]
            if half == "unseen":
                yield Share(f"urgent, {file.stem}, unseen: recall", caught, meant, "0.9")
        yield Share(f"urgent, all, {half}: recall", sums[0], sums[1], "0.9")
        yield Share(f"urgent, all, {half}: precision", sums[0], sums[2])


def _gathered(languages: LanguageRecognizer) -> Iterator[Share]:
    """Of messages that are there to gather words from; written to be hard."""
    caught = meant = found = 0
    for file in sorted(GATHERING.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            one = json.loads(line)
            alarm = is_urgent(one["text"], languages.recognize(sample_of(one["text"])))
            caught, meant, found = caught + (alarm and one["urgent"]), meant + one["urgent"], found + alarm
    yield Share("urgent, to gather from: recall", caught, meant)
    yield Share("urgent, to gather from: precision", caught, found)


def _categories(languages: LanguageRecognizer) -> Iterator[Share]:
    """Of what is not urgent: what is, is with security whatever it is about."""
    for half in ("seen", "unseen"):
        told = [one for file in sorted(URGENT.glob("*.jsonl")) for one in _half(file, half) if not one.urgent]
        found = [
            Classifier().classify(one.text, languages.recognize(sample_of(one.text)), theft=False).category
            for one in told
        ]
        right = sum(category == one.category for category, one in zip(found, told, strict=True))
        yield Share(f"category, {half}: right", right, len(told))
        yield Share(f"category, {half}: unsure", found.count(None), len(told))


def _half(file: Path, half: str) -> list[Written]:
    """Every second urgent message and every second other one."""
    told = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    kinds = [[one for one in told if one["urgent"] == urgent] for urgent in (True, False)]
    first = 0 if half == "seen" else 1
    return [
        Written(one["text"], one["urgent"], LABELS[one["category"]]) for kind in kinds for one in kind[first::2]
    ]


if __name__ == "__main__":
    main()
