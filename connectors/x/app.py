"""What X tells the app rather than the account: asked with the app's own token (OAuth 2.0, RFC 6749 §4.4).

tweepy has none of this.
"""

from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec

from connectors.bodies import whole_body
from connectors.tls import client_context
from connectors.x.errors import refusal, short, translated
from connectors.x.settings import Settings
from tickets.errors import CredentialRejected, Unreachable

CALL = aiohttp.ClientTimeout(total=60.0, connect=10.0)
LARGEST_ANSWER = 1024 * 1024
LARGEST_FILE = 256 * 1024 * 1024
"""A line for each of a million posts is less."""
PLAIN = {"Content-Type": "text/plain"}


class Problem(msgspec.Struct):
    """How X says why not (RFC 9457)."""

    title: str = ""
    detail: str = ""


class AppApi:
    """One app's calls.  Raises ConnectorError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token = ""

    async def call(self, method: str, path: str, body: dict[str, object] | None = None) -> Any:
        """What X answers, as JSON says it.  path: with its query."""
        async with self._session() as session:
            if not self._token:
                self._token = await self._fetch_token(session)
            try:
                return await self._asked(session, method, path, body)
            except CredentialRejected:
                self._token = ""  # the app's keys may be new
                raise

    async def send(self, address: str, content: bytes) -> None:
        """Put a file where X wants it; it takes no token of ours."""
        self._refuse_strange(address)
        with translated():
            async with (
                self._session() as session,
                session.put(address, data=content, headers=PLAIN, allow_redirects=False) as answer,
            ):
                if answer.status not in (200, 201):
                    raise Unreachable(f"X's storage answered {answer.status} to a list of posts.")

    async def fetch_lines(self, address: str) -> list[bytes]:
        """A file of X's, by lines."""
        self._refuse_strange(address)
        with translated():
            async with self._session() as session, session.get(address, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise Unreachable(f"X's storage answered {answer.status}.")
                return [line for line in (await whole_body(answer, LARGEST_FILE)).splitlines() if line.strip()]

    def _refuse_strange(self, address: str) -> None:
        if not address.startswith(self._settings.storage_url.rstrip("/") + "/"):
            raise Unreachable("X named an address that is not its storage; nothing was sent there.")

    def _session(self) -> aiohttp.ClientSession:
        tls = client_context(self._settings.ca_file)
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls), timeout=CALL)

    async def _fetch_token(self, session: aiohttp.ClientSession) -> str:
        """https://docs.x.com/fundamentals/authentication/oauth-2-0/application-only"""
        settings = self._settings
        keys = aiohttp.encode_basic_auth(quote(settings.api_key.reveal()), quote(settings.api_key_secret.reveal()))
        form = {"grant_type": "client_credentials"}
        with translated():
            address = f"{settings.base_url.rstrip('/')}/oauth2/token"
            headers = {"Authorization": keys}
            async with session.post(address, data=form, headers=headers, allow_redirects=False) as answer:
                told = await _told(answer)
        token = told.get("access_token")
        if not isinstance(token, str) or not token:
            raise Unreachable("X gave the app no token.")
        return token

    async def _asked(
        self, session: aiohttp.ClientSession, method: str, path: str, body: dict[str, object] | None
    ) -> Any:
        address = f"{self._settings.base_url.rstrip('/')}{path}"
        headers = {"Authorization": f"Bearer {self._token}"}
        with translated():
            async with session.request(
                method, address, json=body, headers=headers, allow_redirects=False
            ) as answer:
                return await _told(answer)


async def _told(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    """Raises ConnectorError for a refusal, and for what is no answer of X's."""
    content = await whole_body(answer, LARGEST_ANSWER)
    if answer.status not in (200, 201):
        raise refusal(answer.status, answer.headers, _why(content))
    told = msgspec.json.decode(content or b"{}")
    if not isinstance(told, dict):
        raise Unreachable("X's answer cannot be read.")
    return told


def _why(content: bytes) -> str:
    try:
        problem = msgspec.json.decode(content, type=Problem)
    except msgspec.MsgspecError:
        return "no reason given"
    return short([problem.detail or problem.title])
