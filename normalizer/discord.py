"""Discord's gateway events.  Source: https://discord.com/developers/docs, API v10, read 2026-11.

A message's external id is ``channel/message``, so that an answer finds its
way by it.  A direct message channel or a thread is one conversation; in a
channel that everybody shares each person has a conversation of their own.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from normalizer.discord_interactions import read_interaction
from normalizer.discord_shapes import Event, Forwarded, Gone, Message, moment_of
from normalizer.known import NOTHING_KNOWN, Known
from normalizer.text import one_line, readable
from tickets.errors import PayloadError
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import (
    AttachmentDraft,
    Authenticity,
    Author,
    Ignored,
    InboundMessage,
    RawEvent,
    ThreadRef,
)

MAX_FILE_BYTES = 25 * 1024 * 1024
WRITTEN_BY_PEOPLE = frozenset({0, 19, 20, 23})
"""Plain, reply, slash command, context menu command; every other type is a notice of Discord's own."""
VOICE_FLAG = 1 << 13
VOUCHED = Authenticity(verdict="verified", by="discord")
_TAG = re.compile(r"<(@[!&]?|#|a?:[A-Za-z0-9_]{1,32}:)(\d{1,20})>")


def normalize_event(event: RawEvent, known: Known = NOTHING_KNOWN) -> InboundMessage | Ignored:
    """One gateway event.  Raises PayloadError.

    ``event.note`` is ``thread`` for one in a thread, ``room`` for one in a private thread of a person's own,
    ``post`` for one in a forum's post, whose title is ``event.looked_up``.
    """
    try:
        told = msgspec.json.decode(event.payload, type=Event)
        if told.t == "INTERACTION_CREATE":
            return read_interaction(event, told.d)
        if told.t == "MESSAGE_DELETE":
            return _deleted(event, msgspec.json.decode(told.d, type=Gone))
        if told.t not in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            return Ignored(reason="not_a_message")
        message = msgspec.json.decode(told.d, type=Message)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError(f"not a Discord event: {error}") from error
    if message.author.bot or message.webhook_id is not None:
        return Ignored(reason="not_from_a_person")
    if message.type not in WRITTEN_BY_PEOPLE:
        return Ignored(reason="notice")
    named = event.own_id in (one.id for one in message.mentions)
    addressed = message.guild_id is None or event.note in ("room", "post") or named
    if not addressed and not event.feed:
        return Ignored(reason="not_addressed")
    read = _read(event, message, edited=told.t == "MESSAGE_UPDATE")
    ours = message.member is not None and not set(known.staff).isdisjoint(message.member.roles)
    if not addressed:
        return Ignored(reason="staff_talk") if ours else _read_along(event, message, read)
    return _by_staff(message, read) if ours else read


def _read_along(event: RawEvent, message: Message, read: InboundMessage) -> InboundMessage:
    guild = message.guild_id or ""
    address = (
        f"https://discord.com/channels/{guild}/{message.channel_id}/{message.id}" if guild.isdecimal() else ""
    )
    return replace(read, feed=event.feed, address=address)


def _by_staff(message: Message, read: InboundMessage) -> InboundMessage | Ignored:
    """What one of ours writes is an answer; which of several people gets it, the reference says."""
    if read.kind != "message":
        return Ignored(reason="staff_edit")
    reference = message.message_reference
    answered = reference.message_id if reference is not None and reference.type == 0 else None
    names = (_name(message.channel_id, answered),) if answered else ()
    return replace(read, by_us=True, reply_to=names)


def _read(event: RawEvent, message: Message, *, edited: bool) -> InboundMessage:
    author = message.author
    nick = message.member.nick if message.member else None
    return InboundMessage(
        channel="discord",
        account=event.account,
        external_id=_name(message.channel_id, message.id),
        thread=_thread(event, message.channel_id, message.guild_id, author.id),
        author=Author(
            external_id=author.id,
            display_name=one_line(nick or author.global_name or author.username, 80) or f"User {author.id}",
            handle=one_line(author.username, 80) or None,
            since=moment_of(author.id),
        ),
        text=_text(event, message),
        sent_at=_moment(message.edited_timestamp, message.id, event.received_at),
        authenticity=VOUCHED,
        kind="edit" if edited else "message",
        reply_to=tuple(_answered(event, message)),
        attachments=tuple(_attachments(message)),
        subject=one_line(event.looked_up, 200) or None,
    )


