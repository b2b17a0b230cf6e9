"""One bot as an account."""

import logging

from connectors.context import ConnectorContext
from connectors.discord.api import DiscordApi
from connectors.discord.capabilities import CAPABILITIES
from connectors.discord.caps import ThreadCap
from connectors.discord.interactions import Interactions
from connectors.discord.menu import commands_of, is_shown, mark_of
from connectors.discord.rooms import NEEDS_CONTENT, Rooms
from connectors.discord.sender import DiscordSender
from connectors.discord.settings import Settings
from connectors.discord.source import GatewaySource
from tickets.errors import ConnectorError, CredentialRejected
from tickets.ids import AccountId
from tickets.ports import Capabilities, Connector

log = logging.getLogger(__name__)

COMMANDS = "commands"
"""Under which it is kept what was published."""


class DiscordConnector:
    """Listens to the gateway, answers over REST."""

    def __init__(self, settings: Settings, context: ConnectorContext) -> None:
        self._api = DiscordApi(settings, context.clock.monotonic)
        self._commands = commands_of(context.spoken)
        self._settings = settings
        self._context = context
        cap = ThreadCap(context)
        rooms = Rooms(self._api, settings, context, cap)
        interactions = Interactions(self._api, settings, context, rooms)
        self.account: AccountId = context.account
        self.capabilities: Capabilities = CAPABILITIES
        self.source = GatewaySource(self._api, settings, context, interactions)
        self.sender = DiscordSender(self._api, settings, context, interactions, rooms, cap)

    async def check(self) -> str:
        await self._api.open()
        self._must_hear()
        return f"@{self._api.user.name}"

    def _must_hear(self) -> None:
        if self._settings.reads_all and not self._api.reads_all:
            raise CredentialRejected(NEEDS_CONTENT)

    async def open(self) -> None:
        await self._api.open()
        self._must_hear()
        try:
            await self._show_commands()
        except ConnectorError as error:
            log.warning("Discord's list of commands stays as it was: %s", error)

    async def _show_commands(self) -> None:
        """Published anew whenever anything about them has changed."""
        mark = mark_of(self._commands)
        same = await self._context.kept(COMMANDS, b"") == mark
        await self._api.show_commands(self._commands, lambda there: same and is_shown(there, self._commands))
        if not same:
            await self._context.keep(COMMANDS, mark)

    async def close(self) -> None:
        await self._api.close()


def make_connector(settings: Settings, context: ConnectorContext) -> Connector:
    return DiscordConnector(settings, context)
