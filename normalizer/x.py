"""Posts of X with what they refer to, as the connector hands them out.

Source: https://docs.x.com/x-api/posts, read 2026-11.  A message's external
id is the first id of a post: an edit is a new post that names it.  Each
person has a conversation of their own in a thread that everybody shares.
"""

import html
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from normalizer.text import one_line, readable
from tickets.errors import PayloadError
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import (
    OWN,
    AttachmentDraft,
    Authenticity,
    Author,
    Ignored,
    InboundMessage,
    RawEvent,
    ThreadRef,
)

VOUCHED = Authenticity(verdict="verified", by="x")
NO_LANGUAGE = frozenset({"und", "zxx", "art", "qam", "qct", "qht", "qme", "qst"})
"""What X writes in ``lang`` where it recognises none."""
UNCERTAIN = (
    "The person answered without naming the account. X may refuse an answer by a program here; "
    "then it can be given by hand."
)
FORBIDDEN = (
    "X lets a program answer only people who mentioned or quoted the account, and this person did neither. "
    "Answer by hand ( https://x.com/intent/post?in_reply_to={post} )."
)
QUOTED_CHARS = 500
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_LEADING = re.compile(r"(?:\s*@\w{1,15}(?=\s|$))+")
_AT_START = re.compile(r"\s*@(\w{1,15})(?=\s|$)")
Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}\Z")]
"""An id: we make names and addresses of it."""

Summons = Literal["summoned", "unknown", "not"]


class Mention(msgspec.Struct):
    """start: place in the text, in characters."""

    start: int = 0
    username: str = ""
    id: str = ""


class Link(msgspec.Struct):
    url: str = ""
    expanded_url: str | None = None
    media_key: str | None = None


class Entities(msgspec.Struct):
    mentions: list[Mention] = []
    urls: list[Link] = []


class Referenced(msgspec.Struct):
    type: str
    id: Number


class LongText(msgspec.Struct):
    """A post of more than 280: ``text`` is cut, this is whole."""

    text: str
    entities: Entities | None = None


class Attached(msgspec.Struct):
    media_keys: list[str] = []


class Post(msgspec.Struct):
    id: Number
    text: str
    author_id: Number
    created_at: datetime | None = None
    conversation_id: Number | None = None
    in_reply_to_user_id: str | None = None
    referenced_tweets: list[Referenced] = []
    entities: Entities | None = None
    attachments: Attached | None = None
    lang: str | None = None
    edit_history_tweet_ids: list[Number] = []
    note_tweet: LongText | None = None


class Beside(msgspec.Struct):
    """A post that is referred to."""

    id: str
    author_id: str = ""
    text: str = ""
    note_tweet: LongText | None = None


class User(msgspec.Struct):
    id: str
    name: str = ""
    username: str = ""
    created_at: datetime | None = None
    public_metrics: dict[str, int] = {}


class Media(msgspec.Struct):
    media_key: str
    type: str = ""
    url: str | None = None


class Above(msgspec.Struct):
    """A post further up in the talk, and who wrote it."""

    post: Beside
    users: list[User] = []


class Told(msgspec.Struct):
    """above: of the talk, beyond the post that is answered, the nearest first."""

    post: Post
    users: list[User] = []
    media: list[Media] = []
    posts: list[Beside] = []
    above: list[Above] = []


def normalize_post(event: RawEvent) -> InboundMessage | Ignored:
    """One post.  Raises PayloadError for one of a wrong shape."""
    try:
        told = msgspec.json.decode(event.payload, type=Told)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError(f"not a post of X: {error}") from error
    post = told.post
    if post.author_id == event.own_id and event.note != OWN:
        return Ignored(reason="our_own")
    if any(one.type == "retweeted" for one in post.referenced_tweets):
        return Ignored(reason="repost")
    return _read(event, told, post) if post.author_id != event.own_id else _by_hand(event, told, post)


