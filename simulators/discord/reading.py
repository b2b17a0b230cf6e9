"""Routes that read channels and their messages."""

from __future__ import annotations

from simulators.discord.calling import Answer, Call, find_channel, find_message
from simulators.discord.channels import Channel, SimThread
from simulators.discord.errors import ApiError, invalid_form
from simulators.discord.messages import view
from simulators.discord.records import Json
from simulators.discord.snowflakes import parse_snowflake

PAGE_MAX = 100
PAGE_DEFAULT = 50
_ANCHORS = ("before", "after", "around")


def get_channel(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/channel#get-channel"""
    channel = find_channel(call)
    shape = channel.shape()
    if isinstance(channel, SimThread) and call.bot.id in channel.joined:
        shape["member"] = channel.member(call.bot.id)
    return Answer(shape)


def get_messages(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/message#get-channel-messages"""
    channel = find_channel(call)
    limit = page_limit(call)
    ids = _page(sorted(channel.messages), _anchor(call), limit)
    call.bot.handed_out += reversed(ids)
    call.state.bell.ring()
    return Answer([shown(call, channel, channel.messages[message_id]) for message_id in reversed(ids)])


def get_message(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/message#get-channel-message"""
    channel = find_channel(call)
    return Answer(shown(call, channel, find_message(call, channel)[1]))


def shown(call: Call, channel: Channel, message: Json) -> Json:
    """A message as the REST API reads it out; its nonce is no part of that."""
    seen = view(call.state, channel, message, call.bot, granted=call.bot.message_content)
    seen.pop("nonce", None)
    return seen


def _page(ids: list[int], anchor: tuple[str, int] | None, limit: int) -> list[int]:
    """The ids asked for, oldest first: those nearest to the anchor."""
    if anchor is None:
        return ids[-limit:]
    where, pivot = anchor
    older = [message_id for message_id in ids if message_id < pivot]
    newer = [message_id for message_id in ids if message_id > pivot]
    if where == "before":
        return older[-limit:]
    if where == "after":
        return newer[:limit]
    itself = [pivot] if pivot in ids else []
    half = (limit - len(itself)) // 2
    return [*(older[-half:] if half else []), *itself, *newer[: limit - len(itself) - half]]


def _anchor(call: Call) -> tuple[str, int] | None:
    given = [name for name in _ANCHORS if name in call.query]
    if not given:
        return None
    if len(given) > 1:
        raise ApiError(400, 50035, "Invalid Form Body", errors=_only_one(given))
    pivot = parse_snowflake(call.query[given[0]])
    if pivot is None:
        raise invalid_form(given[0], "NUMBER_TYPE_COERCE", "Value is not snowflake.")
    return given[0], pivot


def _only_one(given: list[str]) -> Json:
    problem = {"_errors": [{"code": "MUTUALLY_EXCLUSIVE", "message": "Only one of these may be given."}]}
    return dict.fromkeys(given, problem)


def page_limit(call: Call) -> int:
    """How many of a list are asked for, 1 to 100."""
    text = call.query.get("limit")
    if text is None:
        return PAGE_DEFAULT
    if not (text.isascii() and text.isdecimal()):
        raise invalid_form("limit", "NUMBER_TYPE_COERCE", f'Value "{text[:40]}" is not int.')
    if not 1 <= int(text[:6]) <= PAGE_MAX:
        raise invalid_form("limit", "NUMBER_TYPE_MIN_MAX", f"int value should be between 1 and {PAGE_MAX}.")
    return int(text)
