"""The transcript of one SMTP connection, taken beside aiosmtpd."""

from simulators.mail.wire import WireLog

_END = b"\r\n.\r\n"


class LineTap:
    """Cuts the client's octets into lines, leaves mail content and credentials out."""

    def __init__(self, log: WireLog, connection: int) -> None:
        self._log = log
        self._connection = connection
        self._buffer = b""
        self._waiting = False  # DATA was sent, the answer is not known yet
        self._in_mail = False
        self._mail_octets = 0
        self._secret = False

    @property
    def in_mail(self) -> bool:
        """Whether a mail has begun and its dot has not come."""
        return self._in_mail

    def client(self, octets: bytes) -> None:
        """Octets that came from the client, decrypted."""
        self._buffer += octets
        while not self._waiting:
            if self._in_mail:
                if not self._skip_mail():
                    return
            elif not self._take_line():
                return

    def server(self, line: bytes) -> None:
        """One line sent to the client, without its line end."""
        self._log.server(self._connection, line)
        self._secret = line.startswith(b"334")
        if self._waiting:
            self._waiting = False
            self._in_mail = line.startswith(b"354")
            self._buffer = b"\r\n" * self._in_mail + self._buffer
            self._mail_octets = -2
            self.client(b"")

    def _take_line(self) -> bool:
        line, end, rest = self._buffer.partition(b"\n")
        if not end:
            return False
        self._buffer = rest
        self._log.client(self._connection, self._shown(line))
        self._waiting = line.strip().upper() == b"DATA"
        return True

    def _shown(self, line: bytes) -> bytes:
        if self._secret:
            return b"<redacted>"
        words = line.split()
        if len(words) > 2 and words[0].upper() == b"AUTH":
            return b" ".join([*words[:2], b"<redacted>"])
        return line

    def _skip_mail(self) -> bool:
        """Drop mail content; whether its end was found."""
        end = self._buffer.find(_END)
        cut = end + len(_END) if end >= 0 else max(len(self._buffer) - len(_END) + 1, 0)
        self._buffer = self._buffer[cut:]
        self._mail_octets += cut
        if end < 0:
            return False
        self._in_mail = False
        self._log.client(self._connection, b"<mail of %d octets>" % (self._mail_octets - 3))
        return True
