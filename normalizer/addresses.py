"""Mail addresses, read strictly: what RFC 5322 leaves ambiguous is no address at all.

The standard library's reader takes ``alice@example.org]<bob@example.org>``
for alice (CVE-2023-27043).  A wrong sender is worse than none.
"""

import re
from typing import NamedTuple

MAX_CHARS = 32 * 1024
MAX_ADDRESSES = 500
_ADDRESS = re.compile(
    r"[^\s@<>()\[\],;:\\\"\x00-\x20\x7f]{1,64}@"
    r"(?:[^\s@<>()\[\],;:\\\"\x00-\x20\x7f.]{1,63}\.)*[^\s@<>()\[\],;:\\\"\x00-\x20\x7f.]{1,63}"
)


_NEVER_IN_A_NAME = re.compile(r"[\"<>,;:()\[\]\\]")


class Address(NamedTuple):
    """name: as written, still encoded; empty when there is none.  address: domain in lower case."""

    name: str
    address: str


def parse_addresses(header: str) -> tuple[list[Address], bool]:
    """The addresses of a header, and whether every part of it was well formed.

    header: unfolded and *not* yet decoded, so that an encoded name cannot
    smuggle an address in.  Text past 32 KiB or 500 addresses is left out.
    """
    found: list[Address] = []
    clean = len(header) <= MAX_CHARS
    for mailbox in _split(header[:MAX_CHARS]):
        address = _read(mailbox)
        if address is None:
            clean = clean and not mailbox.strip()
        elif len(found) < MAX_ADDRESSES:
            found.append(address)
    return found, clean


def _split(header: str) -> list[str]:
    """At commas outside quotes, comments and angle brackets; a group's name and ``;`` fall away."""
    parts: list[str] = []
    current: list[str] = []
    quoted = escaped = angle = False
    depth = 0
    for char in header:
        if escaped:
            escaped = False
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif quoted or char == '"':
            quoted = not quoted if char == '"' else quoted
        elif char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
            continue
        elif depth:
            continue
        elif char in "<>":
            angle = char == "<"
        elif not angle and char == ":":
            current.clear()
            continue
        elif not angle and char in ",;":
            parts.append("".join(current))
            current.clear()
            continue
        if not depth:
            current.append(char)
    return [*parts, "".join(current)]


def _read(mailbox: str) -> Address | None:
    """One mailbox: ``name <address>`` or a bare address.  Linear in its length."""
    mailbox = mailbox.strip()
    if mailbox.endswith(">") and (start := mailbox.rfind("<")) >= 0:
        name, address = _name(mailbox[:start].strip()), mailbox[start + 1 : -1].strip()
    else:
        name, address = "", mailbox
    if name is None or len(address) > 320 or not _ADDRESS.fullmatch(address):
        return None
    local, _, domain = address.rpartition("@")
    return Address(name, f"{local}@{domain.lower()}")


def _name(written: str) -> str | None:
    """A display name without its quotes; None when it is neither one quoted string nor plain words."""
    if len(written) > 1 and written[0] == written[-1] == '"':
        inner = re.sub(r"\\(.)", r"\1", written[1:-1], flags=re.DOTALL)
        return inner if '"' not in re.sub(r"\\.", "", written[1:-1], flags=re.DOTALL) else None
    return None if _NEVER_IN_A_NAME.search(written) else written
