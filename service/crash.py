"""The crash hook: nothing in service, a kill in the crash tests."""

import os
import signal

from tickets.errors import ConfigError
from tickets.points import POINTS
from tickets.ports import CrashHook, no_crash


def crash_hook(wish: str) -> CrashHook:
    """``point`` or ``point:n`` kills this process the n-th time it gets there; empty never.

    Raises ConfigError for a point that does not exist, so that a mistyped
    one cannot make a crash test pass.
    """
    if not wish:
        return no_crash
    point, _, times = wish.partition(":")
    if point not in POINTS or not (times or "1").isdigit():
        raise ConfigError(f"SWITCHBOARD_CRASH_AT names no point: {point}. See tickets/points.py.")
    left = int(times or "1")

    def hook(reached: str) -> None:
        nonlocal left
        if reached == point:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return hook
