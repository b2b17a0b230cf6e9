"""Which routes there are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from simulators.discord import account, changing, interactions, posting, reading, threads
from simulators.discord.calling import Route

_MESSAGE = "/channels/{channel}/messages/{message}"


@dataclass(frozen=True)
class Endpoint:
    """One route.  template: its path, ids in braces."""

    method: str
    template: str
    route: Route

    @property
    def bucket(self) -> str:
        """What X-RateLimit-Bucket says."""
        return hashlib.sha256(f"{self.method} {self.template}".encode()).hexdigest()[:32]


CREATE_MESSAGE = Endpoint("POST", "/channels/{channel}/messages", posting.create_message)
"""The one route with a limit of its own."""

ENDPOINTS = [
    Endpoint("GET", "/users/@me", account.get_me),
    Endpoint("POST", "/users/@me/channels", account.open_dm),
    Endpoint("GET", "/users/{user}", account.get_user),
    Endpoint("GET", "/oauth2/applications/@me", account.get_application),
    Endpoint("GET", "/applications/@me", account.get_application),
    Endpoint("GET", "/gateway/bot", account.get_gateway),
    Endpoint("GET", "/guilds/{guild}", account.get_guild),
    Endpoint("GET", "/guilds/{guild}/threads/active", account.get_active_threads),
    Endpoint("GET", "/channels/{channel}", reading.get_channel),
    Endpoint("GET", "/channels/{channel}/messages", reading.get_messages),
    Endpoint("GET", _MESSAGE, reading.get_message),
    CREATE_MESSAGE,
    Endpoint("POST", "/channels/{channel}/typing", posting.type_in),
    Endpoint("PATCH", _MESSAGE, changing.edit_message),
    Endpoint("DELETE", _MESSAGE, changing.delete_message),
    Endpoint("PUT", _MESSAGE + "/reactions/{emoji}/@me", changing.react),
    Endpoint("POST", _MESSAGE + "/threads", threads.start_from_message),
    Endpoint("POST", "/channels/{channel}/threads", threads.start),
    Endpoint("PATCH", "/channels/{channel}", threads.modify),
    Endpoint("PUT", "/channels/{channel}/thread-members/{user}", threads.take_in),
    Endpoint("GET", "/guilds/{guild}/members/{user}", account.get_member),
    Endpoint("PUT", "/applications/{application}/commands", interactions.put_commands),
    Endpoint("GET", "/applications/{application}/commands", interactions.get_commands),
    Endpoint("POST", "/interactions/{interaction}/{token}/callback", interactions.respond),
    Endpoint("PATCH", "/webhooks/{application}/{token}/messages/@original", interactions.edit_original),
    Endpoint("GET", "/channels/{channel}/threads/archived/public", threads.list_public_archived),
    Endpoint("GET", "/channels/{channel}/users/@me/threads/archived/private", threads.list_joined_archived),
]


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


_PATTERNS = [(_pattern(endpoint.template), endpoint) for endpoint in ENDPOINTS]


def find_endpoints(path: str) -> list[tuple[Endpoint, Mapping[str, str]]]:
    """Every route of this path, of whatever method, with what its path names; first the plainest."""
    return [
        (endpoint, match.groupdict())
        for pattern, endpoint in _PATTERNS
        if (match := pattern.fullmatch(path)) is not None
    ]
