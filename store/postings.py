"""The search index: which tickets hold which segment of text."""

import hashlib
from collections.abc import Iterable

from store.engine import Tx
from tickets.ids import TicketNumber


def write_search(tx: Tx, found_by: Iterable[tuple[TicketNumber, frozenset[str]]]) -> None:
    """Let the tickets be found by every one of these segments."""
    rows = {(hashed(segment), number) for number, segments in found_by for segment in segments}
    tx.many(
        "INSERT INTO posting (segment, number) VALUES (:segment, :number) ON CONFLICT DO NOTHING",
        [{"segment": segment, "number": number} for segment, number in sorted(rows)],
    )


def forget(tx: Tx, number: TicketNumber, segments: frozenset[str]) -> None:
    """Let the ticket be found by none of these segments any more."""
    tx.many(
        "DELETE FROM posting WHERE segment = :segment AND number = :number",
        [{"segment": hashed(segment), "number": number} for segment in sorted(segments)],
    )


def hashed(segment: str) -> int:
    """A segment as a signed 64-bit number: small index rows, and no collision anybody will meet."""
    return int.from_bytes(hashlib.blake2b(segment.encode(), digest_size=8).digest(), "big", signed=True)
