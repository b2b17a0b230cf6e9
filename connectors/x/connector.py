"""One X account."""

from connectors.context import ConnectorContext
from connectors.x.api import XApi
from connectors.x.app import AppApi
from connectors.x.capabilities import CAPABILITIES
from connectors.x.sender import XSender
from connectors.x.settings import Settings
from connectors.x.source import PollingSource
from tickets.ids import AccountId
from tickets.ports import Capabilities, Connector


class XConnector:
    """Asks X for mentions, answers under them."""

    def __init__(self, settings: Settings, context: ConnectorContext) -> None:
        self._api = XApi(settings, context)
        self.account: AccountId = context.account
        self.capabilities: Capabilities = CAPABILITIES
        self.source = PollingSource(self._api, AppApi(settings), settings, context)
        self.sender = XSender(self._api, settings, context)

    async def check(self) -> str:
        await self._api.open()
        return f"@{self._api.account.username}"

    async def open(self) -> None:
        await self._api.open()

    async def close(self) -> None:
        await self._api.close()


def make_connector(settings: Settings, context: ConnectorContext) -> Connector:
    return XConnector(settings, context)
