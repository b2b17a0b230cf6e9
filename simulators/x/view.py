"""What one request sees of posts and users: the fields it asked for, and what it had included."""

from __future__ import annotations

import json

from simulators.x import fields
from simulators.x.accounts import SimAccount
from simulators.x.parameters import Query
from simulators.x.posts import mentioned_names, referenced
from simulators.x.problems import hidden, missing, suspended
from simulators.x.records import Json, SimPost
from simulators.x.state import PlatformState, User


class View:
    """Shows objects to one request and gathers ``includes`` and ``errors`` beside them."""

    def __init__(self, state: PlatformState, viewer: SimAccount, query: Query, expansions: list[str]) -> None:
        self._state = state
        self._viewer = viewer
        self._expansions = query.names("expansions", expansions)
        implied = {fields.IMPLIED[name] for name in self._expansions if name in fields.IMPLIED}
        self._tweet_fields = fields.TWEET_DEFAULTS | query.names("tweet.fields", fields.TWEET_FIELDS) | implied
        self._user_fields = fields.USER_DEFAULTS | query.names("user.fields", fields.USER_FIELDS)
        self._media_fields = fields.MEDIA_DEFAULTS | query.names("media.fields", fields.MEDIA_FIELDS)
        query.names("place.fields", fields.PLACE_FIELDS)
        query.names("poll.fields", fields.POLL_FIELDS)
        self._users: dict[str, Json] = {}
        self._tweets: dict[str, bytes] = {}
        self._media: dict[str, Json] = {}
        self.errors: list[Json] = []

    def visible(self, post: SimPost) -> bool:
        """Whether the caller can see a post."""
        return not post.deleted and self._may_see(post.author)

    def find_post(self, post_id: str, parameter: str) -> SimPost | None:
        """A post the caller can see; otherwise None and an error beside the data."""
        post = self._state.posts.find(post_id)
        if post is None or post.deleted:
            self._complain(missing("tweet", parameter, post_id))
            return None
        if not self._may_see(post.author):
            self._complain(hidden("tweet", parameter, post_id))
            return None
        return post

    def show_post(self, post: SimPost) -> bytes:
        """A post of the data, with what was asked to be included."""
        for name in sorted(self._expansions):
            self._expand(name, post)
        return self._object(post)

    def show_user(self, user: User | None, parameter: str, value: str) -> Json | None:
        """A user of the data; otherwise None and an error."""
        if user is None:
            self._complain(missing("user", parameter, value))
            return None
        if user.suspended:
            self._complain(suspended(parameter, value))
            return None
        return self._user(user)

    def beside(self) -> Json:
        """``includes`` without the posts, and ``errors``; those that are empty are left out."""
        includes = {"users": list(self._users.values()), "media": list(self._media.values())}
        return {name: objects for name, objects in includes.items() if objects}

    def included_tweets(self) -> list[bytes]:
        """The posts of ``includes``, each as JSON."""
        return list(self._tweets.values())

    def _may_see(self, user: User) -> bool:
        return user is self._viewer or not (user.suspended or user.protected)

    def _complain(self, error: Json) -> None:
        if error not in self.errors:
            self.errors.append(error)

    def _object(self, post: SimPost) -> bytes:
        if isinstance(post.raw, bytes):
            return post.raw
        if post.raw is not None:
            return json.dumps(post.raw).encode()
        shown = {name: value for name, value in post.payload.items() if name in self._tweet_fields}
        return json.dumps(shown).encode()

    def _user(self, user: User) -> Json:
        return {name: value for name, value in user.user().items() if name in self._user_fields}

    def _expand(self, name: str, post: SimPost) -> None:
        if name == "author_id":
            self._include_user(post.payload.get("author_id"), name)
        elif name == "in_reply_to_user_id":
            self._include_user(post.payload.get("in_reply_to_user_id"), name)
        elif name == "entities.mentions.username":
            for username in mentioned_names(post.payload):
                self._include_name(username, name)
        elif name == "attachments.media_keys":
            self._include_media(post)
        elif name == "edit_history_tweet_ids":
            self._include_versions(post)
        elif name.startswith("referenced_tweets.id"):
            self._include_referenced(name, post)

    def _include_referenced(self, name: str, post: SimPost) -> None:
        for post_id in referenced(post.payload):
            other = self.find_post(post_id, "referenced_tweets.id")
            if other is None:
                continue
            self._tweets[other.id] = self._object(other)
            if name.endswith(".author_id"):
                self._include_user(other.author.id, name)
            elif name.endswith(".media_keys"):
                self._include_media(other)

    def _include_versions(self, post: SimPost) -> None:
        for version in self._state.posts.versions(post):
            if version is not post:
                self._tweets[version.id] = self._object(version)

    def _include_user(self, user_id: object, parameter: str) -> None:
        if not isinstance(user_id, str):
            return
        if shown := self.show_user(self._state.users.get(user_id), parameter, user_id):
            self._users[user_id] = shown

    def _include_name(self, username: str, parameter: str) -> None:
        user = self._state.find_username(username)
        if (shown := self.show_user(user, parameter, username)) and user is not None:
            self._users[user.id] = shown

    def _include_media(self, post: SimPost) -> None:
        attachments = post.payload.get("attachments")
        keys = attachments.get("media_keys") if isinstance(attachments, dict) else None
        for key in keys if isinstance(keys, list) else []:
            picture = self._state.pictures.find_key(str(key))
            if picture is not None:
                shown = picture.media_object(self._state.pictures.url)
                self._media[picture.key] = {n: v for n, v in shown.items() if n in self._media_fields}
