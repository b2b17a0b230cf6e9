"""Routes that change messages: edit, delete, react."""

from __future__ import annotations

from simulators.discord.calling import NOTHING, Answer, Call, find_channel, find_message, find_writable
from simulators.discord.channels import DirectChannel
from simulators.discord.errors import ApiError, missing_permissions
from simulators.discord.messages import view
from simulators.discord.posting import note_pings, pinged, read_content
from simulators.discord.records import Json, SentMessage


def edit_message(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/message#edit-message"""
    channel = find_channel(call)
    message_id, message = find_message(call, channel)
    if not _own(call, message):
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    fields = call.body.fields()
    if "content" in fields:
        content = read_content(fields, required=not message["attachments"])
        message["content"] = content
        message["mentions"] = pinged(call, fields, content)
        note_pings(call, fields)
    message["edited_timestamp"] = call.state.now().isoformat()
    sent = _sent(call, message_id)
    if sent is not None:
        sent.versions.append(sent.text)
        sent.text = str(message["content"])
    call.state.herald.tell_message("MESSAGE_UPDATE", channel, message)
    call.state.bell.ring()
    return Answer(view(call.state, channel, message, call.bot, granted=call.bot.message_content))


def delete_message(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/message#delete-message"""
    channel = find_channel(call)
    message_id, message = find_message(call, channel)
    if not _own(call, message):
        if isinstance(channel, DirectChannel):
            raise ApiError(403, 50003, "Cannot execute action on a DM channel")
        raise missing_permissions()
    del channel.messages[message_id]
    sent = _sent(call, message_id)
    if sent is not None:
        sent.deleted = True
    call.state.herald.tell_deleted(channel, message_id)
    call.state.bell.ring()
    return NOTHING


def react(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/message#create-reaction"""
    channel = find_writable(call)
    message = find_message(call, channel)[1]
    reactions = message.setdefault("reactions", [])
    if isinstance(reactions, list):
        emoji = {"id": None, "name": call.places["emoji"]}
        counts = {"burst": 0, "normal": 1}
        reactions.append({"emoji": emoji, "count": 1, "count_details": counts, "me": True, "me_burst": False})
    return NOTHING


def _own(call: Call, message: Json) -> bool:
    author = message["author"]
    return isinstance(author, dict) and author.get("id") == str(call.bot.id)


def _sent(call: Call, message_id: int) -> SentMessage | None:
    return next((message for message in call.state.sent if message.id == message_id), None)
