"""Signing in with tokens (OAuth 2.0, RFC 6749 §6) instead of a password, as Google and Microsoft want it.

The operator gives a refresh token once; access tokens are fetched with it.
A provider may give a new refresh token each time: it is kept before the
access token that came with it is used, so that none is ever lost.
"""

import asyncio
import hashlib

import aiohttp
import msgspec

from connectors.context import ConnectorContext
from connectors.mail.settings import OAuthSettings
from tickets.errors import ConnectorError, CredentialRejected, Unreachable

CALL_S = 30.0
EARLY_S = 120.0
"""A token is not used so shortly before its end."""
SHORTEST_S = 60.0
LARGEST_ANSWER = 64 * 1024


class Answer(msgspec.Struct):
    """RFC 6749 §5.1 and §5.2."""

    access_token: str = ""
    expires_in: float = 3600.0
    refresh_token: str | None = None
    error: str = ""


class Tokens:
    """One mailbox's access tokens."""

    def __init__(self, settings: OAuthSettings, context: ConnectorContext) -> None:
        self._settings = settings
        self._context = context
        self._token = ""
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def access(self) -> str:
        """A token that is good for two minutes at least.  Raises CredentialRejected, Unreachable."""
        async with self._lock:
            if self._context.clock.monotonic() >= self._until:
                await self._refresh()
            return self._token

    def forget(self) -> None:
        """The server refused it: the next one is fetched anew."""
        self._until = 0.0

    async def _refresh(self) -> None:
        given = self._settings.refresh_token.reveal()
        # Bound to what the operator gave: a new one in the settings counts before what came of an old one.
        name = f"refresh-token-{hashlib.sha256(given.encode()).hexdigest()[:16]}"
        refresh = (await self._context.kept(name, given.encode())).decode()
        answer = await self._ask(refresh)
        if answer.refresh_token and answer.refresh_token != refresh:
            await self._context.keep(name, answer.refresh_token.encode())
        self._token = answer.access_token
        self._until = self._context.clock.monotonic() + max(SHORTEST_S, answer.expires_in - EARLY_S)

    async def _ask(self, refresh: str) -> Answer:
        settings = self._settings
        form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": settings.client_id}
        if secret := settings.client_secret.reveal():
            form["client_secret"] = secret
        if settings.scope:
            form["scope"] = settings.scope
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_S)) as session,
                session.post(settings.token_url, data=form, allow_redirects=False) as response,
            ):
                return _answer(response.status, await _body(response))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise Unreachable(f"The token server cannot be used ({type(error).__name__}).") from error


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """All of it; raises ValueError where that is more than any token needs."""
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise ValueError("the answer is too long")
    return body


def _answer(status: int, body: bytes) -> Answer:
    """A clear refusal needs a person; anything else passes."""
    try:
        answer = msgspec.json.decode(body, type=Answer, strict=False)
    except (msgspec.DecodeError, UnicodeError):
        answer = Answer()
    if status == 200 and answer.access_token:
        return answer
    raise _refusal(status, answer.error)


def _refusal(status: int, error: str) -> ConnectorError:
    if status in (400, 401) and error in ("invalid_grant", "invalid_client", "unauthorized_client"):
        return CredentialRejected(
            f"The token server refuses the refresh token ({error}). Sign in at the provider again and put the new "
            "refresh_token into the settings."
        )
    return Unreachable(f"The token server answered {status} without a token.")
