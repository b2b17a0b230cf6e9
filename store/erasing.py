"""What somebody removed on the platform: words, files and originals go, that there was something stays."""

from collections.abc import Sequence
from datetime import datetime

from store.engine import Params, Tx
from store.postings import forget
from store.rows import micros
from store.snippets import show_last_words
from tickets.ids import AccountId, EventId, ExternalMessageId
from tickets.model import ERASED, Ticket
from tickets.records import Admission, Erasing

ERASED_ONES = "SELECT id FROM message WHERE id IN EACH(:ids) AND erased = 1"
_FILES = "SELECT sha256 FROM attachment WHERE message_id IN EACH(:messages) AND sha256 IS NOT NULL"
_ORIGINALS = "account = :account AND external_id >= :first AND external_id < :behind AND state <> 'waiting'"


def erase(tx: Tx, ticket: Ticket, erasing: Erasing, now: datetime) -> None:
    params: Params = {"messages": sorted(erasing.messages), "now": micros(now), "note": ERASED}
    blobs = [row[0] for row in tx.all(_FILES, params)]
    for name in erasing.originals:
        blobs += _empty_originals(tx, erasing.account, name)
    tx.run(
        "UPDATE message SET erased = 1, text = '', html = NULL, subject = NULL, typed = NULL, warnings = '[]', "
        "secrets = '[]', entities = '[]', deleted_at = COALESCE(deleted_at, :now) WHERE id IN EACH(:messages)",
        params,
    )
    tx.run("DELETE FROM message_version WHERE message_id IN EACH(:messages)", params)
    tx.run("DELETE FROM fingerprint WHERE message_id IN EACH(:messages)", params)
    tx.run("DELETE FROM report WHERE message_id IN EACH(:messages)", params)
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
    behind = f"{name[:-1]}{chr(ord(name[-1]) + 1)}"
    return _empty(tx, _ORIGINALS, {"account": account, "first": name, "behind": behind})


def _empty(tx: Tx, where: str, params: Params) -> list[str]:
    rows = tx.all(f"SELECT sha256 FROM raw_event WHERE {where} AND payload IS NULL", params)
    tx.run(
        f"UPDATE raw_event SET payload = :nothing, sha256 = '', size_bytes = 0 WHERE {where}",
        {**params, "nothing": b""},
    )
    return [row[0] for row in rows]


def empty_events(tx: Tx, ids: Sequence[EventId]) -> list[str]:
    """Forget what raw events hold; the blobs that it was."""
    return _empty(tx, "id IN EACH(:ids)", {"ids": sorted(ids)}) if ids else []


def heed_erased(tx: Tx, admissions: Sequence[Admission]) -> list[Admission]:
    """What still comes in about an erased message brings nothing of it back."""
    ids = sorted({admission.change.message_id for admission in admissions if admission.change})
    gone = {row[0] for row in tx.all(ERASED_ONES, {"ids": ids})} if ids else set()
    return [
        one.without_words() if one.change is not None and one.change.message_id in gone else one
        for one in admissions
    ]


def drop_unused(tx: Tx, blobs: Sequence[str]) -> None:
    """Forget contents that nothing is any more."""
    tx.run(
        "DELETE FROM blob WHERE sha256 IN EACH(:blobs) "
        "AND NOT EXISTS (SELECT 1 FROM attachment a WHERE a.sha256 = blob.sha256) "
        "AND NOT EXISTS (SELECT 1 FROM raw_event r WHERE r.sha256 = blob.sha256 AND r.payload IS NULL)",
        {"blobs": sorted(set(blobs))},
    )


HELD = """
SELECT ref FROM (
    SELECT ref FROM (
        SELECT r.ref AS ref FROM message_ref r JOIN message m ON m.id = r.message_id
        JOIN thread h ON h.id = r.thread_id
        WHERE r.ref > :after AND h.account = :account AND r.ours = 0 AND m.direction = 'in'
            AND m.deleted_at IS NULL ORDER BY r.ref LIMIT :limit
    ) AS said
    UNION SELECT ref FROM (
        SELECT external_id AS ref FROM feed_item WHERE account = :account AND external_id > :after
        ORDER BY external_id LIMIT :limit
    ) AS found
) AS held ORDER BY ref LIMIT :limit
"""


def list_held(
    tx: Tx, account: AccountId, after: ExternalMessageId | None, limit: int
) -> tuple[ExternalMessageId, ...]:
    rows = tx.all(HELD, {"account": account, "after": after or "", "limit": limit})
    return tuple(ExternalMessageId(row[0]) for row in rows)