def _deleted(event: RawEvent, gone: Gone) -> InboundMessage:
    """Nobody says who deleted it: the person, or whoever keeps order there."""
    return InboundMessage(
        channel="discord",
        account=event.account,
        external_id=_name(gone.channel_id, gone.id),
        thread=_thread(event, gone.channel_id, gone.guild_id, "unknown"),
        author=Author(external_id="unknown", display_name="Unknown"),
        text="",
        sent_at=event.received_at,
        authenticity=VOUCHED,
        kind="delete",
        feed=event.feed,
    )


def _name(channel: str, message: str) -> ExternalMessageId:
    return ExternalMessageId(f"{channel}/{message}")


def _thread(event: RawEvent, channel: str, guild: str | None, author: str) -> ThreadRef:
    if guild is None:
        return ThreadRef(key=ThreadKey(channel), visibility="private")
    if event.note == "room":
        return ThreadRef(key=ThreadKey(channel), visibility="private")
    key = channel if event.note in ("thread", "post") else f"{channel}/{author}"
    return ThreadRef(key=ThreadKey(key), visibility="public", title=one_line(event.looked_up, 80))


def _moment(edited: str | None, message_id: str, otherwise: datetime) -> datetime:
    """When it was edited, or written: an id is a time."""
    try:
        if edited is not None:
            moment = datetime.fromisoformat(edited)
            return moment.astimezone(UTC) if moment.tzinfo else otherwise
        return moment_of(message_id) or otherwise
    except (ValueError, OverflowError, OSError):
        return otherwise


def _answered(event: RawEvent, message: Message) -> Iterator[ExternalMessageId]:
    """The message it answers.  In public only ours or the person's own: others' talk is no part of the case."""
    reference, replied = message.message_reference, message.referenced_message
    if reference is None or reference.type != 0 or reference.message_id is None:
        return
    if message.guild_id is not None:
        by = replied.author.id if replied and replied.author else ""
        if by not in (event.own_id, message.author.id):
            return
    yield _name(reference.channel_id or message.channel_id, reference.message_id)


def _text(event: RawEvent, message: Message) -> str:
    names = {one.id: one.global_name or one.username for one in message.mentions}
    written = _without_call(event, message.content)
    parts = [_in_words(message), readable(_spelled(written, names))]
    parts += [_forwarded(one.message) for one in message.message_snapshots]
    shown = [part for part in parts if part]
    if not shown and not message.attachments:
        return "[no text]"
    return "\n".join(shown)


def _without_call(event: RawEvent, text: str) -> str:
    """The call at the beginning is for the bot, not for whoever reads."""
    call = re.compile(rf"\s*<@!?{re.escape(event.own_id)}>[\s,:]*")
    begun = call.match(text)
    return text[begun.end() :] if begun else text


def _spelled(text: str, names: dict[str, str]) -> str:
    """Discord's tags as people see them; what we have no name for stays as it is."""

    def shown(tag: re.Match[str]) -> str:
        kind, number = tag[1], tag[2]
        if kind in ("@", "@!") and number in names:
            return f"@{one_line(names[number], 80)}"
        if kind.endswith(":"):
            return kind.removeprefix("a")
        return tag[0]

    return _TAG.sub(shown, text)


def _in_words(message: Message) -> str:
    """What is not text, as one readable line."""
    if message.flags & VOICE_FLAG and message.attachments:
        return f"[voice message, {round(message.attachments[0].duration_secs or 0)} s]"
    if message.sticker_items:
        return " ".join(f"[sticker {one_line(one.name, 40)}]" for one in message.sticker_items)
    if message.poll is not None:
        question = message.poll.get("question")
        text = question.get("text") if isinstance(question, dict) else ""
        return f"[poll: {one_line(text, 200) if isinstance(text, str) else ''}]"
    return ""


def _forwarded(snapshot: Forwarded) -> str:
    return f"[forwarded] {readable(_spelled(snapshot.content, {}))}".strip()


def _attachments(message: Message) -> Iterator[AttachmentDraft]:
    """remote_id: ``channel/message/attachment``; links expire, so none is kept."""
    for file in message.attachments:
        too_large = (file.size or 0) > MAX_FILE_BYTES
        yield AttachmentDraft(
            name=one_line(file.filename or "file"),
            media_type=one_line(file.content_type or "application/octet-stream", 100),
            size_bytes=file.size,
            remote_id=None if too_large else f"{message.channel_id}/{message.id}/{one_line(file.id, 30)}",
            note="Larger than 25 MiB; look at it in Discord." if too_large else "",
        )
    for snapshot in message.message_snapshots:
        for file in snapshot.message.attachments:
            note = "Forwarded from elsewhere; look at it in Discord."
            yield AttachmentDraft(
                name=one_line(file.filename or "file"),
                media_type=one_line(file.content_type or "application/octet-stream", 100),
                size_bytes=file.size,
                note=note,
            )
