"""What people post and nobody should ever see: seed phrases, private keys, cards, passwords.

Covered where a message is read, before anything is kept, searched or shown.  Recall comes before precision:
what was covered by mistake still stands in the original, which leads may read.

Sources: BIP-39 (word lists and their lengths), BIP-32 and the Bitcoin wiki's "Wallet import format", SEP-23 of
Stellar, NIP-19 of Nostr, RFC 7468 (textual keys), ISO/IEC 7812 (card numbers).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, NamedTuple

from msgspec.structs import replace

from router import checksums
from router.leak_words import KEY_WORDS, PASSWORD_WORDS, SHORT_CODE_WORDS
from tickets.model import InboundMessage, SecretKind
from tickets.segments import fold

SHORTEST_PHRASE: Final = 12
"""Words; BIP-39 knows 12, 15, 18, 21 and 24."""
PHRASE_LENGTHS: Final = (24, 21, 18, 15, 12)
NEAR_CHARS: Final = 80
"""So near to it must stand what says that something is a key."""
SHORTEST_PASSWORD: Final = 4
LONGEST_PASSWORD: Final = 128


class Leak(NamedTuple):
    """Where in a text a secret stands.  shown: what stands there instead."""

    start: int
    end: int
    kind: SecretKind
    shown: str


def covered(message: InboundMessage) -> InboundMessage:
    """A message without the secrets in it, and with their kinds named; as it is where there are none.

    Its formatted twin (HTML) goes, as the same stands in there in pieces.
    """
    text, subject, title = message.text, message.subject, message.thread.title
    kinds = dict.fromkeys(message.secrets)
    text = _covered(text, kinds)
    subject = None if subject is None else _covered(subject, kinds)
    title = _covered(title, kinds)
    if len(kinds) == len(message.secrets):
        return message
    return replace(
        message,
        text=text,
        subject=subject,
        html=None,
        thread=replace(message.thread, title=title),
        secrets=tuple(kinds),
    )


def _covered(text: str, kinds: dict[SecretKind, None]) -> str:
    leaks = leaks_in(text)
    if not leaks:
        return text
    pieces, at = [], 0
    for leak in leaks:
        kinds[leak.kind] = None
        pieces += [text[at : leak.start], leak.shown]
        at = leak.end
    return "".join((*pieces, text[at:]))


def leaks_in(text: str) -> tuple[Leak, ...]:
    """Those of a text, in order, none over another."""
    found = [leak for find in _FINDERS for leak in find(text)]
    kept: list[Leak] = []
    for leak in sorted(found, key=lambda leak: (leak.start, -leak.end)):
        if not kept or leak.start >= kept[-1].end:
            kept.append(leak)
    return tuple(kept)


# Seed phrases

_LETTER = r"(?:[^\W\d_][\u0300-\u036f\u3099\u309a]*)"
_WORDS = re.compile(rf"{_LETTER}+")
_PLAIN_WORDS = re.compile(r"[^\W\d_]+")
_GAP = re.compile(r"[\W\d_]{1,9}\Z")
"""Between two words of a phrase: blanks, commas, line ends, numbers as of a list."""
_HAN_RUN = re.compile(r"[\u4e00-\u9fff]{12,}")


def _phrases(text: str) -> Iterator[Leak]:
    words = _PLAIN_WORDS.findall(fold(text))
    if len(words) >= SHORTEST_PHRASE:
        listed = _lists()
        if "x" * SHORTEST_PHRASE in "".join("x" if word in listed else " " for word in words):
            yield from _written_phrases(text)
    for run in _HAN_RUN.finditer(text):
        if len(run[0]) in PHRASE_LENGTHS and _adds_up(tuple(run[0])):
            yield _phrase(run.start(), run.end())


def _written_phrases(text: str) -> Iterator[Leak]:
    """Runs of at least twelve words that stand in one list, whole: rather a word more than one less."""
    run: list[re.Match[str]] = []
    lists: frozenset[str] = frozenset()
    listed = _lists()
    for word in _WORDS.finditer(text):
        in_lists = listed.get(fold(word[0]), frozenset())
        joined = bool(run) and _GAP.match(text, run[-1].end(), word.start()) is not None
        common = lists & in_lists if joined else in_lists
        if common:
            run = [*run, word] if joined else [word]
            lists = common
            continue
        yield from _as_phrase(run)
        run, lists = ([word], in_lists) if in_lists else ([], frozenset())
    yield from _as_phrase(run)


def _as_phrase(run: list[re.Match[str]]) -> Iterator[Leak]:
    if len(run) >= SHORTEST_PHRASE:
        yield _phrase(run[0].start(), run[-1].end())


def _phrase(start: int, end: int) -> Leak:
    return Leak(start, end, "seed phrase", "[covered: seed phrase]")


@cache
def _lists() -> dict[str, frozenset[str]]:
    """Every word of BIP-39's lists, folded, with the languages that have it."""
    from mnemonic import Mnemonic

    lists: dict[str, frozenset[str]] = {}
    for language in Mnemonic.list_languages():
        for word in Mnemonic(language).wordlist:
            lists[fold(word)] = lists.get(fold(word), frozenset()) | {language}
    return lists


