"""What a judge reads: messages both ways and the calls that carried them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from simulators.telegram.bots import SimBot

Json: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class Upload:
    """One file of a multipart request: its file name, media type and bytes."""

    name: str
    mime_type: str
    data: bytes


@dataclass(frozen=True)
class SimMessage:
    """One message a person wrote.

    message_id: unique per bot and chat only.  date: of this version, aware UTC.
    text: text or caption, None without either.
    update_id: the update that announces it; None when the bot's
    ``allowed_updates`` leave its kind out.  payload: the Message object.
    """

    bot: SimBot
    chat_id: int
    message_id: int
    sender_id: int
    date: datetime
    text: str | None
    update_id: int | None
    payload: Json


@dataclass
class SentMessage:
    """One message the platform accepted from a bot, as the reader sees it now.

    text: text or caption; ``versions`` holds what it said before each edit.
    kind: "text", "photo", "document", "video", "audio".
    reply_to: message id, None for no quote.  file, file_name: None for text.
    album: the media_group_id, None outside albums.  date: aware UTC.
    """

    bot: SimBot
    chat_id: int
    message_id: int
    text: str
    entities: list[Json]
    reply_to: int | None
    kind: str
    date: datetime
    file: bytes | None = None
    file_name: str | None = None
    album: str | None = None
    thread_id: int | None = None
    markup: Json | None = None
    silent: bool = False
    versions: list[str] = field(default_factory=list)
    deleted: bool = False


@dataclass
class ApiCall:
    """One request to the API.

    at: arrival, aware UTC.  bot_id: None for a token nobody has.
    method: the API's spelling; "download" for a file; unknown names as sent.
    parameters: texts as sent, files as Upload; the token is not among them.
    status: the HTTP status answered; None while open, or when the
    connection was dropped instead.
    """

    at: datetime
    bot_id: int | None
    method: str
    parameters: Json
    status: int | None = None
