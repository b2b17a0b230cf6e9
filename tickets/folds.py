"""What of a text its writer does not say now: quotations, signatures, disclaimers.  Marked, never cut.

The rules are of structure, so that they hold in any language; words are
asked for only where structure alone could take a person's own lines.  Losing
somebody's words is the worse mistake: in doubt nothing is marked, and answers
written between the lines of a quotation leave all of it standing.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from tickets.fold_words import FROM, HEADINGS, LEGAL, MAIL, SCANNED, SENT_BEHIND, SENT_FROM

SNIPPET_CHARS = 200
Kind = Literal["quote", "signature", "disclaimer"]


class Passage(NamedTuple):
    """Whole lines of one kind.  kind: None for what the person says now."""

    kind: Kind | None
    text: str


def passages(text: str) -> list[Passage]:
    """The text cut at its folds; joined by line ends it is the text again."""
    if "\n" not in text:  # as most chat: something must be said
        return [Passage(None, text)]
    lines = text.split("\n")
    kinds = _kinds(lines)
    found: list[Passage] = []
    start = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or kinds[at] != kinds[start]:
            found.append(Passage(kinds[start], "\n".join(lines[start:at])))
            start = at
    return found


def fresh(text: str) -> str:
    """What the person says now, without what is folded."""
    return "\n".join(passage.text for passage in passages(text) if passage.kind is None).strip()


def snippet_of(said: str) -> str:
    """What lists show of a text that is fresh: its beginning, on one line."""
    return " ".join(said[: SNIPPET_CHARS * 2].split())[:SNIPPET_CHARS]


# Each rule marks lines that no earlier one has marked ---------------------------

Kinds = list[Kind | None]


def _kinds(lines: Sequence[str]) -> Kinds:
    quoted: Kinds = [None] * len(lines)
    for mark in (_mark_prefixed, _mark_attached):
        quoted = _marked(mark, lines, quoted)
    ended = quoted
    for mark in BELOW:
        ended = _marked(mark, lines, ended)
    kinds = ended
    if _is_interleaved(lines, ended):
        kinds = [None if kind == "quote" else kind for kind in ended]
    _take_blank_lines(lines, kinds)
    return kinds


def _marked(mark: Callable[[Sequence[str], Kinds], None], lines: Sequence[str], before: Kinds) -> Kinds:
    """One rule more, unless it leaves nothing that the person says."""
    kinds = list(before)
    mark(lines, kinds)
    return kinds if _says_anything(lines, kinds) else before


_PREFIX = re.compile(r"\s{0,3}[>＞]")
_WORDS = re.compile(r"\w")


def _says_anything(lines: Sequence[str], kinds: Kinds) -> bool:
    return any(kind is None and _WORDS.search(line) for line, kind in zip(lines, kinds, strict=True))


def _mark_prefixed(lines: Sequence[str], kinds: Kinds) -> None:
    """Lines that begin with ``>``, the blank ones between them, and the line that announces them."""
    for start, end in list(_prefixed_blocks(lines)):
        first = _announcement(lines, start)
        apart = start == 0 or not lines[start - 1].strip()
        if first < start or end - start > 1 or apart:  # one such line below others may be anything
            kinds[first:end] = ["quote"] * (end - first)


def _prefixed_blocks(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(first, behind the last) of runs of quoted lines; blank lines within a run belong to it."""
    start = end = None
    for at, line in enumerate(lines):
        if _PREFIX.match(line):
            start, end = (at if start is None else start), at + 1
        elif line.strip() and start is not None and end is not None:
            yield start, end
            start = end = None
    if start is not None and end is not None:
        yield start, end


