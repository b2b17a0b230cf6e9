"""``[discord.<name>]`` in config.toml."""

from typing import Literal

import msgspec

from tickets.feeds import Feed, check_names
from tickets.secret import Secret


class DiscordFeed(Feed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[discord.<name>.feeds.<feed>]``: a channel to read along, with its threads."""

    channel: str
    """The channel's id."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.channel.isdecimal() or len(self.channel) > 20:
            raise ValueError("channel must be the id of a channel, which is a number in quotes")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    token: Secret
    """The bot's token, from https://discord.com/developers/applications, page Bot."""
    first_start: Literal["now", "all"] = "now"
    """all: what stands in the channels already becomes tickets too, where it mentions the bot."""
    base_url: str = "https://discord.com/api/v10"
    """The REST API."""
    gateway_url: str = "wss://gateway.discord.gg/"
    """The gateway, where messages are announced."""
    cdn_url: str = "https://cdn.discordapp.com/"
    """Files are fetched from below this address and from nowhere else."""
    ca_file: str = ""
    """A private certificate authority, PEM; empty for the system's."""
    away_s: float = 30.0
    """A gateway that was away for so long is reported, and connected to anew; seconds."""
    appears_within_s: float = 60.0
    """What was sent is to be seen in its channel within so many seconds; what is not, was not sent."""
    rooms: str = ""
    """The id of a channel: each form gets a private thread in it; empty: it goes on in direct messages."""
    forums: tuple[str, ...] = ()
    """Ids of forums: each post in them is a ticket, whether it names the bot or not."""
    tag_open: str = "Open"
    """The forum's tag for a post whose ticket is not closed; where the forum has none so called, none is put."""
    tag_closed: str = "Solved"
    staff_roles: tuple[str, ...] = ()
    """Ids of roles whose bearers are ours: what they write in a person's thread is an answer."""
    form_title: str = "Support"
    """What stands above the form that /support opens."""
    form: tuple[str, ...] = ("Account", "Transaction", "What happened?")
    """Its fields, one to five; the last is the question itself and must be filled in."""
    acknowledge: bool = True
    """Tell people once that their message arrived."""
    feeds: dict[str, DiscordFeed] = {}
    """Channels to read along, by the name of each feed."""

    def __post_init__(self) -> None:
        if len(self.token.reveal()) < 20 or any(letter.isspace() for letter in self.token.reveal()):
            raise ValueError("token must look like MTA….G….x…, as the page Bot of the developer portal gives it")
        for name, schemes in (("base_url", ("https://", "http://")), ("gateway_url", ("wss://", "ws://"))):
            if not getattr(self, name).startswith(schemes):
                raise ValueError(f"{name} must begin with {' or '.join(schemes)}")
        if not self.cdn_url.startswith(("https://", "http://")):
            raise ValueError("cdn_url must begin with https:// or http://")
        if not 1 <= self.appears_within_s <= 150:
            raise ValueError("appears_within_s must be between 1 and 150")
        check_names(self.feeds)
        if len({one.channel for one in self.feeds.values()}) < len(self.feeds):
            raise ValueError("two feeds read the same channel; remove one of the two")
        ids = (*self.staff_roles, *self.forums, self.rooms or "0")
        if not all(one.isdecimal() and len(one) <= 20 for one in ids):
            raise ValueError("rooms, forums and staff_roles must be ids, which are numbers in quotes")
        if not 1 <= len(self.form) <= 5 or len(set(self.form)) < len(self.form):
            raise ValueError("form must have one to five fields, no two of the same name")
        if not all(1 <= len(label.strip()) <= 45 for label in (*self.form, self.form_title)):
            raise ValueError("form_title and the names in form must have 1 to 45 characters")
        if not 1 <= self.away_s <= 3_600:
            raise ValueError("away_s must be between 1 and 3600")

    @property
    def reads_all(self) -> bool:
        """Whether it must hear what does not name it."""
        return bool(self.rooms or self.forums or self.feeds)

    def consumes(self) -> str:
        """What only one consumer may read: two accounts with the same are a mistake."""
        return self.token.reveal()
