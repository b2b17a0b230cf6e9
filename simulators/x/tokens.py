"""Tokens: an app's own for its keys, and those of people who signed in (RFC 6749 sections 4.4 and 4.1, RFC 7636).

Source: https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from simulators.x.accounts import SimAccount
from simulators.x.problems import ApiError, unauthorized

APP_PATH = "/oauth2/token"
USER_PATH = "/2/oauth2/token"
LASTS = timedelta(hours=2)


@dataclass(frozen=True)
class Consent:
    """What a person agreed to.  challenge: what the verifier must lead to."""

    account: SimAccount
    redirect_url: str
    challenge: str
    offline: bool


@dataclass
class Tokens:
    """All of them.  refresh tokens are taken once."""

    codes: dict[str, Consent] = field(default_factory=dict)
    access: dict[str, tuple[SimAccount, datetime]] = field(default_factory=dict)
    refresh: dict[str, SimAccount] = field(default_factory=dict)
    issued: int = 0

    def consent(self, account: SimAccount, address: str) -> str:
        """The person agrees on the page of this address; where their browser is led."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        if (asked.get("client_id"), asked.get("response_type")) != (account.client_id, "code"):
            raise ValueError("the page says that something went wrong")
        if asked.get("code_challenge_method") != "S256" or not asked.get("state"):
            raise ValueError("the page asks for a challenge and a state")
        self.issued += 1
        code, redirect = f"code-{self.issued}", asked["redirect_uri"]
        offline = "offline.access" in asked.get("scope", "").split()
        self.codes[code] = Consent(account, redirect, asked["code_challenge"], offline)
        return f"{redirect}?{urlencode({'state': asked['state'], 'code': code})}"

    def owner(self, token: str, now: datetime) -> SimAccount | None:
        """Whose access token it is, while it lasts."""
        account, until = self.access.get(token, (None, now))
        return account if account is not None and now < until and not account.revoked else None

    def issue(self, account: SimAccount, now: datetime, *, offline: bool = True) -> dict[str, object]:
        """A fresh pair."""
        self.issued += 1
        access, refresh = f"access-{self.issued}", f"refresh-{self.issued}"
        self.access[access] = (account, now + LASTS)
        pair: dict[str, object] = {
            "token_type": "bearer",
            "expires_in": int(LASTS.total_seconds()),
            "access_token": access,
        }
        if offline:
            self.refresh[refresh] = account
            pair["refresh_token"] = refresh
        return pair


def app_token(accounts: list[SimAccount], authorization: str) -> bytes:
    """https://docs.x.com/fundamentals/authentication/oauth-2-0/application-only.  ApiError 401: no app's keys."""
    pair = _basic(authorization)
    for account in accounts:
        if pair == (account.keys.consumer_key, account.keys.consumer_secret) and not account.revoked:
            return json.dumps({"token_type": "bearer", "access_token": account.bearer_token}).encode()
    raise unauthorized()


def user_token(
    tokens: Tokens, accounts: list[SimAccount], authorization: str, body: bytes, now: datetime
) -> bytes:
    """ApiError 401: not the app's own secret; 400: a code or token that is none, or was used."""
    form = dict(parse_qsl(body.decode()))
    if not any(_basic(authorization) == (one.client_id, one.client_secret) for one in accounts):
        raise ApiError(
            401, {"error": "unauthorized_client", "error_description": "Missing valid authorization header"}
        )
    if form.get("grant_type") == "refresh_token":
        account = tokens.refresh.pop(form.get("refresh_token", ""), None)
        if account is None or account.revoked:
            raise _invalid("Value passed for the token was invalid.")
        return json.dumps(tokens.issue(account, now)).encode()
    consent = tokens.codes.pop(form.get("code", ""), None)
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if consent is None or (consent.redirect_url, consent.challenge) != (form.get("redirect_uri"), challenge):
        raise _invalid("Value passed for the authorization code was invalid.")
    return json.dumps(tokens.issue(consent.account, now, offline=consent.offline)).encode()


def _basic(authorization: str) -> tuple[str, str]:
    """The name and the word of an Authorization header (RFC 7617); both empty without one."""
    scheme, _, rest = authorization.partition(" ")
    try:
        text = base64.b64decode(rest, validate=True).decode() if scheme.lower() == "basic" else ":"
    except (binascii.Error, ValueError):
        text = ":"
    name, _, word = text.partition(":")
    return unquote(name), unquote(word)


def _invalid(why: str) -> ApiError:
    return ApiError(400, {"error": "invalid_request", "error_description": why})
