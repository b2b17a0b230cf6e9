"""Timelines: newest first, a page at a time.

Sources: https://docs.x.com/x-api/posts/timelines/introduction, .../search/introduction
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from simulators.x.calling import Answer, Call, answer
from simulators.x.parameters import Query
from simulators.x.records import Json, SimPost
from simulators.x.view import View

END = 2**63
"""Above every position."""


@dataclass(frozen=True)
class Span:
    """Which posts of a timeline are asked for, and which page of them.

    token: "o" (older than) or "n" (newer than) with a position; None: the first page.
    """

    since: int
    until: int
    start: float
    end: float
    size: int
    token: tuple[str, int] | None

    def holds(self, post: SimPost) -> bool:
        """Whether a post is asked for, on whatever page."""
        time = post.created_at.timestamp()
        return self.since < post.position < self.until and self.start <= time < self.end


@dataclass
class Page:
    """A page.  older, newer: positions the neighbouring pages begin at; None: there is none."""

    posts: list[SimPost]
    older: int | None = None
    newer: int | None = None

    def meta(self) -> Json:
        """The field ``meta``."""
        fields: Json = {"result_count": len(self.posts)}
        if self.posts:
            fields |= {"newest_id": _id(self.posts[0]), "oldest_id": _id(self.posts[-1])}
        if self.older is not None:
            fields["next_token"] = token("o", self.older)
        if self.newer is not None:
            fields["previous_token"] = token("n", self.newer)
        return fields


def read_span(query: Query, low: int, high: int) -> Span:
    """The parameters of a timeline; faults are noted in ``query``."""
    start, end = query.time("start_time"), query.time("end_time")
    given = {name: text for name in ("pagination_token", "next_token") if (text := query.get(name)) is not None}
    parsed = None
    for name, text in given.items():
        parsed = read_token(text)
        if parsed is None:
            query.refuse_value(name)
    return Span(
        query.post_id("since_id") or 0,
        END if (until := query.post_id("until_id")) is None else until,
        0.0 if start is None else start.timestamp(),
        float("inf") if end is None else end.timestamp(),
        query.integer("max_results", 10, low, high),
        parsed,
    )


def serve(call: Call, view: View, span: Span, posts: Iterable[SimPost], receiver: str = "") -> Answer:
    """The page asked for.  posts: all there are, newest first.  receiver: whose mentions these are."""
    page = cut_page([post for post in posts if span.holds(post)], span)
    if call.page_fault is not None:
        page = _misbehave(call.page_fault.name, page, span)
    meta = page.meta()
    shown = list(reversed(page.posts)) if _armed(call, "reorder_page") else page.posts
    data = b"[" + b",".join(view.show_post(post) for post in shown) + b"]" if shown else None
    ids = [post.id for post in shown if post.id] if receiver else []
    return Answer(answer(data, view, meta), handed_out=ids, receiver=receiver)


def cut_page(posts: list[SimPost], span: Span) -> Page:
    """One page out of all posts asked for, newest first."""
    direction, boundary = span.token or ("o", END)
    if direction == "o":
        chosen = [post for post in posts if post.position < boundary][: span.size]
    else:
        chosen = [post for post in posts if post.position > boundary][-span.size :]
    page = Page(chosen)
    if chosen and chosen[-1] is not posts[-1]:
        page.older = chosen[-1].position
    if chosen and span.token is not None:
        page.newer = chosen[0].position
    return page


def newest(posts: list[SimPost], most: int, wanted: Callable[[SimPost], bool]) -> list[SimPost]:
    """The newest ``most`` of the posts that are wanted, newest first.  posts: oldest first."""
    found: list[SimPost] = []
    for post in reversed(posts):
        if len(found) == most:
            break
        if wanted(post) and not post.replaced:
            found.append(post)
    return found


def token(direction: str, position: int) -> str:
    """What a client hands back to get the page beside this one."""
    text = f"{direction}{position}"
    return base64.b32hexencode(f"{text}.{zlib.crc32(text.encode())}".encode()).decode().rstrip("=").lower()


def read_token(text: str) -> tuple[str, int] | None:
    """What ``token`` put in; None for anything it did not make."""
    try:
        raw = base64.b32hexdecode(text.upper() + "=" * (-len(text) % 8)).decode("ascii")
    except ValueError:
        return None
    shape = re.fullmatch(r"(([on])([0-9]{1,19}))\.([0-9]+)", raw)
    if shape is None or int(shape[4]) != zlib.crc32(shape[1].encode()):
        return None
    return shape[2], int(shape[3])


def _armed(call: Call, name: str) -> bool:
    return call.page_fault is not None and call.page_fault.name == name


def _misbehave(name: str, page: Page, span: Span) -> Page:
    again = page.posts[0].position + 1 if page.posts else (span.token or ("o", END - 1))[1]
    if name == "empty_page":
        return Page([], older=again)
    if name == "repeat_page" and page.posts:
        return Page(page.posts, older=again, newer=page.newer)
    return page


def _id(post: SimPost) -> str:
    return post.id or str(post.position)
