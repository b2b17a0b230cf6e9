"""The HTTP servers: the inbox, and the door for webhooks on its port or on another."""

import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import uvicorn

from service.config import DEFAULT_PORT, InboxSection
from tickets.errors import ConfigError

Asgi = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]
NEXT_PORTS = 50
STOP_S = 3
BACKLOG = 512


class WebServer(uvicorn.Server):
    """Served inside our own loop: signals are the service's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_server(app: Asgi) -> WebServer:
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_S,
        timeout_keep_alive=30,
        proxy_headers=False,
    )
    return WebServer(config)


def bind_inbox(section: InboxSection) -> socket.socket:
    """The inbox's socket.  Raises ConfigError when the configured port is taken.

    Without a configured port: 8600, or the next one that is free.
    """
    if section.port:
        return bind(section.host, section.port, "inbox.port")
    for port in range(DEFAULT_PORT, DEFAULT_PORT + NEXT_PORTS):
        try:
            return bind(section.host, port, "inbox.port")
        except ConfigError:
            continue
    return bind(section.host, 0, "inbox.port")


def bind(host: str, port: int, key: str) -> socket.socket:
    """Raises ConfigError with the key."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"{key}: port {port} on {host} cannot be used ({error.strerror}). "
            f"Stop the program that has it, or set {key} to another port."
        ) from error
    listener.listen(BACKLOG)
    return listener


def address_of(listener: socket.socket) -> str:
    """``http://host:port`` as a person types it."""
    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  compared, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def joined(inbox: Asgi, hooks: Asgi) -> Asgi:
    """Both behind one port: ``/hooks/…`` for platforms, everything else for people."""

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        to_hooks = scope["type"] == "http" and scope["path"].startswith("/hooks/")
        await (hooks if to_hooks else inbox)(scope, receive, send)

    return app
