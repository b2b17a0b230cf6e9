"""What somebody removed on the platform: words, files and originals go, that there was something stays."""

from collections.abc import Sequence
from datetime import datetime

from store.admission import show_last_words
from store.engine import Params, Tx
from store.postings import forget
from store.rows import micros
from tickets.ids import AccountId, ExternalMessageId
from tickets.model import ERASED, Ticket
from tickets.records import Erasing

_FILES = "SELECT sha256 FROM attachment WHERE message_id IN EACH(:messages) AND sha256 IS NOT NULL"
_ORIGINALS = "account = :account AND external_id >= :first AND external_id < :behind AND state <> 'waiting'"


def erase(tx: Tx, ticket: Ticket, erasing: Erasing, now: datetime) -> None:
    params: Params = {"messages": sorted(erasing.messages), "now": micros(now), "note": ERASED}
    blobs = [row[0] for row in tx.all(_FILES, params)]
    for name in erasing.originals:
        blobs += _empty_originals(tx, erasing.account, name)
    tx.run(
        "UPDATE message SET text = '', html = NULL, subject = NULL, typed = NULL, warnings = '[]', "
        "deleted_at = COALESCE(deleted_at, :now) WHERE id IN EACH(:messages)",
        params,
    )
    tx.run("DELETE FROM message_version WHERE message_id IN EACH(:messages)", params)
    tx.run("DELETE FROM fingerprint WHERE message_id IN EACH(:messages)", params)
    tx.run(
        "UPDATE attachment SET name = 'file', state = 'missing', size_bytes = NULL, sha256 = NULL, "
        "remote_id = NULL, note = :note WHERE message_id IN EACH(:messages)",
        params,
    )
    drop_unused(tx, blobs)
    forget(tx, ticket.number, erasing.forgotten)
    show_last_words(tx, ticket.id)


def _empty_originals(tx: Tx, account: AccountId, name: str) -> list[str]:
    """The blobs that they were."""
    params: Params = {"account": account, "first": name, "behind": f"{name[:-1]}{chr(ord(name[-1]) + 1)}"}
    rows = tx.all(f"SELECT sha256 FROM raw_event WHERE {_ORIGINALS} AND payload IS NULL", params)
    tx.run(
        f"UPDATE raw_event SET payload = :nothing, sha256 = '', size_bytes = 0 WHERE {_ORIGINALS}",
        {**params, "nothing": b""},
    )
    return [row[0] for row in rows]


def drop_unused(tx: Tx, blobs: Sequence[str]) -> None:
    """Forget contents that nothing is any more."""
    tx.run(
        "DELETE FROM blob WHERE sha256 IN EACH(:blobs) "
        "AND NOT EXISTS (SELECT 1 FROM attachment a WHERE a.sha256 = blob.sha256) "
        "AND NOT EXISTS (SELECT 1 FROM raw_event r WHERE r.sha256 = blob.sha256 AND r.payload IS NULL)",
        {"blobs": sorted(set(blobs))},
    )


HELD = """
SELECT r.ref FROM message_ref r JOIN message m ON m.id = r.message_id JOIN thread h ON h.id = r.thread_id
WHERE r.ref > :after AND h.account = :account AND r.ours = 0 AND m.direction = 'in' AND m.deleted_at IS NULL
ORDER BY r.ref LIMIT :limit
"""


def list_held(
    tx: Tx, account: AccountId, after: ExternalMessageId | None, limit: int
) -> tuple[ExternalMessageId, ...]:
    rows = tx.all(HELD, {"account": account, "after": after or "", "limit": limit})
    return tuple(ExternalMessageId(row[0]) for row in rows)
