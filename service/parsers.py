"""Normalizing: chat here, mail in killable worker processes that see no store and no secret.

Mails travel to them by the handful.  When a handful dies, each of its mails
is read alone, so that only the one to blame is shown as it came.
"""

import asyncio
import concurrent.futures
import logging
import multiprocessing
import resource
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from msgspec.structs import replace

from normalizer.known import NOTHING_KNOWN, Known
from normalizer.registry import NEEDS_PROCESS, normalize
from router.gist import read
from tickets.errors import PayloadError
from tickets.ids import AccountId
from tickets.model import Ignored, InboundMessage, RawEvent

log = logging.getLogger(__name__)

Result = InboundMessage | Ignored | Exception


class Asked(NamedTuple):
    event: RawEvent
    known: Known


WORKERS = 2
HANDFUL_BYTES = 128 * 1024
"""About eight ordinary mails; larger ones travel alone."""
MOST_TRIES = 5
CPU_S = 5
WALL_S = 20.0
MEMORY_BYTES = 512 * 1024 * 1024
OVERWHELMING = "This mail overwhelmed the reader."


class Parsers:
    """See ``tickets.ports.NormalizerPort``."""

    def __init__(self, known: Mapping[AccountId, Known]) -> None:
        self._known = known
        self._pool: Any = None
        self._ending: set[asyncio.Task[None]] = set()
        """Pools in which a worker died, until they are gone."""

    def start(self) -> None:
        """Have the worker processes ready before the first mail needs one."""
        for _ in range(WORKERS):
            self._processes().schedule(ready)

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            await asyncio.to_thread(pool.join)
        await asyncio.gather(*self._ending)

    async def normalize(self, events: Sequence[RawEvent]) -> list[Result]:
        read = await asyncio.gather(*(self._handful(asked) for asked in _handfuls(self._asked(events))))
        return [result for results in read for result in results]

    def _asked(self, events: Sequence[RawEvent]) -> Iterator[Asked]:
        for event in events:
            yield Asked(event, self._known.get(event.account, NOTHING_KNOWN))

    async def _handful(self, asked: Sequence[Asked], tries: int = 1) -> list[Result]:
        """tries: how often it was begun; readers may break down over another mail."""
        if asked[0].event.channel not in NEEDS_PROCESS:
            return [_attempt(one) for one in asked]
        pool = self._processes()
        try:
            future = pool.schedule(limited, args=[asked], timeout=WALL_S)
            results: list[Result] = await asyncio.wrap_future(future)
        except (TimeoutError, concurrent.futures.TimeoutError, OSError, MemoryError, RuntimeError) as error:
            # A broken pool is a RuntimeError; of one that was given up another mail was the cause.
            innocent = isinstance(error, RuntimeError) or self._pool is not pool
            self._retire(pool)
            if len(asked) > 1:
                return [result for one in asked for result in await self._handful([one])]
            if innocent and tries < MOST_TRIES:
                return await self._handful(asked, tries + 1)
            log.warning("A mail overwhelmed the reader and is shown as it came: %s", type(error).__name__)
            return [_unparsed(asked[0])]
        return [
            _unparsed(one) if isinstance(result, MemoryError | RecursionError) else result
            for one, result in zip(asked, results, strict=True)
        ]

    def _processes(self) -> Any:
        if self._pool is None:
            from pebble import ProcessPool

            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPool(max_workers=WORKERS, context=context, initializer=limit_memory)
        return self._pool

    def _retire(self, pool: Any) -> None:
        """No further mail goes to readers of which one died: it may have died while it answered.

        Half an answer in their common pipe would keep all others from being
        heard, for good.
        """
        if self._pool is pool:
            self._pool = None
            task = asyncio.ensure_future(asyncio.to_thread(_end, pool))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


def _end(pool: Any) -> None:
    """Let the others finish what they have in hand, as far as they can."""
    pool.close()
    with suppress(TimeoutError, concurrent.futures.TimeoutError, RuntimeError):
        pool.join(timeout=WALL_S)
    pool.stop()
    pool.join()


def ready() -> None:
    """Import what reading a mail needs, in the worker."""
    import normalizer.mail  # noqa: F401


def limit_memory() -> None:
    """In the worker, once."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limited(asked: Sequence[Asked]) -> list[Result]:
    """In the worker: read each mail within five seconds of CPU, or be killed; also find out what its text says."""
    results: list[Result] = []
    for one in asked:
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = int(used.ru_utime + used.ru_stime)
        resource.setrlimit(resource.RLIMIT_CPU, (spent + 1 + CPU_S, resource.RLIM_INFINITY))
        result = _attempt(one)
        results.append(read(result) if isinstance(result, InboundMessage) else result)
    return results


def _attempt(asked: Asked) -> Result:
    try:
        return normalize(asked.event, asked.known)
    except Exception as error:  # noqa: BLE001  one message's failure is its own verdict
        return error


def _unparsed(asked: Asked) -> Result:
    from normalizer.mail import normalize_unparsed

    try:
        # What was looked up is left out, as checking signatures may be what overwhelmed the reader.
        return normalize_unparsed(replace(asked.event, looked_up=""), OVERWHELMING, asked.known)
    except PayloadError as error:
        return error


def _handfuls(asked: Iterable[Asked]) -> Iterator[list[Asked]]:
    """In order; of one way of reading each."""
    handful: list[Asked] = []
    room = HANDFUL_BYTES
    for one in asked:
        apart = handful and (one.event.channel in NEEDS_PROCESS) != (handful[0].event.channel in NEEDS_PROCESS)
        room -= len(one.event.payload)
        if handful and (apart or room < 0):
            yield handful
            handful = []
            room = HANDFUL_BYTES - len(one.event.payload)
        handful.append(one)
    if handful:
        yield handful
