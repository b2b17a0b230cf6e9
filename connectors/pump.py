"""From a source into the store: commit, and only then tell the platform."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing

from tickets.ids import AccountId
from tickets.ports import Clock, CrashHook, Source
from tickets.storage import IntakeStore

MOST_WAITING = 2_000
"""Reading pauses while so many events wait to be handled: memory and disk stay bounded."""
LOOK_AGAIN_S = 0.25


async def pump(
    source: Source,
    account: AccountId,
    store: IntakeStore,
    clock: Clock,
    crash: CrashHook,
    connected: Callable[[], Awaitable[None]],
) -> None:
    """Receive for ever.  Raises what the source and the store raise; the supervisor starts it again.

    connected: called once, when the source is ready and its place is stored.
    """
    first = True
    cursor = await store.find_cursor(account)
    async with aclosing(source.batches(cursor)) as batches:
        async for batch in batches:
            if batch.events:
                crash("pump.received")
            await store.append_raw(account, batch.events, batch.cursor)
            if batch.events:
                crash("pump.saved")
            if first:
                first = False
                await connected()
            await source.acknowledge(batch)
            if batch.events:
                crash("pump.acknowledged")
            while batch.events and await store.count_waiting() >= MOST_WAITING:
                await clock.sleep(LOOK_AGAIN_S)
