"""Who may handle which raw events: leases by conversation, groups, fairness."""

import asyncio

from tests.support.builders import MAIN, at, ignoring, lease, names, raw, receive
from tests.support.stores import Database
from tickets.ids import EventId
from tickets.records import Admission, LeasedEvent
from tickets.storage import Store


async def finish(store: Store, leased: list[LeasedEvent]) -> None:
    await store.admit([ignoring(one.id) for one in leased], at(0))


# Leases ------------------------------------------------------------------------


async def test_events_come_in_order_of_arrival(store: Store) -> None:
    await receive(store, *(raw(f"{n}", f"chat-{n % 2}") for n in range(6)))
    leased = await lease(store)
    for chat in ("chat-0", "chat-1"):
        mine = [one.event.external_id for one in leased if one.event.conversation == chat]
        assert mine == sorted(mine)
        assert len(mine) == 3


async def test_a_leased_conversation_is_not_handed_to_another(store: Store) -> None:
    await receive(store, raw("1"), raw("2"))
    await lease(store, 0)
    await receive(store, raw("3"))
    assert await lease(store, 59) == []


async def test_other_conversations_are_free_meanwhile(store: Store) -> None:
    await receive(store, raw("1", "a"))
    await lease(store)
    await receive(store, raw("2", "b"))
    assert names(await lease(store, 1)) == ["2"]


async def test_an_expired_lease_is_given_again_and_attempts_are_counted(store: Store) -> None:
    await receive(store, raw("1"))
    assert [one.attempts for one in await lease(store, 0)] == [1]
    assert [one.attempts for one in await lease(store, 60)] == [2]
    assert [one.attempts for one in await lease(store, 200)] == [3]


async def test_an_event_that_comes_during_the_lease_is_leased_after_it_ended(store: Store) -> None:
    await receive(store, raw("1"))
    leased = await lease(store)
    await receive(store, raw("2"))
    await finish(store, leased)
    assert names(await lease(store, 1)) == ["2"]


async def test_an_event_that_comes_during_the_lease_survives_its_expiry(store: Store) -> None:
    await receive(store, raw("1"))
    await lease(store)
    await receive(store, raw("2"))
    assert names(await lease(store, 61)) == ["1", "2"]


async def test_a_redelivery_during_the_lease_changes_nothing(store: Store) -> None:
    await receive(store, raw("1"))
    leased = await lease(store)
    await receive(store, raw("1"))
    await finish(store, leased)
    assert await lease(store, 1) == []
    await receive(store, raw("2"))
    assert names(await lease(store, 1)) == ["2"]


async def test_what_was_left_of_a_lease_is_not_forgotten(store: Store) -> None:
    await receive(store, raw("1"), raw("2"))
    leased = await lease(store)
    await finish(store, leased[:1])
    assert names(await lease(store, 61)) == ["2"]


async def test_parallel_leases_never_share_a_conversation(database: Database) -> None:
    stores = [database.store() for _ in range(3)]
    for store in stores:
        await store.open()
    await receive(stores[0], *(raw(f"{n}", f"chat-{n % 10}") for n in range(30)))
    leases = await asyncio.gather(
        *(store.lease_events(f"w{n}", at(0), 60, 4) for n in range(4) for store in stores)
    )
    seen = [one.id for leased in leases for one in leased]
    holders = [{one.event.conversation for one in leased} for leased in leases]
    assert len(seen) == len(set(seen))
    assert sum(len(chats) for chats in holders) == len(set().union(*holders))
    for store in stores:
        await store.close()


# Releasing and replaying ---------------------------------------------------------


async def test_released_events_wait_for_their_time(store: Store) -> None:
    await receive(store, raw("1"))
    leased = await lease(store)
    await store.release_events([leased[0].id], at(30))
    assert await lease(store, 29) == []
    assert names(await lease(store, 30)) == ["1"]


async def test_a_new_event_does_not_shorten_the_wait_of_released_ones(store: Store) -> None:
    await receive(store, raw("1"))
    [leased] = await lease(store)
    await store.release_events([leased.id], at(30))
    await receive(store, raw("2", received_at=at(1)))
    assert "1" not in names(await lease(store, 2))
    assert "1" in names(await lease(store, 100))


async def test_releasing_does_not_let_go_of_a_group_that_is_not_quiet(store: Store) -> None:
    await receive(store, raw("1"))
    [leased] = await lease(store)
    await receive(store, raw("2", received_at=at(5), group="album", quiet_s=10))
    await store.release_events([leased.id], at(6))
    assert "2" not in names(await lease(store, 7))
    assert "2" in names(await lease(store, 100))


async def test_a_quarantined_event_is_shown_and_can_be_replayed(store: Store) -> None:
    await receive(store, raw("1", payload=b"12345"), raw("2"))
    leased = await lease(store)
    await store.admit([Admission((leased[0].id,), "quarantined", "cannot be read"), ignoring(leased[1].id)], at(0))
    [shown] = await store.list_quarantine()
    assert (shown.id, shown.reason, shown.size_bytes) == (leased[0].id, "cannot be read", 5)
    assert (shown.channel, shown.account, shown.external_id, shown.received_at) == ("telegram", MAIN, "1", at(0))
    assert await store.replay(shown.id, at(5))
    assert await store.list_quarantine() == []
    [again] = await lease(store, 5)
    assert (again.id, again.attempts) == (shown.id, 1)


