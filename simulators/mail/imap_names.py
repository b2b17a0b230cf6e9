"""Strings of IMAP: modified UTF-7 folder names, quoting, LIST patterns, UID sets."""

import base64
import re
from collections.abc import Iterable

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_RUN = re.compile(r"&|[^\x20-\x7e]+")
_SHIFTED = re.compile(r"&([^-]*)-")


def encode_name(name: str) -> bytes:
    """A folder name in modified UTF-7 (RFC 3501 section 5.1.3)."""
    return _RUN.sub(lambda run: "&-" if run[0] == "&" else f"&{_base64(run[0])}-", name).encode("ascii")


def decode_name(name: bytes) -> str:
    """The folder name behind modified UTF-7; raises ValueError when it is none."""
    text = name.decode("ascii")
    decoded = _SHIFTED.sub(lambda shifted: "&" if not shifted[1] else _unbase64(shifted[1]), text)
    if "&" in _SHIFTED.sub("", text):
        raise ValueError("unterminated shift in a folder name")
    return decoded


def quote(value: bytes) -> bytes:
    """An IMAP quoted string; for text without CR, LF and bytes above 127."""
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def quote_name(name: str) -> bytes:
    """A folder name ready for a response."""
    return quote(encode_name(name))


def list_pattern(pattern: str) -> re.Pattern[str]:
    """LIST wildcards: "*" is anything, "%" anything within one level (RFC 3501 section 6.3.8)."""
    wild = {"*": ".*", "%": "[^/]*"}
    body = "".join(wild.get(letter, re.escape(letter)) for letter in pattern)
    return re.compile("(?i:INBOX)" if pattern.upper() == "INBOX" else body, re.DOTALL)


def compact_set(uids: Iterable[int]) -> str:
    """Ascending numbers as an IMAP set, e.g. "1:3,7"."""
    spans: list[list[int]] = []
    for uid in uids:
        if spans and uid == spans[-1][1] + 1:
            spans[-1][1] = uid
        else:
            spans.append([uid, uid])
    return ",".join(f"{low}:{high}" if high > low else f"{low}" for low, high in spans)


def _base64(run: str) -> str:
    return base64.b64encode(run.encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",")


def _unbase64(shifted: str) -> str:
    padded = shifted.replace(",", "/") + "=" * (-len(shifted) % 4)
    return base64.b64decode(padded, validate=True).decode("utf-16-be")
