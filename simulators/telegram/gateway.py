"""The HTTP face: finds the bot and the method, misbehaves when told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.faults import Fault
from simulators.telegram.api import METHODS, spelled
from simulators.telegram.bots import SimBot
from simulators.telegram.calling import Answer, Call
from simulators.telegram.errors import ApiError, bad_request
from simulators.telegram.misbehaviour import BEFORE, SPOILING, Dropped, number, refuse, spoil
from simulators.telegram.parameters import Parameters
from simulators.telegram.records import ApiCall
from simulators.telegram.state import PlatformState


@dataclass(frozen=True)
class _Exchange:
    """One request on its way.  method: the API's spelling, or "download"."""

    request: Request
    method: str
    parameters: Parameters

    @property
    def chat_id(self) -> str:
        return self.parameters.text("chat_id")

    @property
    def flood_target(self) -> str:
        """What a 429 concerns: all writing to one chat, otherwise the method alone."""
        writes = self.method.startswith(("send", "edit")) and self.method != "sendChatAction"
        return f"chat {self.chat_id}" if writes else self.method

    @property
    def token(self) -> str:
        return str(self.request.path_params["token"])


_Work: TypeAlias = Callable[[SimBot, _Exchange], Awaitable[Response]]


class Gateway:
    """Routes of the Bot API.  cut: drops the connection of a client's address."""

    def __init__(self, state: PlatformState, cut: Callable[[tuple[str, int]], None]) -> None:
        self._state = state
        self._cut = cut

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/bot{token}/{method}", self._serve_method, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self._serve_file, methods=["GET"]),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _no_route})

    async def _serve_method(self, request: Request) -> Response:
        try:
            parameters = await Parameters.read(request)
        except ClientDisconnect:
            return Response()
        except ApiError as error:
            return _refusal(error)
        except HTTPException as error:
            return _refusal(bad_request(str(error.detail)))
        method = spelled(request.path_params["method"])
        return await self._record(_Exchange(request, method, parameters), self._call_method)

    async def _serve_file(self, request: Request) -> Response:
        parameters = Parameters({"path": request.path_params["path"]}, {})
        return await self._record(_Exchange(request, "download", parameters), self._read_file)

    async def _record(self, exchange: _Exchange, work: _Work) -> Response:
        bot = self._state.bots.get(exchange.token)
        bot_id = None if bot is None else bot.id
        record = ApiCall(self._state.now(), bot_id, exchange.method, exchange.parameters.as_record())
        self._state.calls.append(record)
        self._state.bell.ring()
        try:
            response = await self._answer(bot, exchange, work)
        except Dropped:
            await self._hang_up(exchange.request)
            self._state.bell.ring()
            return Response()
        record.status = response.status_code
        self._state.bell.ring()
        return response

    async def _answer(self, bot: SimBot | None, exchange: _Exchange, work: _Work) -> Response:
        fault = None
        try:
            if bot is None:
                raise ApiError(401, "Unauthorized")
            self._note_impatience(bot, exchange)
            fault = await self._take_fault(exchange)
            if fault is not None and fault.name in BEFORE:
                return refuse(fault)
            self._check_account(bot)
            response = await work(bot, exchange)
        except ApiError as error:
            self._note_flood(bot, exchange, error)
            response = _refusal(error)
        return spoil(fault, response) if fault is not None and fault.name in SPOILING else response

    async def _take_fault(self, exchange: _Exchange) -> Fault | None:
        """At most one fault beside a delay, so that several are met in the order they were armed."""
        place = {"method": exchange.method, "chat_id": exchange.chat_id}
        if (delay := self._state.take_fault("delay", **place)) is not None:
            await self._state.pause(number(delay, "seconds", 1.0))
        if self._state.stopped.is_set():
            raise Dropped
        return self._state.take_fault(*BEFORE, *SPOILING, **place)

    def _check_account(self, bot: SimBot) -> None:
        if bot.logged_out_until is not None and self._state.now() < bot.logged_out_until:
            raise ApiError(400, "Logged out")

    def _note_impatience(self, bot: SimBot, exchange: _Exchange) -> None:
        target = exchange.flood_target
        if (early_s := bot.limits.early_s(target)) > 0:
            self._state.violations.append(
                f"@{bot.username} called {exchange.method} for {target}"
                f" {early_s:.1f} s before retry_after was over"
            )

    def _note_flood(self, bot: SimBot | None, exchange: _Exchange, error: ApiError) -> None:
        retry_after = error.parameters.get("retry_after")
        if bot is not None and isinstance(retry_after, int):
            bot.limits.tell(exchange.flood_target, retry_after)

    async def _call_method(self, bot: SimBot, exchange: _Exchange) -> Response:
        method = METHODS.get(exchange.method)
        if method is None:
            raise ApiError(404, "Not Found: method not found")
        call = Call(self._state, bot, exchange.parameters)
        async with self._watched(call, exchange.request):
            result = await method(call)
        if call.gone or self._state.stopped.is_set():
            raise Dropped
        answer = result if isinstance(result, Answer) else Answer(json.dumps(result).encode())
        return _success(answer)

    async def _read_file(self, bot: SimBot, exchange: _Exchange) -> Response:
        stored = bot.files.find_path(exchange.parameters.text("path"))
        if stored is None:
            raise ApiError(404, "Not Found")
        return Response(stored.data, media_type="application/octet-stream")

    @asynccontextmanager
    async def _watched(self, call: Call, request: Request) -> AsyncIterator[None]:
        """Let ``call`` know when its caller hangs up."""

        async def watch() -> None:
            await _closed(request)
            call.gone = True
            self._state.bell.ring()

        watcher = asyncio.create_task(watch())
        try:
            yield
        finally:
            watcher.cancel()

    async def _hang_up(self, request: Request) -> None:
        if request.client is not None:
            self._cut((request.client.host, request.client.port))
            await _closed(request)


async def _closed(request: Request) -> None:
    """Return when the caller's connection is closed.  The body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _success(answer: Answer) -> Response:
    tail = b""
    if answer.description is not None:
        tail = b',"description":' + json.dumps(answer.description).encode()
    return Response(b'{"ok":true,"result":' + answer.body + tail + b"}", media_type="application/json")


def _refusal(error: ApiError) -> Response:
    return Response(json.dumps(error.envelope()), error.code, media_type="application/json")


async def _no_route(request: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, HTTPException) else 404
    return _refusal(ApiError(code, "Not Found" if code == 404 else "Method Not Allowed"))
