"""A whole running Switchboard in this process, against simulated platforms over real sockets."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from msgspec.structs import replace

from connectors.discord.settings import Settings as DiscordSettings
from connectors.mail.settings import ImapSettings, SmtpSettings
from connectors.mail.settings import Settings as MailSettings
from connectors.telegram.settings import Settings as TelegramSettings
from connectors.x.settings import Settings as XSettings
from desk.actors import Actor
from service.config import AccountConfig, Config, load
from service.lifespan import Started, run
from simulators.discord import DiscordPlatform
from simulators.mail import AUTHSERV_ID, MailPlatform
from simulators.telegram import TelegramPlatform
from simulators.x import Keys, SimPost, XPlatform
from tickets.ids import AccountId, TicketNumber
from tickets.model import Delivery, Message, TicketEnvelope
from tickets.records import TicketFilter
from tickets.secret import Secret

TOKEN = "700200:test-token-of-no-value-at-all"
DISCORD_TOKEN = "test-token-of-no-value-at-all-for-discord"
KEYS = Keys(*(f"test-{name}-of-no-value" for name in ("key", "key-secret", "token", "token-secret")))
PASSWORD = "correct horse battery"
ADDRESS = "support@example.test"
TELEGRAM = AccountId("telegram:main")
EMAIL = AccountId("email:support")
DISCORD = AccountId("discord:main")
X = AccountId("x:main")
PATIENCE_S = 20.0

AGENT = Actor(key="user:agent", name="Agent", role="agent")


async def until(condition: Callable[[], object], what: str) -> None:
    """Return once ``condition`` holds; fails with ``what`` after 20 seconds."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0)
                await asyncio.to_thread(_breathe)
    except TimeoutError:
        raise AssertionError(f"waited in vain: {what}") from None


def _breathe() -> None:
    """Let other threads and sockets get on; waiting is on a condition, this only keeps it cool."""
    threading.Event().wait(0.01)


