"""Telegram updates.  Source: Bot API 9, https://core.telegram.org/bots/api#update.

A message's external id is ``bot/chat/message``: Telegram's own number is
unique only within a chat of one bot.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from normalizer import telegram_business as business
from normalizer import telegram_places as places
from normalizer.known import Known
from normalizer.telegram_shapes import Entity, File, Message, Update
from normalizer.text import one_line, readable
from tickets.errors import PayloadError
from tickets.ids import ThreadKey
from tickets.model import (
    AttachmentDraft,
    Author,
    Ignored,
    InboundMessage,
    RawEvent,
    ThreadRef,
)

MAX_FILE_BYTES = 20_000_000
"""The Bot API hands out no larger file (getFile)."""


_decoder = msgspec.json.Decoder(Update)


def normalize_update(event: RawEvent, known: Known) -> InboundMessage | Ignored:
    """One update.  Raises PayloadError for one of a wrong shape."""
    try:
        update = _decoder.decode(event.payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError(f"not a Telegram update: {error}") from error
    in_business = update.business_message or update.edited_business_message
    if in_business is not None:
        return business.said(event, in_business, partial(_read, edited=update.business_message is None))
    message = update.message or update.edited_message
    if message is None:
        return _without_words(event, update)
    edited = update.message is None
    if message.chat.type == "private":
        if message.sender is None or message.sender.is_bot:
            return Ignored(reason="not_from_a_person")
        return _read(event, message, places.person_of(message.sender), edited=edited)
    if message.chat.type not in places.GROUPS or (known.groups == "off" and not event.feed):
        return Ignored(reason=f"{one_line(message.chat.type, 20)}_chat")
    author = places.author_in_group(message)
    if author is None:
        return Ignored(reason="not_from_a_person")
    ours = known.groups == "all" or (known.groups == "mentions" and places.is_addressed(event, message))
    if not (ours or event.feed or message.media_group_id or edited):  # an edit may take the name away
        return Ignored(reason="not_addressed")
    read = _read(event, places.without_call(event, message), author, edited=edited)
    return replace(
        read,
        text=places.quoted(event, message, author) + read.text,
        thread=places.thread_of(message, author),
        reply_to=places.answered(event, message, author),
        command="",
        argument="",
        unaddressed=not ours and not event.feed,
        feed="" if ours else event.feed,
        address=places.address_of(message) if event.feed and not ours else "",
    )


def _without_words(event: RawEvent, update: Update) -> InboundMessage | Ignored:
    """A button that was pressed, signs at a message, or its end."""
    if update.deleted_business_messages is not None:
        return business.deleted(event, update.deleted_business_messages)
    pressed, reacted = update.callback_query, update.message_reaction
    if pressed is not None and pressed.message is not None and pressed.message.chat.type == "private":
        if not event.looked_up:
            return Ignored(reason="forged_button")
        command, _, argument = event.looked_up.partition(" ")
        chat, name = pressed.message.chat.id, f"pressed/{update.update_id}"
        done = _said(event, chat, name, places.person_of(pressed.sender))
        return replace(done, command=command, argument=argument)
    if reacted is not None and reacted.user is not None and not reacted.user.is_bot:
        signs = "".join(one_line(one.emoji, 20) or "✨" for one in reacted.new_reaction[:10])
        author = places.person_of(reacted.user)
        said = _said(event, reacted.chat.id, str(reacted.message_id), author)
        moment = _moment(reacted.date, event.received_at)
        return replace(said, kind="reaction", text=signs, sent_at=moment)
    return Ignored(reason="not_a_message")


def _said(event: RawEvent, chat: int, name: str, author: Author) -> InboundMessage:
    """What somebody did in a chat without words."""
    return InboundMessage(
        channel="telegram",
        account=event.account,
        external_id=places.name_of(event, chat, name),
        thread=ThreadRef(key=ThreadKey(str(chat)), visibility="private"),
        author=author,
        text="",
        sent_at=event.received_at,
        authenticity=places.VOUCHED,
    )


def _read(event: RawEvent, message: Message, author: Author, *, edited: bool) -> InboundMessage:
    chat, replied = str(message.chat.id), message.reply_to_message
    text = _text(message)
    command, argument = ("", "") if edited else _command(message, text)
    return InboundMessage(
        channel="telegram",
        account=event.account,
        external_id=places.ref(event, message, message.message_id),
        thread=ThreadRef(key=ThreadKey(chat), visibility="private"),
        author=author,
        text=text,
        sent_at=_moment(message.edit_date or message.date if edited else message.date, event.received_at),
        authenticity=places.VOUCHED,
        kind="edit" if edited else "message",
        reply_to=(places.ref(event, message, replied.message_id),) if replied else (),
        attachments=tuple(_attachments(message)),
        group=f"{chat}/{message.media_group_id}" if message.media_group_id else "",
        command=command,
        argument=argument,
    )


COMMANDS = ("start", "help", "status", "human", "close", "language")
LONGEST_LANGUAGE = 20


def _command(message: Message, text: str) -> tuple[str, str]:
    """A command, and what stands behind ``/start`` or ``/language``.

    With other words or files it is talk, so that they are kept.
    """
    first, _, argument = text.partition(" ")
    name = first.partition("@")[0].removeprefix("/").lower() if first.startswith("/") else ""
    argument = argument.strip()
    takes = name == "start" or (name == "language" and len(argument) <= LONGEST_LANGUAGE)
    talk = name not in COMMANDS or any(_files(message)) or (argument and not takes)
    return ("", "") if talk else (name, argument[:64])


def _moment(seconds: int, otherwise: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return otherwise


def _text(message: Message) -> str:
    if message.text is not None:
        written = _with_links(message.text, message.entities)
    elif message.caption is not None:
        written = _with_links(message.caption, message.caption_entities)
    else:
        written = ""
    shown = [part for part in (_in_words(message), readable(written)) if part]
    if not shown and not any(_files(message)):
        return "[unsupported content]"
    return "\n".join(shown)


def _with_links(text: str, entities: list[Entity]) -> str:
    """Links hidden behind words, written out, so that nobody clicks what they cannot see.

    Entity offsets count UTF-16 units; those beyond the text are ignored.
    """
    hidden = [e for e in entities if e.type == "text_link" and e.url and e.offset >= 0 and e.length > 0]
    if not hidden:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    for entity in sorted(hidden, key=lambda found: found.offset, reverse=True):
        end = (entity.offset + entity.length) * 2
        if end <= len(units):
            units = units[:end] + f" ({entity.url})".encode("utf-16-le", "surrogatepass") + units[end:]
    return units.decode("utf-16-le", "replace")


_SHOWN_AS: Final = (
    ("venue", "[place: {title}, {address}]"),
    ("location", "[location: {latitude}, {longitude}]"),
    ("contact", "[contact: {first_name} {phone_number}]"),
    ("poll", "[poll: {question}]"),
    ("checklist", "[checklist: {title}]"),
    ("dice", "[dice: {emoji} {value}]"),
    ("game", "[game: {title}]"),
    ("invoice", "[invoice: {title}]"),
    ("paid_media", "[paid media, stars: {star_count}]"),
    ("story", "[story]"),
)
"""What is not text, by the message's field, as one readable line; the names are of what Telegram tells."""


