"""discord.py led to the addresses of our settings.

The library keeps its addresses in class attributes, one for the whole
process; accounts have theirs each.  So both places where it opens a
connection are asked to go where the account lives.
"""

import logging
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

from connectors.discord.settings import Settings
from connectors.tls import client_context

LONGEST_PAUSE_S = 30.0
"""discord.py itself waits out shorter pauses that Discord asks for; longer ones come back to us."""


class _LedHttp(HTTPClient):
    """The library's HTTP layer; ``settings`` says where it goes."""

    settings: Settings

    async def request(self, route: Route, **options: Any) -> Any:
        route.url = route.url.replace(Route.BASE, self.settings.base_url.rstrip("/"), 1)
        return await super().request(route, **options)

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        """The default gateway is replaced; one named for resuming a session is kept."""
        given = str(DiscordWebSocket.DEFAULT_GATEWAY)
        return await super().ws_connect(url.replace(given, self.settings.gateway_url, 1), compress=compress)


def lead(client: discord.Client, settings: Settings) -> None:
    """Let the client talk to the settings' addresses, before it has talked to any."""
    client.http.__class__ = _LedHttp
    client.http.settings = settings  # type: ignore[attr-defined]
    if settings.ca_file:
        client.http.connector = aiohttp.TCPConnector(limit=0, ssl=client_context(settings.ca_file))


def quieten() -> None:
    """Keep back what says nothing.

    Voice is no part of this program, so nobody needs to hear that its
    libraries are missing.  Of a slow connection the library warns also when a
    heartbeat is answered faster than its own thread notes the sending; a dead
    one we notice ourselves.
    """
    discord.VoiceClient.warn_nacl = False
    discord.VoiceClient.warn_dave = False
    logging.getLogger("discord.gateway").setLevel(logging.ERROR)
