"""Discord after a lost session: every channel, thread and known conversation is read on, page by page."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

from connectors.discord.place import Place as Cursor
from connectors.discord.settings import Settings
from connectors.registry import make_connector
from normalizer.registry import normalize
from simulators.discord import DiscordPlatform
from simulators.discord.channels import SimChannel, SimThread
from simulators.discord.people import SimPerson
from simulators.discord.records import ApiCall, SimMessage
from tests.connectors.listening import FULL, Heard, SwiftClock, listen
from tests.contract.connectors.harness import context
from tests.support.town import DISCORD, DISCORD_TOKEN
from tickets.ids import ThreadKey
from tickets.model import InboundMessage
from tickets.ports import Connector
from tickets.secret import Secret

MESSAGES, CHANNELS, THREADS, PRIVATE = (5_000, 50, 200, 40) if FULL else (600, 20, 40, 10)
SMALL = 20_000
"""Bytes of the longest cursor: all that is remembered, and no more."""


class Place:
    """A guild with many corners, and people who know the bot; all on one clock with the connector."""

    def __init__(self, platform: DiscordPlatform, clock: SwiftClock) -> None:
        self.platform = platform
        self.clock = clock
        self.bot = platform.add_bot(DISCORD_TOKEN)
        self.guild = platform.add_guild("Fans", self.bot)
        self.channels: list[SimChannel] = [self.guild.add_channel(f"help-{n}") for n in range(CHANNELS)]
        self.people: list[SimPerson] = [platform.add_person(f"P{n}") for n in range(PRIVATE)]
        self.threads: list[SimThread] = [
            self.people[0].start_thread(self.channels[n % CHANNELS], f"topic {n}") for n in range(THREADS)
        ]
        self.written: dict[int, list[int]] = defaultdict(list)
        """Ids of the messages for the bot, by conversation, in order."""
        clock.move(hours=1)

    def connector(
        self, *, was_up: datetime | Callable[[], datetime] | None = None, **settings: object
    ) -> Connector:
        """was_up: a callable is asked each time."""
        wanted = Settings(
            **{
                "token": Secret(DISCORD_TOKEN),
                "base_url": self.platform.api_url,
                "gateway_url": self.platform.gateway_url,
                "cdn_url": self.platform.cdn_url,
                **settings,
            }
        )

        async def up() -> datetime | None:
            return was_up() if callable(was_up) else was_up

        async def conversations() -> Sequence[ThreadKey]:
            return [ThreadKey(str(person.dm(self.bot))) for person in self.people]

        given = context(DISCORD)._replace(clock=self.clock, was_up=up, conversations=conversations)
        return make_connector("discord", wanted, given)

    def ask(self, where: SimChannel | SimThread | SimPerson, text: str) -> SimMessage:
        """A direct message of this person, or a mention of the bot in this corner."""
        if isinstance(where, SimPerson):
            message = where.write(text, self.bot)
        else:
            message = self.people[0].say(text, where, mention=self.bot)
        self.written[message.channel_id].append(message.id)
        return message

    def ask_everywhere(self, count: int) -> None:
        """So many messages all over the place, and talk among people in between."""
        corners = [*self.channels, *self.threads, *self.people]
        for n in range(count):
            where = corners[n % len(corners)]
            self.ask(where, f"問い {n}")
            if not isinstance(where, SimPerson):
                self.people[1].say("among ourselves", where)
            self.clock.move(seconds=7)

    @property
    def names(self) -> set[str]:
        return {f"{channel}/{number}" for channel, numbers in self.written.items() for number in numbers}

    @property
    def pages(self) -> list[ApiCall]:
        return [call for call in self.platform.calls if call.path.endswith("/messages")]

    def disturb(self) -> None:
        """The session is over and will not be resumed."""
        self.platform.forget_sessions(self.bot)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    clock = SwiftClock()
    async with DiscordPlatform(now=clock.now, enforce_limits=True) as platform:
        yield Place(platform, clock)


async def connected(place: Place) -> Heard:
    """What a program has that was connected, read everything, and was stopped."""
    heard = Heard()
    await listen(place.connector(), heard, lambda: settled(heard))
    place.disturb()
    return heard


def settled(heard: Heard) -> bool:
    """Whether nothing lies behind, so that the place has moved on."""
    assert heard.cursor is not None
    return heard.batches > 1 and heard.behind[-1] == "" and not Cursor.read(heard.cursor, 0).reached


def by_conversation(heard: Heard) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for name in heard.names:
        channel, _, number = name.partition("/")
        found[int(channel)].append(int(number))
    return dict(found)


def to_go(heard: Heard) -> list[int]:
    """The numbers in what was told of reading on, without repeats."""
    told = [int(word) for text in heard.behind for word in text.split() if word.isdigit()]
    return [one for n, one in enumerate(told) if n == 0 or told[n - 1] != one]


async def test_all_that_was_missed_is_read_in_order_and_a_stop_in_the_middle_costs_no_page(place: Place) -> None:
    """BD08, BD09."""
    heard = await connected(place)
    place.ask_everywhere(MESSAGES)
    place.channels[-1].readable = False
    closed = {place.channels[-1].id, *(one.id for one in place.threads if one.parent is place.channels[-1])}
    for channel in closed:
        place.written.pop(channel, None)
    place.clock.move(minutes=11)
    asked_before = len(place.pages)

    def enough_pages() -> bool:
        return sum(call.status == 200 for call in place.pages[asked_before:]) > 30

    await listen(place.connector(), heard, enough_pages)
    first_run = place.pages[asked_before:]
    assert heard.cursor is not None
    reached = Cursor.read(heard.cursor, 0).reached
    assert reached
    pages = len(place.pages)
    await listen(place.connector(), heard, lambda: settled(heard), patience_s=600)
    second_run = place.pages[pages:]

    assert by_conversation(heard) == dict(place.written)
    assert len(heard.names) == len(set(heard.names))
    assert all(event.late for event in heard.events)
    told = {f"/channels/{channel}/messages" for channel in reached}
    private = {f"/channels/{person.dm(place.bot)}/messages" for person in place.people}
    assert not {call.path for call in second_run} & told - private
    for call in second_run:
        channel = int(call.path.split("/")[2])
        assert int(call.query["after"]) >= reached.get(channel, 0)
    assert place.platform.violations == []
    assert {call.status for call in (*first_run, *second_run)} <= {200, 403}
    assert most_in_a_second(place.pages) <= 50
    counts = to_go(heard)
    assert counts[-1] <= 1
    assert len(heard.cursor) < SMALL
    assert Cursor.read(heard.cursor, 0).reached == {}


def most_in_a_second(calls: list[ApiCall]) -> int:
    times = [call.at for call in calls]
    return max(sum(one <= at < one + timedelta(seconds=1) for at in times) for one in times)


async def test_how_many_conversations_are_to_go_is_told_and_goes_down(place: Place) -> None:
    heard = await connected(place)
    place.ask_everywhere(CHANNELS)
    place.ask(place.people[0], "und privat")
    await listen(place.connector(), heard, lambda: settled(heard) and len(heard.names) == CHANNELS + 1)
    counts = to_go(heard)
    falling = counts[counts.index(max(counts)) :]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] >= CHANNELS > falling[-1]
    assert heard.behind[-1] == ""


async def test_a_conversation_of_many_pages_goes_on_within_itself(place: Place) -> None:
    heard = await connected(place)
    for n in range(250):
        place.ask(place.channels[0], f"Nachricht {n}")
        place.clock.move(seconds=1)
    await listen(place.connector(), heard, lambda: len(heard.names) >= 100)
    assert len(heard.names) == 100
    await listen(place.connector(), heard, lambda: settled(heard) and len(heard.names) >= 250)
    assert by_conversation(heard) == dict(place.written)
    after = [
        call.query["after"] for call in place.pages if call.path == f"/channels/{place.channels[0].id}/messages"
    ]
    assert len(after) == len(set(after)), "a page was read twice"


@pytest.mark.parametrize("where", ["one not read yet", "one read already", "a person's"])
async def test_what_is_said_meanwhile_is_heard_once_and_in_order(place: Place, where: str) -> None:
    heard = await connected(place)
    place.ask_everywhere(MESSAGES // 10)
    for n in range(130):
        place.ask(place.channels[0], f"früher {n}")
        place.ask(place.channels[-1], f"früher {n}")
        place.ask(place.people[-1], f"früher {n}")
    said: list[int] = []

    def live() -> bool:
        if len(heard.names) > 130 and len(said) < 12:
            read = {int(name.partition("/")[0]) for name in heard.names}
            corners = [*place.channels, *place.threads]
            known = [one for one in corners if one.id in read] or corners
            unknown = [one for one in corners if one.id not in read] or corners
            chosen = {
                "one not read yet": unknown[-1],
                "one read already": known[0],
                "a person's": place.people[len(said) % 2 - 1],
            }
            said.append(place.ask(chosen[where], f"eben jetzt {len(said)}").id)
        return len(said) == 12 and settled(heard) and set(heard.names) == place.names

    await listen(place.connector(), heard, live)
    assert by_conversation(heard) == dict(place.written)
    assert place.platform.violations == []


async def test_what_was_edited_meanwhile_comes_as_it_stands_and_what_was_deleted_not_at_all(place: Place) -> None:
    """BD10."""
    heard = await connected(place)
    changed = place.ask(place.people[0], "falsch geschrieben")
    gone = place.ask(place.people[0], "doch nicht")
    place.people[0].edit(changed, "richtig geschrieben")
    place.people[0].delete(gone)
    place.written[gone.channel_id].remove(gone.id)
    await listen(place.connector(), heard, lambda: settled(heard) and set(heard.names) == place.names)
    assert [one.text for one in map(normalize, heard.events) if isinstance(one, InboundMessage)] == [
        "richtig geschrieben"
    ]


async def test_a_file_is_fetched_though_the_link_it_came_with_has_expired(place: Place) -> None:
    """BD13: Discord's links work for a day; a fresh one is asked for."""
    heard = await connected(place)
    message = place.people[0].write("anbei", place.bot, files=[("a.png", "image/png", b"\x89PNG told once")])
    place.written[message.channel_id].append(message.id)
    connector = place.connector()
    await listen(connector, heard, lambda: settled(heard) and set(heard.names) == place.names)
    [said] = [one for one in map(normalize, heard.events) if isinstance(one, InboundMessage)]
    place.clock.move(hours=25)
    remote = said.attachments[0].remote_id
    assert remote is not None
    fresh = place.connector()
    await fresh.open()
    assert b"".join([chunk async for chunk in fresh.source.fetch_file(remote)]) == b"\x89PNG told once"
    await fresh.close()


