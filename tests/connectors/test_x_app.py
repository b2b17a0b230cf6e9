"""What X tells the app: answers in pieces, addresses that lead elsewhere, lines that cannot be read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from msgspec.structs import replace

from connectors.x import removed
from connectors.x.app import AppApi
from tests.support.town import Town, X
from tickets.errors import Unreachable
from tickets.ids import ExternalMessageId

TOKEN = b'{"token_type": "bearer", "access_token": "of-the-app"}'


class Server:
    """Answers each request with the next of these, in two pieces, the second after a turn of the loop."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.asked: list[bytes] = []
        self.url = ""
        self.served = asyncio.Semaphore(0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self.served.release()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split(b"\r\n")[0])
        answer = self.answers.pop(0)
        cut = answer.index(b"\r\n\r\n") + 14
        with suppress(ConnectionError):
            writer.write(answer[:cut])
            await writer.drain()
            for _ in range(50):
                await asyncio.sleep(0)
            writer.write(answer[cut:])
            await writer.drain()


def ok(body: bytes, status: str = "200 OK", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield made
    for _ in made.asked:
        await made.served.acquire()
    listening.close()
    await listening.wait_closed()


@pytest.fixture
def app(town: Town, server: Server) -> AppApi:
    usual = town.accounts()[X].settings
    return AppApi(replace(usual, base_url=server.url, storage_url=f"{server.url}/lists/"))


async def test_an_answer_that_comes_in_pieces_is_read_whole(app: AppApi, server: Server) -> None:
    server.answers = [ok(TOKEN), ok(b'{"data": {"id": "1", "status": "created"}}')]
    assert (await app.call("GET", "/2/webhooks"))["data"]["id"] == "1"


async def test_nobody_leads_a_list_of_posts_elsewhere(app: AppApi, server: Server) -> None:
    moved = ok(b"", "307 Temporary Redirect", f"Location: {server.url}/inside\r\n")
    server.answers = [moved, moved]
    with pytest.raises(Unreachable):
        await app.send(f"{server.url}/lists/1", b"1\n")
    with pytest.raises(Unreachable):
        await app.fetch_lines(f"{server.url}/lists/1")
    with pytest.raises(Unreachable):
        await app.fetch_lines(f"{server.url}/elsewhere/1")
    assert [line.split()[1] for line in server.asked] == [b"/lists/1", b"/lists/1"]


async def test_one_line_that_cannot_be_read_keeps_no_other_from_being_followed(
    app: AppApi, server: Server
) -> None:
    told = f'{{"data": {{"id": "1", "status": "complete", "download_url": "{server.url}/lists/1"}}}}'
    lines = (
        b'{"id": "100", "reason": "deleted"}\n\xff{\n[]\n\n{"id": "101"}\n{"id": "102", "reason": "scrub_geo"}\n'
    )
    server.answers = [ok(TOKEN), ok(told.encode()), ok(lines)]
    assert await removed.fetch(app, "1") == [ExternalMessageId("100"), ExternalMessageId("101")]
