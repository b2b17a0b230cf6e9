"""What clients send to the gateway, read with care.

Source: https://discord.com/developers/docs/events/gateway-events#send-events
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from simulators.discord.records import Json

HEARTBEAT = 1
IDENTIFY = 2
RESUME = 6
_OPCODES = frozenset({1, 2, 3, 4, 6, 8, 31})

PAYLOAD_MAX_BYTES = 4096


class BadPayload(Exception):
    """What a client sent is no payload.  code: the close code it earns."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


@dataclass(frozen=True)
class Payload:
    """One payload.  data: its ``d``, an object except for heartbeats."""

    op: int
    data: Json


def read_payload(raw: str | bytes) -> Payload:
    """The payload in a frame.  BadPayload: too long, no JSON, an unknown opcode, a wrong ``d``."""
    if len(raw if isinstance(raw, bytes) else raw.encode(errors="replace")) > PAYLOAD_MAX_BYTES:
        raise BadPayload(4002)
    try:
        whole = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadPayload(4002) from None
    if not isinstance(whole, dict):
        raise BadPayload(4002)
    op, data = whole.get("op"), whole.get("d")
    if not isinstance(op, int) or isinstance(op, bool):
        raise BadPayload(4002)
    if op not in _OPCODES:
        raise BadPayload(4001)
    return Payload(op, _checked(op, data))


def _checked(op: int, data: object) -> Json:
    if op == HEARTBEAT:
        if data is not None and (not isinstance(data, int) or isinstance(data, bool)):
            raise BadPayload(4002)
        return {}
    if not isinstance(data, dict):
        raise BadPayload(4002)
    return data
