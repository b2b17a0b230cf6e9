"""Message objects, and how much of one a bot may see.

Source: https://discord.com/developers/docs/resources/message and
https://discord.com/developers/docs/events/gateway#message-content-intent
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from simulators.discord.records import Json
from simulators.discord.snowflakes import parse_snowflake

if TYPE_CHECKING:
    from simulators.discord.bots import SimBot
    from simulators.discord.channels import Channel
    from simulators.discord.state import PlatformState

TYPE_DEFAULT = 0
TYPE_REPLY = 19
TYPE_THREAD_CREATED = 18
TYPE_THREAD_STARTER = 21
FLAG_HAS_THREAD = 1 << 5

_MENTION = re.compile(r"<@!?([0-9]{1,20})>")
_LISTS = ("attachments", "embeds", "components")


def compose(state: PlatformState, channel: Channel, author: Json, content: Json) -> Json:
    """Put a message in the channel, every field there; ``content`` overrides what stands by default."""
    channel.wake(state)
    at = state.now()
    message_id = state.snowflakes.next(at)
    message: Json = {
        "type": TYPE_DEFAULT,
        "channel_id": str(channel.id),
        "author": author,
        "content": "",
        "timestamp": at.isoformat(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "flags": 0,
        **content,
        "id": str(message_id),
    }
    channel.add(message_id, message)
    return message


def reference(channel: Channel, message_id: int) -> Json:
    """The message_reference of a reply."""
    found: Json = {"type": 0, "channel_id": str(channel.id), "message_id": str(message_id)}
    return found if channel.guild_id is None else {**found, "guild_id": str(channel.guild_id)}


def mentioned(state: PlatformState, text: str) -> list[Json]:
    """The users a text names, each once."""
    ids = dict.fromkeys(int(digits) for digits in _MENTION.findall(text))
    return [user for user in map(state.user, ids) if user is not None]


def with_user(users: Iterable[Json], user: object) -> list[Json]:
    """``users`` and one more, unless she is among them."""
    known = list(users)
    if not isinstance(user, dict) or any(other["id"] == user.get("id") for other in known):
        return known
    return [*known, user]


def view(
    state: PlatformState,
    channel: Channel,
    message: Json,
    bot: SimBot | None,
    *,
    granted: bool,
    event: bool = False,
) -> Json:
    """The message as this bot sees it.

    bot: None sees everything.  granted: the message content intent.
    event: as the gateway tells it; False: as the REST API does.
    """
    seen = _open_to(state, channel, message, bot, granted)
    if message["type"] == TYPE_REPLY or message["type"] == TYPE_THREAD_STARTER:
        seen["referenced_message"] = _referenced(state, message, bot, granted)
    if event and channel.guild is not None:
        author = message["author"]
        seen["guild_id"] = str(channel.guild.id)
        seen["member"] = channel.guild.member(whose=author if isinstance(author, dict) else None)
        seen["mentions"] = [{**user, "member": channel.guild.member(whose=user)} for user in _users(message)]
    return seen


def _open_to(state: PlatformState, channel: Channel, message: Json, bot: SimBot | None, granted: bool) -> Json:
    """The content rule, with attachments signed afresh."""
    seen = {**message, "attachments": _signed(state, message)}
    if bot is None or granted or channel.guild is None or _concerns(message, bot):
        return seen
    seen.pop("poll", None)
    return {**seen, "content": "", **{name: [] for name in _LISTS}}


def _concerns(message: Json, bot: SimBot) -> bool:
    author = message.get("author")
    users = [*_users(message), author] if isinstance(author, dict) else _users(message)
    return any(user.get("id") == str(bot.id) for user in users)


def _referenced(state: PlatformState, message: Json, bot: SimBot | None, granted: bool) -> Json | None:
    """The answered message; None when it was deleted."""
    pointer = message.get("message_reference")
    if not isinstance(pointer, dict):
        return None
    channel = state.channels.get(parse_snowflake(pointer.get("channel_id")) or 0)
    answered_id = parse_snowflake(pointer.get("message_id")) or 0
    answered = None if channel is None else channel.messages.get(answered_id)
    if channel is None or answered is None:
        return None
    return _open_to(state, channel, answered, bot, granted)


def _signed(state: PlatformState, message: Json) -> list[object]:
    attachments = message.get("attachments")
    if not isinstance(attachments, list):
        return []
    return [_fresh(state, attachment) for attachment in attachments]


def _fresh(state: PlatformState, attachment: object) -> object:
    if not isinstance(attachment, dict):
        return attachment
    known = state.files.attachment(parse_snowflake(attachment.get("id")) or 0)
    return attachment if known is None else {**attachment, **known}


def _users(message: Json) -> list[Json]:
    users = message.get("mentions")
    return [user for user in users if isinstance(user, dict)] if isinstance(users, list) else []
