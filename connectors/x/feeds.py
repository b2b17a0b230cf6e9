"""Feeds of X: what a search, a list or an account says, read for money."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from connectors.context import ConnectorContext
from connectors.x.api import PAGE, XApi
from connectors.x.place import SEARCHED, first_id
from connectors.x.settings import Settings, XFeed
from tickets.errors import ConnectorError
from tickets.model import RawEvent
from tickets.ports import AskedFeed, FeedReading
from tickets.spending import Spent

log = logging.getLogger(__name__)

FEWEST: Final = 10
"""X hands out no smaller page of a search."""

MOST_PAGES: Final = 50
"""A search that hands out empty pages without end is left."""

ToRaw = Callable[[bytes, str], RawEvent]


class XFeeds:
    """The account's feeds.  to_raw: a post and the name of its feed, as a raw event."""

    def __init__(self, api: XApi, settings: Settings, context: ConnectorContext, to_raw: ToRaw) -> None:
        self._api = api
        self._settings = settings
        self._context = context
        self._to_raw = to_raw
        self.asked: Mapping[str, AskedFeed] = {
            name: AskedFeed(feed.every_s, feed.monthly_budget, settings.prices.others, FEWEST)
            for name, feed in settings.feeds.items()
        }

    async def read(self, name: str, after: str | None, most: int) -> FeedReading:
        """The newest posts behind one, at most about so many.  Raises ConnectorError."""
        if not await self._context.affords():
            return FeedReading((), after, 0, paused="The month's budget of the account is used up.")
        await self._api.open()  # a job may come before the account's own loop
        query = query_of(self._settings.feeds[name], self._api.account.username)
        oldest = first_id(self._context.clock.now() - SEARCHED)
        since = max(int(after), oldest) if after is not None else oldest
        posts: list[bytes] = []
        newest, token, wait_s = after, None, 0.0
        for _ in range(MOST_PAGES):
            few = max(FEWEST, min(PAGE, most - len(posts)))
            try:
                page = await self._api.search(query, since, None, token, most=few)
            except ConnectorError as error:
                if token is None:
                    raise
                log.warning("X does not tell a further page of a feed, and the rest is left out: %s", error)
                break  # what was paid for is kept
            price = self._settings.prices.others
            await self._context.spend((Spent("feeds", len(page.posts), len(page.posts) * price),))
            posts += page.posts
            if token is None and page.newest_id is not None:
                newest = page.newest_id
            token = page.next_token
            wait_s = page.wait_s
            if token is None or wait_s or len(posts) >= most:
                break
        events = tuple(self._to_raw(post, name) for post in reversed(posts))
        return FeedReading(events, newest, len(posts), more=token is not None, wait_s=wait_s)


def query_of(feed: XFeed, own: str) -> str:
    """In X's search language, without reposts and the account's own.

    Source: https://docs.x.com/x-api/posts/search/integrate/operators, read 2026-11.
    """
    ways = {"list:": feed.list, "from:": feed.by, "": f"({feed.search})"}
    wanted = next(f"{operator}{value}" for operator, value in ways.items() if value)
    return f"{wanted} -is:retweet -from:{own}"
