"""The SMTP side: submission and relay on aiosmtpd (RFC 5321, RFC 3207)."""

import asyncio
import logging
import socket
import ssl
import struct
from collections import defaultdict
from typing import AnyStr

from aiosmtpd.smtp import SMTP, syntax

from simulators.mail.smtp_rules import SmtpRules, SmtpService
from simulators.mail.smtp_tap import LineTap
from simulators.mail.wire import Port

log = logging.getLogger(__name__)

_AUTH_LINE = 12_288  # RFC 4954 section 4
_PATIENCE_S = 1_800.0
"""Clients are waited for longer than any of them waits for us (RFC 5321 section 4.5.3.2)."""
_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close an RST."""


class SmtpServer:
    """Listens, and keeps track of the connections."""

    def __init__(self, service: SmtpService, host: str) -> None:
        self._service = service
        self._port = Port(host)
        self._server: asyncio.Server | None = None
        self.connections: set[SmtpConnection] = set()

    @property
    def port(self) -> int:
        """The TCP port; the same over restarts."""
        return self._port.number

    async def start(self) -> None:
        """Listen; does nothing when it does already."""
        if self._server is None:
            context = self._service.tls if self._service.tls_mode == "tls" else None
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._connection, sock=self._port.take(), ssl=context)

    async def stop(self, *, keep_port: bool = True) -> None:
        """Refuse new connections and cut the present ones; keep_port: hold the port for a later `start`."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if keep_port:
            self._port.hold()
        else:
            self._port.release()
        await self.disconnect()

    async def disconnect(self) -> None:
        """Cut every connection; the server stays up."""
        connections = list(self.connections)
        for connection in connections:
            connection.cut()
            connection.give_up()
        await asyncio.gather(*(connection.ended.wait() for connection in connections))

    def _connection(self) -> "SmtpConnection":
        return SmtpConnection(self._service, self)


class SmtpConnection(SMTP):
    """One connection: aiosmtpd's protocol, with a transcript and ways to break off.

    ended: set when its work is over.  starttls_hidden: a fault took STARTTLS
    away.  closing_after_answer: nothing comes after the next answer.
    """

    def __init__(self, service: SmtpService, server: SmtpServer) -> None:
        self.rules = SmtpRules(service)
        self.ended = asyncio.Event()
        self.starttls_hidden = False
        self.closing_after_answer = False
        self._greeted = False
        self._server_side = server
        self._tap = LineTap(service.log, service.log.open())
        starttls = service.tls_mode == "starttls"
        super().__init__(
            self.rules,
            data_size_limit=service.size_limit,
            enable_SMTPUTF8=True,
            hostname=service.hostname,
            ident="mail simulator",
            tls_context=service.tls if starttls else None,
            auth_require_tls=starttls,
            timeout=_PATIENCE_S,
            loop=asyncio.get_running_loop(),
        )
        # aiosmtpd shares this table among all connections; an own one keeps them apart.
        self.command_size_limits = defaultdict(lambda: 512, AUTH=_AUTH_LINE)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came, or its connection turned into TLS."""
        self._server_side.connections.add(self)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Octets from the client, decrypted."""
        self._tap.client(data)
        if self._tap.in_mail and (fault := self.rules.take_drop("content")):
            self.cut(reset=bool(fault.details.get("reset")))
            return
        super().data_received(data)

    def eof_received(self) -> bool | None:
        """What is already here is still worked on, as real servers do; aiosmtpd would drop it."""
        stays_open = super(SMTP, self).eof_received()
        return False if self.session is not None and self.session.ssl else stays_open

    async def push(self, status: AnyStr) -> None:
        """Send one line; 421 also closes the connection (RFC 5321 section 3.8)."""
        if self.transport is None:
            return
        if self.transport.is_closing():
            await self.drop()
        line = status.encode() if isinstance(status, str) else status
        if not self._greeted:
            self._greeted = True
            odd = await self.rules.gate(self, "connect")
            line = line if odd is None else odd.encode()
        self._tap.server(line)
        await super().push(line)
        if self.closing_after_answer or line.startswith(b"421"):
            await self.drop(abort=False)

    def cut(self, *, reset: bool = False) -> None:
        """Close the socket, dropping what is not sent yet.  reset: with an RST."""
        if isinstance(self.transport, asyncio.Transport):
            if reset:
                self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self.transport.abort()

    async def drop(self, *, abort: bool = True, reset: bool = False) -> None:
        """Close and never return: the task of the connection is cancelled.  reset: with an RST."""
        if abort:
            self.cut(reset=reset)
        elif self.transport is not None:
            self.transport.close()
        await self.loop.create_future()

    async def handle_exception(self, error: Exception) -> str:
        """The end of the stream closes; anything else is a fault of ours."""
        if isinstance(error, asyncio.IncompleteReadError):
            if self.transport is not None:
                self.transport.close()
        elif not isinstance(error, ssl.SSLError):
            log.error("an SMTP command ended with an error", exc_info=error)
        return "451 4.3.0 Internal error"

    @syntax("STARTTLS", when="tls_context")
    async def smtp_STARTTLS(self, arg: str) -> None:
        """STARTTLS, once and unless it is hidden."""
        if self.starttls_hidden:
            await self.push("454 4.7.0 TLS not available")
        elif self.session is not None and self.session.ssl:
            await self.push("503 5.5.1 TLS is already on")
        else:
            await super().smtp_STARTTLS(arg)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        """DATA, refused before any content where a fault says so."""
        ready = self.envelope is not None and self.envelope.rcpt_tos
        refusal = await self.rules.gate(self, "data") if ready else None
        if refusal is None:
            await super().smtp_DATA(arg)
        else:
            self.envelope = self._create_envelope()
            await self.push(refusal)

    def give_up(self) -> None:
        """End the work: after a failed TLS handshake nobody would ever wake it."""
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    async def _handle_client(self) -> None:
        try:
            await super()._handle_client()
        except ConnectionError:
            pass
        finally:
            self.ended.set()
            self._server_side.connections.discard(self)
