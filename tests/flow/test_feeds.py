"""Feeds of X, Telegram and Discord: found, kept as reading matter, and made tickets of."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from connectors.discord.settings import DiscordFeed
from connectors.registry import make_connector
from connectors.telegram.settings import TelegramFeed
from connectors.x.settings import XFeed
from service.reading import Reading
from simulators.telegram.groups import SimGroup
from tests.contract.connectors.harness import context
from tests.support.clock import ManualClock
from tests.support.stores import Database
from tests.support.town import AGENT, DISCORD, TELEGRAM, Town, X, incoming, open_town, until
from tickets.feeds import FeedFilter, FeedItem
from tickets.ids import AccountId, JobId
from tickets.ports import Connector
from tickets.records import Job, TicketFilter

SAID = "ถอนเงินจากแอปนี้ไม่ได้เลย"


async def items(town: Town, feed: str = "") -> list[FeedItem]:
    return list(await town.service.store.list_items(FeedFilter(feed=feed)))


async def item_saying(town: Town, words: str) -> FeedItem:
    async def there() -> bool:
        return any(words in one.text for one in await items(town))

    await town.eventually(there, f"an item with {words}")
    return next(one for one in await items(town) if words in one.text)


def searches(town: Town) -> int:
    return sum(call.path == "/2/tweets/search/recent" for call in town.x.calls)


async def no_tickets(town: Town) -> bool:
    return not (await town.service.store.list_tickets(TicketFilter())).items


# X -------------------------------------------------------------------------------------


@pytest.fixture
async def x_town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    """Somebody has talked of us, and of other things, before."""
    async with open_town() as place:
        member = place.x.add_person("Mei", "mei_x")
        member.post("只是路过")
        place.ricardo.post(f"{SAID} acmewallet")
        place.ricardo.post("bom dia a todos")
        feeds = {
            "talk": XFeed(search="acmewallet OR acmecoin", ticket_words=("hacked",)),
            "friends": XFeed(list=place.x.add_list(member)),
        }
        async with place.open_for_business(
            place.config(sql_database.url, tmp_path, changed={X: {"feeds": feeds}})
        ):
            yield place


class Minutes:
    """Lets time go by for the feeds only; its jobs stay its own, as the service has other feeds."""

    def __init__(self, town: Town, connector: Connector) -> None:
        self._clock = ManualClock(datetime.now(UTC))
        self._workers = [
            Reading(town.service.store, self._clock, holder, {X: connector}) for holder in ("one", "other")
        ]

    async def pass_by(self, minutes: float = 61) -> None:
        self._clock.move(minutes * 60)
        for n, job in enumerate(await self._workers[0].due()):
            await self._workers[0].read(Job(JobId(n), job.kind, job.payload, 1))

    async def pass_by_for_two(self) -> None:
        """Both workers have a job for each feed, and do it at the same time."""
        self._clock.move(61 * 60)
        for n, job in enumerate(await self._workers[0].due()):
            same = Job(JobId(n), job.kind, job.payload, 1)
            await asyncio.gather(*(worker.read(same) for worker in self._workers))


@pytest.fixture
async def minutes(x_town: Town) -> AsyncIterator[Minutes]:
    for said in (SAID, "路过"):  # by the service itself, which asks for nothing more within minutes
        await item_saying(x_town, said)
    settings = x_town.accounts()[X].settings
    member = x_town.x.add_list(x_town.ricardo)
    feeds = {
        "talk": XFeed(search="acmewallet OR acmecoin", ticket_words=("hacked",)),
        "by": XFeed(by="ricardo"),
        "members": XFeed(list=member),
    }
    made = make_connector("x", replace(settings, feeds=feeds), context(X))
    yield Minutes(x_town, made)
    await made.close()


async def test_what_a_search_and_a_list_find_is_read_along_and_counted(x_town: Town) -> None:
    found = await item_saying(x_town, SAID)
    assert (found.feeds, found.language, found.handle) == (("x:main/talk",), "th", "ricardo")
    assert found.address.startswith("https://x.com/i/status/")
    assert (await item_saying(x_town, "路过")).feeds == ("x:main/friends",)
    assert len(await items(x_town)) == 2
    assert await no_tickets(x_town)
    spent = await x_town.service.store.list_spending(datetime.now(UTC))
    assert [(one.units, one.dollars) for one in spent if one.what == "feeds"] == [(2, 0.01)]
    assert not x_town.x.violations


async def test_one_click_makes_a_ticket_that_a_person_answers_by_hand(x_town: Town) -> None:
    item = await item_saying(x_town, SAID)
    assert await x_town.service.desk.take_up(AGENT, item.id)
    assert not await x_town.service.desk.take_up(AGENT, item.id)
    ticket = await x_town.ticket_saying(SAID)
    [message] = incoming(ticket)
    assert "by hand" in message.unanswerable.lower()
    assert any((one.kind, one.actor) == ("taken_up", AGENT.key) for one in ticket.events)
    assert (await item_saying(x_town, SAID)).number == ticket.ticket.number
    assert ticket.deliveries == ()
    assert not x_town.x.sent


async def test_the_next_reading_goes_on_behind_the_last_and_a_rule_makes_a_ticket(
    x_town: Town, minutes: Minutes
) -> None:
    await item_saying(x_town, SAID)
    x_town.ricardo.post("my acmecoin was hacked!")
    x_town.ricardo.post("acmecoin ganz nett")
    before = len(x_town.x.calls)
    await minutes.pass_by()
    ticket = await x_town.ticket_saying("hacked")
    assert ticket.deliveries == ()
    assert (await item_saying(x_town, "hacked")).number == ticket.ticket.number
    wanted = ("x:main/by", "x:main/members", "x:main/talk")

    async def shared() -> bool:
        return (await item_saying(x_town, "ganz nett")).feeds == wanted

    await x_town.eventually(shared, "one item of three feeds")
    searched = [call for call in x_town.x.calls[before:] if call.path == "/2/tweets/search/recent"]
    assert len(searched) == 3
    assert sum(SAID in one.text for one in await items(x_town, "x:main/talk")) == 1


async def test_a_mention_that_a_feed_finds_too_is_a_mention(x_town: Town, minutes: Minutes) -> None:
    await item_saying(x_town, SAID)
    x_town.ricardo.mention(x_town.x_account, "acmecoin kaputt")
    ticket = await x_town.ticket_saying("kaputt")
    await minutes.pass_by()
    x_town.ricardo.post("acmecoin nochmal")
    await minutes.pass_by()
    await item_saying(x_town, "nochmal")
    assert not any("kaputt" in one.text for one in await items(x_town))
    assert len(incoming(await x_town.ticket_saying("kaputt"))) == len(incoming(ticket))


async def test_what_its_author_removed_is_gone_with_its_original(x_town: Town) -> None:
    item = await item_saying(x_town, SAID)
    assert await x_town.service.store.read_raw(item.event_ids[0]) is not None
    assert item.external_id in await x_town.service.store.list_held(X, None, 10)
    await x_town.service.desk.erase("x", X, [item.external_id])
    assert not any(SAID in one.text for one in await items(x_town))
    assert await x_town.service.store.read_raw(item.event_ids[0]) is None


async def test_two_workers_with_the_same_feed_ask_and_pay_once(x_town: Town, minutes: Minutes) -> None:
    await item_saying(x_town, SAID)
    await minutes.pass_by()
    before = searches(x_town)
    await minutes.pass_by_for_two()
    assert searches(x_town) == before + 3


async def test_a_feed_that_x_refuses_is_told_of_and_tried_again(x_town: Town, minutes: Minutes) -> None:
    await item_saying(x_town, SAID)
    x_town.x.faults.arm("forbidden", times=3, path="/2/tweets/search/recent")
    await minutes.pass_by()
    notices = [one.notice for one in await x_town.service.store.list_notices() if one.notice.kind == "feed"]
    assert len(notices) == 3
    x_town.ricardo.post("acmecoin danach")
    await minutes.pass_by(16)
    await item_saying(x_town, "danach")
    assert not [one for one in await x_town.service.store.list_notices() if one.notice.kind == "feed"]


# Telegram ------------------------------------------------------------------------------


@pytest.fixture
async def group_town(sql_database: Database, tmp_path: Path) -> AsyncIterator[tuple[Town, SimGroup]]:
    async with open_town() as place:
        group = place.telegram.add_group("Buyers", place.bot)
        feeds = {"buyers": TelegramFeed(chat=group.id, ticket_words=("взломали",))}
        async with place.open_for_business(place.config(sql_database.url, tmp_path, feeds=feeds)):
            yield place, group


async def test_a_group_is_read_along_and_who_names_the_bot_is_heard_as_before(
    group_town: tuple[Town, SimGroup],
) -> None:
    town, group = group_town
    town.anna.write(SAID, town.bot, group=group)
    town.anna.write(f"@{town.bot.username} Wo bleibt meine Auszahlung?", town.bot, group=group)
    item = await item_saying(town, SAID)
    assert item.feeds == (f"{TELEGRAM}/buyers",)
    await town.ticket_saying("Auszahlung")
    assert len(await items(town)) == 1
    town.anna.write("Мой счёт взломали", town.bot, group=group)
    assert (await town.ticket_saying("взломали")).ticket.channel == "telegram"


async def test_an_item_of_a_group_becomes_a_ticket_that_can_be_answered_there(
    group_town: tuple[Town, SimGroup],
) -> None:
    town, group = group_town
    town.anna.write(SAID, town.bot, group=group)
    await town.service.desk.take_up(AGENT, (await item_saying(town, SAID)).id)
    ticket = await town.ticket_saying(SAID)
    await town.settled(await town.answer(ticket.ticket.number, "เราช่วยได้ค่ะ"), "sent")


# Discord -------------------------------------------------------------------------------


@pytest.fixture
async def hall_town(sql_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town() as place:
        place.discord_bot.message_content = True
        changed: dict[AccountId, dict[str, object]] = {
            DISCORD: {"feeds": {"hall": DiscordFeed(channel=str(place.hall.id))}, "staff_roles": ("4711",)}
        }
        async with place.open_for_business(place.config(sql_database.url, tmp_path, changed=changed)):
            yield place


async def test_a_channel_and_its_threads_are_read_along(hall_town: Town) -> None:
    town = hall_town
    town.linh.say(SAID, town.hall)
    item = await item_saying(town, SAID)
    assert item.address.startswith("https://discord.com/channels/")
    thread = town.linh.start_thread(town.hall, "Chuyện phiếm")
    town.linh.say("rút tiền chậm quá", thread)
    assert (await item_saying(town, "chậm quá")).feeds == (f"{DISCORD}/hall",)
    assert await no_tickets(town)


async def test_edits_change_an_item_and_deletions_take_it_away(hall_town: Town) -> None:
    town = hall_town
    said = town.linh.say("erste Fassung", town.hall)
    await item_saying(town, "erste")
    town.linh.edit(said, "zweite Fassung")
    item = await item_saying(town, "zweite")
    town.linh.delete(said)

    async def gone() -> bool:
        return await town.service.store.find_item(item.id) is None

    await town.eventually(gone, "the item gone")


async def test_colleagues_are_not_read_along(hall_town: Town) -> None:
    town = hall_town
    colleague = town.discord.add_person("Mai", username="mai")
    town.guild.roles[colleague.id] = ["4711"]
    colleague.say("only among us", town.hall)
    town.linh.say(SAID, town.hall)
    await item_saying(town, SAID)
    assert len(await items(town)) == 1
    await until(lambda: not town.discord.violations, "nothing wrong")
