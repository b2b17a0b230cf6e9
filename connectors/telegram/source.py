"""Receiving: our own loop over getUpdates, or the webhook.  Commit first, confirm afterwards."""

import asyncio
import hashlib
import hmac
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec

from connectors.context import ConnectorContext
from connectors.lateness import LATE, LOOK_S, is_late
from connectors.telegram.api import ALLOWED_UPDATES, GarbledAnswer, TelegramApi
from connectors.telegram.buttons import BUTTONS, command_of
from connectors.telegram.settings import Settings
from tickets.errors import ConnectorError
from tickets.model import RawEvent
from tickets.ports import Batch, Gap, WebhookAnswer, WebhookRequest

log = logging.getLogger(__name__)

LIMIT = 100
"""The most that getUpdates hands out."""
MOST_PUSHED = 200
DELETED = "deleted_business_messages"
PUSH_S = 25.0
KEPT = timedelta(hours=24)
"""So long Telegram keeps an update (https://core.telegram.org/bots/api#getting-updates)."""
YEAR_9999 = 253_370_764_800
"""As Telegram tells times; later ones are none."""
LARGEST_PUSH = 1024 * 1024
_UPDATE_ID = re.compile(rb'"update_id"\s*:\s*(\d{1,18})')


class Peek(msgspec.Struct):
    """The little a connector must know of an update to line it up; never fails on the rest.

    sender: who wrote among many; empty in private chats.  query: of a pressed button; empty without.
    pressed: what that button holds.  tie: of a talk of a business account, by which the bot takes part in it.
    """

    chat: str
    group: str
    update_id: int | None
    written: datetime | None = None
    sender: str = ""
    query: str = ""
    pressed: str = ""
    tie: str = ""


class PollingSource:
    """Asks for updates.  The cursor is the next offset: asking with it confirms what was committed."""

    def __init__(self, api: TelegramApi, settings: Settings, context: ConnectorContext) -> None:
        self._api = api
        self._settings = settings
        self._context = context
        self._reading = Reading(api, settings, context)

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        await self._reading.open()
        await self._api.drop_webhook()
        offset, since = read_place(cursor)
        if cursor is None:
            since = await ours_since(self._settings, self._context)
        yield Batch(events=(), cursor=place_of(offset, since), gaps=await lost_meanwhile(self._context))
        limit = LIMIT
        while True:
            self._context.crash("telegram.before_confirm")
            try:
                updates = await self._api.fetch_updates(offset, limit)
            except GarbledAnswer as answer:
                if limit > 1:
                    limit = 1  # one at a time, until the unreadable one stands alone
                    continue
                updates = [_alone(answer)]
            if updates:
                self._context.crash("telegram.fetched")
            before, since = since, since if len(updates) == limit else None  # else nothing waits any more
            offset, limit = next_offset(updates, offset), LIMIT
            yield await self._batch(updates, before, place_of(offset, since) if updates or before else None)

    async def acknowledge(self, batch: Batch) -> None:
        """The next question's offset confirms; who pressed a button sees that it was heard."""
        await self._reading.acknowledge()

    async def fetch_file(self, remote_id: str) -> AsyncIterator[bytes]:
        async for chunk in self._api.fetch_file(remote_id):
            yield chunk

    async def _batch(self, updates: list[bytes], since: datetime | None, cursor: str | None) -> Batch:
        """Empty: still connected.  since: what was written before is passed by; None: nothing is."""
        seen = [(one, peek(one)) for update in updates for one in singles(update)]
        ours = [
            (update, one) for update, one in seen if not is_before(one, since) and await self._reading.hears(one)
        ]
        return Batch(events=tuple(self._reading.raw_event(update, one) for update, one in ours), cursor=cursor)


