"""From a source into the store: commit, and only then tell the platform."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from tickets.errors import Unreachable
from tickets.ids import AccountId
from tickets.notices import NewNotice
from tickets.ports import Batch, Clock, CrashHook, Gap, Source
from tickets.storage import IntakeStore

MOST_WAITING = 2_000
"""Reading pauses while so many events wait to be handled: memory and disk stay bounded."""
LOOK_AGAIN_S = 0.25
STUCK_S = 600.0
"""A source that hands out nothing for so long, not even an empty batch, hangs and is begun anew."""


async def pump(
    source: Source,
    account: AccountId,
    store: IntakeStore,
    clock: Clock,
    crash: CrashHook,
    connected: Callable[[str], Awaitable[None]],
    *,
    stuck_s: float = STUCK_S,
) -> None:
    """Receive for ever.  Raises what the source and the store raise; the supervisor starts it again.

    connected: called whenever the source has shown that it is connected and
    all it told is stored, with how far reading on has come; empty: all read.
    stuck_s: a source that is silent for so many seconds hangs.
    """
    cursor = await store.find_cursor(account)
    async with aclosing(source.batches(cursor)) as batches:
        while True:
            batch = await _next(batches, stuck_s)
            await _take_in(batch, source, account, store, crash)
            await connected(batch.behind)
            while batch.events and await store.count_waiting() >= MOST_WAITING:
                await clock.sleep(LOOK_AGAIN_S)


async def _next(batches: AsyncGenerator[Batch, None], stuck_s: float) -> Batch:
    try:
        async with asyncio.timeout(stuck_s):
            return await anext(batches)
    except TimeoutError as error:
        raise Unreachable(f"Nothing was heard of the connection for {stuck_s / 60:.0f} minutes.") from error


async def _take_in(batch: Batch, source: Source, account: AccountId, store: IntakeStore, crash: CrashHook) -> None:
    if batch.events:
        crash("pump.received")
    if batch.events or batch.gaps or batch.cursor is not None:
        notices = [_notice(account, gap) for gap in batch.gaps]
        await store.append_raw(account, batch.events, batch.cursor, notices)
    if not batch.events:
        return
    crash("pump.saved")
    await source.acknowledge(batch)
    crash("pump.acknowledged")


def _notice(account: AccountId, gap: Gap) -> NewNotice:
    key = f"gap:{account}:{gap.since.isoformat(timespec='seconds')}"
    return NewNotice(kind="gap", key=key, text=gap.what, since=gap.since, account=account, until=gap.until)
