"""A mail on its way, as read by whoever gets it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message

from simulators.mail.headers import field_values, header_lines


@dataclass(frozen=True)
class SentMail:
    """One mail and its envelope.

    envelope_from: "" for the null sender.  envelope_to: the recipients the
    server took.  raw: bytes after dot-unstuffing.  message_id, in_reply_to:
    with their angle brackets; None when absent.  references: oldest first.
    subject: decoded, "" when absent.  text: the first text/plain part that is
    no attachment, line ends as "\\n"; "" when there is none.  at: aware UTC.
    """

    envelope_from: str
    envelope_to: list[str]
    raw: bytes
    message_id: str | None
    subject: str
    text: str
    in_reply_to: str | None
    references: list[str]
    at: datetime

    def header(self, name: str) -> str | None:
        """The first field of that name, decoded; None when absent."""
        values = self.headers(name)
        return values[0] if values else None

    def headers(self, name: str) -> list[str]:
        """Every field of that name, decoded, in order."""
        return field_values(header_lines(self.raw), name)

    @property
    def html(self) -> str | None:
        """The first text/html part that is no attachment; None when there is none."""
        return _part_text(self.raw, "text/html")

    @property
    def files(self) -> list[tuple[str, bytes]]:
        """Name and bytes of each attachment, in order."""
        parts = [part for part in message_from_bytes(self.raw).walk() if part.get_filename()]
        return [(str(part.get_filename()), bytes(part.get_payload(decode=True) or b"")) for part in parts]


def read_sent(envelope_from: str, envelope_to: Iterable[str], raw: bytes, at: datetime) -> SentMail:
    """A `SentMail` of any bytes; nothing in them makes it raise."""
    lines = header_lines(raw)
    return SentMail(
        envelope_from=envelope_from,
        envelope_to=list(envelope_to),
        raw=raw,
        message_id=_first(field_values(lines, "Message-ID")),
        subject=_first(field_values(lines, "Subject")) or "",
        text=_part_text(raw, "text/plain") or "",
        in_reply_to=_first(field_values(lines, "In-Reply-To")),
        references=" ".join(field_values(lines, "References")).split(),
        at=at,
    )


def _first(values: list[str]) -> str | None:
    return values[0] if values else None


def _part_text(raw: bytes, content_type: str) -> str | None:
    try:
        parts = list(message_from_bytes(raw).walk())
    except (RecursionError, ValueError, LookupError):
        return None
    for part in parts:
        if part.get_content_type() == content_type and part.get_content_disposition() != "attachment":
            return _decoded(part)
    return None


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        text = content.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")
