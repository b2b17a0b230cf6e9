"""Normalizing: chat here, mail in killable worker processes that see no store and no secret."""

import asyncio
import concurrent.futures
import logging
import multiprocessing
import resource
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from normalizer.registry import NEEDS_PROCESS, normalize
from tickets.errors import PayloadError
from tickets.ids import AccountId
from tickets.model import Ignored, InboundMessage, RawEvent

log = logging.getLogger(__name__)

Result = InboundMessage | Ignored | Exception
WORKERS = 2
CPU_S = 5
WALL_S = 20.0
MEMORY_BYTES = 512 * 1024 * 1024
OVERWHELMING = "This mail overwhelmed the reader."


class Parsers:
    """See ``tickets.ports.NormalizerPort``.

    authserv_ids: by account, the mail servers whose reports are trusted.
    """

    def __init__(self, authserv_ids: Mapping[AccountId, tuple[str, ...]]) -> None:
        self._authserv_ids = authserv_ids
        self._pool: Any = None

    def start(self) -> None:
        """Have the worker processes ready before the first mail needs one."""
        for _ in range(WORKERS):
            self._processes().schedule(ready)

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            await asyncio.to_thread(pool.join)

    async def normalize(self, events: Sequence[RawEvent]) -> list[Result]:
        return list(await asyncio.gather(*(self._one(event) for event in events)))

    async def _one(self, event: RawEvent) -> Result:
        trusted = self._authserv_ids.get(event.account, ())
        if event.channel not in NEEDS_PROCESS:
            return _attempt(event, trusted)
        try:
            future = self._processes().schedule(limited, args=[event, trusted], timeout=WALL_S)
            result: Result = await asyncio.wrap_future(future)
        except (TimeoutError, concurrent.futures.TimeoutError, OSError, MemoryError, RuntimeError) as error:
            log.warning("A mail overwhelmed the reader and is shown as it came: %s", type(error).__name__)
            return _unparsed(event, trusted)
        return _unparsed(event, trusted) if isinstance(result, MemoryError | RecursionError) else result

    def _processes(self) -> Any:
        if self._pool is None:
            from pebble import ProcessPool

            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPool(max_workers=WORKERS, context=context, initializer=limit_memory)
        return self._pool


def ready() -> None:
    """Import what reading a mail needs, in the worker."""
    import normalizer.mail  # noqa: F401


def limit_memory() -> None:
    """In the worker, once."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limited(event: RawEvent, trusted: tuple[str, ...]) -> Result:
    """In the worker: read one mail within five seconds of CPU, or be killed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + 1 + CPU_S, resource.RLIM_INFINITY))
    return _attempt(event, trusted)


def _attempt(event: RawEvent, trusted: tuple[str, ...]) -> Result:
    try:
        return normalize(event, authserv_ids=trusted)
    except Exception as error:  # noqa: BLE001  one message's failure is its own verdict
        return error


def _unparsed(event: RawEvent, trusted: tuple[str, ...]) -> Result:
    from normalizer.mail import normalize_unparsed

    read = partial(normalize_unparsed, event, OVERWHELMING, authserv_ids=trusted)
    try:
        return read()
    except PayloadError as error:
        return error
