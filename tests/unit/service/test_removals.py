"""Asking what people removed: one question after the other, and the team is told where none is answered."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from service.jobs import JobRunner
from service.removals import ASK
from simulators.memory_store import MemoryStore
from tests.support.builders import T0, NoDesk, opening
from tests.support.clock import ManualClock
from tickets.errors import Unreachable
from tickets.ids import AccountId, ExternalMessageId
from tickets.model import Thread
from tickets.records import NewJob

ONE, OTHER = AccountId("x:one"), AccountId("x:other")
TEN_MINUTES_S = 600.0


class Platform:
    """Works at one question of all accounts at a time, ten minutes long; or at none."""

    def __init__(self, clock: ManualClock) -> None:
        self.asked: list[AccountId] = []
        self.away = False
        self.idle = False
        """Of what is held here it could tell nothing."""
        self._clock = clock
        self._busy_until = 0.0

    def source(self, account: AccountId) -> "Source":
        return Source(self, account)

    def ask(self, account: AccountId) -> str:
        if self.away or self._clock.monotonic() < self._busy_until:
            raise Unreachable("There is another question.")
        self._busy_until = self._clock.monotonic() + TEN_MINUTES_S
        self.asked.append(account)
        return f"question-{len(self.asked)}"

    def is_done(self) -> bool:
        return self._clock.monotonic() >= self._busy_until


class Source:
    """See ``tickets.ports.RemovalSource``."""

    def __init__(self, platform: Platform, account: AccountId) -> None:
        self._platform = platform
        self._account = account

    async def ask_removed(self, names: Sequence[ExternalMessageId]) -> str:
        return "" if self._platform.idle else self._platform.ask(self._account)

    async def fetch_removed(self, question: str) -> Sequence[ExternalMessageId] | None:
        return [] if self._platform.is_done() else None


class Works:
    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.clock = ManualClock()
        self.platform = Platform(self.clock)
        capabilities = SimpleNamespace(channel="x")
        self._jobs = JobRunner(
            store,
            self.clock,
            "worker",
            {
                account: SimpleNamespace(source=self.platform.source(account), capabilities=capabilities)
                for account in (ONE, OTHER)
            },
            NoDesk(),
        )

    async def ask_both(self) -> None:
        now = self.clock.now()
        await self.store.enqueue_jobs(
            [NewJob(ASK, f"{ASK}:{account}:{now}", now, {"account": account}) for account in (ONE, OTHER)]
        )

    async def pass_by(self, hours: int) -> None:
        for _ in range(hours * 60):
            self.clock.move(60)
            await self._jobs.run_due()

    async def notices(self) -> list[str]:
        return [one.notice.text for one in await self.store.list_notices()]


@pytest.fixture
async def works() -> Works:
    store = MemoryStore()
    await store.open()
    for name, account in (("ann", ONE), ("bob", OTHER)):
        made = opening(name)
        thread: Thread | None = made.new_thread
        assert thread is not None
        await store.admit([replace(made, new_thread=replace(thread, account=account))], T0)
    return Works(store)


async def test_two_accounts_of_one_app_are_asked_about_one_after_the_other(works: Works) -> None:
    await works.ask_both()
    await works.pass_by(2)
    assert sorted(works.platform.asked) == [ONE, OTHER]
    assert await works.notices() == []


async def test_where_no_question_is_taken_for_hours_the_team_is_told_and_it_ends_with_the_next(
    works: Works,
) -> None:
    works.platform.away = True
    await works.ask_both()
    await works.pass_by(6)
    assert len([one for one in await works.notices() if "There is another question" in one]) == 2
    works.platform.away = False
    await works.ask_both()
    await works.pass_by(2)
    assert await works.notices() == []


async def test_where_there_is_nothing_to_ask_about_no_answer_is_waited_for(works: Works) -> None:
    works.platform.idle = True
    await works.ask_both()
    await works.pass_by(6)
    assert (works.platform.asked, await works.notices()) == ([], [])
