"""One bot as an account."""

import logging

from connectors.context import ConnectorContext
from connectors.telegram.api import TelegramApi
from connectors.telegram.capabilities import CAPABILITIES
from connectors.telegram.sender import TelegramSender
from connectors.telegram.settings import Settings
from connectors.telegram.source import PollingSource, PushedSource
from tickets.errors import ConnectorError
from tickets.ids import AccountId
from tickets.ports import Capabilities, Connector, Source, WebhookAnswer, WebhookRequest

log = logging.getLogger(__name__)

PRIVACY = (
    " (in groups it hears only commands and answers to it: for mentions too, send /setprivacy to @BotFather, "
    "choose Disable, and take the bot into the group anew)"
)


class TelegramConnector:
    """Asks Telegram for updates."""

    def __init__(self, settings: Settings, context: ConnectorContext) -> None:
        self._api = TelegramApi(settings)
        self._groups = settings.groups
        self._menu = context.spoken.menu
        self.account: AccountId = context.account
        self.capabilities: Capabilities = CAPABILITIES
        self.source: Source = PollingSource(self._api, settings, context)
        self.sender = TelegramSender(self._api, context)

    async def check(self) -> str:
        await self._api.open()
        deaf = self._groups != "off" and not self._api.hears_groups
        return f"@{self._api.username}{PRIVACY if deaf else ''}"

    async def open(self) -> None:
        await self._api.open()
        try:
            await self._api.show_menu(self._menu)
        except ConnectorError as error:
            log.warning("Telegram's menu of commands stays as it was: %s", error)

    async def close(self) -> None:
        await self._api.close()


class PushedTelegramConnector(TelegramConnector):
    """Is called by Telegram."""

    def __init__(self, settings: Settings, context: ConnectorContext) -> None:
        super().__init__(settings, context)
        self._pushed = PushedSource(self._api, settings, context)
        self.source = self._pushed

    async def receive(self, request: WebhookRequest) -> WebhookAnswer:
        return await self._pushed.receive(request)


def make_connector(settings: Settings, context: ConnectorContext) -> Connector:
    return (PushedTelegramConnector if settings.mode == "webhook" else TelegramConnector)(settings, context)
