"""Reading a feed of X page by page: what was paid for is kept."""

from types import SimpleNamespace
from typing import Any

import pytest

from connectors.x.api import Page
from connectors.x.feeds import XFeeds
from connectors.x.settings import Settings, XFeed
from tests.contract.connectors.harness import context
from tests.support.builders import raw
from tests.support.town import X
from tickets.errors import ConnectorError, Unreachable
from tickets.model import RawEvent
from tickets.secret import Secret
from tickets.spending import Spent

KEY = Secret("abcdefghij")


class Api:
    """Hands out these pages, one after the other; an error is raised."""

    account = SimpleNamespace(username="acme")

    def __init__(self, *pages: Page | ConnectorError) -> None:
        self.pages = list(pages)

    async def open(self) -> None:
        """Nothing to do."""

    async def search(self, *_asked: object, **_how: object) -> Page:
        page = self.pages.pop(0)
        if isinstance(page, ConnectorError):
            raise page
        return page


def page(*names: str, more: str | None = None) -> Page:
    return Page(posts=[name.encode() for name in names], newest_id=names[0], next_token=more, wait_s=0.0)


class Books:
    """What was spent, in posts."""

    def __init__(self) -> None:
        self.posts = 0

    async def spend(self, spent: tuple[Spent, ...]) -> None:
        self.posts += sum(one.units for one in spent)


def feeds(books: Books, *pages: Page | ConnectorError) -> XFeeds:
    settings = Settings(
        api_key=KEY,
        api_key_secret=KEY,
        access_token=KEY,
        access_token_secret=KEY,
        feeds={"talk": XFeed(search="acme")},
    )

    def to_raw(post: bytes, _feed: str) -> RawEvent:
        return raw(post.decode())

    api: Any = Api(*pages)
    return XFeeds(api, settings, context(X)._replace(spend=books.spend), to_raw)


async def test_pages_are_one_reading_oldest_first() -> None:
    books = Books()
    reading = await feeds(books, page("9", "8", more="t"), page("7", "6")).read("talk", None, 100)
    assert [event.external_id for event in reading.events] == ["6", "7", "8", "9"]
    assert (reading.newest, reading.read, reading.more, books.posts) == ("9", 4, False, 4)


async def test_what_was_paid_for_is_kept_though_the_next_page_fails() -> None:
    books = Books()
    reading = await feeds(books, page("9", "8", more="t"), Unreachable("503")).read("talk", None, 100)
    assert [event.external_id for event in reading.events] == ["8", "9"]
    assert (reading.newest, reading.read, reading.more, books.posts) == ("9", 2, True, 2)


async def test_where_the_first_page_fails_nothing_was_read() -> None:
    books = Books()
    with pytest.raises(Unreachable):
        await feeds(books, Unreachable("503")).read("talk", None, 100)
    assert books.posts == 0


async def test_no_more_is_read_than_is_allowed() -> None:
    books = Books()
    reading = await feeds(books, page(*map(str, range(30, 20, -1)), more="t")).read("talk", None, 10)
    assert (reading.read, reading.more) == (10, True)


async def test_empty_pages_without_end_are_left() -> None:
    books = Books()
    empty = Page(posts=[], newest_id=None, next_token="t", wait_s=0.0)
    reading = await feeds(books, page("9", more="t"), *[empty] * 1_000).read("talk", None, 100)
    assert (reading.read, reading.newest, books.posts) == (1, "9", 1)
