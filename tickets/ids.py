"""A distinct type for every identifier, so that mypy keeps them apart."""

import os
import threading
import time
from typing import Literal, NewType

Channel = Literal["telegram", "discord", "x", "email"]
"""Channel names, the same everywhere (the email connector's folder is ``mail/``)."""

AccountId = NewType("AccountId", str)
"""``channel:name`` as in config.toml, e.g. ``telegram:main``."""
EventId = NewType("EventId", int)
"""A stored raw event."""
TicketId = NewType("TicketId", str)
TicketNumber = NewType("TicketNumber", int)
"""The number people say aloud; counts from 1."""
MessageId = NewType("MessageId", str)
ContactId = NewType("ContactId", str)
IdentityId = NewType("IdentityId", str)
ThreadId = NewType("ThreadId", str)
AttachmentId = NewType("AttachmentId", str)
DeliveryId = NewType("DeliveryId", str)
UserId = NewType("UserId", str)
JobId = NewType("JobId", int)
NoticeId = NewType("NoticeId", int)
ChallengeId = NewType("ChallengeId", str)
BlobId = NewType("BlobId", str)
"""Lower-case hexadecimal SHA-256 of the content."""

ExternalMessageId = NewType("ExternalMessageId", str)
"""A platform's name for a message, made unique within its channel by the normalizer."""
ThreadKey = NewType("ThreadKey", str)
"""A platform's name for a conversation, unique within one account."""

IncidentNumber = NewType("IncidentNumber", int)
ItemId = NewType("ItemId", str)
"""An item of a feed; ids grow with the time at which they came."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, lower case: no letter reads like a digit."""


_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """A fresh identifier: 20 characters, sortable in the order of making within a process.

    45 bits of milliseconds and 55 random bits; within one millisecond the
    last one is counted on.  20 characters leave room for a part number
    within Discord's limit of 25 for a nonce.
    """
    global _last
    number = (time.time_ns() // 1_000_000 << 55) | int.from_bytes(os.urandom(7), "big") >> 1
    with _lock:
        if number >> 55 <= _last >> 55:
            number = _last + 1
        _last = number
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(95, -1, -5))
