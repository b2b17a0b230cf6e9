"""The little that is looked at of a post before it is safe."""

import hashlib

import msgspec


class Seen(msgspec.Struct):
    """The little a connector must know of a post."""

    id: str
    author_id: str = ""
    conversation_id: str = ""
    in_reply_to_user_id: str | None = None
    edit_history_tweet_ids: list[str] = []


class SeenPost(msgspec.Struct):
    post: Seen


def seen_post(payload: bytes) -> Seen:
    """One of a wrong shape is named by its content, and kept for a person to look at."""
    try:
        return msgspec.json.decode(payload, type=SeenPost).post
    except msgspec.MsgspecError:
        return Seen(id=f"odd/{hashlib.sha256(payload).hexdigest()[:16]}")
