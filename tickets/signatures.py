"""Which keys a mail's signatures need: the connector looks them up, the normalizer checks with them.

A DKIM signature (RFC 6376) or ARC header (RFC 8617) names its domain
(``d=``) and a selector (``s=``); the key is the TXT record of
``selector._domainkey.domain``.
"""

import re
from collections.abc import Collection

MOST_SIGNATURES = 3
"""Of each kind, per mail: whoever sends more wants work to be done."""
_FIELD = re.compile(
    r"^(from|dkim-signature|arc-seal|arc-message-signature)[ \t]*:(.*(?:\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE
)
_DOMAIN = re.compile(r"@([\w.-]{1,253})")
LONGEST_FROM = 1_000
_TAG = re.compile(r"(?:^|;)\s*([a-z]{1,2})\s*=\s*([^;]*)")
_NAME = re.compile(r"(?=.{3,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})+")


def keys_wanted(head: str, sealers: Collection[str]) -> tuple[str, ...]:
    """Names of the TXT records that may prove who sent a mail, in lower case; empty when no signature counts.

    head: the header block, lines ended by LF.  sealers: domains whose ARC
    seals count.
    """
    fields = [(match[1].lower(), match[2]) for match in _FIELD.finditer(head)]
    senders = _DOMAIN.findall(next((value for name, value in fields if name == "from"), "")[:LONGEST_FROM])
    signed = [_tags(value) for name, value in fields if name == "dkim-signature"][:MOST_SIGNATURES]
    wanted = [tags for tags in signed if any(vouches_for(tags.get("d", ""), one.lower()) for one in senders)]
    seals = [_tags(value) for name, value in fields if name.startswith("arc-")]
    if any(tags.get("d") in sealers for tags in seals) and len(seals) <= 2 * MOST_SIGNATURES:
        wanted += seals
    names = (f"{tags.get('s', '')}._domainkey.{tags.get('d', '')}" for tags in wanted)
    return tuple(dict.fromkeys(name for name in names if _NAME.fullmatch(name)))


def vouches_for(signer: str, domain: str) -> bool:
    """Whether who signs for ``signer`` may speak for ``domain``: the same, or one above it (a.example.org).

    DMARC's relaxed alignment (RFC 7489 §3.1.1) also joins sisters, for which
    one must know below which names strangers can register; this needs no
    such list.
    """
    return "." in signer and (domain == signer or domain.endswith(f".{signer}"))


def _tags(value: str) -> dict[str, str]:
    return {name: "".join(text.split()).lower() for name, text in _TAG.findall(" ".join(value.split()))}
