"""Wake-ups between those who commit and those who wait, within one event loop."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterable

from tickets.storage import Topic


class Pulses:
    """A growing number for each topic, and events for those who wait for it to grow."""

    def __init__(self) -> None:
        self._numbers: dict[Topic, int] = defaultdict(int)
        self._waiting: dict[Topic, set[asyncio.Event]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def bind(self) -> None:
        """Remember the running loop, so that other threads can wake it."""
        self._loop = asyncio.get_running_loop()

    def number(self, topic: Topic) -> int:
        """The topic's present number."""
        return self._numbers[topic]

    def beat(self, topics: Iterable[Topic]) -> None:
        """Something of these topics was committed.  Safe from any thread."""
        with self._lock:
            for topic in topics:
                self._numbers[topic] += 1
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, tuple(topics))

    async def wait(self, topic: Topic, number: int, timeout_s: float) -> int:
        """The topic's number once it is no longer ``number``, or after ``timeout_s`` seconds."""
        event = asyncio.Event()
        self._waiting[topic].add(event)
        try:
            if self._numbers[topic] == number:
                async with asyncio.timeout(timeout_s):
                    await event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting[topic].discard(event)
        return self._numbers[topic]

    def _wake(self, topics: tuple[Topic, ...]) -> None:
        for topic in topics:
            for event in self._waiting[topic]:
                event.set()
