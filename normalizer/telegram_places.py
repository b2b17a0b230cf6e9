"""Who writes where on Telegram, and whether it is for us where many talk.

Source: https://core.telegram.org/bots/api#message, read 2026-11.
"""

from msgspec.structs import replace

from normalizer.telegram_shapes import Entity, Message, Replied, User
from normalizer.text import one_line, readable
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import Authenticity, Author, RawEvent, ThreadRef

GROUPS = ("group", "supergroup")
VOUCHED = Authenticity(verdict="verified", by="telegram")
QUOTED_CHARS = 500
_BETWEEN = " ,:\n，：、،"


def person_of(sender: User) -> Author:
    return Author(
        external_id=str(sender.id),
        display_name=one_line(f"{sender.first_name} {sender.last_name}".strip(), 80) or f"User {sender.id}",
        handle=sender.username,
        language=sender.language_code,
    )


def author_in_group(message: Message) -> Author | None:
    """Who wrote among many; None for bots, the group itself (its anonymous admins) and posts of its channel.

    Somebody may write as a channel of theirs: then that is all that is known.
    """
    speaks_as = message.sender_chat
    if speaks_as is not None:
        if message.is_automatic_forward or speaks_as.id == message.chat.id:
            return None
        return Author(external_id=str(speaks_as.id), display_name=one_line(speaks_as.title, 80) or "A channel")
    sender = message.sender
    return None if sender is None or sender.is_bot else person_of(sender)


def thread_of(message: Message, author: Author) -> ThreadRef:
    """Each person's talk in a topic is their own: ``chat/topic/person``.

    Only topics have numbers here: in other groups Telegram numbers every
    chain of answers.
    """
    topic = message.message_thread_id if message.is_topic_message else None
    key = ThreadKey(f"{message.chat.id}/{topic or 0}/{author.external_id}")
    return ThreadRef(key=key, visibility="public", title=one_line(message.chat.title, 80))


def is_addressed(event: RawEvent, message: Message) -> bool:
    """It names the bot, answers it, or is a command for it (``/help@desk_bot``)."""
    replied = message.reply_to_message
    if replied is not None and replied.sender is not None and str(replied.sender.id) == event.own_id:
        return True
    text, entities = _words(message)
    return any(_names_us(event, text, entity) for entity in entities)


def without_call(event: RawEvent, message: Message) -> Message:
    """The call at the beginning is for the bot, not for whoever reads."""
    text, entities = _words(message)
    first = next((one for one in entities if one.offset == 0 and one.type in ("mention", "text_mention")), None)
    if first is None or not _names_us(event, text, first):
        return message
    rest = text.encode("utf-16-le", "surrogatepass")[first.length * 2 :].decode("utf-16-le", "replace")
    said = rest.lstrip(_BETWEEN)
    gone = first.length + len(rest) - len(said)  # only blanks and marks of one unit each
    moved = [replace(one, offset=one.offset - gone) for one in entities if one.offset >= gone]
    if message.text is not None:
        return replace(message, text=said, entities=moved)
    return replace(message, caption=said, caption_entities=moved)


def answered(event: RawEvent, message: Message, author: Author) -> tuple[ExternalMessageId, ...]:
    """The message it answers: ours or the person's own, as others' talk is no part of the case."""
    replied = message.reply_to_message
    by = str(replied.sender.id) if replied is not None and replied.sender is not None else ""
    if replied is None or by not in (event.own_id, author.external_id):
        return ()
    return (ref(event, message, replied.message_id),)


def quoted(event: RawEvent, message: Message, author: Author) -> str:
    """What somebody else wrote that the message answers, as a quotation above it; empty for other messages.

    Others' talk is no part of the case, and without it nobody knows what is meant.
    """
    replied = message.reply_to_message
    if replied is None or answered(event, message, author):
        return ""
    words = (message.quote.text if message.quote else "") or replied.text or replied.caption or ""
    lines = readable(words[:QUOTED_CHARS]).splitlines()
    return "\n".join(f"> {line}".rstrip() for line in [f"{_name_of(replied)}:", *lines]) + "\n\n" if lines else ""


def _name_of(replied: Replied) -> str:
    if replied.sender_chat is not None:
        return one_line(replied.sender_chat.title, 80) or "A channel"
    return person_of(replied.sender).display_name if replied.sender is not None else "Somebody"


def ref(event: RawEvent, message: Message, number: int) -> ExternalMessageId:
    """The name of a message of the same chat."""
    return name_of(event, message.chat.id, number)


def address_of(message: Message) -> str:
    """Where members see it; empty in groups whose messages have no addresses.

    Source: https://core.telegram.org/api/links#private-message-links.
    """
    chat = str(message.chat.id)
    return f"https://t.me/c/{chat[4:]}/{message.message_id}" if chat.startswith("-100") else ""


def name_of(event: RawEvent, chat: int, number: int | str) -> ExternalMessageId:
    """The name of a message in a chat."""
    return ExternalMessageId(f"{event.own_id}/{chat}/{number}")


def _words(message: Message) -> tuple[str, list[Entity]]:
    if message.text is not None:
        return message.text, message.entities
    return message.caption or "", message.caption_entities


def _names_us(event: RawEvent, text: str, entity: Entity) -> bool:
    if entity.type == "text_mention":
        return entity.user is not None and str(entity.user.id) == event.own_id
    if entity.type not in ("mention", "bot_command") or not event.looked_up:
        return False
    units = text.encode("utf-16-le", "surrogatepass")[entity.offset * 2 : (entity.offset + entity.length) * 2]
    name = units.decode("utf-16-le", "replace").rpartition("@")
    return name[1] == "@" and name[2].casefold() == event.looked_up.casefold()
