"""An HTTP and websocket server on loopback that can cut every connection.

aiohttp's protocol without its runner: no signal handlers, no routes, and a
stop that waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from aiohttp import web

BODY_MAX_BYTES = 32 * 1024 * 1024

Handler: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class LoopbackServer:
    """Serves one handler.  port: 0 lets the system choose; the choice is kept over stop and start."""

    def __init__(self, handler: Handler, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._handler = handler
        self._web: web.Server | None = None
        self._listener: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen.  OSError: the port is taken."""
        loop = asyncio.get_running_loop()
        self._web = web.Server(self._handler, request_factory=_request, access_log=None, loop=loop)
        self._listener = await loop.create_server(self._web, self.host, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener, cut every connection, end the handlers they leave."""
        if self._listener is None or self._web is None:
            return
        self._listener.close()
        for connection in self._web.connections:
            if isinstance(connection.transport, asyncio.Transport):
                connection.transport.abort()
        await self._listener.wait_closed()
        await self._web.shutdown(timeout=1.0)
        self._listener = None


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: asyncio.Task[None]) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=BODY_MAX_BYTES)
