"""An HTTP server on loopback that can cut a single connection.

uvicorn's protocol without uvicorn's server: no signal handlers, no polling
loop, and a stop that waits for nobody.
"""

import asyncio

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState


class LoopbackServer:
    """Serves one ASGI application.

    port: 0 lets the system choose; the choice is kept over stop and start.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._config = uvicorn.Config(app, log_config=None, lifespan="off", http="h11", ws="none")
        self._state = ServerState()
        self._listener: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen.  OSError: the port is taken."""
        if not self._config.loaded:
            self._config.load()
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._protocol, self.host, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener, cut every connection, wait for the handlers they leave."""
        if self._listener is None:
            return
        self._listener.close()
        for connection in list(self._state.connections):
            connection.transport.abort()
        await self._listener.wait_closed()
        self._listener = None
        await asyncio.gather(*self._state.tasks, return_exceptions=True)

    def cut(self, client: tuple[str, int]) -> None:
        """Drop the connection of the client with this address, answering nothing."""
        for connection in list(self._state.connections):
            if isinstance(connection, H11Protocol) and connection.client == client:
                connection.transport.abort()

    def _protocol(self) -> H11Protocol:
        protocol = H11Protocol(self._config, self._state, {})
        protocol.access_log = False
        return protocol
