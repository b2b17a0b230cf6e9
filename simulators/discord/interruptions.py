"""When an armed interruption of the gateway strikes."""

from __future__ import annotations

from simulators.discord.misbehaviour import number
from simulators.faults import Fault, Faults

NAMES = ("gateway_close", "reconnect", "invalid_session", "cut")


class Interruptions:
    """Counts the events that go out before a fault with ``after`` is due."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._passed: dict[int, int] = {}

    def before(self) -> Fault | None:
        """A fault that strikes instead of the next event, IDENTIFY or RESUME."""
        return self._faults.take(*NAMES, matching=lambda fault: number(fault, "after", 0) <= 0)

    def after(self) -> Fault | None:
        """An event went out: the fault that was waiting for it."""
        return self._faults.take(*NAMES, matching=self._due)

    def _due(self, fault: Fault) -> bool:
        wanted = number(fault, "after", 0)
        if wanted <= 0:
            return False
        self._passed[id(fault)] = self._passed.get(id(fault), 0) + 1
        if self._passed[id(fault)] < wanted:
            return False
        del self._passed[id(fault)]
        return True
