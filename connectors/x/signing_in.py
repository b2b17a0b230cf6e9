"""Signing an account in by its person (RFC 6749 §4.1 with RFC 7636), once.

Source: https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code, read 2026-11.
"""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

from connectors.context import ConnectorContext
from connectors.x.api import tokens_of
from connectors.x.settings import OAuth, Settings
from tickets.errors import Refused

SCOPES = "tweet.read tweet.write tweet.moderate.write users.read media.write offline.access"
DIRECT_SCOPES = "dm.read dm.write"


class SigningIn:
    """One attempt.  Raises Refused for an account whose settings have no oauth."""

    def __init__(self, settings: Settings, context: ConnectorContext) -> None:
        tokens = tokens_of(settings, context)
        if settings.oauth is None or tokens is None:
            raise Refused("This account signs with its access token; there is nothing to sign in to.")
        self._oauth: OAuth = settings.oauth
        self._tokens = tokens
        self._direct = settings.direct_messages
        self._state = secrets.token_urlsafe(24)
        self._verifier = secrets.token_urlsafe(48)

    @property
    def address(self) -> str:
        """The page on which whoever runs the account agrees."""
        digest = hashlib.sha256(self._verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._oauth.client_id,
            "redirect_uri": self._oauth.redirect_url,
            "scope": f"{SCOPES} {DIRECT_SCOPES}" if self._direct else SCOPES,
            "state": self._state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self._oauth.authorize_url}?{urlencode(asked)}"

    async def finish(self, address: str) -> None:
        """Take the address that the browser was led to.  Raises Refused, ConnectorError."""
        found = {name: values[0] for name, values in parse_qs(urlsplit(address.strip()).query).items()}
        if "error" in found:
            raise Refused("X says that it was not agreed to. Begin anew.")
        if not hmac.compare_digest(found.get("state", "").encode(), self._state.encode()) or "code" not in found:
            raise Refused("This is not the address of this sign-in. Copy all of it, from the page that came now.")
        await self._tokens.sign_in(
            {
                "code": found["code"],
                "redirect_uri": self._oauth.redirect_url,
                "code_verifier": self._verifier,
            }
        )
