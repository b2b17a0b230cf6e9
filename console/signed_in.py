"""Where people come back to from the company's own sign-in page: nobody of ours, and on a phone."""

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Route

from console.assets import Assets
from console.pages import Pages
from desk.commands import Desk
from desk.identification import Said
from tickets.errors import Conflict, Refused, StoreUnavailable

PATH = "/hooks/identity"
RIGHT_TO_LEFT = ("ar", "fa")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def signed_in_route(desk: Desk) -> BaseRoute:
    """``GET /hooks/identity?result=…``, see ``desk.sign_in``: opened again it says the same again."""
    pages = Pages(Assets({}), "")

    async def show(request: Request) -> HTMLResponse:
        try:
            said, why, status = await desk.signed_in(request.query_params.get("result", "")), "", 200
        except Refused as error:
            said, why, status = desk.stale(_language(request)), str(error), 400
        except (Conflict, StoreUnavailable) as error:
            said, why, status = Said("", "en"), f"{error} Reload this page in a moment.", 503
        page = pages.answer("signed_in.html", status, said=said, why=why, rtl=said.language in RIGHT_TO_LEFT)
        page.headers.update(HEADERS)
        return page

    return Route(PATH, show, methods=["GET"])


def _language(request: Request) -> str | None:
    """What the browser asks for first."""
    return request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip() or None
