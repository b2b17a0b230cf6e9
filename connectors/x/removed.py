"""What became of posts that are kept here: asked as X wants it, many at once, free of charge.

Source: https://docs.x.com/x-api/compliance/batch-compliance/introduction, read 2026-11.
"""

import logging
from collections.abc import Sequence
from typing import Annotated

import msgspec

from connectors.x.app import AppApi
from tickets.errors import Unreachable
from tickets.ids import ExternalMessageId

log = logging.getLogger(__name__)

ENDED = ("failed", "expired")
PLACE_ONLY = "scrub_geo"
"""The author took the place away from a post; no place is kept here."""
Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}\Z")]


class Question(msgspec.Struct):
    """A job of X's, in which it looks after many posts."""

    id: Number
    status: str
    upload_url: str = ""
    download_url: str = ""


class Told(msgspec.Struct):
    data: Question


class Fate(msgspec.Struct):
    """A post that was removed, or whose author hides, left or was locked out."""

    id: str
    reason: str = ""


async def ask(app: AppApi, posts: Sequence[ExternalMessageId]) -> str:
    """The question's id.  Raises ConnectorError; X works at one question of an app at a time."""
    told = await app.call("POST", "/2/compliance/jobs", {"type": "tweets"})
    question = _question(told)
    await app.send(question.upload_url, "\n".join(posts).encode() + b"\n")
    return question.id


async def fetch(app: AppApi, question_id: str) -> Sequence[ExternalMessageId] | None:
    """Posts that are to go; None while X is looking.  Raises ConnectorError, also when X gave up."""
    question = _question(await app.call("GET", f"/2/compliance/jobs/{question_id}"))
    if question.status in ENDED:
        raise Unreachable(f"X has not looked after the posts: {question.status}.")
    if question.status != "complete":
        return None
    fates = [fate for line in await app.fetch_lines(question.download_url) if (fate := _fate(line)) is not None]
    return [ExternalMessageId(fate.id) for fate in fates if fate.reason != PLACE_ONLY]


def _fate(line: bytes) -> Fate | None:
    """One that cannot be read must not keep the others from being followed."""
    try:
        return msgspec.json.decode(line, type=Fate)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        log.warning("A line of X's about removed posts cannot be read, and is passed by")
        return None


def _question(told: object) -> Question:
    try:
        return msgspec.convert(told, Told).data
    except msgspec.ValidationError as error:
        raise Unreachable("X's answer about removed posts cannot be read.") from error
