"""Mentions that X no longer lists: searched for, oldest stretch first, so that progress can be kept."""

import logging
from collections.abc import AsyncIterator
from typing import NamedTuple

from connectors.x.api import SearchForbidden, XApi

log = logging.getLogger(__name__)

STRETCH_IDS = (6 * 3_600_000) << 22
"""Six hours, in ids."""
SMALLEST_IDS = 1_000 << 22
"""A second: nobody is mentioned a thousand times in it, so what has no end there is a circle."""
MOST_PAGES = 10
"""A stretch with more is cut in two."""


class Pause(NamedTuple):
    """One page was told, and X wants so long a wait before the next; 0.0: none."""

    seconds: float


class Stretch(NamedTuple):
    """posts: oldest first.  until: the id up to which everything is told.  refused: X does not let us search."""

    posts: tuple[bytes, ...]
    until: int
    refused: bool = False


async def stretches(api: XApi, since: int, until: int) -> AsyncIterator[Stretch | Pause]:
    """Everything that mentions the account between two posts, neither included.  Raises ConnectorError.

    A pause is the caller's to make before it goes on.
    """
    size = STRETCH_IDS
    while since < until - 1:
        search = _Search(api, since, min(until, since + size))
        try:
            async for pause in search.pages():
                yield pause
        except SearchForbidden:
            yield Stretch((), until - 1, refused=True)
            return
        if not search.is_whole and size > SMALLEST_IDS:
            size = max(SMALLEST_IDS, size // 2)
            continue
        if not search.is_whole:
            log.warning("X's search for a second of mentions has no end; the rest is left")
        yield Stretch(tuple(reversed(search.posts)), search.until - 1)
        since, size = search.until - 1, min(STRETCH_IDS, size * 2)


class _Search:
    """One stretch.  posts: newest first.  is_whole: False while there may be more than fits into one commit."""

    def __init__(self, api: XApi, since: int, until: int) -> None:
        self.until = until
        self.posts: list[bytes] = []
        self.is_whole = False
        self._api = api
        self._since = since

    async def pages(self) -> AsyncIterator[Pause]:
        token: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._api.search_mentions(self._since, self.until, token)
            self.posts += page.posts
            token = page.next_token
            self.is_whole = token is None
            yield Pause(page.wait_s)
            if self.is_whole:
                return
