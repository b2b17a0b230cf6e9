"""X after an outage: what lies beyond the 800 mentions is searched for, and what cannot be had is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec
import pytest

from connectors.registry import make_connector
from connectors.x.api import XApi
from connectors.x.place import Place as Cursor
from connectors.x.place import moment_of
from connectors.x.settings import Settings
from simulators.x import XPlatform
from simulators.x.records import ApiCall, SimPost
from tests.connectors.listening import Heard, SwiftClock, listen
from tests.contract.connectors.harness import context
from tests.support.town import KEYS, X
from tickets.errors import ConnectorError, CredentialRejected, Unreachable
from tickets.ports import Connector
from tickets.secret import Secret

LISTED = 800
"""So many mentions X hands out."""
BEYOND = 300


class Place:
    """A platform, its account and a person, all on one clock with the connector."""

    def __init__(self, platform: XPlatform, clock: SwiftClock) -> None:
        self.platform = platform
        self.clock = clock
        self.account = platform.add_account("support_desk", "Support", KEYS)
        self.ricardo = platform.add_person("Ricardo", "ricardo")
        clock.move(hours=1)

    def settings(self, **settings: object) -> Settings:
        key, key_secret, token, token_secret = (Secret(text) for text in KEYS)
        return Settings(
            **{
                "api_key": key,
                "api_key_secret": key_secret,
                "access_token": token,
                "access_token_secret": token_secret,
                "base_url": self.platform.base_url,
                "media_url": self.platform.media_url,
                "poll_s": 15.0,
                **settings,
            }
        )

    def connector(self, **settings: object) -> Connector:
        return make_connector("x", self.settings(**settings), context(X)._replace(clock=self.clock))

    def ask(self, count: int, within: timedelta) -> list[SimPost]:
        """So many mentions, spread evenly."""
        posts = []
        for n in range(count):
            self.clock.move(seconds=within.total_seconds() / count)
            posts.append(self.ricardo.mention(self.account, f"pergunta {n}"))
        return posts

    def asked(self, path: str) -> list[ApiCall]:
        return [call for call in self.platform.calls if call.path.endswith(path)]

    @property
    def searches(self) -> list[ApiCall]:
        return self.asked("/search/recent")


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    clock = SwiftClock()
    async with XPlatform(now=clock.now, enforce_limits=True) as platform:
        yield Place(platform, clock)


async def connected(place: Place) -> Heard:
    """What a program has that was connected, heard somebody, and was stopped."""
    heard = Heard()
    posts: list[SimPost] = []

    def enough() -> bool:
        if not posts:
            posts.append(place.ricardo.mention(place.account, "antes de tudo"))
        return bool(heard.events)

    await listen(place.connector(), heard, enough)
    heard.events.clear()
    return heard


def ids(heard: Heard) -> list[str]:
    return [name.rpartition("/")[2] for name in heard.names]


def reached(heard: Heard) -> int:
    """The newest post that is safe."""
    assert heard.cursor is not None
    return int(msgspec.json.decode(heard.cursor, type=Cursor).since or 0)


async def test_mentions_beyond_those_listed_are_searched_for_oldest_first_and_progress_is_kept(
    place: Place,
) -> None:
    heard = await connected(place)
    posts = place.ask(LISTED + BEYOND, timedelta(days=2))
    place.clock.move(minutes=11)
    await listen(place.connector(), heard, lambda: len(heard.events) >= BEYOND // 2)
    assert ids(heard) == [post.id for post in posts[: len(heard.events)]]
    kept, searched = reached(heard), len(place.searches)
    assert kept >= int(posts[BEYOND // 2 - 1].id)
    await listen(place.connector(), heard, lambda: len(heard.events) >= len(posts))
    assert ids(heard) == [post.id for post in posts]
    assert all(event.late for event in heard.events)
    assert min(int(call.query["since_id"]) for call in place.searches[searched:]) >= kept
    assert any("Searching what was missed" in text for text in heard.behind)
    assert (heard.gaps, place.platform.violations) == ([], [])


async def test_a_stretch_with_too_many_mentions_is_cut_in_two(place: Place) -> None:
    heard = await connected(place)
    posts = place.ask(LISTED + 1_300, timedelta(hours=5))
    await listen(place.connector(), heard, lambda: len(heard.events) >= len(posts))
    assert ids(heard) == [post.id for post in posts]
    spans = [int(call.query["until_id"]) - int(call.query["since_id"]) for call in place.searches]
    assert min(spans) < max(spans)
    assert (heard.gaps, place.platform.violations) == ([], [])


async def test_what_may_not_be_searched_is_a_gap_and_what_is_listed_is_taken(place: Place) -> None:
    heard = await connected(place)
    before = reached(heard)
    posts = place.ask(LISTED + BEYOND, timedelta(days=2))
    place.platform.faults.arm("forbidden", times=None, path="/search/recent", detail="Not with this access.")
    await listen(place.connector(), heard, lambda: len(heard.events) >= LISTED)
    assert ids(heard) == [post.id for post in posts[BEYOND:]]
    (gap,) = heard.gaps
    assert (gap.since, gap.until) == (moment_of(before), moment_of(int(posts[BEYOND].id)))
    assert "Look at the account's notifications on X" in gap.what


async def test_a_search_forbidden_in_the_middle_is_a_gap_from_there_on(place: Place) -> None:
    heard = await connected(place)
    posts = place.ask(LISTED + BEYOND, timedelta(days=2))

    def enough() -> bool:
        if heard.events and not heard.gaps:
            place.platform.faults.arm("forbidden", path="/search/recent", detail="Not any more.")
        return len(heard.events) > LISTED

    await listen(place.connector(), heard, enough)
    found = len(heard.events) - LISTED
    assert ids(heard) == [post.id for post in (*posts[:found], *posts[BEYOND:])]
    (gap,) = heard.gaps
    assert moment_of(int(posts[found - 1].id)) <= gap.since < moment_of(int(posts[found].id))


@pytest.mark.parametrize(("fault", "kind"), [("unauthorized", CredentialRejected), ("status", Unreachable)])
async def test_wrong_keys_or_a_sick_server_are_no_reason_to_pass_anything_by(
    place: Place, fault: str, kind: type[ConnectorError]
) -> None:
    heard = await connected(place)
    posts = place.ask(LISTED + 50, timedelta(days=1))
    place.platform.faults.arm(fault, times=None, path="/search/recent")
    connector, before = place.connector(), reached(heard)
    await connector.open()
    with pytest.raises(kind):
        async with aclosing(connector.source.batches(heard.cursor)) as batches, asyncio.timeout(20):
            async for batch in batches:
                heard.take(batch)
    await connector.close()
    assert (reached(heard), heard.events, heard.gaps) == (before, [], [])
    place.platform.faults.clear()
    await listen(place.connector(), heard, lambda: len(heard.events) >= len(posts))
    assert ids(heard) == [post.id for post in posts]


async def test_what_is_older_than_seven_days_is_a_gap_and_the_rest_is_searched_for(place: Place) -> None:
    """BX14."""
    heard = await connected(place)
    before = reached(heard)
    posts = place.ask(LISTED + BEYOND, timedelta(days=9))
    await listen(place.connector(), heard, lambda: bool(heard.events) and ids(heard)[-1] == posts[-1].id)
    (gap,) = heard.gaps
    assert gap.since == moment_of(before)
    assert gap.until is not None
    assert timedelta(days=6, hours=23) < place.clock.now() - gap.until < timedelta(days=7)
    assert ids(heard) == [post.id for post in posts if moment_of(int(post.id)) >= gap.until]
    assert 0 < len(posts) - len(heard.events) < BEYOND


async def test_where_all_that_is_searchable_is_listed_the_gap_is_told_all_the_same(place: Place) -> None:
    heard = await connected(place)
    before = reached(heard)
    posts = place.ask(LISTED + BEYOND, timedelta(days=30))
    await listen(place.connector(), heard, lambda: len(heard.events) >= LISTED)
    (gap,) = heard.gaps
    assert (gap.since, gap.until) == (moment_of(before), moment_of(int(posts[BEYOND].id)))
    assert ids(heard) == [post.id for post in posts[BEYOND:]]
    await listen(place.connector(), heard, lambda: len(place.asked("/mentions")) > 12)
    assert len(heard.gaps) == 1


async def test_edits_made_meanwhile_come_as_edits(place: Place) -> None:
    heard = await connected(place)
    posts = place.ask(LISTED + BEYOND, timedelta(days=1))
    changed = place.ricardo.edit(posts[0], "@support_desk corrigida")
    await listen(place.connector(), heard, lambda: len(heard.events) >= len(posts))
    assert f"{posts[0].id}/{changed.id}" in heard.names
    assert len(set(heard.names)) == len(heard.names)


# X's limits ----------------------------------------------------------------------


async def test_the_searches_of_a_quarter_are_not_passed(place: Place) -> None:
    """Somebody else has used up most of them; we wait as X's headers say, with signs of life."""
    heard = await connected(place)
    posts = place.ask(LISTED + BEYOND, timedelta(days=2))
    await use_up(place, searches=298)
    times = [place.clock.now()]

    def enough() -> bool:
        times.append(place.clock.now())
        return len(heard.events) >= len(posts)

    await listen(place.connector(), heard, enough)
    assert ids(heard) == [post.id for post in posts]
    assert place.platform.violations == []
    assert {call.status for call in place.searches} == {200}
    assert times[-1] - times[0] > timedelta(minutes=10)
    assert max(later - earlier for earlier, later in pairwise(times)) <= timedelta(minutes=2)