# "On Monday, 3 March 2025 at 10:15, Anna <anna@example.org> wrote:", in whatever language.
_TIME = re.compile(r"\d{1,2}\s?[:.時时点시h]\s?\d{2}")
_DAY = re.compile(
    r"(?:19|20|25)\d{2}\s?[-./年년]\s?\d{1,2}|\d{1,2}\s?[-./]\s?\d{1,2}\s?[-./]\s?(?:\d{4}|\d{2})\b|\b(?:19|20|25)\d{2}\b"
)
_ADDRESS = re.compile(r"[<\[(（＜]?(?:mailto:)?[^\s<>@\[\]()]{1,64}@[^\s<>@\[\]()]{3,253}[>\])）＞]?")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\xad]")
MOST_BLANK_LINES = 4
"""So many may stand between an announcement and what it announces."""
ANNOUNCEMENT_LINES = 4
ANNOUNCEMENT_CHARS = 400
SHORT_CHARS = 80
"""A paragraph of one such line with a colon at its end announces what is quoted, whatever it says."""


def _announcement(lines: Sequence[str], start: int) -> int:
    """Where the lines begin that announce a quotation; ``start`` when nothing does."""
    last = start - 1
    while last >= 0 and start - last <= MOST_BLANK_LINES and not lines[last].strip():
        last -= 1
    if last < 0 or not _ends_in_colon(_visible(lines[last])):
        return start
    for first in range(last, max(-1, last - ANNOUNCEMENT_LINES), -1):
        if not lines[first].strip() or _PREFIX.match(lines[first]):
            break
        words = " ".join(_visible(line) for line in lines[first : last + 1])
        if len(words) > ANNOUNCEMENT_CHARS:
            break
        if _announces(words):
            return _with_its_beginning(lines, first)
    alone = last > 0 and not lines[last - 1].strip() and start - last <= 2
    return last if alone and len(lines[last]) <= SHORT_CHARS else start


def _announces(words: str) -> bool:
    """A time, or a day, or an address, before the colon."""
    return bool(_TIME.search(words) or _DAY.search(words) or _ADDRESS.search(words))


def _with_its_beginning(lines: Sequence[str], first: int) -> int:
    """One line more where a mail program has wrapped it: the date stands before the name."""
    before = first - 1
    if before < 0 or _ends_in_colon(_visible(lines[before])):
        return first
    above = _visible(lines[before])
    wrapped = len(above) > 25 and bool(_DAY.search(above) or _TIME.search(above))
    return before if wrapped and not above.endswith((".", "!", "?", "。", "！", "？")) else first


def _ends_in_colon(words: str) -> bool:
    return words.rstrip("*_ ").endswith((":", "："))


def _visible(line: str) -> str:
    return (line if line.isascii() else _INVISIBLE.sub("", line)).strip()


# Without ">" before the lines: a ruler or a block of headers, and all that follows -----------

_RULES = "-_=–—*~"
TITLE_CHARS = 62
_NAMED = re.compile(r"[<＜][^\s<>＜＞@]{1,64}@[^\s<>＜＞@]{1,255}[>＞]")
_RULER = re.compile(r"\s*[-_=–—*]{8,}\s*")
_HEADER = re.compile(r"\s*[*_]{0,2}([^\W\d][^:：<>@]{0,30}?)\s?[*_]{0,2}\s?[:：]\s?[*_]{0,2}\s*(\S.*)?")
_COLON = re.compile("[:：]")
HEADER_CHARS = 300
"""A longer line is no ruler, and so much of a header says what it is."""
MOST_HEADERS = 10
FEWEST_HEADERS = 3


def _mark_attached(lines: Sequence[str], kinds: Kinds) -> None:
    """Everything from the first sign on that a whole earlier mail follows."""
    for at in range(len(lines)):
        if kinds[at] is None and (_begins_attached(lines, at) or _is_long_announcement(lines, at)):
            first = _announcement(lines, at)
            kinds[first:] = ["quote"] * (len(lines) - first)
            return


