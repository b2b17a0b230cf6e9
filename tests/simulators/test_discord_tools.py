"""Tools of the Discord platform's tests: a clock, the raw REST API, a gateway client by hand.  Holds no tests."""

import json
import warnings
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
import yarl

from simulators.discord import DiscordPlatform

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports audioop, which Python 3.13 no longer has
    import discord

TOKEN = "MTEwMjAxNTQz.GAbCdE.loopback-only"
OTHER_TOKEN = "MjIwMjAxNTQz.GXyZaB.loopback-only"

GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 12, 1 << 15
USUAL = GUILDS | GUILD_MESSAGES | DIRECT_MESSAGES

QUIET = {"allowed_mentions": {"parse": []}}


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **span: float) -> None:
        self.time += timedelta(**span)


class Raw:
    """Plain HTTP against the REST API."""

    def __init__(self, client: aiohttp.ClientSession, platform: DiscordPlatform) -> None:
        self._client = client
        self._platform = platform

    async def __call__(
        self, method: str, path: str, body: Any = None, *, token: str | None = TOKEN, **query: Any
    ) -> tuple[int, Any, aiohttp.ClientResponse]:
        headers = {} if token is None else {"Authorization": f"Bot {token}"}
        url = f"{self._platform.api_url}{path}"
        async with self._client.request(method, url, json=body, params=query, headers=headers) as answer:
            text = await answer.text()
            parsed = json.loads(text) if text and answer.content_type == "application/json" else text
            return answer.status, parsed, answer

    async def ok(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        status, parsed, _ = await self(method, path, body, **query)
        assert 200 <= status < 300, (status, parsed)
        return parsed

    async def refusal(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, int, str]:
        status, parsed, _ = await self(method, path, body, **query)
        assert status >= 400
        return status, parsed["code"], parsed["message"]

    async def post(self, channel_id: int, content: str, **fields: Any) -> Any:
        return await self.ok("POST", f"/channels/{channel_id}/messages", {"content": content, **QUIET, **fields})


class Wire:
    """A gateway client by hand."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._inflate = zlib.decompressobj()
        self._buffer = b""
        self.frames = 0
        self.seq: int | None = None
        self.session_id = ""

    async def receive(self) -> Any:
        """The next payload.  ConnectionError: there is none, the socket ended."""
        while True:
            message = await self._socket.receive(timeout=5)
            if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                raise ConnectionError(message)
            self.frames += 1
            text = message.data if isinstance(message.data, str) else self._take(message.data)
            if text:
                payload = json.loads(text)
                self.seq = payload["s"] or self.seq
                return payload

    async def event(self, name: str) -> Any:
        """What the next event tells; it must have this name."""
        payload = await self.receive()
        assert (payload["op"], payload["t"]) == (0, name), payload
        return payload["d"]

    async def answer(self, op: int) -> Any:
        """The data of the next payload; it must have this opcode."""
        payload = await self.receive()
        assert payload["op"] == op, payload
        return payload["d"]

    async def send(self, op: int, data: Any) -> None:
        await self._socket.send_str(json.dumps({"op": op, "d": data}))

    async def send_text(self, text: str) -> None:
        await self._socket.send_str(text)

    async def identify(self, intents: Any = USUAL, token: str = TOKEN, **more: Any) -> None:
        await self.send(2, {"token": token, "intents": intents, "properties": {}, **more})

    async def enter(self, intents: int = USUAL, token: str = TOKEN, guilds: int = 0) -> Any:
        """HELLO, IDENTIFY and READY; what READY told."""
        await self.answer(10)
        await self.identify(intents, token)
        ready = await self.event("READY")
        self.session_id = ready["session_id"]
        for _ in range(guilds):
            await self.event("GUILD_CREATE")
        return ready

    async def resume(self, session_id: str, seq: int | None, token: str = TOKEN) -> None:
        """HELLO and RESUME."""
        await self.answer(10)
        await self.send(6, {"token": token, "session_id": session_id, "seq": seq})

    async def close(self, code: int = 1000) -> None:
        await self._socket.close(code=code)

    async def ended(self) -> int | None:
        """The code the platform closes with; 1006 when the connection was cut."""
        with pytest.raises(ConnectionError):
            while True:
                await self.receive()
        return self._socket.close_code

    def _take(self, frame: bytes) -> str:
        self._buffer += frame
        if not self._buffer.endswith(b"\x00\x00\xff\xff"):
            return ""
        whole, self._buffer = self._buffer, b""
        return self._inflate.decompress(whole).decode()


class Dialler:
    """Opens gateway sockets; all are closed at the end."""

    def __init__(self, client: aiohttp.ClientSession, platform: DiscordPlatform) -> None:
        self._client = client
        self._platform = platform

    async def __call__(self, **query: str) -> Wire:
        asked = {"v": "10", "encoding": "json", **query}
        return Wire(await self._client.ws_connect(self._platform.gateway_url, params=asked))


def point_library(monkeypatch: pytest.MonkeyPatch, platform: DiscordPlatform) -> None:
    """Let discord.py talk to the platform."""
    monkeypatch.setattr(discord.http.Route, "BASE", platform.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(platform.gateway_url))


@asynccontextmanager
async def http_client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as client:
        yield client
