"""A platform's own HTTP requests: to whoever wants to be called."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit


async def call_out(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[str, bytes]:
    """The status line of the answer, empty when the connection was closed without one, and its body.  OSError."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        writer.write(_head(method, url, headers, len(body)) + body)
        await writer.drain()
        status_line = await reader.readline()
        rest = await reader.read()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return status_line.decode("latin-1").strip(), rest.partition(b"\r\n\r\n")[2]


def is_success(status_line: str) -> bool:
    """Whether it says 2xx."""
    version, _, status = status_line.partition(" ")
    return version.startswith("HTTP/") and status.startswith("2")


def _head(method: str, url: str, headers: Mapping[str, str], size_bytes: int) -> bytes:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    every = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "Content-Length": str(size_bytes),
        "Connection": "close",
        **headers,
    }
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in every.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
