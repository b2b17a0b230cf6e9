"""Tokens: an app's own, for its keys (RFC 6749 section 4.4)."""

from __future__ import annotations

import base64
import binascii
import json
from urllib.parse import unquote

from simulators.x.incoming import Incoming
from simulators.x.problems import unauthorized
from simulators.x.state import PlatformState

APP_PATH = "/oauth2/token"


def app_token(state: PlatformState, incoming: Incoming) -> bytes:
    """https://docs.x.com/fundamentals/authentication/oauth-2-0/application-only.  ApiError 401: no app's keys."""
    name, secret = basic(incoming)
    for account in state.accounts:
        if (name, secret) == (account.keys.consumer_key, account.keys.consumer_secret) and not account.revoked:
            return json.dumps({"token_type": "bearer", "access_token": account.bearer_token}).encode()
    raise unauthorized()


def basic(incoming: Incoming) -> tuple[str, str]:
    """The name and the word of an Authorization header (RFC 7617); both empty without one."""
    scheme, _, rest = incoming.signable.authorization.partition(" ")
    try:
        text = base64.b64decode(rest, validate=True).decode() if scheme.lower() == "basic" else ":"
    except (binascii.Error, ValueError):
        text = ":"
    name, _, word = text.partition(":")
    return unquote(name), unquote(word)
