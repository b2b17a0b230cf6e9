"""Addresses that want to be called, and what they want to hear."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Final

from simulators.calling_out import call_out, is_success
from simulators.x.accounts import SimAccount
from simulators.x.records import Json

EVENTS: Final = ("post.mention.create", "post.reply.create", "post.quote.create")


@dataclass(eq=False)
class Hook:
    """One address of an app's."""

    id: str
    app: SimAccount
    url: str
    valid: bool = True

    def shown(self) -> Json:
        """As the API tells of it."""
        return {"id": self.id, "url": self.url, "valid": self.valid}

    async def challenge(self, token: str) -> bool:
        """Whether whoever answers there knows the app's secret (CRC)."""
        try:
            status, body = await call_out("GET", f"{self.url}?crc_token={token}", {}, b"")
            answer = json.loads(body).get("response_token")
        except (OSError, ValueError, AttributeError):
            return False
        return is_success(status) and answer == sign(self.app, token.encode())

    async def deliver(self, event: Json) -> bool:
        """Whether the address took it."""
        body = json.dumps({"data": event}).encode()
        headers = {"X-Twitter-Webhooks-Signature": sign(self.app, body)}
        try:
            status, _ = await call_out("POST", self.url, headers, body)
        except OSError:
            return False
        return is_success(status)


@dataclass(frozen=True)
class Subscription:
    """What is told of one account, and to which address."""

    id: str
    event_type: str
    user_id: str
    hook_id: str

    def shown(self) -> Json:
        """As the API tells of it."""
        return {
            "subscription_id": self.id,
            "event_type": self.event_type,
            "filter": {"user_id": self.user_id},
            "webhook_id": self.hook_id,
        }


@dataclass
class Hooks:
    """All of them.  delivered: whether each event was taken, in order."""

    hooks: dict[str, Hook] = field(default_factory=dict)
    subscriptions: list[Subscription] = field(default_factory=list)
    delivered: list[bool] = field(default_factory=list)
    silent: bool = False

    def wanted(self, event_type: str, user_id: str) -> list[Hook]:
        """Whom to tell."""
        if self.silent:
            return []
        return [
            self.hooks[one.hook_id]
            for one in self.subscriptions
            if (one.event_type, one.user_id) == (event_type, user_id) and one.hook_id in self.hooks
        ]


def sign(app: SimAccount, content: bytes) -> str:
    """https://docs.x.com/x-api/webhooks/introduction"""
    digest = hmac.new(app.keys.consumer_secret.encode(), content, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(digest).decode()}"
