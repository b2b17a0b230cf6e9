"""``python -m benchmarks.storm [tune|final] [SEED]``: how well one outage is found among everything else.

tune: with every second wording, which were looked at while the detector was made.  final: with the others.  Texts
get their language and entities as in the router; the time of that is not counted, as the router needs them anyway.
"""

import random
import resource
import string
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, cast

from rich.console import Console
from rich.table import Table

from benchmarks.storm_plan import KINDS, Half, Kind, Post, posts_of
from router.causes import signature_of
from router.entities import EntityFinder, EntityRules
from router.incidents import Finder, Incident, Report
from router.language import LanguageRecognizer, sample_of
from router.wordings import Wordings

RECENT = 100_000
SEARCHED = 2_000
SOON = timedelta(minutes=1)


class Prepared(NamedTuple):
    """reports: of the posts, in their order.  signing_us: CPU time of one signature, microseconds."""

    posts: list[Post]
    reports: list[Report]
    signing_us: float


class Outcome(NamedTuple):
    """What came of one storm.

    recall: share of the outage's messages that are in the incident that has most of them; soon: that were so
    within a minute of their arrival.  wrong: share of its members that are none of them.  seconds: from the fifth
    person to the incident; None when there was none.  others: incidents that have none of the outage.  parts:
    further ones that have some.  adding_us, slowest_ms: CPU time of the finder for one message.
    """

    messages: int
    recall: float
    soon: float
    wrong: float
    seconds: float | None
    others: int
    parts: int
    adding_us: float
    slowest_ms: float


def main() -> None:
    half = cast(Half, sys.argv[1] if len(sys.argv) > 1 else "tune")
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    console, reader = Console(), Reader()
    table = Table(
        "storm",
        "messages",
        "recall",
        "in 1 min",
        "wrong",
        "found after",
        "parts",
        "others",
        "sign",
        "add",
        "slowest",
    )
    for kind in KINDS:
        prepared = reader.prepare(posts_of(kind, half, seed=seed))
        table.add_row(kind, *_row(kind, measure(prepared)[0], prepared.signing_us))
    console.print(f"Wordings: {half}, seed {seed}.  Goals: recall 0.9, wrong 0.01, found after 60 s.")
    console.print(table)
    for kind, about in KINDS.items():
        console.print(f"{kind}: {about}.", highlight=False)
    console.print(_search(reader, half, seed))


def _row(kind: Kind, outcome: Outcome, signing_us: float) -> list[str]:
    found = "never" if outcome.seconds is None else f"{outcome.seconds:.1f} s"
    quality = [f"{outcome.recall:.4f}", f"{outcome.soon:.4f}", f"{outcome.wrong:.4f}", found, str(outcome.parts)]
    times = [f"{signing_us:.0f} us", f"{outcome.adding_us:.0f} us", f"{outcome.slowest_ms:.1f} ms"]
    return [str(outcome.messages), *(["-"] * 5 if kind == "calm" else quality), str(outcome.others), *times]


class Reader:
    """Makes reports of posts as the router does."""

    def __init__(self) -> None:
        self._languages = LanguageRecognizer()
        self._entities = EntityFinder(EntityRules())

    def prepare(self, posts: list[Post]) -> Prepared:
        signature_of("warm", (), "en")
        read = [
            (one, self._languages.recognize(sample_of(one.text)), self._entities.find(one.text)) for one in posts
        ]
        begin = time.process_time()
        signatures = [signature_of(post.text, entities, language) for post, language, entities in read]
        spent = time.process_time() - begin
        reports = [
            Report(post.message, post.person, post.at, language, post.channel, signature)
            for (post, language, _), signature in zip(read, signatures, strict=True)
        ]
        return Prepared(posts, reports, 1e6 * spent / len(posts))


def measure(prepared: Prepared) -> tuple[Outcome, Finder]:
    finder, spent, slowest = Finder(), 0.0, 0.0
    joined: dict[str, datetime] = {}
    for report in prepared.reports:
        begin = time.process_time()
        matches = finder.add(report)
        took = time.process_time() - begin
        spent, slowest = spent + took, max(slowest, took)
        for match in matches:
            joined.setdefault(match.message, report.at)
    adding_us = 1e6 * spent / len(prepared.posts)
    return _outcome(prepared.posts, finder.incidents(), joined, adding_us, 1e3 * slowest), finder


def _outcome(
    posts: list[Post],
    incidents: Sequence[Incident],
    joined: dict[str, datetime],
    adding_us: float,
    slowest_ms: float,
) -> Outcome:
    outage = {one.message: one for one in posts if one.outage}
    hits = {one.key: sum(message in outage for message in one.members) for one in incidents}
    parts = [one for one in incidents if hits[one.key]]
    best = max(parts, key=lambda one: hits[one.key], default=None)
    members = set(best.members) if best else set()
    right = members & outage.keys()
    soon = sum(joined[message] - outage[message].at <= SOON for message in right)
    fifth = _fifth(posts)
    return Outcome(
        len(posts),
        len(right) / max(1, len(outage)),
        soon / max(1, len(outage)),
        len(members - right) / max(1, len(members)),
        max(0.0, (best.raised_at - fifth).total_seconds()) if best and fifth else None,
        len(incidents) - len(parts),
        max(0, len(parts) - 1),
        adding_us,
        slowest_ms,
    )


def _fifth(posts: list[Post]) -> datetime | None:
    """When the fifth person told of the outage."""
    people: Counter[str] = Counter()
    for post in posts:
        if post.outage:
            people[post.person] += 1
            if len(people) == 5:
                return post.at
    return None


def _search(reader: Reader, half: Half, seed: int) -> str:
    """Each text is a wording with names of its own, so that hardly two are alike; some come again."""
    dice = random.Random(seed)
    posts = posts_of("storm", half, seed=seed)
    texts = [f"{dice.choice(posts).text} {_names(dice)}" for _ in range(RECENT)]
    signatures = [signature_of(text, (), None) for text in texts]
    wordings, before = Wordings(), _memory_mb()
    for one in signatures:
        wordings.learn(one)
    size = _memory_mb() - before
    again = [signature_of(f"Hi! {text[1:]}", (), None) for text in dice.sample(texts, SEARCHED)]
    begin = time.process_time()
    found = sum(wordings.find(one) is not None for one in again)
    spent = 1e3 * (time.process_time() - begin) / SEARCHED
    return (
        f"Near-duplicates: {spent:.3f} ms a search in {len(wordings):,} wordings of {RECENT:,} (goal 5 ms);"
        f" {found} of {SEARCHED} changed copies found; {size:.0f} MB."
    )


def _names(dice: random.Random) -> str:
    return " ".join("".join(dice.choices(string.ascii_lowercase, k=6)) for _ in range(16))


def _memory_mb() -> float:
    """The most that was used until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
