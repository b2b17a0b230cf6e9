"""Accounts that a program runs through the API."""

from __future__ import annotations

import hashlib
from datetime import datetime

from simulators.x.records import Json, Keys


class SimAccount:
    """An account with keys.  Made by ``XPlatform.add_account``.

    bearer_token: the app-only token of its app; it reads and cannot write.
    client_id, client_secret: of its app, for signing in with OAuth 2.0.
    """

    def __init__(self, account_id: str, username: str, name: str, keys: Keys, created_at: datetime) -> None:
        self.id = account_id
        self.username = username
        self.name = name
        self.keys = keys
        self.created_at = created_at
        secret = hashlib.sha256("&".join(keys).encode()).hexdigest()
        self.bearer_token = f"AAAAAAAAAAAAAAAAAAAAA{secret}"
        self.client_id = f"client-{secret[:8]}"
        self.client_secret = f"client-secret-{secret[8:24]}"
        self.protected = False
        self.suspended = False
        self.revoked = False
        self.handed_out: list[str] = []

    def __repr__(self) -> str:
        return f"SimAccount({self.id}, @{self.username})"

    def revoke(self) -> None:
        """Its keys and its bearer token are refused with 401 from now on."""
        self.revoked = True

    def restore(self) -> None:
        """Its keys are good again."""
        self.revoked = False

    def suspend(self) -> None:
        """X locks it out: it cannot post, and nobody sees it."""
        self.suspended = True

    def reinstate(self) -> None:
        """X lets it in again."""
        self.suspended = False

    def user(self) -> Json:
        """The user object with all fields."""
        return user_object(self.id, self.username, self.name, self.created_at, protected=self.protected)


def user_object(user_id: str, username: str, name: str, created_at: datetime, *, protected: bool) -> Json:
    """A user object with all fields."""
    return {
        "id": user_id,
        "name": name,
        "username": username,
        "created_at": timestamp(created_at),
        "description": "",
        "location": "",
        "profile_image_url": "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png",
        "protected": protected,
        "public_metrics": {
            "followers_count": 0,
            "following_count": 0,
            "tweet_count": 0,
            "listed_count": 0,
            "like_count": 0,
            "media_count": 0,
        },
        "url": "",
        "verified": False,
        "verified_type": "none",
    }


def timestamp(time: datetime) -> str:
    """As the API writes times: milliseconds and Z."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"