async def test_the_mentions_of_a_quarter_are_not_passed(place: Place) -> None:
    heard = await connected(place)
    posts = place.ask(400, timedelta(days=2))
    await use_up(place, mentions=298)
    await listen(place.connector(), heard, lambda: len(heard.events) >= len(posts))
    assert ids(heard) == [post.id for post in posts]
    assert place.platform.violations == []
    assert {call.status for call in place.asked("/mentions")} == {200}


async def use_up(place: Place, *, searches: int = 0, mentions: int = 0) -> None:
    """Questions of another program of the same account, within the same quarter of an hour."""
    place.clock.move(minutes=20)
    api = XApi(place.settings(), context(X))
    await api.open()
    newest = int(place.account.id)
    for _ in range(searches):
        await api.search_mentions(newest, newest + 2, None)
    for _ in range(mentions):
        await api.fetch_mentions(str(2**62), None, few=True)
    await api.close()


@pytest.mark.parametrize("poll_s", [15.0, 3_600.0])
async def test_however_seldom_it_asks_a_sign_of_life_comes_every_two_minutes(place: Place, poll_s: float) -> None:
    heard = Heard()
    times: list[datetime] = []

    def enough() -> bool:
        times.append(place.clock.now())
        return times[-1] - times[0] > timedelta(hours=2)

    await listen(place.connector(poll_s=poll_s), heard, enough)
    assert max(later - earlier for earlier, later in pairwise(times)) <= timedelta(minutes=2)
    assert len(place.asked("/mentions")) <= 2 + 7_300 / poll_s


# The first connection --------------------------------------------------------------


async def test_the_first_connection_takes_nothing_old(place: Place) -> None:
    place.ask(30, timedelta(days=1))
    heard = Heard()
    said: list[SimPost] = []

    def enough() -> bool:
        if not said:
            said.append(place.ricardo.mention(place.account, "a partir de agora"))
        return bool(heard.events)

    await listen(place.connector(), heard, enough)
    assert ids(heard) == [said[0].id]


async def test_the_first_connection_takes_old_ones_where_told_to(place: Place) -> None:
    posts = place.ask(LISTED + 50, timedelta(days=1))
    place.clock.move(minutes=11)
    heard = Heard()
    await listen(place.connector(first_start="all"), heard, lambda: len(heard.events) >= LISTED)
    assert ids(heard) == [post.id for post in posts[50:]]
    assert all(event.late for event in heard.events)
    assert (heard.gaps, place.searches) == ([], [])
