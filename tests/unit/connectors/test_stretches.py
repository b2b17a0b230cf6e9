"""X's search beyond what it lists: how the time is cut into stretches."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from connectors.lateness import LATE, is_late
from connectors.x.api import Page, SearchForbidden, XApi
from connectors.x.beyond import MOST_PAGES, SMALLEST_IDS, STRETCH_IDS, Pause, Stretch, stretches

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Searched:
    """A search that finds these posts, a hundred on a page.  endless: it always says that there is more."""

    def __init__(
        self, posts: list[int], page: int = 100, *, endless: bool = False, forbidden: bool = False
    ) -> None:
        self.posts = sorted(posts, reverse=True)
        self.page = 100
        self.endless = endless
        self.forbidden = forbidden
        self.asked: list[tuple[int, int]] = []

    async def search_mentions(self, since: int, until: int, token: str | None) -> Page:
        if self.forbidden:
            raise SearchForbidden("no")
        self.asked.append((since, until))
        begin = int(token or 0)
        found = [post for post in self.posts if since < post < until]
        more = self.endless or len(found) > begin + self.page
        told = [str(post).encode() for post in found[begin : begin + self.page]]
        return Page(told, None, str(begin + self.page) if more else None, 0.0)


async def found(api: Searched, since: int, until: int, most: int = 10_000) -> list[Stretch]:
    told: list[Stretch] = []
    async for one in stretches(cast(XApi, cast(Any, api)), since, until):
        if not isinstance(one, Pause):
            told.append(one)
        if len(told) == most:
            break
    return told


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 1_001, 5_000])
async def test_every_post_is_told_once_and_oldest_first(count: int) -> None:
    since, until = 7, 7 + STRETCH_IDS
    posts = [since + 1 + n * (STRETCH_IDS // (count + 1)) for n in range(count)]
    told = await found(Searched(posts), since, until)
    assert [int(post) for one in told for post in one.posts] == posts
    assert [one.until for one in told] == sorted({one.until for one in told})
    assert told[-1].until == until - 1


async def test_the_edges_belong_to_nobody_and_what_lies_beside_them_is_told() -> None:
    since, until = 10**18, 10**18 + 3 * STRETCH_IDS
    ends = [since + n * (STRETCH_IDS - 1) + m for n in (1, 2) for m in (-1, 0, 1)]
    posts = [since, since + 1, *ends, until - 1, until]
    told = await found(Searched(posts), since, until)
    assert [int(post) for one in told for post in one.posts] == posts[1:-1]


async def test_a_search_without_end_does_not_stop_us() -> None:
    """Cut down to a second, what was found is taken and the next second is asked for."""
    api = Searched([5], endless=True)
    told = await found(api, 0, STRETCH_IDS, most=2)
    assert [one.until for one in told] == [SMALLEST_IDS - 1, 2 * SMALLEST_IDS - 2]
    assert len(api.asked) <= 20 * MOST_PAGES


async def test_between_neighbours_nothing_is_asked() -> None:
    api = Searched([])
    assert await found(api, 41, 42) == []
    assert api.asked == []


async def test_a_search_that_is_forbidden_is_told_once_with_its_end() -> None:
    assert await found(Searched([], forbidden=True), 0, 10 * STRETCH_IDS) == [
        Stretch((), 10 * STRETCH_IDS - 1, refused=True)
    ]


@pytest.mark.parametrize(
    ("written", "late"),
    [
        (None, False),
        (NOW, False),
        (NOW + timedelta(hours=1), False),
        (NOW - LATE, False),
        (NOW - LATE - timedelta(milliseconds=1), True),
    ],
)
def test_what_was_written_more_than_ten_minutes_ago_is_late(written: datetime | None, late: bool) -> None:
    assert is_late(written, NOW) is late
