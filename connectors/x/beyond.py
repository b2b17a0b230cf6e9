"""Mentions that X no longer lists: searched for, oldest stretch first, so that progress can be kept."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from connectors.x.api import XApi
from tickets.errors import CredentialRejected
from tickets.ports import Clock

STRETCH_IDS = (6 * 3_600_000) << 22
"""Six hours, in ids."""
MOST_PAGES = 10
"""A stretch with more is cut in two."""


class Stretch(NamedTuple):
    """posts: oldest first.  until: the id up to which everything is told.  refused: X does not let us search."""

    posts: tuple[bytes, ...]
    until: int
    refused: bool = False


async def stretches(api: XApi, clock: Clock, since: int, until: int) -> AsyncIterator[Stretch]:
    """Everything that mentions the account between two posts, neither included.  Raises ConnectorError."""
    size = STRETCH_IDS
    while since < until - 1:
        end = min(until, since + size)
        try:
            posts = await _search(api, clock, since, end)
        except CredentialRejected:  # this access may not search
            yield Stretch((), until - 1, refused=True)
            return
        if posts is None:
            size //= 2
            continue
        yield Stretch(posts, end - 1)
        since, size = end - 1, STRETCH_IDS


async def _search(api: XApi, clock: Clock, since: int, until: int) -> tuple[bytes, ...] | None:
    """None when there is more than fits into one commit."""
    posts: list[bytes] = []
    token: str | None = None
    for _ in range(MOST_PAGES):
        page = await api.search_mentions(since, until, token)
        posts += page.posts
        token = page.next_token
        if token is None:
            return tuple(reversed(posts))
        if page.wait_s:
            await clock.sleep(page.wait_s)
    return None
