"""Leases, jobs, dead workers, health, secrets, counting and forgetting."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.support.builders import (
    MAIN,
    T0,
    at,
    changing,
    delivery,
    get_delivery,
    ignoring,
    lease,
    lease_out,
    open_ticket,
    queue,
    raw,
    receive,
    user,
)
from tickets.ids import AccountId, DeliveryId, ExternalMessageId, UserId
from tickets.model import ChannelHealth, Receipt
from tickets.records import Admission, Job, NewJob, Session
from tickets.storage import Store

# Named leases --------------------------------------------------------------------------


async def test_one_holder_at_a_time(store: Store) -> None:
    assert await store.acquire_lease("leader", "one", at(0), 10)
    assert not await store.acquire_lease("leader", "two", at(9), 10)
    assert await store.acquire_lease("other", "two", at(9), 10)


async def test_the_holder_prolongs_its_lease(store: Store) -> None:
    await store.acquire_lease("leader", "one", at(0), 10)
    assert await store.acquire_lease("leader", "one", at(5), 10)
    assert not await store.acquire_lease("leader", "two", at(14), 10)


async def test_an_expired_lease_goes_to_another(store: Store) -> None:
    await store.acquire_lease("leader", "one", at(0), 10)
    assert await store.acquire_lease("leader", "two", at(10), 10)
    assert not await store.acquire_lease("leader", "one", at(11), 10)


async def test_only_the_holder_releases(store: Store) -> None:
    await store.acquire_lease("leader", "one", at(0), 10)
    await store.release_lease("leader", "two")
    assert not await store.acquire_lease("leader", "two", at(1), 10)
    await store.release_lease("leader", "one")
    assert await store.acquire_lease("leader", "two", at(1), 10)


async def test_of_parallel_holders_one_wins(store: Store) -> None:
    won = await asyncio.gather(*(store.acquire_lease("leader", f"w{n}", at(0), 10) for n in range(10)))
    assert sum(won) == 1


# Jobs ------------------------------------------------------------------------------------


def job(name: str, seconds: float = 0, **payload: str) -> NewJob:
    return NewJob("fetch", name, at(seconds), payload)


async def leased_jobs(store: Store, seconds: float, limit: int = 10) -> list[Job]:
    return list(await store.lease_jobs("worker", at(seconds), 60, limit))


async def test_a_job_is_leased_when_it_is_due(store: Store) -> None:
    assert await store.enqueue_jobs([job("a", 5, attachment="a-1")]) == 1
    assert await leased_jobs(store, 4) == []
    [one] = await leased_jobs(store, 5)
    assert (one.kind, one.payload, one.attempts) == ("fetch", {"attachment": "a-1"}, 1)


async def test_a_second_job_with_the_same_key_is_not_enqueued(store: Store) -> None:
    assert await store.enqueue_jobs([job("a", x="1"), job("a", x="2"), job("b")]) == 2
    assert await store.enqueue_jobs([job("a", x="3"), job("c")]) == 1
    payloads = [one.payload for one in await leased_jobs(store, 0)]
    assert sorted(payload.get("x", "") for payload in payloads) == ["", "", "1"]


async def test_a_job_is_leased_once_and_again_after_the_lease(store: Store) -> None:
    await store.enqueue_jobs([job("a")])
    assert len(await leased_jobs(store, 0)) == 1
    assert await leased_jobs(store, 59) == []
    assert [one.attempts for one in await leased_jobs(store, 60)] == [2]


async def test_parallel_workers_never_get_the_same_job(store: Store) -> None:
    await store.enqueue_jobs([job(f"{n}") for n in range(20)])
    leases = await asyncio.gather(*(leased_jobs(store, 0, 3) for _ in range(10)))
    seen = [one.id for jobs in leases for one in jobs]
    assert len(seen) == len(set(seen)) == 20


async def test_a_finished_job_is_not_leased_again(store: Store) -> None:
    await store.enqueue_jobs([job("a")])
    [one] = await leased_jobs(store, 0)
    await store.finish_job(one.id, "worker", at(1))
    assert await leased_jobs(store, 1000) == []
    assert (await store.count_rows())["jobs_waiting"] == 0


async def test_a_failed_job_is_tried_again_at_its_time(store: Store) -> None:
    await store.enqueue_jobs([job("a")])
    [one] = await leased_jobs(store, 0)
    await store.fail_job(one.id, "worker", "unreachable", at(20))
    assert await leased_jobs(store, 19) == []
    assert [(again.id, again.attempts) for again in await leased_jobs(store, 20)] == [(one.id, 2)]


async def test_a_job_given_up_is_not_leased_again(store: Store) -> None:
    await store.enqueue_jobs([job("a")])
    [one] = await leased_jobs(store, 0)
    await store.fail_job(one.id, "worker", "gone", None)
    assert await leased_jobs(store, 1000) == []


async def test_who_was_too_slow_changes_nothing_of_a_job_that_another_has(store: Store) -> None:
    await store.enqueue_jobs([job("a")])
    [one] = await leased_jobs(store, 0)
    [again] = await store.lease_jobs("colleague", at(61), 60, 10)
    assert again.id == one.id
    await store.finish_job(one.id, "worker", at(62))
    await store.fail_job(one.id, "worker", "too late", at(62))
    await store.fail_job(one.id, "worker", "too late", None)
    assert await leased_jobs(store, 100) == []
    assert (await store.count_rows())["jobs_waiting"] == 1
    await store.finish_job(one.id, "colleague", at(63))
    assert (await store.count_rows())["jobs_waiting"] == 0


async def test_the_limit_of_jobs_is_kept_and_the_oldest_come_first(store: Store) -> None:
    await store.enqueue_jobs([job("late", 9, n="late"), job("early", 1, n="early"), job("middle", 5, n="middle")])
    first = await leased_jobs(store, 10, 2)
    assert {one.payload["n"] for one in first} == {"early", "middle"}
    assert [one.payload["n"] for one in await leased_jobs(store, 10, 2)] == ["late"]


# Dead workers ------------------------------------------------------------------------------


async def hold_everything(store: Store) -> None:
    """A worker takes one of everything and is sending a delivery."""
    await store.acquire_lease("worker:worker", "worker", at(0), 30)
    await store.acquire_lease("telegram:main", "worker", at(0), 3000)
    await receive(store, raw("1"))
    await lease(store, lease_s=3000)
    await store.enqueue_jobs([job("a")])
    await store.lease_jobs("worker", at(0), 3000, 10)
    await queue(store, delivery("r"), delivery("idle"))
    await lease_out(store, lease_s=3000)
    await store.mark_sending(DeliveryId("d-r"), 1, "worker", at(1))


async def held(store: Store, seconds: float) -> tuple[int, int, list[str], bool, str]:
    """What another worker can get, and the fate of what was being sent."""
    return (
        len(await store.lease_events("other", at(seconds), 1, 10)),
        len(await store.lease_jobs("other", at(seconds), 1, 10)),
        await lease_out(store, seconds, holder="other", lease_s=1),
        await store.acquire_lease("telegram:main", "other", at(seconds), 1),
        (await get_delivery(store, "r")).state,
    )


async def test_a_worker_that_lives_keeps_what_it_holds(store: Store) -> None:
    await hold_everything(store)
    assert (await store.reap_workers(at(29), None)).unknown == 0
    assert await held(store, 29) == (0, 0, [], False, "sending")


async def test_what_a_dead_worker_held_is_free(store: Store) -> None:
    await hold_everything(store)
    assert (await store.reap_workers(at(30), None)).unknown == 1
    assert await held(store, 30) == (1, 1, ["idle"], True, "unknown")
    assert (await store.reap_workers(at(31), None)).unknown == 0


async def test_a_worker_alone_knows_that_all_others_are_dead(store: Store) -> None:
    await hold_everything(store)
    assert (await store.reap_workers(at(1), "new")).unknown == 1
    assert await held(store, 1) == (1, 1, ["idle"], True, "unknown")


async def test_a_worker_alone_keeps_what_it_holds_itself(store: Store) -> None:
    await hold_everything(store)
    assert (await store.reap_workers(at(1), "worker")).unknown == 0
    assert await held(store, 1) == (0, 0, [], False, "sending")


# Health --------------------------------------------------------------------------------------


def health(state: str, seconds: float, account: str = MAIN, **fields: object) -> ChannelHealth:
    return ChannelHealth(
        AccountId(account), "telegram", state, fields.get("detail", ""), at(seconds), at(seconds)  # type: ignore[arg-type]
    )  # fmt: skip


async def test_since_changes_only_with_the_state(store: Store) -> None:
    await store.set_health(health("up", 1))
    await store.set_health(health("up", 5, detail="fine"))
    [found] = await store.list_health()
    assert (found.state, found.since, found.checked_at, found.detail) == ("up", at(1), at(5), "fine")
    await store.set_health(health("down", 8))
    await store.set_health(health("down", 9))
    [found] = await store.list_health()
    assert (found.state, found.since, found.checked_at) == ("down", at(8), at(9))


async def test_health_is_listed_by_account_with_the_last_events(store: Store) -> None:
    await store.set_health(health("up", 1, "telegram:b"))
    await store.set_health(health("up", 1, MAIN))
    await receive(store, raw("1", received_at=at(7)), raw("2", received_at=at(3)))
    await queue(store, delivery("r"))
    await lease_out(store)
    await store.mark_sending(DeliveryId("d-r"), 1, "worker", at(9))
    await store.record_receipt(DeliveryId("d-r"), 1, Receipt(ExternalMessageId("x"), at(10)), at(10))
    other, mine = await store.list_health()
    assert (other.account, other.last_event_at, other.last_sent_at) == ("telegram:b", None, None)
    assert (mine.account, mine.last_event_at, mine.last_sent_at) == (MAIN, at(7), at(10))


# Secrets, counts, forgetting -------------------------------------------------------------------


async def test_a_secret_is_made_once(store: Store) -> None:
    assert await store.get_secret("csrf", lambda: b"first") == b"first"
    assert await store.get_secret("csrf", lambda: b"second") == b"first"
    assert await store.get_secret("other", lambda: b"\x00\xff") == b"\x00\xff"


async def test_parallel_callers_get_the_same_secret(store: Store) -> None:
    made = await asyncio.gather(*(store.get_secret("csrf", lambda n=n: bytes([n])) for n in range(10)))
    assert len(set(made)) == 1


async def test_rows_are_counted_by_what_is_unfinished(store: Store) -> None:
    await receive(store, raw("1", "a"), raw("2", "b"), raw("3", "c"))
    leased = await lease(store)
    await store.admit([Admission((leased[0].id,), "quarantined", "torn"), ignoring(leased[1].id)], T0)
    await open_ticket(store, "ann")
    await open_ticket(store, "bob", status="closed")
    await queue(store, delivery("q1"), delivery("q2"), delivery("s", state="sent"), delivery("u", state="unknown"))
    assert dict(await store.count_rows()) == {
        "events_waiting": 1,
        "events_quarantined": 1,
        "tickets_unfinished": 1,
        "jobs_waiting": 0,
        "deliveries_queued": 2,
        "deliveries_unknown": 1,
        "notices_open": 0,
    }


async def test_the_old_is_forgotten_and_nothing_else(store: Store) -> None:
    month = T0 + timedelta(days=30)
    await store.enqueue_jobs([job("done"), job("failed"), job("waiting", 10**7)])
    done = await leased_jobs(store, 0)
    await store.finish_job(done[0].id, "worker", at(1))
    await store.add_user(user("ann"))
    await store.add_session(Session("old", UserId("u-ann"), "c", T0, T0, at(10)))
    await store.add_session(Session("new", UserId("u-ann"), "c", T0, T0, month + timedelta(days=1)))
    await store.add_signin_link("old", UserId("u-ann"), at(10))
    await store.add_signin_link("new", UserId("u-ann"), month + timedelta(days=1))
    known = await open_ticket(store, "ann")
    await store.apply_change(changing(known, "old"), at(1))
    known = replace(known, version=2)
    await store.apply_change(changing(known, "new"), month)
    assert await store.forget_old(at(5)) == 0
    assert await store.forget_old(month) == 4
    assert await store.forget_old(month) == 0
    assert await store.find_session("new", month) is not None
    assert await store.use_signin_link("new", month) is not None
    assert await store.find_command("user", "old") is None
    assert await store.find_command("user", "new") is not None
    assert await store.enqueue_jobs([job("waiting")]) == 0
    assert (await store.find_ticket(known.number)) is not None


@pytest.mark.parametrize("seconds", [9, 11])
async def test_a_session_is_forgotten_only_after_its_end(store: Store, seconds: float) -> None:
    await store.add_user(user("ann"))
    await store.add_session(Session("s", UserId("u-ann"), "c", T0, T0, at(10)))
    assert await store.forget_old(at(seconds)) == int(seconds > 10)
