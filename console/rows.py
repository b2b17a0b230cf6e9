"""A ticket as a row of a list: everything worked out, nothing left to the template."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from console import words
from console.lists import Listed, Where
from console.work import heat_of
from tickets.ids import UserId
from tickets.model import Ticket
from tickets.records import TicketRow

URGENT = 60
LONGEST_SNIPPET = 160

Names = Mapping[UserId, str]
"""Users' names by id."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a row shows.  v: changes whenever anything of it does."""

    ticket: Ticket
    href: str
    snippet: str
    public: bool
    assignee: str
    wait: str
    heat: str
    v: str

    @property
    def urgent(self) -> bool:
        """Told apart in the pill."""
        return self.ticket.priority >= URGENT

    @property
    def initials(self) -> str:
        """Of whoever has the ticket, at most two letters."""
        return initials(self.assignee)

    @property
    def bar(self) -> int:
        """The height of the priority bar, in parts of 20."""
        return max(2, min(20, round(self.ticket.priority / 5)))


@dataclass(frozen=True, slots=True)
class Rows:
    """A section of the list.  more: the address of what follows; empty at the end."""

    key: str
    title: str
    rows: list[Row]
    more: str


def rows_of(listed: Listed, where: Where, names: Names, now: datetime) -> Rows:
    """A listed section for the template."""
    section, page = listed
    more = where.parameters(section=section.key, cursor=page.next) if page.next else ""
    return Rows(section.key, section.title, [row_of(one, where, names, now) for one in page.items], more)


def row_of(found: TicketRow, where: Where, names: Names, now: datetime) -> Row:
    """A listed ticket for the template."""
    ticket = found.ticket
    since = ticket.waiting_since
    assignee = name_of(ticket.assignee, names)
    return Row(
        ticket=ticket,
        href=f"/tickets/{ticket.number}{where.parameters()}",
        snippet=(found.snippet or ticket.subject or "No words").strip()[:LONGEST_SNIPPET],
        public=found.visibility == "public",
        assignee=assignee,
        wait=words.waited(since, now) if since else "",
        heat=heat_of(ticket.clocks) or (words.heat(since, now) if since else ""),
        v=version((found, assignee)),
    )


def name_of(user: UserId | None, names: Names) -> str:
    """A user's name; empty for nobody."""
    return "" if user is None else names.get(user, "somebody who left")


def initials(name: str) -> str:
    """First letters of the first and last word."""
    parts = name.split()
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper()


def version(shown: object) -> str:
    """A short mark of everything shown, so that the page replaces only what changed."""
    return f"{zlib.crc32(msgspec.json.encode(shown)):08x}"
