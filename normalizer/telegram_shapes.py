"""Telegram's updates, as far as we read them.  Source: Bot API 9, https://core.telegram.org/bots/api."""

from typing import Annotated, Any

import msgspec


class User(msgspec.Struct):
    id: int
    first_name: str = ""
    last_name: str = ""
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False


class Entity(msgspec.Struct):
    type: str
    offset: int
    length: int
    url: str | None = None
    user: User | None = None


class Chat(msgspec.Struct):
    id: int
    type: str
    title: str = ""


class File(msgspec.Struct):
    """What all of Telegram's file shapes share."""

    file_id: str
    file_size: int | None = None
    file_name: str | None = None
    mime_type: str | None = None
    emoji: str | None = None
    duration: int | None = None


class Replied(msgspec.Struct):
    message_id: int
    sender: User | None = msgspec.field(name="from", default=None)
    sender_chat: Chat | None = None
    text: str | None = None
    caption: str | None = None


class Quote(msgspec.Struct):
    """The part of a message that an answer picks out."""

    text: str = ""


ConnectionId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
"""Names the tie between a bot and a person's business account: we make names of it."""


class Message(msgspec.Struct):
    """The fields we read; everything else is kept in the raw event."""

    message_id: int
    date: int
    chat: Chat
    sender: User | None = msgspec.field(name="from", default=None)
    text: str | None = None
    entities: list[Entity] = []
    caption: str | None = None
    caption_entities: list[Entity] = []
    media_group_id: str | None = None
    sender_chat: Chat | None = None
    message_thread_id: int | None = None
    is_topic_message: bool = False
    is_automatic_forward: bool = False
    business_connection_id: ConnectionId | None = None
    sender_business_bot: User | None = None
    reply_to_message: Replied | None = None
    quote: Quote | None = None
    edit_date: int | None = None
    photo: list[File] = []
    document: File | None = None
    voice: File | None = None
    audio: File | None = None
    video: File | None = None
    video_note: File | None = None
    animation: File | None = None
    sticker: File | None = None
    location: dict[str, Any] | None = None
    venue: dict[str, Any] | None = None
    contact: dict[str, Any] | None = None
    poll: dict[str, Any] | None = None
    dice: dict[str, Any] | None = None
    story: dict[str, Any] | None = None
    checklist: dict[str, Any] | None = None
    game: dict[str, Any] | None = None
    invoice: dict[str, Any] | None = None
    paid_media: dict[str, Any] | None = None


class Under(msgspec.Struct):
    """The message under which a button was pressed; it may be gone."""

    chat: Chat


class Pressed(msgspec.Struct):
    sender: User = msgspec.field(name="from")
    message: Under | None = None


class Sign(msgspec.Struct):
    """emoji: of a plain one; others belong to sets that only Telegram draws."""

    type: str = ""
    emoji: str = ""


class Reacted(msgspec.Struct):
    chat: Chat
    message_id: int
    date: int
    user: User | None = None
    new_reaction: list[Sign] = []


class Deleted(msgspec.Struct):
    """Messages that somebody deleted in a business chat."""

    business_connection_id: ConnectionId
    chat: Chat
    message_ids: list[int] = []


class Update(msgspec.Struct):
    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    business_message: Message | None = None
    edited_business_message: Message | None = None
    deleted_business_messages: Deleted | None = None
    callback_query: Pressed | None = None
    message_reaction: Reacted | None = None
