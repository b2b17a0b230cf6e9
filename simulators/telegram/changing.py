"""Methods that change what was said: editMessageText, deleteMessage."""

from datetime import UTC, datetime, timedelta

from simulators.telegram.calling import Call, find_chat, find_target, read_markup
from simulators.telegram.chats import Conversation
from simulators.telegram.errors import bad_request
from simulators.telegram.records import Json, SentMessage
from simulators.telegram.texts import read_text

DELETABLE_FOR = timedelta(hours=48)
"""Older messages stay (https://core.telegram.org/bots/api#deletemessage)."""


async def edit_message_text(call: Call) -> Json:
    """https://core.telegram.org/bots/api#editmessagetext"""
    target = find_target(call)
    message_id = _read_message_id(call, target, "message to edit not found")
    sent = target.sent.get(message_id)
    if sent is None or sent.kind != "text":
        raise bad_request("message can't be edited")
    text, entities = read_text(call)
    markup = read_markup(call)
    if (text, entities, markup) == (sent.text, sent.entities, sent.markup):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly"
            " the same as a current content and reply markup of the message"
        )
    _rewrite(sent, text, entities, markup)
    call.state.bell.ring()
    return _rewritten(call, target, message_id, text, entities)


async def delete_message(call: Call) -> bool:
    """https://core.telegram.org/bots/api#deletemessage"""
    target = find_chat(call)
    message_id = _read_message_id(call, target, "message to delete not found")
    written = target.messages[message_id]["date"]
    assert isinstance(written, int)
    if call.bot.now() - datetime.fromtimestamp(written, UTC) > DELETABLE_FOR:
        raise bad_request("message can't be deleted for everyone")
    del target.messages[message_id]
    if (sent := target.sent.get(message_id)) is not None:
        sent.deleted = True
    call.state.bell.ring()
    return True


def _read_message_id(call: Call, target: Conversation, otherwise: str) -> int:
    if not call.parameters.has("message_id"):
        raise bad_request("message identifier is not specified")
    message_id = call.parameters.integer("message_id", 0, 0, 2**53)
    if message_id not in target.messages:
        raise bad_request(otherwise)
    return message_id


def _rewrite(sent: SentMessage, text: str, entities: list[Json], markup: Json | None) -> None:
    sent.versions.append(sent.text)
    sent.text, sent.entities, sent.markup = text, entities, markup


def _rewritten(call: Call, target: Conversation, message_id: int, text: str, entities: list[Json]) -> Json:
    message = {**target.messages[message_id], "text": text, "edit_date": call.bot.timestamp()}
    message.pop("entities", None)
    if entities:
        message["entities"] = entities
    target.messages[message_id] = message
    return message
