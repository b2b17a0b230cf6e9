"""A mail's bytes: plain text and the same as HTML, threaded, named, and safe to take apart."""

import html
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from connectors.mail.settings import Settings
from tickets.errors import DeliveryError
from tickets.ids import ExternalMessageId
from tickets.model import Reply
from tickets.own_names import HEADER, plus_address

WRITING = SMTP.clone(max_line_length=990)
"""Wide lines: folding would break a long Message-ID into encoded words, and no client could thread by it."""
LONGEST_LINE = 900
"""RFC 5322 §2.1.1 allows 998 bytes; longer ones are encoded."""
_LINK = re.compile(r"https?://[^\s<>\"'\u3000-\u303f\uff00-\uffef]+[^\s<>\"'.,;:!?)\]\u3000-\u303f\uff00-\uffef]")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
PAGE = (
    '<!doctype html>\n<html><head><meta charset="utf-8"></head>\n'
    '<body style="font-family: sans-serif; line-height: 1.5">\n{body}\n</body></html>\n'
)


def written(settings: Settings, reply: Reply, recipient: str, message_id: ExternalMessageId) -> bytes:
    """The mail's bytes.  A line break in any header is refused, not repaired: raises DeliveryError."""
    mail = EmailMessage(policy=WRITING)
    try:
        _write_head(mail, settings, reply, recipient, message_id)
        mail.set_content(reply.text, charset="utf-8", cte=_encoding(reply.text))
        page = to_html(reply.text)
        mail.add_alternative(page, subtype="html", charset="utf-8", cte=_encoding(page))
        for file in reply.files:
            maintype, _, subtype = file.media_type.partition("/")
            known = maintype not in ("multipart", "message")  # else the bytes would have to be mails
            mail.add_attachment(
                file.content,
                maintype=maintype if known else "application",
                subtype=subtype if known else "octet-stream",
                filename=file.name,
            )
        return mail.as_bytes()
    except (ValueError, UnicodeError, IndexError) as error:
        raise DeliveryError(
            "unwritable", f"The mail cannot be written ({error}).", temporary=False, delivered=False
        ) from error


def _write_head(
    mail: EmailMessage, settings: Settings, reply: Reply, recipient: str, message_id: ExternalMessageId
) -> None:
    target = reply.target
    mail["From"] = Address(settings.name, addr_spec=settings.address)
    mail["To"] = recipient
    if target.cc:
        mail["Cc"] = ", ".join(target.cc)
    mail["Subject"] = target.subject or "Re:"
    mail["Date"] = format_datetime(reply.created_at)
    mail["Message-ID"] = message_id
    mail[HEADER] = message_id
    if settings.plus_addresses:
        mail["Reply-To"] = Address(settings.name, addr_spec=plus_address(message_id, settings.address))
    if target.in_reply_to:
        references = [name for name in target.references if name != target.in_reply_to]
        mail["In-Reply-To"] = target.in_reply_to
        mail["References"] = " ".join([*references, target.in_reply_to])
    if reply.automatic:
        mail["Auto-Submitted"] = "auto-replied" if target.in_reply_to else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"


def _encoding(text: str) -> str:
    plain = text.isascii() and all(len(line) <= LONGEST_LINE for line in text.split("\n"))
    return "7bit" if plain else "base64"


def to_html(text: str) -> str:
    """The text as a page: paragraphs in the direction of their own script, addresses as links, nothing else."""
    paragraphs = (paragraph.strip("\n") for paragraph in _PARAGRAPHS.split(text.strip()))
    return PAGE.format(body="\n".join(f'<p dir="auto">{_lines(paragraph)}</p>' for paragraph in paragraphs))


def _lines(paragraph: str) -> str:
    pieces: list[str] = []
    at = 0
    for link in _LINK.finditer(paragraph):
        address = html.escape(link[0])
        pieces += [html.escape(paragraph[at : link.start()]), f'<a href="{address}">{address}</a>']
        at = link.end()
    pieces.append(html.escape(paragraph[at:]))
    return "".join(pieces).replace("\n", "<br>\n")
