"""The HTTP face: finds the bot and the route, misbehaves when told to."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp import web

from simulators.discord.api import CREATE_MESSAGE, Endpoint, find_endpoints
from simulators.discord.bodies import Body, read_body
from simulators.discord.bots import SimBot
from simulators.discord.calling import Answer, Call
from simulators.discord.errors import ApiError, http_error, unauthorized
from simulators.discord.limits import Standing
from simulators.discord.misbehaviour import BEFORE, SPOILING, Dropped, Limited, cloudflare, number, refuse, spoil
from simulators.discord.records import ApiCall
from simulators.discord.state import PlatformState
from simulators.faults import Fault

API = "/api/v10"
UNLIMITED = Standing(limit=10, remaining=9, after_s=1.0, over=False)
"""What routes without a limit of their own say of it."""


@dataclass
class _Exchange:
    """One request on its way.  headers: what its answer carries besides."""

    request: web.BaseRequest
    path: str
    record: ApiCall
    body: Body
    bot: SimBot | None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return self.request.method


class RestApi:
    """Routes of the REST API.  gateway_url: what /gateway answers."""

    def __init__(self, state: PlatformState, gateway_url: Callable[[], str]) -> None:
        self._state = state
        self._gateway_url = gateway_url

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request below ``API``."""
        return await self.exchange(request, request.path.removeprefix(API), self._answer_call)

    async def exchange(
        self,
        request: web.BaseRequest,
        path: str,
        work: Callable[[_Exchange], web.Response],
    ) -> web.StreamResponse:
        """Record a request, let armed faults happen to it, and do it."""
        body = await read_body(request)
        bot = self._bot(request)
        record = ApiCall(request.method, path, self._state.now(), dict(request.query))
        record.bot_id, record.body = (None if bot is None else bot.id), body.parsed
        self._state.calls.append(record)
        self._state.bell.ring()
        exchange = _Exchange(request, path, record, body, bot)
        try:
            response = await self._answer(exchange, work)
        except Dropped:
            return self._hang_up(request)
        response.headers.update(exchange.headers)
        record.status = response.status
        self._count_refusal(response)
        self._state.bell.ring()
        return response

    async def _answer(self, exchange: _Exchange, work: Callable[[_Exchange], web.Response]) -> web.Response:
        if (banned_s := self._state.invalid.banned_s(self._state.now())) > 0:
            return cloudflare(banned_s)
        fault = await self._take_fault(exchange)
        try:
            if fault is not None and fault.name in BEFORE:
                return refuse(fault)
            response = work(exchange)
        except ApiError as error:
            response = _json(error.body(), error.status)
        except Limited as limited:
            response = self._limited(exchange, limited)
        return spoil(fault, response) if fault is not None and fault.name in SPOILING else response

    async def _take_fault(self, exchange: _Exchange) -> Fault | None:
        """At most one fault beside a delay, so that several are met in the order they were armed."""
        place = {"method": exchange.method, "path": exchange.path}
        if (delay := self._state.take_fault("delay", **place)) is not None:
            await self._state.pause(number(delay, "s", 1.0))
        if self._state.stopped.is_set():
            raise Dropped
        return self._state.take_fault(*BEFORE, *SPOILING, **place)

    def _answer_call(self, exchange: _Exchange) -> web.Response:
        if exchange.path == "/gateway" and exchange.method == "GET":
            return _json({"url": self._gateway_url()})
        endpoint, places = _route(exchange)
        if exchange.bot is None:
            raise unauthorized()
        self._spend(exchange, exchange.bot, endpoint, places)
        call = Call(self._state, exchange.bot, places, exchange.record.query, exchange.body, self._gateway_url())
        answer = endpoint.route(call)
        return _written(answer)

    def _spend(self, exchange: _Exchange, bot: SimBot, endpoint: Endpoint, places: Mapping[str, str]) -> None:
        """Count the request against its limits; Limited when it is beyond one."""
        now = self._state.now()
        target = _target(endpoint, places)
        self._note_impatience(exchange, bot, target)
        overall = bot.limits.overall.spend(now, refuse=self._state.enforce_limits)
        if overall.over:
            self._overrun(bot, "made more than 50 requests in a second", overall, "global")
        standing = UNLIMITED
        if endpoint is CREATE_MESSAGE and places["channel"].isdecimal():
            allowance = bot.limits.messages(int(places["channel"]))
            standing = allowance.spend(now, refuse=self._state.enforce_limits)
        exchange.headers.update(self._headers(endpoint, standing))
        if standing.over:
            self._overrun(bot, "sent more than 5 messages to a channel in 5 s", standing, "user")

    def _overrun(self, bot: SimBot, what: str, standing: Standing, scope: str) -> None:
        self._state.violations.append(f"{bot.username} {what}")
        if self._state.enforce_limits:
            raise Limited(standing.after_s, scope)

    def _headers(self, endpoint: Endpoint, standing: Standing) -> dict[str, str]:
        reset = self._state.now() + timedelta(seconds=standing.after_s)
        return {
            "X-RateLimit-Limit": str(standing.limit),
            "X-RateLimit-Remaining": str(standing.remaining),
            "X-RateLimit-Reset": f"{reset.timestamp():.3f}",
            "X-RateLimit-Reset-After": f"{standing.after_s:.3f}",
            "X-RateLimit-Bucket": endpoint.bucket,
        }

    def _limited(self, exchange: _Exchange, limited: Limited) -> web.Response:
        everywhere = limited.scope == "global"
        if exchange.bot is not None:
            until = self._state.now() + timedelta(seconds=limited.retry_after_s)
            exchange.bot.limits.tell("" if everywhere else _told(exchange), until)
        exchange.headers["Via"] = "1.1 google"
        exchange.headers["Retry-After"] = str(math.ceil(limited.retry_after_s))
        exchange.headers["X-RateLimit-Scope"] = limited.scope
        if everywhere:
            exchange.headers["X-RateLimit-Global"] = "true"
        sentence = "You are being rate limited."
        return _json({"message": sentence, "retry_after": limited.retry_after_s, "global": everywhere}, 429)

    def _note_impatience(self, exchange: _Exchange, bot: SimBot, target: str) -> None:
        early_s = max(bot.limits.early_s(name, self._state.now()) for name in ("", target))
        if early_s > 0:
            self._state.violations.append(
                f"{bot.username} called {exchange.method} {exchange.path}"
                f" {early_s:.1f} s before retry_after was over"
            )

    def _count_refusal(self, response: web.Response) -> None:
        if response.status not in (401, 403, 429) or response.headers.get("X-RateLimit-Scope") == "shared":
            return
        if self._state.invalid.count(self._state.now()):
            self._state.violations.append("more than 10,000 requests were refused within 10 minutes")

    def _bot(self, request: web.BaseRequest) -> SimBot | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return self._state.bots.get(token) if scheme == "Bot" else None

    def _hang_up(self, request: web.BaseRequest) -> web.Response:
        self._state.bell.ring()
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


def _route(exchange: _Exchange) -> tuple[Endpoint, Mapping[str, str]]:
    """The route of a request.  404: no such path.  405: no such method there."""
    found = find_endpoints(exchange.path)
    for endpoint, places in found:
        if endpoint.method == exchange.method:
            return endpoint, places
    raise http_error(405, "Method Not Allowed") if found else http_error(404, "Not Found")


def _target(endpoint: Endpoint, places: Mapping[str, str]) -> str:
    """What a 429 concerns: a route of one channel or guild."""
    return f"{endpoint.bucket}:{places.get('channel') or places.get('guild') or ''}"


def _told(exchange: _Exchange) -> str:
    try:
        return _target(*_route(exchange))
    except ApiError:
        return exchange.path


def _written(answer: Answer) -> web.Response:
    return web.Response(status=204) if answer.status == 204 else _json(answer.body, answer.status)


def _json(body: object, status: int = 200) -> web.Response:
    """A JSON answer; its type without a charset, as Discord's clients compare it."""
    return web.Response(body=json.dumps(body).encode(), status=status, content_type="application/json")
