"""A worker that stops without a word is told of once; one that says goodbye is not."""

from datetime import timedelta

from connectors.registry import capabilities_of
from service.config import AlertsSection
from service.watch import Watch
from service.work import Worker
from simulators.memory_store import MemoryStore
from tests.support.builders import MAIN, answer, open_ticket, queue
from tests.support.clock import ManualClock
from tickets.ids import AccountId
from tickets.notices import NewNotice

LEASE_S = 15.0
MAIL = AccountId("email:support")


def worker(store: MemoryStore, clock: ManualClock, name: str, *, alone: bool = False) -> Worker:
    return Worker(store, clock, name, alone=alone, lease_s=LEASE_S)


async def told(store: MemoryStore) -> list[NewNotice]:
    return [one.notice for one in await store.list_notices()]


async def test_colleagues_tell_of_one_that_died_once(store: MemoryStore, clock: ManualClock) -> None:
    first, second, third = (worker(store, clock, f"host:1:{name}") for name in ("甲", "乙", "丙"))
    for one in (first, second, third):
        await one.beat()
    for _ in range(10):
        clock.move(LEASE_S / 3)
        await second.beat()
        await third.beat()
    [notice] = await told(store)
    assert (notice.kind, notice.key, notice.account) == ("worker", f"worker:host:{notice.since:%Y-%m-%dT%H}", None)
    assert "host:1:甲 stopped without a word" in notice.text
    assert clock.now() - notice.since <= timedelta(seconds=10 * LEASE_S / 3)


async def test_its_answers_of_unknown_fate_are_counted(store: MemoryStore, clock: ManualClock) -> None:
    dead, heir = worker(store, clock, "dead"), worker(store, clock, "heir")
    await dead.beat()
    for name in ("ann", "bo", "cleo"):
        await queue(store, answer(name, await open_ticket(store, name)))
    leased = await store.lease_deliveries([MAIN], "dead", clock.now(), 600, 2)
    for delivery in leased:
        assert await store.mark_sending(delivery.id, 1, "dead", clock.now())
    clock.move(LEASE_S + 1)
    await heir.beat()
    [notice] = await told(store)
    assert "Answers of unknown fate since then: 2." in notice.text


async def test_one_that_leaves_is_no_news(store: MemoryStore, clock: ManualClock) -> None:
    first, second = worker(store, clock, "first"), worker(store, clock, "second")
    await first.beat()
    await second.beat()
    await first.leave()
    for _ in range(10):
        clock.move(LEASE_S / 3)
        await second.beat()
    assert await told(store) == []


async def test_one_that_leaves_tells_of_the_dead_it_finds(store: MemoryStore, clock: ManualClock) -> None:
    dead, leaving = worker(store, clock, "dead"), worker(store, clock, "leaving")
    await dead.beat()
    clock.move(LEASE_S + 1)
    await queue(store, answer("ann", await open_ticket(store, "ann")))
    [cut_off] = await store.lease_deliveries([MAIN], "leaving", clock.now(), 600, 2)
    assert await store.mark_sending(cut_off.id, 1, "leaving", clock.now())
    await leaving.leave()
    [notice] = await told(store)
    assert "worker dead stopped without a word" in notice.text
    assert "Answers of unknown fate since then: 0." in notice.text
    assert (await store.count_rows())["deliveries_unknown"] == 1


async def test_one_that_was_away_does_not_tell_of_itself(store: MemoryStore, clock: ManualClock) -> None:
    """Its machine slept: its own lease has run out."""
    only = worker(store, clock, "only")
    await only.beat()
    clock.move(8 * 3600)
    await only.beat()
    assert await told(store) == []


async def test_a_restart_after_a_crash_is_told_of(store: MemoryStore, clock: ManualClock) -> None:
    """On SQLite nobody else can live, so it need not wait for the lease."""
    killed = worker(store, clock, "killed", alone=True)
    await killed.beat()
    restarted = worker(store, clock, "restarted", alone=True)
    await restarted.beat()
    [notice] = await told(store)
    assert "killed stopped without a word" in notice.text


async def test_it_is_told_of_on_the_configured_channel_at_the_next_look(
    store: MemoryStore, clock: ManualClock
) -> None:
    dead, heir = worker(store, clock, "dead"), worker(store, clock, "heir")
    await dead.beat()
    clock.move(LEASE_S + 1)
    await heir.beat()
    alerts = AlertsSection(account=MAIL, to="ops@example.test")
    watch = Watch(store, clock, alerts, {MAIL: capabilities_of("email")}, LEASE_S, lambda: heir.leading)
    await watch.look()
    await watch.look()
    [delivery] = await store.list_unfinished()
    assert "dead stopped without a word" in delivery.parts[0].text
    assert delivery.target.to == ("ops@example.test",)
