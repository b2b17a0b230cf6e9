"""How the channels are doing, and what could not be read."""

from typing import NamedTuple

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.frame import frame_of
from console.sessions import Visit
from console.site import site_of
from tickets.errors import Refused
from tickets.ids import EventId
from tickets.model import ChannelHealth

LISTED = 200


class Said(NamedTuple):
    """A channel's state in words, and what to do about it."""

    words: str
    tone: str
    icon: str
    todo: str


STATES: dict[str, Said] = {
    "up": Said("Working", "ok", "check", ""),
    "starting": Said("Starting", "calm", "loader", "Wait a moment."),
    "waiting": Said("Waiting", "warn", "clock", "Nothing to do: it goes on by itself."),
    "down": Said(
        "Not reachable",
        "danger",
        "circle-x",
        "It is tried again by itself and nothing is lost. If it lasts, check the network and the platform.",
    ),
    "rejected": Said(
        "Access refused",
        "danger",
        "circle-x",
        "Renew the account's token or password where its secret is kept, then restart. Answers wait until then.",
    ),
}


def said_of(health: ChannelHealth) -> Said:
    """A channel's state in words."""
    return STATES[health.state]


async def show_channels(request: Request, visit: Visit) -> Response:
    """Every account with its state."""
    site = site_of(request)
    store = site.console.store
    spent = await store.list_spending(site.console.clock.now())
    channels = [
        (one, said_of(one), [cost for cost in spent if cost.account == one.account])
        for one in await store.list_health()
    ]
    if "x-live" in request.headers:
        return site.pages.answer("channel_list.html", 200, channels=channels)
    frame = await frame_of(request, visit, "channels")
    return site.pages.answer("channels.html", 200, frame=frame, channels=channels)


async def show_quarantine(request: Request, visit: Visit) -> Response:
    """What could not be read, whole and replayable."""
    site = site_of(request)
    frame = await frame_of(request, visit, "quarantine")
    events = await site.console.store.list_quarantine(LISTED)
    again = request.query_params.get("replayed", "") == "1"
    return site.pages.answer("quarantine.html", 200, frame=frame, events=events, replayed=again)


async def replay(request: Request, visit: Visit, _form: FormData) -> Response:
    """Handle an event anew."""
    console = site_of(request).console
    digits = str(request.path_params["id"])
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
        raise HTTPException(404)
    if not await console.desk.replay(visit.actor, EventId(int(digits))):
        raise Refused("This message is not in quarantine any more. Reload the page.")
    return RedirectResponse("/quarantine?replayed=1", 303)
