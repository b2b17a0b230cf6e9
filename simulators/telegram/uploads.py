"""Files that bots send: uploaded, attached, or known already."""

import struct

from simulators.telegram.calling import Call
from simulators.telegram.errors import ApiError, bad_request
from simulators.telegram.files import PHOTO_MAX_BYTES, UPLOAD_MAX_BYTES, StoredFile
from simulators.telegram.records import Json, Upload

_FOLDERS = {"photo": "photos", "document": "documents", "video": "videos", "audio": "music"}

_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
SIDES_MAX = 10_000
RATIO_MAX = 20


def read_file(call: Call, kind: str, value: str) -> StoredFile:
    """The file ``value`` names: ``attach://PART`` or a file_id of this bot.

    400 for none, an unknown one, an empty one, or an address (nothing is
    fetched from the network); 413 for more than a bot may upload.
    """
    if value.startswith("attach://"):
        return _keep(call, kind, call.parameters.file(value.removeprefix("attach://")))
    if value.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    stored = call.bot.files.find(value)
    if stored is None:
        raise bad_request("wrong remote file identifier specified: can't unserialize it")
    return stored


def file_field(kind: str, stored: StoredFile) -> object:
    """What the Message object holds under ``kind``."""
    if kind == "photo":
        return stored.photo_sizes()
    extra: dict[str, Json] = {
        "video": {"width": 90, "height": 90, "duration": 1},
        "audio": {"duration": 1},
    }
    return {**stored.as_document(), **extra.get(kind, {})}


def _check_sides(width: int, height: int) -> None:
    """https://core.telegram.org/bots/api#sendphoto"""
    if width + height > SIDES_MAX or max(width, height) > RATIO_MAX * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")


def _keep(call: Call, kind: str, upload: Upload | None) -> StoredFile:
    if upload is None:
        raise bad_request(f"there is no {kind} in the request")
    size = len(upload.data)
    if size == 0:
        raise bad_request("file must be non-empty")
    if size > UPLOAD_MAX_BYTES:
        raise ApiError(413, "Request Entity Too Large")
    if kind == "photo" and size > PHOTO_MAX_BYTES:
        raise bad_request(f"too big file for a photo; the maximum size is {PHOTO_MAX_BYTES} bytes")
    if kind == "photo" and upload.data.startswith(_PNG):
        _check_sides(*struct.unpack(">II", upload.data[16:24]))
    suffix = "jpg" if kind == "photo" else upload.name.rpartition(".")[2] or "bin"
    return call.bot.files.put(upload.data, _FOLDERS[kind], suffix, name=upload.name, mime_type=upload.mime_type)
