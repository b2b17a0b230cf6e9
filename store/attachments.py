"""Files of messages, incoming and outgoing: what is known of them here, their bytes as blobs."""

from collections.abc import Sequence
from datetime import datetime

from store import blobs
from store.engine import Params, Tx, one
from store.history import keep_order
from store.rows import ATTACHMENT_COLUMNS, attachment_of, micros, printable
from tickets.ids import AttachmentId
from tickets.model import Attachment, ReplyFile
from tickets.records import NewAttachment

INSERT = """
INSERT INTO attachment (id, message_id, position, name, media_type, state, size_bytes, sha256, remote_id,
    content_id, note)
VALUES (:id, :message_id, :position, :name, :media_type, :state, :size_bytes, :sha256, :remote_id,
    :content_id, :note)
"""


def insert_attachments(tx: Tx, attachments: Sequence[NewAttachment], now: datetime) -> None:
    """One message's, in order."""
    if attachments:
        tx.many(INSERT, [_params(tx, file, place, now) for place, file in enumerate(attachments)])


def _params(tx: Tx, attachment: NewAttachment, position: int, now: datetime) -> Params:
    draft = attachment.draft
    sha256 = None if draft.content is None else blobs.put(tx, draft.content, micros(now))
    return {
        "id": attachment.id,
        "message_id": attachment.message_id,
        "position": position,
        "name": printable(draft.name),
        "media_type": printable(draft.media_type),
        "state": _state(attachment, there=sha256 is not None),
        "size_bytes": draft.size_bytes if draft.content is None else len(draft.content),
        "sha256": sha256,
        "remote_id": draft.remote_id and printable(draft.remote_id),
        "content_id": draft.content_id and printable(draft.content_id),
        "note": printable(draft.note),
    }


def _state(attachment: NewAttachment, *, there: bool) -> str:
    if there:
        return "pending" if attachment.held else "stored"
    return "pending" if attachment.draft.remote_id else "missing"


def read_files(tx: Tx, ids: Sequence[AttachmentId]) -> tuple[ReplyFile, ...]:
    """Those that are stored, in the order asked for."""
    rows = tx.all(f"SELECT {ATTACHMENT_COLUMNS} FROM attachment a WHERE a.id IN EACH(:ids)", {"ids": list(ids)})
    found = {file.id: file for file in map(attachment_of, rows)}
    wanted = (found[file_id] for file_id in ids if file_id in found)
    return tuple(
        ReplyFile(file.name, file.media_type, blobs.whole(tx, file.sha256)) for file in wanted if file.sha256
    )


def find_attachment(tx: Tx, attachment_id: AttachmentId) -> Attachment | None:
    row = one(tx.all(f"SELECT {ATTACHMENT_COLUMNS} FROM attachment a WHERE a.id = :id", {"id": attachment_id}))
    return None if row is None else attachment_of(row)


def settle_attachment(tx: Tx, attachment_id: AttachmentId, settled: Params, now: datetime) -> None:
    """Set state, sha256, size_bytes (None: as it was) and note of a fetched or failed attachment."""
    tx.run(
        "UPDATE attachment SET state = :state, sha256 = :sha256, note = :note, "
        "size_bytes = COALESCE(:size_bytes, size_bytes) WHERE id = :id "
        "AND (state <> 'stored' OR :state = 'stored')",  # who comes late takes nothing away
        {"id": attachment_id, **settled},
    )
    keep_order(tx)
    tx.run(
        "INSERT INTO ticket_event (kind, actor, at, ticket_id, message_id, data) "
        "SELECT 'attachment', 'intake', :now, m.ticket_id, m.id, '{}' "
        "FROM attachment a JOIN message m ON m.id = a.message_id WHERE a.id = :id",
        {"id": attachment_id, "now": micros(now)},
    )
