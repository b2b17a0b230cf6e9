"""Receiving: the account's mentions, asked for again and again.

X hands mentions out newest first in pages.  All pages since the last known
post are walked, oldest first into one batch, and only with their commit the
place moves on.  After a long absence X lists not all of them: the rest is
searched for before, stretch by stretch.
"""

import hashlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec

from connectors.context import ConnectorContext
from connectors.lateness import LOOK_S, is_late
from connectors.x.api import Page, XApi
from connectors.x.beyond import stretches
from connectors.x.place import Place, first_id, moment_of
from connectors.x.settings import Settings
from tickets.model import RawEvent
from tickets.ports import Batch, Gap

log = logging.getLogger(__name__)

MOST_PAGES = 16
"""Twice the 800 mentions that X hands out; more would be a circle."""
MAYBE_CUT = 600
SEARCHED = timedelta(days=7) - timedelta(minutes=5)
"""So far back X searches (https://docs.x.com/x-api/posts/search/introduction), less a margin for clocks."""


class Walk(NamedTuple):
    """Mentions as X tells them.  posts: oldest first.  wait_s: as X asks."""

    posts: tuple[bytes, ...]
    newest_id: str | None
    wait_s: float

    @property
    def may_be_cut(self) -> bool:
        """Whether X may have had more than it hands out: of 800, those that were deleted are left out."""
        return len(self.posts) >= MAYBE_CUT

    @property
    def oldest_id(self) -> str:
        return next((one.id for one in map(seen_post, self.posts) if one.id.isdigit()), "0")


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
        yield Batch(events=(), cursor=place.cursor)
        while True:
            walk = await self._walk(place)
            if walk.may_be_cut and place.since is not None:
                async for batch, reached in self._beyond(place, walk.oldest_id):
                    place = reached
                    yield batch
            fresh = self._fresh(walk.posts, place)
            place = place.after([one.id for one, _post in fresh], walk.newest_id)
            if fresh:
                yield Batch(events=self._raw_events(fresh), cursor=place.cursor)
            async for beat in self._rest(max(walk.wait_s, self._settings.poll_s)):
                yield beat

    async def acknowledge(self, batch: Batch) -> None:
        """Nothing to do: X keeps the posts, and the cursor says what is safe."""

    async def fetch_file(self, remote_id: str) -> AsyncIterator[bytes]:
        async for chunk in self._api.fetch_file(remote_id):
            yield chunk

    async def _beginning(self) -> Place:
        if self._settings.first_start == "all":
            return Place()
        return Place(since=(await self._api.fetch_mentions(None, None, few=True)).newest_id)

    async def _walk(self, place: Place) -> "Walk":
        """Everything the mentions tell since ``place``."""
        since = place.asked_since(self._context.clock.now())
        newest, token, posts = place.since, None, list[bytes]()
        page = Page([], None, None, 0.0)
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
        return Walk(tuple(reversed(posts)), newest, page.wait_s)

    async def _beyond(self, place: Place, until: str) -> AsyncIterator[tuple[Batch, Place]]:
        """What lies between the place and the oldest mention told: searched for, stretch by stretch."""
        now = self._context.clock.now()
        since = int(place.since or 0)
        oldest = first_id(now - SEARCHED)
        gaps: tuple[Gap, ...] = ()
        if since < oldest:
            gaps = (_gap(since, min(oldest, int(until))),)
        async for stretch in stretches(self._api, self._context.clock, max(since, oldest), int(until)):
            if stretch.refused:
                gaps = (_gap(since, int(until)),)
            fresh = self._fresh(stretch.posts, place)
            place = place.after([one.id for one, _post in fresh], str(stretch.until))
            behind = f"Searching what was missed, up to {moment_of(stretch.until):%Y-%m-%d %H:%M} UTC."
            yield Batch(self._raw_events(fresh), place.cursor, gaps, behind), place
            gaps = ()

    async def _rest(self, seconds: float) -> AsyncIterator[Batch]:
        """Wait, and say now and then that we are still there."""
        while seconds > 0:
            await self._context.clock.sleep(min(seconds, LOOK_S))
            seconds -= LOOK_S
            yield Batch(events=())

    def _fresh(self, posts: Sequence[bytes], place: Place) -> list[tuple["Seen", bytes]]:
        """Those not handed out yet, in order."""
        seen = [(seen_post(post), post) for post in posts]
        return [(one, post) for one, post in seen if one.id not in place.recent and one.id != place.since]

    def _raw_events(self, posts: list[tuple["Seen", bytes]]) -> tuple[RawEvent, ...]:
        return tuple(self._raw(one, post) for one, post in posts)

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
            late=is_late(moment_of(int(post.id)), self._context.clock.now()) if post.id.isdigit() else False,
        )


def seen_post(payload: bytes) -> Seen:
    """One of a wrong shape is named by its content, and kept for a person to look at."""
    try:
        return msgspec.json.decode(payload, type=SeenPost).post
    except msgspec.MsgspecError:
        return Seen(id=f"odd/{hashlib.sha256(payload).hexdigest()[:16]}")


def _gap(since: int, until: int) -> Gap:
    what = (
        "X hands out the last 800 mentions and finds those of seven days. What was written to the account in this "
        "time lies before, or may not be searched with this account's access, so it may be missing. Look at the "
        "account's notifications on X."
    )
    return Gap(since=moment_of(since), until=moment_of(until), what=what)