def _begins_attached(lines: Sequence[str], at: int) -> bool:
    if len(lines[at]) > HEADER_CHARS:
        return False
    if _is_titled_ruler(lines[at]) or _RULER.fullmatch(lines[at]):
        below = _next_words(lines, at + 1)
        return below is not None and below - at <= 3 and _headers_from(lines, below, fewest=2)
    head = _HEADER.fullmatch(_visible(lines[at])) if _COLON.search(lines[at]) else None
    if head is None or head[1].strip().casefold() not in FROM:
        return False
    apart = at == 0 or not lines[at - 1].strip()
    return _headers_from(lines, at, fewest=FEWEST_HEADERS if apart else FEWEST_HEADERS + 1)


def _is_titled_ruler(line: str) -> bool:
    """``--- Original message ---``."""
    line = line.strip()
    if line[:1] not in _RULES:
        return False
    before, behind = len(line) - len(line.lstrip(_RULES)), len(line) - len(line.rstrip(_RULES))
    return before >= 2 and behind >= 2 and 0 < len(line.strip(_RULES).strip()) <= TITLE_CHARS


def _headers_from(lines: Sequence[str], at: int, *, fewest: int) -> bool:
    """Whether so many lines ``Name: value`` stand here, with a day or a time, or an address; three: with both.

    A day with its time stands for the address too.
    """
    block: list[str] = []
    for line in lines[at : at + MOST_HEADERS]:
        found = _HEADER.fullmatch(_visible(line[:HEADER_CHARS]))
        if found is None or found[2] is None:
            break
        block.append(found[2])
    dated = any(_DAY.search(value) or _TIME.search(value) for value in block)
    exact = any(_DAY.search(value) and _TIME.search(value) for value in block)
    sent_by = exact or any(_ADDRESS.search(value) for value in block)
    return len(block) >= fewest and (dated or sent_by) and (fewest < FEWEST_HEADERS or (dated and sent_by))


def _is_long_announcement(lines: Sequence[str], at: int) -> bool:
    """A paragraph of its own with day, time and address, and a colon at its end; something follows."""
    if at == 0 or lines[at - 1].strip():
        return False
    end = at
    while end < len(lines) and end - at < ANNOUNCEMENT_LINES and lines[end].strip():
        end += 1
    if end - at == ANNOUNCEMENT_LINES and end < len(lines) and lines[end].strip():
        return False
    words = " ".join(_visible(line) for line in lines[at:end])
    if len(words) > ANNOUNCEMENT_CHARS or not _ends_in_colon(words):
        return False
    dated = _DAY.search(words) and _TIME.search(words) and _NAMED.search(words)
    return bool(dated) and _next_words(lines, end) is not None


def _next_words(lines: Sequence[str], at: int) -> int | None:
    return next((n for n in range(at, len(lines)) if lines[n].strip()), None)


def _is_interleaved(lines: Sequence[str], kinds: Kinds) -> bool:
    """Own words behind a quotation, unless the quotation is all that stands before them."""
    runs: list[bool] = []
    for line, kind in zip(lines, kinds, strict=True):
        quoted = kind == "quote"
        if (quoted or (kind is None and _WORDS.search(line))) and (not runs or runs[-1] != quoted):
            runs.append(quoted)
    return runs not in ([], [False], [True], [False, True], [True, False])


# Below what was said ---------------------------------------------------------------

_DELIMITER = re.compile(r"--\s?")
"""RFC 3676 §4.3; many lose the blank."""
SIGNATURE_LINES = 15
FOOTER_LINES = 6
SENT_FROM_CHARS = 100
MOST_WORDS_BEHIND = 3
"""So many words may follow a device's name and a comma; more are the person's own."""
DISCLAIMER_CHARS = 100
MOST_DISCLAIMERS = 4
HEADING_CHARS = 40
_LINK = re.compile(r"https?://|www\.")


def _mark_signature(lines: Sequence[str], kinds: Kinds) -> None:
    own = _own(lines, kinds)
    delimiter = next((at for at in reversed(own) if _DELIMITER.fullmatch(lines[at])), None)
    if delimiter is None:
        return
    below = [at for at in own if at >= delimiter]
    if len(below) <= SIGNATURE_LINES and below[-1] - delimiter < len(below):  # nothing else in between
        _mark(below, kinds, "signature")


