"""What somebody took back, as it was typed, for the composer."""

from typing import NamedTuple

from tickets.model import TicketEnvelope


class Withdrawn(NamedTuple):
    """formatted: with marks in it.  had_files: some went with it."""

    text: str = ""
    formatted: bool = False
    had_files: bool = False


def withdrawn(whole: TicketEnvelope, delivery_id: str) -> Withdrawn:
    """Without words when it was not withdrawn."""
    delivery = next((one for one in whole.deliveries if one.id == delivery_id and one.code == "withdrawn"), None)
    message = next((one for one in whole.messages if delivery and one.id == delivery.message_id), None)
    if message is None:
        return Withdrawn()
    return Withdrawn(message.typed or message.text, message.typed is not None, bool(message.attachments))
