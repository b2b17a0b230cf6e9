"""Endpoints that write: a post, its end, a picture for it."""

from __future__ import annotations

import json
import unicodedata
from datetime import timedelta

from simulators.x.bodies import NewPost, read_new_post
from simulators.x.calling import Answer, Call
from simulators.x.media import Picture
from simulators.x.misbehaviour import DUPLICATE, NOT_PERMITTED
from simulators.x.people import SimPerson
from simulators.x.posts import mentioned, referenced
from simulators.x.problems import forbidden, generic, invalid_request, parameter_error
from simulators.x.records import Json, SentPost, SimPost
from simulators.x.state import Said
from simulators.x.writing import Draft, Writer, begins_with

SAME_TEXT_FOR = timedelta(hours=24)
"""An account cannot say the same again within this time."""

SUSPENDED = "Your account is suspended and is not permitted to access this feature."
INVISIBLE = "You attempted to reply to a Tweet that is deleted or not visible to you."
NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged"
    " by the author of the post you are replying to."
)


async def create_post(call: Call) -> Answer:
    """https://docs.x.com/x-api/posts/creation-of-a-post"""
    call.query.check()
    new = read_new_post(call.body)
    account = call.caller.account
    pictures = _pictures(call, new)
    if account.suspended:
        raise forbidden(SUSPENDED)
    answered = None if new.reply_to is None else _answerable(call, new.reply_to)
    quoted = None if new.quoting is None else _quotable(call, new.quoting)
    prefix = "" if answered is None else _leading(call, answered, new)
    said = _check_duplicate(call, new, prefix)
    draft = Draft(account, new.text, prefix, answered, quoted, "und", pictures)
    post = Writer(call.state).publish(draft)
    person = answered.author if answered is not None and isinstance(answered.author, SimPerson) else None
    shown = [picture.data for picture in pictures]
    sent = SentPost(post.id, account, new.text, new.reply_to, person, post.created_at, new.body, shown)
    call.state.said[said] = sent
    call.state.accept(sent)
    fields = ("id", "text", "edit_history_tweet_ids")
    return _data({name: post.payload[name] for name in fields}, 201)


async def delete_post(call: Call) -> Answer:
    """https://docs.x.com/x-api/posts/post-delete-by-post-id"""
    post = call.state.posts.find(call.id())
    call.query.check()
    if post is not None and post.author is not call.caller.account:
        raise forbidden("You are not authorized to delete this Tweet.")
    if post is not None:
        Writer(call.state).delete(call.caller.account, post)
        for sent in call.state.sent:
            sent.deleted = sent.deleted or sent.id == post.id
    return _data({"deleted": True})


def _data(data: Json, status: int = 200) -> Answer:
    return Answer(json.dumps({"data": data}).encode(), status)


def _pictures(call: Call, new: NewPost) -> list[Picture]:
    found = [call.state.pictures.find(media_id) for media_id in new.media_ids]
    pictures = [picture for picture in found if picture is not None and picture.owner == call.caller.account.id]
    if len(pictures) != len(found):
        raise invalid_request(parameter_error("media.media_ids", new.media_ids, "Your media IDs are invalid."))
    return pictures


def _visible(call: Call, post_id: str) -> SimPost | None:
    post = call.state.posts.find(post_id)
    if post is None or post.deleted or post.author.suspended:
        return None
    hidden = post.author.protected and post.author is not call.caller.account
    return None if hidden else post


def _answerable(call: Call, post_id: str) -> SimPost:
    """The post to answer.  ApiError 403: it is not visible, or its author has not asked for an answer."""
    post = _visible(call, post_id)
    if post is None:
        raise forbidden(INVISIBLE)
    _check_block(call, post)
    if not _summoned(call, post):
        raise forbidden(NOT_SUMMONED)
    return post


def _quotable(call: Call, post_id: str) -> SimPost:
    post = _visible(call, post_id)
    if post is None:
        raise forbidden("You attempted to quote a Tweet that is deleted or not visible to you.")
    _check_block(call, post)
    return post


def _check_block(call: Call, post: SimPost) -> None:
    if isinstance(post.author, SimPerson) and post.author.blocks(call.caller.account):
        raise forbidden(NOT_PERMITTED)


def _summoned(call: Call, post: SimPost) -> bool:
    """Whether the author mentioned or quoted the account in this post; its own posts it may go on from.

    The mention X puts before a reply stands before ``display_text_range``.
    """
    account = call.caller.account
    if post.author is account:
        return True
    shown = post.payload.get("display_text_range")
    start = shown[0] if isinstance(shown, list) and shown and isinstance(shown[0], int) else 0
    if account.id in mentioned(post.payload, 0 if call.state.leading_mentions_count else start):
        return True
    quoted = [call.state.posts.find(post_id) for post_id in referenced(post.payload, "quoted")]
    return any(other is not None and other.author is account for other in quoted)


def _leading(call: Call, answered: SimPost, new: NewPost) -> str:
    """The mentions X puts before an answer: the author, and whom she mentioned, but for those excluded."""
    ids = [answered.author.id, *sorted(mentioned(answered.payload) - set(new.excluded))]
    wanted = [user_id for user_id in dict.fromkeys(ids) if user_id != call.caller.account.id]
    users = [user for user_id in wanted if (user := call.state.users.get(user_id)) is not None]
    return "".join(f"@{user.username} " for user in users if not begins_with(new.text, user.username))


def _check_duplicate(call: Call, new: NewPost, prefix: str) -> Said:
    """ApiError 403: the account said the same within a day.  Otherwise what to remember this post by."""
    alone = call.state.duplicates_by_text_alone
    said = (call.caller.account.id, _essence(new.text), "" if alone else prefix)
    before = call.state.said.get(said)
    recent = before is not None and before.created_at > call.state.now() - SAME_TEXT_FOR
    if recent and before is not None and not before.deleted and said[1]:
        raise forbidden(DUPLICATE)
    return said


def _essence(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


async def hide_reply(call: Call) -> Answer:
    """https://docs.x.com/x-api/posts/hide-reply"""
    post_id = call.id()
    call.query.check()
    wanted = call.body.get("hidden") if isinstance(call.body, dict) else None
    if not isinstance(wanted, bool):
        raise invalid_request(parameter_error("hidden", [], "$.hidden: is missing but it is required"))
    post = call.state.posts.find(post_id)
    if post is None or post.deleted:
        raise generic(404, "Not Found")
    begun = call.state.posts.find(post.conversation_id)
    if begun is None or begun.author is not call.caller.account or begun is post:
        raise forbidden("You are not allowed to hide this Tweet.")
    post.hidden = wanted
    return Answer(json.dumps({"data": {"hidden": wanted}}).encode())
