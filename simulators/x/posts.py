"""All posts, by id and by whom they concern."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict

from simulators.x.records import Json, SimPost


class Posts:
    """Every post there ever was, deleted ones included."""

    def __init__(self) -> None:
        self.all: list[SimPost] = []
        self._by_id: dict[str, SimPost] = {}
        self._written: dict[str, list[SimPost]] = defaultdict(list)
        self._mentioning: dict[str, list[SimPost]] = defaultdict(list)

    def add(self, post: SimPost) -> None:
        """Put a post where its position tells."""
        insort(self.all, post, key=_position)
        if post.id:
            self._by_id[post.id] = post
        insort(self._written[post.author.id], post, key=_position)
        for user_id in mentioned(post.payload) - {post.author.id}:
            self.bring(post, user_id)

    def bring(self, post: SimPost, user_id: str) -> None:
        """Put a post into the mentions of a user."""
        insort(self._mentioning[user_id], post, key=_position)

    def find(self, post_id: str) -> SimPost | None:
        """By its id, whatever became of it."""
        return self._by_id.get(post_id)

    def written_by(self, user_id: str) -> list[SimPost]:
        """A user's posts, oldest first."""
        return self._written[user_id]

    def mentioning(self, user_id: str) -> list[SimPost]:
        """Posts of others that mention a user, oldest first."""
        return self._mentioning[user_id]

    def versions(self, post: SimPost) -> list[SimPost]:
        """All versions of an edited post, oldest first."""
        history = post.payload.get("edit_history_tweet_ids")
        ids = history if isinstance(history, list) else [post.id]
        return [version for post_id in ids if (version := self._by_id.get(str(post_id))) is not None]


def mentioned(payload: Json, start: int = 0) -> set[str]:
    """Ids of the users mentioned at ``start`` or later in the text of a post object of any shape."""
    return {
        mention["id"]
        for mention in _mentions(payload)
        if isinstance(mention, dict) and isinstance(mention.get("id"), str) and _start(mention) >= start
    }


def mentioned_names(payload: Json) -> list[str]:
    """Their names, in the order of the text."""
    return [str(mention.get("username")) for mention in _mentions(payload) if isinstance(mention, dict)]


def referenced(payload: Json, kind: str | None = None) -> list[str]:
    """Ids of the posts a post object of any shape refers to; ``kind``: "replied_to" or "quoted" alone."""
    references = payload.get("referenced_tweets")
    return [
        str(reference.get("id"))
        for reference in (references if isinstance(references, list) else [])
        if isinstance(reference, dict) and kind in (None, reference.get("type"))
    ]


def _mentions(payload: Json) -> list[object]:
    """Of the whole text where the post is a long one."""
    note = payload.get("note_tweet")
    entities = note.get("entities") if isinstance(note, dict) else payload.get("entities")
    mentions = entities.get("mentions") if isinstance(entities, dict) else None
    return mentions if isinstance(mentions, list) else []


def _start(mention: Json) -> int:
    start = mention.get("start")
    return start if isinstance(start, int) else 0


def _position(post: SimPost) -> int:
    return post.position
