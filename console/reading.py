"""What feeds found, read like a newspaper; a ticket of any item by one click."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast, get_args
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.frame import frame_of
from console.names import item_in
from console.sessions import Visit
from console.site import site_of
from tickets.feeds import FeedFilter, FeedItem, Mood
from tickets.ids import ItemId

PAGE = 40
MOST_NEWER = 99
MOODS: dict[Mood, str] = {"": "Any tone", "alarming": "Alarming", "upset": "Upset"}
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Edition:
    """A page of items.  feeds: the configured ones.  older: the address of what follows; empty at the end."""

    items: Sequence[FeedItem]
    feeds: Sequence[str]
    wanted: FeedFilter

    @property
    def older(self) -> str:
        return self.address(after=self.items[-1].id) if len(self.items) == self.wanted.limit else ""

    @property
    def newer(self) -> str:
        """Where it is asked how many came since."""
        newest = self.items[0].id if self.items else ""
        return f"/reading/newer{self.address(than=newest).removeprefix('/reading')}"

    def address(self, **changes: str) -> str:
        """Of the same choice with other parts."""
        parts = {"feed": self.wanted.feed, "mood": self.wanted.mood} | changes
        query = urlencode({name: value for name, value in parts.items() if value})
        return f"/reading?{query}" if query else "/reading"


async def show_reading(request: Request, visit: Visit) -> Response:
    """What was found, the newest first."""
    site = site_of(request)
    wanted = _wanted(request)
    edition = Edition(await site.console.store.list_items(wanted), site.console.feeds, wanted)
    frame = await frame_of(request, visit, "reading")
    return site.pages.answer("reading.html", 200, frame=frame, edition=edition, moods=MOODS)


async def tell_newer(request: Request, _visit: Visit) -> Response:
    """How many items came since; nothing while there are none."""
    site = site_of(request)
    than = request.query_params.get("than", "")
    wanted = FeedFilter(*_choice(request), limit=MOST_NEWER)
    items = await site.console.store.list_items(wanted)
    newer = [one for one in items if one.id > than]
    if not newer:
        return Response(status_code=204)
    edition = Edition(items, site.console.feeds, wanted)
    return site.pages.answer("reading_newer.html", 200, count=len(newer), address=edition.address())


async def show_item(request: Request, visit: Visit) -> Response:
    """One item, for a page that waits for its ticket; nothing once it is gone."""
    site = site_of(request)
    item = await site.console.store.find_item(item_in(request))
    if item is None:
        return Response("")
    return site.pages.answer("reading_item.html", 200, item=item, actor=visit.actor, csrf=visit.session.csrf)


async def take_up(request: Request, visit: Visit, _form: FormData) -> Response:
    """Have a ticket made of an item."""
    await site_of(request).console.desk.take_up(visit.actor, item_in(request))
    if "hx-request" in request.headers:
        return await show_item(request, visit)
    return RedirectResponse("/reading", 303)


def _wanted(request: Request) -> FeedFilter:
    after = request.query_params.get("after", "")[:LONGEST_NAME]
    return FeedFilter(*_choice(request), after=ItemId(after) if after else None, limit=PAGE)


def _choice(request: Request) -> tuple[str, Mood]:
    mood = request.query_params.get("mood", "")
    known = mood in get_args(Mood)
    return request.query_params.get("feed", "")[:LONGEST_NAME], cast("Mood", mood) if known else ""
