"""Each channel's normalizer by name."""

from typing import assert_never

from normalizer.known import NOTHING_KNOWN, Known
from tickets.ids import Channel
from tickets.model import Ignored, InboundMessage, RawEvent


def normalize(event: RawEvent, known: Known = NOTHING_KNOWN) -> InboundMessage | Ignored:
    """What the event means.  Raises PayloadError."""
    if event.channel == "telegram":
        from normalizer.telegram import normalize_update

        return normalize_update(event, known)
    if event.channel == "discord":
        from normalizer.discord import normalize_event

        return normalize_event(event, known)
    if event.channel == "x":
        if event.external_id.startswith("dm/"):
            from normalizer.x_direct import normalize_direct

            return normalize_direct(event)
        from normalizer.x import normalize_post

        return normalize_post(event)
    if event.channel == "email":
        from normalizer.mail import normalize_mail

        return normalize_mail(event, known)
    assert_never(event.channel)


NEEDS_PROCESS: frozenset[Channel] = frozenset({"email"})
"""Channels whose payloads may hang or exhaust a parser: read in killable worker processes."""
