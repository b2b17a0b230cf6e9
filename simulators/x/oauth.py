"""Who is calling: OAuth 1.0a signatures and bearer tokens.

Sources: RFC 5849 section 3.4, https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qsl, quote, unquote

from simulators.x.accounts import SimAccount
from simulators.x.problems import unauthorized
from simulators.x.state import PlatformState

USER_CONTEXT = "OAuth 1.0a User Context"
USER_TOKEN = "OAuth 2.0 User Context"
APP_ONLY = "OAuth 2.0 Application-Only"

TOLERANCE = timedelta(minutes=5)
"""How far a signature's timestamp may be from now."""

HOSTS = ("https://api.twitter.com", "https://api.x.com")
"""Addresses a signature may have been made for, beside the platform's own."""

_PARAMETER = re.compile(r'\s*([A-Za-z0-9_]+)\s*=\s*"([^"]*)"\s*')

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Caller:
    """Whose credentials came with a request.  kind: one of the three.  once: what cannot come again."""

    account: SimAccount
    kind: str
    once: tuple[str, str, str] | None = None

    @property
    def name(self) -> str:
        """For sentences about limits."""
        return f"@{self.account.username}" + ("" if self.is_user else "'s app")

    @property
    def is_user(self) -> bool:
        """Whether the account itself asks, not its app."""
        return self.kind != APP_ONLY


@dataclass(frozen=True)
class Signable:
    """What a signature covers.  path: as sent, still encoded.  query, form: raw; form b"" for other bodies."""

    method: str
    path: str
    query: bytes
    form: bytes
    authorization: str


@dataclass
class Doorman:
    """Tells callers by their credentials.  own_host: the platform's own address."""

    state: PlatformState
    own_host: str = ""
    _nonces: set[tuple[str, str, str]] = field(default_factory=set)

    def recognise(self, request: Signable) -> Caller:
        """Who is calling.  ApiError 401: nobody known, a bad signature, an old or used one."""
        scheme, _, rest = request.authorization.partition(" ")
        if scheme.lower() == "bearer":
            token = rest.strip()
            if (owner := self.state.tokens.owner(token, self.state.now())) is not None:
                return Caller(owner, USER_TOKEN)
            return Caller(self._by_bearer(token), APP_ONLY)
        if scheme.lower() == "oauth":
            return self._by_signature(request, _read_header(rest))
        raise unauthorized()

    def forget(self, caller: Caller) -> None:
        """The request never arrived: its nonce may still be used."""
        if caller.once is not None:
            self._nonces.discard(caller.once)

    def _by_bearer(self, token: str) -> SimAccount:
        for account in self.state.accounts:
            known = unquote(account.bearer_token).encode()
            if hmac.compare_digest(known, unquote(token).encode("utf-8", "replace")) and not account.revoked:
                return account
        raise unauthorized()

    def _by_signature(self, request: Signable, header: dict[str, str]) -> Caller:
        account = self._named(header)
        if header.get("oauth_signature_method") != "HMAC-SHA1" or header.get("oauth_version", "1.0") != "1.0":
            raise unauthorized()
        if not self._timely(header.get("oauth_timestamp", "")) or not header.get("oauth_nonce"):
            raise unauthorized()
        if not self._signed(request, header, account):
            raise unauthorized()
        once = (account.id, header["oauth_timestamp"], header["oauth_nonce"])
        if once in self._nonces:
            raise unauthorized()
        self._nonces.add(once)
        return Caller(account, USER_CONTEXT, once)

    def _named(self, header: dict[str, str]) -> SimAccount:
        pair = (header.get("oauth_consumer_key"), header.get("oauth_token"))
        for account in self.state.accounts:
            if pair == (account.keys.consumer_key, account.keys.access_token) and not account.revoked:
                return account
        raise unauthorized()

    def _timely(self, timestamp: str) -> bool:
        if not re.fullmatch(r"[0-9]{1,15}", timestamp):
            return False
        return abs(self.state.wall_clock().timestamp() - int(timestamp)) <= TOLERANCE.total_seconds()

    def _signed(self, request: Signable, header: dict[str, str], account: SimAccount) -> bool:
        given = header.get("oauth_signature", "").encode("utf-8", "replace")
        matches = [
            hmac.compare_digest(signature(request, header, account, host).encode(), given)
            for host in (*HOSTS, self.own_host)
        ]
        return any(matches)


def signature(request: Signable, header: dict[str, str], account: SimAccount, host: str) -> str:
    """The HMAC-SHA1 signature the request must carry when it was made for ``host``."""
    parameters = [pair for pair in header.items() if pair[0] not in ("oauth_signature", "realm")]
    parameters += _pairs(request.query) + _pairs(request.form)
    base = "&".join(_encode(part) for part in (request.method, host + request.path, _normalised(parameters)))
    key = f"{_encode(account.keys.consumer_secret)}&{_encode(account.keys.access_token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def _read_header(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(","):
        parameter = _PARAMETER.fullmatch(part)
        if parameter is None or parameter[1] in found:
            raise unauthorized()
        found[parameter[1]] = unquote(parameter[2])
    return found


def _normalised(parameters: Iterable[tuple[str, str]]) -> str:
    encoded = sorted((_encode(name), _encode(value)) for name, value in parameters)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _pairs(raw: bytes) -> Pairs:
    return parse_qsl(raw.decode("latin-1"), keep_blank_values=True)


def _encode(text: str) -> str:
    return quote(text, safe="~", errors="replace")
