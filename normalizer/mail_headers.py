"""Mail headers, each guarded: hostile values become empty ones, never exceptions."""

import re
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime

from normalizer.addresses import Address, parse_addresses
from normalizer.charsets import decode
from normalizer.text import one_line
from tickets.ids import TicketNumber
from tickets.model import Authenticity

MAX_HEADERS = 1_000
MAX_VALUE_CHARS = 32 * 1024
MAX_REFERENCES = 40
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,900}>")
_ENCODED = r"=\?[^?\s]+\?[bq]\?[^?]*\?="
_ENCODED_WORDS = re.compile(rf"({_ENCODED}(?:\s*{_ENCODED})*)", re.IGNORECASE)
_RAW_BYTES = re.compile("[\udc80-\udcff]")
"""Bytes that should have been encoded; within encoded words they are written as such."""
_RESULT = re.compile(r"\s*dmarc\s*(?:/\s*\d+\s*)?=\s*(\w+)", re.IGNORECASE)
_NO_ADDRESS = re.compile(r"[^<>@]*<\s*>\s*|\s*")
"""``<>`` with or without a name: no sender, as mail systems put it (RFC 5321 §4.5.5)."""
_QUOTED_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*+"|\((?:\\.|[^()\\])*+\)')
_TOKEN = re.compile(r"\[#(\d{1,15})\]")
NOBODY = "unknown.invalid"
"""The domain of senders who cannot be named: nobody vouches for them, nothing is sent to them."""


