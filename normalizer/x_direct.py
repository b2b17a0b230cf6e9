"""Direct messages of X, as the connector hands them out: each person's talk with the account is a conversation.

Source: https://docs.x.com/x-api/direct-messages/lookup/integrate, read 2026-11.
"""

import re
from datetime import datetime

import msgspec

from normalizer.text import one_line, readable
from normalizer.x import VOUCHED, Attached, Entities, Media, Number, User, joined, moment, written_out
from tickets.errors import PayloadError
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import AttachmentDraft, Author, Ignored, InboundMessage, RawEvent, ThreadRef

KEPT_BY_X = "X hands pictures of direct messages to nobody but the account itself: look at it on X."
_OF_FILE = re.compile(r"https://(?:twitter|x)\.com/messages/media/\d+")
TYPES = {
    "photo": ("picture", "image/jpeg"),
    "video": ("video", "video/mp4"),
    "animated_gif": ("animation", "video/mp4"),
}


class Direct(msgspec.Struct):
    """dm_conversation_id: of two people both numbers with a hyphen; of a group one number."""

    id: Number
    sender_id: Number
    text: str = ""
    created_at: datetime | None = None
    dm_conversation_id: str = ""
    attachments: Attached | None = None
    entities: Entities | None = None


class Told(msgspec.Struct):
    direct: Direct
    users: list[User] = []
    media: list[Media] = []


def normalize_direct(event: RawEvent) -> InboundMessage | Ignored:
    """One message.  Raises PayloadError for one of a wrong shape."""
    try:
        told = msgspec.json.decode(event.payload, type=Told)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError(f"not a direct message of X: {error}") from error
    direct = told.direct
    if direct.sender_id == event.own_id:
        return Ignored(reason="our_own")
    if direct.dm_conversation_id and "-" not in direct.dm_conversation_id:
        return Ignored(reason="group")  # what is answered there, everybody in it would read
    author = next((one for one in told.users if one.id == direct.sender_id), User(id=direct.sender_id))
    attachments = tuple(_attachments(told))
    return InboundMessage(
        channel="x",
        account=event.account,
        external_id=ExternalMessageId(f"dm/{direct.id}"),
        thread=ThreadRef(key=ThreadKey(f"dm/{direct.sender_id}"), visibility="private"),
        author=Author(
            external_id=direct.sender_id,
            display_name=one_line(author.name, 80) or f"User {direct.sender_id}",
            handle=one_line(author.username, 40) or None,
            since=joined(author),
        ),
        text=_text(told) or ("" if attachments else "[no text]"),
        sent_at=moment(direct.created_at, event.received_at),
        authenticity=VOUCHED,
        attachments=attachments,
    )


def _text(told: Told) -> str:
    """A link to a file that came with it says nothing to anybody else."""
    entities = told.direct.entities or Entities()
    files = [link for link in entities.urls if _OF_FILE.match(link.expanded_url or "")]
    text = told.direct.text
    for link in files:
        text = text.replace(link.url, "") if link.url else text
    return readable(written_out(text, entities))


def _attachments(told: Told) -> list[AttachmentDraft]:
    keys = told.direct.attachments.media_keys if told.direct.attachments else []
    kinds = {one.media_key: one.type for one in told.media}
    found = [TYPES.get(kinds.get(key, ""), ("file", "application/octet-stream")) for key in keys[:10]]
    return [AttachmentDraft(name=name, media_type=media_type, note=KEPT_BY_X) for name, media_type in found]
