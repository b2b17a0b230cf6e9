"""Answering: plain text into the chat, quoting the message answered; files behind it, several as an album."""

from connectors.context import ConnectorContext
from connectors.telegram.api import Place, TelegramApi
from connectors.telegram.buttons import BUTTONS, keyboard
from tickets.errors import ConnectorError, DeliveryError
from tickets.ids import ExternalMessageId
from tickets.model import Receipt, Reply, ReplyTarget
from tickets.ports import Bucket

IN_ALL = Bucket(name="all", capacity=2, per_s=28.0)
"""Together at most 30 messages in any second (https://core.telegram.org/bots/faq, read 2026-11)."""
PER_CHAT_S = 0.95
"""Slower than one a second, so that neither the way there nor a clock that catches up brings two into one."""
PER_GROUP_S = 19.5 / 60


class TelegramSender:
    at_once = 8

    def __init__(self, api: TelegramApi, context: ConnectorContext) -> None:
        self._api = api
        self._context = context

    def buckets(self, reply: Reply) -> tuple[Bucket, ...]:
        chat = reply.target.thread_key.partition("/")[0]
        per_s = PER_GROUP_S if chat.startswith("-") else PER_CHAT_S
        album = max(1, reply.carries)  # of so many messages, which take the chat's time of so many
        return Bucket(name=f"chat:{chat}", capacity=1, per_s=per_s / album, shared=False), IN_ALL

    async def send(self, reply: Reply) -> Receipt:
        self._context.crash("telegram.before_send")
        quoting = reply.target.in_reply_to if reply.part == 1 else None
        if reply.files:
            receipt = await self._api.send_files(_place(reply.target), reply.files)
        else:
            place = _place(reply.target)
            buttons = reply.target.buttons if reply.part == reply.parts and place.tie is None else ()
            keys = keyboard(buttons, place.chat, await self._context.secret(BUTTONS)) if buttons else None
            receipt = await self._api.send_text(place, reply.text, _number(quoting), reply.spans, keys)
        self._context.crash("telegram.after_send")
        return receipt

    async def edit(self, target: ReplyTarget, message: ExternalMessageId, text: str) -> None:
        number = _number(message)
        if number is None:
            raise DeliveryError("refused", "There is no such message.", temporary=False, delivered=False)
        await self._api.edit_text(_place(target).chat, number, text)

    async def send_typing(self, target: ReplyTarget) -> None:
        try:
            await self._api.send_typing(_place(target))
        except ConnectorError:
            return  # a courtesy: nobody misses it


def _place(target: ReplyTarget) -> Place:
    """From ``chat``, ``chat/topic/person`` where many talk (topic 0 is none), or ``chat:tie`` in business."""
    talk, _, rest = target.thread_key.partition("/")
    chat, _, tie = talk.partition(":")
    try:
        return Place(int(chat), int(rest.partition("/")[0] or 0) or None, tie or None)
    except ValueError as error:
        raise DeliveryError("refused", "This is no Telegram chat.", temporary=False, delivered=False) from error


def _number(name: ExternalMessageId | None) -> int | None:
    """The message's number within its chat, from ``bot/chat/number``."""
    tail = (name or "").rpartition("/")[2]
    return int(tail) if tail.isdigit() else None
