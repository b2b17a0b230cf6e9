"""``[telegram.<name>]`` in config.toml."""

import re
from typing import Literal

import msgspec

from tickets.feeds import Feed, check_names
from tickets.secret import Secret

_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")


class TelegramFeed(Feed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[telegram.<name>.feeds.<feed>]``: a group to read along; the bot's privacy mode must be off there."""

    chat: int
    """The group's id, as -1001234567890."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.chat >= 0:
            raise ValueError("chat must be the id of a group, which is negative")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    token: Secret
    """The bot's token, from @BotFather."""
    mode: Literal["poll", "webhook"] = "poll"
    """poll: we ask.  webhook: Telegram calls ``webhook_url``, which must reach this program by https."""
    webhook_url: str = ""
    """The public address that leads to ``/hooks/telegram/<name>`` of this program."""
    base_url: str = "https://api.telegram.org/bot"
    """Another one for a self-hosted Bot API server; the token is appended."""
    base_file_url: str = "https://api.telegram.org/file/bot"
    ca_file: str = ""
    """A private certificate authority, PEM; empty for the system's."""
    first_start: Literal["now", "all"] = "now"
    """all: what Telegram still holds when the bot is first connected, at most of a day, becomes tickets too."""
    poll_timeout_s: float = msgspec.field(default=25.0)
    """How long Telegram holds a request open when there is nothing, seconds."""
    album_quiet_s: float = 1.5
    """An album is complete when no picture of it came for so long, seconds."""
    groups: Literal["off", "mentions", "all"] = "mentions"
    """Of what is said in groups: nothing; what names the bot, answers it or is a command for it; or all.  For more
    than answers and commands the bot's privacy mode must be off (@BotFather, /setprivacy)."""
    username: str = ""
    """The bot's name, without @: codes sent to people on other channels then carry a link that opens the bot."""
    business_accounts: tuple[int, ...] = ()
    """Ids of the users whose business accounts the bot takes part in; anybody else who ties it to theirs is not
    heard."""
    acknowledge: bool = True
    """Tell people once that their message arrived."""
    feeds: dict[str, TelegramFeed] = {}
    """Groups to read along, by the name of each feed."""

    def __post_init__(self) -> None:
        if self.mode == "webhook" and not self.webhook_url.startswith(self._webhook_schemes()):
            raise ValueError("webhook_url must be an https:// address when mode is 'webhook'")
        check_names(self.feeds)
        if len({one.chat for one in self.feeds.values()}) < len(self.feeds):
            raise ValueError("two feeds read the same chat; remove one of the two")
        if not 1 <= self.poll_timeout_s <= 50:
            raise ValueError("poll_timeout_s must be between 1 and 50")
        if self.username and not _USERNAME.fullmatch(self.username):
            raise ValueError("username must be the bot's name as @BotFather gives it, without @")
        token = self.token.reveal()
        if not token.partition(":")[0].isdigit() or len(token.partition(":")[2]) < 10:
            raise ValueError("token must look like 123456:ABC…, as @BotFather gives it")

    def _webhook_schemes(self) -> tuple[str, ...]:
        """Telegram itself calls https only; a Bot API server of one's own may call http."""
        return ("https://",) if self.base_url.startswith("https://api.telegram.org/") else ("https://", "http://")

    def consumes(self) -> str:
        """What only one consumer may read: two accounts with the same are a mistake."""
        return self.token.reveal()
