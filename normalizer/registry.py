"""Each channel's normalizer by name."""

from tickets.errors import PayloadError
from tickets.ids import Channel
from tickets.model import Ignored, InboundMessage, RawEvent


def normalize(event: RawEvent, *, authserv_ids: tuple[str, ...] = ()) -> InboundMessage | Ignored:
    """What the event means.  authserv_ids: the mail servers to trust.  Raises PayloadError."""
    if event.channel == "telegram":
        from normalizer.telegram import normalize_update

        return normalize_update(event)
    if event.channel == "email":
        from normalizer.mail import normalize_mail

        return normalize_mail(event, authserv_ids=authserv_ids)
    raise PayloadError(f"nobody here can read {event.channel}")


NEEDS_PROCESS: frozenset[Channel] = frozenset({"email"})
"""Channels whose payloads may hang or exhaust a parser: read in killable worker processes."""
