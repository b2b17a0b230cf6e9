"""Who is visiting: the session cookie, and what a page asks of its visitor."""

import hmac
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.security import check_origin
from console.site import site_of
from desk.access import SESSION_LONGEST, Entered, hashed
from desk.actors import Actor, Right
from tickets.records import Session

COOKIE = "switchboard"
LIVE = "x-live"
"""A request of the page itself, not of its reader: it does not prolong the session."""


class Visit(NamedTuple):
    """A signed-in visitor."""

    session: Session
    actor: Actor


Page = Callable[[Request, Visit], Awaitable[Response]]
Change = Callable[[Request, Visit, FormData], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class SessionOver(HTTPException):
    """Nobody is signed in, or not any more."""

    def __init__(self) -> None:
        super().__init__(401, "You are signed out. Sign in again; what you typed stays here.")


async def find_visit(request: Request) -> Visit | None:
    """The visitor; None when the cookie is missing or its session over."""
    console = site_of(request).console
    cookie = request.cookies.get(cookie_name(console.secure), "")
    if not 20 <= len(cookie) <= 100:
        return None
    if LIVE in request.headers:
        return await find_quietly(request, hashed(cookie))
    found = await console.access.find_session(cookie)
    return Visit(*found) if found else None


async def find_quietly(request: Request, session_id: str) -> Visit | None:
    """The visitor of a session, without prolonging it."""
    console = site_of(request).console
    found = await console.store.find_session(session_id, console.clock.now())
    if found is None:
        return None
    session, user = found
    return Visit(session, Actor(key=f"user:{user.id}", name=user.name, role=user.role, user_id=user.id))


def page(handler: Page, right: Right = "read") -> Endpoint:
    """An endpoint for visitors with a right; others are sent to sign in, and come back after."""

    async def endpoint(request: Request) -> Response:
        visit = await find_visit(request)
        if visit is None:
            if request.method == "GET" and "hx-request" not in request.headers and LIVE not in request.headers:
                return RedirectResponse(f"/signin?next={quote(_whole_path(request), safe='/')}", 303)
            raise SessionOver
        visit.actor.require(right)
        return await handler(request, visit)

    return endpoint


def change(handler: Change, right: Right = "work", files: int = 0) -> Endpoint:
    """An endpoint for forms of our own pages: origin and token are checked before anything else.

    files: how many may come with the form.
    """

    async def endpoint(request: Request) -> Response:
        check_origin(request, site_of(request).console.secure)
        visit = await find_visit(request)
        if visit is None:
            raise SessionOver
        async with request.form(max_files=files, max_fields=50) as form:
            check_token(request, form, visit.session)
            visit.actor.require(right)
            return await handler(request, visit, form)

    return endpoint


def check_token(request: Request, form: FormData, session: Session) -> None:
    """Raises HTTPException 403 unless header or form carry the session's token."""
    token = request.headers.get("x-csrf-token") or field(form, "csrf")
    if not hmac.compare_digest(token.encode(), session.csrf.encode()):
        raise HTTPException(403, "This page is from an earlier sign-in. Reload it, then try again.")


def field(form: FormData, name: str) -> str:
    """A text field; empty when missing."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def cookie_name(secure: bool) -> str:
    """``__Host-`` binds the cookie to this host and to https; browsers refuse it over http."""
    return f"__Host-{COOKIE}" if secure else COOKIE


def welcome(request: Request, entered: Entered, target: str) -> Response:
    """Set the session's cookie and go on."""
    secure = site_of(request).console.secure
    response = RedirectResponse(target, 303)
    response.set_cookie(
        cookie_name(secure),
        entered.cookie,
        max_age=int(SESSION_LONGEST.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="lax",
    )
    return response


def _whole_path(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
