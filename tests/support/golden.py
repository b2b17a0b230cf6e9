"""Golden pairs: an input as it comes from outside, and what it must mean."""

import json
from pathlib import Path
from typing import Any

import msgspec

from normalizer.known import Known
from normalizer.registry import normalize
from tests.support.builders import T0
from tickets.ids import AccountId, Channel
from tickets.model import Ignored, InboundMessage, RawEvent

OWN_IDS: dict[Channel, str] = {
    "telegram": "4711",
    "discord": "1180000000000000001",
    "x": "1500000000000000001",
    "email": "help@desk.example.test",
}
AUTHSERV_IDS = ("mx.desk.example.test",)


def read(channel: Channel, payload: bytes, **fields: Any) -> InboundMessage | Ignored:
    """What a payload means; received at the beginning of every test."""
    wanted = {"external_id": "event-1", "conversation": "one", "own_id": OWN_IDS[channel]} | fields
    event = RawEvent(
        channel=channel, account=AccountId(f"{channel}:main"), payload=payload, received_at=T0, **wanted
    )
    return normalize(event, Known(AUTHSERV_IDS))


def read_mail(payload: bytes | str, **fields: Any) -> InboundMessage:
    """A mail; text is written with CRLF line ends."""
    raw = payload if isinstance(payload, bytes) else payload.replace("\n", "\r\n").encode()
    message = read("email", raw, **fields)
    assert isinstance(message, InboundMessage)
    return message


def plain(message: InboundMessage | Ignored) -> dict[str, Any]:
    """As in an expected file: builtins, without the fields that have their default value.

    The content hash, which nobody can reckon by hand, is called ``#``.
    """
    written = json.dumps({"is": type(message).__name__, **_telling(message)}, ensure_ascii=False)
    content_hash = getattr(message, "content_hash", "")
    result: dict[str, Any] = json.loads(written.replace(content_hash, "#") if content_hash else written)
    return result


def _telling(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {
            field.name: _telling(getattr(value, field.name))
            for field in msgspec.structs.fields(value)
            if field.default is msgspec.NODEFAULT or getattr(value, field.name) != field.default
        }
    if isinstance(value, tuple | list):
        return [_telling(one) for one in value]
    if isinstance(value, bytes):
        return _shown(value)
    return msgspec.to_builtins(value)


def _shown(content: bytes) -> str:
    """Bytes that are text as text, others in hexadecimal."""
    try:
        return f"text {content.decode('ascii')}"
    except UnicodeDecodeError:
        return f"hex {content.hex()}"


def pairs(folder: Path) -> list[Path]:
    """Every input that lies beside an expected file, and every one that lacks it."""
    return sorted(
        path
        for path in folder.glob("*/*")
        if path.is_file() and not path.name.endswith((".expected.json", ".pyc"))
    )
