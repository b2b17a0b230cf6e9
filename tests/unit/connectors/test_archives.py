"""Lists of archived threads are looked through to their end, whatever they hold, and never for ever."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.context import ConnectorContext
from connectors.discord.archives import Archives, Shelf
from connectors.discord.peek import SeenArchive, SeenChannel, SeenGuild, read_archive
from connectors.discord.place import Place, first_id
from connectors.discord.source import Listener
from tests.contract.connectors.harness import context
from tests.support.town import DISCORD

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=1)
PUBLIC, PRIVATE = Shelf(7, "1", private=False), Shelf(7, "1", private=True)


def page(*threads: tuple[int, datetime], has_more: bool = True) -> SeenArchive:
    listed = [
        {"id": str(number), "type": 11, "thread_metadata": {"archive_timestamp": at.isoformat()}}
        for number, at in threads
    ]
    found = read_archive({"threads": listed, "has_more": has_more})
    assert found is not None
    return found


def given() -> ConnectorContext:
    return context(DISCORD)


def test_the_next_page_begins_with_the_moment_in_which_the_last_ended() -> None:
    more = PUBLIC.after(page((2, NOON), (1, NOON - timedelta(hours=1))), LONG_AGO)
    assert more is not None
    assert more.anchor == (NOON - timedelta(hours=1) + timedelta(microseconds=1)).isoformat()
    again = more.after(page((1, NOON - timedelta(hours=1))), LONG_AGO)
    assert again is not None
    assert again.anchor == (NOON - timedelta(hours=1)).isoformat()


@pytest.mark.parametrize("shelf", [PUBLIC, PRIVATE])
def test_a_page_that_comes_again_and_again_ends_it(shelf: Shelf) -> None:
    asked: Shelf | None = shelf
    for _ in range(4):
        asked = asked and asked.after(page((2, NOON), (1, NOON)), LONG_AGO)
    assert asked is None


def test_what_was_archived_before_is_not_asked_for() -> None:
    assert PUBLIC.after(page((2, NOON), (1, LONG_AGO)), NOON) is None
    assert PUBLIC.after(page((2, NOON), has_more=False), LONG_AGO) is None
    assert PUBLIC.after(page(), LONG_AGO) is None


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "thread",
        {},
        {"id": "3", "type": None},
        {"id": "3", "last_message_id": 5},
        {"id": "3", "thread_metadata": {"archive_timestamp": "yesterday"}},
        {"id": "3", "thread_metadata": {"archive_timestamp": 7}},
    ],
)
def test_an_odd_thread_is_passed_over(odd: object) -> None:
    good = {"id": "2", "thread_metadata": {"archive_timestamp": NOON.isoformat()}}
    found = read_archive({"threads": [good, odd], "has_more": True})
    assert found is not None
    assert [thread.id for thread in found.threads] == ["2"]
    assert PUBLIC.after(found, LONG_AGO) is not None


@pytest.mark.parametrize("told", ["", [], {}, {"threads": None}, {"threads": {}}])
def test_what_is_no_page_is_none(told: object) -> None:
    assert read_archive(told) is None


def test_a_guild_that_tells_of_itself_again_is_looked_through_once() -> None:
    archives = Archives()
    guild = SeenGuild("1", channels=[SeenChannel("7"), SeenChannel("8", type=2), SeenChannel("9", type=15)])
    archives.add(guild)
    archives.add(guild)
    assert archives.waits == 3  # two lists of the text channel, one of the forum, none of the voice channel
    archives.drop(SeenGuild("2"))
    assert archives.waits == 3
    archives.drop(guild)
    assert archives.take() is None


def test_a_thread_found_in_a_list_does_not_move_the_place() -> None:
    """The session may have died before it was written in; elsewhere something else may have been said."""
    listener = Listener(Place(first_id(NOON)), "1", given())
    listener.miss()
    late = SeenChannel(str(first_id(NOON)), last_message_id=str(first_id(NOON + timedelta(minutes=1))))
    listener.backlog.find(late, "1", listener.place.unheard)
    assert listener.backlog.waits == 1
    assert listener.backlog.newest == 0


def test_a_cursor_is_readable_for_those_who_know_nothing_of_archives() -> None:
    assert Place(5).cursor == '{"seen":5}'
    assert Place.read('{"seen":5,"recent":[],"private":[],"reached":{}}', 0) == Place(5)
