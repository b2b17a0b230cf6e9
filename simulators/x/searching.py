"""The endpoint that searches the last seven days.

Source: https://docs.x.com/x-api/posts/search/integrate/operators.  Operators:
conversation_id:, to:, from:, list:, in_reply_to_tweet_id:, is:reply, is:quote, is:retweet, @name
and plain words, each also with a minus, OR and brackets; others are refused as X refuses unknown ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from simulators.x.calling import Answer, Call
from simulators.x.posts import mentioned_names, referenced
from simulators.x.records import SimPost
from simulators.x.state import PlatformState
from simulators.x.timelines import newest, read_span, serve

SEARCHED = timedelta(days=7)
QUERY_MAX = 512

Test = Callable[[SimPost], bool]

_TERM = re.compile(
    r"""(?P<minus>-)?
    (?: (?P<operator>[a-z_]+):(?P<value>[^\s"()]+)
      | @(?P<name>\w+)
      | "(?P<quoted>[^"]+)"
      | (?P<word>[^\s"():]+)
    ) (?:\s+|$|(?=\)))""",
    re.VERBOSE,
)


_OR = re.compile(r"OR\s+")
_OPENED = re.compile(r"(?P<minus>-)?\(\s*")
_CLOSED = re.compile(r"\)(?:\s+|$|(?=\)))")


async def search_recent(call: Call) -> Answer:
    """https://docs.x.com/x-api/posts/recent-search"""
    view, span = call.view(), read_span(call.query, 10, 100)
    call.query.names("sort_order", ("recency", "relevancy"))
    test = _read_query(call)
    call.query.check()
    oldest = call.state.now() - SEARCHED

    def wanted(post: SimPost) -> bool:
        found = post.raw is None and post.created_at >= oldest and view.visible(post)
        return found and test(post)

    return serve(call, view, span, newest(call.state.posts.all, len(call.state.posts.all), wanted))


def _read_query(call: Call) -> Test:
    text = (call.query.get("query") or "").strip()
    if not 1 <= len(text) <= QUERY_MAX:
        call.query.refuse("query", f"The `query` query parameter must hold 1 to {QUERY_MAX} characters")
    reader = _Reader(call.state, text)
    test = reader.alternatives()
    if reader.position < len(text):
        call.query.refuse("query", _invalid_operator(text, reader.position))
    return test


class _Reader:
    """What stands side by side must all hold; OR binds weaker; brackets group."""

    def __init__(self, state: PlatformState, text: str) -> None:
        self.position = 0
        self._state = state
        self._text = text

    def alternatives(self) -> Test:
        either = [self._together()]
        while word := _OR.match(self._text, self.position):
            self.position = word.end()
            either.append(self._together())
        return lambda post: any(test(post) for test in either)

    def _together(self) -> Test:
        tests: list[Test] = []
        while (test := self._one()) is not None:
            tests.append(test)
        return lambda post: all(test(post) for test in tests)

    def _one(self) -> Test | None:
        if _OR.match(self._text, self.position):
            return None
        if opened := _OPENED.match(self._text, self.position):
            before, self.position = self.position, opened.end()
            inner = self.alternatives()
            closed = _CLOSED.match(self._text, self.position)
            self.position = closed.end() if closed else before
            return (_negated(inner) if opened["minus"] else inner) if closed else None
        term = _TERM.match(self._text, self.position)
        test = _test(self._state, term) if term else None
        if term is None or test is None:
            return None
        self.position = term.end()
        return _negated(test) if term["minus"] else test


def _invalid_operator(text: str, position: int) -> str:
    what = text[position:].split(" ")[0]
    return (
        "There were errors processing your request: Reference to invalid operator"
        f" '{what}' (at position {position + 1})"
    )


def _negated(test: Test) -> Test:
    return lambda post: not test(post)


def _test(state: PlatformState, term: re.Match[str]) -> Test | None:
    if term["name"]:
        name = term["name"].lower()
        return lambda post: name in [other.lower() for other in mentioned_names(post.payload)]
    if term["operator"]:
        return _operator(state, term["operator"], term["value"])
    word = (term["quoted"] or term["word"]).lower()
    return lambda post: word in post.text.lower()


def _operator(state: PlatformState, operator: str, value: str) -> Test | None:
    user = state.find_username(value.removeprefix("@")) or state.users.get(value)
    user_id = None if user is None else user.id
    tests: dict[str, Test] = {
        "conversation_id": lambda post: post.conversation_id == value,
        "in_reply_to_tweet_id": lambda post: value in referenced(post.payload, "replied_to"),
        "from": lambda post: post.author.id == user_id,
        "list": lambda post: post.author.id in state.lists.get(value, ()),
        "to": lambda post: user_id is not None and post.payload.get("in_reply_to_user_id") == user_id,
    }
    kinds = {"reply": "replied_to", "quote": "quoted", "retweet": "retweeted"}
    if operator == "is" and value in kinds:
        return lambda post: bool(referenced(post.payload, kinds[value]))
    return tests.get(operator)
