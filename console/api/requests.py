"""What callers send: token, query parameters, JSON body, idempotency key.  Each mistake is named."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast, get_args

import msgspec
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console.lists import is_cursor
from console.names import is_id, is_key
from console.site import site_of
from desk.actors import Actor, Right
from tickets.feeds import FeedFilter, Mood
from tickets.ids import Channel, ItemId
from tickets.model import TicketStatus
from tickets.records import TicketFilter
from tickets.segments import query_segments

MOST = 200
DEFAULT = 50
LONGEST_QUERY = 10_000
LONGEST_TOKEN = 200
KNOWN = frozenset({"status", "channel", "team", "category", "q", "limit", "cursor"})
OF_FEEDS = frozenset({"feed", "mood", "limit", "cursor"})
Shape = TypeVar("Shape", bound=msgspec.Struct)
Handler = Callable[[Request, Actor], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class BadParameter(HTTPException):
    """A query parameter with a value that makes no sense."""

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__(422, detail)
        self.parameter = parameter


def with_token(handler: Handler, right: Right) -> Endpoint:
    """An endpoint for bearers of a token with a right (RFC 6750)."""

    async def endpoint(request: Request) -> Response:
        actor = await _bearer(request)
        actor.require(right)
        return await handler(request, actor)

    return endpoint


async def _bearer(request: Request) -> Actor:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        detail = (
            "Send an API token: Authorization: Bearer swb_…. `switchboard token create --name NAME` makes one."
        )
        raise HTTPException(401, detail, {"WWW-Authenticate": 'Bearer realm="switchboard"'})
    known = len(token) <= LONGEST_TOKEN
    actor = await site_of(request).console.access.find_token(token.strip()) if known else None
    if actor is None:
        challenge = {"WWW-Authenticate": 'Bearer realm="switchboard", error="invalid_token"'}
        raise HTTPException(401, "This token is unknown or was revoked.", challenge)
    return actor


def filter_in(request: Request) -> TicketFilter:
    """What to list.  Raises BadParameter."""
    asked = _asked(request, KNOWN)
    query = asked.get("q", "")
    if len(query) > LONGEST_QUERY:
        raise BadParameter("q", f"q has at most {LONGEST_QUERY} characters.")
    return TicketFilter(
        status=cast("TicketStatus | None", _one_of(asked.get("status"), "status", get_args(TicketStatus))),
        channel=cast("Channel | None", _one_of(asked.get("channel"), "channel", get_args(Channel))),
        team=asked.get("team"),
        category=asked.get("category"),
        query=query,
        limit=_limit(asked.get("limit")),
        cursor=_cursor(asked.get("cursor", ""), query),
    )


def feed_filter_in(request: Request) -> FeedFilter:
    """Which items of feeds to list.  Raises BadParameter."""
    asked = _asked(request, OF_FEEDS)
    cursor = asked.get("cursor", "")
    if cursor and not is_id(cursor):
        raise BadParameter("cursor", "cursor is what an earlier page gave as next.")
    return FeedFilter(
        feed=asked.get("feed", ""),
        mood=cast("Mood", _one_of(asked.get("mood", ""), "mood", get_args(Mood))),
        after=ItemId(cursor) if cursor else None,
        limit=_limit(asked.get("limit")),
    )


def _asked(request: Request, known: frozenset[str]) -> QueryParams:
    asked = request.query_params
    for name in asked:
        if name not in known or len(asked.getlist(name)) > 1:
            raise BadParameter(
                name, f"{name[:40]}: unknown, or given twice. There are: {', '.join(sorted(known))}."
            )
    return asked


def key_in(request: Request) -> str:
    """The Idempotency-Key header.  Raises HTTPException 400 without a usable one."""
    key = request.headers.get("idempotency-key", "").strip().strip('"')
    if not is_key(key):
        raise HTTPException(400, "Send an Idempotency-Key header of 1 to 200 visible ASCII characters.")
    return key


async def body_in(request: Request, shape: type[Shape]) -> Shape:
    """The JSON body.  Raises HTTPException 415, 400 for no JSON, 422 for another shape."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(415, "Send JSON with Content-Type: application/json.")
    body = await request.body()
    try:
        parsed: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise HTTPException(400, "The body is not JSON.") from error
    try:
        return msgspec.convert(parsed, shape)
    except msgspec.ValidationError as error:
        raise HTTPException(422, f"The body does not fit: {error}") from error


def _one_of(value: str | None, name: str, allowed: tuple[str, ...]) -> str | None:
    if value is not None and value not in allowed:
        raise BadParameter(name, f"{name} is one of: {', '.join(allowed)}.")
    return value


def _limit(value: str | None) -> int:
    if value is None:
        return DEFAULT
    if not (value.isascii() and value.isdecimal() and len(value) < 6 and 1 <= int(value) <= MOST):
        raise BadParameter("limit", f"limit is a number from 1 to {MOST}.")
    return int(value)


def _cursor(value: str, query: str) -> str:
    if value and not is_cursor(value, searching=bool(query_segments(query))):
        raise BadParameter("cursor", "cursor is what an earlier page gave as next, for the same q.")
    return value
