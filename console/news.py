"""The addresses behind the page's own scripts: the stream of news, and the session's token."""

from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from console.sessions import Visit, find_quietly
from console.site import site_of
from tickets.errors import StoreUnavailable


async def follow(request: Request, visit: Visit) -> Response:
    """One stream for a tab.  It ends with the session."""

    async def allowed() -> bool:
        try:
            return await find_quietly(request, visit.session.id) is not None
        except StoreUnavailable:
            return True

    last = request.headers.get("last-event-id", "")
    last_seq = int(last) if last.isascii() and last.isdecimal() and len(last) < 19 else None
    stream = site_of(request).live.stream(last_seq, allowed)
    return EventSourceResponse(stream, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, ping=3600)


async def tell_session(_request: Request, visit: Visit) -> Response:
    """The present sign-in's token, for a page that outlived the one before."""
    return JSONResponse({"csrf": visit.session.csrf, "name": visit.actor.name})
