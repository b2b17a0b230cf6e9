"""What needs a person: notices above everything, and the page of answers that have not arrived."""

from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.composer import fresh_key
from console.deliveries import Fate, fate_of
from console.frame import frame_of
from console.rows import version
from console.sessions import Visit
from console.site import Console, site_of
from desk.actors import Actor
from tickets.claims import covered
from tickets.errors import Refused
from tickets.ids import NoticeId, TicketNumber
from tickets.model import Delivery

LISTED = 100
SNIPPET = 160


@dataclass(frozen=True, slots=True)
class Line:
    """An answer on the page.  number: its ticket; None for what belongs to none, such as an alert."""

    delivery: Delivery
    fate: Fate
    number: TicketNumber | None

    @property
    def text(self) -> str:
        """How it begins."""
        text = covered(" ".join(part.text for part in self.delivery.parts))
        return text if len(text) <= SNIPPET else f"{text[:SNIPPET]}…"

    @property
    def shown(self) -> tuple[object, ...]:
        """All that a reader sees of it, to the second."""
        at = self.fate.at and self.fate.at.replace(microsecond=0)
        return self.delivery.id, self.delivery.state, self.fate.headline, self.fate.detail, at


@dataclass(frozen=True, slots=True)
class Outbox:
    """What has not arrived.  undecided: only a person can go on with these."""

    undecided: list[Line]
    leaving: list[Line]
    held: list[Line]
    actor: Actor
    csrf: str
    key: str

    @property
    def v(self) -> str:
        """Changes with anything that is shown."""
        return version([line.shown for line in (*self.undecided, *self.leaving, *self.held)])

    @property
    def is_empty(self) -> bool:
        return not (self.undecided or self.leaving or self.held)


async def show_notices(request: Request, visit: Visit) -> Response:
    """The open notices alone, for pages that stay open; nothing when they are those that were seen."""
    frame = await frame_of(request, visit)
    if request.query_params.get("seen") == ".".join(str(one.id) for one in frame.notices):
        return Response(status_code=204)
    return site_of(request).pages.answer("alerts.html", 200, frame=frame)


async def dismiss(request: Request, visit: Visit, _form: FormData) -> Response:
    """A person has read it."""
    digits = str(request.path_params["id"])
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
        raise HTTPException(404)
    if not await site_of(request).console.desk.dismiss_notice(visit.actor, NoticeId(int(digits))):
        raise Refused("This notice is gone already. Reload the page.")
    if "hx-request" in request.headers:
        return await show_notices(request, visit)
    return RedirectResponse("/", 303)


async def show_outbox(request: Request, visit: Visit) -> Response:
    """Every answer that has not (surely) arrived, with when it leaves or what a person can do."""
    site = site_of(request)
    outbox = await _outbox(site.console, visit)
    if "x-live" in request.headers:
        if request.query_params.get("seen") == outbox.v:
            return Response(status_code=204)
        return site.pages.answer("outbox_list.html", 200, case=outbox)
    frame = await frame_of(request, visit, "outbox")
    return site.pages.answer("outbox.html", 200, frame=frame, case=outbox)


async def _outbox(console: Console, visit: Visit) -> Outbox:
    now = console.clock.now()
    found = await console.store.list_unfinished(LISTED)
    leaves = await console.store.forecast([one.id for one in found], now)
    lines = [Line(one, fate_of(one, now, leaves.get(one.id)), await _number(console, one)) for one in found]

    def among(*states: str) -> list[Line]:
        return [line for line in lines if line.delivery.state in states]

    return Outbox(
        undecided=among("unknown", "failed"),
        leaving=sorted(among("sending", "queued"), key=lambda line: line.fate.at or now),
        held=among("held"),
        actor=visit.actor,
        csrf=visit.session.csrf,
        key=fresh_key(),
    )


async def _number(console: Console, delivery: Delivery) -> TicketNumber | None:
    return await console.store.find_ticket_number(delivery.ticket_id) if delivery.ticket_id else None
