"""One IMAP connection behind a typed edge that keeps aioimaplib's faults inside.

Every call runs under a time limit and ends when the connection is lost; after
either the connection is thrown away.  What the server should have handed out
is compared with what arrived: the library drops lines it cannot read and
still says OK.
"""

import asyncio
import base64
import re
import ssl
from collections.abc import Coroutine, Iterable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, TypeVar

import aioimaplib
from aioimaplib.aioimaplib import Command, quoted

from connectors.mail.settings import ImapSettings
from connectors.oauth import Tokens
from connectors.tls import client_context
from tickets.errors import CredentialRejected, Unreachable

T = TypeVar("T")
CALL_S = 30.0
FETCH_S = 120.0
_FETCH = re.compile(rb"\d+ FETCH ", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d+)", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)", re.IGNORECASE)
_DATE = re.compile(rb'\bINTERNALDATE "([^"]{10,40})"', re.IGNORECASE)


class Folder(NamedTuple):
    """An opened folder.  newest_uid: of its last mail, 0 when it is empty."""

    validity: int
    newest_uid: int


class Listed(NamedTuple):
    """A mail as listed.  received_at: aware; None when the server's date cannot be read."""

    uid: int
    size_bytes: int
    received_at: datetime | None


class ImapConnection:
    """Use once: after any error make another.  Raises Unreachable, CredentialRejected."""

    def __init__(self, settings: ImapSettings, address: str, tokens: Tokens | None = None) -> None:
        self._settings = settings
        self._tokens = tokens
        self._user = settings.user or address
        self._lost = asyncio.Event()
        self._client: Any = None
        self._grown = False
        """Whether the server has told of a larger folder since the last look."""

    async def open(self) -> Folder:
        """Connect, sign in, open the folder."""
        settings = self._settings
        context = None if settings.tls == "none" else client_context(settings.ca_file)
        if settings.tls == "tls":
            self._client = aioimaplib.IMAP4_SSL(
                host=settings.host, port=settings.port, timeout=CALL_S, ssl_context=context
            )
        else:
            self._client = aioimaplib.IMAP4(host=settings.host, port=settings.port, timeout=CALL_S)
        self._client.protocol.conn_lost_cb = lambda _error: self._lost.set()
        self._notice_growth()
        await self._call(self._client.wait_hello_from_server())
        if settings.tls == "starttls":
            assert context is not None
            await self._call(self._start_tls(context))
        await self._sign_in()
        return await self._select()

    async def close(self) -> None:
        """Let go; never raises, never waits long."""
        client, self._client = self._client, None
        if client is None:
            return
        transport = client.protocol.transport
        if transport is not None and not self._lost.is_set():
            transport.close()
        task = client._client_task
        if not task.done():
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def list_from(self, uid: int) -> list[int]:
        """The UIDs from ``uid`` on, rising."""
        self._grown = False
        response = await self._call(self._client.uid_search(f"UID {uid}:*", charset=None))
        self._demand(response, "SEARCH")
        found = (int(word) for line in response.lines[:-1] for word in bytes(line).split() if word.isdigit())
        # "n:*" always names the last mail, even one before n (RFC 3501 §6.4.8).
        return sorted({number for number in found if number >= uid})

    async def describe(self, uids: Sequence[int]) -> list[Listed]:
        """Sizes and dates of at most 100 mails; those that are gone are left out."""
        entries = await self._fetch(uids, "(UID RFC822.SIZE INTERNALDATE)")
        listed = []
        for text, _literal in entries:
            uid, size, date = _UID.search(text), _SIZE.search(text), _DATE.search(text)
            if uid and size:
                listed.append(Listed(int(uid[1]), int(size[1]), _moment(date[1]) if date else None))
        return sorted(listed)

    async def fetch_bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Whole mails by UID, without marking them as read; perhaps not all that were asked for."""
        return await self._fetch_parts(uids, "(UID BODY.PEEK[])")

    async def fetch_headers(self, uids: Sequence[int]) -> dict[int, bytes]:
        return await self._fetch_parts(uids, "(UID BODY.PEEK[HEADER])")

    async def has_message(self, message_id: str) -> bool:
        """Whether the folder has a mail of this Message-ID, given with its angle brackets."""
        response = await self._call(
            self._client.uid_search(f"HEADER Message-ID {quoted(message_id)}", charset=None)
        )
        self._demand(response, "SEARCH")
        return any(word.isdigit() for line in response.lines[:-1] for word in bytes(line).split())

    async def mark_seen(self, uids: Sequence[int]) -> None:
        response = await self._call(self._client.uid("store", _numbers(uids), "+FLAGS.SILENT", "(\\Seen)"))
        self._demand(response, "STORE")

    async def move(self, uids: Sequence[int], folder: str) -> None:
        """Into another folder, which is made when it does not exist (RFC 6851; RFC 4315 where that is missing)."""
        target = quoted(folder_name(folder))
        if not await self._moved(uids, target):
            await self._call(self._client.create(target))  # it may exist: then the next line says what is wrong
            if not await self._moved(uids, target):
                raise Unreachable(f"The mail server does not move mails to {folder}. Check its name.")

    async def _moved(self, uids: Sequence[int], target: str) -> bool:
        numbers = _numbers(uids)
        if self._client.has_capability("MOVE"):
            return bool((await self._call(self._client.uid("move", numbers, target))).result == "OK")
        copied = await self._call(self._client.uid("copy", numbers, target))
        if copied.result != "OK":
            return False
        flagged = await self._call(self._client.uid("store", numbers, "+FLAGS.SILENT", "(\\Seen \\Deleted)"))
        self._demand(flagged, "STORE")
        if self._client.has_capability("UIDPLUS"):  # else they stay, marked: EXPUNGE would take others' too
            self._demand(await self._call(self._client.uid("expunge", numbers)), "EXPUNGE")
        return True

    async def append(self, folder: str, raw: bytes) -> None:
        """A mail into a folder, as read; the folder is made when it does not exist."""
        target = quoted(folder_name(folder))
        if not await self._appended(target, raw):
            await self._call(self._client.create(target))
            if not await self._appended(target, raw):
                raise Unreachable(f"The mail server takes no copy into {folder}. Check its name.")

    async def _appended(self, target: str, raw: bytes) -> bool:
        response = await self._call(self._client.append(raw, target, "\\Seen"), limit_s=FETCH_S)
        return bool(response.result == "OK")

    @property
    def announces(self) -> bool:
        """Whether the server can tell of new mail by itself (RFC 2177)."""
        return bool(self._client.has_capability("IDLE"))

    async def wait_for_mail(self, seconds: float) -> None:
        """Return when the server announces a change, or after ``seconds``.

        Mail that arrived during the last look may have been announced then,
        and will not be again.
        """
        if self._grown:
            return
        idle = await self._call(self._client.idle_start(timeout=seconds + CALL_S))
        try:
            await self._announcement(seconds)
        finally:
            if not self._lost.is_set() and self._client is not None:
                self._client.idle_done()
        await self._call(idle)

    async def _announcement(self, seconds: float) -> None:
        try:
            while True:
                push = await self._call(self._client.wait_server_push(seconds), limit_s=seconds)
                lines = push if isinstance(push, list) else [push]
                if any(b"BYE" in bytes(line)[:4] for line in lines):
                    raise Unreachable("The mail server says goodbye.")
                if any(b"EXISTS" in bytes(line) or b"EXPUNGE" in bytes(line) for line in lines):
                    return
        except _TimeIsUp:
            return

    # Inside

    def _notice_growth(self) -> None:
        """The library drops an EXISTS that comes while another command runs; we need to know of it."""
        protocol = self._client.protocol
        handle = protocol._untagged_response

        def noticing(line: bytes) -> Any:
            self._grown = self._grown or line.rstrip().endswith(b" EXISTS")
            return handle(line)

        protocol._untagged_response = noticing

    async def _start_tls(self, context: ssl.SSLContext) -> None:
        """RFC 3501 §6.2.1; the library has no call for it."""
        protocol = self._client.protocol
        response = await protocol.execute(Command("STARTTLS", protocol.new_tag()))
        self._demand(response, "STARTTLS")
        if protocol.incomplete_line:
            raise Unreachable("The mail server sent text before TLS was up; somebody may be in between.")
        loop = asyncio.get_running_loop()
        protocol.transport = await loop.start_tls(
            protocol.transport, protocol, context, server_hostname=self._settings.host
        )
        await protocol.capability()

    async def _sign_in(self) -> None:
        if self._tokens is not None:
            await self._sign_in_by_token(self._tokens)
            return
        password = self._settings.password.reveal()
        response = await self._call(self._client.login(quoted(self._user), password))
        if response.result != "OK":
            raise CredentialRejected("The mail server refuses user or password.")
        await self._call(self._client.protocol.capability())

    async def _sign_in_by_token(self, tokens: Tokens) -> None:
        """XOAUTH2.  A server tells of a refused token in a question, and refuses once that is answered."""
        protocol = self._client.protocol
        token = await tokens.access()
        ask_on = protocol._continuation
        protocol._continuation = lambda _line: protocol.transport.write(b"\r\n")
        try:
            response = await self._call(self._client.xoauth2(self._user, token))
        finally:
            protocol._continuation = ask_on
        if response.result != "OK":
            tokens.forget()
            raise CredentialRejected("The mail server refuses a fresh token. Check user and scope.")
        await self._call(protocol.capability())

    async def _select(self) -> Folder:
        response = await self._call(self._client.select(quoted(folder_name(self._settings.folder))))
        if response.result != "OK":
            raise Unreachable(f"The folder {self._settings.folder} cannot be opened. Check its name.")
        text = b"\n".join(bytes(line) for line in response.lines)
        validity = re.search(rb"UIDVALIDITY (\d+)", text)
        if validity is None:
            raise Unreachable("The mail server gives its folder no UIDVALIDITY; mails cannot be told apart.")
        following = re.search(rb"UIDNEXT (\d+)", text)
        newest = int(following[1]) - 1 if following else max(await self.list_from(1), default=0)
        return Folder(int(validity[1]), newest)

    async def _fetch_parts(self, uids: Sequence[int], parts: str) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for text, literal in await self._fetch(uids, parts):
            uid = _UID.search(text)
            if uid and literal is not None:
                found[int(uid[1])] = literal
        return {uid: found[uid] for uid in uids if uid in found}

    async def _fetch(self, uids: Sequence[int], parts: str) -> list[tuple[bytes, bytes | None]]:
        response = await self._call(self._client.uid("fetch", _numbers(uids), parts), limit_s=FETCH_S)
        self._demand(response, "FETCH")
        return _entries(response.lines)

    def _demand(self, response: Any, what: str) -> None:
        if response.result != "OK":
            raise Unreachable(f"The mail server refuses {what}.")

    async def _call(self, call: Coroutine[Any, Any, T] | asyncio.Future[T], *, limit_s: float = CALL_S) -> T:
        """One of the library's calls, ended by the limit or a lost connection; its errors become ours."""
        work = asyncio.ensure_future(call)
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({work, lost}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            if self._lost.is_set():
                raise Unreachable("The mail server closed the connection.")
            raise _TimeIsUp(f"The mail server did not answer within {limit_s:.0f} s.")
        except (Unreachable, CredentialRejected):
            raise
        except (ssl.SSLError, ssl.CertificateError) as error:
            raise Unreachable(
                f"The mail server's certificate or TLS is refused ({type(error).__name__})."
            ) from error
        except (
            aioimaplib.AioImapException,
            aioimaplib.Error,
            OSError,
            TimeoutError,
            ValueError,
            IndexError,
        ) as error:
            raise Unreachable(f"The mail server cannot be used ({type(error).__name__}).") from error
        finally:
            for task in (work, lost):
                if not task.done():
                    task.cancel()


def folder_name(name: str) -> str:
    """A folder's name as IMAP writes it: modified UTF-7 (RFC 3501 §5.1.3)."""
    return re.sub(r"&|[^\x20-\x7e]+", _shifted, name)


def _shifted(match: re.Match[str]) -> str:
    if match[0] == "&":
        return "&-"
    coded = base64.b64encode(match[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
    return f"&{coded}-"


class _TimeIsUp(Unreachable):
    """The server stayed silent for the whole limit."""


def _numbers(uids: Iterable[int]) -> str:
    """A set of UIDs as IMAP writes it, runs joined: ``3:7,9``."""
    runs: list[list[int]] = []
    for uid in sorted(uids):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(f"{first}:{last}" if first < last else str(first) for first, last in runs)


def _entries(lines: Sequence[bytes | bytearray]) -> list[tuple[bytes, bytes | None]]:
    """Each mail's text and literal; the library gives literals as bytearray between the lines."""
    entries: list[tuple[bytes, bytes | None]] = []
    for line in lines[:-1]:
        if isinstance(line, bytearray):
            if entries:
                entries[-1] = (entries[-1][0], bytes(line))
        elif _FETCH.match(line):
            entries.append((line, None))
        elif entries:
            entries[-1] = (entries[-1][0] + b" " + line, entries[-1][1])
    return entries


def _moment(text: bytes) -> datetime | None:
    try:
        read = parsedate_to_datetime(text.decode("ascii", "replace").replace("-", " ", 2))
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read
    except (ValueError, TypeError, IndexError):
        return None
