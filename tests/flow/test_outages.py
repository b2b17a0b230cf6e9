"""Back after an outage, on a running service: all that was missed stands in tickets, and nobody is notified."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from service.config import Config
from simulators.discord import DiscordPlatform
from simulators.mail import MailPlatform
from simulators.telegram import TelegramPlatform
from simulators.x import XPlatform
from tests.connectors.listening import FULL
from tests.support.program import breathe
from tests.support.stores import Database
from tests.support.town import ADDRESS, DISCORD, EMAIL, TELEGRAM, Town, X, incoming
from tickets.ids import AccountId
from tickets.model import ChannelHealth
from tickets.notices import Notice

WAITING = 10_000 if FULL else 400
OLD, NEW = 25, 5
SOON = timedelta(minutes=1)
CHANNELS: dict[AccountId, str] = {TELEGRAM: "telegram", DISCORD: "discord", X: "x", EMAIL: "email"}
EVERYTHING = {account: {"first_start": "all"} for account in CHANNELS}


class Past:
    """The platforms' time: the system's, less what a test takes away."""

    def __init__(self) -> None:
        self.ago = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) - self.ago


@asynccontextmanager
async def town_in(past: Past) -> AsyncIterator[Town]:
    async with (
        TelegramPlatform(now=past.now, enforce_limits=False) as telegram,
        MailPlatform(now=past.now) as mail,
        DiscordPlatform(now=past.now, enforce_limits=False) as discord,
        XPlatform(now=past.now, enforce_limits=False) as x,
    ):
        yield Town(telegram, mail, discord, x)


@pytest.fixture
def past() -> Past:
    return Past()


async def last_up(database: Database, ago: timedelta) -> None:
    """All accounts were connected until so long ago."""
    store = database.store()
    await store.open()
    at = datetime.now(UTC) - ago
    for account, channel in CHANNELS.items():
        health = ChannelHealth(account, channel, "down", "The machine was off.", since=at, checked_at=at, up_at=at)
        await store.set_health(health)
    await store.close()


async def gaps(town: Town) -> list[Notice]:
    return [one for one in await town.service.store.list_notices() if one.notice.kind == "gap"]


# Late messages -----------------------------------------------------------------


async def test_late_messages_become_tickets_and_only_new_ones_are_acknowledged(
    sql_database: Database, tmp_path: Path, past: Past
) -> None:
    past.ago = timedelta(hours=2)
    changed = {account: {**more, "acknowledge": True} for account, more in EVERYTHING.items()}
    changed[X]["automated_label"] = True
    async with town_in(past) as town:
        town.anna.write("Seit gestern geht nichts", town.bot)
        town.linh.say("Không đăng nhập được", town.hall, mention=town.discord_bot)
        town.ricardo.mention(town.x_account, "não consigo entrar")
        town.mei.write(to=ADDRESS, subject="登录", text="我无法登录")
        past.ago = timedelta()
        async with town.open_for_business(town.config(sql_database.url, tmp_path, changed=changed)):
            for text in ("Seit gestern", "Không đăng", "não consigo", "我无法登录"):
                await town.ticket_saying(text)
            new = NewPeople(town)
            new.write()
            for text in ("ใช้ไม่ได้", "لا أستطيع", "не могу", "안 됩니다"):
                await town.ticket_saying(text)

            async def acknowledged() -> bool:
                return new.notified() == [True] * 4

            await town.eventually(acknowledged, "an acknowledgement for each new message")
        assert {one.chat_id for one in town.telegram.sent} == {new.telegram.id}
        assert {one.person for one in (*town.discord.sent, *town.x.sent)} == {new.discord, new.x}
        assert town.mei.received == []


class NewPeople:
    """One on each channel, writing now."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.telegram = town.telegram.add_person("Somchai")
        self.discord = town.discord.add_person("Layla", username="layla")
        self.x = town.x.add_person("Ivan", "ivan")
        self.email = town.mail.add_person("Minjun", "minjun@customers.test")

    def write(self) -> None:
        self.telegram.write("แอปใช้ไม่ได้", self._town.bot)
        self.discord.write("لا أستطيع الدخول", self._town.discord_bot)
        self.x.mention(self._town.x_account, "не могу войти")
        self.email.write(to=ADDRESS, subject="로그인", text="로그인이 안 됩니다")

    def notified(self) -> list[bool]:
        town = self._town
        return [
            any(one.chat_id == self.telegram.id for one in town.telegram.sent),
            any(one.person is self.discord for one in town.discord.sent),
            any(one.person is self.x for one in town.x.sent),
            bool(self.email.received),
        ]


# Gaps --------------------------------------------------------------------------


