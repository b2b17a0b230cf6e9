"""From an error to what its reader sees: a page, a line beside the form, or a problem document."""

import http
from typing import NamedTuple

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from console.security import guards
from console.site import site_of
from tickets.errors import (
    Conflict,
    Forbidden,
    KeyReused,
    PublicStep,
    Refused,
    StoreUnavailable,
    SwitchboardError,
    TicketNotFound,
)

RETRY_AFTER_S = 5
PROBLEM_TYPE = "application/problem+json"
OVERTAKEN = "Somebody else changed this at the same moment. Look again, then try once more."
AWAY = "The database cannot be reached. Nothing was changed; try again in a moment."
BROKEN = "Something broke on our side. It was logged; nothing was sent. Try again, or tell an admin."
SENTENCES = {
    401: "Sign in first.",
    404: "There is nothing at this address.",
    405: "This address does not take such a request.",
    413: "This is too large. Shorten it, or attach less, then send again.",
}


class Problem(NamedTuple):
    """An error as HTTP: a status, and a sentence that says what to do next."""

    status: int
    detail: str

    @property
    def title(self) -> str:
        """The status in HTTP's own words."""
        return http.HTTPStatus(self.status).phrase


def problem_of(error: Exception) -> Problem:
    """What an error means to whoever asked.  Nothing about the inside of the program."""
    match error:
        case HTTPException():
            told = error.detail != http.HTTPStatus(error.status_code).phrase
            return Problem(
                error.status_code, error.detail if told else SENTENCES.get(error.status_code, error.detail)
            )
        case Forbidden():
            return Problem(403, str(error))
        case KeyReused():
            return Problem(409, str(error))
        case PublicStep():
            return Problem(422, f"{error} Send the same request with the public that stands here.")
        case Refused():
            return Problem(422, str(error))
        case TicketNotFound():
            return Problem(404, str(error))
        case Conflict():
            return Problem(409, OVERTAKEN)
        case StoreUnavailable():
            return Problem(503, AWAY)
    return Problem(500, BROKEN)


async def show_error(request: Request, error: Exception) -> Response:
    """The exception handler of all of it."""
    problem = problem_of(error)
    if request.url.path.startswith("/api/"):
        parameter = getattr(error, "parameter", None)
        more = {"text": error.text, "public": error.seen} if isinstance(error, PublicStep) else {}
        response = problem_document(problem, **more, **({"parameter": parameter} if parameter else {}))
    elif "hx-request" in request.headers or "x-live" in request.headers:
        response = PlainTextResponse(problem.detail, problem.status)
    else:
        response = site_of(request).pages.answer("error.html", problem.status, problem=problem)
    # an answer to a bug is made outside the middleware, so it brings the guards itself
    guarded = guards(site_of(request).console.secure)
    for name, value in {**guarded, **(getattr(error, "headers", None) or {})}.items():
        response.headers.setdefault(name, value)
    if problem.status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def problem_document(problem: Problem, **more: object) -> Response:
    """RFC 9457."""
    document = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        **more,
    }
    return Response(msgspec.json.encode(document), problem.status, media_type=PROBLEM_TYPE)


HANDLED: tuple[type[Exception], ...] = (HTTPException, SwitchboardError, Exception)
"""What ``show_error`` is registered for."""
