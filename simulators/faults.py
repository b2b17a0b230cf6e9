"""Switches for misbehaviour, shared by every simulator."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """One armed misbehaviour.

    name: what goes wrong, a word of the simulator's own list.
    details: its parameters, e.g. ``{"status": 502}``.
    """

    name: str
    details: Mapping[str, object] = field(default_factory=dict)


class Faults:
    """What will go wrong next, in the order it was armed.

    ``known`` is the simulator's list: arming another name raises ValueError,
    so that a mistyped fault cannot make a test pass.
    """

    def __init__(self, known: frozenset[str]) -> None:
        self.known = known
        self.fired: list[Fault] = []
        self._armed: deque[tuple[Fault, int | None]] = deque()

    def arm(self, name: str, *, times: int | None = 1, **details: object) -> None:
        """Let ``name`` happen the next ``times`` times (None: until cleared)."""
        if name not in self.known:
            raise ValueError(f"unknown fault {name!r}; known: {', '.join(sorted(self.known))}")
        self._armed.append((Fault(name, details), times))

    def take(self, *names: str, matching: Callable[[Fault], bool] | None = None) -> Fault | None:
        """The first armed fault among ``names``, used up once; None when there is none.

        matching: asked for each candidate; a fault it refuses stays armed.
        None: every candidate will do.
        """
        for position, (fault, times) in enumerate(self._armed):
            if fault.name in names and (matching is None or matching(fault)):
                self._spend(position, fault, times)
                self.fired.append(fault)
                return fault
        return None

    def clear(self, name: str | None = None) -> None:
        """Disarm one fault by name, or all (None)."""
        self._armed = deque(entry for entry in self._armed if name is not None and entry[0].name != name)

    def _spend(self, position: int, fault: Fault, times: int | None) -> None:
        if times is None:
            return
        if times > 1:
            self._armed[position] = (fault, times - 1)
        else:
            del self._armed[position]
