"""What a judge reads: messages both ways, the calls that carried them, the sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from simulators.discord.bots import SimBot
    from simulators.discord.people import SimPerson

Json: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class SimMessage:
    """One message a person wrote.

    guild_id: None in a DM.  text: the content as written.
    payload: the message object as MESSAGE_CREATE shows it to whoever may read everything.
    """

    id: int
    channel_id: int
    guild_id: int | None
    author_id: int
    text: str
    at: datetime
    payload: Json


@dataclass
class SentMessage:
    """One message the platform accepted from a bot, as the reader sees it now.

    text: the content; ``versions`` holds what it said before each edit.
    reply_to: id of the answered message; None for no reply.
    person: who reads it in a DM; None in a guild.  at: aware UTC.
    payload: the request's body as received.  files: name and bytes of each attachment.
    """

    bot: SimBot
    id: int
    channel_id: int
    guild_id: int | None
    text: str
    nonce: str | int | None
    reply_to: int | None
    person: SimPerson | None
    at: datetime
    payload: Json
    files: list[tuple[str, bytes]] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    deleted: bool = False


@dataclass
class ApiCall:
    """One request to the REST API or the CDN.

    path: below the API's base, e.g. ``/channels/1/messages``; ``/cdn/…`` for a download.
    at: arrival, aware UTC.  bot_id: None without a valid token.
    body: the parsed JSON; None for none, or for what is no JSON.
    status: the HTTP status answered; None while open, or when the
    connection was dropped instead.
    """

    method: str
    path: str
    at: datetime
    query: Mapping[str, str]
    bot_id: int | None = None
    body: object = None
    status: int | None = None


@dataclass(frozen=True)
class SessionStart:
    """One IDENTIFY or RESUME as it arrived, whatever became of it.

    kind: "identify" or "resume".  session_id: the new session, or the one
    asked for; None for an IDENTIFY that was refused.  seq: of a RESUME.
    intents: of an IDENTIFY, or of the session found.  compress: of the
    transport, "" for none.  path: where the client connected.
    accepted: whether READY or RESUMED was the answer.
    """

    kind: str
    session_id: str | None
    seq: int | None
    intents: int | None
    compress: str
    path: str
    at: datetime
    accepted: bool
