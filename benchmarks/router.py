"""``python -m benchmarks.router``: what a decision costs, with everything on, in CPU of one process.

Messages are those of our own set (``urgent/``), in 15 languages, of people nobody knows, and texts of 2,000
characters made of them.  What a report costs among many: ``python -m benchmarks.storm``.
"""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from router.albums import Gathered
from router.decision import Decider
from router.gist import read
from router.language import LanguageRecognizer
from service.config import load
from service.wiring import make_decider
from tickets.ids import AccountId, EventId, ExternalMessageId, ThreadKey
from tickets.model import Authenticity, Author, InboundMessage, ThreadRef
from tickets.records import Context

URGENT = Path(__file__).parent / "urgent"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LIMIT_MS = 2.0


class Cost(NamedTuple):
    """Milliseconds of CPU a message: the median, and what one in a hundred exceeds."""

    what: str
    median_ms: float
    worst_ms: float
    goal: str = ""


def main() -> None:
    languages = LanguageRecognizer()
    languages.warm()
    decider = make_decider(load(None, {}), languages)
    texts = [
        json.loads(line)["text"] for file in sorted(URGENT.glob("*.jsonl")) for line in file.open(encoding="utf-8")
    ]
    long = [" ".join(texts[at : at + 30])[:2_000] for at in range(0, len(texts), 10)]
    table = Table("what", "median ms", "99 % below ms", "goal")
    for cost in (
        _deciding("a decision, messages of people", decider, texts),
        _deciding("a decision, texts of 2,000 characters", decider, long),
    ):
        table.add_row(cost.what, f"{cost.median_ms:.3f}", f"{cost.worst_ms:.3f}", cost.goal)
    Console().print(table)


def _deciding(what: str, decider: Decider, texts: Sequence[str]) -> Cost:
    """From a read message to what is committed; the first ones, which read the words, are not counted."""

    def decide(number: int, text: str) -> None:
        message = read(_message(number, text))
        decider.decide(Gathered(message, (EventId(number),)), Context({}, {}, {}, {}, {}, {}, {}, {}), NOW)

    for number, text in enumerate(texts[:50]):
        decide(number, text)
    return _measured(what, [lambda n=n, t=t: decide(n, t) for n, t in enumerate(texts)], f"< {LIMIT_MS} ms")


def _measured(what: str, calls: Sequence[Callable[[], object]], goal: str) -> Cost:
    spent = []
    for call in calls:
        begun = time.process_time_ns()
        call()
        spent.append((time.process_time_ns() - begun) / 1e6)
    spent.sort()
    return Cost(what, statistics.median(spent), spent[int(len(spent) * 0.99)], goal)


def _message(number: int, text: str) -> InboundMessage:
    return InboundMessage(
        channel="telegram",
        account=AccountId("telegram:main"),
        external_id=ExternalMessageId(str(number)),
        thread=ThreadRef(ThreadKey(f"chat-{number}"), "private"),
        author=Author(str(number), "Somebody"),
        text=text,
        sent_at=NOW,
        authenticity=Authenticity("verified", "telegram"),
    )


if __name__ == "__main__":
    main()