async def test_only_a_quarantined_event_is_replayed(store: Store) -> None:
    await receive(store, raw("1"), raw("2"))
    leased = await lease(store)
    await finish(store, leased[:1])
    assert not await store.replay(leased[0].id, at(1))
    assert not await store.replay(leased[1].id, at(1))
    assert not await store.replay(EventId(999_999), at(1))


async def test_an_event_replayed_during_a_lease_is_not_forgotten(store: Store) -> None:
    await receive(store, raw("1"))
    [first] = await lease(store)
    await store.admit([Admission((first.id,), "quarantined", "torn")], at(0))
    await receive(store, raw("2"))
    leased = await lease(store, 1)
    await store.replay(first.id, at(2))
    await finish(store, leased)
    assert names(await lease(store, 3)) == ["1"]


async def test_the_newest_quarantined_event_comes_first(store: Store) -> None:
    await receive(store, raw("1"), raw("2"), raw("3"))
    leased = await lease(store)
    await store.admit([Admission((one.id,), "quarantined", "torn") for one in leased], at(0))
    assert [one.external_id for one in await store.list_quarantine()] == ["3", "2", "1"]
    assert [one.external_id for one in await store.list_quarantine(2)] == ["3", "2"]


# Groups --------------------------------------------------------------------------


async def test_a_group_is_held_until_it_has_been_quiet(store: Store) -> None:
    await receive(store, raw("1", group="album", quiet_s=2, received_at=at(0)))
    assert await lease(store, 1) == []
    await receive(store, raw("2", group="album", quiet_s=2, received_at=at(1)))
    assert await lease(store, 2.9) == []
    assert names(await lease(store, 3)) == ["1", "2"]


async def test_a_group_does_not_hold_other_conversations(store: Store) -> None:
    await receive(store, raw("1", "a", group="album", quiet_s=60), raw("2", "b"))
    assert names(await lease(store, 1)) == ["2"]


async def test_a_group_is_not_torn_apart_by_the_limit(store: Store) -> None:
    await receive(store, raw("0"), *(raw(f"album-{n}", group="album") for n in range(5)), raw("last"))
    seen: list[list[str]] = []
    while leased := await lease(store, limit=3):
        seen.append(names(leased))
        await finish(store, leased)
    assert [f"album-{n}" for n in range(5)] in [[name for name in part if "album" in name] for part in seen]
    assert [name for part in seen for name in part] == ["0", *(f"album-{n}" for n in range(5)), "last"]


async def test_a_group_is_not_torn_apart_at_fifty_events(store: Store) -> None:
    await store.append_raw(
        MAIN, [raw(f"{n}") for n in range(48)] + [raw(f"album-{n}", group="album") for n in range(4)], None
    )
    leased = await lease(store)
    assert len(leased) == 48
    await finish(store, leased)
    assert names(await lease(store)) == [f"album-{n}" for n in range(4)]


# How much ------------------------------------------------------------------------


async def test_at_most_fifty_of_one_conversation_and_the_rest_later(store: Store) -> None:
    await store.append_raw(MAIN, [raw(f"{n}") for n in range(120)], None)
    sizes = []
    seen: list[str] = []
    while leased := await lease(store, limit=1000):
        sizes.append(len(leased))
        seen += names(leased)
        await finish(store, leased)
    assert sizes == [50, 50, 20]
    assert seen == [f"{n}" for n in range(120)]


async def test_the_rest_of_a_cut_conversation_stays_with_its_lease(store: Store) -> None:
    await store.append_raw(MAIN, [raw(f"{n}") for n in range(60)], None)
    assert len(await lease(store, 0, limit=1000)) == 50
    assert await lease(store, 1, limit=1000) == []


async def test_exactly_fifty_leave_nothing(store: Store) -> None:
    await store.append_raw(MAIN, [raw(f"{n}") for n in range(50)], None)
    await finish(store, await lease(store, limit=1000))
    assert await lease(store, 1) == []
    assert await store.count_waiting() == 0


async def test_the_limit_is_about_kept_and_nothing_is_lost(store: Store) -> None:
    await store.append_raw(MAIN, [raw(f"{n}", f"chat-{n % 7}") for n in range(70)], None)
    seen: list[str] = []
    while leased := await lease(store, limit=10):
        assert len(leased) <= 20
        seen += names(leased)
        await finish(store, leased)
    assert sorted(seen, key=int) == [f"{n}" for n in range(70)]


async def test_the_oldest_conversation_comes_first(store: Store) -> None:
    await receive(store, *(raw(f"{n}", f"chat-{n}", received_at=at(n)) for n in range(5)))
    assert names(await lease(store, 10, limit=2)) == ["0", "1"]
    assert names(await lease(store, 10, limit=2)) == ["2", "3"]


async def test_a_flood_in_one_account_does_not_hold_up_another(store: Store) -> None:
    await store.append_raw(MAIN, [raw(f"{n}", f"chat-{n % 5}") for n in range(200)], None)
    await receive(store, raw("quiet", account="telegram:small", received_at=at(10)))
    assert "quiet" in names(await lease(store, 20, limit=10))


async def test_every_account_gets_its_turn(store: Store) -> None:
    for account in ("x:a", "x:b", "x:c"):
        await receive(store, *(raw(f"{account}-{n}", f"chat-{n}", account) for n in range(5)))
    leased = await lease(store, limit=6)
    accounts = [one.event.account for one in leased]
    assert {account: accounts.count(account) for account in set(accounts)} == {"x:a": 2, "x:b": 2, "x:c": 2}
