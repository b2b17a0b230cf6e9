"""The search index: which tickets hold which segment of text."""

import hashlib
from collections.abc import Iterable

from store.engine import Tx
from tickets.ids import TicketNumber
from tickets.segments import segments


def write_search(tx: Tx, texts: Iterable[tuple[TicketNumber, str]]) -> None:
    """Let the tickets be found by every word of these texts."""
    rows = {(hashed(segment), number) for number, text in texts for segment in segments(text)}
    tx.many(
        "INSERT INTO posting (segment, number) VALUES (:segment, :number) ON CONFLICT DO NOTHING",
        [{"segment": segment, "number": number} for segment, number in sorted(rows)],
    )


def hashed(segment: str) -> int:
    """A segment as a signed 64-bit number: small index rows, and no collision anybody will meet."""
    return int.from_bytes(hashlib.blake2b(segment.encode(), digest_size=8).digest(), "big", signed=True)


def add_to_search(tx: Tx, number: TicketNumber, text: str) -> None:
    write_search(tx, [(number, text)] if text else [])
