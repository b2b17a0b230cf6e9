"""One mailbox as an account."""

from connectors.context import ConnectorContext
from connectors.mail.capabilities import CAPABILITIES
from connectors.mail.sender import MailSender, ProvingMailSender
from connectors.mail.settings import Settings
from connectors.mail.source import MailSource, probe
from connectors.oauth import Tokens
from tickets.ids import AccountId
from tickets.ports import Capabilities, Connector


class MailConnector:
    def __init__(self, settings: Settings, context: ConnectorContext) -> None:
        self._settings = settings
        self.account: AccountId = context.account
        self.capabilities: Capabilities = CAPABILITIES
        self._tokens = Tokens(settings.oauth, context) if settings.oauth else None
        self.source = MailSource(settings, context, self._tokens)
        sender = ProvingMailSender if settings.imap.sent_folder else MailSender
        self.sender = sender(settings, context, self._tokens)

    async def check(self) -> str:
        found = await probe(self._settings, self._tokens)
        await self.sender.check()
        return found

    async def open(self) -> None:
        """Nothing to do: the source connects for itself, the sender at its first mail."""

    async def close(self) -> None:
        if self._tokens is not None:
            await self._tokens.close()
        await self.sender.close()


def make_connector(settings: Settings, context: ConnectorContext) -> Connector:
    return MailConnector(settings, context)
