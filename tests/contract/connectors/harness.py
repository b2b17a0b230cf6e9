"""What the contract suite needs of a channel: a platform, people, and its ways of going wrong.

A new channel adds its harness to ``HARNESSES``; the suite then shows what is
still missing.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from msgspec.structs import replace

from connectors.context import ConnectorContext
from connectors.discord.settings import Settings as DiscordSettings
from connectors.mail.settings import Settings as MailSettings
from connectors.registry import make_connector
from connectors.telegram.settings import Settings as TelegramSettings
from connectors.x.settings import Settings as XSettings
from service.clock import SystemClock
from tests.support.town import DISCORD, EMAIL, TELEGRAM, Town, X, unescaped
from tickets.ids import Channel, ExternalMessageId, ThreadKey
from tickets.model import InboundMessage, Reply, ReplyTarget
from tickets.ports import Connector, no_crash
from tickets.secret import Secret


class Harness(Protocol):
    """One channel under test."""

    channel: Channel

    def connector(self, *, wrong_secret: bool = False) -> Connector: ...
    def contacts(self) -> int:
        """How often anybody has spoken to the platform."""

    def write(self, text: str) -> None:
        """A person writes."""

    def answer_last(self, text: str) -> None:
        """The person answers the last message they got from us."""

    def accepted(self) -> list[str]:
        """Texts the platform took from us, in order."""

    def accepted_files(self) -> list[tuple[str, bytes]]:
        """Name and bytes of each file that the platform took from us, in order; X tells no names."""

    def target(self, message: InboundMessage) -> ReplyTarget: ...
    def refuse_once(self) -> None:
        """The next message is clearly refused, for now."""

    def refuse_for_good(self) -> None: ...
    def lose_the_answer(self) -> None:
        """The next message is taken, but nobody tells us."""

    async def go_away(self) -> None:
        """Nobody listens any more."""


async def secret(name: str) -> bytes:
    return name.encode().ljust(32, b".")


def context(account: Any) -> ConnectorContext:
    return ConnectorContext(account, SystemClock(), no_crash, secret)


def reply(target: ReplyTarget, text: str, key: str = "key", **more: Any) -> Reply:
    return Reply(target=target, text=text, send_key=f"{key}.1", created_at=datetime.now(UTC), **more)


class TelegramHarness:
    channel: Channel = "telegram"

    def __init__(self, town: Town) -> None:
        self.town = town

    def connector(self, *, wrong_secret: bool = False) -> Connector:
        settings: TelegramSettings = self.town.accounts()[TELEGRAM].settings
        if wrong_secret:
            settings = replace(settings, token=Secret("700200:a-wrong-token-of-no-value"))
        return make_connector("telegram", settings, context(TELEGRAM))

    def contacts(self) -> int:
        return len(self.town.telegram.calls)

    def write(self, text: str) -> None:
        self.town.anna.write(text, self.town.bot)

    def answer_last(self, text: str) -> None:
        self.town.anna.write(text, self.town.bot, reply_to=self.town.telegram.sent[-1].message_id)

    def accepted(self) -> list[str]:
        return [one.text for one in self.town.telegram.sent]

    def accepted_files(self) -> list[tuple[str, bytes]]:
        return [(one.file_name or "", one.file) for one in self.town.telegram.sent if one.file is not None]

    def target(self, message: InboundMessage) -> ReplyTarget:
        return ReplyTarget("telegram", TELEGRAM, message.thread.key, "private", in_reply_to=message.external_id)

    def refuse_once(self) -> None:
        self.town.telegram.faults.arm("flood", method="sendMessage", retry_after=7)

    def refuse_for_good(self) -> None:
        self.town.anna.block(self.town.bot)

    def lose_the_answer(self) -> None:
        self.town.telegram.faults.arm("drop_after_accept", method="sendMessage")

    async def go_away(self) -> None:
        await self.town.telegram.stop()


class MailHarness:
    channel: Channel = "email"

    def __init__(self, town: Town) -> None:
        self.town = town

    def connector(self, *, wrong_secret: bool = False) -> Connector:
        settings: MailSettings = replace(self.town.accounts()[EMAIL].settings, first_start="all")
        if wrong_secret:
            settings = replace(settings, imap=replace(settings.imap, password=Secret("a-wrong-password")))
        return make_connector("email", settings, context(EMAIL))

    def contacts(self) -> int:
        return len(self.town.mail.imap_log) + len(self.town.mail.smtp_log)

    def write(self, text: str) -> None:
        self.town.mei.write(to="support@example.test", subject="Betreff", text=text)

    def answer_last(self, text: str) -> None:
        self.town.mei.reply(self.town.mei.received[-1], text)

    def accepted(self) -> list[str]:
        return [one.text.strip() for one in self.town.mail.sent]

    def accepted_files(self) -> list[tuple[str, bytes]]:
        return [file for one in self.town.mail.sent for file in one.files]

    def target(self, message: InboundMessage) -> ReplyTarget:
        return ReplyTarget(
            "email",
            EMAIL,
            ThreadKey("thread"),
            "private",
            in_reply_to=message.external_id,
            references=(ExternalMessageId("<older@example.test>"),),
            to=(message.author.external_id,),
            subject="Re: Betreff",
        )

    def refuse_once(self) -> None:
        self.town.mail.faults.arm("smtp_status", code=451, stage="dot")

    def refuse_for_good(self) -> None:
        self.town.mail.faults.arm("smtp_status", code=550, stage="rcpt")

    def lose_the_answer(self) -> None:
        self.town.mail.faults.arm("smtp_drop_after_accept")

    async def go_away(self) -> None:
        await self.town.mail.stop_imap()
        await self.town.mail.stop_smtp()


class DiscordHarness:
    channel: Channel = "discord"

    def __init__(self, town: Town) -> None:
        self.town = town

    def connector(self, *, wrong_secret: bool = False) -> Connector:
        settings: DiscordSettings = replace(self.town.accounts()[DISCORD].settings, first_start="all")
        if wrong_secret:
            settings = replace(settings, token=Secret("a-wrong-token-of-no-value-at-all"))
        return make_connector("discord", settings, context(DISCORD))

    def contacts(self) -> int:
        return len(self.town.discord.calls) + len(self.town.discord.sessions(self.town.discord_bot))

    def write(self, text: str) -> None:
        self.town.linh.say(text, self.town.hall, mention=self.town.discord_bot)

    def answer_last(self, text: str) -> None:
        self.town.linh.say(text, self.town.hall, reply_to=self.town.discord.sent[-1])

    def accepted(self) -> list[str]:
        return [unescaped(one.text) for one in self.town.discord.sent]

    def accepted_files(self) -> list[tuple[str, bytes]]:
        return [file for one in self.town.discord.sent for file in one.files]

    def target(self, message: InboundMessage) -> ReplyTarget:
        return ReplyTarget("discord", DISCORD, message.thread.key, "public", in_reply_to=message.external_id)

    def refuse_once(self) -> None:
        self.town.discord.faults.arm("cloudflare", method="POST", path="/messages")

    def refuse_for_good(self) -> None:
        self.town.discord.faults.arm("forbidden", method="POST", path="/messages", code=50013)

    def lose_the_answer(self) -> None:
        self.town.discord.faults.arm("drop_after_accept", method="POST", path="/messages")

    async def go_away(self) -> None:
        await self.town.discord.stop()


class XHarness:
    channel: Channel = "x"

    def __init__(self, town: Town) -> None:
        self.town = town

    def connector(self, *, wrong_secret: bool = False) -> Connector:
        settings: XSettings = replace(self.town.accounts()[X].settings, first_start="all")
        if wrong_secret:
            settings = replace(settings, access_token_secret=Secret("a-wrong-secret-of-no-value"))
        return make_connector("x", settings, context(X))

    def contacts(self) -> int:
        return len(self.town.x.calls)

    def write(self, text: str) -> None:
        self.town.ricardo.mention(self.town.x_account, text)

    def answer_last(self, text: str) -> None:
        self.town.ricardo.post(text, reply_to=self.town.x.sent[-1])

    def accepted(self) -> list[str]:
        return [one.text for one in self.town.x.sent]

    def accepted_files(self) -> list[tuple[str, bytes]]:
        return [("", picture) for one in self.town.x.sent for picture in one.pictures]

    def target(self, message: InboundMessage) -> ReplyTarget:
        return ReplyTarget("x", X, message.thread.key, "public", in_reply_to=message.external_id)

    def refuse_once(self) -> None:
        self.town.x.faults.arm("flood", method="POST", reset_in=7)

    def refuse_for_good(self) -> None:
        self.town.ricardo.block(self.town.x_account)

    def lose_the_answer(self) -> None:
        self.town.x.faults.arm("drop_after_accept", method="POST")

    async def go_away(self) -> None:
        await self.town.x.stop()


HARNESSES: dict[str, Callable[[Town], Harness]] = {
    "telegram": TelegramHarness,
    "email": MailHarness,
    "discord": DiscordHarness,
    "x": XHarness,
}
