"""Building the MIME mails of outside correspondents (RFC 5322, RFC 2045)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

Attachment = tuple[str, str, bytes]
"""File name, media type such as "image/png", content."""

HeaderChanges = Mapping[str, str | None]
"""Fields to set on the finished mail, replacing those of the same name; None removes the field."""


@dataclass(frozen=True)
class Draft:
    """What a person wants to send; ``references`` oldest first, ids with angle brackets."""

    sender: str
    to: str
    subject: str
    text: str
    message_id: str
    at: datetime
    html: str | None = None
    attachments: Sequence[Attachment] = ()
    in_reply_to: str | None = None
    references: Sequence[str] = ()
    cc: Sequence[str] = ()
    language: str | None = None
    headers: HeaderChanges = field(default_factory=dict)


def build(draft: Draft) -> bytes:
    """The mail as the person's own program would hand it in, CRLF line ends."""
    mail = EmailMessage(policy=SMTP)
    for name, value in _fields(draft):
        if value:
            mail[name] = value
    mail.set_content(draft.text)
    if draft.html is not None:
        mail.add_alternative(draft.html, subtype="html")
    for attachment in draft.attachments:
        _attach(mail, attachment)
    _change(mail, draft.headers)
    return mail.as_bytes()


def trace_fields(fields: Iterable[tuple[str, str]]) -> bytes:
    """Header lines a server puts on top of a mail on its way in."""
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in fields)


def _fields(draft: Draft) -> list[tuple[str, str | None]]:
    return [
        ("From", draft.sender),
        ("To", draft.to),
        ("Cc", ", ".join(draft.cc)),
        ("Subject", draft.subject),
        ("Date", format_datetime(draft.at)),
        ("Message-ID", draft.message_id),
        ("In-Reply-To", draft.in_reply_to),
        ("References", " ".join(draft.references)),
        ("Content-Language", draft.language),
    ]


def _attach(mail: EmailMessage, attachment: Attachment) -> None:
    name, media_type, content = attachment
    main, _slash, sub = media_type.partition("/")
    if media_type == "message/rfc822":
        mail.add_attachment(message_from_bytes(content, policy=SMTP), filename=name)
    else:
        mail.add_attachment(content, maintype=main, subtype=sub or "octet-stream", filename=name)


def _change(mail: EmailMessage, changes: HeaderChanges) -> None:
    for name, value in changes.items():
        del mail[name]
        if value is not None:
            mail[name] = value