class PushedSource:
    """Is called by Telegram.  200 is answered only after the update is committed."""

    def __init__(self, api: TelegramApi, settings: Settings, context: ConnectorContext) -> None:
        self._api = api
        self._settings = settings
        self._context = context
        self._reading = Reading(api, settings, context)
        self._queue: asyncio.Queue[tuple[bytes, asyncio.Future[None]]] = asyncio.Queue(MOST_PUSHED)
        self._committing: list[asyncio.Future[None]] = []
        self._receiving = False
        self._since: datetime | None = None

    async def secret(self) -> str:
        """What Telegram must send with each call: made once, kept encrypted."""
        return (await self._context.secret("webhook")).hex()

    async def receive(self, request: WebhookRequest) -> WebhookAnswer:
        if request.method != "POST":
            return WebhookAnswer(405, "POST only")
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        if not hmac.compare_digest(given.encode(), (await self.secret()).encode()):
            return WebhookAnswer(403, "forbidden")
        if len(request.body) > LARGEST_PUSH:
            return WebhookAnswer(413, "too large")
        if not self._receiving:
            return WebhookAnswer(503, "another worker receives over this account")
        seen = peek(request.body)
        try:
            if is_before(seen, self._since) or not await self._reading.hears(seen):
                return WebhookAnswer(200)
        except ConnectorError:
            return WebhookAnswer(503, "busy")
        self._context.crash("telegram.webhook_called")
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((request.body, committed))
            async with asyncio.timeout(PUSH_S):
                await committed
        except (asyncio.QueueFull, TimeoutError):
            return WebhookAnswer(503, "busy")
        self._context.crash("telegram.webhook_saved")
        return WebhookAnswer(200)

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        if cursor is None:
            self._since = await ours_since(self._settings, self._context)
        await self._reading.open()
        await self._api.set_webhook(self._settings.webhook_url, await self.secret())
        self._receiving = True
        try:
            yield Batch(events=(), gaps=await lost_meanwhile(self._context))
            while True:
                batch = await self._pushed()
                if not batch.events:
                    self._since = None  # what waited at the first start was pushed by now
                yield batch
        finally:
            self._receiving = False

    async def _pushed(self) -> Batch:
        """What has been pushed and waits for its 200; nothing when nothing came for a minute."""
        try:
            async with asyncio.timeout(LOOK_S):
                bodies = [await self._queue.get()]
        except TimeoutError:
            return Batch(events=())
        while not self._queue.empty() and len(bodies) < LIMIT:
            bodies.append(self._queue.get_nowait())
        self._committing = [committed for _, committed in bodies]
        updates = [one for body, _ in bodies for one in singles(body)]
        return Batch(events=tuple(self._reading.raw_event(update, peek(update)) for update in updates))

    async def acknowledge(self, batch: Batch) -> None:
        for committed in self._committing:
            if not committed.done():
                committed.set_result(None)
        await self._reading.acknowledge()

    async def fetch_file(self, remote_id: str) -> AsyncIterator[bytes]:
        async for chunk in self._api.fetch_file(remote_id):
            yield chunk


class Reading:
    """Makes raw events of updates, and remembers which buttons were pressed until that is safe."""

    def __init__(self, api: TelegramApi, settings: Settings, context: ConnectorContext) -> None:
        self._api = api
        self._settings = settings
        self._context = context
        self._feeds = {str(feed.chat): name for name, feed in settings.feeds.items()}
        self._ties: dict[str, bool] = {}
        """Of the ties to business accounts that were met, whether they are ours."""
        self._secret = b""
        self._pressed: list[str] = []

    async def open(self) -> None:
        """What was pressed in a session before and not committed comes again."""
        self._secret = await self._context.secret(BUTTONS)
        self._pressed.clear()

    async def hears(self, seen: Peek) -> bool:
        """Whether it concerns us: anybody may tie the bot to their business account.  Raises ConnectorError."""
        if not seen.tie:
            return True
        if seen.tie not in self._ties:
            owner = await self._api.fetch_owner(seen.tie)
            self._ties[seen.tie] = owner in self._settings.business_accounts
            if not self._ties[seen.tie]:
                log.warning(
                    "The business account of user %s is not among business_accounts: it is not heard", owner
                )
        return self._ties[seen.tie]

    async def acknowledge(self) -> None:
        """What was pressed is committed."""
        pressed, self._pressed = self._pressed, []
        if pressed:
            await self._api.take_presses(pressed)

    def raw_event(self, update: bytes, seen: Peek) -> RawEvent:
        """An update as it came.

        Telegram starts its ids anew at random after a quiet week, so an id
        alone is no name: the content's hash stands beside it.
        """
        digest = hashlib.sha256(update).hexdigest()[:16]
        looked_up = self._api.username if seen.sender else ""
        if seen.query:
            self._pressed.append(seen.query)
            looked_up = command_of(seen.pressed, int(seen.chat or 0), self._secret)
        now = self._context.clock.now()
        return RawEvent(
            channel="telegram",
            account=self._context.account,
            external_id=f"{seen.update_id if seen.update_id is not None else 'none'}/{digest}",
            conversation=f"{seen.chat}/{seen.sender}" if seen.sender else seen.chat or "none",
            payload=update,
            received_at=now,
            own_id=self._api.bot_id,
            group=seen.group,
            quiet_s=self._settings.album_quiet_s if seen.group else 0.0,
            late=is_late(seen.written, now),
            looked_up=looked_up,
            feed=self._feeds.get(seen.chat, ""),
        )