def _adds_up(words: tuple[str, ...]) -> bool:
    """Whether it is a phrase of either Chinese list by its checksum: in running text any twelve are in a list."""
    from mnemonic import Mnemonic

    lists = ("chinese_simplified", "chinese_traditional")
    return any(Mnemonic(language).check(" ".join(words)) for language in lists)


# Private keys

_TEXTUAL_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}-----|\Z)", re.DOTALL
)
_NUMBERS_KEY = re.compile(r"\[\s*(?:\d{1,3}\s*,\s*){63}\d{1,3}\s*\]")
_LONG = re.compile(r"[0-9A-Za-z_:-]{20}")
"""All other keys have so many in a row; most texts do not."""
_BASE58 = re.compile(r"(?<![0-9A-Za-z])[1-9A-HJ-NP-Za-km-z]{51,111}(?![0-9A-Za-z])")
_STELLAR = re.compile(r"(?<![0-9A-Za-z])S[A-Z2-7]{55}(?![0-9A-Za-z])")
_NOSTR = re.compile(r"(?<![0-9A-Za-z])nsec1[02-9ac-hj-np-z]{58}(?![0-9A-Za-z])")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9a-fA-F]{64}(?![0-9A-Za-z])")
_TOKENS = re.compile(
    r"(?<![0-9A-Za-z])(?:[sr]k_live_[0-9A-Za-z]{16,}|gh[pousr]_[0-9A-Za-z]{30,}|AKIA[0-9A-Z]{16}"
    r"|\d{8,10}:AA[0-9A-Za-z_-]{33})(?![0-9A-Za-z_-])"
)
"""Of payment services, GitHub, AWS and Telegram's bots; each says itself what it is."""
_WALLET_IMPORT: Final = frozenset({0x80, 0xEF})
_EXTENDED_PRIVATE: Final = frozenset({"xprv", "yprv", "zprv", "tprv", "uprv", "vprv", "Yprv", "Zprv"})


def _keys(text: str) -> Iterator[Leak]:
    for pattern in (_TEXTUAL_KEY, _NUMBERS_KEY):
        yield from (_key(found) for found in pattern.finditer(text))
    if _LONG.search(text) is None:
        return
    for pattern in (_NOSTR, _TOKENS):
        yield from (_key(found) for found in pattern.finditer(text))
    yield from (_key(found) for found in _STELLAR.finditer(text) if checksums.stellar(found[0]))
    for found in _BASE58.finditer(text):
        if _is_private(found[0]) or (len(found[0]) in (87, 88) and _says_key(text, found)):
            yield _key(found)
    yield from (_key(found) for found in _HEX.finditer(text) if _says_key(text, found))


def _key(found: re.Match[str]) -> Leak:
    return Leak(found.start(), found.end(), "private key", "[covered: private key]")


def _is_private(written: str) -> bool:
    bare = checksums.base58check(written)
    if bare is None:
        return False
    if written[:4] in _EXTENDED_PRIVATE:
        return len(bare) == 78
    return bare[0] in _WALLET_IMPORT and len(bare) in (33, 34)


def _says_key(text: str, found: re.Match[str]) -> bool:
    """Whether words near by call it a key: a transaction's name looks just the same."""
    near = fold(text[max(0, found.start() - NEAR_CHARS) : found.end() + NEAR_CHARS])
    return any(word in near for word in _folded(KEY_WORDS))


# Cards

_DIGITS = re.compile(r"(?<![\w.])\d(?:[ \u00a0\u2009\u202f.\-‐‑–]{0,2}\d){12,18}(?![\w])")


def _cards(text: str) -> Iterator[Leak]:
    for found in _DIGITS.finditer(text):
        digits = "".join(str(unicodedata.digit(one)) for one in found[0] if one.isdigit())
        if _is_card(digits):
            shown = f"[covered: card, ends in {digits[-4:]}]"
            yield Leak(found.start(), found.end(), "card", shown)


