"""One bot account and everything the platform keeps for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from simulators.telegram.bell import Bell
from simulators.telegram.chats import Conversation
from simulators.telegram.files import FileStore
from simulators.telegram.limits import FloodLimits
from simulators.telegram.records import Json
from simulators.telegram.updates import UpdateQueue

if TYPE_CHECKING:
    from simulators.telegram.business import SimBusiness

TOKEN = re.compile(r"([1-9][0-9]{0,14}):[A-Za-z0-9_-]+")
FIRST_UPDATE_ID = 700_000_001


@dataclass
class Webhook:
    """Where updates are posted instead of waiting to be polled.

    secret: sent as X-Telegram-Bot-Api-Secret-Token; empty: no such header.
    last_error: sentence and Unix seconds of the latest failure; None: no failure yet.
    """

    url: str
    secret: str
    max_connections: int
    last_error: tuple[str, int] | None = None


class Poll:
    """One open getUpdates.  ended: the sentence that ends it with 409; None: it goes on."""

    def __init__(self) -> None:
        self.ended: str | None = None


class SimBot:
    """A bot account.  Made by ``TelegramPlatform.add_bot``.

    token: ValueError unless it looks like ``123456:letters``; the number
    before the colon is the bot's id.
    """

    def __init__(self, token: str, username: str, name: str, now: Callable[[], datetime], bell: Bell) -> None:
        shape = TOKEN.fullmatch(token)
        if shape is None:
            raise ValueError("a token is a number, a colon, and letters or digits")
        self.id = int(shape[1])
        self.token = token
        self.username = username
        self.name = name
        self.now = now
        self.launched_at = now()
        self.logged_out_until: datetime | None = None
        self.updates = UpdateQueue(FIRST_UPDATE_ID, now, bell)
        self.files = FileStore(self.id)
        self.limits = FloodLimits(now)
        self.conversations: dict[int, Conversation] = {}
        self.businesses: dict[str, SimBusiness] = {}
        self.migrated: dict[int, int] = {}
        self.callback_queries: set[str] = set()
        self.commands: dict[str, list[Json]] = {}
        self.webhook: Webhook | None = None
        self.hears_groups = False
        self._poll: Poll | None = None
        self._bell = bell
        self._message_ids = count(1)
        self._album_ids = count(13_000_000_000_000_001)

    def __repr__(self) -> str:
        return f"SimBot({self.id}, @{self.username})"

    def user(self) -> Json:
        """The User object others see."""
        return {"id": self.id, "is_bot": True, "first_name": self.name, "username": self.username}

    def timestamp(self) -> int:
        """Now, in Unix seconds."""
        return int(self.now().timestamp())

    def next_message_id(self) -> int:
        """The next number in the row all private chats of this bot share."""
        return next(self._message_ids)

    def next_album_id(self) -> str:
        """A fresh media_group_id."""
        return str(next(self._album_ids))

    def age(self) -> timedelta:
        """Since the bot was launched."""
        return self.now() - self.launched_at

    def begin_poll(self) -> Poll:
        """Open a getUpdates; an older one still open ends with 409."""
        self.end_poll("terminated by other getUpdates request; make sure that only one bot instance is running")
        self._poll = Poll()
        return self._poll

    def end_poll(self, reason: str) -> None:
        """Close the open getUpdates, if any, with 409 and this reason."""
        if self._poll is not None:
            self._poll.ended = reason
            self._poll = None
            self._bell.ring()

    def finish_poll(self, poll: Poll) -> None:
        """This getUpdates has its answer."""
        if self._poll is poll:
            self._poll = None
            self._bell.ring()

    def polling(self) -> bool:
        """Whether a getUpdates is open right now."""
        return self._poll is not None
