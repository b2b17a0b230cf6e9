"""Posts of any shape, put into a timeline as they are."""

from __future__ import annotations

import json

from simulators.x.parameters import ID
from simulators.x.people import SimPerson
from simulators.x.records import Json, SimPost
from simulators.x.state import PlatformState, User
from simulators.x.writing import Writer


def injected(state: PlatformState, writer: Writer, post: Json | bytes) -> SimPost:
    """A post that is handed out as ``post`` says, whatever that is."""
    payload = _payload(post)
    own = payload.get("id")
    known = isinstance(own, str) and ID.fullmatch(own) is not None
    position = int(own) if known and isinstance(own, str) else int(state.ids.next())
    post_id = own if isinstance(own, str) else ""
    text, conversation = payload.get("text"), payload.get("conversation_id")
    return SimPost(
        post_id,
        _author(state, writer, payload),
        text if isinstance(text, str) else "",
        state.now(),
        conversation if isinstance(conversation, str) else post_id,
        payload,
        position,
        raw=post,
    )


def _payload(post: Json | bytes) -> Json:
    if isinstance(post, dict):
        return post
    try:
        parsed = json.loads(post)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _author(state: PlatformState, writer: Writer, payload: Json) -> User:
    """Whom ``author_id`` names; somebody nobody knows otherwise."""
    author_id = payload.get("author_id")
    if isinstance(author_id, str) and author_id in state.users:
        return state.users[author_id]
    return SimPerson(str(author_id or 0), "Unknown", "unknown", False, state.now(), writer)
