"""What fails is started again, later each time, in virtual time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from service.supervisor import LONGEST_S, STEADY_S, Trouble, keep_running
from tests.support.clock import ManualClock, settle
from tickets.errors import ConsumerConflict, CredentialRejected, RateLimited, StoreUnavailable, Unreachable


class Patient:
    """Something that runs for so long each time, then ends so; and what was told about it."""

    def __init__(self, clock: ManualClock, error: Exception | None, lasting_s: float = 0.0) -> None:
        self.clock = clock
        self.error = error
        self.lasting_s = lasting_s
        self.starts: list[float] = []
        self.told: list[Trouble] = []
        self.store_away = False

    async def run(self) -> None:
        self.starts.append(self.clock.monotonic())
        if self.lasting_s:
            await self.clock.sleep(self.lasting_s)
        if self.error is not None:
            raise self.error

    async def tell(self, trouble: Trouble) -> None:
        self.told.append(trouble)
        if self.store_away:
            raise StoreUnavailable("The database is away.")


async def watched(patient: Patient, seconds: float) -> None:
    """Keep it running for so long."""
    run: Callable[[], Awaitable[None]] = patient.run
    task = asyncio.create_task(keep_running("patient", run, patient.clock, patient.tell))
    await patient.clock.advance(seconds)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


def pauses(patient: Patient) -> list[float]:
    return [later - earlier for earlier, later in zip(patient.starts, patient.starts[1:], strict=False)]


async def test_pauses_double_up_to_a_minute_and_spread(clock: ManualClock) -> None:
    patient = Patient(clock, Unreachable("No way there."))
    await watched(patient, 600)
    for pause, base in zip(pauses(patient), [1, 2, 4, 8, 16, 32, 60, 60, 60], strict=False):
        assert 0.8 * base <= pause <= 1.2 * base
    assert max(pauses(patient)) <= 1.2 * LONGEST_S
    assert 10 <= len(patient.starts) <= 18
    assert set(patient.told) == {Trouble("down", "No way there.")}


async def test_what_ran_steadily_starts_again_soon(clock: ManualClock) -> None:
    patient = Patient(clock, Unreachable("x"), lasting_s=STEADY_S + 1)
    await watched(patient, 5 * (STEADY_S + 3))
    assert all(pause - patient.lasting_s <= 1.2 for pause in pauses(patient))
    assert len(patient.starts) >= 4


@pytest.mark.parametrize(
    ("error", "state", "told", "pause_s"),
    [
        (CredentialRejected("Wrong token."), "rejected", "Wrong token.", LONGEST_S),
        (ConsumerConflict("Another one reads."), "down", "Stop the other program", 15.0),
        (RateLimited("Slow down.", 300.0), "waiting", "Slow down.", 300.0),
        (RateLimited("Slow down.", 0.0), "waiting", "Slow down.", 1.0),
        (StoreUnavailable("The disk is full."), "down", "The disk is full.", 1.0),
        (None, "down", "ended by itself", 1.0),
        (ValueError("swordfish"), "down", "ValueError", 1.0),
    ],
)
async def test_every_kind_of_trouble_is_told_and_waited_for(
    clock: ManualClock, error: Exception | None, state: str, told: str, pause_s: float
) -> None:
    patient = Patient(clock, error)
    await watched(patient, pause_s * 1.3)
    assert len(patient.starts) == 2
    assert patient.told[0].state == state
    assert told in patient.told[0].detail
    assert "swordfish" not in patient.told[0].detail
    assert 0.8 * pause_s <= pauses(patient)[0] <= 1.2 * pause_s


async def test_a_database_that_is_away_does_not_stop_the_supervisor(clock: ManualClock) -> None:
    patient = Patient(clock, Unreachable("x"))
    patient.store_away = True
    await watched(patient, 10)
    assert len(patient.starts) >= 3


async def test_stopping_is_no_trouble(clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    patient = Patient(clock, None, lasting_s=1000)
    with caplog.at_level(logging.DEBUG):
        await watched(patient, 5)
        await settle()
    assert patient.told == []
    assert caplog.records == []
