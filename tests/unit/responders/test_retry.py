"""After a failure: again, never, or ask a person."""

import pytest

from responders.retry import LONGEST_S, MOST_ATTEMPTS, may_retry, next_step, retry_at
from tests.support.builders import T0, at
from tests.support.channels import lost, never, not_now
from tickets.errors import DeliveryError


def failure(code: str, temporary: bool, delivered: bool | None) -> DeliveryError:
    return DeliveryError(code, "Why.", temporary=temporary, delivered=delivered)


@pytest.mark.parametrize(
    ("error", "attempt", "state", "again"),
    [
        (failure("x", True, None), 1, "unknown", False),
        (failure("x", False, None), 1, "unknown", False),
        (failure("credential", False, None), 1, "unknown", False),
        (failure("credential", True, False), 1, "held", False),
        (failure("credential", False, False), 99, "held", False),
        (failure("blocked", False, False), 1, "failed", False),
        (failure("x", True, True), 1, "failed", False),
        (failure("x", False, True), 1, "failed", False),
        (failure("x", True, False), 1, "queued", True),
        (failure("x", True, False), MOST_ATTEMPTS - 1, "queued", True),
        (failure("x", True, False), MOST_ATTEMPTS, "failed", False),
    ],
)
def test_what_happens_next(error: DeliveryError, attempt: int, state: str, again: bool) -> None:
    step = next_step(error, attempt, T0)
    assert step.state == state
    assert (step.next_at > T0) == again
    assert step.detail.startswith("Why.")
    assert step.code == error.code


def test_pauses_double_up_to_an_hour() -> None:
    pauses = [(retry_at(n, T0) - T0).total_seconds() for n in range(1, 16)]
    assert pauses[:5] == [2, 4, 8, 16, 32]
    assert pauses[-1] == LONGEST_S == 3600
    assert retry_at(10**6, T0) == at(3600)


@pytest.mark.parametrize("attempt", [0, -1])
def test_attempts_count_from_one(attempt: int) -> None:
    with pytest.raises(ValueError, match="from 1"):
        retry_at(attempt, T0)


@pytest.mark.parametrize(("wish_s", "wait_s"), [(3600 * 5, 3600 * 5), (0.5, 2), (None, 2)])
def test_the_platforms_wish_only_prolongs(wish_s: float | None, wait_s: float) -> None:
    assert next_step(not_now(wish_s), 1, T0).next_at == at(wait_s)


def test_what_may_have_arrived_is_never_tried_again() -> None:
    assert not may_retry(lost())
    assert not may_retry(never())
    assert may_retry(not_now())


def test_a_pause_that_the_platform_asks_for_is_never_the_last_attempt() -> None:
    pause = DeliveryError("rate_limited", "Why.", temporary=True, delivered=False, retry_after_s=60.0)
    step = next_step(pause, MOST_ATTEMPTS + 5, T0)
    assert step.state == "queued"
    assert step.next_at >= at(60)
