"""A clock that jumps is followed so slowly that nothing notices, and fully in the end."""

import logging
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.clock import ADOPTED_S, SLEW, SystemClock
from tests.support.builders import T0

HOUR_S = 3600.0
DAY_S = 86_400.0
ROUNDING_S = 1e-6
"""Of a time, for each time it is asked for."""


class Machine:
    """A machine with a clock on the wall and one that counts what has passed, sleeping or not."""

    def __init__(self, up_s: float = 1_000.0) -> None:
        self.passed_s = up_s
        self.wall = T0

    def pass_(self, seconds: float) -> None:
        self.passed_s += seconds
        self.wall += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        """Somebody has set the clock on the wall."""
        self.wall += timedelta(seconds=seconds)

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall, lambda: self.passed_s)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def off_s(clock: SystemClock, machine: Machine) -> float:
    """How far it is behind the clock on the wall."""
    return (machine.wall - clock.now()).total_seconds()


def beat(machine: Machine, clock: SystemClock, seconds: float, every_s: float = 5.0) -> None:
    """As the service does: the clock is told the time so often."""
    for _ in range(round(seconds / every_s)):
        machine.pass_(every_s)
        clock.steer(None)


def test_it_begins_with_the_system_s_time_and_goes_on_with_it(machine: Machine) -> None:
    clock = machine.clock()
    assert clock.now() == T0
    machine.pass_(90.5)
    assert clock.now() == T0 + timedelta(seconds=90.5)
    assert clock.now() == clock.now()


@pytest.mark.parametrize("jump", [HOUR_S, -HOUR_S, 30.0, -30.0, 0.5, -0.5])
def test_a_jump_moves_it_by_two_in_a_hundred_and_no_more(machine: Machine, jump: float) -> None:
    clock = machine.clock()
    machine.jump(jump)
    clock.steer(None)
    assert clock.now() == T0
    machine.pass_(10)
    moved_s = (clock.now() - T0).total_seconds() - 10
    assert moved_s == pytest.approx(max(-10 * SLEW, min(10 * SLEW, jump)))


@pytest.mark.parametrize("jump", [HOUR_S, -HOUR_S, 300.0, -300.0])
def test_it_arrives_when_it_must_and_stays(machine: Machine, jump: float) -> None:
    clock = machine.clock()
    machine.jump(jump)
    beat(machine, clock, abs(jump) / SLEW - 10)
    assert abs(off_s(clock, machine)) > 0.1
    beat(machine, clock, 15)
    assert off_s(clock, machine) == pytest.approx(0, abs=0.01)
    beat(machine, clock, 100)
    assert off_s(clock, machine) == pytest.approx(0, abs=0.01)


def test_it_goes_on_following_when_nobody_tells_it_again(machine: Machine) -> None:
    """The database, whose time it is told, may be away for hours."""
    clock = machine.clock()
    machine.jump(60)
    clock.steer(None)
    machine.pass_(60 / SLEW)
    assert off_s(clock, machine) == pytest.approx(0, abs=0.001)
    machine.pass_(HOUR_S)
    assert off_s(clock, machine) == pytest.approx(0, abs=0.001)


def test_who_sets_the_clock_right_again_leaves_nothing_behind(machine: Machine) -> None:
    clock = machine.clock()
    machine.jump(HOUR_S)
    beat(machine, clock, 100)
    assert off_s(clock, machine) == pytest.approx(HOUR_S - 95 * SLEW)
    machine.jump(-HOUR_S)
    beat(machine, clock, 200)
    assert off_s(clock, machine) == pytest.approx(0, abs=0.01)


def test_another_clock_is_followed_instead_of_the_system_s(machine: Machine) -> None:
    clock = machine.clock()
    for _ in range(100):
        machine.pass_(5)
        clock.steer(machine.wall - timedelta(seconds=5))
    assert off_s(clock, machine) == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize("days", [1.1, 400.0, 20_000.0, -1.1, -20_000.0])