async def test_the_place_of_a_long_life_stays_small(place: Place) -> None:
    """Messages all the time, and a lost session every now and then."""
    heard = await connected(place)
    longest = 0
    for _round in range(6):
        place.ask_everywhere(100)
        await listen(place.connector(), heard, lambda: settled(heard) and set(heard.names) == place.names)
        place.disturb()
        assert heard.cursor is not None
        longest = max(longest, len(heard.cursor))
    assert longest < SMALL
    assert len(heard.names) == len(set(heard.names)) == 600


# What was put away meanwhile -------------------------------------------------------


class Attic(NamedTuple):
    """Threads of one channel: put away long ago, put away during the outage, and private ones."""

    old: list[SimThread]
    fresh: list[SimThread]
    private: list[SimThread]
    strangers: SimThread

    @classmethod
    def of(cls, place: Place) -> "Attic":
        anna, channel = place.people[0], place.channels[0]
        attic = cls(
            [anna.start_thread(channel, f"old {n}") for n in range(150)],
            [anna.start_thread(channel, f"fresh {n}") for n in range(120)],
            [anna.start_private_thread(channel, f"private {n}", place.bot) for n in range(3)],
            anna.start_private_thread(channel, "among ourselves"),
        )
        for thread in attic.old:
            place.clock.move(seconds=1)
            anna.archive(thread)
        place.clock.move(minutes=30)
        return attic

    def ask(self, place: Place, text: str) -> None:
        """In each thread that is active; then all are put away."""
        for thread in (*self.fresh, *self.private):
            place.ask(thread, text)
            place.clock.move(seconds=2)
            place.people[0].archive(thread)
        place.people[0].say("nobody hears", self.strangers, mention=place.bot)


