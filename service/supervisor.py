"""Keeps one thing running: what fails is started again, later each time, and harms nobody else."""

import logging
import random
from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from tickets.errors import (
    ConnectorError,
    ConsumerConflict,
    CredentialRejected,
    LeaseLost,
    RateLimited,
    StoreUnavailable,
)
from tickets.ports import Clock

log = logging.getLogger(__name__)

FIRST_S = 1.0
LONGEST_S = 60.0
DATABASE_S = 1.0
"""The database is looked for this often: no platform is bothered, as each start begins with the database."""
STEADY_S = 60.0
"""What ran for so long is steady: its next failure starts the pauses anew."""


class Trouble(NamedTuple):
    """Why something is not running.  pause_s: None for the supervisor's own growing pause."""

    state: Literal["down", "waiting", "rejected"]
    detail: str
    pause_s: float | None = None


async def keep_running(
    name: str,
    run: Callable[[], Awaitable[None]],
    clock: Clock,
    tell: Callable[[Trouble], Awaitable[None]],
) -> None:
    """Run for ever; ends only by being cancelled.  tell: called with each failure."""
    pause_s = FIRST_S
    while True:
        began = clock.monotonic()
        try:
            await run()
            trouble = Trouble("down", "It ended by itself; it is started again.")
        except (ConnectorError, LeaseLost, StoreUnavailable) as error:
            trouble = _trouble(error)
            log.warning("%s stopped: %s", name, error)
        except Exception as error:
            log.exception("%s failed unexpectedly", name)
            trouble = Trouble("down", f"The program failed here ({type(error).__name__}); it is started again.")
        if clock.monotonic() - began > STEADY_S:
            pause_s = FIRST_S
        try:
            await tell(trouble)
        except StoreUnavailable:
            log.warning("The state of %s could not be kept: the database is away", name)
        spread = random.uniform(1.0, 1.2)  # noqa: S311  spreads restarts, guards nothing
        if trouble.pause_s is not None:
            await clock.sleep(trouble.pause_s * spread)
        else:
            await clock.sleep(min(LONGEST_S, pause_s * spread))
            pause_s = min(LONGEST_S, pause_s * 2)


def _trouble(error: Exception) -> Trouble:
    if isinstance(error, CredentialRejected):
        return Trouble("rejected", str(error), LONGEST_S)
    if isinstance(error, ConsumerConflict):
        return Trouble("down", f"{error} Stop the other program; two readers lose messages to each other.", 15.0)
    if isinstance(error, RateLimited):
        return Trouble("waiting", str(error), max(1.0, error.retry_after_s))
    if isinstance(error, LeaseLost | StoreUnavailable):
        return Trouble("down", str(error), DATABASE_S)
    return Trouble("down", str(error))
