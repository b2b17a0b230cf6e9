"""Four ways in which a message may have been here before; the first three end here."""

import hashlib
import re
import unicodedata
from datetime import timedelta
from typing import Literal, NamedTuple

from tickets.ids import Channel, ExternalMessageId, IdentityId
from tickets.model import InboundMessage
from tickets.records import Context, FingerprintHit, MessageRef

WINDOW = timedelta(hours=24)
"""How long the same text of the same person counts as a repeat."""
SHORTEST = 12
"""Texts of fewer letters ("hello", "thanks") repeat honestly."""
_NOT_TEXT = re.compile(r"[\W_]+")
_QUOTED = re.compile(r"^>.*$", re.MULTILINE)


class Sameness(NamedTuple):
    """redelivery: the platform handed the same message out again.  echo: it
    is our own.  repeat: the same person wrote the same text in the same
    channel.  elsewhere: the same text came over another channel.
    """

    kind: Literal["new", "redelivery", "echo", "repeat", "elsewhere"]
    ref: MessageRef | None = None
    hit: FingerprintHit | None = None


def recognize(message: InboundMessage, fingerprint: str, author: IdentityId | None, context: Context) -> Sameness:
    """author: None when the person is new.

    Where senders choose their messages' names, one of ours under another
    sender is no echo: anybody who got it knows it.
    """
    known = context.refs.get((message.channel, message.external_id))
    if known is not None and message.kind == "message":
        if known.ours and (message.own or not message.content_hash):
            return Sameness("echo", ref=known)
        if known.content_hash == message.content_hash:
            return Sameness("redelivery", ref=known)
    hits = context.fingerprints.get(fingerprint, ()) if fingerprint else ()
    for hit in hits:
        if author is not None and hit.identity_id == author:
            return Sameness("repeat", hit=hit)
    for hit in hits:
        if hit.channel != message.channel:
            return Sameness("elsewhere", hit=hit)
    return Sameness("new")


def fingerprint_of(text: str) -> str:
    """A hash of the words alone: case, width, punctuation, spaces and quoted lines do not count.

    Empty for texts too short to mean anything by being equal.
    """
    words = _NOT_TEXT.sub("", unicodedata.normalize("NFKC", _QUOTED.sub("", text)).casefold())
    if len(words) < SHORTEST:
        return ""
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=16).hexdigest()


def ref_keys(message: InboundMessage) -> set[tuple[Channel, ExternalMessageId]]:
    """Every platform name the router must look up for this message."""
    names = (message.external_id, *message.aliases, *message.reply_to)
    return {(message.channel, name) for name in names}
