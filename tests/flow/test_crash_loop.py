"""A channel that fails at once, again and again: the others do not notice, and people are told why."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from service.accounts import AccountRunner
from service.supervisor import DATABASE_S, FIRST_S, LONGEST_S
from simulators.memory_store import MemoryStore
from tests.support.clock import ManualClock
from tests.support.crowd import CHANNELS, Crowd, all_heard, answer_to, heard
from tests.support.stores import Database
from tests.support.town import DISCORD, EMAIL, TELEGRAM, Town, X, open_town, until
from tickets.errors import StoreUnavailable, Unreachable
from tickets.ids import AccountId
from tickets.model import ChannelHealth
from tickets.ports import Capabilities, no_crash

PEOPLE = 2
ACCOUNTS = {"telegram": TELEGRAM, "discord": DISCORD, "x": X, "email": EMAIL}


async def break_telegram(town: Town) -> None:
    town.telegram.faults.arm("garble", times=None)


async def break_discord(town: Town) -> None:
    town.discord.faults.arm("garble", times=None)
    town.discord.forget_sessions(town.discord_bot)
    town.discord.disconnect(town.discord_bot)


async def break_x(town: Town) -> None:
    town.x.faults.arm("garble", times=None)


async def break_email(town: Town) -> None:
    town.mail.faults.arm("imap_bye", times=None, command="CONNECT")
    await town.mail.disconnect_imap()


BREAK: dict[str, Callable[[Town], Awaitable[None]]] = {
    "telegram": break_telegram,
    "discord": break_discord,
    "x": break_x,
    "email": break_email,
}


@pytest.mark.parametrize("broken", CHANNELS)
async def test_one_channel_in_a_crash_loop_harms_no_other(broken: str, tmp_path: Path) -> None:
    database = Database("sqlite", f"sqlite:///{tmp_path}/switchboard.db")
    async with open_town() as town, town.open_for_business(town.config(database.url, tmp_path)):
        crowd = Crowd(town, PEOPLE)
        crowd.write(0)
        await all_heard(crowd, database)
        await BREAK[broken](town)
        await town.eventually(lambda: told_why(town, broken), "health that says why")

        crowd.write(1)
        others = {who: lines for who, lines in crowd.written.items() if not who.startswith(broken)}
        await until(lambda: others.items() <= heard(database).items(), "what the others wrote")
        numbers = [one.ticket.number for one in await town.tickets() if one.ticket.channel != broken]
        deliveries = [await town.answer(number, answer_to(number)) for number in numbers]
        for delivery in deliveries:
            await town.settled(delivery, "sent")
        assert {text for text in town.accepted() if text.startswith("Antwort")} == {answer_to(n) for n in numbers}
        states = {one.account: one.state for one in await town.service.store.list_health()}
        assert [account for account, state in states.items() if state == "up"] == sorted(
            account for channel, account in ACCOUNTS.items() if channel != broken
        )

        for platform in (town.telegram, town.discord, town.x, town.mail):
            platform.faults.clear()
        await all_heard(crowd, database)  # and the broken one makes up for what it missed


async def told_why(town: Town, channel: str) -> bool:
    [health] = [one for one in await town.service.store.list_health() if one.account == ACCOUNTS[channel]]
    return health.state in ("down", "waiting") and len(health.detail.split()) >= 3


class Broken:
    """A connector that fails at once, whenever it is opened."""

    account = AccountId("telegram:main")
    capabilities = Capabilities(
        channel="telegram",
        text_limit=None,
        text_unit="characters",
        receiving="",
        acknowledging="",
        answering="",
        edits="",
        deletions="",
        reactions="",
        by_hand="",
        commands="",
        buttons=False,
        hides=False,
        notifies=False,
        attachments_in="",
        attachments_out="",
        formatting="",
        formats=False,
        files=None,
        backfill="",
        reading_along="",
        unknown_settled_by="",
        limits="",
    )

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.opened: list[float] = []

    async def open(self) -> None:
        self.opened.append(self._clock.monotonic())
        raise Unreachable("Telegram cannot be reached. Check the network.")


class Away(MemoryStore):
    """A database that can be away.  told: every state of health, with its moment."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock
        self.away = False
        self.asked: list[float] = []
        self.told: list[ChannelHealth] = []

    async def acquire_lease(self, *asked: object, **more: object) -> bool:
        self.asked.append(self._clock.monotonic())
        if self.away:
            raise StoreUnavailable("The database is away.")
        return await super().acquire_lease(*asked, **more)  # type: ignore[arg-type]

    async def set_health(self, state: ChannelHealth) -> None:
        self.told.append(state)
        await super().set_health(state)


async def run_for(clock: ManualClock, store: Away, connector: Broken, seconds: float) -> None:
    runner = AccountRunner(connector, store, clock, no_crash, "worker", {}, 15.0)  # type: ignore[arg-type]
    running = asyncio.create_task(runner.run())
    await clock.advance(seconds)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def pauses(moments: list[float]) -> list[float]:
    return [round(later - earlier, 3) for earlier, later in itertools.pairwise(moments)]


async def test_restarts_come_later_each_time_up_to_a_minute_and_are_told() -> None:
    clock = ManualClock()
    store = Away(clock)
    await store.open()
    connector = Broken(clock)
    await run_for(clock, store, connector, 600)
    waited = pauses(connector.opened)
    assert FIRST_S <= min(waited) <= max(waited) <= LONGEST_S
    assert waited == sorted(waited)
    assert 12 <= len(waited) <= 16
    assert {(one.state, one.detail) for one in store.told} == {
        ("starting", "Connecting."),
        ("down", "Telegram cannot be reached. Check the network."),
    }


async def test_a_database_that_is_away_for_long_is_noticed_soon_when_it_is_back() -> None:
    """Asking it bothers no platform, so the pauses stay short."""
    clock = ManualClock()
    store = Away(clock)
    await store.open()
    store.away = True
    connector = Broken(clock)
    await run_for(clock, store, connector, 300)
    assert connector.opened == []
    assert max(pauses(store.asked)) <= 1.2 * DATABASE_S
