"""Waking whoever waits for something to happen."""

import asyncio


class Bell:
    """Wakes every waiter each time it rings.

    Whoever is woken looks for himself whether what happened concerns him.
    Of one event loop; ringing needs no running loop while nobody waits.
    """

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Something changed."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self) -> None:
        """Return at the next ring."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)