def _by_hand(event: RawEvent, told: Told, post: Post) -> InboundMessage | Ignored:
    """An answer that one of ours posted as the account."""
    answered = [ExternalMessageId(one.id) for one in post.referenced_tweets if one.type == "replied_to"]
    if not answered or not post.in_reply_to_user_id:
        return Ignored(reason="our_own")
    said = _read(event, told, post)
    key = ThreadKey(f"{post.conversation_id or post.id}/{post.in_reply_to_user_id}")
    return replace(
        said,
        text=_LEADING.sub("", _text(event, told, post), count=1).lstrip(),
        thread=replace(said.thread, key=key),
        reply_to=tuple(answered),
        warnings=(),
        unanswerable="",
        by_us=True,
    )


def _read(event: RawEvent, told: Told, post: Post) -> InboundMessage:
    author = next((one for one in told.users if one.id == post.author_id), User(id=post.author_id))
    first = post.edit_history_tweet_ids[0] if post.edit_history_tweet_ids else post.id
    summons = may_answer(event.own_id, told)
    return InboundMessage(
        channel="x",
        account=event.account,
        external_id=ExternalMessageId(first),
        thread=ThreadRef(key=ThreadKey(f"{post.conversation_id or first}/{post.author_id}"), visibility="public"),
        author=Author(
            external_id=post.author_id,
            display_name=one_line(author.name, 80) or f"User {post.author_id}",
            handle=one_line(author.username, 40) or None,
            language=post.lang if post.lang not in NO_LANGUAGE else None,
            since=joined(author),
            followers=author.public_metrics.get("followers_count"),
        ),
        text=_above(told, post) + _text(event, told, post),
        sent_at=moment(post.created_at, event.received_at),
        authenticity=VOUCHED,
        kind="edit" if first != post.id else "message",
        reply_to=tuple(_answered(event, post)),
        aliases=(ExternalMessageId(post.id),) if first != post.id else (),
        attachments=tuple(_attachments(told, post)),
        warnings=(UNCERTAIN,) if summons == "unknown" else (),
        unanswerable=FORBIDDEN.format(post=post.id) if summons == "not" else "",
        feed=event.feed if summons == "not" else "",
        address=f"https://x.com/i/status/{post.id}" if event.feed and summons == "not" else "",
    )


def joined(author: User) -> datetime | None:
    """When they joined X; None where it does not say."""
    at = author.created_at
    return moment(at, at) if at is not None and at.tzinfo else None


def moment(written: datetime | None, otherwise: datetime) -> datetime:
    """When it was written, in UTC; an impossible or missing time is the other one."""
    try:
        return written.astimezone(UTC) if written and written.tzinfo else otherwise
    except OverflowError:
        return otherwise


def may_answer(own_id: str, told: Told) -> Summons:
    """Whether X lets a program answer this post (its rule since February 2026).

    summoned: the author mentioned or quoted the account.  unknown: a mere
    reply, in which X itself put the name at the beginning (whether that
    counts is not written anywhere), or a quote of a post that X does not
    show.  not: neither.
    """
    post = told.post
    by = {one.id: one.author_id for one in told.posts}
    if any(ref.type == "quoted" and by.get(ref.id) == own_id for ref in post.referenced_tweets):
        return "summoned"
    text, entities = _whole(post)
    starts = [one.start for one in entities.mentions if one.id == own_id]
    is_reply = any(ref.type == "replied_to" for ref in post.referenced_tweets)
    leading = _LEADING.match(text)
    put_there_by_x = leading.end() if is_reply and leading else 0
    if any(start >= put_there_by_x for start in starts):
        return "summoned"
    untold = any(ref.type == "quoted" and ref.id not in by for ref in post.referenced_tweets)
    return "unknown" if starts or untold or post.in_reply_to_user_id == own_id else "not"


