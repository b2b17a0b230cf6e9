"""Answering: plain text into the conversation, replying to the message answered."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from connectors.context import ConnectorContext
from connectors.discord.api import PAGE, DiscordApi
from connectors.discord.caps import FULL, ThreadCap
from connectors.discord.interactions import Interactions
from connectors.discord.markup import escape, marked
from connectors.discord.place import first_id, moment_of, read_id
from connectors.discord.rooms import Rooms
from connectors.discord.settings import Settings
from tickets.errors import ConnectorError, DeliveryError, Unreachable
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import Receipt, Reply, ReplyTarget
from tickets.ports import Bucket

IN_ALL = Bucket(name="all", capacity=3, per_s=46.0)
"""Together at most 50 requests in any second, those that read on included
(https://discord.com/developers/docs/topics/rate-limits, read 2026-11)."""
PER_CHANNEL_CAPACITY = 1
PER_CHANNEL_S = 0.95
"""Together 5 messages within any 5 seconds of a channel."""
BEING_ANSWERED = timedelta(seconds=4)
"""So long an interaction may still be on its way to being answered, which comes before what follows it."""
LOOKED_BACK = timedelta(hours=26)
"""Our clock may be ahead of Discord's by so much, and a message is still found."""
MOST_PAGES = 20
EMOJI_STYLES = "\ufe0e\ufe0f"
"""Signs after an emoji that only say how it is drawn; Discord was seen to take them away
(https://github.com/discord/discord-api-docs/issues/4691)."""


class DiscordSender:
    at_once = 8

    def __init__(
        self,
        api: DiscordApi,
        settings: Settings,
        context: ConnectorContext,
        interactions: Interactions,
        rooms: Rooms,
        cap: ThreadCap,
    ) -> None:
        self._cap = cap
        self._interactions = interactions
        self._rooms = rooms
        self._api = api
        self._settings = settings
        self._context = context

    def buckets(self, reply: Reply) -> tuple[Bucket, ...]:
        channel = reply.target.thread_key.partition("/")[0]
        own = Bucket(name=f"channel:{channel}", capacity=PER_CHANNEL_CAPACITY, per_s=PER_CHANNEL_S, shared=False)
        return own, IN_ALL

    async def send(self, reply: Reply) -> Receipt:
        """The nonce is the send key, so that Discord itself refuses to post one piece twice within minutes."""
        self._context.crash("discord.before_send")
        answering = reply.target.in_reply_to if reply.part == 1 else None
        words = marked(reply.text, reply.spans)
        channel = await self._channel(reply.target)
        buttons = reply.target.buttons if reply.part == reply.parts else ()
        receipt = None
        if back := await self._interactions.way_back(reply):
            receipt = await self._api.follow(back.application, back.token, channel, words, buttons)
            if receipt is None and self._context.clock.now() - reply.created_at < BEING_ANSWERED:
                raise DeliveryError(
                    "unreachable",
                    "Discord is still being told that it was heard.",
                    temporary=True,
                    delivered=False,
                )
        if receipt is None:
            try:
                receipt = await self._api.send_text(
                    channel, words, _number(answering), reply.send_key, reply.files, buttons
                )
            except DeliveryError as error:
                if error.code == FULL:
                    await self._cap.waits(reply.send_key)
                raise
            await self._cap.fits(reply.send_key)
        self._context.crash("discord.after_send")
        begun = reply.target.thread_key.startswith("@")
        return replace(receipt, thread_key=ThreadKey(str(channel))) if begun else receipt

    @property
    def certain_after_s(self) -> float:
        return self._settings.appears_within_s

    async def find_sent(self, reply: Reply, since: datetime) -> Sequence[Receipt]:
        """Our messages with these words after the one answered; Discord tells no nonce of what stands there."""
        channel = await self._channel(reply.target)
        after = max(
            first_id(since - LOOKED_BACK), _number(reply.previous) or 0, _number(reply.target.in_reply_to) or 0
        )
        words = _bare(marked(reply.text, reply.spans))
        answered = _number(reply.target.in_reply_to) if reply.part == 1 else None
        sure: list[Receipt] = []
        likely: list[Receipt] = []
        seen = 0
        for _ in range(MOST_PAGES):
            page = await self._page(channel, after)
            seen += len(page)
            for one in page:
                if self._api.is_ours(one) and _bare(str(one.get("content", ""))) == words:
                    told = _answered_by(one)
                    if told is None:  # what it answered may be gone, and so the reference
                        likely.append(_receipt(channel, one))
                    elif told == answered:
                        sure.append(_receipt(channel, one))
            if len(page) < PAGE:
                break
            after = max(read_id(one.get("id")) or 0 for one in page)
        else:
            raise Unreachable("Too much was said there since to look through.")
        if not seen:
            await self._must_have_history(channel)
        return [*sure, *likely]

    async def _page(self, channel: int, after: int) -> list[dict[str, Any]]:
        while (wait_s := await self._context.take((IN_ALL,))) > 0:
            await self._context.clock.sleep(wait_s)
        page = await self._api.fetch_page(channel, after)
        if page is None:
            raise Unreachable("Discord does not let us read the conversation.")
        return page

    async def _must_have_history(self, channel: int) -> None:
        """Without the right to read the history Discord shows an empty one, which proves nothing."""
        if not await self._page(channel, 0):
            raise Unreachable("Discord shows no history there. Give the bot the right Read Message History.")

    async def edit(self, target: ReplyTarget, message: ExternalMessageId, text: str) -> None:
        number = _number(message)
        if number is None:
            raise DeliveryError("refused", "There is no such message.", temporary=False, delivered=False)
        await self._api.edit_text(await self._channel(target), number, escape(text))

    async def send_typing(self, target: ReplyTarget) -> None:
        try:
            await self._api.send_typing(await self._channel(target))
        except (ConnectorError, DeliveryError):
            return  # a courtesy: nobody misses it

    async def show_state(self, target: ReplyTarget, *, closed: bool) -> None:
        await self._rooms.put_away(target, closed=closed)

    async def _channel(self, target: ReplyTarget) -> int:
        """The channel's number, from ``channel``, ``channel/person``, or ``@person`` for direct messages."""
        name = target.thread_key.partition("/")[0]
        person, channel = read_id(name.removeprefix("@")), read_id(name)
        if channel is not None:
            return channel
        if person is None:
            raise DeliveryError("refused", "This is no Discord conversation.", temporary=False, delivered=False)
        try:
            return await self._api.open_direct(person)
        except ConnectorError as error:
            raise DeliveryError("unreachable", str(error), temporary=True, delivered=False) from error


def _bare(text: str) -> str:
    """Without white space and what cannot be seen: Discord takes away what it holds for invalid or disturbing
    (https://discord.com/developers/docs/resources/message#create-message)."""
    seen = (one for one in unicodedata.normalize("NFC", text) if unicodedata.category(one)[0] not in "ZC")
    return "".join(one for one in seen if one not in EMOJI_STYLES)


def _answered_by(message: dict[str, Any]) -> int | None:
    """The message that one of ours refers to."""
    told = message.get("message_reference")
    return read_id(told.get("message_id")) if isinstance(told, dict) else None


def _receipt(channel: int, message: dict[str, Any]) -> Receipt:
    number = read_id(message.get("id")) or 0
    return Receipt(external_id=ExternalMessageId(f"{channel}/{number}"), sent_at=moment_of(number))


def _number(name: ExternalMessageId | None) -> int | None:
    """The message's number, from ``channel/message``."""
    return read_id((name or "").rpartition("/")[2])
