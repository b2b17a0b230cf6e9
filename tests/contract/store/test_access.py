"""Users, sessions, tokens and links."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.builders import T0, at, user
from tickets.errors import Conflict
from tickets.ids import UserId
from tickets.records import ApiToken, Session
from tickets.storage import Store

ANN = UserId("u-ann")


def session(name: str, seconds: float = 100) -> Session:
    return Session(name, ANN, "csrf", T0, T0, at(seconds))


async def test_users_are_listed_by_name(store: Store) -> None:
    await store.add_user(user("zoe", role="admin"))
    await store.add_user(user("ann", password_hash="$argon2id$x"))
    assert list(await store.list_users()) == [user("ann", password_hash="$argon2id$x"), user("zoe", role="admin")]


async def test_a_name_is_taken_once(store: Store) -> None:
    await store.add_user(user("ann"))
    await store.add_user(user("bob"))
    with pytest.raises(Conflict):
        await store.add_user(user("other", name="ann"))
    with pytest.raises(Conflict):
        await store.set_user(user("bob", name="ann"))
    assert [one.name for one in await store.list_users()] == ["ann", "bob"]


async def test_a_users_fields_are_replaced(store: Store) -> None:
    await store.add_user(user("ann"))
    changed = user("ann", name="Ann", role="lead", password_hash="$argon2id$y")
    await store.set_user(changed)
    assert list(await store.list_users()) == [changed]


async def test_a_session_leads_to_its_user_until_it_expires(store: Store) -> None:
    await store.add_user(user("ann"))
    await store.add_session(session("s"))
    assert await store.find_session("s", at(99)) == (session("s"), user("ann"))
    assert await store.find_session("s", at(100)) is None
    assert await store.find_session("unknown", at(1)) is None


async def test_a_used_session_is_prolonged(store: Store) -> None:
    await store.add_user(user("ann"))
    await store.add_session(session("s"))
    await store.touch_session("s", at(50), at(500))
    prolonged = replace(session("s"), seen_at=at(50), expires_at=at(500))
    assert await store.find_session("s", at(499)) == (prolonged, user("ann"))


async def test_an_ended_session_is_gone_and_others_are_not(store: Store) -> None:
    await store.add_user(user("ann"))
    await store.add_session(session("s"))
    await store.add_session(session("other"))
    await store.end_session("s")
    assert await store.find_session("s", at(1)) is None
    assert await store.find_session("other", at(1)) is not None


async def test_an_inactive_user_has_no_sessions_even_after_coming_back(store: Store) -> None:
    await store.add_user(user("ann"))
    await store.add_session(session("s"))
    await store.set_user(user("ann", active=False))
    assert await store.find_session("s", at(1)) is None
    await store.add_session(session("later"))
    assert await store.find_session("later", at(1)) is None
    await store.set_user(user("ann"))
    assert await store.find_session("s", at(1)) is None


async def test_tokens_are_found_by_their_hash_until_they_are_revoked(store: Store) -> None:
    token = ApiToken("shop", "agent", "hash-1", T0)
    await store.add_token(token)
    await store.add_token(ApiToken("bi", "viewer", "hash-2", T0))
    assert await store.find_token("hash-1") == token
    assert await store.find_token("hash-3") is None
    assert await store.revoke_token("shop", at(5))
    assert not await store.revoke_token("shop", at(6))
    assert not await store.revoke_token("nobody", at(6))
    assert await store.find_token("hash-1") is None
    listed = await store.list_tokens()
    assert {one.name: one.revoked_at for one in listed} == {"bi": None, "shop": at(5)}


async def test_a_token_name_is_taken_once(store: Store) -> None:
    await store.add_token(ApiToken("shop", "agent", "hash-1", T0))
    with pytest.raises(Conflict):
        await store.add_token(ApiToken("shop", "admin", "hash-2", T0))
    assert await store.find_token("hash-2") is None


async def test_a_link_serves_once(store: Store) -> None:
    await store.add_user(user("ann"))
    await store.add_signin_link("link", ANN, at(10))
    assert await store.use_signin_link("unknown", at(1)) is None
    assert await store.use_signin_link("link", at(9)) == user("ann")
    assert await store.use_signin_link("link", at(9)) is None


async def test_an_expired_link_does_not_serve(store: Store) -> None:
    await store.add_user(user("ann"))
    await store.add_signin_link("link", ANN, at(10))
    assert await store.use_signin_link("link", at(10)) is None


async def test_a_link_of_an_inactive_user_does_not_serve(store: Store) -> None:
    await store.add_user(user("ann", active=False))
    await store.add_signin_link("link", ANN, at(10))
    assert await store.use_signin_link("link", at(1)) is None


async def test_of_parallel_uses_of_a_link_one_succeeds(store: Store) -> None:
    await store.add_user(user("ann"))
    await store.add_signin_link("link", ANN, at(10))
    used = await asyncio.gather(*(store.use_signin_link("link", at(1)) for _ in range(10)))
    assert sum(one is not None for one in used) == 1
