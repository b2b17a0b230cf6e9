"""Who else a person may be: tickets in which something is named that hardly two people share."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tickets.ids import TicketNumber
from tickets.model import EntityKind, TicketEnvelope
from tickets.records import Page, TicketFilter

TELLING: Final[tuple[EntityKind, ...]] = ("account", "email", "phone", "transaction", "wallet", "order")
"""Kinds that tell people apart, the surest first."""
MOST_ASKED: Final = 4
MOST_FOUND: Final = 5


class Suggestion(NamedTuple):
    """Another ticket that may be of the same person.  why: what both name, a sentence's end."""

    number: TicketNumber
    requester: str
    why: str


def evidence(ticket: TicketEnvelope) -> list[tuple[EntityKind, str]]:
    """What tickets of the same person would name, too: as it was written, the surest first."""
    wrote = [one for one in ticket.messages if one.direction == "in" and one.deleted_at is None]
    found = {(one.kind, one.text or one.value) for message in wrote for one in message.entities}
    return sorted((one for one in found if one[0] in TELLING), key=lambda one: (TELLING.index(one[0]), one[1]))[
        :MOST_ASKED
    ]


def asked_for(value: str) -> TicketFilter:
    """Tickets in which it stands."""
    return TicketFilter(query=value, limit=2 * MOST_FOUND)


def suggested(
    ticket: TicketEnvelope, found: Iterable[tuple[tuple[EntityKind, str], Page]]
) -> tuple[Suggestion, ...]:
    """Of the tickets found, those of other names that are not part of this one."""
    told: dict[TicketNumber, Suggestion] = {}
    for suggestion in _others(ticket, found):
        told.setdefault(suggestion.number, suggestion)
    return tuple(told.values())[:MOST_FOUND]


def _others(ticket: TicketEnvelope, found: Iterable[tuple[tuple[EntityKind, str], Page]]) -> Iterator[Suggestion]:
    own = {identity.id for identity in ticket.identities}
    for (kind, value), page in found:
        for row in page.items:
            other = row.ticket
            if other.number != ticket.ticket.number and other.requester_id not in own:
                yield Suggestion(other.number, other.requester, f"both name the {kind} {value}")
