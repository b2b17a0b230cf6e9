"""Talks of a person's own account that a bot takes part in (business connections).

People write to that account, and never to the bot: so there are no commands,
and what the owner writes there is an answer of ours.  The same person may
also talk with the bot itself, in a chat of the same number; the tie's name
beside the number keeps the two apart.
Source: https://core.telegram.org/bots/api#businessconnection, read 2026-11.
"""

from collections.abc import Callable

from msgspec.structs import replace

from normalizer import telegram_places as places
from normalizer.telegram_shapes import Deleted, Message
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import Author, Ignored, InboundMessage, RawEvent, ThreadRef

Read = Callable[[RawEvent, Message, Author], InboundMessage]


def said(event: RawEvent, message: Message, read: Read) -> InboundMessage | Ignored:
    """read: makes what is the same in every chat."""
    tie = message.business_connection_id
    if tie is None or message.chat.type != "private":
        return Ignored(reason="not_in_a_private_chat")
    if message.sender_business_bot is not None and str(message.sender_business_bot.id) == event.own_id:
        return Ignored(reason="our_own")
    if message.sender is None or message.sender.is_bot:
        return Ignored(reason="not_from_a_person")
    replied = message.reply_to_message
    return replace(
        read(event, message, places.person_of(message.sender)),
        external_id=_name(event, message.chat.id, tie, message.message_id),
        thread=_thread(message.chat.id, tie),
        reply_to=(_name(event, message.chat.id, tie, replied.message_id),) if replied else (),
        command="",
        argument="",
        by_us=message.sender.id != message.chat.id,
    )


def deleted(event: RawEvent, gone: Deleted) -> InboundMessage | Ignored:
    """One message; the connector hands out each by itself."""
    if len(gone.message_ids) != 1:
        return Ignored(reason="deletes_nothing")
    chat, tie = gone.chat.id, gone.business_connection_id
    return InboundMessage(
        channel="telegram",
        account=event.account,
        external_id=_name(event, chat, tie, gone.message_ids[0]),
        thread=_thread(chat, tie),
        author=Author(external_id=str(chat), display_name=f"User {chat}"),
        text="",
        sent_at=event.received_at,
        authenticity=places.VOUCHED,
        kind="delete",
    )


def _name(event: RawEvent, chat: int, tie: str, number: int) -> ExternalMessageId:
    return ExternalMessageId(f"{event.own_id}/{chat}:{tie}/{number}")


def _thread(chat: int, tie: str) -> ThreadRef:
    return ThreadRef(key=ThreadKey(f"{chat}:{tie}"), visibility="private")
