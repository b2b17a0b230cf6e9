"""Users, sessions, tokens and one-time links.  Hashes only."""

from datetime import datetime

import msgspec

from store.engine import Row, Tx, one
from store.rows import micros, micros_or_none, moment, moment_or_none, to_json
from tickets.ids import UserId
from tickets.records import ApiToken, Duty, Session, User

USER_COLUMNS = "u.id, u.name, u.role, u.active, u.created_at, u.password_hash, u.duty"
_duty = msgspec.json.Decoder(Duty).decode


def _user_of(row: Row) -> User:
    return User(
        id=UserId(row[0]),
        name=row[1],
        role=row[2],
        active=bool(row[3]),
        created_at=moment(row[4]),
        password_hash=row[5],
        duty=_duty(row[6]),
    )


def _user_params(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "name": user.name,
        "role": user.role,
        "active": int(user.active),
        "created_at": micros(user.created_at),
        "password_hash": user.password_hash,
        "duty": to_json(user.duty),
    }


def add_user(tx: Tx, user: User) -> None:
    tx.run(
        "INSERT INTO app_user (id, name, role, active, created_at, password_hash, duty) "
        "VALUES (:id, :name, :role, :active, :created_at, :password_hash, :duty)",
        _user_params(user),
    )


def set_user(tx: Tx, user: User) -> None:
    params = _user_params(user)
    del params["created_at"]
    tx.run(
        "UPDATE app_user SET name = :name, role = :role, active = :active, password_hash = :password_hash, "
        "duty = :duty "
        "WHERE id = :id",
        params,
    )
    if not user.active:
        tx.run("DELETE FROM session WHERE user_id = :id", {"id": user.id})


def list_users(tx: Tx) -> list[User]:
    return [_user_of(row) for row in tx.all(f"SELECT {USER_COLUMNS} FROM app_user u ORDER BY u.name")]


def add_session(tx: Tx, session: Session) -> None:
    tx.run(
        "INSERT INTO session (id, user_id, csrf, created_at, seen_at, expires_at) "
        "VALUES (:id, :user_id, :csrf, :created_at, :seen_at, :expires_at)",
        {
            "id": session.id,
            "user_id": session.user_id,
            "csrf": session.csrf,
            "created_at": micros(session.created_at),
            "seen_at": micros(session.seen_at),
            "expires_at": micros(session.expires_at),
        },
    )


def find_session(tx: Tx, session_id: str, now: datetime) -> tuple[Session, User] | None:
    row = one(
        tx.all(
            f"SELECT {USER_COLUMNS}, s.csrf, s.created_at, s.seen_at, s.expires_at "
            "FROM session s JOIN app_user u ON u.id = s.user_id "
            "WHERE s.id = :id AND s.expires_at > :now AND u.active = 1",
            {"id": session_id, "now": micros(now)},
        )
    )
    if row is None:
        return None
    session = Session(
        id=session_id,
        user_id=UserId(row[0]),
        csrf=row[7],
        created_at=moment(row[8]),
        seen_at=moment(row[9]),
        expires_at=moment(row[10]),
    )
    return session, _user_of(row)


def touch_session(tx: Tx, session_id: str, now: datetime, expires_at: datetime) -> None:
    tx.run(
        "UPDATE session SET seen_at = :now, expires_at = :expires_at WHERE id = :id",
        {"id": session_id, "now": micros(now), "expires_at": micros(expires_at)},
    )


def end_session(tx: Tx, session_id: str) -> None:
    tx.run("DELETE FROM session WHERE id = :id", {"id": session_id})


TOKEN_COLUMNS = "name, role, hash, created_at, revoked_at"


def _token_of(row: Row) -> ApiToken:
    return ApiToken(
        name=row[0], role=row[1], hash=row[2], created_at=moment(row[3]), revoked_at=moment_or_none(row[4])
    )


def add_token(tx: Tx, token: ApiToken) -> None:
    tx.run(
        "INSERT INTO api_token (name, role, hash, created_at, revoked_at) "
        "VALUES (:name, :role, :hash, :created_at, :revoked_at)",
        {
            "name": token.name,
            "role": token.role,
            "hash": token.hash,
            "created_at": micros(token.created_at),
            "revoked_at": micros_or_none(token.revoked_at),
        },
    )


def list_tokens(tx: Tx) -> list[ApiToken]:
    return [_token_of(row) for row in tx.all(f"SELECT {TOKEN_COLUMNS} FROM api_token ORDER BY name")]


def find_token(tx: Tx, token_hash: str) -> ApiToken | None:
    row = one(
        tx.all(
            f"SELECT {TOKEN_COLUMNS} FROM api_token WHERE hash = :hash AND revoked_at IS NULL",
            {"hash": token_hash},
        )
    )
    return None if row is None else _token_of(row)


def revoke_token(tx: Tx, name: str, now: datetime) -> bool:
    return bool(
        tx.run(
            "UPDATE api_token SET revoked_at = :now WHERE name = :name AND revoked_at IS NULL",
            {"name": name, "now": micros(now)},
        )
    )


def add_signin_link(tx: Tx, link_hash: str, user_id: UserId, expires_at: datetime) -> None:
    tx.run(
        "INSERT INTO signin_link (hash, user_id, expires_at) VALUES (:hash, :user_id, :expires_at)",
        {"hash": link_hash, "user_id": user_id, "expires_at": micros(expires_at)},
    )


def use_signin_link(tx: Tx, link_hash: str, now: datetime) -> User | None:
    used = tx.all(
        "UPDATE signin_link SET used_at = :now WHERE hash = :hash AND used_at IS NULL AND expires_at > :now "
        "RETURNING user_id",
        {"hash": link_hash, "now": micros(now)},
    )
    if not used:
        return None
    row = one(
        tx.all(f"SELECT {USER_COLUMNS} FROM app_user u WHERE u.id = :id AND u.active = 1", {"id": used[0][0]})
    )
    return None if row is None else _user_of(row)
