"""Receiving: the gateway's events, and what was said while nobody listened.

Discord asks for no acknowledgement, so the cursor alone says what is safe.
It stands still until everything missed has been read, so that a crash in
between reads it again.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from connectors.context import ConnectorContext
from connectors.discord.api import PAGE, PRIVATE_THREAD, DiscordApi
from connectors.discord.archives import Archives, Shelf
from connectors.discord.backlog import Backlog, Missed
from connectors.discord.gateway import Gateway
from connectors.discord.interactions import POST, ROOM, Interactions
from connectors.discord.peek import (
    Event,
    Greeting,
    SeenArchive,
    SeenChannel,
    SeenGuild,
    SeenMessage,
    SeenThreads,
    read_event,
    single_deletions,
)
from connectors.discord.place import Place, first_id, moment_of, read_id
from connectors.discord.sender import IN_ALL
from connectors.discord.settings import Settings
from connectors.lateness import LOOK_S, is_late
from tickets.errors import PayloadError, RateLimited, Unreachable
from tickets.ids import ThreadKey
from tickets.model import RawEvent
from tickets.ports import Batch, Gap

T = TypeVar("T")
PAGE_EVERY_S = 0.04
"""At most half of the 50 requests a second that Discord allows a bot; the rest is for answers."""
PAGE_S = 90.0
"""For one page, the pauses included that the library waits out."""
UNHEARD_AFTER = timedelta(seconds=15)
"""A restart takes less."""
OURS_WITHIN = timedelta(minutes=5)
"""What we heard long before the account was last connected, another worker has made up for."""
CLOSED_EVERY_S = 0.1
"""A channel that we may not read answers with a refusal; 10,000 of them in 10 minutes would lock us out."""
FEW_SESSIONS = 10
"""Of 1,000 sessions a day the last ones are kept for a person who looks what is wrong."""
PLACE_EVERY_S = 30.0
"""Messages that are not for us move the place too, but are not worth a commit each."""
ABOUT_MESSAGES = frozenset({"MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE"})


class GatewaySource:
    """One bot's ear."""

    def __init__(
        self, api: DiscordApi, settings: Settings, context: ConnectorContext, interactions: Interactions
    ) -> None:
        self._interactions = interactions
        self._api = api
        self._settings = settings
        self._context = context
        self._heard_at: datetime | None = None
        self._told_hidden = False
        self._roles: dict[tuple[int, int], list[str]] = {}
        """Of members whose words are read on, as long as this connection lasts."""

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        await self._leave_some_sessions()
        self._interactions.forget()
        start = first_id(self._context.clock.now()) if self._settings.first_start == "now" else 0
        own_id, settings = str(self._api.user.id), self._settings
        place = Place.read(cursor, start)
        feeds = {feed.channel: name for name, feed in settings.feeds.items()}
        listener = Listener(place, own_id, self._context, settings.rooms, settings.forums, feeds)
        gateway = Gateway(self._settings, self._context.clock.now)
        told = False
        try:
            await gateway.open()
            self._context.crash("discord.greeted")
            listener.meet(await self._context.conversations())
            gaps = await self._unheard(cursor)
            if cursor is not None and (gaps or listener.may_have_missed(self._context.clock.now())):
                listener.miss()
            yield Batch(events=(), cursor=listener.place.cursor, gaps=gaps, behind=listener.behind)
            told = True
            while True:
                async for batch in self._step(gateway, listener):
                    yield batch
        finally:
            if told:  # who asks for the next batch has committed the first, and the gap with it
                self._heard_at = gateway.heard_at or self._heard_at
            await gateway.close()

    async def acknowledge(self, batch: Batch) -> None:
        """Discord keeps the messages, and the cursor says what is safe; interactions are answered."""
        await self._interactions.acknowledge()

    async def fetch_file(self, remote_id: str) -> AsyncIterator[bytes]:
        """remote_id: ``channel/message/attachment``."""
        channel, _, rest = remote_id.partition("/")
        message, _, attachment = rest.partition("/")
        place, number = read_id(channel), read_id(message)
        if place is None or number is None:
            raise PayloadError("It names no file of Discord.")
        async for chunk in self._api.fetch_file(place, number, attachment):
            yield chunk

    async def _step(self, gateway: Gateway, listener: "Listener") -> AsyncIterator[Batch]:
        """What is announced goes first; in between, one page of what was missed.

        Where a conversation is announced that was missed before, its past
        comes before its present.
        """
        if gateway.has_events or not listener.waits:
            texts = await gateway.next_events(LOOK_S)
            if not texts:
                yield Batch(events=())  # still connected
            events = [(text, read_event(text)) for text in texts]
            for channel in listener.listen(events):
                while missed := listener.backlog.take(channel):
                    yield await self._read_on(missed, listener)
            heard = [event for _text, event in events]
            done = await self._interactions.hear(heard, str(self._api.user.id), listener.rooms)
            batch = listener.live(events)
            if done:
                said = batch or listener.past([])
                batch = replace(said, events=(*said.events, *done))
            if batch is not None:
                if batch.events:
                    self._context.crash("discord.heard")
                yield batch
        else:
            batch = await self._one_more(listener)
            gateway.must_live()
            yield batch if gateway.has_events else listener.caught_up(batch)

    async def _one_more(self, listener: "Listener") -> Batch:
        """One page of what was missed, wherever."""
        if missed := listener.backlog.take():
            return await self._read_on(missed, listener)
        if shelf := listener.archives.take():
            await self._look_through(shelf, listener)
        return listener.past([])

    async def _look_through(self, shelf: Shelf, listener: "Listener") -> None:
        """One page of a channel's archived threads; those put away meanwhile are to be read on."""
        page = await self._page(
            lambda: self._api.fetch_archive(shelf.channel, shelf.anchor, private=shelf.private)
        )
        if page is not None:
            listener.unshelve(shelf, page)

    async def _read_on(self, missed: Missed, listener: "Listener") -> Batch:
        """One page of a conversation's past."""
        page = await self._page(lambda: self._api.fetch_page(missed.channel, missed.after))
        if page is None:
            return listener.past([])
        if page:
            self._context.crash("discord.page_read")
        if missed.guild is not None and self._settings.staff_roles:
            await self._name_roles(page, int(missed.guild))
        payloads = [_as_event(message, missed.guild) for message in page]
        events = [(payload.decode(), read_event(payload.decode())) for payload in payloads]
        if page:
            newest = max(read_id(one.get("id")) or 0 for one in page)
            listener.has_read(missed.channel, newest)
            if len(page) == PAGE:
                listener.backlog.give_back(missed._replace(after=newest))
        batch = listener.past(events)
        return batch if page else replace(batch, gaps=await self._hidden(missed))

    async def _name_roles(self, page: list[dict[str, Any]], guild: int) -> None:
        """What is read on names nobody's roles, as what is announced does."""
        for message in page:
            author = message.get("author")
            person = read_id(author.get("id")) if isinstance(author, dict) else None
            if person is None or "member" in message:
                continue
            if (guild, person) not in self._roles:
                roles = await self._page(partial(self._api.roles_of, guild, person))
                self._roles[guild, person] = roles or []
            message["member"] = {"roles": self._roles[guild, person]}

    async def _hidden(self, missed: Missed) -> tuple[Gap, ...]:
        """Where the bot may not read the history Discord shows an empty one, though something was said."""
        if missed.guild is None or self._told_hidden:
            return ()
        if await self._page(lambda: self._api.fetch_page(missed.channel, after=0)):
            return ()
        self._told_hidden = True
        what = (
            "The bot may not read the history of some channels, so what was said to it there while it was away "
            "may be missing. Give it the right Read Message History."
        )
        return (Gap(since=moment_of(missed.after), until=self._context.clock.now(), what=what),)

    async def _page(self, ask: Callable[[], Awaitable[T | None]]) -> T | None:
        """Asked within the rate.  Raises Unreachable also when no answer comes: the library waits five minutes."""
        while (wait_s := await self._context.take((IN_ALL,))) > 0:
            await self._context.clock.sleep(wait_s)
        try:
            async with asyncio.timeout(PAGE_S):
                page = await ask()
        except TimeoutError as error:
            raise Unreachable("Discord does not hand out what was missed.") from error
        await self._context.clock.sleep(PAGE_EVERY_S if page is not None else CLOSED_EVERY_S)
        return page

    async def _unheard(self, cursor: str | None) -> tuple[Gap, ...]:
        """What Discord tells of nowhere: the first words of somebody who never wrote to the bot before."""
        since, now = self._last_heard(await self._context.was_up()), self._context.clock.now()
        if cursor is None or since is None or now - since < UNHEARD_AFTER:
            return ()
        what = (
            "Discord was not connected. Channels, threads and known direct messages are read on. What may be "
            "missing: first direct messages of people who never wrote to the bot before, until they write again."
        )
        return (Gap(since=since, until=now, what=what),)

    def _last_heard(self, was_up: datetime | None) -> datetime | None:
        """An account counts as up while its lost connection is looked for; if that was ours, we know better."""
        if was_up is None or self._heard_at is None or was_up - self._heard_at > OURS_WITHIN:
            return was_up
        return self._heard_at

    async def _leave_some_sessions(self) -> None:
        left, reset_s = await self._api.identifies_left()
        if left <= FEW_SESSIONS:
            raise RateLimited("This bot began too many sessions today; Discord allows 1,000.", reset_s)


