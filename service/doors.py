"""Where people and platforms come in: the inbox and the webhooks."""

import socket
from collections.abc import Mapping

from connectors.http.app import create_hooks
from console.app import Console, create_app, end_streams
from console.signed_in import signed_in_route
from desk.incidents import IncidentDesk
from service.config import Config
from service.version import VERSION
from service.web import WebServer, address_of, bind, joined, make_server
from service.wiring import Parts, feeds_of
from tickets.errors import StoreUnavailable
from tickets.ids import AccountId
from tickets.ports import Clock, WebhookReceiver


class Doors:
    """The web servers of a program that has an inbox.

    listener: the inbox's socket, bound already, so that a port in use was
    told before anything began.  Raises ConfigError for the webhooks' port.
    """

    def __init__(
        self, config: Config, parts: Parts, clock: Clock, listener: socket.socket, *, sandbox: bool
    ) -> None:
        self._parts = parts
        self.url = address_of(listener)
        self._inbox = create_app(
            Console(
                store=parts.store,
                desk=parts.desk,
                access=parts.access,
                incidents=IncidentDesk(parts.store, clock),
                clock=clock,
                version=VERSION,
                undo_s=config.inbox.undo_s,
                secure=config.inbox.public_url.startswith("https://"),
                sandbox=sandbox,
                ready=self._why_not_ready,
                feeds=feeds_of(config),
            )
        )
        signing_in = [signed_in_route(parts.desk)] if config.identity.sign_in_url else []
        hooks = create_hooks(self._receiver, signing_in)
        own = config.webhooks
        self.servers: list[tuple[WebServer, socket.socket]] = (
            [
                (make_server(self._inbox), listener),
                (make_server(hooks), bind(own.host, own.port, "webhooks.port")),
            ]
            if own.port
            else [(make_server(joined(self._inbox, hooks)), listener)]
        )

    def close(self) -> None:
        """End the live updates and let the servers finish what they answer."""
        end_streams(self._inbox)
        for server, _socket in self.servers:
            server.should_exit = True

    def _receiver(self, account: AccountId) -> WebhookReceiver | None:
        connector = self._parts.connectors.get(account)
        return connector if isinstance(connector, WebhookReceiver) else None

    async def _why_not_ready(self) -> Mapping[str, str]:
        try:
            await self._parts.store.check()
            health = await self._parts.store.list_health()
        except StoreUnavailable as error:
            return {"database": str(error)}
        return {
            one.account: one.detail
            for one in health
            if one.account in self._parts.connectors and one.state in ("down", "rejected")
        }
