"""What the tests of the loopback X share: a running one, the unmodified tweepy, and signed plain HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import httpx
import oauthlib.oauth1
import requests
import requests.adapters
import tweepy
from tweepy.asynchronous import AsyncClient
from yarl import URL

from simulators.x import Keys, SimAccount, SimPerson, XPlatform

KEYS = Keys("app-key", "app-secret", "acme-token", "acme-secret")
HOST = "https://api.twitter.com"


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **span: float) -> None:
        self.time += timedelta(**span)


class Redirected:
    """What tweepy's asynchronous client takes for its session: another host, everything else untouched."""

    def __init__(self, platform: XPlatform) -> None:
        self._platform = platform
        self._session = aiohttp.ClientSession()

    def request(self, method: str, url: str | URL, **details: Any) -> Any:
        moved = str(url).replace(HOST, self._platform.base_url, 1)
        return self._session.request(method, URL(moved, encoded=True), **details)

    async def close(self) -> None:
        await self._session.close()


class Moved(requests.adapters.HTTPAdapter):
    """The same for the blocking client, mounted on its session."""

    def __init__(self, platform: XPlatform) -> None:
        super().__init__()
        self._platform = platform

    def send(self, request: requests.PreparedRequest, *args: Any, **details: Any) -> requests.Response:
        assert request.url is not None
        request.url = request.url.replace(HOST, self._platform.base_url, 1)
        return super().send(request, *args, **details)


@dataclass
class World:
    """A running platform with one account, one person, and ways to call."""

    clock: Clock
    platform: XPlatform
    account: SimAccount
    anna: SimPerson
    client: AsyncClient
    http: httpx.AsyncClient

    async def get(self, path: str, host: str = HOST, **parameters: Any) -> httpx.Response:
        """A signed GET.  ``tweet_fields`` stands for ``tweet.fields``."""
        query = urlencode({name.replace("_fields", ".fields"): value for name, value in parameters.items()})
        return await self.send("GET", path + (f"?{query}" if query else ""), host=host)

    async def post(self, body: Any, path: str = "/2/tweets") -> httpx.Response:
        """A signed POST of JSON."""
        return await self.send("POST", path, json.dumps(body).encode())

    async def send(
        self, method: str, path: str, body: bytes | None = None, host: str = HOST, keys: Keys = KEYS
    ) -> httpx.Response:
        """Any signed request."""
        headers = sign(method, path, host, keys)
        if body is not None:
            headers["Content-Type"] = "application/json"
        return await self.http.request(method, self.platform.base_url + path, content=body, headers=headers)

    async def refusal(self, body: Any) -> tuple[int, str]:
        """Status and sentence a post is refused with."""
        return refusal(await self.post(body))

    async def mentions(self, **parameters: Any) -> Any:
        """The account's mentions as JSON."""
        answer = await self.get(f"/2/users/{self.account.id}/mentions", **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()


def sign(method: str, path: str, host: str = HOST, keys: Keys = KEYS, **claims: Any) -> dict[str, str]:
    """The headers of a signed request.  claims: timestamp and nonce, where they are to be chosen."""
    signer = oauthlib.oauth1.Client(*keys, **claims)
    _, headers, _ = signer.sign(host + path, method)
    return dict(headers)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """The status and the sentence of an answer that refuses."""
    body = answer.json()
    if answer.status_code == 400:
        assert body["title"] == "Invalid Request"
        assert body["type"] == "https://api.twitter.com/2/problems/invalid-request"
        return 400, "\n".join(error["message"] for error in body["errors"])
    assert (body["status"], "errors" in body) == (answer.status_code, False)
    return answer.status_code, body["detail"]


@asynccontextmanager
async def open_world(**options: Any) -> AsyncIterator[World]:
    """A platform on a clock of its own; options go to the platform."""
    clock = Clock()
    async with XPlatform(now=clock, **options) as platform, httpx.AsyncClient(timeout=10, verify=False) as http:
        account = platform.add_account("acme", "Acme Support", KEYS)
        client = AsyncClient(account.bearer_token, *KEYS)
        client.session = session = Redirected(platform)
        anna = platform.add_person("Anna", "anna")
        try:
            yield World(clock, platform, account, anna, client, http)
        finally:
            await session.close()
            await asyncio.sleep(0)


def blocking(world: World) -> tweepy.Client:
    """The blocking client for the same account; call it in a thread."""
    client = tweepy.Client(world.account.bearer_token, *KEYS)
    client.session.mount(HOST, Moved(world.platform))
    return client
