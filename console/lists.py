"""The views of the inbox: which tickets each shows, and where in the address one stands."""

from dataclasses import dataclass
from typing import NamedTuple, cast, get_args
from urllib.parse import urlencode

from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.requests import Request

from desk.actors import Actor
from desk.commands import Desk
from tickets.ids import Channel, UserId
from tickets.model import TicketStatus
from tickets.records import Page, TicketFilter
from tickets.segments import query_segments

PAGE = 50
LONGEST_QUERY = 500
LARGEST = 2**63 - 1


class View(NamedTuple):
    """A view: its name, icon, key after ``g``, and what it says when it is empty."""

    title: str
    icon: str
    letter: str
    empty: str
    hint: str


VIEWS: dict[str, View] = {
    "open": View(
        "Open",
        "inbox",
        "o",
        "Nobody is waiting",
        "When somebody writes to one of your channels, their ticket appears here by itself.",
    ),
    "unassigned": View(
        "Unassigned", "user-round-x", "u", "Everything has somebody", "Tickets that nobody has taken show up here."
    ),
    "mine": View(
        "Mine",
        "user-round-check",
        "m",
        "You have no tickets",
        "Open one and press c to take it; answering takes it too.",
    ),
    "waiting": View(
        "Waiting for the person",
        "hourglass",
        "p",
        "You wait for nobody",
        "Tickets you have answered rest here until the person writes again.",
    ),
    "closed": View("Closed", "archive", "d", "Nothing is closed yet", "Press e in a ticket that is done."),
}
SEARCH = View(
    "Search", "search", "/", "Nothing found", "Every word must occur. Try fewer words, or only part of the story."
)


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the inbox, as the address tells it."""

    view: str = "open"
    channel: Channel | None = None
    query: str = ""

    @property
    def shown(self) -> View:
        """The view, or the search that takes its place."""
        return SEARCH if self.query else VIEWS[self.view]

    def parameters(self, **more: str) -> str:
        """The part of an address after ``?``, with the question mark; empty for the plain inbox."""
        wanted = {"q": self.query, "view": "" if self.view == "open" or self.query else self.view}
        wanted |= {"channel": self.channel or "", **more}
        encoded = urlencode({name: value for name, value in wanted.items() if value})
        return f"?{encoded}" if encoded else ""


class Section(NamedTuple):
    """A run of tickets under one heading.  key: names it in the address of its next page."""

    key: str
    title: str
    wanted: TicketFilter


class Listed(NamedTuple):
    """A section with a page of its tickets."""

    section: Section
    page: Page


def where_in(request: Request) -> Where:
    """Where a request stands; unknown views and channels are the inbox itself."""
    asked = request.query_params
    view = asked.get("view", "open")
    channel = asked.get("channel", "")
    return Where(
        view=view if view in VIEWS else "open",
        channel=cast(Channel, channel) if channel in get_args(Channel) else None,
        query=" ".join(asked.get("q", "").split())[:LONGEST_QUERY],
    )


def sections(where: Where, user: UserId | None) -> list[Section]:
    """What to list.  ``Mine`` has two parts: what waits for me, and what waits for the person."""
    if where.query:
        return [Section("found", "", _filter(where))]
    mine = user or UserId("nobody")
    match where.view:
        case "unassigned":
            return [Section("open", "", _filter(where, "open", "-"))]
        case "mine":
            return [
                Section("open", "", _filter(where, "open", mine)),
                Section("pending", "Waiting for the person", _filter(where, "pending", mine)),
            ]
        case "waiting":
            return [Section("pending", "", _filter(where, "pending"))]
        case "closed":
            return [Section("closed", "", _filter(where, "closed"))]
    return [Section("open", "", _filter(where, "open"))]


async def list_all(desk: Desk, where: Where, actor: Actor) -> list[Listed]:
    """The first page of every section."""
    wanted = sections(where, actor.user_id)
    return [Listed(section, await desk.list_tickets(actor, section.wanted)) for section in wanted]


async def list_more(desk: Desk, where: Where, actor: Actor, key: str, cursor: str) -> Listed:
    """A further page of one section.  Raises HTTPException 404 for a place that cannot be."""
    section = next((one for one in sections(where, actor.user_id) if one.key == key), None)
    if section is None or not is_cursor(cursor, searching=bool(query_segments(where.query))):
        raise HTTPException(404, "This page of the list does not exist. Begin again at its first page.")
    return Listed(section, await desk.list_tickets(actor, replace(section.wanted, cursor=cursor)))


def is_cursor(cursor: str, *, searching: bool) -> bool:
    """Whether a cursor has the form the store gives out."""
    parts = cursor.split(".")
    if len(cursor) > 64 or len(parts) != (1 if searching else 3):
        return False
    return all(
        part.isascii() and part.removeprefix("-").isdecimal() and abs(int(part)) <= LARGEST for part in parts
    )


def _filter(where: Where, status: TicketStatus | None = None, assignee: str | None = None) -> TicketFilter:
    return TicketFilter(status=status, channel=where.channel, assignee=assignee, query=where.query, limit=PAGE)
