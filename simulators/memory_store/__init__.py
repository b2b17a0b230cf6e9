"""A store without a database: every promise of ``tickets.storage`` kept with dicts.

For tests of everything above the store, and a second opinion about what the
promises mean: it was written from them, not from the SQL.
"""

from typing import Self

from simulators.memory_store.access import MemoryAccess
from simulators.memory_store.desk import MemoryDesk
from simulators.memory_store.feeds import MemoryFeeds
from simulators.memory_store.incidents import MemoryIncidents
from simulators.memory_store.intake import MemoryIntake
from simulators.memory_store.notices import MemoryNotices
from simulators.memory_store.outbox import MemoryOutbox
from simulators.memory_store.spending import MemorySpending
from simulators.memory_store.sweeping import MemorySweep
from simulators.memory_store.tables import Tables
from simulators.memory_store.work import MemoryWork
from tickets.ports import CrashHook, no_crash
from tickets.storage import Topic

__all__ = ["MemoryStore"]


class MemoryStore(
    MemoryIntake,
    MemoryOutbox,
    MemoryDesk,
    MemoryAccess,
    MemoryWork,
    MemoryNotices,
    MemorySpending,
    MemoryFeeds,
    MemorySweep,
    MemoryIncidents,
):
    """See ``tickets.storage.Store``.  What it holds survives ``close`` and a new ``open``."""

    def __init__(self, *, crash: CrashHook = no_crash) -> None:
        super().__init__(Tables(), crash)

    def twin(self, *, crash: CrashHook = no_crash) -> Self:
        """Another store on the same data, as another process would open it."""
        twin = type(self)(crash=crash)
        twin._tables = self._tables
        return twin

    async def open(self) -> None:
        self._opened = True

    async def close(self) -> None:
        self._opened = False

    async def check(self) -> None:
        with self._write():
            pass

    def pulse(self, topic: Topic) -> int:
        return self._tables.pulses[topic]

    async def wait(self, topic: Topic, pulse: int, timeout_s: float) -> int:
        return await self._tables.wait(topic, pulse, timeout_s)
