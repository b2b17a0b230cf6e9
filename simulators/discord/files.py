"""Attachments and the signed addresses they are downloaded from.

Source: https://discord.com/developers/docs/reference#signed-attachment-cdn-urls
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from simulators.discord.records import Json

VALID_FOR = timedelta(hours=24)
"""How long the address of an attachment works once it was handed out."""

_KEY = b"the CDN's own key"


@dataclass(frozen=True)
class StoredFile:
    """One attachment."""

    id: int
    channel_id: int
    name: str
    media_type: str
    data: bytes


class FileStore:
    """Every attachment.  base: the address files lie below, known once the server runs."""

    def __init__(self, now: Callable[[], datetime], base: Callable[[], str]) -> None:
        self._now = now
        self._base = base
        self._files: dict[int, StoredFile] = {}

    def put(self, stored: StoredFile) -> None:
        """Keep a file."""
        self._files[stored.id] = stored

    def attachment(self, file_id: int) -> Json | None:
        """The attachment object, its addresses signed afresh; None when there is no such file."""
        stored = self._files.get(file_id)
        if stored is None:
            return None
        name = quote(stored.name, safe="", errors="replace")
        path = f"attachments/{stored.channel_id}/{stored.id}/{name}?{self._signature(file_id)}"
        shape: Json = {
            "id": str(stored.id),
            "filename": stored.name,
            "size": len(stored.data),
            "url": f"{self._base()}/{path}",
            "proxy_url": f"{self._base()}/proxy/{path}",
            "content_type": stored.media_type,
            "content_scan_version": 0,
        }
        picture = {"width": 64, "height": 64, "placeholder": "", "placeholder_version": 1}
        return {**shape, **picture} if stored.media_type.startswith("image/") else shape

    def open(self, file_id: int, channel_id: int, query: Mapping[str, str]) -> StoredFile | None:
        """The file behind an address; None for a wrong, forged or expired one."""
        stored = self._files.get(file_id)
        if stored is None or stored.channel_id != channel_id:
            return None
        expires, issued, mark = (query.get(name, "") for name in ("ex", "is", "hm"))
        if not hmac.compare_digest(mark.encode(errors="replace"), _sign(file_id, expires, issued).encode()):
            return None
        return stored if self._now().timestamp() < int(expires, 16) else None

    def _signature(self, file_id: int) -> str:
        issued = int(self._now().timestamp())
        expires = issued + int(VALID_FOR.total_seconds())
        return f"ex={expires:x}&is={issued:x}&hm={_sign(file_id, f'{expires:x}', f'{issued:x}')}&"


def _sign(file_id: int, expires: str, issued: str) -> str:
    return hmac.new(_KEY, f"{file_id}/{expires}/{issued}".encode(errors="replace"), hashlib.sha256).hexdigest()
