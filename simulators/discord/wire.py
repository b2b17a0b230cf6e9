"""What a payload looks like on the socket: JSON, or one compressed stream per connection.

Source: https://discord.com/developers/docs/events/gateway#transport-compression
"""

from __future__ import annotations

import importlib
import importlib.util
import zlib
from itertools import pairwise
from typing import Any, Protocol

SUPPORTED = ("", "zlib-stream", "zstd-stream")


class Wire(Protocol):
    """Turns payloads into frames, in order, for one connection."""

    binary: bool

    def encode(self, payload: bytes) -> bytes:
        """The frame of a payload."""


class Plain:
    """Text frames."""

    binary = False

    def encode(self, payload: bytes) -> bytes:
        return payload


class ZlibStream:
    """One zlib context; each message ends with 00 00 ff ff."""

    binary = True

    def __init__(self) -> None:
        self._context = zlib.compressobj()

    def encode(self, payload: bytes) -> bytes:
        return self._context.compress(payload) + self._context.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """One zstandard context; each message ends with a flushed block."""

    binary = True

    def __init__(self) -> None:
        library: Any = importlib.import_module("zstandard")
        self._context = library.ZstdCompressor().compressobj()
        self._flush = library.COMPRESSOBJ_FLUSH_BLOCK

    def encode(self, payload: bytes) -> bytes:
        return bytes(self._context.compress(payload) + self._context.flush(self._flush))


def open_wire(compress: str) -> Wire | None:
    """The wire for a ``compress`` query; None for one that is not to be had."""
    if compress == "zlib-stream":
        return ZlibStream()
    if compress == "zstd-stream" and importlib.util.find_spec("zstandard") is not None:
        return ZstdStream()
    return Plain() if not compress else None


def split(frame: bytes, parts: int) -> list[bytes]:
    """The same bytes in up to so many pieces, the last one long enough to show the flush mark."""
    end = max(0, len(frame) - 4)
    step = max(1, end // max(1, parts))
    cuts = [*range(0, end, step)[:parts], len(frame)]
    return [frame[begin:stop] for begin, stop in pairwise(cuts)]
