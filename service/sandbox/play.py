"""Starting the sandbox: simulators first, then the real service against them."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import NamedTuple

import msgspec

from connectors.discord.settings import Settings as DiscordSettings
from connectors.mail.settings import ImapSettings, SmtpSettings
from connectors.mail.settings import Settings as MailSettings
from connectors.telegram.settings import Settings as TelegramSettings
from connectors.x.settings import Settings as XSettings
from connectors.x.settings import XFeed
from service.clock import SystemClock
from service.config import AccountConfig, Config
from service.lifespan import Started, run
from service.sandbox.people import Town
from service.sandbox.script import OVERHEARD, SCRIPT, Line
from service.sandbox.venues import DiscordVenue, MailVenue, TelegramVenue, XVenue
from simulators.discord import DiscordPlatform
from simulators.mail import AUTHSERV_ID, MailPlatform
from simulators.telegram import TelegramPlatform
from simulators.x import Keys, XPlatform
from tickets.errors import ConfigError
from tickets.ids import AccountId
from tickets.secret import Secret

SUPPORT = "support@example.test"
TOKEN = "700100:sandbox-token-of-no-value-at-all"
DISCORD_TOKEN = "sandbox-token-of-no-value-at-all"
KEYS = Keys("sandbox-key", "sandbox-key-secret", "sandbox-token", "sandbox-token-secret")
PASSWORD = "sandbox"
TELEGRAM = AccountId("telegram:sandbox")
DISCORD = AccountId("discord:sandbox")
X = AccountId("x:sandbox")
EMAIL = AccountId("email:sandbox")


class Platforms(NamedTuple):
    """The four simulated platforms."""

    telegram: TelegramPlatform
    discord: DiscordPlatform
    x: XPlatform
    mail: MailPlatform


QUESTIONS = {
    "account": {
        "en": "Since which year do you have your account?",
        "de": "Seit welchem Jahr haben Sie Ihr Konto?",
        "ko": "몇 년도부터 계정을 사용하셨나요?",
        "zh": "您的账户是哪一年开的？",
    },
    "last": {
        "en": "What was your last payment with us?",
        "de": "Was war Ihre letzte Zahlung bei uns?",
        "ko": "저희를 통해 마지막으로 결제하신 내역은 무엇인가요?",
        "zh": "您最近一次通过我们付款是什么？",
    },
}


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
    router = msgspec.structs.replace(settings.router, young_days=0.0)  # everybody there joined only now
    identity = settings.identity
    if not identity.questions and settings.replies.default_language in QUESTIONS["account"]:
        identity = msgspec.structs.replace(identity, questions=QUESTIONS)
    return settings._replace(service=service, router=router, identity=identity, accounts={})


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
        platforms = Platforms(
            await stack.enter_async_context(TelegramPlatform()),
            await stack.enter_async_context(DiscordPlatform()),
            await stack.enter_async_context(XPlatform()),
            await stack.enter_async_context(MailPlatform()),
        )
        town = Town(clock, pace)
        stack.push_async_callback(town.close)
        _settle(town, platforms)

        async def begin(service: Started) -> None:
            await started(service)
            acting.append(asyncio.create_task(town.play(script)))

        acting: list[asyncio.Task[None]] = []
        stack.callback(lambda: [task.cancel() for task in acting])
        await run(settings._replace(accounts=_accounts(platforms)), begin, stop, sandbox=True)


def _settle(town: Town, platforms: Platforms) -> None:
    """Our accounts, and everybody's."""
    bot = platforms.telegram.add_bot(TOKEN, username="sandbox_support_bot", name="Support")
    discord_bot = platforms.discord.add_bot(DISCORD_TOKEN, username="sandbox_support", name="Support")
    hall = platforms.discord.add_guild("Sandbox", discord_bot).add_channel("help")
    account = platforms.x.add_account("sandbox_support", "Support", KEYS)
    platforms.mail.add_mailbox(SUPPORT, PASSWORD)
    public = XVenue(platforms.x, account, town.answered)
    town.open(
        {
            "telegram": TelegramVenue(platforms.telegram, bot, town.answered),
            "discord": DiscordVenue(platforms.discord, discord_bot, hall, town.answered),
            "x": public,
            "email": MailVenue(platforms.mail, SUPPORT, town.answered),
        }
    )
    for who, text in OVERHEARD:
        public.talk(who, text)


def _accounts(platforms: Platforms) -> dict[AccountId, AccountConfig]:
    """Nothing is old there, so what is written before an account is connected counts as well."""
    chat = TelegramSettings(
        token=Secret(TOKEN),
        base_url=platforms.telegram.base_url,
        base_file_url=platforms.telegram.base_file_url,
        poll_timeout_s=10,
        first_start="all",
    )
    discord = DiscordSettings(
        token=Secret(DISCORD_TOKEN),
        base_url=platforms.discord.api_url,
        gateway_url=platforms.discord.gateway_url,
        cdn_url=platforms.discord.cdn_url,
        first_start="all",
    )
    x = XSettings(
        api_key=Secret(KEYS.consumer_key),
        api_key_secret=Secret(KEYS.consumer_secret),
        access_token=Secret(KEYS.access_token),
        access_token_secret=Secret(KEYS.access_token_secret),
        base_url=platforms.x.base_url,
        media_url=platforms.x.media_url,
        storage_url=platforms.x.storage_url,
        poll_s=4.0,
        first_start="all",
        feeds={"talk": XFeed(search="AcmePay")},
    )
    post = MailSettings(
        address=SUPPORT,
        imap=ImapSettings(host="127.0.0.1", port=platforms.mail.imap_port, tls="none", password=Secret(PASSWORD)),
        smtp=SmtpSettings(host="127.0.0.1", port=platforms.mail.smtp_port, tls="none", password=Secret(PASSWORD)),
        authserv_ids=(AUTHSERV_ID,),
        first_start="all",
    )
    return {
        TELEGRAM: AccountConfig("telegram", chat),
        DISCORD: AccountConfig("discord", discord),
        X: AccountConfig("x", x),
        EMAIL: AccountConfig("email", post),
    }
