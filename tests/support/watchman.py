"""A watchman outside, whom the service tells that all is well."""

import asyncio

SECRET = "b7e1-swordfish"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


class Watchman:
    """Keeps the first line of what it is asked, and answers with the given bytes.  answer None: never."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: bytes | None = OK
        self._server: asyncio.Server | None = None
        self._ends = asyncio.Event()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ping/{SECRET}"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def close(self) -> None:
        assert self._server is not None
        self._ends.set()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readline()).decode().strip())
        if self.answer is None:
            await self._ends.wait()
        else:
            writer.write(self.answer)
            await writer.drain()
        writer.close()
