"""Endpoints that read users and posts."""

from __future__ import annotations

import json
import re

from simulators.x import fields
from simulators.x.calling import Answer, Call, answer
from simulators.x.oauth import USER_CONTEXT, USER_TOKEN
from simulators.x.parameters import ID
from simulators.x.problems import hidden, invalid_request, parameter_error, unsupported_authentication
from simulators.x.records import SimPost
from simulators.x.state import User
from simulators.x.timelines import newest, read_span, serve
from simulators.x.view import View

MENTIONS_MAX = 800
"""So many mentions back can be read (https://docs.x.com/x-api/posts/timelines/introduction)."""

POSTS_MAX = 3200
"""So many posts of a user."""

IDS_MAX = 100


async def get_me(call: Call) -> Answer:
    """https://docs.x.com/x-api/users/user-lookup-me"""
    if not call.caller.is_user:
        raise unsupported_authentication(call.caller.kind, [USER_CONTEXT, USER_TOKEN])
    return _user(call, call.caller.account, "id", call.caller.account.id)


async def get_user(call: Call) -> Answer:
    """https://docs.x.com/x-api/users/user-lookup-by-id"""
    user_id = call.id()
    return _user(call, call.state.users.get(user_id), "id", user_id)


async def get_user_by_name(call: Call) -> Answer:
    """https://docs.x.com/x-api/users/user-lookup-by-username"""
    username = call.path["username"]
    if not re.fullmatch(r"[A-Za-z0-9_]{1,15}", username):
        message = f"The `username` query parameter value [{username}] does not match ^[A-Za-z0-9_]{{1,15}}$"
        raise invalid_request(parameter_error("username", [username], message))
    return _user(call, call.state.find_username(username), "username", username)


async def get_mentions(call: Call) -> Answer:
    """https://docs.x.com/x-api/posts/user-mention-timeline-by-user-id"""
    user_id = call.id()
    view, span = call.view(), read_span(call.query, 5, 100)
    call.query.check()
    if _owner(call, view, user_id) is None:
        return Answer(answer(None, view))
    posts = newest(call.state.posts.mentioning(user_id), MENTIONS_MAX, view.visible)
    return serve(call, view, span, posts, receiver=user_id)


async def get_posts_of_user(call: Call) -> Answer:
    """https://docs.x.com/x-api/posts/user-posts-timeline-by-user-id"""
    user_id = call.id()
    view, span = call.view(), read_span(call.query, 5, 100)
    left_out = call.query.names("exclude", ("replies", "retweets"))
    call.query.check()
    owner = _owner(call, view, user_id)
    if owner is None:
        return Answer(answer(None, view))

    def wanted(post: SimPost) -> bool:
        is_reply = post.payload.get("in_reply_to_user_id") is not None
        return view.visible(post) and not (is_reply and "replies" in left_out)

    return serve(call, view, span, newest(call.state.posts.written_by(user_id), POSTS_MAX, wanted))


async def get_post(call: Call) -> Answer:
    """https://docs.x.com/x-api/posts/post-lookup-by-post-id"""
    post_id = call.id()
    view = call.view()
    call.query.check()
    post = view.find_post(post_id, "id")
    return Answer(answer(None if post is None else view.show_post(post), view))


async def get_posts(call: Call) -> Answer:
    """https://docs.x.com/x-api/posts/post-lookup-by-post-ids"""
    view = call.view()
    ids = (call.query.get("ids") or "").split(",")
    if ids == [""]:
        call.query.refuse("ids", "The `ids` query parameter can not be empty")
    elif len(ids) > IDS_MAX:
        message = (
            f"The number of values in the `ids` query parameter list [{len(ids)}] is not between 1 and {IDS_MAX}"
        )
        call.query.refuse("ids", message)
    elif not all(ID.fullmatch(post_id) for post_id in ids):
        call.query.refuse_value("ids")
    call.query.check()
    found = [post for post_id in dict.fromkeys(ids) if (post := view.find_post(post_id, "ids")) is not None]
    data = b"[" + b",".join(view.show_post(post) for post in found) + b"]" if found else None
    return Answer(answer(data, view))


def _user(call: Call, user: User | None, parameter: str, value: str) -> Answer:
    view = call.view(fields.USER_EXPANSIONS)
    call.query.check()
    shown = view.show_user(user, parameter, value)
    return Answer(answer(None if shown is None else json.dumps(shown).encode(), view))


def _owner(call: Call, view: View, user_id: str) -> User | None:
    """Whose timeline it is; None and an error when it cannot be shown."""
    user = call.state.users.get(user_id)
    if view.show_user(user, "id", user_id) is None or user is None:
        return None
    if user.protected and user is not call.caller.account:
        view.errors.append(hidden("user", "id", user_id))
        return None
    return user
