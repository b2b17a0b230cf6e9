"""What the inbox is made of, and how a request finds it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request

from console.live import Live
from console.pages import Pages
from desk.access import Access
from desk.commands import Desk
from desk.incidents import IncidentDesk
from tickets.ports import Clock
from tickets.storage import Store


@dataclass(frozen=True, slots=True)
class Console:
    """What the inbox needs of the program around it.

    undo_s: so many seconds an answer written in the inbox can be withdrawn.
    secure: served over https, so cookies are bound to the host and to TLS.
    sandbox: show what to try.  ready: what keeps the program from working,
    by name; empty when it works.  feeds: the configured ones, by their full names.
    """

    store: Store
    desk: Desk
    access: Access
    incidents: IncidentDesk
    clock: Clock
    version: str
    undo_s: float
    secure: bool
    sandbox: bool
    ready: Callable[[], Awaitable[Mapping[str, str]]]
    feeds: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """The console with its own parts: pages to render, and the stream of news."""

    console: Console
    pages: Pages
    live: Live


def site_of(request: Request) -> Site:
    """The site a request came to."""
    return cast(Site, request.app.state.site)
