"""Answering: plain text into the conversation, replying to the message answered."""

from connectors.context import ConnectorContext
from connectors.discord.api import DiscordApi
from connectors.discord.markup import escape
from connectors.discord.place import read_id
from tickets.errors import ConnectorError, DeliveryError
from tickets.ids import ExternalMessageId
from tickets.model import Receipt, Reply, ReplyTarget
from tickets.ports import Bucket

IN_ALL = Bucket(name="all", capacity=5, per_s=20.0)
"""Half of the 50 requests a second and bot; the rest is for reading on
(https://discord.com/developers/docs/topics/rate-limits, read 2026-11)."""
PER_CHANNEL_CAPACITY = 2
PER_CHANNEL_S = 0.6
"""Together 5 messages within any 5 seconds of a channel."""


class DiscordSender:
    at_once = 8

    def __init__(self, api: DiscordApi, context: ConnectorContext) -> None:
        self._api = api
        self._context = context

    def buckets(self, reply: Reply) -> tuple[Bucket, ...]:
        channel = reply.target.thread_key.partition("/")[0]
        return Bucket(name=f"channel:{channel}", capacity=PER_CHANNEL_CAPACITY, per_s=PER_CHANNEL_S), IN_ALL

    async def send(self, reply: Reply) -> Receipt:
        """The nonce is the send key, so that Discord itself refuses to post one piece twice within minutes."""
        self._context.crash("discord.before_send")
        answering = reply.target.in_reply_to if reply.part == 1 else None
        receipt = await self._api.send_text(
            _channel(reply.target), escape(reply.text), _number(answering), reply.send_key
        )
        self._context.crash("discord.after_send")
        return receipt

    async def edit(self, target: ReplyTarget, message: ExternalMessageId, text: str) -> None:
        number = _number(message)
        if number is None:
            raise DeliveryError("refused", "There is no such message.", temporary=False, delivered=False)
        await self._api.edit_text(_channel(target), number, escape(text))

    async def send_typing(self, target: ReplyTarget) -> None:
        try:
            await self._api.send_typing(_channel(target))
        except ConnectorError:
            return  # a courtesy: nobody misses it


def _channel(target: ReplyTarget) -> int:
    """The channel's number, from ``channel`` or ``channel/person``."""
    channel = read_id(target.thread_key.partition("/")[0])
    if channel is None:
        raise DeliveryError("refused", "This is no Discord conversation.", temporary=False, delivered=False)
    return channel


def _number(name: ExternalMessageId | None) -> int | None:
    """The message's number, from ``channel/message``."""
    return read_id((name or "").rpartition("/")[2])
