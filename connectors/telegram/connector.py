"""One bot as an account."""

from connectors.context import ConnectorContext
from connectors.telegram.api import TelegramApi
from connectors.telegram.capabilities import CAPABILITIES
from connectors.telegram.sender import TelegramSender
from connectors.telegram.settings import Settings
from connectors.telegram.source import PollingSource, PushedSource
from tickets.ids import AccountId
from tickets.ports import Capabilities, Connector, WebhookAnswer, WebhookRequest


class TelegramConnector:
    """Polls."""

    def __init__(self, settings: Settings, context: ConnectorContext) -> None:
        self._api = TelegramApi(settings)
        self.account: AccountId = context.account
        self.capabilities: Capabilities = CAPABILITIES
        self.source = PollingSource(self._api, settings, context)
        self.sender = TelegramSender(self._api, context)

    async def check(self) -> str:
        await self._api.open()
        return self._api.name

    async def open(self) -> None:
        await self._api.open()

    async def close(self) -> None:
        await self._api.close()


class PushedTelegramConnector:
    """Is called."""

    def __init__(self, settings: Settings, context: ConnectorContext) -> None:
        self._api = TelegramApi(settings)
        self.account: AccountId = context.account
        self.capabilities: Capabilities = CAPABILITIES
        self.source = PushedSource(self._api, settings, context)
        self.sender = TelegramSender(self._api, context)

    async def check(self) -> str:
        await self._api.open()
        return self._api.name

    async def open(self) -> None:
        await self._api.open()

    async def close(self) -> None:
        await self._api.close()

    async def receive(self, request: WebhookRequest) -> WebhookAnswer:
        return await self.source.receive(request)


def make_connector(settings: Settings, context: ConnectorContext) -> Connector:
    if settings.mode == "webhook":
        return PushedTelegramConnector(settings, context)
    return TelegramConnector(settings, context)
