"""What somebody took back, as it was typed, for the composer."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tickets.model import DeliveryPart, Span, TicketEnvelope
from tickets.rich import Rich, source_of


class Withdrawn(NamedTuple):
    """formatted: with marks in it.  files: some went with it."""

    text: str = ""
    formatted: bool = False
    files: bool = False


def withdrawn(whole: TicketEnvelope, delivery_id: str) -> Withdrawn:
    """Without words when it was not withdrawn."""
    for delivery in whole.deliveries:
        if delivery.id == delivery_id and delivery.code == "withdrawn":
            text = next((m.text for m in whole.messages if m.id == delivery.message_id), "")
            spans = tuple(_spans_in(text, delivery.parts))
            typed = source_of(Rich(text, spans)) if spans else text
            return Withdrawn(typed, bool(spans), any(part.files for part in delivery.parts))
    return Withdrawn()


def _spans_in(text: str, parts: Sequence[DeliveryPart]) -> Iterator[Span]:
    """Those of all pieces, as they stand in the whole text."""
    at = 0
    for part in parts:
        at = max(at, text.find(part.text, at))
        yield from (Span(at + span.start, at + span.end, span.kind, span.url) for span in part.spans)
