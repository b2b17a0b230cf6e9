"""What can be looked up in a message: accounts, orders, money, addresses, numbers, days, links.

Pure.  What is found stands where it was written; of two that overlap the surer one counts, in the order of
``EntityFinder``.  Secrets are covered before (``router.leaks``), so they are never found here.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from router import addresses, links, moments, money
from router.entity_words import ORDER_WORDS
from tickets.model import Entity, EntityKind

LOOKED_AT_CHARS: Final = 5_000
MOST: Final = 40
"""Of one message; a table that somebody pasted says no more with more of them."""


class Found(NamedTuple):
    """Where in a text an entity stands."""

    start: int
    end: int
    entity: Entity


class EntityRules(NamedTuple):
    """What the operator says of their own names.

    account_ids and order_ids: patterns (RE2's syntax) of which a whole word or number must be one.  regions:
    ISO 3166 codes of countries whose telephone numbers are known without their country's code.  domains: of the
    operator's own, as ``example.org``.
    """

    account_ids: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


class EntityFinder:
    """Finds what the rules tell of, and what looks the same everywhere."""

    def __init__(self, rules: EntityRules) -> None:
        self._rules = rules
        self._finders: tuple[Callable[[str], Iterable[Found]], ...] = (
            _emails,
            self._links,
            _chains,
            _world_phones,
            self._orders,
            self._accounts,
            _moments,
            _money,
            self._phones_at_home,
        )

    def find(self, text: str) -> tuple[Entity, ...]:
        """Each once, in the order of the text; at most forty."""
        text = text[:LOOKED_AT_CHARS]
        taken: list[Found] = []
        covered = bytearray(len(text))
        for find in self._finders:
            for one in find(text):
                if covered.find(1, one.start, one.end) < 0:
                    covered[one.start : one.end] = b"\1" * (one.end - one.start)
                    taken.append(one)
        taken.sort(key=lambda one: one.start)
        return tuple(dict.fromkeys(one.entity for one in taken))[:MOST]

    def _links(self, text: str) -> Iterator[Found]:
        for link in links.links_in(text):
            note = links.looks_like_ours(link.host, self._rules.domains)
            yield _found("link", text, link.start, link.end, link.host, note)

    def _accounts(self, text: str) -> Iterator[Found]:
        return _by_patterns("account", self._rules.account_ids, text)

    def _orders(self, text: str) -> Iterator[Found]:
        yield from _by_patterns("order", self._rules.order_ids, text)
        small = text.lower()
        if any(word in small for word in _ORDERS):
            for named in _named_orders().finditer(text):
                yield _found("order", text, *named.span("it"), named["it"])

    def _phones_at_home(self, text: str) -> Iterator[Found]:
        if _SO_MANY_DIGITS.search(text) is not None:
            for region in self._rules.regions:
                yield from _phones(text, region)


def _found(kind: EntityKind, text: str, start: int, end: int, value: str, note: str = "") -> Found:
    return Found(start, end, Entity(kind, value, text[start:end], note))


_SO_MANY_DIGITS = re.compile(r"\d(?:[ ()./\-\u00a0]{0,2}\d){6}")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w-])")


def _emails(text: str) -> Iterator[Found]:
    if "@" in text:
        for found in _EMAIL.finditer(text):
            yield _found("email", text, *found.span(), found[0].lower())


def _chains(text: str) -> Iterator[Found]:
    """Transactions and wallets."""
    if not addresses.has_any(text):
        return
    for written in addresses.transactions(text):
        yield _found("transaction", text, written.start, written.end, text[written.start : written.end])
    for written in addresses.wallets(text):
        value = text[written.start : written.end]
        yield _found("wallet", text, written.start, written.end, value, written.note)


def _moments(text: str) -> Iterator[Found]:
    for start, end, value in moments.moments_in(text):
        yield _found("date", text, start, end, value)


def _money(text: str) -> Iterator[Found]:
    for start, end, value in money.amounts_in(text):
        yield _found("amount", text, start, end, value)


LONGEST_PHONE: Final = 30
_WORLD_PHONE = re.compile(r"[+＋]\s?[\d(]")


def _world_phones(text: str) -> Iterator[Found]:
    """With their country's code: each is looked at alone, as looking through a text costs more."""
    for begin in _WORLD_PHONE.finditer(text):
        at = begin.start()
        for one in _phones(text[at : at + LONGEST_PHONE], None):
            yield one._replace(start=at + one.start, end=at + one.end)


def _phones(text: str, region: str | None) -> Iterator[Found]:
    import phonenumbers

    for match in phonenumbers.PhoneNumberMatcher(text, region):
        number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        yield _found("phone", text, match.start, match.end, number)


_ORDERS: Final = tuple(word.lower() for word in ORDER_WORDS)


@cache
def _named_orders() -> re.Pattern[str]:
    """A word for an order, and behind it a name with digits."""
    words = "|".join(sorted(map(re.escape, ORDER_WORDS), key=len, reverse=True))
    return re.compile(
        rf"(?<![^\W\d_])(?:{words})[^\W\d_]{{0,3}}\s?(?:id|no|nr|nº|n°|n|number|号|號|番号|번호|رقم|номер)?[\s.:：#№\-]{{0,4}}"
        r"(?P<it>(?=[0-9A-Za-z_-]{0,20}\d)[0-9A-Za-z][0-9A-Za-z_-]{3,39})(?![0-9A-Za-z])",
        re.IGNORECASE,
    )


def _by_patterns(kind: EntityKind, patterns: tuple[str, ...], text: str) -> Iterator[Found]:
    """Whole words only; digits of any script are read as ASCII ones."""
    if not patterns:
        return
    plain = text if text.isascii() else "".join(map(_plain_digit, text))
    for compiled in _compiled(patterns):
        for found in compiled.finditer(plain):
            start, end = found.span()
            around = (text[start - 1 : start], text[end : end + 1])
            if start < end and not any(one.isascii() and one.isalnum() for one in around):
                yield _found(kind, text, start, end, plain[start:end])


def _plain_digit(letter: str) -> str:
    return letter if letter.isascii() or not letter.isdecimal() else str(unicodedata.decimal(letter))


@cache
def _compiled(patterns: tuple[str, ...]) -> tuple[Any, ...]:
    """By RE2, which no text keeps busy for long."""
    import re2

    return tuple(re2.compile(pattern) for pattern in patterns)


def known_regions() -> frozenset[str]:
    """Codes of countries (ISO 3166) whose telephone numbers can be told."""
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def mistake_in(pattern: str) -> str:
    """Why a pattern is none, in the words of RE2; empty when it is one."""
    import re2

    try:
        re2.compile(pattern)
    except re2.error as error:
        return str(error)
    return ""
