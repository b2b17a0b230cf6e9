"""Long base64 set aside while a mail is parsed: the parser goes line by line, and these tell it nothing."""

import re
import secrets
from email.message import Message

LONG_BYTES = 8 * 1024
"""Shorter runs cost the parser less than finding them again."""
_RUN = re.compile(rb"(?:^[A-Za-z0-9+/]{40,1000}\r?\n)+", re.MULTILINE)


class Asides:
    """Of one mail.  A line that nobody could foresee stands for each run, and is itself such a line."""

    def __init__(self) -> None:
        self._runs: dict[bytes, bytes] = {}
        self._name = secrets.token_hex(24)

    def shortened(self, raw: bytes) -> bytes:
        """The mail without its long runs.  Linear in its size."""
        return _RUN.sub(self._set_aside, raw) if len(raw) > LONG_BYTES else raw

    def whole(self, piece: bytes) -> bytes:
        """A piece of that mail as it came."""
        if not self._runs:
            return piece
        place = re.compile(rb"%b[0-9a-f]{8}\r?\n?" % self._name.encode())  # costly, and few mails have any
        return place.sub(lambda found: self._runs[found[0].rstrip()], piece)

    def restore(self, part: Message) -> None:
        """Before a part in base64 is decoded: in other parts the lines are still there afterwards."""
        if not self._runs or str(part.get("content-transfer-encoding", "")).lower() != "base64":
            return
        payload = part.get_payload()
        if isinstance(payload, str) and self._name in payload:
            part.set_payload(self.whole(payload.encode("ascii", "replace")).decode("ascii"))

    def _set_aside(self, run: re.Match[bytes]) -> bytes:
        if run.end() - run.start() < LONG_BYTES:
            return run[0]
        place = f"{self._name}{len(self._runs):08x}".encode()
        self._runs[place] = run[0]
        return place + b"\n"
