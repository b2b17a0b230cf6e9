"""The little a connector must know of Discord's events to line them up; never fails on the rest."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple, TypeVar

import msgspec

from connectors.discord.place import read_id

T = TypeVar("T")


class Ref(msgspec.Struct):
    id: str = ""


class SeenMessage(msgspec.Struct):
    """A message as far as its place and its addressees go.  guild_id: None in a direct message."""

    id: str
    channel_id: str
    guild_id: str | None = None
    author: Ref | None = None
    mentions: list[Ref] = []
    edited_timestamp: str | None = None


class SeenBulk(msgspec.Struct):
    """Several messages deleted at once."""

    ids: list[str]
    channel_id: str
    guild_id: str | None = None


class SeenChannel(msgspec.Struct):
    """A channel or thread, and the newest message in it."""

    id: str
    type: int = 0
    last_message_id: str | None = None
    guild_id: str | None = None
    parent_id: str | None = None
    name: str = ""


class SeenGuild(msgspec.Struct):
    id: str
    unavailable: bool = False
    channels: list[SeenChannel] = []
    threads: list[SeenChannel] = []


class SeenThreads(msgspec.Struct):
    """The threads of a guild that the bot has come to see."""

    guild_id: str
    threads: list[SeenChannel] = []


class SeenUser(Ref):
    username: str = ""
    global_name: str | None = None


class SeenMember(msgspec.Struct):
    user: SeenUser


class SeenAct(msgspec.Struct, frozen=True):
    """name: of a command."""

    name: str = ""


class SeenField(msgspec.Struct):
    custom_id: str = ""
    value: str = ""


class SeenRow(msgspec.Struct):
    components: list[SeenField] = []


class SeenForm(msgspec.Struct):
    """What was written into a form."""

    components: list[SeenRow] = []


class SeenInteraction(msgspec.Struct):
    """What somebody did with a command, a form or a button."""

    id: str
    application_id: str
    token: str
    type: int
    channel_id: str = ""
    guild_id: str | None = None
    user: Ref | None = None
    member: SeenMember | None = None
    locale: str | None = None
    data: SeenAct = SeenAct()

    @property
    def person(self) -> str:
        """Who did it; empty when Discord does not say."""
        who = self.member.user if self.member else self.user
        return who.id if who and read_id(who.id) is not None else ""

    @property
    def name(self) -> str:
        """What the person is called; empty in direct messages."""
        who = self.member.user if self.member else None
        return (who.global_name or who.username) if who else ""


class SeenMetadata(msgspec.Struct):
    """archive_timestamp: when a thread was archived, or active again."""

    archive_timestamp: datetime | None = None


class SeenArchived(SeenChannel):
    thread_metadata: SeenMetadata | None = None

    @property
    def archived_at(self) -> datetime | None:
        """None when Discord does not say."""
        known = self.thread_metadata.archive_timestamp if self.thread_metadata else None
        return known if known is not None and known.tzinfo is not None else None


class SeenArchive(NamedTuple):
    """A page of archived threads."""

    threads: list[SeenArchived]
    has_more: bool


def read_archive(page: object) -> SeenArchive | None:
    """A page as the REST API tells it, without what cannot be read of it; None for anything else."""
    listed = page.get("threads") if isinstance(page, dict) else None
    if not isinstance(page, dict) or not isinstance(listed, list):
        return None
    threads: list[SeenArchived] = []
    for one in listed:
        with suppress(msgspec.ValidationError):
            threads.append(msgspec.convert(one, SeenArchived))
    return SeenArchive(threads, page.get("has_more") is True)


class Greeting(msgspec.Struct):
    """READY.  guilds: each is told of in full by a GUILD_CREATE of its own."""

    guilds: list[Ref] = []


class Event(msgspec.Struct):
    """A gateway payload.  t: None when it is no event but about the connection."""

    t: str | None = None
    d: msgspec.Raw = msgspec.Raw(b"null")

    def read(self, wanted: type[T]) -> T | None:
        """The event's data; None when it has another shape."""
        try:
            return msgspec.json.decode(self.d, type=wanted)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None


def read_event(text: str) -> Event:
    """A gateway payload; one that cannot be read is about nothing."""
    try:
        return msgspec.json.decode(text, type=Event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Event()


def single_deletions(event: Event) -> Iterator[bytes]:
    """A bulk deletion as one payload for each message."""
    bulk = event.read(SeenBulk)
    if bulk is None:
        return
    for one in bulk.ids:
        gone = {"id": one, "channel_id": bulk.channel_id, **({"guild_id": bulk.guild_id} if bulk.guild_id else {})}
        yield msgspec.json.encode({"t": "MESSAGE_DELETE", "d": gone})
