"""News for open tabs: one reader of the event log, told to all of them."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

import msgspec
from sse_starlette import ServerSentEvent

from tickets.errors import StoreError
from tickets.ids import TicketId, TicketNumber
from tickets.model import TicketEvent
from tickets.ports import Clock
from tickets.storage import DeskStore, Store

log = logging.getLogger(__name__)

BATCH = 500
REMEMBERED = 2_000
"""So many told events a tab that comes back can still be told about."""
LOOK_AGAIN_S = 2.0
REST_S = 0.03
"""After telling, so long nothing is told: a burst is told together, what comes alone at once."""
CHECK_S = 20.0
"""Each tab's right to listen is looked at again so often, and an idle line gets a sign of life."""
PAUSE_S = 2.0


class News(msgspec.Struct, frozen=True):
    """What a tab is told: tickets that changed, or that everything may have."""

    numbers: tuple[TicketNumber, ...] = ()
    all: bool = False
    seq: int = 0


class Tab:
    """One listener.  News that it has not fetched yet gathers, however slow it is."""

    def __init__(self) -> None:
        self._numbers: set[TicketNumber] = set()
        self._all = False
        self._seq = 0
        self._news = asyncio.Event()

    def tell(self, numbers: Iterable[TicketNumber], seq: int, *, all: bool = False) -> None:
        """Add to what the tab hears next."""
        self._numbers.update(numbers)
        self._all = self._all or all
        self._seq = seq
        self._news.set()

    async def next(self, timeout_s: float) -> News | None:
        """What is new; None when nothing was within ``timeout_s`` seconds."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            return None
        news = News(tuple(sorted(self._numbers)), self._all, self._seq)
        self._numbers.clear()
        self._all = False
        self._news.clear()
        return news


class Live:
    """The shared reader and its tabs."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._log = EventLog(store)
        self._tabs: set[Tab] = set()
        self._ended = False

    @property
    def tabs(self) -> int:
        """How many listen."""
        return len(self._tabs)

    async def run(self) -> None:
        """Read and tell until cancelled."""
        while True:
            pulse = self._store.pulse("events")
            try:
                self._tell(await self._log.read())
            except StoreError:
                log.warning("The live updates wait for the database")
                await self._clock.sleep(PAUSE_S)
                continue
            await self._clock.sleep(REST_S)
            await self._store.wait("events", pulse, LOOK_AGAIN_S)

    def end(self) -> None:
        """Let every tab go, so that the server can stop."""
        self._ended = True
        for tab in self._tabs:
            tab.tell((), self._log.seq)

    @contextmanager
    def joined(self, last_seq: int | None) -> Iterator[Tab]:
        """Listen.  last_seq: where the tab left off; None for a fresh page."""
        tab = Tab()
        missed = self._log.since(last_seq) if last_seq is not None else ()
        tab.tell(missed or (), self._log.seq, all=missed is None)
        self._tabs.add(tab)
        try:
            yield tab
        finally:
            self._tabs.discard(tab)

    async def stream(
        self, last_seq: int | None, allowed: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[ServerSentEvent]:
        """What a tab hears.  allowed: asked now and then; the stream ends when it says no."""
        with self.joined(last_seq) as tab:
            while not self._ended:
                news = await tab.next(CHECK_S)
                if self._ended:
                    return
                if news is None:
                    if not await allowed():
                        yield ServerSentEvent("", event="ended")
                        return
                    yield ServerSentEvent(comment="still here")
                    continue
                yield ServerSentEvent(msgspec.json.encode(news).decode(), event="news", id=str(news.seq))

    def _tell(self, numbers: set[TicketNumber]) -> None:
        if numbers:
            for tab in self._tabs:
                tab.tell(numbers, self._log.seq)


class EventLog:
    """Reads the event log forward, each event once."""

    def __init__(self, store: DeskStore) -> None:
        self._store = store
        self._recent: deque[tuple[int, TicketNumber]] = deque(maxlen=REMEMBERED)
        self._numbers: dict[TicketId, TicketNumber] = {}
        self._first = -1
        self.seq = 0

    async def read(self) -> set[TicketNumber]:
        """The tickets of events not read before; at first, where the log stands and nothing more."""
        if self._first < 0:
            self._first = self.seq = await self._store.newest_seq()
            return set()
        found: set[TicketNumber] = set()
        while events := await self._store.events_after(self.seq, BATCH):
            for event in events:
                number = await self._number(event)
                if number is not None:
                    found.add(number)
                    self._recent.append((event.seq, number))
                self.seq = event.seq
        return found

    def since(self, seq: int) -> tuple[TicketNumber, ...] | None:
        """Tickets that changed after ``seq``; None when that is forgotten."""
        reaches = self._recent[0][0] if len(self._recent) == REMEMBERED else self._first
        if self._first < 0 or not reaches <= seq <= self.seq:
            return None
        return tuple({number for told, number in self._recent if told > seq})

    async def _number(self, event: TicketEvent) -> TicketNumber | None:
        if event.ticket_id is None:
            return None
        if event.ticket_id not in self._numbers:
            number = await self._store.find_ticket_number(event.ticket_id)
            if number is None:
                return None
            if len(self._numbers) >= REMEMBERED:
                self._numbers.clear()
            self._numbers[event.ticket_id] = number
        return self._numbers[event.ticket_id]