class Town:
    """Platforms, people, and the service between them."""

    def __init__(
        self, telegram: TelegramPlatform, mail: MailPlatform, discord: DiscordPlatform, x: XPlatform
    ) -> None:
        self.telegram = telegram
        self.mail = mail
        self.discord = discord
        self.x = x
        self.discord_bot = discord.add_bot(DISCORD_TOKEN, username="support_bot", name="Support")
        self.guild = discord.add_guild("Fans", self.discord_bot)
        self.hall = self.guild.add_channel("help")
        self.linh = discord.add_person("Linh", username="linh")
        self.x_account = x.add_account("support_desk", "Support", KEYS)
        self.ricardo = x.add_person("Ricardo", username="ricardo")
        self.bot = telegram.add_bot(TOKEN, username="support_bot")
        self.box = mail.add_mailbox(ADDRESS, PASSWORD)
        self.anna = telegram.add_person("Anna", username="anna", language_code="de")
        self.mei = mail.add_person("Mei Lin", "mei@customers.test", language="zh")
        self._service: Started | None = None

    @property
    def service(self) -> Started:
        assert self._service is not None
        return self._service

    def config(
        self,
        database: str,
        folder: Path,
        *,
        changed: Mapping[AccountId, Mapping[str, object]] = MappingProxyType({}),
        **telegram: object,
    ) -> Config:
        """All four accounts on this database.  changed: settings of an account that differ from the usual."""
        environment = {
            "SWITCHBOARD__SERVICE__DATABASE": database,
            "SWITCHBOARD__SERVICE__DATA_DIR": str(folder),
            "SWITCHBOARD__ROUTER__YOUNG_DAYS": "0",  # everybody here joined only now
        }
        accounts = self.accounts(**telegram)
        for account, settings in changed.items():
            usual = accounts[account]
            accounts[account] = usual._replace(settings=replace(usual.settings, **settings))
        return load(None, environment)._replace(accounts=accounts)

    def accounts(self, **telegram: object) -> dict[AccountId, AccountConfig]:
        chat = TelegramSettings(
            **{
                "token": Secret(TOKEN),
                "base_url": self.telegram.base_url,
                "base_file_url": self.telegram.base_file_url,
                "poll_timeout_s": 1,
                "album_quiet_s": 0.2,
                **telegram,
            }
        )
        post = MailSettings(
            address=ADDRESS,
            imap=ImapSettings(host="127.0.0.1", port=self.mail.imap_port, tls="none", password=Secret(PASSWORD)),
            smtp=SmtpSettings(
                host="127.0.0.1", port=self.mail.smtp_port, tls="none", password=Secret(PASSWORD), per_minute=6000
            ),
            authserv_ids=(AUTHSERV_ID,),
        )
        gateway = DiscordSettings(
            token=Secret(DISCORD_TOKEN),
            base_url=self.discord.api_url,
            gateway_url=self.discord.gateway_url,
            cdn_url=self.discord.cdn_url,
        )
        key, key_secret, token, token_secret = (Secret(text) for text in KEYS)
        public = XSettings(
            api_key=key,
            api_key_secret=key_secret,
            access_token=token,
            access_token_secret=token_secret,
            base_url=self.x.base_url,
            media_url=self.x.media_url,
            storage_url=self.x.storage_url,
            poll_s=0.1,
            own_posts_s=0.2,
            by_hand_after_s=1.5,
        )
        return {
            TELEGRAM: AccountConfig("telegram", chat),
            EMAIL: AccountConfig("email", post),
            DISCORD: AccountConfig("discord", gateway),
            X: AccountConfig("x", public),
        }

    @asynccontextmanager
    async def open_for_business(self, config: Config) -> AsyncIterator[Started]:
        """The service from its start until it has stopped cleanly."""
        up, stop = asyncio.Event(), asyncio.Event()

        async def started(service: Started) -> None:
            self._service = service
            up.set()

        serving = asyncio.create_task(run(config, started, stop))
        waiting = asyncio.create_task(up.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if serving.done():
            await serving
        try:
            await self._channels_up(len(config.accounts))
            yield self.service
        finally:
            stop.set()
            await serving

    async def _channels_up(self, count: int) -> None:
        async def up() -> bool:
            return sum(one.state == "up" for one in await self.service.store.list_health()) == count

        await self.eventually(up, "every channel up")

    async def eventually(self, condition: Callable[[], object], what: str) -> None:
        """``until`` for a condition that asks the store."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not await condition():  # type: ignore[misc]
                    await asyncio.to_thread(_breathe)
        except TimeoutError:
            raise AssertionError(f"waited in vain: {what}") from None

    async def tickets(self) -> list[TicketEnvelope]:
        """Every ticket, by number."""
        page = await self.service.store.list_tickets(TicketFilter(limit=200))
        found = [await self.service.store.find_ticket(row.ticket.number) for row in page.items]
        return sorted((one for one in found if one), key=lambda one: one.ticket.number)

    async def ticket_saying(self, text: str) -> TicketEnvelope:
        """The one ticket with an incoming message that contains the text; waits for it."""
        found: list[TicketEnvelope] = []

        async def there() -> bool:
            found[:] = [one for one in await self.tickets() if any(text in m.text for m in incoming(one))]
            return bool(found)

        await self.eventually(there, f"a ticket that says {text!r}")
        assert len(found) == 1, f"{text!r} stands in {len(found)} tickets"
        return found[0]

    async def answer(self, number: TicketNumber, text: str, key: str = "") -> Delivery:
        """Answer as an agent; the delivery as it is right then."""
        done = await self.service.desk.answer(AGENT, number, text, key=key or text[:40])
        assert done.delivery_id is not None
        delivery = await self.service.store.find_delivery(done.delivery_id)
        assert delivery is not None
        return delivery

    async def settled(self, delivery: Delivery, *states: str) -> Delivery:
        """The delivery once it is in one of the states."""
        found: list[Delivery] = []

        async def there() -> bool:
            now = await self.service.store.find_delivery(delivery.id)
            found[:] = [now] if now is not None and now.state in states else []
            return bool(found)

        await self.eventually(there, f"a delivery that is {' or '.join(states)}")
        return found[0]

    def own_post(self) -> SimPost:
        """A post of the account's own, which people can quote."""
        return self.x.post_alone(self.x_account, "we are here")

    def accepted(self) -> list[str]:
        """Every answer that any platform took from us."""
        discord = [unescaped(one.text) for one in self.discord.sent]
        return [*self.telegram_texts(), *discord, *(one.text for one in self.x.sent), *self.mail_texts()]

    def telegram_texts(self) -> list[str]:
        """What the chat platform accepted from us, acknowledgements left out."""
        return [one.text for one in self.telegram.sent if one.reply_to is not None]

    def accepted_files(self) -> list[bytes]:
        """Every file that any platform took from us with an answer."""
        chat = [one.file for one in self.telegram.sent if one.file is not None]
        discord = [content for one in self.discord.sent for _name, content in one.files]
        posted = [picture for one in self.x.sent for picture in one.pictures]
        return [*chat, *discord, *posted, *(content for one in self.mail.sent for _name, content in one.files)]

    def mail_texts(self) -> list[str]:
        """What the mail platform accepted from us, acknowledgements left out."""
        return [one.text.strip() for one in self.mail.sent if not one.header("Auto-Submitted")]


def unquoted(text: str) -> str:
    """What somebody on X wrote, without what they quote."""
    own = text.rpartition("\n\n")[2].partition("\n[quotes ")[0]
    return own.partition(" https://twitter.com/")[0]


def unescaped(text: str) -> str:
    """Discord text as people see it."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", text)


def incoming(ticket: TicketEnvelope) -> list[Message]:
    return [message for message in ticket.messages if message.direction == "in"]


@asynccontextmanager
async def open_town() -> AsyncIterator[Town]:
    async with (
        TelegramPlatform(enforce_limits=False) as telegram,
        MailPlatform() as mail,
        DiscordPlatform(enforce_limits=False) as discord,
        XPlatform(enforce_limits=False) as x,
    ):
        yield Town(telegram, mail, discord, x)