async def test_what_no_platform_gives_back_is_told_in_the_inbox_once(
    sql_database: Database, tmp_path: Path, past: Past
) -> None:
    async with town_in(past) as town:
        await away_for_long(town, past, sql_database, town.config(sql_database.url, tmp_path))


async def test_with_a_webhook_it_is_told_as_well(tmp_path: Path, past: Past, unused_tcp_port: int) -> None:
    database = Database("sqlite", f"sqlite:///{tmp_path}/switchboard.db")
    url = f"http://127.0.0.1:{unused_tcp_port}/hooks/telegram/main"
    async with town_in(past) as town:
        config = town.config(database.url, tmp_path, mode="webhook", webhook_url=url)
        config = config._replace(inbox=replace(config.inbox, port=unused_tcp_port))
        await away_for_long(town, past, database, config)


async def away_for_long(town: Town, past: Past, database: Database, config: Config) -> None:
    """Connected once, away for thirty hours, and then started twice: each gap is told once."""
    async with town.open_for_business(config):
        assert await gaps(town) == []
    past.ago = timedelta(hours=25)
    town.anna.write("niemand holt es ab", town.bot)
    past.ago = timedelta()
    up_at = datetime.now(UTC) - timedelta(hours=30)
    await last_up(database, timedelta(hours=30))
    for _start in range(2):
        async with town.open_for_business(config):
            told = {one.notice.account: one.notice for one in await gaps(town)}
            assert len(await gaps(town)) == len(told) == 2
            chat, guilds = told[TELEGRAM], told[DISCORD]
            assert abs(chat.since - up_at) < SOON
            assert chat.until is not None
            assert timedelta(0) <= datetime.now(UTC) - timedelta(hours=24) - chat.until < SOON
            assert abs(guilds.since - up_at) < SOON
            assert guilds.until is not None
            assert datetime.now(UTC) - guilds.until < SOON


# Everything back -----------------------------------------------------------------


async def test_all_that_telegram_holds_after_an_outage_stands_in_tickets_in_order(
    sql_database: Database, tmp_path: Path, past: Past
) -> None:
    async with town_in(past) as town:
        config = town.config(sql_database.url, tmp_path)
        async with town.open_for_business(config), asyncio.timeout(30):
            while ";" in place_of_telegram(sql_database):  # until the first question is answered
                await asyncio.to_thread(breathe)
        past.ago = timedelta(hours=1)
        people = [town.telegram.add_person(f"P{n}") for n in range(10)]
        for n in range(WAITING):
            people[n % 10].write(f"问题 {n}", town.bot)
        past.ago = timedelta()
        async with town.open_for_business(config):
            async with asyncio.timeout(300):
                while sql_database.rows("SELECT COUNT(*) FROM message WHERE direction = 'in'") != [(WAITING,)]:
                    await asyncio.to_thread(breathe)
            tickets = await town.tickets()
            assert len(tickets) == 10
            for n, ticket in enumerate(sorted(tickets, key=lambda one: one.messages[0].text)):
                numbers = [int(message.text.split()[1]) for message in incoming(ticket)]
                assert numbers == list(range(numbers[0], WAITING, 10)), n
        assert town.telegram.sent == []


def place_of_telegram(database: Database) -> str:
    return str(database.rows("SELECT cursor FROM account_cursor WHERE account = 'telegram:main'")[0][0])


async def test_a_rebuilt_mailbox_makes_no_ticket_twice(sql_database: Database, tmp_path: Path, past: Past) -> None:
    changed = {EMAIL: {"first_start": "all"}}
    async with town_in(past) as town:
        config = town.config(sql_database.url, tmp_path, changed=changed)
        for n in range(OLD):
            town.mei.write(to=ADDRESS, subject=f"订单 {n}", text=f"订单 {n}。在哪里？")
        async with town.open_for_business(config):
            await town.ticket_saying(f"订单 {OLD - 1}。")
        town.box.change_uidvalidity()
        for n in range(OLD, OLD + NEW):
            town.mei.write(to=ADDRESS, subject=f"订单 {n}", text=f"订单 {n}。在哪里？")
        async with town.open_for_business(config):
            await town.ticket_saying(f"订单 {OLD + NEW - 1}。")

            async def all_handled() -> bool:
                return await town.service.store.count_waiting() == 0

            await town.eventually(all_handled, "nothing waits")
            tickets = await town.tickets()
            texts = [message.text.split("。")[0] for ticket in tickets for message in incoming(ticket)]
            assert sorted(texts) == sorted(f"订单 {n}" for n in range(OLD + NEW))
            assert len(tickets) == OLD + NEW