def test_what_was_never_a_time_is_left_at_once(
    machine: Machine, caplog: pytest.LogCaptureFixture, days: float
) -> None:
    """A small computer without a battery begins in 1970."""
    clock = machine.clock()
    machine.jump(days * DAY_S)
    with caplog.at_level(logging.WARNING):
        clock.steer(None)
    assert clock.now() == machine.wall
    assert "taken over at once" in caplog.text
    machine.pass_(10)
    assert clock.now() == machine.wall


@pytest.mark.parametrize("seconds", [ADOPTED_S, -ADOPTED_S])
def test_up_to_a_day_is_followed_slowly(machine: Machine, seconds: float) -> None:
    clock = machine.clock()
    machine.jump(seconds)
    clock.steer(None)
    assert clock.now() == T0


def test_another_clock_s_time_is_taken_over_at_the_start(machine: Machine) -> None:
    clock = machine.clock()
    told = T0 + timedelta(minutes=7)
    machine.jump(HOUR_S)
    clock.steer(None)
    clock.adopt(told)
    assert clock.now() == told
    machine.pass_(100)
    assert clock.now() == told + timedelta(seconds=100)
    clock.adopt(None)
    assert clock.now() == machine.wall


def test_a_machine_that_slept_has_not_jumped(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    clock = machine.clock()
    machine.pass_(8 * HOUR_S)
    with caplog.at_level(logging.WARNING):
        clock.steer(None)
    assert clock.now() == machine.wall
    assert caplog.text == ""


def test_a_jump_is_told_of_once_until_it_is_over(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    clock = machine.clock()
    with caplog.at_level(logging.WARNING):
        machine.jump(4)
        beat(machine, clock, 1000)
        assert caplog.messages == []
        machine.jump(60)
        beat(machine, clock, 60 / SLEW + 100)
        assert caplog.messages == [
            "The clock has jumped by 60 s and is followed slowly. Restart to take its time over at once"
        ]
        machine.jump(-90)
        beat(machine, clock, 100)
    assert len(caplog.messages) == 2


MOVES = st.lists(
    st.tuples(
        st.floats(0, 4 * HOUR_S),  # passes
        st.one_of(st.just(0.0), st.floats(-HOUR_S, HOUR_S)),  # jumps
        st.booleans(),  # and the clock is told
    ),
    max_size=30,
)


@given(moves=MOVES)
def test_however_the_clock_on_the_wall_jumps(moves: list[tuple[float, float, bool]]) -> None:
    """Never backwards, never by more than what is allowed, and there in the end."""
    machine = Machine()
    clock = machine.clock()
    last = clock.now()
    for passes_s, jump_s, told in moves:
        machine.pass_(passes_s)
        if abs(off_s_of(last, machine) + jump_s) < ADOPTED_S - 4 * HOUR_S:
            machine.jump(jump_s)
        now = clock.now()
        moved_s = (now - last).total_seconds()
        assert now >= last
        assert abs(moved_s - passes_s) <= SLEW * passes_s + 2 * ROUNDING_S
        if told:
            clock.steer(None)
            assert clock.now() == now
        last = now
    clock.steer(None)
    machine.pass_(abs(off_s(clock, machine)) / SLEW + 1)
    assert off_s(clock, machine) == pytest.approx(0, abs=0.001)


def off_s_of(last: datetime, machine: Machine) -> float:
    return (machine.wall - last).total_seconds()


def test_the_real_one_is_near_the_system_s_time() -> None:
    clock = SystemClock()
    began = time.monotonic()
    ahead_s = (clock.now() - datetime.now(UTC)).total_seconds()
    assert abs(ahead_s) <= time.monotonic() - began + 0.001
    first = clock.now()
    assert clock.now() >= first


async def test_it_sleeps_for_as_long_as_asked() -> None:
    clock = SystemClock()
    began = clock.monotonic()
    await clock.sleep(0.02)
    assert clock.monotonic() - began >= 0.019
