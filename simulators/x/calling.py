"""One call of an endpoint and its answer."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from simulators.faults import Fault
from simulators.x import fields
from simulators.x.limits import Rate
from simulators.x.oauth import Caller
from simulators.x.parameters import ID, Query
from simulators.x.problems import invalid_request, parameter_error
from simulators.x.records import Json
from simulators.x.state import PlatformState
from simulators.x.view import View


@dataclass(frozen=True)
class Call:
    """A request that reached its endpoint.

    path: the variable parts of the path.  body: parsed JSON or form; None for none.
    page_fault: an armed fault of timelines.
    """

    state: PlatformState
    caller: Caller
    query: Query
    path: dict[str, str]
    body: object = None
    page_fault: Fault | None = None

    def id(self) -> str:
        """The id in the path.  ApiError 400: not an id."""
        text = self.path["id"]
        if not ID.fullmatch(text):
            message = f"The `id` query parameter value [{text}] is not valid"
            raise invalid_request(parameter_error("id", [text], message))
        return text

    def view(self, expansions: list[str] = fields.TWEET_EXPANSIONS) -> View:
        """What the caller sees."""
        return View(self.state, self.caller.account, self.query, expansions)


@dataclass(frozen=True)
class Answer:
    """What goes back.  handed_out: ids of a mentions timeline; receiver: id of the user it is of."""

    body: bytes
    status: int = 200
    handed_out: list[str] = field(default_factory=list)
    receiver: str = ""


Handler: TypeAlias = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True)
class Endpoint:
    """One line of the API.  allowed: query parameters.  paged: timeline faults concern it."""

    method: str
    pattern: str
    handler: Handler
    rate: Rate
    allowed: Sequence[str] = ()
    paged: bool = False

    @property
    def name(self) -> str:
        """As the documentation writes it."""
        return f"{self.method} {self.pattern}"


def answer(data: bytes | None, view: View, meta: Json | None = None) -> bytes:
    """The envelope: ``data``, ``includes``, ``errors`` and ``meta``, each where there is something."""
    parts = [] if data is None else [b'"data":' + data]
    includes = [_member(name, what) for name, what in view.beside().items()]
    if tweets := view.included_tweets():
        includes.append(b'"tweets":[' + b",".join(tweets) + b"]")
    if includes:
        parts.append(b'"includes":{' + b",".join(includes) + b"}")
    if view.errors:
        parts.append(_member("errors", view.errors))
    if meta is not None:
        parts.append(_member("meta", meta))
    return b"{" + b",".join(parts) + b"}"


def _member(name: str, value: object) -> bytes:
    return f"{json.dumps(name)}:{json.dumps(value)}".encode()
