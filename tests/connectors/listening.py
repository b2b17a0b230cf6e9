"""Listening to a source as the pump does, on a clock that nobody waits for."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from normalizer.registry import normalize
from tickets.errors import ConnectorError
from tickets.model import InboundMessage, RawEvent
from tickets.ports import Batch, Connector, Gap

PATIENCE_S = 30.0
FULL = os.environ.get("SWITCHBOARD_TEST_FULL_OUTAGES", "") == "1"
"""The whole doses of the reliability plan; without it a part that every change can afford."""


class SwiftClock:
    """See ``tickets.ports.Clock``.  Time passes only where somebody sleeps or moves it, and then at once."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime.now(UTC)
        self._passed_s = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed_s)

    def monotonic(self) -> float:
        return self._passed_s

    async def sleep(self, seconds: float) -> None:
        self.move(seconds=seconds)
        await asyncio.sleep(0)

    def move(self, **by: float) -> None:
        """Let time pass; ``by`` as for a timedelta."""
        self._passed_s += timedelta(**by).total_seconds()


class Heard:
    """What a program has that commits every batch: it lives on when a connector is stopped."""

    def __init__(self) -> None:
        self.events: list[RawEvent] = []
        self.cursor: str | None = None
        self.gaps: list[Gap] = []
        self.behind: list[str] = []
        self.batches = 0

    def take(self, batch: Batch) -> None:
        self.batches += 1
        self.events += batch.events
        self.cursor = batch.cursor or self.cursor
        self.gaps += batch.gaps
        self.behind.append(batch.behind)

    @property
    def names(self) -> list[str]:
        return [event.external_id for event in self.events]

    @property
    def texts(self) -> list[str]:
        return texts(self.events)


async def listen(
    connector: Connector, heard: Heard, enough: Callable[[], bool], patience_s: float = PATIENCE_S
) -> None:
    """Receive until ``enough``, asked after every batch; the connector is opened and closed.

    After an error it goes on from the cursor, as the supervisor lets it.
    """
    try:
        async with asyncio.timeout(patience_s):
            await connector.open()
            while not await _received(connector, heard, enough):
                await asyncio.sleep(0)
    finally:
        await connector.close()


async def _received(connector: Connector, heard: Heard, enough: Callable[[], bool]) -> bool:
    try:
        async with aclosing(connector.source.batches(heard.cursor)) as batches:
            async for batch in batches:
                heard.take(batch)
                await connector.source.acknowledge(batch)
                if enough():
                    return True
    except ConnectorError:
        return False
    raise AssertionError("the source ended by itself")


async def next_said(batches: AsyncGenerator[Batch, None]) -> Batch:
    """The next batch with something in it; empty ones only say that the source is connected."""
    async with asyncio.timeout(PATIENCE_S):
        async for batch in batches:
            if batch.events:
                return batch
    raise AssertionError("the source ended by itself")


def texts(events: list[RawEvent]) -> list[str]:
    messages = [normalize(event) for event in events]
    return [message.text for message in messages if isinstance(message, InboundMessage)]
