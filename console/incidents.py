"""Incidents: the list of them, and the room of one with who reported it and what everybody is told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import words
from console.composer import fresh_key
from console.frame import frame_of, names_of, users_of
from console.history import Line, actor_name
from console.names import is_id, is_number
from console.rows import Names, name_of
from console.sessions import Change, Visit, field
from console.site import site_of
from desk.incidents import IncidentDesk, Room
from tickets.ids import IncidentNumber, TicketId
from tickets.incidents import Incident, IncidentEvent, TellingKind

LANGUAGES = 12
"""So many of the reporters' languages get a field of their own."""
SAID = {
    "raised": "found it",
    "grew": "found more reports",
    "taken": "looks after it",
    "entered": "came into the room",
    "renamed": "gave it another title",
    "told": "told everybody",
    "resolved": "said that it is over",
    "dismissed": "said that it is none",
    "removed": "said that a ticket does not belong to it",
    "merged": "found that it is another one",
}


@dataclass(frozen=True, slots=True)
class RoomPage:
    """A room for its template.  languages: of the reporters, with how many write in each."""

    room: Room
    names: Names
    key: str

    @property
    def incident(self) -> Incident:
        return self.room.incident

    @property
    def owner(self) -> str:
        return name_of(self.incident.owner, self.names)

    @property
    def crew(self) -> list[str]:
        return [name_of(one, self.names) for one in self.incident.crew]

    @property
    def languages(self) -> list[tuple[str, str, int]]:
        """Tag, name and count; what nobody knows is counted with the first."""
        known = [(tag, count) for tag, count in self.room.languages.items() if tag]
        found = known[:LANGUAGES] or [("en", 0)]
        return [(tag, words.language_name(tag), count) for tag, count in found]

    @property
    def lines(self) -> list[Line]:
        """The newest first; what grows again and again is told once."""
        told: list[IncidentEvent] = []
        for event in self.room.events:
            if told and event.kind == told[-1].kind == "grew":
                told.pop()
            told.append(event)
        return [Line(event.at, _sentence(event, self.names)) for event in reversed(told)]


async def show_incidents(request: Request, visit: Visit) -> Response:
    """All of them, the one last reported first."""
    site = site_of(request)
    found = await site.console.incidents.list_incidents(visit.actor)
    names = names_of(await users_of(site.console))
    frame = await frame_of(request, visit, "incidents")
    return site.pages.answer("incidents.html", 200, frame=frame, found=found, names=names)


async def show_room(request: Request, visit: Visit) -> Response:
    """One of them; where it became another one, that one."""
    site = site_of(request)
    room = await site.console.incidents.get_room(visit.actor, incident_in(request))
    if room.incident.merged_into is not None:
        return RedirectResponse(f"/incidents/{room.incident.merged_into}", 303)
    names = names_of(await users_of(site.console))
    frame = await frame_of(request, visit, "incidents")
    page = RoomPage(room, names, fresh_key())
    return site.pages.answer("incident.html", 200, frame=frame, page=page)


Command = Callable[[IncidentDesk, Request, Visit, FormData], Awaitable[None]]


def change(command: Command) -> Change:
    """A form of the room; back to it."""

    async def handler(request: Request, visit: Visit, form: FormData) -> Response:
        await command(site_of(request).console.incidents, request, visit, form)
        return RedirectResponse(f"/incidents/{incident_in(request)}", 303)

    return handler


async def take(desk: IncidentDesk, request: Request, visit: Visit, _form: FormData) -> None:
    """Look after it."""
    await desk.take(visit.actor, incident_in(request))


async def join(desk: IncidentDesk, request: Request, visit: Visit, _form: FormData) -> None:
    """Come into its room."""
    await desk.join(visit.actor, incident_in(request))


async def rename(desk: IncidentDesk, request: Request, visit: Visit, form: FormData) -> None:
    """Give it a title."""
    await desk.rename(visit.actor, incident_in(request), field(form, "title"))


async def tell(desk: IncidentDesk, request: Request, visit: Visit, form: FormData) -> None:
    """Tell everybody."""
    kind: TellingKind = "resolution" if field(form, "kind") == "resolution" else "answer"
    prefix = "text-"
    texts = {
        name.removeprefix(prefix): value
        for name, value in form.items()
        if name.startswith(prefix) and isinstance(value, str)
    }
    await desk.tell(visit.actor, incident_in(request), kind, texts, field(form, "otherwise"))


async def dismiss(desk: IncidentDesk, request: Request, visit: Visit, _form: FormData) -> None:
    """It is none."""
    await desk.dismiss(visit.actor, incident_in(request))


async def remove(desk: IncidentDesk, request: Request, visit: Visit, form: FormData) -> None:
    """A ticket does not belong to it."""
    ticket = field(form, "ticket")
    await desk.remove(visit.actor, incident_in(request), TicketId(ticket if is_id(ticket) else ""))


def incident_in(request: Request) -> IncidentNumber:
    """Of the address.  Raises HTTPException 404 for what is no number."""
    number = request.path_params["number"]
    if not is_number(number):
        raise HTTPException(404)
    return IncidentNumber(int(number))


def _sentence(event: IncidentEvent, names: Names) -> str:
    who = actor_name(event.actor, names)
    people = event.data.get("people")
    counted = f": {people} people" if people else ""
    return f"{who} {SAID.get(event.kind, event.kind)}{counted}"