def written_out(text: str, entities: Entities, pictured: Collection[str | None] = ()) -> str:
    """Links as they were written, and the three letters that X spells as HTML does as they are.

    pictured: of what is shown beside the text no link is left.
    """
    written = {
        link.url: "" if link.media_key in pictured else link.expanded_url
        for link in entities.urls
        if link.url and link.expanded_url
    } | _ENTITIES
    codes = re.compile("|".join(re.escape(code) for code in sorted(written, key=len, reverse=True)))
    return codes.sub(lambda found: written[found[0]], text)


def _whole(post: Post) -> tuple[str, Entities]:
    """The text uncut, with what stands in it."""
    if post.note_tweet is not None:
        return post.note_tweet.text, post.note_tweet.entities or post.entities or Entities()
    return post.text, post.entities or Entities()


def _text(event: RawEvent, told: Told, post: Post) -> str:
    """As people see it: links written out, the names X puts first left away, X's three entities undone."""
    text, entities = _whole(post)
    ours = {one.username.lower() for one in entities.mentions if one.id == event.own_id}
    at = 0
    while (call := _AT_START.match(text, at)) and call[1].lower() in ours:
        at = call.end()
    pictured = {one.media_key for one in _media(told, post)}
    text = written_out(text[at:], entities, pictured)
    quoted = [
        f"[quotes https://x.com/i/status/{ref.id}]" for ref in post.referenced_tweets if ref.type == "quoted"
    ]
    shown = [part for part in (readable(text), *quoted) if part]
    return "\n".join(shown) or ("" if told.media else "[no text]")


def _above(told: Told, post: Post) -> str:
    """What others wrote before in the talk, or is quoted, as quotations: without it nobody knows what is meant.

    The oldest first.  The person's own is in their ticket.
    """
    beside = {one.id: one for one in told.posts}
    names = {one.id: _called(one) for one in told.users}
    nearest = [beside[ref.id] for ref in post.referenced_tweets if ref.id in beside]
    blocks = []
    for one in reversed(told.above):
        names |= {user.id: _called(user) for user in one.users}
        blocks.append(_quotation(one.post, post, names))
    return "".join([*blocks, *(_quotation(other, post, names) for other in nearest)])


def _called(user: User) -> str:
    return f"{one_line(user.name, 80)} (@{one_line(user.username, 40)})"


def _quotation(other: Beside, post: Post, names: dict[str, str]) -> str:
    """Empty for the person's own words, and where there are none."""
    words = other.note_tweet.text if other.note_tweet else other.text
    lines = readable(html.unescape(words)[:QUOTED_CHARS]).splitlines()
    if other.author_id == post.author_id or not lines:
        return ""
    said = [f"{names.get(other.author_id, 'Somebody')}:", *lines]
    return "\n".join(f"> {line}".rstrip() for line in said) + "\n\n"


def _answered(event: RawEvent, post: Post) -> Iterator[ExternalMessageId]:
    """The post it answers, where that is ours or the person's own: others' talk is no part of the case."""
    if post.in_reply_to_user_id not in (event.own_id, post.author_id):
        return
    for ref in post.referenced_tweets:
        if ref.type == "replied_to":
            yield ExternalMessageId(ref.id)


def _media(told: Told, post: Post) -> list[Media]:
    keys = set(post.attachments.media_keys) if post.attachments else set()
    return [one for one in told.media if one.media_key in keys]


def _attachments(told: Told, post: Post) -> Iterator[AttachmentDraft]:
    for n, media in enumerate(_media(told, post), 1):
        if media.type == "photo":
            png = (media.url or "").partition("?")[0].lower().endswith(".png")
            yield AttachmentDraft(
                name=f"picture-{n}.{'png' if png else 'jpg'}",
                media_type="image/png" if png else "image/jpeg",
                remote_id=media.url or None,
                note="" if media.url else f"A picture; look at it on X: https://x.com/i/status/{post.id}",
            )
        else:
            kind = "GIF" if media.type == "animated_gif" else "video"
            yield AttachmentDraft(
                name=f"{kind.lower()}-{n}.mp4",
                media_type="video/mp4",
                note=f"A {kind}; look at it on X: https://x.com/i/status/{post.id}",
            )
