"""What an armed fault does to one request."""

from __future__ import annotations

from aiohttp import web

from simulators.discord.errors import ApiError, missing_access, unauthorized
from simulators.faults import Fault

BEFORE = frozenset({"drop_before_accept", "status", "rate_limit", "cloudflare", "unauthorized", "forbidden"})
"""Faults that keep the request from being done at all."""

SPOILING = frozenset({"drop_after_accept", "garble", "truncate"})
"""Faults that spoil the answer of a request that was done."""


class Dropped(Exception):
    """The connection is to be cut without an answer."""


class Limited(Exception):
    """429.  scope: "user", "shared" or "global"; see the rate limit headers."""

    def __init__(self, retry_after_s: float, scope: str) -> None:
        super().__init__(scope)
        self.retry_after_s = retry_after_s
        self.scope = scope


def number(fault: Fault, name: str, default: float) -> float:
    """A number among the fault's details."""
    value = fault.details.get(name, default)
    if not isinstance(value, int | float):
        raise TypeError(f"{fault.name}: {name} is a number")
    return value


def refuse(fault: Fault) -> web.Response:
    """The answer of a fault in BEFORE: a page, an ApiError, Limited or Dropped."""
    if fault.name == "drop_before_accept":
        raise Dropped
    if fault.name == "rate_limit":
        raise Limited(number(fault, "retry_after", 1.0), str(fault.details.get("scope", "user")))
    if fault.name == "unauthorized":
        raise unauthorized()
    if fault.name == "forbidden":
        raise _forbidden(int(number(fault, "code", 50001)))
    if fault.name == "cloudflare":
        return cloudflare(int(number(fault, "retry_after", 600)))
    status = int(number(fault, "status", 502))
    return page(status, f"<html><head><title>{status}</title></head><body>cloudflare</body></html>")


def spoil(fault: Fault, response: web.Response) -> web.Response:
    """The answer of a request that was done, spoilt by a fault in SPOILING."""
    if fault.name == "drop_after_accept":
        raise Dropped
    if fault.name == "garble":
        return page(200, "<html><body>Please log in to the network</body></html>")
    body = response.body if isinstance(response.body, bytes) else b""
    return web.Response(body=body[: len(body) // 2], status=response.status, content_type="application/json")


def cloudflare(retry_after_s: int) -> web.Response:
    """429 from in front of Discord: a page, and no Via."""
    answer = page(429, "<html><body>error code: 1015</body></html>")
    answer.headers["Retry-After"] = str(retry_after_s)
    return answer


def page(status: int, text: str) -> web.Response:
    """An HTML page."""
    return web.Response(body=text.encode(), status=status, content_type="text/html")


def _forbidden(code: int) -> ApiError:
    sentences = {50007: "Cannot send messages to this user", 50013: "Missing Permissions"}
    return ApiError(403, code, sentences.get(code, missing_access().message))
