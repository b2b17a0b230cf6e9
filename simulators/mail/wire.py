"""The transcript and the TCP port, shared by the SMTP and the IMAP side."""

import socket
from typing import Literal, NamedTuple

TlsMode = Literal["none", "tls", "starttls"]
"""Plain text, TLS from the first byte, or plain text with STARTTLS."""


class LogLine(NamedTuple):
    """One line of a transcript.

    connection: number from 1, per protocol.
    direction: "C" for what the client sent, "S" for what the server sent.
    line: without its line end; message bodies are replaced by their size and
    credentials by ``<redacted>``; undecodable bytes are backslash-escaped.
    """

    connection: int
    direction: Literal["C", "S"]
    line: str


class WireLog:
    """Numbers the connections of one protocol and writes their transcript."""

    def __init__(self) -> None:
        self.lines: list[LogLine] = []
        self._connections = 0

    def open(self) -> int:
        """The number of a new connection."""
        self._connections += 1
        return self._connections

    def client(self, connection: int, line: bytes) -> None:
        """Note a line the client sent, already redacted."""
        self.lines.append(LogLine(connection, "C", readable(line)))

    def server(self, connection: int, line: bytes) -> None:
        """Note a line the server sent."""
        self.lines.append(LogLine(connection, "S", readable(line)))


def readable(line: bytes) -> str:
    """The line as text, cut at 1,000 characters."""
    return line.rstrip(b"\r\n")[:1000].decode("utf-8", "backslashreplace")


class Port:
    """A TCP port that stays reserved while its server is down.

    A bound socket that does not listen refuses connections, so a restarted
    server finds its port again even when other processes look for free ones.
    """

    def __init__(self, host: str) -> None:
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._host = host
        self._held: socket.socket | None = None
        self._number = 0

    @property
    def number(self) -> int:
        """The port; chosen by the system at the first `hold`."""
        if not self._number:
            self.hold()
        return self._number

    def hold(self) -> None:
        """Reserve the port without listening; does nothing when it is held."""
        if self._held is not None:
            return
        held = socket.socket(self._family, socket.SOCK_STREAM)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((self._host, self._number))
        except OSError:
            held.close()
            raise
        self._number = int(held.getsockname()[1])
        self._held = held

    def take(self) -> socket.socket:
        """The bound socket, to be listened on and closed by the caller."""
        self.hold()
        assert self._held is not None
        taken, self._held = self._held, None
        return taken

    def release(self) -> None:
        """Give the port back to the system; the number is kept for a later `hold`."""
        if self._held is not None:
            self._held.close()
            self._held = None