def looked_through(place: Place) -> list[ApiCall]:
    return [call for call in place.platform.calls if "/archived/" in call.path]


async def test_threads_that_were_put_away_meanwhile_are_read_on(place: Place) -> None:
    attic = Attic.of(place)
    heard = await connected(place)
    was_up = place.clock.now()
    attic.ask(place, "noch nicht erledigt")
    place.people[0].archive(place.people[0].start_thread(place.channels[1], "nothing in it for us"))
    place.clock.move(minutes=11)

    await listen(place.connector(was_up=was_up), heard, lambda: settled(heard) and bool(heard.names))

    assert by_conversation(heard) == dict(place.written)
    assert all(event.late and event.note == "thread" for event in heard.events)
    of_first = [call for call in looked_through(place) if f"/{place.channels[0].id}/" in call.path]
    assert (
        len(of_first) == 3
    )  # two pages for everybody, where 150 older ones would have been two more; one private
    read = {int(call.path.split("/")[2]) for call in place.pages}
    assert not read & {thread.id for thread in attic.old}
    assert place.platform.violations == []
    assert Cursor.read(heard.cursor, 0).unheard == 0


async def test_a_stop_while_the_archives_are_looked_through_forgets_none(place: Place) -> None:
    attic = Attic.of(place)
    heard = await connected(place)
    was_up = place.clock.now()
    attic.ask(place, "noch nicht erledigt")
    await listen(place.connector(was_up=was_up), heard, lambda: len(looked_through(place)) > CHANNELS)
    assert not settled(heard)
    just_now = place.clock.now()  # connected meanwhile, so this outage is none
    await listen(
        place.connector(was_up=just_now), heard, lambda: settled(heard) and set(heard.names) == place.names
    )
    assert by_conversation(heard) == dict(place.written)
    assert len(heard.names) == len(set(heard.names))
    assert len(heard.gaps) == 1


