"""Asking a malware scanner about a file: over ICAP (RFC 3507) or by a command."""

import asyncio
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol
from urllib.parse import urlsplit

from tickets.errors import CheckerAway

CHECK_S: Final = 120.0
CLEAN, FOUND = 0, 1
"""What a command ends with, as clamscan and clamdscan do; anything else: it could not look."""
MOST_SAID = 4_096
_NAMED = re.compile(rb"^X-(?:Infection-Found|Virus-ID|Violations-Found):\s*([^\r\n]{1,300})", re.I | re.M)
_THREAT = re.compile(r"Threat=([^;]{1,100})")
_ODD = re.compile(r"[^\w .:/()-]")
UNNAMED: Final = "something harmful"


class FileChecker(Protocol):
    """A scanner."""

    async def check(self, content: bytes) -> str:
        """What was found, empty for a clean file.  Raises CheckerAway when nobody could look."""


class CommandChecker:
    """Runs a command with the file on its standard input; no shell reads it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    async def check(self, content: bytes) -> str:
        try:
            running = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise CheckerAway(f"{self._command[0]} cannot be started ({type(error).__name__}).") from error
        try:
            async with asyncio.timeout(CHECK_S):
                said, _ = await running.communicate(content)
        except TimeoutError as error:
            raise CheckerAway(f"{self._command[0]} has not finished in {CHECK_S:.0f} seconds.") from error
        finally:
            if running.returncode is None:
                running.kill()
                await running.wait()
        if running.returncode not in (CLEAN, FOUND):
            raise CheckerAway(f"{self._command[0]} ended with {running.returncode}.")
        return _name(said[:MOST_SAID].decode("utf-8", "replace")) if running.returncode == FOUND else ""


class IcapChecker:
    """Asks an ICAP server to look at the file as if it were the answer to a request (RESPMOD).

    address: as ``icap://scanner.example.org:1344/avscan``; icaps for TLS.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._address = address
        self._host = parts.hostname or ""
        self._tls = ssl.create_default_context() if parts.scheme == "icaps" else None
        self._port = parts.port or (11344 if self._tls else 1344)

    async def check(self, content: bytes) -> str:
        try:
            async with asyncio.timeout(CHECK_S):
                head = await self._ask(content)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise CheckerAway(f"The ICAP server cannot be used ({type(error).__name__}).") from error
        return _verdict(head)

    async def _ask(self, content: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        answered = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
        try:
            writer.write(self._request(content))
            with suppress(ConnectionError):  # it may have seen enough, and have answered already
                await writer.drain()
            return await answered
        finally:
            answered.cancel()
            writer.close()

    def _request(self, content: bytes) -> bytes:
        asked = b"GET /file HTTP/1.1\r\nHost: switchboard\r\n\r\n"
        answered = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"
        head = (
            f"RESPMOD {self._address} ICAP/1.0\r\nHost: {self._host}\r\nAllow: 204\r\nConnection: close\r\n"
            f"Encapsulated: req-hdr=0, res-hdr={len(asked)}, res-body={len(asked) + len(answered)}\r\n\r\n"
        )
        body = b"%x\r\n%b\r\n" % (len(content), content) if content else b""
        return head.encode("ascii") + asked + answered + body + b"0\r\n\r\n"


def _verdict(head: bytes) -> str:
    """204: nothing to change.  200: the server put another answer in its place, or says what it found."""
    status = head.split(b"\r\n", 1)[0].split(b" ")
    code = status[1] if len(status) > 1 and status[0].startswith(b"ICAP/") else b""
    if code == b"204":
        return ""
    if code not in (b"200", b"403"):
        raise CheckerAway(f"The ICAP server answered {code.decode('latin-1') or 'nothing that is ICAP'}.")
    named = _NAMED.search(head)
    return _name(named[1].decode("latin-1")) if named else UNNAMED


def _name(said: str) -> str:
    """What a scanner calls it, fit to be shown: of ``stream: Eicar-Signature FOUND`` or ``Threat=Eicar;``."""
    threat = _THREAT.search(said)
    line = threat[1] if threat else next((one for one in said.splitlines() if one.strip()), "")
    name = line.removesuffix(" FOUND").rpartition(": ")[2]
    return " ".join(_ODD.sub(" ", name).split())[:80] or UNNAMED
