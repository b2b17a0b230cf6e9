"""Threads, whoever starts them.

Source: https://discord.com/developers/docs/topics/threads
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from simulators.discord.bodies import limited_text
from simulators.discord.calling import NOTHING, Answer, Call, find_channel, find_message, find_writable
from simulators.discord.channels import (
    MOST_TAGS,
    TYPE_PRIVATE_THREAD,
    SimChannel,
    SimForum,
    SimThread,
    refuse_one_more,
)
from simulators.discord.errors import ApiError, invalid_form
from simulators.discord.messages import FLAG_HAS_THREAD, TYPE_THREAD_CREATED, TYPE_THREAD_STARTER, compose
from simulators.discord.reading import page_limit
from simulators.discord.records import Json
from simulators.discord.snowflakes import parse_snowflake
from simulators.discord.state import PlatformState

NAME_MAX = 100


def open_thread(
    state: PlatformState,
    channel: SimChannel,
    name: str,
    owner: Json,
    starter_id: int | None,
    members: Sequence[int] | None = None,
    *,
    in_forum: bool = False,
) -> SimThread:
    """Start a thread, tell everybody who may read it, and leave the system messages Discord leaves.

    starter_id: a message of the channel; None for a thread of its own.
    members: who else is in a private one; None for a public one.
    """
    thread_id = state.snowflakes.next() if starter_id is None else starter_id
    private = members is not None
    thread = SimThread(thread_id, channel, name, int(str(owner["id"])), starter_id, state.now(), private=private)
    thread.joined.update(members or ())
    state.channels[thread_id] = thread
    if channel.guild is not None:
        channel.guild.threads.append(thread)
    state.herald.tell_thread(thread)
    if starter_id is None and not private and not in_forum:
        _leave(state, channel, owner, _pointing(thread, TYPE_THREAD_CREATED, name))
    elif starter_id is not None:
        _mark(state, channel, starter_id, thread)
        pointing = _pointing(channel, TYPE_THREAD_STARTER, "")
        pointing["message_reference"] = {**_place(channel), "message_id": str(starter_id)}
        _leave(state, thread, owner, pointing)
    return thread


def start_from_message(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/channel#start-thread-from-message"""
    channel = _parent(call)
    message_id = find_message(call, channel)[0]
    if message_id in call.state.channels:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    return _answer(call, channel, message_id)


def start(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/channel#start-thread-without-message"""
    private = call.body.fields().get("type") == TYPE_PRIVATE_THREAD
    return _answer(call, _parent(call), None, [call.bot.id] if private else None)


def take_in(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/channel#add-thread-member"""
    thread = _thread(call)
    thread.joined.add(call.place("user"))
    call.state.bell.ring()
    return NOTHING


def modify(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/channel#modify-channel"""
    thread, fields = _thread(call), call.body.fields()
    if "archived" in fields:
        if fields["archived"] is not True and thread.archived_at is not None:
            refuse_one_more(thread)
        thread.archived_at = call.state.now() if fields["archived"] is True else None
    if "locked" in fields:
        thread.locked = fields["locked"] is True
    if "applied_tags" in fields:
        thread.tags = _read_tags(thread, fields["applied_tags"])
    call.state.herald.tell_thread(thread, "THREAD_UPDATE")
    call.state.bell.ring()
    return Answer(thread.shape())


def _read_tags(thread: SimThread, wanted: object) -> list[int]:
    """Invalid form: not a forum's, unknown ones, or too many."""
    known = set(thread.parent.tags.values()) if isinstance(thread.parent, SimForum) else set()
    ids = [parse_snowflake(str(one)) for one in wanted] if isinstance(wanted, list) else [None]
    if len(ids) > MOST_TAGS or not all(one in known for one in ids):
        raise invalid_form("applied_tags", "INVALID_TAG", "Tags must be of the forum, five at most.")
    return [one for one in ids if one is not None]


def _thread(call: Call) -> SimThread:
    thread = find_channel(call)
    if not isinstance(thread, SimThread):
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    return thread


def list_public_archived(call: Call) -> Answer:
    """The last archived first; ``before`` is a time.

    https://discord.com/developers/docs/resources/channel#list-public-archived-threads
    """
    before = call.query.get("before")
    try:
        limit = datetime.fromisoformat(before) if before else None
    except ValueError:
        raise invalid_form("before", "DATE_TIME_TYPE_PARSE", f'Could not parse "{before}".') from None

    def wanted(thread: SimThread) -> bool:
        return not thread.private and (limit is None or _archived_at(thread) < limit)

    return _archive(call, wanted, _archived_at)


def list_joined_archived(call: Call) -> Answer:
    """The private ones the bot is in, the youngest first; ``before`` is a thread.

    https://discord.com/developers/docs/resources/channel#list-joined-private-archived-threads
    """
    before = call.query.get("before")
    limit = parse_snowflake(before) if before else None
    if before and limit is None:
        raise invalid_form("before", "NUMBER_TYPE_COERCE", f'Value "{before}" is not snowflake.')

    def wanted(thread: SimThread) -> bool:
        return thread.private and call.bot.id in thread.joined and (limit is None or thread.id < limit)

    return _archive(call, wanted, lambda thread: thread.id)


def _archive(
    call: Call, wanted: Callable[[SimThread], bool], age: Callable[[SimThread], int | datetime]
) -> Answer:
    channel = find_channel(call)
    if not isinstance(channel, SimChannel) or channel.guild is None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    archived = [one for one in channel.guild.threads if one.parent is channel and one.archived_at is not None]
    found = sorted(filter(wanted, archived), key=age, reverse=True)
    page = found[: page_limit(call)]
    members = [one.member(call.bot.id) for one in page if call.bot.id in one.joined]
    return Answer(
        {"threads": [one.shape() for one in page], "members": members, "has_more": len(found) > len(page)}
    )


def _archived_at(thread: SimThread) -> datetime:
    return thread.archived_at or thread.created_at


def _answer(
    call: Call, channel: SimChannel, message_id: int | None, members: Sequence[int] | None = None
) -> Answer:
    name = limited_text(call.body.fields(), "name", NAME_MAX)
    refuse_one_more(channel)
    thread = open_thread(call.state, channel, name, call.bot.user(), message_id, members)
    call.state.bell.ring()
    return Answer({**thread.shape(), "member": thread.member(call.bot.id)}, 201)


def _parent(call: Call) -> SimChannel:
    channel = find_writable(call)
    if not isinstance(channel, SimChannel):
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    return channel


def _mark(state: PlatformState, channel: SimChannel, starter_id: int, thread: SimThread) -> None:
    starter = channel.messages[starter_id]
    starter["flags"] = int(str(starter["flags"])) | FLAG_HAS_THREAD
    starter["thread"] = thread.shape()
    state.herald.tell_message("MESSAGE_UPDATE", channel, starter)


def _leave(state: PlatformState, place: SimChannel | SimThread, owner: Json, content: Json) -> None:
    message = compose(state, place, owner, content)
    state.herald.tell_message("MESSAGE_CREATE", place, message)


def _pointing(place: SimChannel | SimThread, kind: int, content: str) -> Json:
    return {"type": kind, "content": content, "message_reference": _place(place)}


def _place(place: SimChannel | SimThread) -> Json:
    return {"type": 0, "channel_id": str(place.id), "guild_id": str(place.guild_id)}
