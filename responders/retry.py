"""After a failure: try again, give up, or ask a person.  Pure."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from tickets.errors import DeliveryError
from tickets.records import BY_HAND

BASE_S = 2.0
LONGEST_S = 3_600.0
MOST_ATTEMPTS = 12
"""With doubling pauses up to an hour, about six hours of trying."""


class Step(NamedTuple):
    """What happens next.  detail: a sentence for the person who looks."""

    state: Literal["queued", "held", "failed", "unknown"]
    next_at: datetime
    code: str
    detail: str


def retry_at(attempt: int, now: datetime, *, base_s: float = BASE_S) -> datetime:
    """When to try again after ``attempt`` failures, from 1: doubling from ``base_s`` seconds to one hour.

    Raises ValueError for attempt < 1.
    """
    if attempt < 1:
        raise ValueError("attempt counts from 1")
    return now + timedelta(seconds=min(LONGEST_S, base_s * 2 ** min(attempt - 1, 20)))


def may_retry(error: DeliveryError) -> bool:
    """Only what is certainly not delivered and may yet be; of unknown fate, never."""
    return error.temporary and error.delivered is False


def next_step(error: DeliveryError, attempt: int, now: datetime) -> Step:
    """attempt: how often this piece was tried, from 1.  A pause that the platform asks for is no failure."""
    if error.delivered is None:
        return Step("unknown", now, error.code, f"{error} It may or may not have arrived.")
    if error.code == "credential":
        return Step("held", now, error.code, f"{error} It will be sent once the account works again.")
    if error.code == BY_HAND:
        return Step("held", now, error.code, str(error))
    if not may_retry(error):
        return Step("failed", now, error.code, str(error))
    if attempt >= MOST_ATTEMPTS and error.retry_after_s is None:
        return Step("failed", now, error.code, f"{error} Given up after {attempt} attempts.")
    at = retry_at(attempt, now)
    if error.retry_after_s is not None:
        at = max(at, now + timedelta(seconds=error.retry_after_s))
    return Step("queued", at, error.code, str(error))
