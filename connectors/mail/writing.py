"""A mail's bytes: plain text and the same as HTML, threaded, named, and safe to take apart."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from itertools import groupby
from typing import Literal, NamedTuple

from connectors.mail.settings import Settings
from tickets.errors import DeliveryError
from tickets.ids import ExternalMessageId
from tickets.model import Reply, ReplyFile, Span
from tickets.own_names import HEADER, plus_address
from tickets.rich import Rich, clipped, tags, with_addresses, written_out

WRITING = SMTP.clone(max_line_length=990)
"""Wide lines: folding would break a long Message-ID into encoded words, and no client could thread by it."""
LONGEST_LINE = 900
"""RFC 5322 §2.1.1 allows 998 bytes; longer ones are encoded."""
_LINK = re.compile(r"https?://[^\s<>\"'\u3000-\u303f\uff00-\uffef]+[^\s<>\"'.,;:!?)\]\u3000-\u303f\uff00-\uffef]")
SHOWN = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
DEEPEST = 5
QUOTED = "margin: 0 0 0 4px; padding-left: 10px; border-left: 2px solid #999"
PAGE = (
    '<!doctype html>\n<html><head><meta charset="utf-8"></head>\n'
    '<body style="font-family: sans-serif; line-height: 1.5">\n{body}\n</body></html>\n'
)


def written(settings: Settings, reply: Reply, recipient: str, message_id: ExternalMessageId) -> bytes:
    """The mail's bytes.  A line break in any header is refused, not repaired: raises DeliveryError."""
    mail = EmailMessage(policy=WRITING)
    try:
        _write_head(mail, settings, reply, recipient, message_id)
        plain = with_addresses(Rich(reply.text, reply.spans))
        mail.set_content(plain, charset="utf-8", cte=_encoding(plain))
        names = _picture_names(reply, message_id)
        page = to_html(reply.text, names.values(), reply.spans)
        mail.add_alternative(page, subtype="html", charset="utf-8", cte=_encoding(page))
        for n, file in enumerate(reply.files):
            _write_file(mail, file, names.get(n))
        return mail.as_bytes()
    except (ValueError, UnicodeError, IndexError) as error:
        raise DeliveryError(
            "unwritable", f"The mail cannot be written ({error}).", temporary=False, delivered=False
        ) from error


def _write_head(
    mail: EmailMessage, settings: Settings, reply: Reply, recipient: str, message_id: ExternalMessageId
) -> None:
    target = reply.target
    alias = target.alias if target.alias in settings.aliases else None
    mail["From"] = Address(settings.name, addr_spec=alias or settings.address)
    mail["To"] = recipient
    if target.cc:
        mail["Cc"] = ", ".join(target.cc)
    mail["Subject"] = target.subject or "Re:"
    mail["Date"] = format_datetime(reply.created_at)
    mail["Message-ID"] = message_id
    mail[HEADER] = message_id
    if settings.plus_addresses and alias is None:  # else the person's next mail would go to the main address
        mail["Reply-To"] = Address(settings.name, addr_spec=plus_address(message_id, settings.address))
    if target.in_reply_to:
        references = [name for name in target.references if name != target.in_reply_to]
        mail["In-Reply-To"] = target.in_reply_to
        mail["References"] = " ".join([*references, target.in_reply_to])
    if reply.automatic:
        mail["Auto-Submitted"] = "auto-replied" if target.in_reply_to else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"


def _picture_names(reply: Reply, message_id: ExternalMessageId) -> dict[int, str]:
    """Of each picture among the files, by its place, the Content-ID under which the page shows it (RFC 2392)."""
    local, _, domain = message_id.strip("<>").rpartition("@")
    pictures = [n for n, file in enumerate(reply.files) if file.media_type in SHOWN]
    return {n: f"{n}.{local}@{domain}" for n in pictures}


def _write_file(mail: EmailMessage, file: ReplyFile, cid: str | None) -> None:
    """cid: beside the page, which shows it; None: for itself."""
    maintype, _, subtype = file.media_type.partition("/")
    if maintype in ("multipart", "message"):  # else the bytes would have to be mails
        maintype, subtype = "application", "octet-stream"
    if cid is None:
        mail.add_attachment(file.content, maintype, subtype, filename=file.name)
        return
    page = mail.get_body(("related", "html"))
    assert isinstance(page, EmailMessage)
    page.add_related(file.content, maintype, subtype, filename=file.name, cid=f"<{cid}>", disposition="inline")


def _encoding(text: str) -> str:
    plain = text.isascii() and all(len(line) <= LONGEST_LINE for line in text.split("\n"))
    return "7bit" if plain else "base64"


class _Line(NamedTuple):
    """One line of a text, with what of it is formatted."""

    text: str
    spans: tuple[Span, ...]

    def behind(self, mark: int) -> "_Line":
        """Without its first ``mark`` characters."""
        return _Line(self.text[mark:], clipped(self.spans, mark, len(self.text)))


def to_html(text: str, pictures: Iterable[str] = (), spans: Sequence[Span] = ()) -> str:
    """The text as a page: paragraphs in the direction of their own script, quotations, addresses as links.

    pictures: Content-IDs of what is shown below it.  spans: what is formatted.
    """
    shown = (f'<p><img src="cid:{html.escape(name)}" alt="" style="max-width: 100%"></p>' for name in pictures)
    return PAGE.format(body="\n".join([_body(list(_lines(text, spans)), DEEPEST), *shown]))


def _lines(text: str, spans: Sequence[Span]) -> Iterator[_Line]:
    at = 0
    for line in text.split("\n"):
        yield _Line(line, clipped(spans, at, at + len(line)))
        at += len(line) + 1


def _body(lines: Sequence[_Line], depth: int) -> str:
    """depth: so many quotations may stand within each other; deeper ones keep their marks."""
    pieces: list[str] = []
    for kind, block in groupby(lines, lambda line: _kind(line, depth)):
        if kind == "quote":
            inner = [line.behind(1 + line.text.startswith("> ")) for line in block]
            pieces.append(f'<blockquote type="cite" style="{QUOTED}">{_body(inner, depth - 1)}</blockquote>')
        elif kind == "words":
            inner_lines = "<br>\n".join(map(_written, block))
            pieces.append(f'<p dir="auto">{inner_lines}</p>')
    return "\n".join(pieces)


def _kind(line: _Line, depth: int) -> Literal["quote", "words", "nothing"]:
    if depth and line.text.startswith(">"):
        return "quote"
    return "words" if line.text.strip() else "nothing"


def _written(line: _Line) -> str:
    return written_out(Rich(*line), lambda words, literal: html.escape(words) if literal else _linked(words), tags)


def _linked(words: str) -> str:
    pieces: list[str] = []
    at = 0
    for link in _LINK.finditer(words):
        address = html.escape(link[0])
        pieces += [html.escape(words[at : link.start()]), f'<a href="{address}">{address}</a>']
        at = link.end()
    return "".join([*pieces, html.escape(words[at:])])
