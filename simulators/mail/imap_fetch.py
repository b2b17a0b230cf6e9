"""FETCH items (RFC 3501 section 6.4.5): parsing what is asked, rendering one message.

Whole messages and headers only: ENVELOPE, BODYSTRUCTURE and numbered parts
are refused with NO.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from simulators.mail.headers import header_lines, split_mail
from simulators.mail.imap_names import MONTHS, quote
from simulators.mail.imap_parser import BadSyntax, Cursor, Refused
from simulators.mail.imap_view import View
from simulators.mail.mailbox import StoredMail

_ITEM = re.compile(rb"[A-Za-z0-9.]+")
_SECTION = re.compile(rb"[A-Za-z0-9.]*")
_PARTIAL = re.compile(rb"<(\d+)\.([1-9]\d*)>")
_SIMPLE = frozenset({"FLAGS", "INTERNALDATE", "RFC822", "RFC822.HEADER", "RFC822.SIZE", "RFC822.TEXT", "UID"})
_REFUSED = frozenset({"ENVELOPE", "BODYSTRUCTURE", "BODY", "ALL", "FULL"})
_SECTIONS = frozenset({"", "HEADER", "TEXT", "HEADER.FIELDS", "HEADER.FIELDS.NOT"})
_OLD_NAMES = {"RFC822": "", "RFC822.HEADER": "HEADER", "RFC822.TEXT": "TEXT"}


@dataclass(frozen=True)
class Item:
    """One thing asked of every message.

    name: "FLAGS", "UID", ... or "BODY" with a section.  peek: without setting
    \\Seen.  fields: names for HEADER.FIELDS, as the client spelled them.
    start, length: octets of a partial fetch; None for all.
    """

    name: str
    section: str = ""
    fields: tuple[bytes, ...] = ()
    peek: bool = True
    start: int | None = None
    length: int | None = None


def parse_items(args: Cursor, *, with_uid: bool) -> list[Item]:
    """The items of one FETCH up to its end; with_uid: it is a UID FETCH.

    Raises BadSyntax, or Refused for what this server does not offer.
    """
    if args.accept(b"FAST\r\n"):
        args.at -= 2
        items = [Item("FLAGS"), Item("INTERNALDATE"), Item("RFC822.SIZE")]
    elif args.accept(b"("):
        items = [_item(args)]
        while args.accept(b" "):
            items.append(_item(args))
        args.need(b")")
    else:
        items = [_item(args)]
    args.end()
    if with_uid and Item("UID") not in items:
        items.insert(0, Item("UID"))
    return items


def has_literal(items: list[Item]) -> bool:
    """Whether the answer carries message content."""
    return any(item.name == "BODY" or item.name in _OLD_NAMES for item in items)


def marks_seen(items: list[Item]) -> bool:
    """Whether the answer sets \\Seen."""
    return any(not item.peek for item in items)


def render(view: View, mail: StoredMail, items: list[Item]) -> bytes:
    """The FETCH response for one message, with its line end."""
    values = b" ".join(_value(view, mail, item) for item in items)
    return b"* %d FETCH (%s)\r\n" % (view.sequence(mail.uid), values)


def internal_date(at: datetime) -> bytes:
    """INTERNALDATE of a moment, quoted."""
    zone = at.strftime("%z")[:5]
    return f'"{at.day:2d}-{MONTHS[at.month - 1]}-{at.year} {at:%H:%M:%S} {zone}"'.encode()


def _item(args: Cursor) -> Item:
    name = args.take(_ITEM, "a FETCH item")[0].decode().upper()
    if name in ("BODY", "BODY.PEEK") and args.accept(b"["):
        return _section(args, peek=name == "BODY.PEEK")
    if name in _REFUSED:
        raise Refused(f"[CANNOT] {name} is not offered here")
    if name not in _SIMPLE:
        raise BadSyntax(f"unknown FETCH item {name}")
    return Item(name, section=_OLD_NAMES.get(name, ""), peek=name not in ("RFC822", "RFC822.TEXT"))


def _section(args: Cursor, *, peek: bool) -> Item:
    section = args.take(_SECTION, "a section")[0].decode().upper()
    if section[:1].isdigit():
        raise Refused("[CANNOT] numbered parts are not offered here")
    if section not in _SECTIONS:
        raise BadSyntax(f"unknown section {section}")
    fields = _field_names(args) if section.startswith("HEADER.FIELDS") else ()
    args.need(b"]")
    start = length = None
    if args.data[args.at : args.at + 1] == b"<":
        start, length = (int(number) for number in args.take(_PARTIAL, "a partial range").groups())
    return Item("BODY", section, fields, peek, start, length)


def _field_names(args: Cursor) -> tuple[bytes, ...]:
    args.need(b" (")
    names = [args.astring()]
    while args.accept(b" "):
        names.append(args.astring())
    args.need(b")")
    return tuple(names)


def _value(view: View, mail: StoredMail, item: Item) -> bytes:
    if item.name == "FLAGS":
        return b"FLAGS " + view.shown_flags(mail)
    if item.name == "UID":
        return b"UID %d" % mail.uid
    if item.name == "INTERNALDATE":
        return b"INTERNALDATE " + internal_date(mail.received_at)
    if item.name == "RFC822.SIZE":
        return b"RFC822.SIZE %d" % len(mail.raw)
    content = _content(mail.raw, item)
    return b"%s {%d}\r\n%s" % (_label(item), len(content), content)


def _label(item: Item) -> bytes:
    """How the answer names a body item, e.g. ``BODY[HEADER]<0>``."""
    if item.name != "BODY":
        return item.name.encode()
    fields = b" (%s)" % b" ".join(map(_spelled, item.fields)) if item.fields else b""
    origin = b"" if item.start is None else b"<%d>" % item.start
    return b"BODY[%s%s]%s" % (item.section.encode(), fields, origin)


def _spelled(name: bytes) -> bytes:
    return name if re.fullmatch(rb"[A-Za-z0-9_.-]+", name) else quote(name)


def _content(raw: bytes, item: Item) -> bytes:
    content = _section_content(raw, item)
    if item.start is None or item.length is None:
        return content
    return content[item.start : item.start + item.length]


def _section_content(raw: bytes, item: Item) -> bytes:
    if item.section == "":
        return raw
    if item.section == "HEADER":
        return split_mail(raw)[0]
    if item.section == "TEXT":
        return split_mail(raw)[1]
    wanted = {name.decode("latin-1").lower() for name in item.fields}
    without = item.section.endswith("NOT")
    kept = [field for name, field in header_lines(raw) if (name in wanted) is not without]
    return b"".join(kept) + b"\r\n"
