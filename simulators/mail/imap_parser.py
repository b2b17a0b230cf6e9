"""Reading one IMAP command (RFC 3501 section 9), strictly: what the grammar refuses is BAD."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from simulators.mail.imap_names import MONTHS, decode_name

_TAG = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\+]+')
_ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_ASTRING = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\]+')
_LIST_ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){"\\]+')
_QUOTED = re.compile(rb'"((?:[^"\\\r\n\x00\x80-\xff]|\\["\\])*)"')
_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n")
_NUMBER = re.compile(rb"\d{1,10}")
_BOUND = rb"(?:[1-9]\d{0,9}|\*)"
_SPAN = rb"%b(?::%b)?" % (_BOUND, _BOUND)
_SET = re.compile(rb"%b(?:,%b)*" % (_SPAN, _SPAN))
_FLAG = re.compile(rb'\\?[^\x00-\x20\x7f-\xff(){%*"\\\]]+')
_DATE = re.compile(rb"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
_DATE_TIME = re.compile(rb'"([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d:\d\d:\d\d) ([+-])(\d\d)(\d\d)"')
_SYSTEM_FLAGS = {name.lower(): name for name in ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")}


class BadSyntax(Exception):
    """The command breaks the grammar or comes in the wrong state; the text goes into the BAD answer."""


class Refused(Exception):
    """The command is well formed but cannot be done; the text goes into the NO answer."""


@dataclass(frozen=True)
class NumberSet:
    """A sequence set: pairs of bounds, None standing for "*"."""

    spans: tuple[tuple[int | None, int | None], ...]

    def ranges(self, largest: int) -> list[tuple[int, int]]:
        """The spans with "*" as the largest number in use, each low bound first."""
        bounds = [[largest if bound is None else bound for bound in span] for span in self.spans]
        return [(min(pair), max(pair)) for pair in bounds]


class Cursor:
    """Walks over the bytes of one command; literals stand inline as ``{n}CRLF`` and n bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, pattern: re.Pattern[bytes], what: str) -> re.Match[bytes]:
        """Match ``pattern`` here and step over it; raises BadSyntax naming ``what``."""
        match = pattern.match(self.data, self.at)
        if match is None:
            raise BadSyntax(f"expected {what}")
        self.at = match.end()
        return match

    def accept(self, token: bytes) -> bool:
        """Step over ``token`` (upper case; any letter case in the command) if it is next."""
        if self.data[self.at : self.at + len(token)].upper() != token:
            return False
        self.at += len(token)
        return True

    def need(self, token: bytes) -> None:
        """Step over ``token`` or raise BadSyntax."""
        if not self.accept(token):
            raise BadSyntax(f"expected {token.decode()!r}")

    def space(self) -> None:
        """Exactly one space."""
        self.need(b" ")

    def end(self) -> None:
        """The end of the command."""
        if self.data[self.at :] != b"\r\n":
            raise BadSyntax("unexpected text at the end of the command")

    def tag(self) -> str:
        """The tag of a command."""
        return self.take(_TAG, "a tag")[0].decode()

    def atom(self) -> str:
        """An atom, upper case."""
        return self.take(_ATOM, "an atom")[0].decode().upper()

    def number(self) -> int:
        """A number of up to 32 bits."""
        return int(self.take(_NUMBER, "a number")[0])

    def string(self) -> bytes:
        """A quoted string or a literal."""
        if self.data[self.at : self.at + 1] == b"{":
            return self.literal()
        return re.sub(rb"\\(.)", rb"\1", self.take(_QUOTED, "a string")[1])

    def literal(self) -> bytes:
        """A literal."""
        size = int(self.take(_LITERAL, "a literal")[1])
        content = self.data[self.at : self.at + size]
        self.at += size
        return content

    def astring(self) -> bytes:
        """An atom, a quoted string or a literal."""
        if self.data[self.at : self.at + 1] in (b'"', b"{"):
            return self.string()
        return self.take(_ASTRING, "an atom or a string")[0]

    def mailbox(self) -> str:
        """A folder name."""
        return _folder_name(self.astring())

    def list_mailbox(self) -> str:
        """A folder name with wildcards."""
        if self.data[self.at : self.at + 1] in (b'"', b"{"):
            return _folder_name(self.string())
        return _folder_name(self.take(_LIST_ATOM, "a folder pattern")[0])

    def number_set(self) -> NumberSet:
        """A sequence set or UID set."""
        spans = []
        for part in self.take(_SET, "a set of numbers")[0].split(b","):
            low, colon, high = part.partition(b":")
            spans.append((_bound(low), _bound(high if colon else low)))
        return NumberSet(tuple(spans))

    def flags(self) -> list[str]:
        """A parenthesised list of flags, or flags separated by spaces."""
        if self.accept(b"()"):
            return []
        listed = self.accept(b"(")
        found = [self._flag()]
        while self.accept(b" "):
            found.append(self._flag())
        if listed:
            self.need(b")")
        return found

    def date(self) -> date:
        """A day such as 1-Feb-2026, bare or quoted."""
        quoted = self.accept(b'"')
        day, month, year = self.take(_DATE, "a date").groups()
        if quoted:
            self.need(b'"')
        return _checked_date(int(year), month, int(day))

    def date_time(self) -> datetime:
        """A quoted date-time such as " 1-Feb-2026 09:00:00 +0100", aware."""
        day, month, year, clock, sign, zone_h, zone_m = self.take(_DATE_TIME, "a date-time").groups()
        offset = timedelta(hours=int(zone_h), minutes=int(zone_m)) * (-1 if sign == b"-" else 1)
        on = _checked_date(int(year), month, int(day))
        try:
            at = time.fromisoformat(clock.decode())
            return datetime.combine(on, at, tzinfo=timezone(offset))
        except ValueError as error:
            raise BadSyntax(str(error)) from error

    def _flag(self) -> str:
        flag = self.take(_FLAG, "a flag")[0].decode()
        if not flag.startswith("\\"):
            return flag
        if flag.lower() not in _SYSTEM_FLAGS:
            raise BadSyntax(f"flag {flag} cannot be set")
        return _SYSTEM_FLAGS[flag.lower()]


def _bound(text: bytes) -> int | None:
    return None if text == b"*" else int(text)


def _folder_name(name: bytes) -> str:
    try:
        return decode_name(name)
    except ValueError as error:
        raise BadSyntax("folder name is not modified UTF-7") from error


def _checked_date(year: int, month: bytes, day: int) -> date:
    name = month.decode().capitalize()
    try:
        return date(year, MONTHS.index(name) + 1, day)
    except ValueError as error:
        raise BadSyntax("no such date") from error
