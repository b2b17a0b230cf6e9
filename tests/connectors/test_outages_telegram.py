"""Telegram after an outage: what it holds is drained page by page, and what it threw away is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta

import pytest

from connectors.registry import make_connector
from connectors.telegram.settings import Settings
from simulators.telegram import TelegramPlatform
from simulators.telegram.bots import SimBot
from simulators.telegram.people import SimPerson
from tests.connectors.listening import FULL, Heard, SwiftClock, listen, next_said, texts
from tests.contract.connectors.harness import context
from tests.support.town import TELEGRAM, TOKEN
from tickets.ports import Connector, WebhookAnswer, WebhookReceiver, WebhookRequest
from tickets.secret import Secret

WAITING = 10_000 if FULL else 2_000
SECRET_HEADER = "x-telegram-bot-api-secret-token"
MODES = pytest.mark.parametrize("mode", ["poll", "webhook"])


class Place:
    """A platform, its bot and its people, all on one clock with the connector."""

    def __init__(self, platform: TelegramPlatform, clock: SwiftClock) -> None:
        self.platform = platform
        self.clock = clock
        self.bot: SimBot = platform.add_bot(TOKEN, username="support_bot")
        self.anna: SimPerson = platform.add_person("Anna")

    def connector(self, *, was_up: datetime | None = None, mode: str = "poll", **settings: object) -> Connector:
        async def up() -> datetime | None:
            return was_up

        wanted = Settings(
            **{
                "token": Secret(TOKEN),
                "base_url": self.platform.base_url,
                "base_file_url": self.platform.base_file_url,
                "poll_timeout_s": 1,
                "mode": mode,
                "webhook_url": "http://127.0.0.1:9/hooks/telegram/main" if mode == "webhook" else "",
                **settings,
            }
        )
        return make_connector("telegram", wanted, context(TELEGRAM)._replace(clock=self.clock, was_up=up))

    async def receive(self, connector: Connector, count: int) -> Heard:
        """What comes, until there are so many events; in webhook mode Telegram's calls are made for it."""
        heard = Heard()
        pushing = asyncio.create_task(self._push(connector))
        try:
            await listen(connector, heard, lambda: len(heard.events) >= count)
        finally:
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)
        return heard

    async def _push(self, connector: Connector) -> None:
        """Each held update again and again until it is taken, as Telegram does."""
        if not isinstance(connector, WebhookReceiver):
            return
        while True:
            update = self.bot.updates.first()
            if update is not None and (await pushed(connector, update.body)).status == 200:
                self.bot.updates.finish(update)
            await asyncio.sleep(0)


async def pushed(connector: WebhookReceiver, body: bytes) -> WebhookAnswer:
    secret = (b"webhook".ljust(32, b".")).hex()
    return await connector.receive(WebhookRequest("POST", {SECRET_HEADER: secret}, {}, body))


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    clock = SwiftClock()
    async with TelegramPlatform(now=clock.now, enforce_limits=False) as platform:
        yield Place(platform, clock)


