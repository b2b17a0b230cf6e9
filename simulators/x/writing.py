"""Making posts: of people as they like, of accounts once they are allowed to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from simulators.x.accounts import timestamp
from simulators.x.composing import Attached, compose
from simulators.x.media import Picture
from simulators.x.people import SimPerson
from simulators.x.pushing import announce
from simulators.x.records import Json, SentPost, SimPost

if TYPE_CHECKING:
    from simulators.x.state import PlatformState, User

EDITABLE_FOR = timedelta(hours=1)
EDITS = 5
"""How long and how often a post can be edited (https://docs.x.com/x-api/fundamentals/edit-posts)."""

WEB = "https://twitter.com"


@dataclass(frozen=True)
class Draft:
    """A post about to be made.  prefix: mentions X puts before the text."""

    author: User
    text: str
    prefix: str = ""
    answered: SimPost | None = None
    quoted: SimPost | None = None
    lang: str = "und"
    pictures: Sequence[Picture] = ()
    earlier: SimPost | None = None


class Writer:
    """Turns drafts into posts."""

    def __init__(self, state: PlatformState) -> None:
        self._state = state

    def write(
        self,
        person: User,
        text: str,
        *,
        reply_to: SimPost | SentPost | None,
        quoting: SimPost | SentPost | None,
        lang: str | None,
        pictures: Sequence[bytes],
    ) -> SimPost:
        """A person's post, or one that somebody writes as an account."""
        answered = self._resolve(reply_to)
        kept = [self._state.pictures.put(self._state.ids.next(), person.id, data) for data in pictures]
        prefix = "" if answered is None else _prefix(person, answered, text)
        return self.publish(Draft(person, text, prefix, answered, self._resolve(quoting), lang or "und", kept))

    def edit(self, person: SimPerson, post: SimPost, text: str) -> SimPost:
        """A newer version of a person's post."""
        if post.author is not person or post.deleted or post.replaced:
            raise ValueError("only the latest version of her own post can be edited")
        answered, quoted = self._references(post)
        prefix = "" if answered is None else _prefix(person, answered, text)
        lang = str(post.payload["lang"])
        edited = self.publish(Draft(person, text, prefix, answered, quoted, lang, self._pictures(post), post))
        post.replaced = True
        history = edited.payload["edit_history_tweet_ids"]
        for version in self._state.posts.versions(edited):
            version.payload["edit_history_tweet_ids"] = history
        return edited

    def delete(self, author: User, post: SimPost) -> None:
        """Take back every version of a post."""
        if post.author is not author:
            raise ValueError("only her own posts can be deleted")
        for version in self._state.posts.versions(post):
            version.deleted = True
        self._state.bell.ring()

    def publish(self, draft: Draft) -> SimPost:
        """Make the post and let it appear."""
        post_id, now = self._state.ids.next(), self._state.now()
        url = f"{WEB}/{draft.author.username}/status/{post_id}"
        own_url = f"{WEB}/i/web/status/{post_id}"
        shown = compose(draft.text, draft.prefix, _attached(draft, url), self._user_id, own_url)
        conversation_id = _conversation(draft, post_id)
        payload: Json = {
            "id": post_id,
            **shown,
            "edit_history_tweet_ids": [*_earlier_ids(draft), post_id],
            "author_id": draft.author.id,
            "conversation_id": conversation_id,
            "created_at": timestamp(now),
            "lang": draft.lang,
            **_relations(draft),
            **_extras(draft),
            "edit_controls": {
                "edits_remaining": max(0, EDITS - len(_earlier_ids(draft))),
                "is_edit_eligible": draft.answered is None,
                "editable_until": timestamp(now + EDITABLE_FOR),
            },
        }
        text = draft.prefix + draft.text
        post = SimPost(post_id, draft.author, text, now, conversation_id, payload, int(post_id))
        self._state.posts.add(post)
        announce(self._state, post)
        self._state.bell.ring()
        return post

    def _user_id(self, username: str) -> str | None:
        user = self._state.find_username(username)
        return None if user is None else user.id

    def _resolve(self, post: SimPost | SentPost | None) -> SimPost | None:
        return self._state.posts.find(post.id) if isinstance(post, SentPost) else post

    def _references(self, post: SimPost) -> tuple[SimPost | None, SimPost | None]:
        found: dict[object, SimPost | None] = {}
        references = post.payload.get("referenced_tweets", [])
        for reference in references if isinstance(references, list) else []:
            found[reference["type"]] = self._state.posts.find(reference["id"])
        return found.get("replied_to"), found.get("quoted")

    def _pictures(self, post: SimPost) -> list[Picture]:
        attachments = post.payload.get("attachments")
        keys = attachments.get("media_keys", []) if isinstance(attachments, dict) else []
        return [picture for key in keys if (picture := self._state.pictures.find_key(key)) is not None]


def _prefix(author: User, answered: SimPost, text: str) -> str:
    username = answered.author.username
    return "" if answered.author is author or begins_with(text, username) else f"@{username} "


def begins_with(text: str, username: str) -> bool:
    """Whether a text begins by mentioning the user."""
    return re.match(rf"@{re.escape(username)}(?!\w)", text, re.IGNORECASE) is not None


def _conversation(draft: Draft, post_id: str) -> str:
    origin = draft.earlier or draft.answered
    return post_id if origin is None else origin.conversation_id


def _earlier_ids(draft: Draft) -> list[object]:
    history = [] if draft.earlier is None else draft.earlier.payload["edit_history_tweet_ids"]
    return list(history) if isinstance(history, list) else []


def _relations(draft: Draft) -> Json:
    references: list[Json] = []
    fields: Json = {}
    if draft.quoted is not None:
        references.append({"type": "quoted", "id": draft.quoted.id})
    if draft.answered is not None:
        references.append({"type": "replied_to", "id": draft.answered.id})
        fields["in_reply_to_user_id"] = draft.answered.author.id
    return {**fields, **({"referenced_tweets": references} if references else {})}


def _extras(draft: Draft) -> Json:
    keys = [picture.key for picture in draft.pictures]
    metrics = ("retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count")
    return {
        **({"attachments": {"media_keys": keys}} if keys else {}),
        "possibly_sensitive": False,
        "public_metrics": dict.fromkeys(metrics, 0),
        "reply_settings": "everyone",
    }


def _attached(draft: Draft, url: str) -> list[Attached]:
    links = []
    if draft.quoted is not None:
        quoted = f"{WEB}/{draft.quoted.author.username}/status/{draft.quoted.id}"
        links.append(Attached(quoted, quoted.removeprefix("https://")))
    shown = f"pic.twitter.com/{url.rpartition('/')[2][-10:]}"
    return links + [
        Attached(f"{url}/photo/{number}", shown, picture.key) for number, picture in enumerate(draft.pictures, 1)
    ]
