"""One bot account and everything the platform keeps for it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from simulators.discord.limits import BotLimits
from simulators.discord.records import Json, SessionStart

if TYPE_CHECKING:
    from simulators.discord.sessions import Session

FLAG_MESSAGE_CONTENT = 1 << 19
"""Application flag of a small bot with the message content switch on."""

FLAG_MEMBERS = 1 << 15
FLAG_PRESENCES = 1 << 13


class SimBot:
    """A bot account.  Made by ``DiscordPlatform.add_bot``.

    message_content, members, presences: the privileged intents switched on
    for its application.  sessions_a_day: how many IDENTIFYs it is granted.
    All may be changed at any time.
    """

    def __init__(self, bot_id: int, application_id: int, token: str, username: str, name: str) -> None:
        self.id = bot_id
        self.application_id = application_id
        self.token = token
        self.username = username
        self.name = name
        self.message_content = False
        self.members = False
        self.presences = False
        self.sessions_a_day = 1000
        self.limits = BotLimits()
        self.sessions: dict[str, Session] = {}
        self.starts: list[SessionStart] = []
        self.handed_out: list[int] = []
        self.commands: list[Json] = []
        self.nonces: dict[tuple[int, str], tuple[Json, datetime]] = {}

    def __repr__(self) -> str:
        return f"SimBot({self.id}, {self.username})"

    def user(self) -> Json:
        """The user object others see."""
        return {
            "id": str(self.id),
            "username": self.username,
            "discriminator": "0001",
            "global_name": None,
            "avatar": None,
            "bot": True,
            "public_flags": 0,
        }

    def own_user(self) -> Json:
        """The user object the bot itself gets."""
        account = {"verified": True, "mfa_enabled": True, "email": None, "locale": "en-US", "flags": 0}
        return {**self.user(), **account}

    def application(self) -> Json:
        """Its application as READY shows it."""
        return {"id": str(self.application_id), "flags": self.application_flags()}

    def application_flags(self) -> int:
        """Which privileged intents are switched on."""
        flags = FLAG_MESSAGE_CONTENT if self.message_content else 0
        flags |= FLAG_MEMBERS if self.members else 0
        return flags | (FLAG_PRESENCES if self.presences else 0)
