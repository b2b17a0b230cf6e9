"""Routes that write: messages and typing.

Source: https://discord.com/developers/docs/resources/message#create-message
"""

from __future__ import annotations

from datetime import datetime, timedelta

from simulators.discord.bodies import snowflake, text
from simulators.discord.calling import NOTHING, Answer, Call, find_writable
from simulators.discord.channels import Channel, DirectChannel, SimThread, refuse_one_more
from simulators.discord.errors import ApiError, invalid_form
from simulators.discord.files import StoredFile
from simulators.discord.messages import TYPE_DEFAULT, TYPE_REPLY, compose, mentioned, reference, view, with_user
from simulators.discord.records import Json, SentMessage

CONTENT_MAX = 2000
NONCE_MAX = 25

NONCE_KEPT = timedelta(minutes=5)
"""How long an enforced nonce returns the message it first made."""

_BESIDE_TEXT = ("embeds", "components", "sticker_ids", "poll")


def create_message(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/message#create-message"""
    channel = find_writable(call)
    fields = call.body.fields()
    nonce = _nonce(fields)
    content = read_content(fields, required=not call.body.uploads)
    answered = _answered(call, channel, fields)
    _check_reader(call, channel)
    if (earlier := _same_nonce(call, channel, fields, nonce)) is not None:
        return Answer(_own_view(call, channel, earlier))
    if isinstance(channel, SimThread) and channel.archived_at is not None:
        refuse_one_more(channel)
    message = _compose(call, channel, fields, content, answered, nonce)
    _remember_nonce(call, channel, nonce, message)
    note_pings(call, fields)
    _record(call, channel, fields, message, answered)
    call.state.herald.tell_message("MESSAGE_CREATE", channel, message)
    return Answer(_own_view(call, channel, message))


def type_in(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/channel#trigger-typing-indicator"""
    _check_reader(call, find_writable(call))
    return NOTHING


def read_content(fields: Json, *, required: bool) -> str:
    """The text, without blanks around it.  400: none though needed, or too long."""
    content = text(fields, "content").strip()
    if len(content) > CONTENT_MAX:
        raise invalid_form("content", "BASE_TYPE_MAX_LENGTH", f"Must be {CONTENT_MAX} or fewer in length.")
    if required and not content and not any(fields.get(name) for name in _BESIDE_TEXT):
        raise ApiError(400, 50006, "Cannot send an empty message")
    return content


def note_pings(call: Call, fields: Json) -> None:
    """Keep a sentence when nothing keeps the text from pinging."""
    allowed = fields.get("allowed_mentions")
    if not isinstance(allowed, dict) or allowed.get("parse") != []:
        call.state.violations.append("a message could ping: no allowed_mentions")


def pinged(call: Call, fields: Json, content: str) -> list[Json]:
    """The users a text of a bot really mentions."""
    allowed = fields.get("allowed_mentions")
    users = mentioned(call.state, content)
    if not isinstance(allowed, dict) or "users" in _list(allowed, "parse"):
        return users
    named = [str(user_id) for user_id in _list(allowed, "users")]
    return [user for user in users if user["id"] in named]


def _compose(
    call: Call, channel: Channel, fields: Json, content: str, answered: int | None, nonce: str | int | None
) -> Json:
    message: Json = {"content": content, "mentions": pinged(call, fields, content)}
    message["embeds"] = _list(fields, "embeds")
    message["components"] = _list(fields, "components")
    message["attachments"] = _keep_files(call, channel)
    message["type"] = TYPE_DEFAULT if answered is None else TYPE_REPLY
    if nonce is not None:
        message["nonce"] = nonce
    if answered is not None:
        message["message_reference"] = reference(channel, answered)
        allowed = fields.get("allowed_mentions")
        if not isinstance(allowed, dict) or allowed.get("replied_user"):
            author = channel.messages[answered]["author"]
            message["mentions"] = with_user(pinged(call, fields, content), author)
    return compose(call.state, channel, call.bot.user(), message)


def _record(call: Call, channel: Channel, fields: Json, message: Json, answered: int | None) -> None:
    person = channel.person if isinstance(channel, DirectChannel) else None
    nonce = message.get("nonce")
    call.state.accept(
        SentMessage(
            bot=call.bot,
            id=int(str(message["id"])),
            channel_id=channel.id,
            guild_id=channel.guild_id,
            text=str(message["content"]),
            nonce=nonce if isinstance(nonce, str | int) else None,
            reply_to=answered,
            person=person,
            at=call.state.now(),
            payload=fields,
            files=[(upload.name, upload.data) for upload in call.body.uploads.values()],
        )
    )


def _keep_files(call: Call, channel: Channel) -> list[Json]:
    kept = []
    for upload in call.body.uploads.values():
        stored = StoredFile(call.state.snowflakes.next(), channel.id, upload.name, upload.media_type, upload.data)
        call.state.files.put(stored)
        kept.append(call.state.files.attachment(stored.id) or {})
    return kept


def _check_reader(call: Call, channel: Channel) -> None:
    """403: the person does not take messages of this bot."""
    if isinstance(channel, DirectChannel) and channel.person.blocks(call.bot):
        raise ApiError(403, 50007, "Cannot send messages to this user")


def _answered(call: Call, channel: Channel, fields: Json) -> int | None:
    """The message replied to; None for no reply, also where a missing one may be ignored."""
    pointer = fields.get("message_reference")
    if pointer is None:
        return None
    if not isinstance(pointer, dict):
        raise invalid_form("message_reference", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
    message_id = snowflake(pointer, "message_id")
    place = snowflake(pointer, "channel_id")
    if message_id is not None and message_id in channel.messages and place in (None, channel.id):
        return message_id
    if pointer.get("fail_if_not_exists", True):
        raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    return None


def _nonce(fields: Json) -> str | int | None:
    nonce = fields.get("nonce")
    if nonce is None:
        return None
    if isinstance(nonce, bool) or not isinstance(nonce, int | str):
        raise invalid_form("nonce", "NONCE_TYPE_INVALID", "A nonce is a number or a text.")
    if len(str(nonce)) > NONCE_MAX:
        raise invalid_form("nonce", "NONCE_TYPE_TOO_LONG", f"Must be {NONCE_MAX} or fewer in length.")
    return nonce


def _same_nonce(call: Call, channel: Channel, fields: Json, nonce: str | int | None) -> Json | None:
    """The message this nonce made a few minutes ago, where that is asked for."""
    if nonce is None or fields.get("enforce_nonce") is not True:
        return None
    known = call.bot.nonces.get((channel.id, str(nonce)))
    if known is None or call.state.now() - known[1] >= NONCE_KEPT:
        return None
    return known[0]


def _remember_nonce(call: Call, channel: Channel, nonce: str | int | None, message: Json) -> None:
    if nonce is not None:
        entry: tuple[Json, datetime] = (message, call.state.now())
        call.bot.nonces[channel.id, str(nonce)] = entry


def _own_view(call: Call, channel: Channel, message: Json) -> Json:
    return view(call.state, channel, message, call.bot, granted=call.bot.message_content)


def _list(fields: Json, name: str) -> list[object]:
    value = fields.get(name)
    return value if isinstance(value, list) else []
