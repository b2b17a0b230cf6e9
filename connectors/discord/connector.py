"""One bot as an account."""

from connectors.context import ConnectorContext
from connectors.discord.api import DiscordApi
from connectors.discord.capabilities import CAPABILITIES
from connectors.discord.sender import DiscordSender
from connectors.discord.settings import Settings
from connectors.discord.source import GatewaySource
from tickets.ids import AccountId
from tickets.ports import Capabilities, Connector


class DiscordConnector:
    """Listens to the gateway, answers over REST."""

    def __init__(self, settings: Settings, context: ConnectorContext) -> None:
        self._api = DiscordApi(settings, context.clock.monotonic)
        self.account: AccountId = context.account
        self.capabilities: Capabilities = CAPABILITIES
        self.source = GatewaySource(self._api, settings, context)
        self.sender = DiscordSender(self._api, settings, context)

    async def check(self) -> str:
        await self._api.open()
        return f"@{self._api.user.name}"

    async def open(self) -> None:
        await self._api.open()

    async def close(self) -> None:
        await self._api.close()


def make_connector(settings: Settings, context: ConnectorContext) -> Connector:
    return DiscordConnector(settings, context)
