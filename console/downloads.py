"""Files as downloads: a person's file is never a document of ours."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from console.names import id_in
from console.pictures import is_bearable
from console.sessions import Visit
from console.site import site_of
from tickets.ids import AttachmentId, BlobId
from tickets.model import Attachment

INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Shown by browsers without ever running anything."""
BYTES = "application/octet-stream"
SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"
LONGEST_NAME = 150


async def show_attachment(request: Request, _visit: Visit) -> Response:
    """A stored file, for visitors who may read."""
    return await attachment_response(request)


async def attachment_response(request: Request) -> Response:
    """A stored file.  Raises HTTPException 404 with the reason for one that is not there (yet)."""
    store = site_of(request).console.store
    found = await store.find_attachment(AttachmentId(id_in(request)))
    if found is None:
        raise HTTPException(404, "There is no such file.")
    if found.state != "stored" or found.sha256 is None:
        raise HTTPException(404, _absent(found))
    headers = _headers(found.sha256)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    chunks = store.read_blob(found.sha256)
    head = await anext(chunks, b"")
    shown = is_shown(found) and is_bearable(head)
    headers["Content-Disposition"] = disposition("inline" if shown else "attachment", found.name)
    media_type = found.media_type.lower() if shown else BYTES
    return StreamingResponse(_content(head, chunks), media_type=media_type, headers=headers)


def as_download(content: bytes, name: str) -> Response:
    """Bytes to be kept as a file."""
    headers = {"Content-Disposition": disposition("attachment", name), "Content-Security-Policy": SANDBOX}
    return Response(content, media_type=BYTES, headers=headers)


def is_shown(attachment: Attachment) -> bool:
    """Whether it is a picture that may be shown, if it is not enormous."""
    return attachment.state == "stored" and attachment.media_type.lower() in INLINE


def disposition(kind: str, name: str) -> str:
    """A Content-Disposition that no name can break (RFC 6266): ASCII for old readers, UTF-8 for the rest."""
    clean = "".join(char if char.isprintable() and char not in '/\\"' else "_" for char in name)
    clean = clean.strip(" .")[:LONGEST_NAME] or "file"
    plain = clean.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(clean.encode('utf-8', 'replace'), safe='')}"


def _headers(digest: BlobId) -> dict[str, str]:
    return {
        "Content-Security-Policy": SANDBOX,
        "Cache-Control": "private, no-cache",
        "ETag": f'"{digest}"',
    }


def _absent(found: Attachment) -> str:
    if found.state == "pending":
        return "This file is still being fetched. Look again in a moment."
    return f"This file could not be had. {found.note}".strip()


async def _content(head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in chunks:
        yield chunk
