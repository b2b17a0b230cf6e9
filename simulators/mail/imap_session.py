"""One IMAP connection: lines and literals in, answers out, and the state between (RFC 3501 section 3)."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulators.faults import Fault
from simulators.mail.fault_list import MailFaults
from simulators.mail.imap_parser import BadSyntax
from simulators.mail.imap_view import View
from simulators.mail.mailbox import Clock, SimMailbox
from simulators.mail.wire import TlsMode, WireLog

MAX_LINE = 65_536
"""Longest command line without literals, octets."""

MAX_LITERAL = 64 * 1024 * 1024
"""Longest literal a client may send, octets."""

_LITERAL_END = re.compile(rb"\{(\d{1,20})(\+?)\}\r\n\Z")
_SECRET = re.compile(rb"(?i)\A(\S+ (?:LOGIN|AUTHENTICATE [^ \r\n]+)) .*", re.DOTALL)
_FLUSH_AT = 65_536
_CLOSE_S = 1.0  # a TLS client may never answer the closing alert


class Hangup(Exception):
    """The connection ends now, without another word."""


class Silence(Exception):
    """Nothing will be answered on this connection any more."""


class TooBig(Exception):
    """A literal that is not taken; the text is the command line read so far."""


@dataclass(frozen=True)
class ImapService:
    """What all connections of one IMAP server share.

    mailboxes: by lower-case address.  withheld: capabilities that it does not
    tell of, as an older server.
    """

    mailboxes: dict[str, SimMailbox]
    faults: MailFaults
    log: WireLog
    now: Clock
    tls: ssl.SSLContext | None
    tls_mode: TlsMode
    withheld: set[str] = field(default_factory=set)


@dataclass(eq=False)
class ImapSession:
    """State and input/output of one connection.

    box: the mailbox logged into; None before.  view: the selected folder;
    None when none is.  idle_offered, starttls_hidden: what a fault took away.
    """

    service: ImapService
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int
    secure: bool
    box: SimMailbox | None = None
    view: View | None = None
    idle_offered: bool = True
    starttls_hidden: bool = False
    _out: bytearray = field(default_factory=bytearray)

    @property
    def mailbox(self) -> str | None:
        """The login; None before it."""
        return self.box.address if self.box is not None else None

    @property
    def login_allowed(self) -> bool:
        """Whether credentials may be sent at this point."""
        return self.secure or self.service.tls_mode == "none" or self.starttls_hidden

    def take_fault(self, *names: str, must_name: str | None = None, **facts: object) -> Fault | None:
        """An armed fault meant for this connection."""
        return self.service.faults.take_for(*names, must_name=must_name, mailbox=self.mailbox, **facts)

    def capabilities(self) -> str:
        """The capability list as it stands now."""
        words = ["IMAP4rev1", "LITERAL+", "SASL-IR", "ID"]
        if self.service.tls_mode == "starttls" and not self.secure and not self.starttls_hidden:
            words.append("STARTTLS")
        if self.box is None:
            words += ["AUTH=PLAIN", "AUTH=XOAUTH2"] if self.login_allowed else ["LOGINDISABLED"]
        idle = ["IDLE"] if self.idle_offered else []
        every = [*words, *idle, "UIDPLUS", "MOVE", "UNSELECT", "NAMESPACE", "SPECIAL-USE"]
        return " ".join(word for word in every if word not in self.service.withheld)

    async def read_line(self, *, secret: bool = False) -> bytes:
        """One line with its line end; secret: it is kept out of the transcript.

        Raises Hangup at the end of the stream, BadSyntax for one over `MAX_LINE`.
        """
        try:
            line = await self.reader.readuntil(b"\n")
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Hangup from error
        except asyncio.LimitOverrunError as error:
            await self._skip_line(error.consumed)
            raise BadSyntax("line too long") from error
        shown = b"<redacted>" if secret else _SECRET.sub(rb"\1 <redacted>", line)
        self.service.log.client(self.number, shown)
        return line

    async def read_command(self) -> bytes:
        """One command with its literals inline; raises Hangup, BadSyntax or TooBig."""
        data = bytearray(await self.read_line())
        secret = _SECRET.match(data) is not None
        start = 0
        while (literal := _LITERAL_END.search(data, start)) is not None:
            size, plus = int(literal[1]), bool(literal[2])
            await self._admit(size, plus, bytes(data))
            data += await self._read_octets(size)
            self.service.log.client(self.number, b"<literal of %d octets>" % size)
            start = len(data)
            data += await self.read_line(secret=secret)
        return bytes(data)

    def send(self, line: bytes | str) -> None:
        """Queue one line; the line end is added."""
        octets = line.encode() if isinstance(line, str) else line
        self.send_raw(octets + b"\r\n")

    def send_raw(self, octets: bytes) -> None:
        """Queue lines as they are; only the first is written to the transcript."""
        self._out += octets
        self.service.log.server(self.number, octets[: octets.find(b"\r\n")])

    async def flush(self) -> None:
        """Hand the queued octets to the network; raises Hangup when it is gone."""
        octets, self._out = bytes(self._out), bytearray()
        try:
            self.writer.write(octets)
            await self.writer.drain()
        except OSError as error:
            raise Hangup from error

    async def flush_if_large(self) -> None:
        """Flush when much is queued, so that memory stays small and others get their turn."""
        if len(self._out) >= _FLUSH_AT:
            await self.flush()
            await asyncio.sleep(0)

    def send_all(self, lines: Iterable[bytes]) -> None:
        """Queue several lines."""
        for line in lines:
            self.send(line)

    def send_news(self, *, expunges: bool) -> None:
        """Queue what changed in the selected folder; raises Hangup when it is gone (after a BYE)."""
        if self.view is None:
            return
        if self.view.gone is not None:
            self.send(f"* BYE {self.view.gone}")
            raise Hangup
        self.send_all(self.view.news(expunges=expunges))

    def deselect(self) -> None:
        """Leave the selected folder."""
        if self.view is not None:
            self.view.leave()
            self.view = None

    async def bye(self, text: str) -> None:
        """Say goodbye unasked; the caller closes."""
        self.send(f"* BYE {text}")
        await self._last_flush()

    async def start_tls(self) -> None:
        """Turn the connection into TLS; raises Hangup when the handshake fails."""
        assert self.service.tls is not None
        try:
            await self.writer.start_tls(self.service.tls)
        except OSError as error:
            raise Hangup from error
        self.secure = True

    def abort(self) -> None:
        """Cut the connection."""
        self.writer.transport.abort()

    async def close(self) -> None:
        """Send what is queued, close, and wait until the socket is closed."""
        self.deselect()
        try:
            await self._last_flush()
            self.writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await self.writer.wait_closed()
        finally:
            self.abort()

    async def _last_flush(self) -> None:
        """Flush, but not wait for a client that reads no more."""
        with contextlib.suppress(Hangup, TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self.flush()

    async def _skip_line(self, octets: int) -> None:
        """Drop a line that is too long, up to its end."""
        while octets:
            await self._read_octets(octets)
            try:
                await self.reader.readuntil(b"\n")
                return
            except asyncio.LimitOverrunError as error:
                octets = error.consumed
            except (asyncio.IncompleteReadError, OSError) as error:
                raise Hangup from error

    async def _admit(self, size: int, plus: bool, line: bytes) -> None:
        """Let a literal come, or refuse it (RFC 7888 for the "+" form)."""
        if size > MAX_LITERAL:
            if plus:
                await self.bye("literal too long")
                raise Hangup
            raise TooBig(line.partition(b" ")[0].decode("ascii", "replace") if b" " in line else "*")
        if not plus:
            self.send("+ Ready for literal data")
            await self.flush()

    async def _read_octets(self, size: int) -> bytes:
        try:
            return await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Hangup from error