def _in_words(message: Message) -> str:
    """The first of them that a message has; empty for a message of words and files."""
    for name, line in _SHOWN_AS:
        if found := getattr(message, name):
            live = name == "location" and "live_period" in found
            return ("[live " + line[1:] if live else line).format_map(_Words(found))
    if message.sticker:
        return f"[sticker {one_line(message.sticker.emoji or '', 10)}]"
    for label, file in (("voice message", message.voice), ("video message", message.video_note)):
        if file is not None:
            return f"[{label}, {file.duration or 0} s]"
    return ""


class _Words(dict[str, str]):
    """What was told, each as words for one line; empty where it was not."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__({name: one_line(str(value), 200) for name, value in told.items()})

    def __missing__(self, _name: str) -> str:
        return ""


def _files(message: Message) -> Iterator[tuple[File, str, str]]:
    """Each file with a name and type to fall back on."""
    if message.photo:
        largest = max(message.photo, key=lambda size: size.file_size or 0)
        yield largest, f"photo-{message.message_id}.jpg", "image/jpeg"
    candidates = (
        (None if message.animation else message.document, "file", "application/octet-stream"),
        (message.animation, "animation.mp4", "video/mp4"),
        (message.voice, "voice.ogg", "audio/ogg"),
        (message.audio, "audio.mp3", "audio/mpeg"),
        (message.video, "video.mp4", "video/mp4"),
        (message.video_note, "video-note.mp4", "video/mp4"),
        (message.sticker, "sticker.webp", "image/webp"),
    )
    for file, name, media_type in candidates:
        if file is not None:
            yield file, name, media_type


def _attachments(message: Message) -> Iterator[AttachmentDraft]:
    for file, name, media_type in _files(message):
        too_large = (file.file_size or 0) > MAX_FILE_BYTES
        yield AttachmentDraft(
            name=one_line(file.file_name or name),
            media_type=one_line(file.mime_type or media_type, 100),
            size_bytes=file.file_size,
            remote_id=None if too_large else file.file_id,
            note="Larger than the 20 MB that Telegram hands to bots; ask for it another way." if too_large else "",
        )
