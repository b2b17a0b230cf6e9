"""The HTTP face: tells who is calling, finds the endpoint, misbehaves when told to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.faults import Fault
from simulators.x import api, compliance, tokens
from simulators.x.calling import Answer, Call, Endpoint
from simulators.x.incoming import Incoming, read
from simulators.x.limits import RateLimits
from simulators.x.misbehaviour import BEFORE, PAGING, SPOILING, Dropped, number, refuse, reset_of, spoil, take
from simulators.x.oauth import APP_ONLY, USER_CONTEXT, USER_TOKEN, Caller, Doorman
from simulators.x.parameters import Query
from simulators.x.problems import ApiError, generic, too_many, unsupported_authentication
from simulators.x.records import ApiCall
from simulators.x.state import PlatformState

METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]
JSON_TYPE: Final = "application/json; charset=utf-8"
MEDIA_PATH: Final = "/media/"


@dataclass(frozen=True)
class _Reached:
    """A request that found its endpoint and its caller."""

    incoming: Incoming
    endpoint: Endpoint
    parts: dict[str, str]
    caller: Caller


class Gateway:
    """All of the API under one route.  cut: drops the connection of a client's address."""

    def __init__(self, state: PlatformState, cut: Callable[[tuple[str, int]], None]) -> None:
        self.doorman = Doorman(state)
        self._state = state
        self._cut = cut
        self._limits = RateLimits(state.now)

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(routes=[Route("/{path:path}", self._serve, methods=METHODS)])

    async def _serve(self, request: Request) -> Response:
        try:
            incoming = await read(request)
        except ClientDisconnect:
            return Response()
        record = ApiCall(
            incoming.method, incoming.path, dict(incoming.query), self._state.now(), None, incoming.shown_body
        )
        self._state.calls.append(record)
        self._state.bell.ring()
        try:
            response = await self._respond(incoming, record)
        except Dropped:
            await self._hang_up(request)
            self._state.bell.ring()
            return Response()
        record.status = response.status_code
        response.headers["date"] = format_datetime(self._state.now(), usegmt=True)  # RFC 9110 section 6.6.1
        self._state.bell.ring()
        return response

    async def _respond(self, incoming: Incoming, record: ApiCall) -> Response:
        try:
            if incoming.method == "GET" and incoming.path.startswith(MEDIA_PATH):
                return await self._picture(incoming)
            if incoming.path.startswith(compliance.STORAGE_PATH):
                return self._storage(incoming)
            if (told := self._token(incoming)) is not None:
                return Response(told, media_type=JSON_TYPE)
            caller = self.doorman.recognise(incoming.signable)
            record.account_id = caller.account.id
            return await self._api(incoming, caller)
        except ApiError as error:
            return _refusal(error)

    async def _picture(self, incoming: Incoming) -> Response:
        fault = await self._take_fault(incoming, MEDIA_PATH + ":name")
        if fault is not None and fault.name in BEFORE:
            return refuse(fault, self._state.now())
        picture = self._state.pictures.find_name(incoming.path.removeprefix(MEDIA_PATH))
        if picture is None:
            raise generic(404, "Not Found")
        response = Response(picture.data, media_type=picture.mime_type)
        return response if fault is None else spoil(fault, response)

    def _token(self, incoming: Incoming) -> bytes | None:
        """None where none is asked for.  ApiError: it is refused."""
        state, signed = self._state, incoming.signable
        if (incoming.method, incoming.path) == ("POST", tokens.APP_PATH):
            return tokens.app_token(state.accounts, signed.authorization)
        if (incoming.method, incoming.path) == ("POST", tokens.USER_PATH):
            return tokens.user_token(state.tokens, state.accounts, signed.authorization, signed.form, state.now())
        return None

    def _storage(self, incoming: Incoming) -> Response:
        name = incoming.path.removeprefix(compliance.STORAGE_PATH)
        if incoming.method == "PUT":
            return Response(status_code=200 if compliance.put(self._state, name, incoming.body) else 404)
        found = compliance.take(self._state, name)
        return Response(status_code=404) if found is None else Response(found)

    async def _api(self, incoming: Incoming, caller: Caller) -> Response:
        found = api.find(incoming.method, incoming.path)
        if found is None:
            raise generic(405, "Method Not Allowed") if api.exists(incoming.path) else generic(404, "Not Found")
        reached = _Reached(incoming, *found, caller)
        headers = self._count(reached)
        try:
            response = await self._perform(reached)
        except ApiError as error:
            response = _refusal(error)
        if response.status_code != 429 and response.media_type == JSON_TYPE:
            response.headers.update(headers)
        return response

    def _count(self, reached: _Reached) -> dict[str, str]:
        """The headers about limits.  ApiError 429: over a limit; 403: credentials of the wrong kind."""
        endpoint, caller = reached.endpoint, reached.caller
        limit = endpoint.rate.user if caller.is_user else endpoint.rate.app
        if limit is None:
            others = [APP_ONLY] if caller.is_user else [USER_CONTEXT, USER_TOKEN]
            raise unsupported_authentication(caller.kind, others)
        verdict = self._limits.count(caller.name, endpoint.name, limit)
        if endpoint.rate.app_day is not None:
            self._limits.count_day(caller.account.keys.consumer_key, endpoint.name, endpoint.rate.app_day, verdict)
        self._state.violations.extend(verdict.complaints)
        if verdict.over and self._state.enforce_limits:
            raise too_many(verdict.headers)
        return verdict.headers

    async def _perform(self, reached: _Reached) -> Response:
        fault = await self._take_fault(reached.incoming, reached.endpoint.pattern, paged=reached.endpoint.paged)
        if fault is not None and fault.name in BEFORE:
            self._note_flood(fault, reached)
            if fault.name == "drop_before_accept":
                self.doorman.forget(reached.caller)
            return refuse(fault, self._state.now())
        answer = await self._call(reached, fault)
        response = Response(answer.body, answer.status, media_type=JSON_TYPE)
        if fault is not None and fault.name in SPOILING:
            return spoil(fault, response)
        self._note_handed_out(answer)
        return response

    async def _call(self, reached: _Reached, fault: Fault | None) -> Answer:
        query = Query(reached.incoming.query, reached.endpoint.allowed)
        call = Call(
            self._state,
            reached.caller,
            query,
            reached.parts,
            reached.incoming.body,
            fault if fault is not None and fault.name in PAGING else None,
        )
        return await reached.endpoint.handler(call)

    async def _take_fault(self, incoming: Incoming, pattern: str, *, paged: bool = False) -> Fault | None:
        """At most one fault beside a delay, so that several are met in the order they were armed."""
        method, path, faults = incoming.method, incoming.path, self._state.faults
        if (delay := take(faults, "delay", method=method, path=path, pattern=pattern)) is not None:
            await self._state.pause(number(delay, "s", 1.0))
        if self._state.stopped.is_set():
            raise Dropped
        names = BEFORE | SPOILING | (PAGING if paged else frozenset())
        return take(faults, *names, method=method, path=path, pattern=pattern)

    def _note_flood(self, fault: Fault, reached: _Reached) -> None:
        reset = reset_of(fault, self._state.now())
        if fault.name == "flood" and reset is not None:
            self._limits.tell(reached.caller.name, reached.endpoint.name, reset)

    def _note_handed_out(self, answer: Answer) -> None:
        user = self._state.users.get(answer.receiver)
        for account in self._state.accounts:
            if account is user:
                account.handed_out += answer.handed_out

    async def _hang_up(self, request: Request) -> None:
        if request.client is not None:
            self._cut((request.client.host, request.client.port))
            while (await request.receive())["type"] != "http.disconnect":
                pass


def _refusal(error: ApiError) -> Response:
    return Response(json.dumps(error.body).encode(), error.status, error.headers, JSON_TYPE)
