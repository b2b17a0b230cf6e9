"""Who may come in: users, one-time links, passwords, sessions, tokens.

Secrets are random, shown once, and kept only as hashes.
"""

import asyncio
import hashlib
import secrets
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple, Protocol

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from msgspec.structs import replace

from desk.actors import Actor
from tickets.errors import Conflict, Refused
from tickets.ids import AccountId, UserId, new_id
from tickets.model import Role
from tickets.ports import Bucket, Clock
from tickets.records import ApiToken, Session, User
from tickets.storage import AccessStore, OutboxStore

SESSION_IDLE = timedelta(hours=12)
SESSION_LONGEST = timedelta(days=14)
LINK_LASTS = timedelta(minutes=30)
TOUCH_EVERY = timedelta(minutes=1)
SECRET_BYTES = 32
SHORTEST_PASSWORD = 12
SIGN_INS = 10
"""So many tries a minute and name (ASVS 6.3.1)."""


class Entered(NamedTuple):
    """A fresh sign-in.  cookie: the only copy of the session's secret."""

    cookie: str
    session: Session
    actor: Actor


class AccessRecords(AccessStore, OutboxStore, Protocol):
    """What access needs of a store: its own records, and budgets to slow guessing down."""


class Access:
    """Sign-ins and tokens over a store."""

    def __init__(self, store: AccessRecords, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._hasher = PasswordHasher()

    # Users

    async def add_user(self, name: str, role: Role) -> User:
        """Raises Refused when the name is empty, too long or taken."""
        name = " ".join(name.split())
        if not 1 <= len(name) <= 80:
            raise Refused("A user's name has 1 to 80 characters.")
        user = User(id=UserId(new_id()), name=name, role=role, active=True, created_at=self._clock.now())
        try:
            await self._store.add_user(user)
        except Conflict as error:
            raise Refused(f"There is already a user called {name}.") from error
        return user

    async def find_user(self, name: str) -> User | None:
        """By name; None when there is none."""
        return next((user for user in await self._store.list_users() if user.name == name), None)

    async def get_user(self, name: str) -> User:
        """Raises Refused when there is no such user."""
        user = await self.find_user(name)
        if user is None:
            raise Refused(f"There is no user called {name}. `switchboard user list` shows all.")
        return user

    async def list_users(self) -> list[User]:
        return list(await self._store.list_users())

    async def set_role(self, name: str, role: Role) -> None:
        await self._store.set_user(replace(await self.get_user(name), role=role))

    async def set_active(self, name: str, active: bool) -> None:
        """Switching off ends every session of the user at once."""
        await self._store.set_user(replace(await self.get_user(name), active=active))

    async def set_password(self, name: str, password: str) -> None:
        """Raises Refused for a password of fewer than 12 characters."""
        if len(password) < SHORTEST_PASSWORD:
            raise Refused(f"A password has at least {SHORTEST_PASSWORD} characters.")
        hashed = await asyncio.to_thread(self._hasher.hash, password)
        await self._store.set_user(replace(await self.get_user(name), password_hash=hashed))

    # Coming in

    async def make_signin_link(self, user: User) -> str:
        """The secret part of a link that works once, within 30 minutes."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        await self._store.add_signin_link(hashed(secret), user.id, self._clock.now() + LINK_LASTS)
        return secret

    async def enter_by_link(self, secret: str) -> Entered | None:
        """None when the link is unknown, used or too old."""
        user = await self._store.use_signin_link(hashed(secret), self._clock.now())
        return await self._enter(user) if user else None

    async def enter_by_password(self, name: str, password: str) -> Entered | None:
        """None for a wrong name or password, told apart by nothing.  Raises Refused after too many tries."""
        await self._slow_down(name)
        user = await self.find_user(name)
        known = user.password_hash if user and user.active else None
        if not await asyncio.to_thread(self._matches, known, password):
            return None
        assert user is not None
        return await self._enter(user)

    async def find_session(self, cookie: str) -> tuple[Session, Actor] | None:
        """The session of a cookie, prolonged; None when it is over."""
        now = self._clock.now()
        found = await self._store.find_session(hashed(cookie), now)
        if found is None:
            return None
        session, user = found
        if now - session.seen_at > TOUCH_EVERY:
            ends = min(now + SESSION_IDLE, session.created_at + SESSION_LONGEST)
            await self._store.touch_session(session.id, now, ends)
        return session, actor_of(user)

    async def leave(self, session: Session) -> None:
        await self._store.end_session(session.id)

    # Tokens

    async def add_token(self, name: str, role: Role) -> str:
        """The token, shown this once.  Raises Refused when the name is taken."""
        secret = f"swb_{secrets.token_urlsafe(SECRET_BYTES)}"
        token = ApiToken(name=name, role=role, hash=hashed(secret), created_at=self._clock.now())
        try:
            await self._store.add_token(token)
        except Conflict as error:
            raise Refused(f"There is already a token called {name}. Revoke it, or take another name.") from error
        return secret

    async def list_tokens(self) -> list[ApiToken]:
        return list(await self._store.list_tokens())

    async def revoke_token(self, name: str) -> None:
        """Raises Refused when there is no such token in use."""
        if not await self._store.revoke_token(name, self._clock.now()):
            raise Refused(f"There is no token called {name} in use. `switchboard token list` shows all.")

    async def find_token(self, secret: str) -> Actor | None:
        """Who a bearer token speaks for; None when unknown or revoked."""
        token = await self._store.find_token(hashed(secret))
        return None if token is None else Actor(key=f"token:{token.name}", name=token.name, role=token.role)

    # Inside

    async def _enter(self, user: User) -> Entered:
        now = self._clock.now()
        cookie = secrets.token_urlsafe(SECRET_BYTES)
        session = Session(
            id=hashed(cookie),
            user_id=user.id,
            csrf=secrets.token_urlsafe(SECRET_BYTES),
            created_at=now,
            seen_at=now,
            expires_at=now + SESSION_IDLE,
        )
        await self._store.add_session(session)
        return Entered(cookie, session, actor_of(user))

    async def _slow_down(self, name: str) -> None:
        bucket = Bucket(name=f"signin:{hashed(name)[:16]}", capacity=SIGN_INS, per_s=SIGN_INS / 60)
        if await self._store.take_budget(AccountId("access"), [bucket], self._clock.now()) > 0:
            raise Refused("Too many tries. Wait a minute, or ask an admin for a sign-in link.")

    @cached_property
    def _nobodys_hash(self) -> str:
        """To compare with where there is no password; made at the first try of anybody."""
        return self._hasher.hash(secrets.token_urlsafe(SECRET_BYTES))

    def _matches(self, known: str | None, password: str) -> bool:
        """Always the same work, so that time tells nothing about names."""
        nobodys = self._nobodys_hash
        try:
            return self._hasher.verify(known or nobodys, password) and known is not None
        except (Argon2Error, InvalidHashError):
            return False


def actor_of(user: User) -> Actor:
    return Actor(key=f"user:{user.id}", name=user.name, role=user.role, user_id=user.id)


def hashed(secret: str) -> str:
    """SHA-256: enough for secrets of 256 random bits, which nobody can guess."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
