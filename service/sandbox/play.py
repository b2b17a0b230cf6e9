"""Starting the sandbox: simulators first, then the real service against them."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import msgspec

from connectors.mail.settings import ImapSettings, SmtpSettings
from connectors.mail.settings import Settings as MailSettings
from connectors.telegram.settings import Settings as TelegramSettings
from service.clock import SystemClock
from service.config import AccountConfig, Config
from service.lifespan import Started, run
from service.sandbox.people import SUPPORT, Town
from service.sandbox.script import SCRIPT, Line
from simulators.mail import AUTHSERV_ID, MailPlatform
from simulators.telegram import TelegramPlatform
from tickets.errors import ConfigError
from tickets.ids import AccountId
from tickets.secret import Secret

TOKEN = "700100:sandbox-token-of-no-value-at-all"
PASSWORD = "sandbox"
TELEGRAM = AccountId("telegram:sandbox")
EMAIL = AccountId("email:sandbox")


def sandbox_config(settings: Config) -> Config:
    """The user's settings, but data of its own, made anew each time: simulated people remember nothing.

    Raises ConfigError when the old data cannot be removed.
    """
    folder = settings.data_dir / "sandbox"
    try:
        shutil.rmtree(folder, ignore_errors=False) if folder.exists() else None
    except OSError as error:
        raise ConfigError(f"{folder} cannot be removed ({error.strerror}). Remove it by hand.") from error
    service = msgspec.structs.replace(settings.service, data_dir=str(folder), database="")
    return settings._replace(service=service, accounts={})


async def play(
    settings: Config,
    started: Callable[[Started], Awaitable[None]],
    stop: asyncio.Event,
    *,
    script: tuple[Line, ...] = SCRIPT,
    pace: float = 1.0,
) -> None:
    """Run platforms, people and the service until ``stop``.  pace: less than 1.0 is faster."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramPlatform())
        mail = await stack.enter_async_context(MailPlatform())
        bot = telegram.add_bot(TOKEN, username="sandbox_support_bot", name="Support")
        mail.add_mailbox(SUPPORT, PASSWORD)
        town = Town(telegram, bot, mail, clock, pace)
        stack.push_async_callback(town.close)

        async def begin(service: Started) -> None:
            await started(service)
            acting.append(asyncio.create_task(town.play(script)))

        acting: list[asyncio.Task[None]] = []
        stack.callback(lambda: [task.cancel() for task in acting])
        await run(settings._replace(accounts=_accounts(telegram, mail)), begin, stop, sandbox=True)


def _accounts(telegram: TelegramPlatform, mail: MailPlatform) -> dict[AccountId, AccountConfig]:
    chat = TelegramSettings(
        token=Secret(TOKEN),
        base_url=telegram.base_url,
        base_file_url=telegram.base_file_url,
        poll_timeout_s=10,
    )
    post = MailSettings(
        address=SUPPORT,
        imap=ImapSettings(host="127.0.0.1", port=mail.imap_port, tls="none", password=Secret(PASSWORD)),
        smtp=SmtpSettings(host="127.0.0.1", port=mail.smtp_port, tls="none", password=Secret(PASSWORD)),
        authserv_ids=(AUTHSERV_ID,),
    )
    return {TELEGRAM: AccountConfig("telegram", chat), EMAIL: AccountConfig("email", post)}
