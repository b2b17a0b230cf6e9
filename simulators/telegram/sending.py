"""Methods that send: sendMessage, sendPhoto, sendDocument, sendMediaGroup, sendChatAction."""

import json
from dataclasses import dataclass, field

from simulators.telegram.calling import Call, find_business, find_target, read_markup
from simulators.telegram.chats import Conversation
from simulators.telegram.errors import bad_request, flood
from simulators.telegram.files import StoredFile
from simulators.telegram.parameters import Parameters
from simulators.telegram.records import Json, SentMessage
from simulators.telegram.texts import read_caption, read_text
from simulators.telegram.uploads import file_field, read_file

ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
"""What a bot can be seen doing (https://core.telegram.org/bots/api#sendchataction)."""

ALBUM_SIZES = range(2, 11)
"""Items of an album (https://core.telegram.org/bots/api#sendmediagroup)."""

ALBUM_KINDS = ("photo", "document", "video", "audio")


@dataclass(frozen=True)
class _Draft:
    """A message about to be accepted.  text: or caption."""

    kind: str
    text: str
    entities: list[Json] = field(default_factory=list)
    file: StoredFile | None = None
    album: str | None = None

    def content(self) -> Json:
        """Its part of the Message object."""
        words, marks = ("text", "entities") if self.file is None else ("caption", "caption_entities")
        content: Json = {} if self.file is None else {self.kind: file_field(self.kind, self.file)}
        content |= {words: self.text} if self.text else {}
        content |= {marks: self.entities} if self.entities else {}
        return content if self.album is None else {**content, "media_group_id": self.album}


async def send_message(call: Call) -> Json:
    """https://core.telegram.org/bots/api#sendmessage"""
    target = find_target(call)
    text, entities = read_text(call)
    return _send(call, target, [_Draft("text", text, entities)])[0]


async def send_photo(call: Call) -> Json:
    """https://core.telegram.org/bots/api#sendphoto"""
    return _send_file(call, "photo")


async def send_document(call: Call) -> Json:
    """https://core.telegram.org/bots/api#senddocument"""
    return _send_file(call, "document")


async def send_media_group(call: Call) -> list[Json]:
    """https://core.telegram.org/bots/api#sendmediagroup"""
    target = find_target(call)
    items = call.parameters.structure("media")
    if not isinstance(items, list):
        raise bad_request("can't parse media JSON object")
    if len(items) not in ALBUM_SIZES:
        raise bad_request("wrong number of items in the album")
    album = call.bot.next_album_id()
    drafts = [_album_item(call, item, album) for item in items]
    half = call.state.take_fault("half_album", method="sendMediaGroup", chat_id=str(target.info["id"]))
    if half is not None:
        after = int(str(half.details["after"]))
        _send(call, target, drafts[:after])
        raise bad_request(f'failed to send message #{after + 1} with the error message "{half.details["why"]}"')
    return _send(call, target, drafts)


async def send_chat_action(call: Call) -> bool:
    """https://core.telegram.org/bots/api#sendchataction"""
    find_target(call)
    if call.parameters.text("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    return True


def _send_file(call: Call, kind: str) -> Json:
    target = find_target(call)
    text, entities = read_caption(call.parameters)
    stored = read_file(call, kind, call.parameters.text(kind) or f"attach://{kind}")
    return _send(call, target, [_Draft(kind, text, entities, stored)])[0]


def _album_item(call: Call, item: object, album: str) -> _Draft:
    kind = item.get("type") if isinstance(item, dict) else None
    if not isinstance(item, dict) or kind not in ALBUM_KINDS:
        raise bad_request("can't parse InputMedia: type must be one of photo, document, video, audio")
    fields = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in item.items()
        if value is not None
    }
    text, entities = read_caption(Parameters(fields, {}))
    return _Draft(str(kind), text, entities, read_file(call, str(kind), fields.get("media", "")), album)


def _send(call: Call, target: Conversation, drafts: list[_Draft]) -> list[Json]:
    """Check what concerns the chat, spend one message of its limit, accept all drafts."""
    thread_id = _read_thread(call, target)
    quoted = _read_quoted(call, target)
    markup = read_markup(call)
    _spend(call, target)
    where: Json = {} if thread_id is None else {"message_thread_id": thread_id, "is_topic_message": True}
    where |= {} if quoted is None else {"reply_to_message": quoted}
    where |= {"reply_markup": markup} if markup is not None and "inline_keyboard" in markup else {}
    return [_accept(call, target, draft, where, markup) for draft in drafts]


def _accept(call: Call, target: Conversation, draft: _Draft, where: Json, markup: Json | None) -> Json:
    bot = call.bot
    message_id = target.next_message_id()
    message: Json = {
        "message_id": message_id,
        "from": bot.user(),
        "chat": target.info,
        "date": bot.timestamp(),
        **where,
        **draft.content(),
    }
    sent = SentMessage(
        bot=bot,
        chat_id=target.id,
        message_id=message_id,
        text=draft.text,
        entities=draft.entities,
        reply_to=_id_of(where.get("reply_to_message")),
        kind=draft.kind,
        date=bot.now(),
        file=None if draft.file is None else draft.file.data,
        file_name=None if draft.file is None else draft.file.name,
        album=draft.album,
        thread_id=_integer(where.get("message_thread_id")),
        markup=markup,
        silent=call.parameters.flag("disable_notification"),
    )
    if (business := find_business(call)) is not None:
        message = business.marked(message)
    target.messages[message_id] = message
    target.sent[message_id] = sent
    call.state.accept(sent, to_person=target.person is not None)
    return message


def _spend(call: Call, target: Conversation) -> None:
    wait_s = call.bot.limits.spend(target.id, group=target.group is not None)
    if wait_s == 0:
        return
    call.state.violations.append(f"@{call.bot.username} sent too fast to chat {target.id}: {wait_s} s too early")
    if call.state.enforce_limits:
        raise flood(wait_s)


def _read_thread(call: Call, target: Conversation) -> int | None:
    if not call.parameters.has("message_thread_id"):
        return None
    thread_id = call.parameters.integer("message_thread_id", 0, 0, 2**53)
    if target.group is None or thread_id not in target.group.topics:
        raise bad_request("message thread not found")
    return thread_id


def _read_quoted(call: Call, target: Conversation) -> Json | None:
    """The message answered to, of this chat or the one ``reply_parameters`` names."""
    wanted = call.parameters.structure("reply_parameters")
    if wanted is None:
        wanted = {
            "message_id": call.parameters.integer("reply_to_message_id", 0, 0, 2**53),
            "allow_sending_without_reply": call.parameters.flag("allow_sending_without_reply"),
        }
    if not isinstance(wanted, dict):
        raise bad_request("can't parse reply parameters JSON object")
    message_id = wanted.get("message_id")
    if not isinstance(message_id, int) or message_id == 0:
        return None
    chat_id = wanted.get("chat_id", target.id)
    chats = call.bot.conversations
    if (business := find_business(call)) is not None:
        chats = business.conversations
    chat = chats.get(chat_id) if isinstance(chat_id, int) else None
    if chat is not None and message_id in chat.messages:
        return chat.quoted(message_id)
    if wanted.get("allow_sending_without_reply") is True:
        return None
    raise bad_request("message to be replied not found")


def _id_of(message: object) -> int | None:
    return _integer(message.get("message_id")) if isinstance(message, dict) else None


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) else None
