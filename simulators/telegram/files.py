"""Files on the platform: kept per bot, named by a file_id only that bot can use."""

import base64
import hashlib
from dataclasses import dataclass

from simulators.telegram.records import Json

DOWNLOAD_MAX_BYTES = 20 * 1024 * 1024
"""Larger files cannot be fetched by bots (https://core.telegram.org/bots/api#getfile)."""

UPLOAD_MAX_BYTES = 50 * 1024 * 1024
"""Larger files cannot be sent by bots (https://core.telegram.org/bots/api#sending-files)."""

PHOTO_MAX_BYTES = 10 * 1024 * 1024
"""Larger photos cannot be sent by bots."""


@dataclass(frozen=True)
class StoredFile:
    """One file.  name: what the sender called it; None for photos and voices."""

    id: str
    unique_id: str
    path: str
    data: bytes
    name: str | None
    mime_type: str

    def reference(self) -> Json:
        """The fields every file object of the API has."""
        return {
            "file_id": self.id,
            "file_unique_id": self.unique_id,
            "file_size": len(self.data),
        }

    def photo_sizes(self) -> list[Json]:
        """The ``photo`` field: one size, as small pictures have."""
        return [{**self.reference(), "width": 90, "height": 90}]

    def as_document(self) -> Json:
        """The ``document`` field; also fits video and audio up to their own fields."""
        name = {} if self.name is None else {"file_name": self.name}
        return {**self.reference(), **name, "mime_type": self.mime_type}


class FileStore:
    """The files one bot may use."""

    def __init__(self, bot_id: int) -> None:
        self._bot_id = bot_id
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}

    def put(self, data: bytes, folder: str, suffix: str, *, name: str | None, mime_type: str) -> StoredFile:
        """Keep a file under ``folder/file_N.suffix``."""
        number = len(self._by_id)
        stored = StoredFile(
            id=base64.urlsafe_b64encode(f"{self._bot_id}/{folder}/{number}".encode()).decode().rstrip("="),
            unique_id=hashlib.sha256(data).hexdigest()[:16],
            path=f"{folder}/file_{number}.{suffix}",
            data=data,
            name=name,
            mime_type=mime_type,
        )
        self._by_id[stored.id] = stored
        self._by_path[stored.path] = stored
        return stored

    def find(self, file_id: str) -> StoredFile | None:
        """By file_id; None: unknown, or another bot's."""
        return self._by_id.get(file_id)

    def find_path(self, path: str) -> StoredFile | None:
        """By the file_path getFile answered; None: unknown or too big to fetch."""
        stored = self._by_path.get(path)
        return stored if stored is not None and len(stored.data) <= DOWNLOAD_MAX_BYTES else None
