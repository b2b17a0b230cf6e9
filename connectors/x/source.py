"""Receiving: the account's mentions, asked for again and again.

X hands mentions out newest first in pages.  All pages since the last known
post are walked, oldest first into one batch, and only with their commit the
place moves on.  After a long absence X lists not all of them: the rest is
searched for before, stretch by stretch.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from connectors.context import ConnectorContext
from connectors.lateness import LOOK_S, is_late
from connectors.x import removed
from connectors.x.above import Climber
from connectors.x.api import XApi
from connectors.x.app import AppApi
from connectors.x.beyond import Pause, stretches
from connectors.x.direct import Directs
from connectors.x.feeds import XFeeds
from connectors.x.place import SEARCHED, Place, first_id, moment_of
from connectors.x.push import Pushes
from connectors.x.seen import Seen, seen_post
from connectors.x.settings import Settings
from tickets.errors import ConnectorError
from tickets.ids import ExternalMessageId
from tickets.model import OWN, RawEvent
from tickets.ports import AskedFeed, Batch, FeedReading, Gap
from tickets.spending import Spent, What

log = logging.getLogger(__name__)

MOST_PAGES = 16
"""Twice the 800 mentions that X hands out; more would be a circle."""
LOOKS = 4
"""For a post that X tells of and does not show."""
MAYBE_CUT = 600
SHORTEST_S = 3.0
"""X allows 300 questions in 15 minutes, however often it calls."""
CLOCKS_APART = timedelta(minutes=5)
"""By so much our clock may be ahead of X's."""


class Walk:
    """Everything the mentions tell since a place.  newest_id: None when X told none, ever.  wait_s: as X asks."""

    def __init__(self, api: XApi, place: Place, since: str | None) -> None:
        self.newest_id = place.since
        self.wait_s = 0.0
        self._api = api
        self._since = since
        self._told: list[bytes] = []

    @property
    def posts(self) -> Sequence[bytes]:
        """Oldest first."""
        return self._told[::-1]

    @property
    def may_be_cut(self) -> bool:
        """Whether X may have had more than it hands out: of 800, those that were deleted are left out."""
        return len(self._told) >= MAYBE_CUT

    @property
    def oldest_id(self) -> str:
        return next((one.id for one in map(seen_post, self.posts) if one.id.isdigit()), "0")

    async def pages(self) -> AsyncIterator[float]:
        """Once for each page but the last: how long X wants us to wait before the next, in seconds."""
        token = None
        for _ in range(MOST_PAGES):
            page = await self._api.fetch_mentions(self._since, token)
            self._told += page.posts
            self.newest_id = max(filter(None, (self.newest_id, page.newest_id)), key=int, default=None)
            self.wait_s = page.wait_s
            token = page.next_token
            if token is None:
                return
            yield page.wait_s
        log.warning("X hands out more pages of mentions than it can have; the rest is left")


