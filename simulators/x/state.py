"""What the parts of the platform share: users, posts, records, switches, the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from simulators.backstage import Backstage
from simulators.faults import Faults
from simulators.telegram.bell import Bell
from simulators.x.accounts import SimAccount
from simulators.x.directs import Directs
from simulators.x.hooks import Hooks
from simulators.x.media import Pictures
from simulators.x.misbehaviour import FAULTS
from simulators.x.people import SimPerson
from simulators.x.posts import Posts
from simulators.x.questions import Compliance
from simulators.x.records import ApiCall, SentPost
from simulators.x.snowflakes import Snowflakes
from simulators.x.tokens import Tokens

User: TypeAlias = SimPerson | SimAccount
Said: TypeAlias = tuple[str, str, str]
"""An account's id, what it said, and the mentions before it where they count."""

Reaction: TypeAlias = Callable[[SentPost], Awaitable[None] | None]


@dataclass
class PlatformState(Backstage[SentPost]):
    """The platform without its sockets.

    wall_clock: what the timestamps of signatures are held against.
    enforce_limits: False notes a broken rate limit but does the call.
    leading_mentions_count: whether the "@account " a reply gets by itself lets the account answer.
    duplicates_by_text_alone: False lets the same words go to different people.
    """

    now: Callable[[], datetime]
    wall_clock: Callable[[], datetime]
    enforce_limits: bool
    leading_mentions_count: bool = True
    duplicates_by_text_alone: bool = True
    faults: Faults = field(default_factory=lambda: Faults(FAULTS))
    bell: Bell = field(default_factory=Bell)
    posts: Posts = field(default_factory=Posts)
    pictures: Pictures = field(default_factory=Pictures)
    compliance: Compliance = field(default_factory=Compliance)
    tokens: Tokens = field(default_factory=Tokens)
    hooks: Hooks = field(default_factory=Hooks)
    directs: Directs = field(default_factory=Directs)
    users: dict[str, User] = field(default_factory=dict)
    lists: dict[str, set[str]] = field(default_factory=dict)
    said: dict[Said, SentPost] = field(default_factory=dict)
    accounts: list[SimAccount] = field(default_factory=list)
    sent: list[SentPost] = field(default_factory=list)
    calls: list[ApiCall] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ids = Snowflakes(self.now)
        self._by_name: dict[str, User] = {}

    def add_user(self, user: User) -> None:
        """Somebody new.  ValueError: the username is taken."""
        if self._by_name.setdefault(user.username.lower(), user) is not user:
            raise ValueError(f"there is a user @{user.username} already")
        self.users[user.id] = user
        if isinstance(user, SimAccount):
            self.accounts.append(user)

    def find_username(self, username: str) -> User | None:
        """Whoever has the name, in any case."""
        return self._by_name.get(username.lower())

    def accept(self, post: SentPost) -> None:
        """Record a post of an account and let scripted people react to it."""
        self.sent.append(post)
        self.bell.ring()
        self.react_to(post)
