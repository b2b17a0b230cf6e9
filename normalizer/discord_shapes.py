"""Discord's events, as far as we read them.  Source: https://discord.com/developers/docs, API v10."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

LONGEST_ID = 20
Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}\Z")]
"""An id: we make names and addresses of it."""
Bytes = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
"""Where Discord's clock starts (https://discord.com/developers/docs/reference#snowflakes)."""


def moment_of(number: str) -> datetime | None:
    """When what bears an id was made: an id is a time.  None for no id."""
    if not number.isdecimal() or len(number) > LONGEST_ID:
        return None
    return EPOCH + timedelta(milliseconds=int(number) >> 22)


class User(msgspec.Struct):
    id: Number
    username: str = ""
    global_name: str | None = None
    bot: bool = False


class Member(msgspec.Struct):
    nick: str | None = None
    roles: list[str] = []


class File(msgspec.Struct):
    id: str
    filename: str = ""
    size: Bytes | None = None
    content_type: str | None = None
    duration_secs: float | None = None


class Replied(msgspec.Struct):
    """The message answered; its author is told only while it exists."""

    id: Number
    author: User | None = None


class Reference(msgspec.Struct):
    """type 1 is a forwarded message, not an answer."""

    message_id: Number | None = None
    channel_id: Number | None = None
    type: int = 0


class Snapshot(msgspec.Struct):
    message: "Forwarded"


class Forwarded(msgspec.Struct):
    content: str = ""
    attachments: list[File] = []


class Sticker(msgspec.Struct):
    name: str = ""


class Message(msgspec.Struct):
    """The fields we read; everything else is kept in the raw event."""

    id: Number
    channel_id: Number
    author: User
    content: str = ""
    type: int = 0
    flags: int = 0
    guild_id: str | None = None
    webhook_id: str | None = None
    member: Member | None = None
    mentions: list[User] = []
    attachments: list[File] = []
    edited_timestamp: str | None = None
    message_reference: Reference | None = None
    referenced_message: Replied | None = None
    message_snapshots: list[Snapshot] = []
    sticker_items: list[Sticker] = []
    poll: dict[str, Any] | None = None


class Gone(msgspec.Struct):
    """A deletion tells only which message it was."""

    id: Number
    channel_id: Number
    guild_id: str | None = None


class Event(msgspec.Struct):
    t: str
    d: msgspec.Raw
