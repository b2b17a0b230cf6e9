"""Files that a person attaches: from outside, so a name is a label and a type a claim."""

import re
from typing import NamedTuple

from tickets.ids import AttachmentId, new_id
from tickets.model import AttachmentDraft, Message
from tickets.records import NewAttachment

LONGEST_NAME = 150
BYTES = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[a-z]{1,40}/[a-z0-9][a-z0-9.+-]{0,80}")


class NewFile(NamedTuple):
    """As a browser or a program hands it over."""

    name: str
    media_type: str
    content: bytes


def attachment_of(file: NewFile, message: Message) -> NewAttachment:
    """The file as an attachment of an outgoing message."""
    draft = AttachmentDraft(_label(file.name), _type(file.media_type), len(file.content), file.content)
    return NewAttachment(AttachmentId(new_id()), message.id, draft)


def _label(name: str) -> str:
    """One line without a path; programs of other systems separate with a backslash."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if letter.isprintable()).strip(" .")
    return shown[-LONGEST_NAME:] or "file"


def _type(claimed: str) -> str:
    media_type = claimed.partition(";")[0].strip().lower()
    return media_type if _MEDIA_TYPE.fullmatch(media_type) else BYTES