async def test_an_archived_thread_that_is_taken_up_again_is_heard_in_order(place: Place) -> None:
    heard = await connected(place)
    was_up = place.clock.now()
    thread = place.threads[0]
    place.ask(thread, "vorher")
    place.people[0].archive(thread)
    place.clock.move(minutes=11)

    def enough() -> bool:
        if heard.gaps and len(place.written[thread.id]) == 1:
            place.ask(thread, "eben jetzt")
        return settled(heard) and set(heard.names) == place.names

    await listen(place.connector(was_up=was_up), heard, enough)
    assert by_conversation(heard) == dict(place.written)


async def test_after_an_outage_of_a_guild_its_archives_are_looked_through(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.discord.source.LOOK_S", 0.05)
    heard = Heard()
    thread = place.threads[0]
    steps: list[str] = []

    def enough() -> bool:
        if settled(heard) and not steps:
            steps.append("away")
            place.platform.inject_event(
                place.bot, "GUILD_DELETE", {"id": str(place.guild.id), "unavailable": True}
            )
            thread.parent.readable = False
        elif len(steps) == 1:
            steps.append("back")
            place.ask(thread, "während der Störung")
            place.people[0].archive(thread)
            place.clock.move(minutes=11)
            thread.parent.readable = True
            place.platform.inject_event(place.bot, "GUILD_CREATE", place.guild.shape(place.bot))
        return bool(heard.names)

    await listen(place.connector(), heard, enough)
    assert by_conversation(heard) == dict(place.written)


async def test_threads_archived_in_one_moment_are_all_found(place: Place) -> None:
    """More than a page of them, as when a program tidies up."""
    anna, channel = place.people[0], place.channels[0]
    threads = [anna.start_thread(channel, f"{n}") for n in range(160)]
    heard = await connected(place)
    for n, thread in enumerate(threads):
        place.ask(thread, f"{n}")
    for n, thread in enumerate(threads):
        if n in (30, 115):
            place.clock.move(minutes=1)
        anna.archive(thread)
    place.clock.move(minutes=11)
    await listen(place.connector(was_up=place.clock.now() - timedelta(hours=1)), heard, lambda: settled(heard))
    assert by_conversation(heard) == dict(place.written)


async def test_reading_on_that_was_broken_off_finds_what_was_archived_since(place: Place) -> None:
    """No outage in between, and a thread that waited to be read is put away."""
    heard = await connected(place)
    place.ask_everywhere(CHANNELS + THREADS)
    await listen(place.connector(), heard, lambda: len(heard.names) > CHANNELS // 2)
    left = [thread for thread in place.threads if thread.id not in by_conversation(heard)]
    assert left
    for thread in left:
        place.people[0].archive(thread)
    await listen(
        place.connector(was_up=place.clock.now()),
        heard,
        lambda: settled(heard) and set(heard.names) == place.names,
    )
    assert by_conversation(heard) == dict(place.written)


async def test_a_gap_is_not_forgotten_before_it_was_told(place: Place) -> None:
    """The database goes away just as Discord has greeted us."""
    heard = await connected(place)
    was_up = place.clock.now()
    place.clock.move(hours=1)
    connector = place.connector(was_up=was_up)
    await connector.open()
    async with aclosing(connector.source.batches(heard.cursor)) as batches:
        assert (await anext(batches)).gaps  # and nobody could commit it
    await listen(connector, heard, lambda: bool(heard.gaps))
    assert [gap.since for gap in heard.gaps] == [was_up]


async def test_a_short_restart_looks_through_no_archives(place: Place) -> None:
    heard = await connected(place)
    said: list[SimMessage] = []
    await listen(place.connector(was_up=place.clock.now()), heard, lambda: heard_live(place, heard, said))
    place.disturb()
    looks = len(looked_through(place))
    was_up = place.clock.now()
    place.clock.move(seconds=14)
    await listen(place.connector(was_up=was_up), heard, lambda: settled(heard))
    assert len(looked_through(place)) == looks


def heard_live(place: Place, heard: Heard, said: list[SimMessage]) -> bool:
    """Whether what somebody asked, once all else was read, was heard."""
    if settled(heard) and not said:
        said.append(place.ask(place.channels[0], "問い"))
    return bool(said) and f"{said[0].channel_id}/{said[0].id}" in heard.names


# What Discord tells of nowhere ---------------------------------------------------


async def test_first_words_of_people_nobody_knows_are_a_gap_with_its_times(place: Place) -> None:
    heard = await connected(place)
    was_up = place.clock.now()
    place.clock.move(hours=3)
    stranger = place.platform.add_person("Ein Neuer")
    stranger.write("hört mich jemand?", place.bot)
    await listen(place.connector(was_up=was_up), heard, lambda: bool(heard.gaps))
    (gap,) = heard.gaps
    assert (gap.since, gap.until) == (was_up, was_up + timedelta(hours=3))
    assert "first direct messages of people who never wrote to the bot before" in gap.what
    assert heard.texts == []


async def test_a_short_restart_is_no_gap(place: Place) -> None:
    heard = await connected(place)
    was_up = place.clock.now()
    place.clock.move(seconds=14)
    await listen(place.connector(was_up=was_up), heard, lambda: settled(heard))
    assert heard.gaps == []


async def test_the_first_connection_is_no_gap(place: Place) -> None:
    heard = Heard()
    await listen(place.connector(was_up=place.clock.now() - timedelta(days=1)), heard, lambda: settled(heard))
    assert heard.gaps == []


async def test_a_session_that_is_lost_while_it_counts_as_connected_is_a_gap_from_its_last_word(
    place: Place,
) -> None:
    """The account is told to be up while the lost connection is looked for; the gap begins before."""
    moved = timedelta(seconds=25)
    heard = Heard()
    clock = place.clock

    connector = place.connector(was_up=lambda: clock.now() - timedelta(seconds=2))
    lost: list[datetime] = []

    def enough() -> bool:
        if settled(heard) and not lost:
            lost.append(clock.now())
            place.disturb()
            place.platform.disconnect(place.bot)
            clock.move(seconds=moved.total_seconds())
        return bool(lost) and len(heard.gaps) > 0

    await listen(connector, heard, enough)
    (gap,) = heard.gaps
    assert gap.until is not None
    assert gap.since <= lost[0]
    assert gap.until - gap.since >= moved


# The first connection ------------------------------------------------------------


async def test_the_first_connection_takes_nothing_old(place: Place) -> None:
    place.ask_everywhere(30)
    place.clock.move(minutes=1)
    heard = Heard()

    def enough() -> bool:
        if settled(heard) and not heard.names:
            place.ask(place.channels[0], "ab jetzt")
        return bool(heard.names)

    await listen(place.connector(), heard, enough)
    assert [text.rpartition("> ")[2] for text in heard.texts] == ["ab jetzt"]


async def test_the_first_connection_takes_old_ones_where_told_to(place: Place) -> None:
    place.ask_everywhere(30)
    place.clock.move(minutes=11)
    heard = Heard()
    await listen(
        place.connector(first_start="all"), heard, lambda: settled(heard) and set(heard.names) == place.names
    )
    assert all(event.late for event in heard.events)


# Signs of life ---------------------------------------------------------------------


async def test_a_page_that_never_comes_is_given_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.discord.source.PAGE_S", 0.2)
    heard = await connected(place)
    place.ask(place.channels[0], "wartet")
    place.platform.faults.arm("delay", s=30.0, path="/messages")
    await listen(place.connector(), heard, lambda: bool(heard.names))
    assert len(heard.names) == 1


async def test_where_nothing_happens_a_sign_of_life_comes_all_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.discord.source.LOOK_S", 0.05)
    connector = place.connector()
    await connector.open()
    async with aclosing(connector.source.batches(None)) as batches, asyncio.timeout(20):
        quiet = [await anext(batches) for _ in range(PRIVATE + 10)]
    await connector.close()
    assert sum(batch == quiet[-1] for batch in quiet) > 3
    assert quiet[-1].events == ()
