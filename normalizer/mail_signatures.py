"""Signatures of a mail, checked by ourselves: DKIM (RFC 6376) and ARC (RFC 8617).

Pure: the keys were looked up by the connector and come with the event.
"""

import logging
import re
from typing import Any

import dkim
import msgspec

from normalizer.mail_headers import Headers, reported
from tickets.model import Authenticity
from tickets.signatures import MOST_SIGNATURES, vouches_for

LARGEST_BYTES = 2 * 1024 * 1024
"""Of larger mails no signature is checked: all of the body is read anew for each."""
HEAD_BYTES = 64 * 1024
MOST_COLONS = 2_000
"""In a header block: each header has one, and a signature one for each header that it covers."""
_LONG_BLANKS = re.compile(rb"[ \t]{100}|(?:\r?\n){500}")
_LONG_FOLDS = re.compile(rb"\s{100}")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
"""The library takes the square of the length of blanks."""
READ_ONCE = (
    "from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "reply-to", "content-type",
    "content-transfer-encoding", "mime-version",
)  # fmt: skip
"""Of two of these the library may check the one and a reader see the other."""
COVERED = frozenset({b"from", b"subject"})
"""What a signature must cover: who wrote, and the number that a subject may name."""
STRONG = (b"rsa-sha256", b"ed25519-sha256")
_QUIET = logging.Logger("dkim", logging.CRITICAL + 1)
"""What the library has to say is the sender's words."""


def checked(
    raw: bytes, looked_up: str, headers: Headers, domain: str, sealers: tuple[str, ...]
) -> Authenticity | None:
    """What signatures prove about a mail that names ``domain`` as its sender's; None when they prove nothing.

    looked_up: TXT records by name, as JSON; empty when nothing was looked
    up.  A signature counts that is made by the sender's very domain or one
    above it, and covers the whole body.
    """
    if not looked_up or _is_hard_to_check(raw) or any(len(headers.all(name)) > 1 for name in READ_ONCE):
        return None
    keys = msgspec.json.decode(looked_up, type=dict[str, str])
    return _signed(raw, keys, headers, domain) or _sealed(raw, keys, domain, sealers)


def _is_hard_to_check(raw: bytes) -> bool:
    """Whether the library may take long, as its patterns go over blanks again and again."""
    if len(raw) > LARGEST_BYTES or _LONG_BLANKS.search(raw):
        return True
    end = _HEAD_END.search(raw)
    head = raw[: end.start()] if end else raw
    return len(head) > HEAD_BYTES or head.count(b":") > MOST_COLONS or _LONG_FOLDS.search(head) is not None


def _signed(raw: bytes, keys: dict[str, str], headers: Headers, domain: str) -> Authenticity | None:
    for index in range(min(len(headers.all("dkim-signature")), MOST_SIGNATURES)):
        signer = _signer(raw, index, keys)
        if signer is not None and vouches_for(signer, domain):
            return Authenticity(verdict="verified", by=signer, detail="its DKIM signature, checked here")
    return None


def _signer(raw: bytes, index: int, keys: dict[str, str]) -> str | None:
    """The domain whose signature holds, as the library has read it; None where it does not hold.

    One with ``l=`` leaves room for a stranger's words (RFC 6376 §8.2).
    """
    checking = dkim.DKIM(raw, logger=_QUIET)
    try:
        holds = checking.verify(index, dnsfunc=_finder(keys))
    except Exception:  # noqa: BLE001  the library raises many things on hostile signatures
        return None
    fields = checking.signature_fields
    covers = set(re.split(rb"\s*:\s*", fields.get(b"h", b"").strip().lower()))
    if not holds or b"l" in fields or fields[b"a"] not in STRONG or not covers >= COVERED:
        return None
    return str(checking.domain, "ascii", "replace").lower()


def _sealed(raw: bytes, keys: dict[str, str], domain: str, sealers: tuple[str, ...]) -> Authenticity | None:
    """What trusted servers on the way report, the last first, as long as each of them is trusted."""
    if not sealers:
        return None
    try:
        state, seals, _why = dkim.ARC(raw, logger=_QUIET).verify(dnsfunc=_finder(keys))
    except Exception:  # noqa: BLE001  as above
        return None
    for seal in seals if state == dkim.CV_Pass else ():
        sealer = seal["as-domain"].decode("ascii", "replace").lower()
        if sealer not in sealers:
            return None
        _instance, _, report = seal["aar-value"].decode("ascii", "replace").partition(";")
        told = reported(report, domain)
        if told.verdict == "verified":
            return Authenticity(verdict="verified", by=sealer, detail="DMARC pass, sealed (ARC)")
    return None


def _finder(keys: dict[str, str]) -> Any:
    def find(name: bytes, timeout: float = 0) -> bytes | None:
        record = keys.get(name.decode("ascii", "replace").rstrip(".").lower())
        return None if record is None else record.encode("ascii", "replace")

    return find
