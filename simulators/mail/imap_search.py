"""SEARCH (RFC 3501 section 6.4.4): criteria become one predicate over the stored mails.

BODY and TEXT look at the bytes as they lie there: text inside base64 or
quoted-printable is not found.
"""

from collections.abc import Callable
from datetime import date
from email.utils import parsedate_to_datetime

from simulators.mail.headers import field_values, split_mail
from simulators.mail.imap_parser import BadSyntax, Cursor, Refused
from simulators.mail.imap_view import View
from simulators.mail.mailbox import StoredMail

Match = Callable[[StoredMail], bool]

_FLAG_KEYS = {
    "ANSWERED": "\\Answered",
    "DELETED": "\\Deleted",
    "DRAFT": "\\Draft",
    "FLAGGED": "\\Flagged",
    "SEEN": "\\Seen",
}
_HEADER_KEYS = frozenset({"BCC", "CC", "FROM", "SUBJECT", "TO"})
_DAY_TESTS: dict[str, Callable[[date, date], bool]] = {
    "BEFORE": lambda day, limit: day < limit,
    "ON": lambda day, limit: day == limit,
    "SINCE": lambda day, limit: day >= limit,
}


class SearchParser:
    """Reads the criteria of one SEARCH for one view."""

    def __init__(self, view: View, args: Cursor) -> None:
        self._view = view
        self._args = args
        self._charset = "ascii"

    def parse(self) -> Match:
        """The predicate of the whole command; raises BadSyntax, or Refused for an unknown charset."""
        if self._args.accept(b"CHARSET "):
            self._charset = _known_charset(self._args.astring())
            self._args.space()
        keys = self._keys()
        self._args.end()
        return keys

    def _keys(self) -> Match:
        keys = [self._key()]
        while self._args.accept(b" "):
            keys.append(self._key())
        return keys[0] if len(keys) == 1 else lambda mail: all(key(mail) for key in keys)

    def _key(self) -> Match:
        if self._args.accept(b"("):
            inner = self._keys()
            self._args.need(b")")
            return inner
        if self._args.data[self._args.at] in b"0123456789*":
            return self._numbered()
        return self._named(self._args.atom())

    def _numbered(self) -> Match:
        chosen = set(self._view.by_sequence(self._args.number_set()))
        return lambda mail: mail.uid in chosen

    def _named(self, name: str) -> Match:
        plain = self._plain(name)
        if plain is not None:
            return plain
        self._args.space()
        if name in _HEADER_KEYS:
            return _header(name, self._text())
        if name in _DAY_TESTS:
            return _received(_DAY_TESTS[name], self._args.date())
        if name.startswith("SENT") and name[4:] in _DAY_TESTS:
            return _sent(_DAY_TESTS[name[4:]], self._args.date())
        return self._with_argument(name)

    def _plain(self, name: str) -> Match | None:
        """Keys without an argument; None for any other."""
        if name in _FLAG_KEYS:
            return _flagged(_FLAG_KEYS[name])
        if name.startswith("UN") and name[2:] in _FLAG_KEYS:
            return _not(_flagged(_FLAG_KEYS[name[2:]]))
        recent = self._view.recent
        keys: dict[str, Match] = {
            "ALL": lambda mail: True,
            "RECENT": lambda mail: mail.uid in recent,
            "OLD": lambda mail: mail.uid not in recent,
            "NEW": lambda mail: mail.uid in recent and "\\Seen" not in mail.flags,
        }
        return keys.get(name)

    def _with_argument(self, name: str) -> Match:
        readers: dict[str, Callable[[], Match]] = {
            "BODY": lambda: _contains(self._text(), whole=False),
            "HEADER": self._any_header,
            "KEYWORD": lambda: _flagged(self._keyword()),
            "LARGER": lambda: _size(self._args.number(), 1),
            "NOT": lambda: _not(self._key()),
            "OR": self._either,
            "SMALLER": lambda: _size(self._args.number(), -1),
            "TEXT": lambda: _contains(self._text(), whole=True),
            "UID": self._by_uid,
            "UNKEYWORD": lambda: _not(_flagged(self._keyword())),
        }
        if name not in readers:
            raise BadSyntax(f"unknown search key {name}")
        return readers[name]()

    def _any_header(self) -> Match:
        name = self._args.astring().decode("ascii", "replace")
        self._args.space()
        return _header(name, self._text())

    def _either(self) -> Match:
        left = self._key()
        self._args.space()
        right = self._key()
        return lambda mail: left(mail) or right(mail)

    def _by_uid(self) -> Match:
        chosen = set(self._view.by_uid(self._args.number_set()))
        return lambda mail: mail.uid in chosen

    def _keyword(self) -> str:
        return self._args.astring().decode("ascii", "replace")

    def _text(self) -> str:
        try:
            return self._args.astring().decode(self._charset)
        except UnicodeDecodeError as error:
            raise BadSyntax("search text is not in the announced charset") from error


def _known_charset(name: bytes) -> str:
    charset = {b"US-ASCII": "ascii", b"ASCII": "ascii", b"UTF-8": "utf-8"}.get(name.upper())
    if charset is None:
        raise Refused("[BADCHARSET (US-ASCII UTF-8)] unknown charset")
    return charset


def _flagged(flag: str) -> Match:
    return lambda mail: flag in mail.flags


def _not(key: Match) -> Match:
    return lambda mail: not key(mail)


def _header(name: str, wanted: str) -> Match:
    """The field exists and holds ``wanted``, letter case aside; "" asks for mere existence."""
    text = wanted.lower()
    return lambda mail: any(text in value.lower() for value in field_values(mail.headers, name))


def _received(test: Callable[[date, date], bool], limit: date) -> Match:
    return lambda mail: test(mail.received_at.date(), limit)


def _sent(test: Callable[[date, date], bool], limit: date) -> Match:
    def match(mail: StoredMail) -> bool:
        values = field_values(mail.headers, "Date")
        try:
            return bool(values) and test(parsedate_to_datetime(values[0]).date(), limit)
        except (ValueError, TypeError, IndexError):
            return False

    return match


def _contains(wanted: str, *, whole: bool) -> Match:
    text = wanted.encode().lower()
    return lambda mail: text in (mail.raw if whole else split_mail(mail.raw)[1]).lower()


def _size(limit: int, sign: int) -> Match:
    return lambda mail: (len(mail.raw) - limit) * sign > 0
