"""Who may come in."""

from datetime import timedelta
from typing import Literal

import pytest
from argon2 import PasswordHasher

from desk.access import LINK_LASTS, SESSION_IDLE, SESSION_LONGEST, SIGN_INS, Access, hashed
from simulators.memory_store import MemoryStore
from tests.support.clock import ManualClock
from tickets.errors import Refused

PASSWORD = "correct horse battery"


class Counting(PasswordHasher):
    """Says how much work was done."""

    work = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.work += 1
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.work += 1
        return super().verify(hash, password)


@pytest.fixture
async def access(clock: ManualClock) -> Access:
    store = MemoryStore()
    await store.open()
    access = Access(store, clock)
    access._hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)  # the real one is slow on purpose
    await access.add_user("Ann", "agent")
    return access


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "Ann", " Ann "])
async def test_names_are_short_and_unique(access: Access, name: str) -> None:
    with pytest.raises(Refused):
        await access.add_user(name, "agent")


async def test_a_link_works_once_and_for_a_while(access: Access, clock: ManualClock) -> None:
    ann = await access.get_user("Ann")
    used, old = await access.make_signin_link(ann), await access.make_signin_link(ann)
    entered = await access.enter_by_link(used)
    assert entered is not None
    assert entered.actor.user_id == ann.id
    assert await access.enter_by_link(used) is None
    clock.move(LINK_LASTS.total_seconds())
    assert await access.enter_by_link(old) is None
    assert await access.enter_by_link("guess") is None


async def test_a_password_lets_in_its_owner_alone(access: Access) -> None:
    await access.set_password("Ann", PASSWORD)
    entered = await access.enter_by_password("Ann", PASSWORD)
    assert entered is not None
    assert await access.enter_by_password("Ann", PASSWORD + "x") is None
    assert await access.enter_by_password("Nobody", PASSWORD) is None
    await access.set_active("Ann", False)
    assert await access.enter_by_password("Ann", PASSWORD) is None
    assert await access.find_session(entered.cookie) is None


async def test_a_user_without_a_password_is_not_let_in_by_an_empty_one(access: Access) -> None:
    assert await access.enter_by_password("Ann", "") is None


async def test_time_tells_nothing_about_names(access: Access) -> None:
    await access.set_password("Ann", PASSWORD)
    await access.add_user("Ben", "agent")
    await access.enter_by_password("Ann", "first try of all")
    hasher = access._hasher
    assert isinstance(hasher, Counting)
    work = []
    for name in ("Ann", "Ben", "Nobody", "Ann"):
        before = hasher.work
        await access.enter_by_password(name, "guess")
        work.append(hasher.work - before)
    assert work == [1, 1, 1, 1]


async def test_a_short_password_is_refused(access: Access) -> None:
    with pytest.raises(Refused, match="12"):
        await access.set_password("Ann", "x" * 11)


async def test_guessing_is_slowed_down_for_names_that_do_not_exist_too(access: Access, clock: ManualClock) -> None:
    """BW03."""
    for _ in range(SIGN_INS):
        await access.enter_by_password("Nobody", "guess")
    with pytest.raises(Refused, match="Too many"):
        await access.enter_by_password("Nobody", "guess")
    clock.move(60)
    assert await access.enter_by_password("Nobody", "guess") is None


async def test_a_session_ends_when_idle_and_at_last(access: Access, clock: ManualClock) -> None:
    entered = await access.enter_by_link(await access.make_signin_link(await access.get_user("Ann")))
    assert entered is not None
    step = SESSION_IDLE - timedelta(minutes=1)
    lived = timedelta(0)
    while await access.find_session(entered.cookie) is not None:
        clock.move(step.total_seconds())
        lived += step
    assert SESSION_LONGEST <= lived <= SESSION_LONGEST + step
    again = await access.enter_by_link(await access.make_signin_link(await access.get_user("Ann")))
    assert again is not None
    clock.move(SESSION_IDLE.total_seconds())
    assert await access.find_session(again.cookie) is None


async def test_leaving_ends_the_session_and_roles_count_at_once(access: Access) -> None:
    entered = await access.enter_by_link(await access.make_signin_link(await access.get_user("Ann")))
    assert entered is not None
    await access.set_role("Ann", "viewer")
    found = await access.find_session(entered.cookie)
    assert found is not None
    assert found[1].role == "viewer"
    await access.leave(found[0])
    assert await access.find_session(entered.cookie) is None


async def test_a_token_speaks_until_it_is_revoked_and_is_kept_as_a_hash(access: Access) -> None:
    secret = await access.add_token("crm", "agent")
    actor = await access.find_token(secret)
    assert actor is not None
    assert (actor.key, actor.user_id) == ("token:crm", None)
    assert secret not in repr(await access.list_tokens())
    assert [token.hash for token in await access.list_tokens()] == [hashed(secret)]
    with pytest.raises(Refused):
        await access.add_token("crm", "admin")
    await access.revoke_token("crm")
    assert await access.find_token(secret) is None
    with pytest.raises(Refused):
        await access.revoke_token("crm")