class Listener:
    """Makes raw events of what is for us, and knows how far everything has been read.

    Only what was announced moves the place, and what Discord told of when it
    greeted us.  A page of the past never does: while it is read, something
    may be said elsewhere that nobody hears, as the session may be dead.
    """

    def __init__(
        self,
        place: Place,
        own_id: str,
        context: ConnectorContext,
        rooms: str = "",
        forums: Sequence[str] = (),
        feeds: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._feeds = dict(feeds)
        """The feeds' names, by channel and, once they are known, by its threads."""
        self._parent = rooms
        self._forums = frozenset(forums)
        self.rooms: set[str] = set()
        self._posts: dict[str, str] = {}
        """The titles of posts in forums."""
        self.place = place
        self.backlog = Backlog(place.reread_from, place.reached)
        self.archives = Archives()
        self._heard = place.seen
        self._own_id = own_id
        self._context = context
        self._threads: set[str] = set()
        self._placed_at = context.clock.monotonic()

    def meet(self, conversations: Sequence[ThreadKey]) -> None:
        """The direct message conversations that are known."""
        known = [read_id(key) for key in conversations]
        for channel in (*self.place.private, *known):
            if channel is not None:
                self.backlog.meet(channel)

    def listen(self, events: list[tuple[str, Event]]) -> list[int]:
        """Learn what there is; the channels in which something is said to us now."""
        for _text, event in events:
            self._learn(event)
        channels: list[int] = []
        for _text, event in events:
            message = event.read(SeenMessage) if event.t == "MESSAGE_CREATE" else None
            channel = read_id(message.channel_id) if message else None
            if message is None or channel is None or not self._concerns_us(message):
                continue
            if message.guild_id is None:
                self.backlog.meet(channel)
            channels.append(channel)
        return channels

    def live(self, events: list[tuple[str, Event]]) -> Batch | None:
        """What is announced; None when nothing of it is for us and the place was told lately."""
        batch = self.past(events)
        said = [event.read(SeenMessage) for _text, event in events if event.t == "MESSAGE_CREATE"]
        self._heard = max(self._heard, *(read_id(one.id) or 0 for one in said if one is not None), 0)
        now = self._context.clock.monotonic()
        if not batch.events and now - self._placed_at < PLACE_EVERY_S:
            return None
        self._placed_at = now
        return self.caught_up(batch)

    @property
    def waits(self) -> int:
        """How many pages, at least, are still to be asked for."""
        return self.backlog.waits + self.archives.waits

    @property
    def behind(self) -> str:
        """How far reading on has come, for people."""
        if count := self.backlog.waits:
            return f"Reading what was missed: {count} conversations to go."
        if count := self.archives.waits:
            return f"Looking for threads that were archived meanwhile: {count} lists to go."
        return ""

    def may_have_missed(self, now: datetime) -> bool:
        """Whether nothing is known of the last seconds, or reading on was broken off."""
        return bool(self.place.reached) or now - moment_of(self.place.seen) > UNHEARD_AFTER

    def miss(self) -> None:
        """Behind what is safe nobody may have listened, so threads may have been put away unheard of."""
        self.place = self.place.unheard_from(self.place.reread_from)

    def unshelve(self, shelf: Shelf, page: SeenArchive) -> None:
        """The threads that were put away since then are read on like all others."""
        since = moment_of(self.place.unheard)
        for thread in page.threads:
            if thread.archived_at is not None and thread.archived_at >= since:
                self._know([thread])
                self.backlog.find(thread, shelf.guild, self.place.unheard)
        if rest := shelf.after(page, since):
            self.archives.give_back(rest)

    def has_read(self, channel: int, newest: int) -> None:
        """A page of a conversation's past is about to be handed out."""
        self.place = self.place.having_read(channel, newest)

    def past(self, events: list[tuple[str, Event]]) -> Batch:
        """What of it is for us.  The place only learns its names."""
        found = [raw for text, event in events for raw in self._raw_events(text, event)]
        return Batch(events=tuple(found), cursor=self.place.cursor, behind=self.behind)

    def caught_up(self, batch: Batch) -> Batch:
        """The batch with the place after it, as everything announced so far was handled."""
        if self.backlog.is_done and not self.archives.waits:
            self.place = self.place.moved(max(self._heard, self.backlog.newest))
        return Batch(events=batch.events, cursor=self.place.cursor, behind=self.behind)

    def _learn(self, event: Event) -> None:
        if event.t == "READY" and (greeting := event.read(Greeting)):
            self.backlog.greet(greeting)
        elif event.t == "GUILD_CREATE" and (guild := event.read(SeenGuild)):
            self._know(guild.threads)
            self.backlog.tell(guild)
            if self.place.unheard:
                self.archives.add(guild)
        elif event.t == "GUILD_DELETE" and (guild := event.read(SeenGuild)):
            self.backlog.leave(guild, self.place.reread_from)
            self.archives.drop(guild)
            if guild.unavailable:
                self.miss()
        elif event.t in ("THREAD_CREATE", "THREAD_UPDATE") and (thread := event.read(SeenChannel)):
            self._know([thread])
            if self.place.unheard and thread.guild_id:  # one that was archived is taken up again
                self.backlog.add(thread, thread.guild_id, self.place.unheard)
        elif event.t == "THREAD_DELETE" and (thread := event.read(SeenChannel)):
            self._threads.discard(thread.id)
            self._posts.pop(thread.id, None)
        elif event.t == "THREAD_LIST_SYNC" and (opened := event.read(SeenThreads)):
            self._know(opened.threads)
            for thread in opened.threads:  # a channel has opened to us: what was said in it is read as well
                self.backlog.add(thread, opened.guild_id)

    def _know(self, threads: Sequence[SeenChannel]) -> None:
        self._threads |= {thread.id for thread in threads}
        self.rooms |= {
            one.id
            for one in threads
            if self._parent and one.parent_id == self._parent and one.type == PRIVATE_THREAD
        }
        self._posts |= {one.id: one.name for one in threads if one.parent_id in self._forums}
        self._feeds |= {one.id: self._feeds[one.parent_id] for one in threads if one.parent_id in self._feeds}

    def _raw_events(self, text: str, event: Event) -> Iterator[RawEvent]:
        if event.t == "MESSAGE_DELETE_BULK":
            for payload in single_deletions(event):
                yield from self._raw_events(payload.decode(), read_event(payload.decode()))
        if event.t not in ABOUT_MESSAGES:
            return
        message = event.read(SeenMessage)
        number = read_id(message.id) if message is not None else None
        if message is None or number is None:
            yield self._odd(text)
        elif self._is_for_us(event, message, number):
            yield self._raw(text, event, message)

    def _is_for_us(self, event: Event, message: SeenMessage, number: int) -> bool:
        """Direct messages and mentions; never our own words, and nothing twice."""
        if event.t == "MESSAGE_DELETE":
            return True
        if not self._concerns_us(message):
            return False
        if event.t == "MESSAGE_UPDATE":
            return message.edited_timestamp is not None  # else only a preview was added
        if number in self.place.recent:
            return False
        private = read_id(message.channel_id) if message.guild_id is None else None
        self.place = self.place.remembering(number, private)
        return True

    def _concerns_us(self, message: SeenMessage) -> bool:
        if message.author is not None and message.author.id == self._own_id:
            return False
        named = self._own_id in (one.id for one in message.mentions)
        known = any(message.channel_id in ours for ours in (self.rooms, self._posts, self._feeds))
        return named or message.guild_id is None or known

    def _raw(self, text: str, event: Event, message: SeenMessage) -> RawEvent:
        changes = {"MESSAGE_UPDATE": f"/{message.edited_timestamp}", "MESSAGE_DELETE": "/deleted"}
        return RawEvent(
            channel="discord",
            account=self._context.account,
            external_id=f"{message.channel_id}/{message.id}{changes.get(event.t or '', '')}",
            conversation=message.channel_id,
            payload=text.encode(),
            received_at=self._context.clock.now(),
            own_id=self._own_id,
            note=self._note(message.channel_id),
            late=self._is_late(event, message),
            looked_up=self._posts.get(message.channel_id, ""),
            feed=self._feeds.get(message.channel_id, ""),
        )

    def _note(self, channel: str) -> str:
        if channel in self._posts:
            return POST
        return ROOM if channel in self.rooms else "thread" if channel in self._threads else ""

    def _is_late(self, event: Event, message: SeenMessage) -> bool:
        number = read_id(message.id)
        written = moment_of(number) if number is not None and event.t == "MESSAGE_CREATE" else None
        return is_late(written, self._context.clock.now())

    def _odd(self, text: str) -> RawEvent:
        """An event that cannot be lined up is kept for a person to look at."""
        payload = text.encode()
        return RawEvent(
            channel="discord",
            account=self._context.account,
            external_id=f"odd/{hashlib.sha256(payload).hexdigest()[:16]}",
            conversation="none",
            payload=payload,
            received_at=self._context.clock.now(),
            own_id=self._own_id,
        )


def _as_event(message: dict[str, object], guild: str | None) -> bytes:
    """A message from a channel's history, as the gateway would have told of it."""
    told = message if guild is None else {**message, "guild_id": guild}
    return msgspec.json.encode({"t": "MESSAGE_CREATE", "d": told})
