"""A worker that falls silent in the middle of something: what it holds up, and what it finds when it goes on."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager

import pytest

from tests.support.builders import at, changing, delivery, get_delivery, lease_out, open_ticket, queue
from tests.support.crew import soon
from tests.support.debian_postgres import debian_postgres
from tests.support.netns import NamespacesMissing, separate_networks
from tests.support.postgres import PostgresMissing
from tests.support.stores import Database, fresh_schema
from tickets.errors import StoreUnavailable
from tickets.ids import DeliveryId, ExternalMessageId
from tickets.model import Receipt
from tickets.ports import CrashHook, no_crash
from tickets.storage import Store

NOTICED_S = 15
"""How soon a silence is noticed, with room for a busy machine."""


@pytest.fixture
def shared(postgres_url: str) -> Iterator[Database]:
    with fresh_schema(postgres_url) as url:
        yield Database("postgres", url)


class Stall:
    """A crash hook that stops its transaction for as long as the test wants."""

    def __init__(self, point: str) -> None:
        self._point = point
        self.entered = threading.Event()
        self.release = threading.Event()

    def __call__(self, point: str) -> None:
        if point == self._point:
            self.entered.set()
            self.release.wait(60)


@asynccontextmanager
async def opened(database: Database, crash: CrashHook = no_crash) -> AsyncIterator[Store]:
    store = database.store(crash=crash)
    await store.open()
    yield store
    await store.close()


async def test_a_worker_that_stalls_in_a_transaction_holds_up_nobody_for_long(shared: Database) -> None:
    stall = Stall("store.change_written")
    async with opened(shared, stall) as slow, opened(shared) as quick:
        first, second = await open_ticket(quick, "ann"), await open_ticket(quick, "bob")
        stalled = asyncio.create_task(slow.apply_change(changing(first), first.created_at))
        try:
            assert await asyncio.to_thread(stall.entered.wait, NOTICED_S)
            async with asyncio.timeout(NOTICED_S):
                await quick.apply_change(changing(second), second.created_at)
        finally:
            stall.release.set()
        with pytest.raises(StoreUnavailable):
            await stalled
        await slow.apply_change(changing(first), first.created_at)


async def test_a_receipt_counts_though_its_worker_was_thought_dead_meanwhile(shared: Database) -> None:
    stall = Stall("store.receipt_written")
    receipt = Receipt(ExternalMessageId("x-1"), at(2))
    async with opened(shared, stall) as slow, opened(shared) as reaper:
        await slow.acquire_lease("worker:worker", "worker", at(0), 2.0)
        await queue(slow, delivery("r"))
        assert await lease_out(slow) == ["r"]
        assert await slow.mark_sending(DeliveryId("d-r"), 1, "worker", at(1))
        recording = asyncio.create_task(slow.record_receipt(DeliveryId("d-r"), 1, receipt, at(2), "worker"))
        assert await asyncio.to_thread(stall.entered.wait, NOTICED_S)
        reaping = asyncio.create_task(reaper.reap_workers(at(9), None))
        try:
            await soon(lambda: waiting(shared), "the reaper waits for the receipt")
        finally:
            stall.release.set()
        await asyncio.gather(recording, reaping)
        assert (await get_delivery(reaper, "r")).state == "sent"


def waiting(database: Database) -> bool:
    """Whether a transaction waits for another one."""
    return bool(database.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


async def test_a_server_that_is_gone_without_a_word_is_noticed_and_found_again() -> None:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(separate_networks()).place()
            url = stack.enter_context(debian_postgres(address=server.address, prefix=server.prefix))
        except (NamespacesMissing, PostgresMissing) as error:
            pytest.skip(f"a PostgreSQL server in a network of its own wanted: {error}")
        async with opened(Database("postgres", stack.enter_context(fresh_schema(url)))) as store:
            await store.check()
            server.unplug()
            try:
                async with asyncio.timeout(NOTICED_S):
                    with pytest.raises(StoreUnavailable):
                        await store.check()
            finally:
                server.plug()
            async with asyncio.timeout(NOTICED_S):
                while not await answers(store):
                    pass


async def answers(store: Store) -> bool:
    try:
        await store.check()
    except StoreUnavailable:
        return False
    return True
