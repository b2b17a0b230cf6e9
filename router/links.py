"""Links in a text, and whether one only looks like ours.  Pure; no link is ever opened."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from router.names import SHORTEST, bare
from tickets.model import Entity

LOOKS_LIKE: Final = "looks like {domain} and is another server"
WARNING: Final = "{host} {note}: perhaps somebody passes for you. Do not open it; warn the people who see it."
_LINK = re.compile(
    r"(?<![\w@.-])(?:(?P<scheme>https?)://(?:[^\s/@]{0,80}@)?)?"
    r"(?P<host>(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24})(?P<port>:\d{1,5})?(?P<path>/[^\s<>\"'「」《》，。]{0,300})?"
)
_DOTTED = re.compile(r"[^\s.]\.[^\W\d_]")
_KNOWN_ENDS: Final = frozenset((
    "com", "org", "net", "io", "co", "app", "me", "info", "biz", "xyz", "site", "online", "top", "shop",
    "live", "help", "support", "de", "fr", "es", "it", "nl", "pl", "ru", "ua", "tr", "ir", "in", "id", "vn",
    "th", "cn", "tw", "hk", "jp", "kr", "br", "pt", "uk", "us", "eu", "ch", "at", "cc", "vip", "pro", "link",
    "click", "finance", "exchange", "ai", "dev", "gg", "tv", "ly", "to", "is", "sh", "рф",
))  # fmt: skip
"""Without http:// before it, only what ends so is taken for a link: "well.then" is none."""


class Link(NamedTuple):
    """Where it stands.  host: in small letters."""

    start: int
    end: int
    host: str


def links_in(text: str) -> Iterator[Link]:
    """Addresses with a scheme, and names of servers without one."""
    if _DOTTED.search(text) is None:
        return
    for found in _LINK.finditer(text):
        host = found["host"].lower()
        if found["scheme"] or host.rpartition(".")[2] in _KNOWN_ENDS:
            yield Link(found.start(), found.start() + len(found[0].rstrip(".,;:!?)")), host)


@lru_cache(maxsize=4096)
def looks_like_ours(host: str, domains: tuple[str, ...]) -> str:
    """A note where a server's name has one of ours in it, or all but a letter, and is not ours; else empty."""
    if any(host == domain or host.endswith(f".{domain}") for domain in domains):
        return ""
    labels = [bare(label) for label in _readable(host).split(".")]
    for domain in domains:
        own = bare(_readable(domain).split(".")[0])
        if len(own) >= SHORTEST and any(own in label or _one_letter_off(own, label) for label in labels):
            return LOOKS_LIKE.format(domain=domain)
    return ""


def warnings(entities: Sequence[Entity]) -> tuple[str, ...]:
    """What a colleague should read before opening the links of a message."""
    odd = (one for one in entities if one.kind == "link" and one.note)
    return tuple(WARNING.format(host=one.value, note=one.note) for one in odd)


def _readable(host: str) -> str:
    """With what Punycode stands for."""
    return ".".join(map(_decoded, host.split(".")))


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _one_letter_off(own: str, other: str) -> bool:
    """Whether one letter was put in, left out, exchanged or two were swapped; short names are let be."""
    if len(own) <= SHORTEST or abs(len(own) - len(other)) > 1:
        return False
    start = _common(own, other)
    rest, others = own[start:], other[start:]
    swapped = rest[1::-1] + rest[2:] == others
    return swapped or others in (rest[1:],) or rest == others[1:] or rest[1:] == others[1:]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many letters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
