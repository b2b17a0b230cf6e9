"""Users, sessions, tokens and links in the memory store."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from simulators.memory_store.tables import Part, Tables
from tickets.errors import Conflict
from tickets.ids import UserId
from tickets.records import ApiToken, Session, User


class MemoryAccess(Part):
    """See ``tickets.storage.AccessStore``."""

    async def add_user(self, user: User) -> None:
        with self._write() as tables:
            _refuse_taken_name(tables, user)
            tables.users[user.id] = user

    async def set_user(self, user: User) -> None:
        with self._write() as tables:
            if (kept := tables.users.get(user.id)) is None:
                return
            _refuse_taken_name(tables, user)
            tables.users[user.id] = replace(user, created_at=kept.created_at)
            if not user.active:
                for session in [s for s in tables.sessions.values() if s.user_id == user.id]:
                    del tables.sessions[session.id]

    async def list_users(self) -> Sequence[User]:
        return sorted(self._read().users.values(), key=lambda user: user.name)

    async def add_session(self, session: Session) -> None:
        with self._write() as tables:
            if session.user_id not in tables.users:
                raise Conflict("there is no such user")
            tables.sessions[session.id] = session

    async def find_session(self, session_id: str, now: datetime) -> tuple[Session, User] | None:
        tables = self._read()
        session = tables.sessions.get(session_id)
        if session is None or session.expires_at <= now:
            return None
        user = tables.users[session.user_id]
        return (session, user) if user.active else None

    async def touch_session(self, session_id: str, now: datetime, expires_at: datetime) -> None:
        with self._write() as tables:
            if session_id in tables.sessions:
                touched = replace(tables.sessions[session_id], seen_at=now, expires_at=expires_at)
                tables.sessions[session_id] = touched

    async def end_session(self, session_id: str) -> None:
        with self._write() as tables:
            tables.sessions.pop(session_id, None)

    async def add_token(self, token: ApiToken) -> None:
        with self._write() as tables:
            if token.name in tables.tokens:
                raise Conflict("this name is taken")
            tables.tokens[token.name] = token

    async def list_tokens(self) -> Sequence[ApiToken]:
        tables = self._read()
        return [tables.tokens[name] for name in sorted(tables.tokens)]

    async def find_token(self, token_hash: str) -> ApiToken | None:
        found = (token for token in self._read().tokens.values() if token.hash == token_hash)
        return next((token for token in found if token.revoked_at is None), None)

    async def revoke_token(self, name: str, now: datetime) -> bool:
        with self._write() as tables:
            token = tables.tokens.get(name)
            if token is None or token.revoked_at is not None:
                return False
            tables.tokens[name] = replace(token, revoked_at=now)
            return True

    async def add_signin_link(self, link_hash: str, user_id: UserId, expires_at: datetime) -> None:
        with self._write() as tables:
            if user_id not in tables.users:
                raise Conflict("there is no such user")
            tables.links[link_hash] = (user_id, expires_at)

    async def use_signin_link(self, link_hash: str, now: datetime) -> User | None:
        with self._write() as tables:
            user_id, expires_at = tables.links.get(link_hash, (None, now))
            if user_id is None or expires_at <= now:
                return None
            del tables.links[link_hash]
            user = tables.users[user_id]
            return user if user.active else None


def _refuse_taken_name(tables: Tables, user: User) -> None:
    if any(other.name == user.name and other.id != user.id for other in tables.users.values()):
        raise Conflict("this name is taken")
