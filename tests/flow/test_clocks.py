"""Clocks that jump by an hour: no limit is passed, nothing leaves early, nothing stands still.

The service goes on by what has really passed and follows a clock that jumped
slowly.  The platform is judged by its own steady clock.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest

from connectors.x.errors import pause_s
from service.clock import SLEW, SystemClock
from simulators.memory_store import MemoryStore
from tests.flow.test_limits import AT_LEAST, HOUR_S, RULES, SURGES, Limit, Rules, Surge, Works, names, over
from tests.support.builders import T0
from tests.support.clock import ManualClock
from tests.support.town import EMAIL, TELEGRAM, X
from tickets.errors import DeliveryError

BEAT_S = 5.0
"""So often the service looks at the system's clock."""
UNDO_S = 10.0
PER_MINUTE = 60
MAIL = Surge("email", EMAIL, names(4), Limit(PER_MINUTE, 60), 0, 0)


class UneasyClock(ManualClock):
    """The service's clock over a system's that can be made to jump."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead_s = 0.0
        self._beat_at = BEAT_S
        self._service = SystemClock(self.wall, self.monotonic)

    def wall(self) -> datetime:
        """The system's clock."""
        return T0 + timedelta(seconds=self.monotonic() + self._ahead_s)

    def now(self) -> datetime:
        return self._service.now()

    def jump(self, seconds: float) -> None:
        """Somebody, or a time server, has set the system's clock."""
        self._ahead_s += seconds

    def move(self, seconds: float) -> None:
        super().move(seconds)
        if self.monotonic() >= self._beat_at:
            self._beat_at = self.monotonic() + BEAT_S
            self._service.steer(None)


@pytest.fixture
def clock() -> UneasyClock:
    return UneasyClock()


@pytest.fixture(params=[1, 2], ids=["one worker", "two workers"])
async def works(request: pytest.FixtureRequest, clock: UneasyClock) -> Works:
    first = MemoryStore()
    stores = [first, *(first.twin() for _ in range(request.param - 1))]
    for store in stores:
        await store.open()
    return Works(stores, clock)


JUMPS = {
    "ahead": [HOUR_S],
    "back": [-HOUR_S],
    "ahead and back again": [HOUR_S, -HOUR_S],
    "to and fro": [-HOUR_S, 2 * HOUR_S, -90.0, 30.0],
}
SECONDS = {
    "telegram in all": 8.0,
    "telegram one chat": 60.0,
    "discord in all": 6.0,
    "discord one channel": 60.0,
    "x": HOUR_S / 2,
}
"""Between two jumps."""


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
@pytest.mark.parametrize("name", SECONDS)
async def test_no_limit_is_passed_however_the_clock_jumps(
    works: Works, clock: UneasyClock, name: str, jumps: Sequence[float]
) -> None:
    surge = SURGES[name]
    platform = works.serve(surge.channel, surge.account)
    seconds = SECONDS[name]
    allowed = surge.binding.calls * seconds / surge.binding.span_s
    rounds = len(jumps) + 1
    await works.fill(surge.account, surge.keys, int(allowed * rounds / len(surge.keys)) + 20)
    for jump in (0.0, *jumps):
        clock.jump(jump)
        await works.work(seconds)

    assert platform.broken(RULES[surge.account]) == []
    assert len(platform.calls) >= (AT_LEAST - SLEW) * allowed * rounds
    assert _most_in(platform.calls, seconds) <= _planned(surge, platform.calls, seconds)


def _most_in(calls: Sequence[float], seconds: float) -> int:
    """The most calls within so many seconds, wherever they begin."""
    return max(sum(first <= one < first + seconds for one in calls) for first in calls[:: len(calls) // 20 or 1])


def _planned(surge: Surge, calls: Sequence[float], seconds: float) -> float:
    """What the platform allows in that time, and one a second more."""
    return surge.binding.calls * seconds / surge.binding.span_s + seconds


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
async def test_a_mail_provider_s_limit_holds_however_the_clock_jumps(
    works: Works, clock: UneasyClock, jumps: Sequence[float]
) -> None:
    platform = works.serve("email", EMAIL, per_minute=PER_MINUTE)
    await works.fill(EMAIL, names(4), 5 * PER_MINUTE * (len(jumps) + 1))
    for jump in (0.0, *jumps):
        clock.jump(jump)
        await works.work(300)

    assert over(platform.calls, Limit(PER_MINUTE, 60)) == []
    assert len(platform.calls) >= (AT_LEAST - SLEW) * PER_MINUTE * 5 * (len(jumps) + 1)


@pytest.mark.parametrize("name", [*SECONDS, "mail"])
async def test_full_budgets_while_the_clock_catches_up(works: Works, clock: UneasyClock, name: str) -> None:
    """The worst of all: after a quiet time everything at once, and the clock runs fast."""
    surge = SURGES.get(name, MAIL)
    platform = works.serve(surge.channel, surge.account)
    clock.jump(HOUR_S)
    clock.move(2 * BEAT_S)
    await works.fill(surge.account, surge.keys, int(3 * surge.binding.calls / len(surge.keys)) + 5)
    await works.work(2 * surge.binding.span_s)

    assert platform.broken(RULES.get(surge.account, Rules((surge.binding,)))) == []
    assert len(platform.calls) >= surge.binding.calls


@pytest.mark.parametrize("jump", [HOUR_S, -HOUR_S, 30.0, -30.0])
async def test_an_answer_that_can_be_taken_back_leaves_when_its_time_has_really_passed(
    works: Works, clock: UneasyClock, jump: float
) -> None:
    """By the time that has really passed: at most as much sooner or later as the clock is slewed."""
    platform = works.serve("telegram", TELEGRAM)
    written: dict[str, float] = {}
    for n in range(20):
        due_s = (clock.now() - T0).total_seconds() + UNDO_S
        one = await works.write(TELEGRAM, f"{100 + n}", due_s=due_s)
        written[one.id] = clock.monotonic()
        if n % 5 == 2:
            clock.jump(jump)
        await works.work_to_the_second(1.0)
    await works.work_to_the_second(3 * UNDO_S)

    waited = [at - written[name] for name, at in platform.taken.items()]
    assert len(waited) == 20
    assert min(waited) >= UNDO_S / (1 + SLEW) - 0.001
    assert max(waited) <= UNDO_S / (1 - SLEW) + 1.0


@pytest.mark.parametrize("reset_s", [-HOUR_S, -60.0, 0.0, None])
async def test_a_reset_that_is_past_makes_nobody_hurry(
    works: Works, clock: UneasyClock, reset_s: float | None
) -> None:
    """BX04, BX05. "Not now", until a time that has passed, or without one: not even one call a second."""
    platform = works.serve("x", X)
    await works.fill(X, names(12), 10)
    headers = {"date": format_datetime(T0, usegmt=True), "x-rate-limit-remaining": "0"}
    if reset_s is not None:
        headers["x-rate-limit-reset"] = str(int(T0.timestamp() + reset_s))
    for key in names(12):
        platform.refusals[key] = [
            DeliveryError("rate_limited", "", temporary=True, delivered=False, retry_after_s=pause_s(headers))
            for _ in range(1_000)
        ]
    clock.jump(HOUR_S)
    await works.work(120)
    assert platform.taken == {}
    under_way = 4  # when it first said so, with two workers of two hands each
    assert 0 < len(platform.calls) <= 120 + under_way
    assert platform.broken(RULES[X]) == []
