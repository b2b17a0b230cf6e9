"""Files that go out with an answer: held to what the channel lets through, before anything is sent."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from tickets.errors import Refused
from tickets.ids import AttachmentId
from tickets.model import DeliveryPart
from tickets.ports import FileRules
from tickets.records import NewAttachment
from tickets.rich import Rich

MEGABYTE = 1024 * 1024
MOST_BYTES = 25 * MEGABYTE
"""Of all files of an answer, whatever the channel."""


def refuse_unfit(files: Sequence[NewAttachment], rules: FileRules | None) -> None:
    """Raises Refused with a sentence about the first file that cannot go, or about all of them together."""
    if not files:
        return
    if rules is None:
        raise Refused("Files cannot be sent over this account. Say where they are to be found instead.")
    if len(files) > rules.per_piece:
        raise Refused(f"At most {rules.per_piece} files go with an answer here; these are {len(files)}.")
    for file in files:
        _refuse_one(file, rules)
    together = sum(_size(file) for file in files)
    most = MOST_BYTES if rules.apart else min(MOST_BYTES, rules.together_bytes)
    if together > most:
        raise Refused(f"The files have {_told(together)} together; at most {_told(most)} go with an answer here.")


def _refuse_one(file: NewAttachment, rules: FileRules) -> None:
    name, media_type = file.draft.name, file.draft.media_type.lower()
    if not _size(file):
        raise Refused(f"The file {name} is empty.")
    if rules.media_types and media_type not in rules.media_types:
        kinds = ", ".join(one.rpartition("/")[2].upper() for one in rules.media_types)
        raise Refused(f"The file {name} cannot be sent here; only pictures can, as {kinds}.")
    if _size(file) > rules.each_bytes:
        raise Refused(f"The file {name} has {_told(_size(file))}; at most {_told(rules.each_bytes)} go here.")


class Piece(NamedTuple):
    """Words, and what goes with them."""

    words: Rich
    files: tuple[AttachmentId, ...] = ()


def pieces(
    words: Sequence[Rich], files: Sequence[NewAttachment], rules: FileRules | None
) -> tuple[DeliveryPart, ...]:
    """The words first; then the files, with the last words or apart, in albums."""
    apart = rules is not None and rules.apart
    albums = groupby(files, lambda file: _is_picture(file, rules)) if rules and apart else ()
    wordless = [Piece(Rich("", ()), tuple(file.id for file in album)) for _pictures, album in albums]
    with_last = () if apart else tuple(file.id for file in files)
    found = [*(Piece(one) for one in words[:-1]), Piece(words[-1], with_last), *wordless]
    return tuple(
        DeliveryPart(n, one.words.text, "queued", files=one.files, spans=one.words.spans)
        for n, one in enumerate(found, 1)
    )


def _is_picture(file: NewAttachment, rules: FileRules) -> bool:
    return file.draft.media_type.lower() in rules.pictures and _size(file) <= rules.picture_bytes


def _size(file: NewAttachment) -> int:
    return len(file.draft.content or b"")


def _told(size_bytes: int) -> str:
    return f"{size_bytes / MEGABYTE:.1f} MB" if size_bytes >= MEGABYTE else f"{size_bytes / 1024:.1f} KB"