class PollingSource:
    """Asks for mentions every ``poll_s`` seconds.  pushes: X's calls, which bring it forward."""

    def __init__(
        self,
        api: XApi,
        app: AppApi,
        settings: Settings,
        context: ConnectorContext,
        pushes: Pushes | None,
        directs: Directs,
    ) -> None:
        self._api = api
        self._app = app
        self._pushes = pushes
        self._looked_up: tuple[str, ...] = ()
        self._missed: dict[str, int] = {}
        """So often a post was not shown of which X had called."""
        self._climber = Climber(api, settings.posts_above, partial(self._count, "others"))
        self._directs = directs
        self._feeds = XFeeds(api, settings, context, self._of_feed)
        self._settings = settings
        self._context = context
        self._own_again_at = 0.0
        """The account's own posts are looked through then, by the monotonic clock."""

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        if self._pushes is None:
            async for batch in self._asking(cursor):
                yield batch
            return
        await self._pushes.subscribe(self._api.account.id)
        try:
            async for batch in self._asking(cursor):
                yield batch
        finally:
            self._pushes.stop()

    async def _asking(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        place = msgspec.json.decode(cursor, type=Place) if cursor else await self._beginning()
        yield Batch(events=(), cursor=place.cursor)
        while True:
            walk = Walk(self._api, place, place.asked_since(self._context.clock.now()))
            async for wait_s in walk.pages():
                self._context.crash("x.page_read")
                async for beat in self._wait(wait_s):
                    yield beat
            if walk.posts:
                self._context.crash("x.page_read")
            if walk.may_be_cut and place.since is not None:
                async for batch, reached in self._beyond(place, int(walk.oldest_id)):
                    place = reached
                    yield batch
            fresh = self._fresh(walk.posts, place)
            place = place.after([one.id for one, _post in fresh], walk.newest_id)
            if fresh:
                fresh = await self._with_above(fresh)
                yield Batch(events=self._raw_events(fresh), cursor=place.cursor)
                await self._count("own", len(fresh))
            if self._own_due() and await self._context.affords():
                own, place = await self._by_hand(place)
                yield Batch(events=own, cursor=place.cursor)
            if self._directs.due():
                read = await self._directs.read(place)
                place = read.place
                self._context.crash("x.page_read")
                gaps = (read.gap,) if read.gap else ()
                yield Batch(events=read.events, cursor=place.cursor, gaps=gaps)
            if self._pushes is not None:
                yield Batch(events=await self._pushed(self._pushes, place))
            async for beat in self._rest(walk.wait_s):
                yield beat

    async def acknowledge(self, batch: Batch) -> None:
        """X keeps mentions, and the cursor says what is safe; a call about a quote is answered now."""
        looked_up, self._looked_up = self._looked_up, ()
        if self._pushes is not None:
            self._pushes.settle(looked_up)

    async def _pushed(self, pushes: Pushes, place: Place) -> tuple[RawEvent, ...]:
        """Posts that X told of, as asking tells them.  What is gone, or known as a mention, is safe already."""
        post_ids = pushes.waiting()
        self._missed = {one: count for one, count in self._missed.items() if one in post_ids}
        if not post_ids:
            return ()
        try:
            posts = await self._api.fetch_posts(post_ids)
        except ConnectorError as error:  # mentions are not to wait for it; it is tried again after them
            log.warning("X does not show a post that it told of: %s", error)
            return ()
        await self._count("others", len(posts))
        found = {one.id for one in map(seen_post, posts)}
        done = tuple(one for one in post_ids if one in found or self._is_gone(one))
        events = self._raw_events(self._fresh(posts, place))
        if events:
            self._looked_up = done
        else:
            pushes.settle(done)
        return events

    def _is_gone(self, post_id: str) -> bool:
        """X may call before it shows a post; only one that it does not show again and again is gone."""
        self._missed[post_id] = self._missed.get(post_id, 0) + 1
        return self._missed[post_id] >= LOOKS and bool(self._missed.pop(post_id))

    async def _rest(self, wait_s: float) -> AsyncIterator[Batch]:
        """Until it is time to ask again, or X tells that there is something; never before X allows it."""
        usual_s = max(wait_s, self._settings.poll_s)
        least_s = usual_s if self._pushes is None else max(wait_s, min(SHORTEST_S, usual_s))
        async for beat in self._wait(least_s):
            yield beat
        left_s = 0.0 if self._missed else usual_s - least_s
        while left_s > 0 and not self._called():
            await self._sleep(min(left_s, LOOK_S))
            left_s -= LOOK_S
            yield Batch(events=())

    def _called(self) -> bool:
        """Whether X has called since the last time that this was asked."""
        if self._pushes is None or not self._pushes.woken.is_set():
            return False
        self._pushes.woken.clear()
        return True

    async def _sleep(self, seconds: float) -> None:
        """So long, or until X calls."""
        if self._pushes is None:
            await self._context.clock.sleep(seconds)
            return
        slept = asyncio.ensure_future(self._context.clock.sleep(seconds))
        called = asyncio.ensure_future(self._pushes.woken.wait())
        ways: list[asyncio.Future[Any]] = [slept, called]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()

    async def ask_removed(self, names: Sequence[ExternalMessageId]) -> str:
        posts = [one for one in names if one.isdecimal()]
        return await removed.ask(self._app, posts) if posts else ""

    async def fetch_removed(self, question: str) -> Sequence[ExternalMessageId] | None:
        return await removed.fetch(self._app, question)

    @property
    def feeds(self) -> Mapping[str, AskedFeed]:
        return self._feeds.asked

    async def read_feed(self, name: str, after: str | None, most: int) -> FeedReading:
        return await self._feeds.read(name, after, most)

    async def fetch_file(self, remote_id: str) -> AsyncIterator[bytes]:
        async for chunk in self._api.fetch_file(remote_id):
            yield chunk

    async def _count(self, what: What, posts: int) -> None:
        """X takes money for each post that it hands out, once a day however often."""
        if posts:
            price = self._settings.prices.own if what == "own" else self._settings.prices.others
            await self._context.spend((Spent(what, posts, posts * price),))

    async def _with_above(self, posts: list[tuple[Seen, bytes]]) -> list[tuple[Seen, bytes]]:
        """With the talk above each, as far as the budget allows."""
        if not self._settings.posts_above or not await self._context.affords():
            return posts
        whole = await self._climber.climb([post for _seen, post in posts])
        return [(seen, post) for (seen, _bare), post in zip(posts, whole, strict=True)]

    def _own_due(self) -> bool:
        """Whether it is time to look for answers that were given by hand."""
        now, every_s = self._context.clock.monotonic(), self._settings.own_posts_s
        if not every_s or now < self._own_again_at:
            return False
        self._own_again_at = now + every_s
        return True

    async def _by_hand(self, place: Place) -> tuple[tuple[RawEvent, ...], Place]:
        """Answers that the account itself posted since the last look, oldest first, and the place after them.

        Only posts so old that what the program sent is known by then: recorded, or proved.
        """
        grown = timedelta(seconds=self._settings.by_hand_after_s)
        known = self._context.clock.now() - grown
        if (doubt := await self._context.doubt()) is not None:  # it may be this very one that is looked for
            known = min(known, doubt - CLOCKS_APART)
        until = str(first_id(known))
        after = replace(place, own=until)
        if place.own is None or int(until) <= int(place.own):
            return (), (after if place.own is None else place)
        try:
            told = await self._posted(place.own, until)
        except ConnectorError as error:  # mentions are not to wait for it; the next look begins at the same place
            log.warning("X does not tell what the account posted itself: %s", error)
            return (), place
        await self._count("own", len(told))
        seen = [(seen_post(post), post) for post in reversed(told)]
        answers = [(one, post) for one, post in seen if one.in_reply_to_user_id]
        return tuple(self._raw(one, post, own=True) for one, post in answers), after

    async def _posted(self, since: str, until: str) -> list[bytes]:
        """What the account posted between two ids, newest first.  Raises ConnectorError."""
        told: list[bytes] = []
        token = None
        for _ in range(MOST_PAGES):
            page = await self._api.fetch_posted(since, until, token)
            told += page.posts
            token = page.next_token
            if token is None:
                break
        return told

    async def _beginning(self) -> Place:
        if self._settings.first_start == "all":
            return Place()
        page = await self._api.fetch_mentions(None, None, few=True)
        await self._count("own", len(page.posts))
        return Place(since=page.newest_id)

    async def _beyond(self, place: Place, until: int) -> AsyncIterator[tuple[Batch, Place]]:
        """What lies between the place and the oldest mention told: searched for, stretch by stretch."""
        searched = min(first_id(self._context.clock.now() - SEARCHED), until - 1)
        if int(place.since or 0) < searched:
            place, batch = self._passed_by(place, searched, until)
            yield batch, place
        async for told in stretches(self._api, int(place.since or 0), until):
            if isinstance(told, Pause):
                async for beat in self._wait(told.seconds, _behind(place)):
                    yield beat, place
            elif told.refused:
                place, batch = self._passed_by(place, told.until, until)
                yield batch, place
            else:
                fresh = self._fresh(told.posts, place)
                place = place.after([one.id for one, _post in fresh], str(told.until))
                await self._count("others", len(told.posts))
                yield Batch(self._raw_events(fresh), place.cursor, behind=_behind(place)), place

    def _passed_by(self, place: Place, reached: int, until: int) -> tuple[Place, Batch]:
        """The place after a stretch that X does not give back, and the batch that tells so."""
        gap = _gap(int(place.since or 0), min(reached + 1, until))
        place = place.after([], str(reached))
        return place, Batch(events=(), cursor=place.cursor, gaps=(gap,))

    async def _wait(self, seconds: float, behind: str = "") -> AsyncIterator[Batch]:
        """Say that we are still there, at once and every minute of the wait."""
        yield Batch(events=(), behind=behind)
        while seconds > 0:
            await self._context.clock.sleep(min(seconds, LOOK_S))
            seconds -= LOOK_S
            yield Batch(events=(), behind=behind)

    def _fresh(self, posts: Sequence[bytes], place: Place) -> list[tuple[Seen, bytes]]:
        """Those not handed out yet, in order."""
        seen = [(seen_post(post), post) for post in posts]
        return [(one, post) for one, post in seen if one.id not in place.recent and one.id != place.since]

    def _raw_events(self, posts: list[tuple[Seen, bytes]]) -> tuple[RawEvent, ...]:
        return tuple(self._raw(one, post) for one, post in posts)

    def _of_feed(self, payload: bytes, feed: str) -> RawEvent:
        """Named apart from a mention: the same post may be one, and then that must come, too."""
        raw = self._raw(seen_post(payload), payload)
        return replace(raw, external_id=f"{raw.external_id}/{feed}", feed=feed)

    def _raw(self, post: Seen, payload: bytes, *, own: bool = False) -> RawEvent:
        """An edit is a new post: its first id names what it changes.  own: an answer of the account's."""
        first = post.edit_history_tweet_ids[0] if post.edit_history_tweet_ids else post.id
        return RawEvent(
            channel="x",
            account=self._context.account,
            external_id=f"{first}/{post.id}",
            conversation=(post.in_reply_to_user_id if own else post.author_id) or "none",
            payload=payload,
            received_at=self._context.clock.now(),
            own_id=self._api.account.id,
            note=OWN if own else "",
            late=is_late(moment_of(int(post.id)), self._context.clock.now()) if post.id.isdigit() else False,
        )


def _behind(place: Place) -> str:
    return f"Searching what was missed from {moment_of(int(place.since or 0)):%Y-%m-%d %H:%M} UTC on."


def _gap(since: int, until: int) -> Gap:
    what = (
        "X hands out the last 800 mentions and finds those of seven days. What was written to the account in this "
        "time lies before, or may not be searched with this account's access, so it may be missing. Look at the "
        "account's notifications on X."
    )
    return Gap(since=moment_of(since), until=moment_of(until), what=what)
