"""Feeds that must be asked for: a tick finds those that are due, a job reads one and keeps how far.

Where a feed stands is kept with what it told, in one transaction; a job that
is done twice reads behind the same place, and what it tells twice is known.
As reading costs money, one worker at a time asks a feed; when it dies, its
lease is freed with its job, which another does again.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from service.feed_plan import FeedPlace, after, allowed, counted, next_at
from tickets.errors import Conflict, ConnectorError
from tickets.feeds import feed_name
from tickets.ids import AccountId
from tickets.model import RawEvent
from tickets.notices import NewNotice
from tickets.ports import AskedFeed, Clock, Connector, CrashHook, FeedReading, FeedSource, no_crash
from tickets.records import Job, NewJob
from tickets.spending import month_of
from tickets.storage import Store

log = logging.getLogger(__name__)

READ: Final = "read_feed"
AGAIN = timedelta(minutes=15)
"""After a question that failed, or that the account's budget does not allow."""
LEASE_S: Final = 1_800.0
"""A reading, of pages in a known number, is over long before."""
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
MOST_WAITING = 2_000
"""People's messages come first: nothing is read along while so much waits."""


class Reading:
    """Asks feeds.  holder: the worker that does."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        holder: str,
        connectors: Mapping[AccountId, Connector],
        crash: CrashHook = no_crash,
    ) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder
        self._connectors = connectors
        self._crash = crash

    async def due(self) -> tuple[NewJob, ...]:
        """A job for each feed whose time has come; asked again within the minute it is the same."""
        now = self._clock.now()
        return tuple(
            [
                NewJob(READ, f"{READ}:{name}:{now:%Y-%m-%dT%H:%M}", now, {"account": account, "feed": feed})
                for account, feed in self._feeds()
                if (await self._place(name := feed_name(account, feed)))[0].next_at <= now
            ]
        )

    def _feeds(self) -> Iterator[tuple[AccountId, str]]:
        for account, connector in self._connectors.items():
            if isinstance(connector.source, FeedSource):
                yield from ((account, name) for name in connector.source.feeds)

    async def read(self, job: Job) -> None:
        """Read one feed, if it is still due and configured, and nobody is reading it."""
        account, feed = AccountId(job.payload["account"]), job.payload["feed"]
        connector = self._connectors.get(account)
        source = connector.source if connector is not None else None
        asked = source.feeds.get(feed) if isinstance(source, FeedSource) else None
        if asked is None or await self._store.count_waiting() >= MOST_WAITING:
            return
        assert isinstance(source, FeedSource)
        lease, now = _keeper(feed_name(account, feed)), self._clock.now()
        if not await self._store.acquire_lease(lease, self._holder, now, LEASE_S):
            return
        try:
            await self._ask(account, feed, source, asked, now)
        finally:
            await self._store.release_lease(lease, self._holder)

    async def _ask(
        self,
        account: AccountId,
        feed: str,
        source: FeedSource,
        asked: AskedFeed,
        now: datetime,
    ) -> None:
        place, behind = await self._place(name := feed_name(account, feed))
        if place.next_at > now:
            return
        most = allowed(place, asked, now)
        if most < asked.fewest:
            await self._keep(name, replace(place, next_at=next_at(place, asked, now)), behind)
            return
        later = replace(place, next_at=now + AGAIN)
        try:
            reading = await source.read_feed(feed, place.newest, most)
        except ConnectorError as error:
            log.warning("A feed could not be read: %s", error)
            await self._keep(name, later, behind)
            await self._tell(account, name, f"The feed {name} could not be read: {error} It is tried again.", now)
            return
        except Exception:  # asking again at once would cost once more
            await self._keep(name, later, behind)
            raise
        if reading.events:
            self._crash("feed.read")
        if reading.paused:
            await self._keep(name, later, behind)
            return
        try:
            await self._keep(name, after(place, asked, reading, now), behind, reading.events)
        except Conflict:
            await self._count_in(name, asked, reading, now)
            return
        await self._store.end_notices([f"feed:{name}"], now)
        if reading.more and asked.monthly_budget:
            await self._tell_cut(account, name, asked, now)

    async def _place(self, name: str) -> tuple[FeedPlace, str | None]:
        """As it is known, and as it is kept; None: it was never read."""
        cursor = await self._store.find_cursor(_keeper(name))
        return (msgspec.json.decode(cursor, type=FeedPlace) if cursor else FeedPlace(AT_ONCE)), cursor

    async def _keep(
        self, name: str, place: FeedPlace, behind: str | None, events: Sequence[RawEvent] = ()
    ) -> None:
        """Raises Conflict where another worker, which held this one for dead, has kept another place meanwhile."""
        await self._store.append_raw(_keeper(name), events, _encoded(place), behind=behind)

    async def _count_in(self, name: str, asked: AskedFeed, reading: FeedReading, now: datetime) -> None:
        """Another worker has read on meanwhile: its place stands, and what both read was paid for twice."""
        place, behind = await self._place(name)
        await self._keep(name, counted(place, asked, reading, now), behind, reading.events)

    async def _tell(self, account: AccountId, name: str, text: str, now: datetime) -> None:
        await self._store.raise_notices([NewNotice("feed", f"feed:{name}", text, now, account)], now)

    async def _tell_cut(self, account: AccountId, name: str, asked: AskedFeed, now: datetime) -> None:
        """Once a month, as it may be so in every reading."""
        text = (
            f"More is said than the feed {name} may read for ${asked.monthly_budget:,.2f} a month: it reads the "
            "newest and leaves older posts out. Give it a higher monthly_budget or a narrower search."
        )
        key = f"feed:{name}:{month_of(now)}"
        await self._store.raise_notices([NewNotice("feed", key, text, now, account)], now)


def _keeper(name: str) -> AccountId:
    """Where a feed's place is kept, beside those of accounts."""
    return AccountId(f"feed:{name}")


def _encoded(place: FeedPlace) -> str:
    return msgspec.json.encode(place).decode()
