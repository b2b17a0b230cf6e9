"""Pictures: kept by a key, shown by an address."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from simulators.x.records import Json

PICTURE_MAX_BYTES = 5 * 1024 * 1024
"""A larger picture cannot be uploaded (https://docs.x.com/x-api/media/quickstart/best-practices)."""

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "png", "image/png"),
    (b"\xff\xd8\xff", "jpg", "image/jpeg"),
    (b"GIF8", "gif", "image/gif"),
)


@dataclass(frozen=True)
class Picture:
    """One picture.  name: the last part of its address.  owner: id of who uploaded it."""

    id: str
    owner: str
    name: str
    mime_type: str
    data: bytes

    @property
    def key(self) -> str:
        """What posts refer to it by; 3 stands for a photo."""
        return f"3_{self.id}"

    def media_object(self, media_url: str) -> Json:
        """All its fields."""
        width, height = _size(self.data)
        return {
            "media_key": self.key,
            "type": "photo",
            "url": f"{media_url}/{self.name}",
            "width": width,
            "height": height,
        }


class Pictures:
    """All pictures of the platform.  url: below which they lie; known once the platform listens."""

    def __init__(self) -> None:
        self.url = ""
        self._by_id: dict[str, Picture] = {}
        self._by_name: dict[str, Picture] = {}

    def put(self, picture_id: str, owner: str, data: bytes) -> Picture:
        """Keep a picture under a fresh id."""
        suffix, mime_type = next(
            ((suffix, mime) for start, suffix, mime in _SIGNATURES if data.startswith(start)),
            ("jpg", "image/jpeg"),
        )
        name = hashlib.sha256(picture_id.encode()).hexdigest()[:15]
        picture = Picture(picture_id, owner, f"{name}.{suffix}", mime_type, data)
        self._by_id[picture_id] = self._by_name[picture.name] = picture
        return picture

    def find(self, picture_id: str) -> Picture | None:
        """By its id."""
        return self._by_id.get(picture_id)

    def find_key(self, key: str) -> Picture | None:
        """By its media_key."""
        return self._by_id.get(key.removeprefix("3_"))

    def find_name(self, name: str) -> Picture | None:
        """By the last part of its address."""
        return self._by_name.get(name)


def _size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG; for others a usual size."""
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return 1200, 800
