"""Downloads of attachments."""

from __future__ import annotations

import re

from aiohttp import web

from simulators.discord.rest import RestApi
from simulators.discord.state import PlatformState

BASE = "/cdn"
_PATH = re.compile(r"/cdn/(?:proxy/)?attachments/([0-9]{1,19})/([0-9]{1,19})/.*", re.DOTALL)


class Cdn:
    """Serves what attachment addresses point to; no token is asked for."""

    def __init__(self, state: PlatformState, rest: RestApi) -> None:
        self._state = state
        self._rest = rest

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request below ``BASE``; recorded and spoilt like those of the API."""
        if "Authorization" in request.headers:
            self._state.violations.append("a token was sent to the CDN")
        return await self._rest.exchange(request, request.path, lambda _: self._open(request))

    def _open(self, request: web.BaseRequest) -> web.Response:
        if request.method != "GET":
            return web.Response(status=405, text="Method Not Allowed")
        place = _PATH.fullmatch(request.path)
        stored = None if place is None else self._state.files.open(int(place[2]), int(place[1]), request.query)
        if stored is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=stored.data, headers={"Content-Type": _header_value(stored.media_type)})


def _header_value(media_type: str) -> str:
    """The media type, unless it cannot stand in a header."""
    return media_type if media_type.isascii() and media_type.isprintable() else "application/octet-stream"
