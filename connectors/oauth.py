"""Signing in with tokens (OAuth 2.0, RFC 6749 §6) instead of a password, as Google, Microsoft and X want it.

The operator gives a refresh token once, or signs in once; access tokens are
fetched with it.  A provider may give a new refresh token each time, and take
the old one no more: the new one is kept before the access token that came
with it is used, so that none is ever lost.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from urllib.parse import quote

import aiohttp
import msgspec

from connectors.bodies import whole_body
from connectors.context import ConnectorContext
from connectors.tls import client_context
from tickets.errors import ConnectorError, CredentialRejected, Unreachable
from tickets.secret import NO_SECRET, Secret

CALL_S = 30.0
EARLY_S = 120.0
"""A token is not used so shortly before its end."""
SHORTEST_S = 60.0
LARGEST_ANSWER = 64 * 1024
LOOKS = 5
"""So often, a second apart, it is looked whether another worker has used a single-use token first."""
REFUSED = ("invalid_grant", "invalid_client", "unauthorized_client", "invalid_request")


class OAuthSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[<channel>.<name>.oauth]``: signing in with tokens instead of a password."""

    token_url: str
    """Google: https://oauth2.googleapis.com/token.
    Microsoft: https://login.microsoftonline.com/common/oauth2/v2.0/token."""
    client_id: str
    client_secret: Secret = NO_SECRET
    refresh_token: Secret
    scope: str = ""
    """Microsoft wants the scopes again, e.g. https://outlook.office.com/IMAP.AccessAsUser.All offline_access."""


class Answer(msgspec.Struct):
    """RFC 6749 §5.1 and §5.2."""

    access_token: str = ""
    expires_in: float = 3600.0
    refresh_token: str | None = None
    error: str = ""


class Tokens:
    """One account's access tokens.

    by_header: the client's own secret goes into a header (RFC 6749 §2.3.1),
    not into the form.  single_use: a refresh token is taken once, so that of
    two workers who use it at once one is refused.  ca_file: PEM; empty for the system's.
    """

    def __init__(
        self,
        settings: OAuthSettings,
        context: ConnectorContext,
        *,
        by_header: bool = False,
        single_use: bool = False,
        ca_file: str = "",
    ) -> None:
        self._settings = settings
        self._context = context
        self._by_header = by_header
        self._looks = LOOKS if single_use else 0
        self._ca_file = ca_file
        self._token = ""
        self._until = 0.0
        self._lock = asyncio.Lock()
        self._asking: set[asyncio.Future[str]] = set()

    async def access(self) -> str:
        """A token that is good for two minutes at least.  Raises CredentialRejected, Unreachable.

        Whoever asks may give up waiting: what was begun goes on, as the
        server may have ended the old token and the new one must be kept.
        """
        asking = asyncio.ensure_future(self._fresh())
        self._asking.add(asking)
        asking.add_done_callback(self._asked)
        return await asyncio.shield(asking)

    async def close(self) -> None:
        """Wait for what is under way: seconds at most."""
        if self._asking:
            await asyncio.wait(tuple(self._asking), timeout=CALL_S)

    def _asked(self, asking: "asyncio.Future[str]") -> None:
        self._asking.discard(asking)
        if not asking.cancelled():
            asking.exception()  # nobody may be waiting for it any more

    async def _fresh(self) -> str:
        async with self._lock:
            if self._context.clock.monotonic() >= self._until:
                await self._refresh()
            return self._token

    def forget(self) -> None:
        """The server refused it: the next one is fetched anew."""
        self._until = 0.0

    async def sign_in(self, form: Mapping[str, str]) -> None:
        """Exchange what a person's sign-in brought (RFC 6749 §4.1.3) for tokens, and keep them.

        Raises CredentialRejected, Unreachable.
        """
        async with self._lock:
            answer = await self._ask({"grant_type": "authorization_code", **form})
            if not answer.refresh_token:
                raise CredentialRejected("The token server gave no refresh token: ask for offline access.")
            await self._use(answer, "")

    async def _refresh(self) -> None:
        refresh = await self._kept()
        if not refresh:
            raise CredentialRejected("Nobody has signed in yet. `switchboard sign-in` does it, for this account.")
        for look in range(self._looks + 1):
            try:
                answer = await self._ask({"grant_type": "refresh_token", "refresh_token": refresh})
            except CredentialRejected:
                newer = await self._newer(refresh, look)
                if newer is None:
                    raise
                refresh = newer
            else:
                await self._use(answer, refresh)
                return

    async def _newer(self, refused: str, look: int) -> str | None:
        """What to try after a refused refresh token: another worker may have a newer one in a moment."""
        if look == self._looks:
            return None
        kept = await self._kept()
        if kept == refused:
            await self._context.clock.sleep(1.0)
            kept = await self._kept()
        return kept

    async def _use(self, answer: Answer, refresh: str) -> None:
        """Kept first: what is used may have ended the old one."""
        if answer.refresh_token and answer.refresh_token != refresh:
            await self._context.keep(self._name, answer.refresh_token.encode())
        self._token = answer.access_token
        self._until = self._context.clock.monotonic() + max(SHORTEST_S, answer.expires_in - EARLY_S)

    async def _kept(self) -> str:
        given = self._settings.refresh_token.reveal().encode()
        return (await self._context.kept(self._name, given)).decode()

    @property
    def _name(self) -> str:
        """Bound to what the operator gave: a new one in the settings counts before what came of an old one."""
        given = self._settings.refresh_token.reveal().encode()
        return f"refresh-token-{hashlib.sha256(given).hexdigest()[:16]}"

    async def _ask(self, asked: Mapping[str, str]) -> Answer:
        settings = self._settings
        form = {**asked, "client_id": settings.client_id}
        headers = {}
        if (secret := settings.client_secret.reveal()) and self._by_header:
            headers["Authorization"] = aiohttp.encode_basic_auth(quote(settings.client_id), quote(secret))
        elif secret:
            form["client_secret"] = secret
        if settings.scope:
            form["scope"] = settings.scope
        tls = aiohttp.TCPConnector(ssl=client_context(self._ca_file))
        try:
            async with (
                aiohttp.ClientSession(connector=tls, timeout=aiohttp.ClientTimeout(total=CALL_S)) as session,
                session.post(settings.token_url, data=form, headers=headers, allow_redirects=False) as response,
            ):
                return _answer(response.status, await whole_body(response, LARGEST_ANSWER))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise Unreachable(f"The token server cannot be used ({type(error).__name__}).") from error


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
    if status in (400, 401) and error in REFUSED:
        return CredentialRejected(
            f"The token server refuses the refresh token ({error}). Sign in at the provider again and put the new "
            "refresh_token into the settings, or run `switchboard sign-in`."
        )
    return Unreachable(f"The token server answered {status} without a token.")
