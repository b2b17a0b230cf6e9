"""The whole state machine against a model: whatever happens in whatever order, the promises hold.

How to add a command stands in ``machine``.  ``SWITCHBOARD_STATES=2000 pytest
tests/stateful`` plays so many examples of 50 steps, different ones each time;
a failure prints the steps as a program.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.draws import ANSWER_POINTS, INTAKE_POINTS, PEOPLE, PROOF_POINTS, SENDING_POINTS, WORDS
from tests.stateful.machine import Switchboard
from tests.stateful.platforms import CHANNELS, Outcome
from tests.stateful.world import Rooms
from tests.support.stores import Database

STATES = int(os.environ.get("SWITCHBOARD_STATES", "0"))
SETTINGS = settings(
    max_examples=STATES or 25,
    stateful_step_count=50 if STATES else 40,
    deadline=None,
    derandomize=not STATES,
    print_blob=True,
    # Shrinking takes minutes; a change wants to know at once, and the same examples come again.
    phases=tuple(Phase) if STATES else (Phase.explicit, Phase.generate),
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def rooms(sql_database: Database) -> Iterator[Rooms]:
    opened = Rooms(sql_database)
    yield opened
    opened.close()


@pytest.mark.parametrize("outcome", ["ok", "arrived", "lost"])
def test_a_death_while_sending(rooms: Rooms, outcome: Outcome) -> None:
    """At each point alone, so that none depends on luck."""
    for point in SENDING_POINTS:
        for others in (("ok", "ok"), ("lost", "arrived")):
            machine = Switchboard(rooms)
            machine.begin((outcome, *others), point)
            machine.the_promises_hold()
            machine.somebody_is_answered(0, list(WORDS[1:3]), False, 0.0, None)
            machine.work_goes_on(6, 5.0, [])
            machine.teardown()


def test_a_death_while_receiving_answering_and_looking(rooms: Rooms) -> None:
    for point in (*INTAKE_POINTS, *ANSWER_POINTS, *PROOF_POINTS):
        machine = Switchboard(rooms)
        machine.begin(("arrived", "lost", "lost"), None)
        machine.the_promises_hold()
        machine.somebody_writes((next(iter(CHANNELS)), PEOPLE[0]), WORDS[0], "plain")
        machine.a_worker_reads(0, point if point in INTAKE_POINTS else None)
        machine.the_promises_hold()
        machine.somebody_is_answered(0, list(WORDS[1:3]), False, 0.0, point if point in ANSWER_POINTS else None)
        machine.time_passes(5.0)
        machine.a_worker_looks_for_proof(0, point if point in PROOF_POINTS else None)
        machine.the_promises_hold()
        machine.work_goes_on(8, 5.0, [])
        machine.teardown()


def test_whatever_happens_in_whatever_order(rooms: Rooms) -> None:
    run_state_machine_as_test(lambda: Switchboard(rooms), settings=SETTINGS)