def read_place(cursor: str | None) -> tuple[int | None, datetime | None]:
    """The next offset, and since when updates are ours while those of before the first start are passed by."""
    offset, _, since = (cursor or "").partition(";")
    return int(offset) if offset else None, datetime.fromisoformat(since) if since else None


def place_of(offset: int | None, since: datetime | None) -> str:
    """What ``read_place`` reads."""
    number = "" if offset is None else str(offset)
    return number if since is None else f"{number};{since.isoformat()}"


def next_offset(updates: list[bytes], offset: int | None) -> int | None:
    """The offset that confirms these; as it was when none of them tells its number."""
    known = [number for update in updates if (number := peek(update).update_id) is not None]
    return max(known) + 1 if known else offset


async def ours_since(settings: Settings, context: ConnectorContext) -> datetime | None:
    """At a very first connection with first_start ``now``: what is late by then is not ours.  None: all is."""
    if settings.first_start == "all" or await context.was_up() is not None:
        return None
    return context.clock.now() - LATE


def is_before(seen: Peek, since: datetime | None) -> bool:
    """What has no date is never passed by."""
    return since is not None and seen.written is not None and seen.written < since


async def lost_meanwhile(context: ConnectorContext) -> tuple[Gap, ...]:
    """What Telegram has thrown away while nobody asked: it keeps updates for 24 hours."""
    was_up, now = await context.was_up(), context.clock.now()
    if was_up is None or now - was_up <= KEPT:
        return ()
    what = (
        "Telegram keeps messages for 24 hours only, and nobody fetched them for longer. What was written to the "
        "bot in this time may be missing. Tell the people concerned to write again."
    )
    return (Gap(since=was_up, until=now - KEPT, what=what),)


def singles(update: bytes) -> list[bytes]:
    """A deletion of several messages as one update for each; any other as it came."""
    if DELETED.encode() not in update:
        return [update]
    try:
        found = msgspec.json.decode(update)
        gone = found[DELETED]
        numbers = gone["message_ids"]
        return [msgspec.json.encode({**found, DELETED: {**gone, "message_ids": [n]}}) for n in numbers] or [update]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError, TypeError):
        return [update]  # of a wrong shape, for a person to look at


def peek(update: bytes) -> Peek:
    """Chat, album and id of an update, each empty where it is not as expected."""
    try:
        found = msgspec.json.decode(update)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        match = _UPDATE_ID.search(update)
        return Peek("", "", int(match[1]) if match else None)
    if not isinstance(found, dict):
        return Peek("", "", None)
    update_id = found.get("update_id")
    candidates = (found.get(kind) for kind in ALLOWED_UPDATES)
    message: dict[str, object] = next((one for one in candidates if isinstance(one, dict)), {})
    query, pressed = "", ""
    if "callback_query" in found:
        query, pressed = (one if isinstance(one := message.get(name), str) else "" for name in ("id", "data"))
        beneath = message.get("message")
        message = {"chat": beneath.get("chat")} if isinstance(beneath, dict) else {}
    chat = message.get("chat")
    chat_id = chat.get("id") if isinstance(chat, dict) else None
    group = message.get("media_group_id")
    sender = message.get("from") or message.get("user")  # whoever reacts is called user
    sender_id = sender.get("id") if isinstance(sender, dict) else None
    tie = message.get("business_connection_id")
    return Peek(
        chat=str(chat_id) if type(chat_id) is int else "",
        group=f"{chat_id}/{group}" if isinstance(group, str) else "",
        update_id=update_id if isinstance(update_id, int) and not isinstance(update_id, bool) else None,
        written=_moment(message.get("edit_date") or message.get("date")),
        sender=str(sender_id) if isinstance(sender_id, int) and isinstance(chat_id, int) and chat_id < 0 else "",
        query=query,
        pressed=pressed,
        tie=tie if isinstance(tie, str) else "",
    )


def _moment(seconds: object) -> datetime | None:
    if not isinstance(seconds, int) or not 0 < seconds < YEAR_9999:
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)


def _alone(answer: GarbledAnswer) -> bytes:
    """The bytes of the one update that makes its batch unreadable; raises what it was given when there is none."""
    if not _UPDATE_ID.search(answer.body):
        raise answer
    return answer.body