def _mark_footer(lines: Sequence[str], kinds: Kinds) -> None:
    """What a mailing list puts below: a ruler, and a few lines with an address or a link."""
    paragraph = _last_own_paragraph(lines, kinds)
    if not 1 < len(paragraph) <= FOOTER_LINES or not _RULER.fullmatch(lines[paragraph[0]][:HEADER_CHARS]):
        return
    words = " ".join(lines[at] for at in paragraph)
    if _ADDRESS.search(words) or _LINK.search(words):
        _mark(paragraph, kinds, "signature")


def _mark_sent_from(lines: Sequence[str], kinds: Kinds) -> None:
    """The last own lines, where they only say which device it was written on."""
    paragraph = _last_own_paragraph(lines, kinds)
    if paragraph and len(paragraph) <= 2 and _names_device(" ".join(lines[at] for at in paragraph)):
        _mark(paragraph, kinds, "signature")
        return
    own = _own(lines, kinds)
    if len(own) > 1 and not _visible(lines[own[-1]])[:1].islower() and _names_device(lines[own[-1]]):
        _mark(own[-1:], kinds, "signature")


def _names_device(line: str) -> bool:
    words = _visible(line).casefold().replace("’", "'")
    named = words.startswith(SENT_FROM) or words.rstrip(".!。 ").endswith(SENT_BEHIND)
    behind = re.split(r"[,;–—]", words, maxsplit=1)[1:]
    own = any(len(rest.split()) > MOST_WORDS_BEHIND for rest in behind)
    return named and not own and len(words) <= SENT_FROM_CHARS


def _mark_disclaimer(lines: Sequence[str], kinds: Kinds) -> None:
    """The last own paragraphs, as long as each is a notice that asks nothing, with the heading above them."""
    found = False
    for _ in range(MOST_DISCLAIMERS):
        paragraph = _last_own_paragraph(lines, kinds)
        words = " ".join(_visible(lines[at]) for at in paragraph).casefold()
        heading = found and len(words) <= HEADING_CHARS and words.strip(":*_-=. ") in HEADINGS
        if not (heading or _is_notice(words)):
            return
        _mark(paragraph, kinds, "disclaimer")
        found = True


def _is_notice(words: str) -> bool:
    """Long and about the secrecy of a mail, or short and about viruses."""
    secret = any(word in words for word in LEGAL) and any(word in words for word in MAIL)
    legal = len(words) >= DISCLAIMER_CHARS and secret
    scanned = len(words) <= MOST_SCANNED_CHARS and any(word in words for word in SCANNED)
    return (legal or scanned) and not _ASKS.search(words)


def _mark(lines: Sequence[int], kinds: Kinds, kind: Kind) -> None:
    for at in lines:
        kinds[at] = kind


MOST_SCANNED_CHARS = 400
_ASKS = re.compile(r"[?？؟]")


def _last_own_paragraph(lines: Sequence[str], kinds: Kinds) -> list[int]:
    """The lines of it; none where it is all that the person says."""
    own = _own(lines, kinds)
    found: list[int] = []
    while own and lines[own[-1]].strip() and (not found or own[-1] == found[0] - 1):
        found.insert(0, own.pop())
    return found if any(lines[at].strip() for at in own) else []


def _own(lines: Sequence[str], kinds: Kinds) -> list[int]:
    """The unmarked lines, up to the last one with words."""
    own = [at for at, kind in enumerate(kinds) if kind is None]
    while own and not lines[own[-1]].strip():
        own.pop()
    return own


def _take_blank_lines(lines: Sequence[str], kinds: Kinds) -> None:
    """Blank lines before a fold belong to it, so that nothing hangs below what was said."""
    for at in range(len(lines) - 2, -1, -1):
        if kinds[at] is None and not lines[at].strip():
            kinds[at] = kinds[at + 1]


BELOW = (_mark_footer, _mark_disclaimer, _mark_signature, _mark_sent_from)
"""What stands at the end of a text, behind or before what it quotes."""
