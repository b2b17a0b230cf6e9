"""A platform that takes our questions and never answers: the pump notices, and begins the source anew."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from connectors.pump import pump
from connectors.registry import make_connector
from service.clock import SystemClock
from service.supervisor import Trouble, keep_running
from simulators.memory_store import MemoryStore
from tests.contract.connectors.harness import context
from tests.support.town import DISCORD, EMAIL, TELEGRAM, Town, X, until
from tickets.ids import AccountId
from tickets.ports import no_crash

STUCK_S = 0.6


class Case(NamedTuple):
    """One channel.  hang: its platform stays silent, until ``wake``."""

    account: AccountId
    settings: dict[str, object]
    hang: Callable[[Town], None]
    write: Callable[[Town], object]
    wake: Callable[[Town], None]


CASES = [
    Case(
        TELEGRAM,
        {},
        lambda town: town.telegram.faults.arm("delay", times=None, seconds=60.0, method="getUpdates"),
        lambda town: town.anna.write("Ist da jemand?", town.bot),
        lambda town: town.telegram.faults.clear(),
    ),
    Case(
        DISCORD,
        {"first_start": "all"},
        lambda town: town.discord.faults.arm("delay", times=None, s=60.0, path="/messages"),
        lambda town: town.linh.say("Ist da jemand?", town.hall, mention=town.discord_bot),
        lambda town: town.discord.faults.clear(),
    ),
    Case(
        X,
        {"first_start": "all"},
        lambda town: town.x.faults.arm("delay", times=None, s=60.0, path="/mentions"),
        lambda town: town.ricardo.mention(town.x_account, "Ist da jemand?"),
        lambda town: town.x.faults.clear(),
    ),
    Case(
        EMAIL,
        {"first_start": "all"},
        lambda town: town.mail.faults.arm("imap_hang", times=None, command="FETCH"),
        lambda town: town.mei.write(to="support@example.test", subject="Hallo", text="Ist da jemand?"),
        lambda town: town.mail.faults.clear(),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.account for case in CASES])
async def test_a_source_that_hangs_is_begun_anew(town: Town, case: Case) -> None:
    store, clock, troubles = MemoryStore(), SystemClock(), list[Trouble]()
    await store.open()
    settings = replace(town.accounts()[case.account].settings, **case.settings)
    connector = make_connector(case.account.partition(":")[0], settings, context(case.account))

    async def live() -> None:
        await connector.open()
        try:
            await pump(connector.source, case.account, store, clock, no_crash, _nothing, stuck_s=STUCK_S)
        finally:
            await connector.close()

    async def tell(trouble: Trouble) -> None:
        troubles.append(trouble)
        case.wake(town)

    case.hang(town)
    case.write(town)
    running = asyncio.create_task(keep_running(case.account, live, clock, tell))
    try:
        await until(lambda: troubles, "the silence is noticed")
        assert troubles[0].state == "down"
        assert troubles[0].detail.startswith("Nothing was heard of the connection")
        async with asyncio.timeout(20):
            while not await store.count_waiting():
                await asyncio.sleep(0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()


async def _nothing(_behind: str) -> None:
    """Nobody looks at the account's health here."""