def _is_card(digits: str) -> bool:
    """Whether a payment network gives out such numbers, and the check digit is right."""
    length, four = len(digits), int(digits[:4])
    known = (
        (digits[0] == "4" and length in (13, 16, 19))
        or (length == 16 and (5100 <= four <= 5599 or 2221 <= four <= 2720))
        or (length == 15 and digits[:2] in ("34", "37"))
        or (length == 14 and (digits[:2] in ("36", "38", "39") or 3000 <= four <= 3059))
        or (16 <= length <= 19 and (3528 <= four <= 3589 or digits[:2] in ("62", "65", "81") or four == 6011))
        or (length == 16 and (2200 <= four <= 2204 or digits[:2] in ("60", "64", "82") or four == 9792))
        or (12 <= length <= 19 and (digits[:2] == "50" or 5600 <= four <= 5899 or digits[:2] in ("63", "67")))
    )
    return known and checksums.luhn(digits)


# Passwords

_CALLS_IT: Final = (
    r"(?:\s{0,3}(?:is|was|ist|war|lautet|es|era|é|est|était|è|era|to|to jest|adalah|là|la|คือ|है|هو|هي|است|"
    r"是|为|為|は|が|는|은|가|이|:|：|=|＝|»|->|→)){0,2}"
)
_OPENING: Final = "\"'«“„「『`(<["
_CLOSING: Final = "\"'»”“」』`)>],;。，、!?！？"


_PLAIN: Final = re.compile(r"[!-~]{3,}")


@cache
def _named() -> re.Pattern[str]:
    """A word for a secret, what links it to what follows, and that."""
    words = "|".join(sorted(map(re.escape, (*PASSWORD_WORDS, *SHORT_CODE_WORDS)), key=len, reverse=True))
    return re.compile(
        rf"(?P<word>(?<![^\W\d_])(?:{words}))(?P<more>[^\W\d_]{{0,4}}?)(?P<link>{_CALLS_IT})\s{{0,3}}"
        rf"[{re.escape(_OPENING)}]{{0,2}}(?P<it>[^\s]{{3,{LONGEST_PASSWORD}}})",
        re.IGNORECASE,
    )


def _passwords(text: str) -> Iterator[Leak]:
    folded = fold(text)
    if not any(word in folded for word in _folded((*PASSWORD_WORDS, *SHORT_CODE_WORDS))):
        return
    for found in _named().finditer(text):
        it = _bare(found["it"])
        start = found.start("it")
        if text[start - 1].isascii() and text[start - 1].isalnum() and it[:1].isascii():
            continue  # the word goes on
        linked = bool(found["link"].strip())
        short = found["word"].lower() in SHORT_CODE_WORDS
        rest = text[start + len(it) :].split("\n", 1)[0].strip(_CLOSING + " .")
        alone = found["link"].rstrip().endswith((":", "：", "=", "＝")) and not rest
        if (_is_short_code(it) and linked) if short else _is_password(it, linked=linked, alone=alone):
            yield Leak(start, start + len(it), "password", "[covered: password]")


def _bare(it: str) -> str:
    """Without what closes the sentence behind it, and without what follows in a script that has no blanks."""
    plain = _PLAIN.match(it)
    return (plain[0] if plain else it).rstrip(_CLOSING + ".")


def _is_short_code(it: str) -> bool:
    return it.isdecimal() and 3 <= len(it) <= 8


def _is_password(it: str, *, linked: bool, alone: bool) -> bool:
    """Whether it looks chosen as one, or there is nothing else that it could be.

    linked: the text says that it is one.  alone: as "password: it", and nothing behind.
    """
    if len(it) < SHORTEST_PASSWORD or "://" in it or it.startswith(("[covered", "•", "*")):
        return False
    digits = sum(one.isdecimal() for one in it)
    letters = sum(one.isalpha() for one in it)
    if alone:
        return digits + letters > 0
    if not it.isascii():
        return False
    mixed = it[1:] != it[1:].lower() and it != it.upper()
    odd = any(not one.isalnum() and one not in "-'_/.,:;" for one in it)
    if linked:
        return (digits > 0 and (letters > 0 or digits >= SHORTEST_PASSWORD)) or (odd and letters > 0) or mixed
    return digits > 0 and letters >= 2 and len(it) >= 6


@cache
def _folded(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold(word) for word in words))


_FINDERS: Final[tuple[Callable[[str], Iterator[Leak]], ...]] = (_phrases, _keys, _cards, _passwords)
