"""One X account."""

from connectors.context import ConnectorContext
from connectors.x.api import XApi
from connectors.x.app import AppApi
from connectors.x.capabilities import CAPABILITIES
from connectors.x.direct import Directs
from connectors.x.push import Pushes
from connectors.x.sender import XSender
from connectors.x.settings import Settings
from connectors.x.source import PollingSource
from tickets.ids import AccountId
from tickets.ports import Capabilities, Connector, WebhookAnswer, WebhookRequest


class XConnector:
    """Asks X for mentions, answers under them."""

    def __init__(self, settings: Settings, context: ConnectorContext) -> None:
        self._api = XApi(settings, context)
        self.account: AccountId = context.account
        self.capabilities: Capabilities = CAPABILITIES
        app = AppApi(settings)
        directs = Directs(self._api, settings, context)
        self._pushes = Pushes(app, settings, context) if settings.webhook_url else None
        self.source = PollingSource(self._api, app, settings, context, self._pushes, directs)
        self.sender = XSender(self._api, settings, context, directs)

    async def check(self) -> str:
        await self._api.open()
        return f"@{self._api.account.username}"

    async def open(self) -> None:
        await self._api.open()

    async def close(self) -> None:
        await self._api.close()


class PushedXConnector(XConnector):
    """Is called by X, too."""

    async def receive(self, request: WebhookRequest) -> WebhookAnswer:
        assert self._pushes is not None
        return await self._pushes.receive(request)


def make_connector(settings: Settings, context: ConnectorContext) -> Connector:
    return (PushedXConnector if settings.webhook_url else XConnector)(settings, context)