class Headers:
    """A header block by lower-case name; values unfolded, undecoded, at most 32 KiB each."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in fields:
            self._fields.setdefault(name, []).append(value)

    def all(self, name: str) -> list[str]:
        return self._fields.get(name, [])

    def first(self, name: str) -> str:
        """The first value; empty when there is none."""
        return self.all(name)[0] if self.all(name) else ""

    def has(self, name: str) -> bool:
        return name in self._fields


def read(head: bytes) -> Headers:
    """The first 1,000 header fields of a block."""
    fields: list[tuple[str, str]] = []
    lines = head.decode("utf-8", "surrogateescape").split("\n")
    current: list[str] = []
    for line in [*lines, ""]:
        if line[:1] in (" ", "\t") and current:
            current.append(line)
            continue
        if current and (field := _FIELD.fullmatch("".join(current)[:MAX_VALUE_CHARS])):
            fields.append((field[1].lower(), field[2].strip()))
        if len(fields) >= MAX_HEADERS:
            break
        current = [line]
    return Headers(fields)


def decoded(value: str) -> str:
    """RFC 2047 encoded words as text.  Never raises."""
    if "=?" not in value:
        return _unescaped(value)
    pieces = _ENCODED_WORDS.split(value)  # every other one is a run of encoded words
    return "".join(_from_words(piece) if at % 2 else _unescaped(piece) for at, piece in enumerate(pieces))


def _from_words(run: str) -> str:
    try:
        words = decode_header(_RAW_BYTES.sub(lambda byte: f"={ord(byte[0]) - 0xDC00:02X}", run))
    except (HeaderParseError, ValueError, LookupError, RecursionError):
        return _unescaped(run)
    return "".join(word if isinstance(word, str) else decode(word, charset)[0] for word, charset in words)


def _unescaped(value: str) -> str:
    """Raw 8-bit header bytes as the text they most likely are."""
    raw = value.encode("utf-8", "surrogateescape")
    return decode(raw, None)[0] if not raw.isascii() else value


def sender(headers: Headers) -> tuple[Address | None, tuple[str, ...]]:
    """Who wrote, and what is odd about it; None without any From header."""
    values = headers.all("from")
    if not values:
        return None, ()
    found, clean = parse_addresses(values[0])
    shown = one_line(decoded(values[0]), 120)
    if len(values) == 1 and len(found) == 1 and clean:
        address = found[0]
        return Address(one_line(decoded(address.name), 80), address.address.lower()), ()
    if not found and _NO_ADDRESS.fullmatch(decoded(values[0])):
        return Address("Mail system", f"mailer-daemon@{NOBODY}"), ()
    doubtful = Address(shown or "unknown", f"ambiguous@{NOBODY}")
    return doubtful, (f"The sender is ambiguous ({shown}); do not trust it.",)


def message_id(headers: Headers) -> str | None:
    """The first well-formed Message-ID (RFC 5322 §3.6.4); None when there is none."""
    for value in headers.all("message-id"):
        if match := _MESSAGE_ID.search(value):
            return match[0]
    return None


def references(headers: Headers) -> tuple[str, ...]:
    """Messages this one answers: In-Reply-To, then References newest first; at most 40."""
    direct = _MESSAGE_ID.findall(headers.first("in-reply-to"))[:5]
    older = _MESSAGE_ID.findall(headers.first("references"))
    if len(older) > MAX_REFERENCES:
        older = older[: MAX_REFERENCES // 2] + older[-MAX_REFERENCES // 2 :]
    return tuple(dict.fromkeys([*direct, *reversed(older)]))[:MAX_REFERENCES]


def ticket_number(subject: str) -> TicketNumber | None:
    """The number in ``[#17]``, as helpdesks put it into subjects; None without one."""
    found = _TOKEN.search(subject)
    return TicketNumber(int(found[1])) if found else None


def recipients(headers: Headers) -> tuple[str, ...]:
    """Everybody it was sent to, as far as headers tell: also those that servers noted on the way."""
    names = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-delivered-to", "resent-to")
    return tuple(dict.fromkeys(address for name in names for address in plain_addresses(headers, name)))


def plain_addresses(headers: Headers, name: str) -> tuple[str, ...]:
    found = (address.address for value in headers.all(name)[:3] for address in parse_addresses(value)[0])
    return tuple(dict.fromkeys(found))


def sent_at(headers: Headers, received_at: datetime) -> datetime:
    """The Date header; the time of arrival when it is missing, broken or over a day ahead."""
    try:
        stated = parsedate_to_datetime(headers.first("date")[:200])
        stated = stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return received_at
    return stated if stated <= received_at + timedelta(days=1) and stated.year >= 1990 else received_at


def authenticity(headers: Headers, domain: str, authserv_ids: tuple[str, ...]) -> Authenticity:
    """What a configured server reports (RFC 8601): only the topmost header of one of ours counts."""
    trusted = set(map(str.lower, authserv_ids))
    reports = (reported(value, domain) for value in headers.all("authentication-results"))
    told = next((report for report in reports if report.by in trusted), None)
    return told or Authenticity(verdict="unverified", by="", detail="no mail server that we trust reported")


def reported(value: str, domain: str) -> Authenticity:
    """What one Authentication-Results header says of a sender at ``domain``, whoever wrote it."""
    bare = _QUOTED_OR_COMMENT.sub(" ", value)
    server, *results = bare.split(";")
    name = server.split()[0].lower() if server.split() else ""
    told = [] if re.search(r'["()]', bare) else results  # nested or torn: nobody can tell who wrote what
    verdict, about = next(filter(None, map(_dmarc, told)), ("", None))
    if verdict == "pass" and about in (None, domain) and domain != NOBODY:
        return Authenticity(verdict="verified", by=name, detail="DMARC pass")
    if verdict == "fail":
        return Authenticity(verdict="failed", by=name, detail="DMARC fail")
    return Authenticity(verdict="unverified", by=name, detail="no DMARC pass")


def _dmarc(result: str) -> tuple[str, str | None] | None:
    """One method's result: DMARC's verdict and the domain it is about; None for another method.

    Only what stands where RFC 8601 §2.2 puts the method counts: a sender may
    choose ``dmarc=pass@…`` as address, which servers report in ``smtp.mailfrom``.
    """
    verdict = _RESULT.match(result)
    if verdict is None:
        return None
    about = re.search(r"\sheader\.from\s*=\s*(\S+)", result, re.IGNORECASE)
    return verdict[1].lower(), about[1].lower().rpartition("@")[2] if about else None


def unanswerable(author: Address) -> str:
    """Why nobody can answer it; empty when somebody can."""
    return "This message has no sender that could be answered." if author.address.endswith(f"@{NOBODY}") else ""


def warnings(headers: Headers, author: Address) -> tuple[str, ...]:
    """What a person should know before trusting or answering."""
    found: list[str] = []
    named = not author.address.endswith(f"@{NOBODY}")
    if named and "@" in author.name and author.address not in author.name.lower():
        found.append(f"The sender's name looks like another address; the mail came from {author.address}.")
    wanted = plain_addresses(headers, "reply-to")
    if wanted and wanted != (author.address,):
        found.append(f"It asks for answers to {one_line(', '.join(wanted), 100)} instead of the sender.")
    if any(ord(char) > 127 for char in author.address):
        found.append(f"The address has letters outside ASCII: {ascii(author.address)[1:-1]}.")
    return tuple(found)
