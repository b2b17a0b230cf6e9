"""What a store promises to whoever looks after clocks and gives out work."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from tickets.ids import UserId
from tickets.model import Shape, Ticket
from tickets.records import TicketChange


class Example(Shape, frozen=True):
    """A ticket's first message.  category: as a colleague said; None: nobody did.  language: None when unknown."""

    text: str
    category: str | None
    language: str | None


class SweepStore(Protocol):
    """Tickets of which something is due, many at once."""

    async def list_to_look(self, now: datetime, limit: int) -> Sequence[Ticket]:
        """Those whose clocks are to be looked at by now, the longest overdue first."""

    async def list_unowned(
        self, teams: Sequence[str], after: tuple[int, datetime] | None, limit: int
    ) -> Sequence[Ticket]:
        """Open tickets of these teams that nobody has, most urgent first, then longest waiting.

        after: the priority and the time since which it waits of the last one seen; None: from the first.
        """

    async def find_unowned(self) -> tuple[Ticket, int] | None:
        """The open ticket that waits longest and that nobody has, and how many there are; None for none."""

    async def count_loads(self) -> Mapping[UserId, int]:
        """How many open tickets everybody has; nobody is named who has none."""

    async def list_examples(self, limit: int) -> Sequence[Example]:
        """What the newest tickets began with, and what colleagues said that they are about; the newest first."""

    async def apply_sweep(self, changes: Sequence[TicketChange], now: datetime) -> int:
        """Commit these, of tickets, events and jobs alone, together; how many.

        A ticket that has changed since it was read is left out: it is looked at again.
        """