async def test_all_that_waits_after_an_outage_is_drained_in_pages_in_order(place: Place) -> None:
    before = place.clock.now()
    people = [place.platform.add_person(f"P{n}") for n in range(40)]
    for n in range(WAITING):
        people[n % len(people)].write(f"消息 {n}", place.bot)
        place.clock.move(seconds=80_000 / WAITING)
    heard = Heard()
    connectors = [place.connector(was_up=before) for _ in range(2)]
    await listen(connectors[0], heard, lambda: len(heard.events) >= WAITING // 2)
    await listen(connectors[1], heard, lambda: len(heard.events) >= WAITING, patience_s=300)
    assert texts(heard.events) == [f"消息 {n}" for n in range(WAITING)]
    assert heard.gaps == []
    asked = [call for call in place.platform.calls if call.method == "getUpdates"]
    assert len(asked) == WAITING // 100
    assert {str(call.parameters["limit"]) for call in asked} == {"100"}


@MODES
async def test_what_telegram_threw_away_is_told_with_its_times(place: Place, mode: str) -> None:
    was_up = place.clock.now()
    place.anna.write("vergeht", place.bot)
    place.clock.move(hours=25)
    place.anna.write("ist noch da", place.bot)
    connector = place.connector(was_up=was_up, mode=mode)
    heard = await place.receive(connector, 1)
    assert heard.texts == ["ist noch da"]
    (gap,) = heard.gaps
    assert (gap.since, gap.until) == (was_up, place.clock.now() - timedelta(hours=24))
    assert "write again" in gap.what


@MODES
async def test_within_a_day_nothing_is_lost_and_nothing_told(place: Place, mode: str) -> None:
    was_up = place.clock.now()
    place.anna.write("noch da", place.bot)
    place.clock.move(hours=23)
    heard = await place.receive(place.connector(was_up=was_up, mode=mode), 1)
    assert (heard.texts, heard.gaps) == (["noch da"], [])


@MODES
async def test_what_is_older_than_ten_minutes_is_late(place: Place, mode: str) -> None:
    was_up = place.clock.now()
    first = place.anna.write("alt", place.bot)
    place.clock.move(minutes=10, seconds=1)
    place.anna.write("neun Minuten", place.bot)
    place.clock.move(minutes=9)
    place.anna.edit(first, "alt, doch eben geändert")
    heard = await place.receive(place.connector(was_up=was_up, mode=mode), 3)
    assert [event.late for event in heard.events] == [True, False, False]


# The first connection ----------------------------------------------------------


@MODES
async def test_the_first_connection_takes_nothing_old(place: Place, mode: str) -> None:
    old = place.anna.write("an das alte Programm", place.bot)
    place.clock.move(hours=2)
    place.anna.edit(old, "eben erst geändert")
    place.anna.write("eben erst", place.bot)
    heard = await place.receive(place.connector(mode=mode), 2)
    assert heard.texts == ["eben erst geändert", "eben erst"]
    assert heard.gaps == []


@MODES
async def test_the_first_connection_takes_old_ones_where_told_to(place: Place, mode: str) -> None:
    place.anna.write("an das alte Programm", place.bot)
    place.clock.move(hours=2)
    heard = await place.receive(place.connector(mode=mode, first_start="all"), 1)
    assert [(text, event.late) for text, event in zip(heard.texts, heard.events, strict=True)] == [
        ("an das alte Programm", True)
    ]


@MODES
async def test_who_was_connected_once_misses_nothing_even_without_a_place(place: Place, mode: str) -> None:
    """Connected for the first time, stopped before anybody wrote: the next start is no first one."""
    was_up = place.clock.now()
    place.anna.write("dazwischen", place.bot)
    place.clock.move(hours=2)
    heard = await place.receive(place.connector(was_up=was_up, mode=mode), 1)
    assert heard.texts == ["dazwischen"]


# Signs of life -----------------------------------------------------------------


async def test_a_push_is_waited_for_with_signs_of_life(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.telegram.source.LOOK_S", 0.05)
    connector = place.connector(mode="webhook", was_up=place.clock.now())
    await connector.open()
    async with aclosing(connector.source.batches(None)) as batches, asyncio.timeout(20):
        quiet = [await anext(batches) for _ in range(3)]
        pushing = asyncio.ensure_future(_push_one(connector, place))
        said = await next_said(batches)
        await connector.source.acknowledge(said)
        assert (await pushing).status == 200
    await connector.close()
    assert [batch.events for batch in quiet] == [()] * 3


async def _push_one(connector: Connector, place: Place) -> WebhookAnswer:
    assert isinstance(connector, WebhookReceiver)
    place.anna.write("doch noch", place.bot)
    update = place.bot.updates.first()
    assert update is not None
    return await pushed(connector, update.body)
