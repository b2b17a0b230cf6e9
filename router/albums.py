"""Several events, one message: an album comes as one event for each picture."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from tickets.ids import EventId, ExternalMessageId
from tickets.model import InboundMessage


class Gathered(NamedTuple):
    """A message with the events it was made of."""

    message: InboundMessage
    event_ids: tuple[EventId, ...]


def gather(messages: Sequence[tuple[EventId, InboundMessage]]) -> list[Gathered]:
    """Members of one group become one message at the place of the first; order is kept."""
    gathered: list[Gathered] = []
    places: dict[str, int] = {}
    for event_id, message in messages:
        place = places.get(message.group) if message.group and message.kind == "message" else None
        if place is None:
            if message.group and message.kind == "message":
                places[message.group] = len(gathered)
                message = replace(message, aliases=(*message.aliases, group_ref(message.group)))
            gathered.append(Gathered(message, (event_id,)))
        else:
            first = gathered[place]
            gathered[place] = Gathered(_joined(first.message, message), (*first.event_ids, event_id))
    return gathered


def group_ref(group: str) -> ExternalMessageId:
    """The name under which a straggler of the album finds its message."""
    return ExternalMessageId(f"album/{group}")


def _joined(first: InboundMessage, more: InboundMessage) -> InboundMessage:
    texts = [text for text in (first.text, more.text) if text]
    return replace(
        first,
        text="\n".join(texts),
        gist=None,
        attachments=(*first.attachments, *more.attachments),
        aliases=(*first.aliases, more.external_id),
        unaddressed=first.unaddressed and more.unaddressed,
        feed=first.feed if more.feed else "",
    )
