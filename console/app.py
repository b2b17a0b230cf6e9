"""The application: which address leads where."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route

from console import (
    actions,
    answering,
    attention,
    case,
    channels,
    downloads,
    entering,
    formatted,
    inbox,
    incidents,
    news,
    probes,
    reading,
)
from console.api.routes import API_ROUTES
from console.assets import Assets
from console.errors import HANDLED, show_error
from console.live import Live
from console.pages import Pages
from console.security import BodyLimit, SecurityHeaders
from console.sessions import Change, Page, change, page
from console.site import Console, Site
from desk.actors import Right

__all__ = ["Console", "create_app", "end_streams"]


def create_app(console: Console) -> Starlette:
    """The inbox, the REST API, the live updates and the probes over one store."""
    assets = Assets.read()
    live = Live(console.store, console.clock)
    app = Starlette(
        routes=_routes(assets),
        middleware=[Middleware(SecurityHeaders, secure=console.secure), Middleware(BodyLimit)],
        exception_handlers=dict.fromkeys(HANDLED, show_error),
        lifespan=_lifespan,
    )
    app.state.site = Site(console, Pages(assets, console.version), live)
    return app


def end_streams(app: Starlette) -> None:
    """End every open stream of news: a server that waits for its connections can then stop."""
    app.state.site.live.end()


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    live: Live = app.state.site.live
    async with asyncio.TaskGroup() as group:
        reader = group.create_task(live.run())
        yield
        live.end()
        reader.cancel()


def _routes(assets: Assets) -> list[BaseRoute]:
    return [
        *_pages(),
        *_changes(),
        Route("/enter/{secret}", entering.show_link, methods=["GET"]),
        Route("/enter/{secret}", entering.enter_by_link, methods=["POST"]),
        Route("/signin", entering.show_signin, methods=["GET"]),
        Route("/signin", entering.enter_by_password, methods=["POST"]),
        Route("/livez", probes.livez),
        Route("/readyz", probes.readyz),
        Route("/metrics", probes.metrics),
        Route("/static/{digest}/{name:path}", assets.serve),
        Mount("/api/v1", routes=API_ROUTES),
    ]


def _pages() -> list[BaseRoute]:
    shown: list[tuple[str, Page, Right]] = [
        ("/", inbox.show_inbox, "read"),
        ("/rows", inbox.show_more, "read"),
        ("/tickets/{number}", case.show_ticket, "read"),
        ("/tickets/{number}/update", case.show_update, "read"),
        ("/tickets/{number}/prepared/{name}", case.tell_prepared, "work"),
        ("/tickets/{number}/asking", case.tell_asking, "work"),
        ("/tickets/{number}/messages/{id}/formatted", formatted.show_formatted, "read"),
        ("/attachments/{id}", downloads.show_attachment, "read"),
        ("/notices", attention.show_notices, "read"),
        ("/outbox", attention.show_outbox, "read"),
        ("/channels", channels.show_channels, "read"),
        ("/quarantine", channels.show_quarantine, "administer"),
        ("/incidents", incidents.show_incidents, "read"),
        ("/incidents/{number}", incidents.show_room, "read"),
        ("/reading", reading.show_reading, "read"),
        ("/reading/newer", reading.tell_newer, "read"),
        ("/reading/{item}", reading.show_item, "read"),
        ("/live", news.follow, "read"),
        ("/session", news.tell_session, "read"),
    ]
    return [Route(path, page(handler, right), methods=["GET"]) for path, handler, right in shown]


def _of_rooms() -> list[tuple[str, Change, Right]]:
    room = "/incidents/{number}"
    named = {
        "take": incidents.take,
        "join": incidents.join,
        "rename": incidents.rename,
        "tell": incidents.tell,
        "dismiss": incidents.dismiss,
        "remove": incidents.remove,
    }
    return [(f"{room}/{name}", incidents.change(command), "work") for name, command in named.items()]


def _changes() -> list[BaseRoute]:
    ticket, delivery = "/tickets/{number}", "/deliveries/{id}"
    changed: list[tuple[str, Change, Right]] = [
        (f"{ticket}/claim", actions.action(actions.claim), "work"),
        (f"{ticket}/assign", actions.action(actions.assign), "direct"),
        (f"{ticket}/category", actions.action(actions.categorize), "work"),
        (f"{ticket}/tags", actions.action(actions.tag), "work"),
        (f"{ticket}/hand-over", actions.action(actions.hand_over), "work"),
        *_of_rooms(),
        ("/presence", entering.set_presence, "work"),
        (f"{ticket}/close", actions.action(actions.close), "work"),
        (f"{ticket}/reopen", actions.action(actions.reopen), "work"),
        (f"{ticket}/merge", actions.action(actions.merge), "work"),
        (f"{ticket}/apart", actions.action(actions.take_apart), "work"),
        (f"{ticket}/code", actions.action(actions.give_code), "work"),
        (f"{ticket}/challenge", actions.action(actions.challenge), "work"),
        (f"{ticket}/judge", actions.action(actions.judge), "work"),
        (f"{ticket}/begin", actions.action(actions.begin), "work"),
        (f"{ticket}/restrict", actions.action(actions.restrict), "work"),
        (f"{ticket}/lift", actions.action(actions.lift), "work"),
        (f"{ticket}/messages/{{message}}/raw", actions.read_original, "work"),
        (f"{ticket}/messages/{{message}}/hide", actions.action(actions.hide), "work"),
        (f"{delivery}/withdraw", actions.action(actions.withdraw), "work"),
        (f"{delivery}/again", actions.action(actions.send_again), "work"),
        (f"{delivery}/arrived", actions.action(actions.confirm_arrived), "work"),
        (f"{ticket}/typing", answering.show_typing, "work"),
        (f"{ticket}/preview", answering.preview, "work"),
        ("/reading/{item}/ticket", reading.take_up, "work"),
        ("/notices/{id}/dismiss", attention.dismiss, "work"),
        ("/quarantine/{id}/replay", channels.replay, "administer"),
        ("/signout", entering.leave, "read"),
    ]
    composer = ((f"{ticket}/messages", answering.write), (f"{ticket}/undo/{{id}}", answering.undo))
    return [
        *(
            Route(path, change(handler, files=answering.MOST_FILES), methods=["POST"])
            for path, handler in composer
        ),
        *(Route(path, change(handler, right), methods=["POST"]) for path, handler, right in changed),
    ]
