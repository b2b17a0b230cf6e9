"""The gateway: one websocket from HELLO to its end.

Source: https://discord.com/developers/docs/events/gateway
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from aiohttp import WSMsgType, web

from simulators.discord.connection import Connection
from simulators.discord.handshake import Handshake
from simulators.discord.interruptions import Interruptions
from simulators.discord.misbehaviour import page
from simulators.discord.payloads import HEARTBEAT, IDENTIFY, RESUME, BadPayload, Payload, read_payload
from simulators.discord.state import PlatformState
from simulators.discord.wire import Plain, open_wire

PATHS = frozenset({"/", "/gateway", "/resume"})
CLOSE_TIMEOUT_S = 1.0
ZOMBIE_AFTER = 1.5
"""Heartbeat intervals without a heartbeat after which a client counts as dead."""

PAYLOADS_MAX = 120
PAYLOADS_WINDOW_S = 60.0

_CLEAN = (1000, 1001)
"""A client that closes with one of these gives its session up."""


class Gateway:
    """Serves the gateway's sockets.  resume_url: where READY sends clients to resume."""

    def __init__(self, state: PlatformState, resume_url: Callable[[], str]) -> None:
        self._state = state
        self._interruptions = Interruptions(state.faults)
        self._handshake = Handshake(state, resume_url)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """One upgrade request and the socket it becomes."""
        if self._state.faults.take("refuse_connect") is not None:
            return page(503, "<html><body>upstream connect error</body></html>")
        socket = web.WebSocketResponse(timeout=CLOSE_TIMEOUT_S, compress=False)
        if not socket.can_prepare(request):
            return web.Response(status=400, text="an upgrade to websocket was expected")
        await socket.prepare(request)
        compress = request.query.get("compress", "")
        wire = open_wire(compress)
        usable = wire is not None and _speaks_v10(request)
        connection = Connection(self._state, socket, request.transport, wire or Plain(), self._interruptions)
        self._state.open_connections.add(connection)
        if not usable:
            connection.end(4012)
        talk = _Talk(self._state, connection, self._handshake, compress, request.path)
        try:
            await self._run(socket, connection, talk)
        finally:
            self._state.open_connections.discard(connection)
        return socket

    async def _run(self, socket: web.WebSocketResponse, connection: Connection, talk: _Talk) -> None:
        writer = asyncio.create_task(connection.write_all())
        if self._state.faults.take("no_hello") is None:
            talk.greet()
        try:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    talk.hear(message.data)
            if connection.closing is not None:
                await asyncio.gather(connection.closing, return_exceptions=True)
        finally:
            writer.cancel()
            self._part(socket.close_code, connection)

    def _part(self, code: int | None, connection: Connection) -> None:
        session = connection.session
        connection.release()
        connection.leave_session()
        if session is not None and not connection.ended and code in _CLEAN:
            session.bot.sessions.pop(session.id, None)
        connection.ended = True
        self._state.bell.ring()


class _Talk:
    """What one client says and what it is answered."""

    def __init__(
        self, state: PlatformState, connection: Connection, handshake: Handshake, compress: str, path: str
    ) -> None:
        self._state = state
        self._connection = connection
        self._handshake = handshake
        self._compress = compress
        self._path = path
        self._heard: deque[float] = deque()

    def greet(self) -> None:
        """HELLO; from now on heartbeats are expected."""
        self._connection.send(10, {"heartbeat_interval": round(self._state.heartbeat_s * 1000), "_trace": ["[]"]})
        self._connection.keep_alive(self._state.heartbeat_s * ZOMBIE_AFTER)

    def hear(self, data: str | bytes) -> None:
        """One frame of the client."""
        if self._connection.ended:
            return
        try:
            payload = read_payload(data)
        except BadPayload as error:
            self._connection.end(error.code)
            return
        if self._too_many(payload):
            self._state.violations.append("a client sent more than 120 gateway payloads in 60 s")
            self._connection.end(4008)
        elif payload.op == HEARTBEAT:
            self._beat()
        elif payload.op in (IDENTIFY, RESUME):
            self._enter(payload)
        elif self._connection.session is None:
            self._connection.end(4003)
        self._state.bell.ring()

    def _beat(self) -> None:
        self._connection.keep_alive(self._state.heartbeat_s * ZOMBIE_AFTER)
        if self._state.faults.take("no_heartbeat_ack") is None:
            self._connection.send(11)

    def _enter(self, payload: Payload) -> None:
        if self._connection.session is not None:
            self._connection.end(4005)
        elif self._connection.interrupt():
            return
        elif payload.op == IDENTIFY:
            self._handshake.identify(self._connection, payload.data, self._compress, self._path)
        else:
            self._handshake.resume(self._connection, payload.data, self._compress, self._path)

    def _too_many(self, payload: Payload) -> bool:
        """Heartbeats count as well, unless the interval is shorter than any real one."""
        if payload.op == HEARTBEAT and self._state.heartbeat_s < 1:
            return False
        moment = asyncio.get_running_loop().time()
        self._heard.append(moment)
        while self._heard[0] <= moment - PAYLOADS_WINDOW_S:
            self._heard.popleft()
        return len(self._heard) > PAYLOADS_MAX


def _speaks_v10(request: web.BaseRequest) -> bool:
    return request.query.get("v") == "10" and request.query.get("encoding", "json") == "json"
