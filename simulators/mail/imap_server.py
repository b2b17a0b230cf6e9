"""The IMAP side: an own small IMAP4rev1 server on asyncio streams (RFC 3501).

pymap 0.36.7 was tried: light and typed, but it gives no way to change a
folder's UIDVALIDITY, and half of the faults (one garbled or missing FETCH
line, a cut literal, hidden capabilities) would need a proxy that parses IMAP
a second time.
"""

import asyncio
import logging

from simulators.mail.imap_dispatch import serve
from simulators.mail.imap_session import MAX_LINE, ImapService, ImapSession
from simulators.mail.wire import Port

log = logging.getLogger(__name__)


class ImapServer:
    """Listens, and runs one session per connection."""

    def __init__(self, service: ImapService, host: str) -> None:
        self._service = service
        self._port = Port(host)
        self._server: asyncio.Server | None = None
        self._sessions: dict[asyncio.Task[None], ImapSession] = {}

    @property
    def port(self) -> int:
        """The TCP port; the same over restarts."""
        return self._port.number

    async def start(self) -> None:
        """Listen; does nothing when it does already."""
        if self._server is None:
            context = self._service.tls if self._service.tls_mode == "tls" else None
            self._server = await asyncio.start_server(
                self._accept, sock=self._port.take(), ssl=context, limit=MAX_LINE
            )

    async def stop(self, *, bye: str | None = None, keep_port: bool = True) -> None:
        """Refuse new connections and end the present ones.

        bye: the text of a ``* BYE`` to everybody; None cuts without a word.
        keep_port: hold the port for a later `start`.
        """
        if self._server is not None:
            self._server.close()
            self._server = None
        if keep_port:
            self._port.hold()
        else:
            self._port.release()
        await self.disconnect(bye=bye)

    async def disconnect(self, *, bye: str | None = None) -> None:
        """End every connection, with ``* BYE`` or without (None); the server stays up."""
        sessions = dict(self._sessions)
        for task, session in sessions.items():
            if bye is None:
                session.abort()
            else:
                await session.bye(bye)
            task.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self._service.log.open()
        session = ImapSession(self._service, reader, writer, number, secure=self._service.tls_mode == "tls")
        task = asyncio.get_running_loop().create_task(serve(session))
        self._sessions[task] = session
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._sessions[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an IMAP connection ended with an error", exc_info=error)
