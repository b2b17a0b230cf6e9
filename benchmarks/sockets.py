"""From a platform's socket into the store: each connector alone, the platform in a process of its own.

The simulators keep no limits here, so what is measured is the connector, the
wire and the commits.  Telegram and X hold what they have until they are
asked; Discord tells it as soon as somebody listens, here in a channel.  (Of
each direct conversation that is new to a session the connector reads a page
of the past, within the rate that Discord allows.)
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from connectors.discord.settings import Settings as DiscordSettings
from connectors.pump import pump
from connectors.registry import make_connector
from connectors.telegram.settings import Settings as TelegramSettings
from connectors.x.settings import Settings as XSettings
from service.clock import SystemClock
from simulators.discord import DiscordPlatform
from simulators.mail import MailPlatform
from simulators.telegram import TelegramPlatform
from simulators.x import XPlatform
from store.sql import open_store
from tests.contract.connectors.harness import context
from tests.support.stores import KEY
from tests.support.town import DISCORD, DISCORD_TOKEN, KEYS, TELEGRAM, TOKEN, Town, X
from tickets.ports import no_crash
from tickets.secret import Secret

COUNTS = {"telegram": 1_800, "discord": 1_800, "x": 800}
"""Fewer than the 2,000 at which reading pauses; X hands out 800 mentions, in pages of 100."""
ACCOUNTS = {"telegram": TELEGRAM, "discord": DISCORD, "x": X}
PEOPLE = 200
LOOK_S = 0.005
WORDS = (
    "My withdrawal has not arrived yet",
    "我的提现还没有到账",
    "출금이 아직 안 됐어요",
    "ถอนเงินยังไม่เข้า",
    "لم يصل السحب بعد",
)


def measure_socket(channel: str) -> float:
    """Messages a second until all are committed, from when the connector begins to ask."""
    words = [sys.executable, "-m", "benchmarks.sockets", channel]
    with (
        subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as platform,
        tempfile.TemporaryDirectory() as home,
    ):
        assert platform.stdout is not None
        try:
            told = json.loads(platform.stdout.readline())
            return COUNTS[channel] / asyncio.run(_receive(channel, told, f"sqlite:///{home}/sockets.db"))
        finally:
            platform.kill()


async def _receive(channel: str, told: dict[str, Any], url: str) -> float:
    account = ACCOUNTS[channel]
    store = open_store(url, KEY)
    await store.open()
    connector = make_connector(channel, _settings(channel, told), context(account))  # type: ignore[arg-type]
    await connector.open()
    done = asyncio.Event()

    async def counted(_behind: str) -> None:
        if await store.count_waiting() >= COUNTS[channel]:
            done.set()

    began = time.perf_counter()
    pumping = asyncio.create_task(pump(connector.source, account, store, SystemClock(), no_crash, counted))
    waiting = asyncio.create_task(done.wait())
    await asyncio.wait({pumping, waiting}, return_when=asyncio.FIRST_COMPLETED)
    spent = time.perf_counter() - began
    if pumping.done():
        pumping.result()
    for task in (pumping, waiting):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await connector.close()
    await store.close()
    return spent


def _settings(channel: str, told: dict[str, Any]) -> Any:
    if channel == "telegram":
        return TelegramSettings(token=Secret(TOKEN), first_start="all", **told)
    if channel == "discord":
        return DiscordSettings(token=Secret(DISCORD_TOKEN), first_start="all", **told)
    names = ("api_key", "api_key_secret", "access_token", "access_token_secret")
    secrets = dict(zip(names, map(Secret, KEYS), strict=True))
    return XSettings(**secrets, first_start="all", own_posts_s=0, poll_s=0.05, **told)


# The platform's process -----------------------------------------------------------------------


@asynccontextmanager
async def _unlimited_town() -> AsyncIterator[Town]:
    telegram, discord = TelegramPlatform(enforce_limits=False), DiscordPlatform(enforce_limits=False)
    async with telegram, MailPlatform() as mail, discord, XPlatform(enforce_limits=False) as x:
        yield Town(telegram, mail, discord, x)


async def _serve(channel: str) -> None:
    async with _unlimited_town() as town:
        settings = town.accounts()[ACCOUNTS[channel]].settings
        names = ("base_url", "base_file_url", "gateway_url", "cdn_url", "media_url")
        count = COUNTS[channel]
        if channel != "discord":
            _write(town, channel, count)
        print(json.dumps({name: getattr(settings, name) for name in names if hasattr(settings, name)}), flush=True)
        if channel == "discord":
            await town.discord.until(lambda: town.discord.connected(town.discord_bot), 60.0)
            for _ in range(count // PEOPLE):
                _write(town, channel, PEOPLE)
                await asyncio.sleep(0)
        await asyncio.Event().wait()


def _write(town: Town, channel: str, count: int) -> None:
    for n in range(count):
        text = f"{WORDS[n % len(WORDS)]} {n}"
        if channel == "telegram":
            _person(town.telegram, f"P{n % PEOPLE}").write(text, town.bot)
        elif channel == "discord":
            _person(town.discord, f"P{n % PEOPLE}").say(text, town.hall, mention=town.discord_bot)
        else:
            town.ricardo.mention(town.x_account, text)


_known: dict[str, Any] = {}


def _person(platform: Any, name: str) -> Any:
    if name not in _known:
        _known[name] = platform.add_person(name)
    return _known[name]


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
