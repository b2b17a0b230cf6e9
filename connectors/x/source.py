"""Receiving: the account's mentions, asked for again and again.

X hands mentions out newest first in pages.  All pages since the last known
post are walked, oldest first into one batch, and only with their commit the
place moves on.
"""

import hashlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime

import msgspec

from connectors.context import ConnectorContext
from connectors.x.api import XApi
from connectors.x.settings import Settings
from tickets.model import RawEvent
from tickets.ports import Batch

log = logging.getLogger(__name__)

EPOCH_MS = 1_288_834_974_657
LATE_IDS = 30_000 << 22
"""Half a minute, in ids."""
MOST_PAGES = 16
"""Twice the 800 mentions that X hands out; more would be a circle."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """since: the newest post known; None when there was none yet.

    recent: the posts known from the last moments before it, as X may tell
    of an older post after a newer one.
    """

    since: str | None = None
    recent: tuple[str, ...] = ()

    def asked_since(self, now: datetime) -> str | None:
        """The newest post known; while that is fresh, a post of half a minute ago instead.

        Later it is asked for exactly: X takes money for each post it tells.
        """
        return None if self.since is None else str(min(int(self.since), first_id(now) - LATE_IDS))

    def after(self, posts: list[str], newest: str | None) -> "Place":
        """With these posts handed out too."""
        if newest is None:
            return self
        late = int(newest) - LATE_IDS
        return Place(newest, tuple(one for one in (*self.recent, *posts) if one.isdigit() and int(one) > late))


def first_id(moment: datetime) -> int:
    """The smallest id a post of then can have: X's ids are times."""
    return (int(moment.timestamp() * 1000) - EPOCH_MS) << 22


class Seen(msgspec.Struct):
    """The little a connector must know of a post."""

    id: str
    author_id: str = ""
    conversation_id: str = ""
    edit_history_tweet_ids: list[str] = []


class SeenPost(msgspec.Struct):
    post: Seen


class PollingSource:
    """Asks for mentions every ``poll_s`` seconds."""

    def __init__(self, api: XApi, settings: Settings, context: ConnectorContext) -> None:
        self._api = api
        self._settings = settings
        self._context = context

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        place = msgspec.json.decode(cursor, type=Place) if cursor else await self._beginning()
        yield Batch(events=(), cursor=_cursor(place))
        while True:
            events, place, wait_s = await self._ask(place)
            if events:
                yield Batch(events=tuple(events), cursor=_cursor(place))
            await self._context.clock.sleep(max(wait_s, self._settings.poll_s))

    async def acknowledge(self, batch: Batch) -> None:
        """Nothing to do: X keeps the posts, and the cursor says what is safe."""

    async def fetch_file(self, remote_id: str) -> AsyncIterator[bytes]:
        async for chunk in self._api.fetch_file(remote_id):
            yield chunk

    async def _beginning(self) -> Place:
        if self._settings.first_start == "all":
            return Place()
        return Place(since=(await self._api.fetch_mentions(None, None, few=True)).newest_id)

    async def _ask(self, place: Place) -> tuple[list[RawEvent], Place, float]:
        """Everything since ``place``, oldest first; the place after it; how long X wants us to wait."""
        since = place.asked_since(self._context.clock.now())
        newest = place.since
        posts: list[bytes] = []
        token: str | None = None
        for n in range(MOST_PAGES):
            page = await self._api.fetch_mentions(since, token)
            posts += page.posts
            if page.posts:
                self._context.crash("x.page_read")
            newest = max(filter(None, (newest, page.newest_id)), key=int, default=None)
            token = page.next_token
            if token is None:
                break
            if page.wait_s:
                await self._context.clock.sleep(page.wait_s)
            if n == MOST_PAGES - 1:
                log.warning("X hands out more pages of mentions than it can have; the rest is left")
        seen = [(seen_post(post), post) for post in reversed(posts)]
        fresh = [(one, post) for one, post in seen if one.id not in place.recent and one.id != place.since]
        events = [self._raw(one, post) for one, post in fresh]
        return events, place.after([one.id for one, _post in fresh], newest), page.wait_s

    def _raw(self, post: Seen, payload: bytes) -> RawEvent:
        """An edit is a new post: its first id names what it changes."""
        first = post.edit_history_tweet_ids[0] if post.edit_history_tweet_ids else post.id
        return RawEvent(
            channel="x",
            account=self._context.account,
            external_id=f"{first}/{post.id}",
            conversation=post.author_id or "none",
            payload=payload,
            received_at=self._context.clock.now(),
            own_id=self._api.account.id,
        )


def seen_post(payload: bytes) -> Seen:
    """One of a wrong shape is named by its content, and kept for a person to look at."""
    try:
        return msgspec.json.decode(payload, type=SeenPost).post
    except msgspec.MsgspecError:
        return Seen(id=f"odd/{hashlib.sha256(payload).hexdigest()[:16]}")


def _cursor(place: Place) -> str:
    return msgspec.json.encode(place).decode()
