"""What tests of single modules share.

Property tests say whether, not how fast: a busy machine must not fail them.
"""

import pytest
from hypothesis import settings

from simulators.memory_store import MemoryStore
from tests.support.clock import ManualClock

settings.register_profile("unit", deadline=None)
settings.load_profile("unit")


@pytest.fixture
def store_class() -> type[MemoryStore]:
    """A module overrides this with a store of its own whims."""
    return MemoryStore


@pytest.fixture
async def store(store_class: type[MemoryStore]) -> MemoryStore:
    store = store_class()
    await store.open()
    return store


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
