"""One mailbox as an account."""

from connectors.context import ConnectorContext
from connectors.mail.capabilities import CAPABILITIES
from connectors.mail.sender import MailSender, ProvingMailSender
from connectors.mail.settings import Settings
from connectors.mail.source import MailSource, probe
from tickets.ids import AccountId
from tickets.ports import Capabilities, Connector


class MailConnector:
    def __init__(self, settings: Settings, context: ConnectorContext) -> None:
        self._settings = settings
        self.account: AccountId = context.account
        self.capabilities: Capabilities = CAPABILITIES
        self.source = MailSource(settings, context)
        proving = bool(settings.imap.sent_folder)
        self.sender = ProvingMailSender(settings, context) if proving else MailSender(settings, context)

    async def check(self) -> str:
        found = await probe(self._settings)
        await self.sender.check()
        return found

    async def open(self) -> None:
        """Nothing to do: the source connects for itself, the sender at its first mail."""

    async def close(self) -> None:
        await self.sender.close()


def make_connector(settings: Settings, context: ConnectorContext) -> Connector:
    return MailConnector(settings, context)
