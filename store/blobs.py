"""Files and raw mail: one chunked table keyed by SHA-256, the same on both engines."""

import hashlib

from store.engine import Tx, one
from tickets.ids import BlobId

CHUNK_BYTES = 256 * 1024


def blob_id(content: bytes) -> BlobId:
    return BlobId(hashlib.sha256(content).hexdigest())


def put(tx: Tx, content: bytes, now: int) -> BlobId:
    """Keep the content once, however often it comes."""
    name = blob_id(content)
    fresh = tx.run(
        "INSERT INTO blob (sha256, size_bytes, created_at) VALUES (:sha256, :size, :now) ON CONFLICT DO NOTHING",
        {"sha256": name, "size": len(content), "now": now},
    )
    if fresh:
        tx.many(
            "INSERT INTO blob_chunk (sha256, n, content) VALUES (:sha256, :n, :content)",
            [
                {"sha256": name, "n": n, "content": content[at : at + CHUNK_BYTES]}
                for n, at in enumerate(range(0, len(content), CHUNK_BYTES))
            ],
        )
    return name


def chunk(tx: Tx, name: BlobId, n: int) -> bytes | None:
    """The n-th chunk from 0; None after the last."""
    row = one(tx.all("SELECT content FROM blob_chunk WHERE sha256 = :sha256 AND n = :n", {"sha256": name, "n": n}))
    return None if row is None else bytes(row[0])


def whole(tx: Tx, name: str) -> bytes:
    rows = tx.all("SELECT content FROM blob_chunk WHERE sha256 = :sha256 ORDER BY n", {"sha256": name})
    return b"".join(bytes(row[0]) for row in rows)
