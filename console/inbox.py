"""The list: views, search, further pages."""

from starlette.requests import Request
from starlette.responses import Response

from console.frame import frame_of, lists_of, names_of, users_of
from console.lists import list_more, where_in
from console.rows import Rows, rows_of
from console.sessions import Visit
from console.site import site_of


async def show_inbox(request: Request, visit: Visit) -> Response:
    """A view of the list; with a cursor, one further page of it."""
    site = site_of(request)
    frame = await frame_of(request, visit)
    names = names_of(await users_of(site.console))
    if "cursor" in request.query_params:
        lists = [await _further(request, visit)]
    else:
        lists = await lists_of(request, visit, names)
    name = (
        "list.html"
        if request.headers.get("hx-target") == "listing" or "x-live" in request.headers
        else "inbox.html"
    )
    return site.pages.answer(name, 200, frame=frame, lists=lists, case=None)


async def show_more(request: Request, visit: Visit) -> Response:
    """The rows after those already shown."""
    rows = await _further(request, visit)
    return site_of(request).pages.answer("more.html", 200, rows=rows, current=0)


async def _further(request: Request, visit: Visit) -> Rows:
    console = site_of(request).console
    where = where_in(request)
    asked = request.query_params
    section, cursor = asked.get("section", ""), asked.get("cursor", "")
    listed = await list_more(console.desk, where, visit.actor, section, cursor)
    names = names_of(await users_of(console))
    return rows_of(listed, where, names, console.clock.now())
