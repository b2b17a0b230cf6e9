"""What is read along without being asked: feeds, and the items that they find."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from tickets.ids import AccountId, Channel, EventId, ExternalMessageId, ItemId, TicketId, TicketNumber
from tickets.model import Shape

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
Mood = Literal["", "upset", "alarming"]
"""alarming: theft or somebody else's access; upset: anger; empty: neither was seen."""


class Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[<channel>.<account>.feeds.<name>]``: what every feed can be told."""

    ticket_words: tuple[str, ...] = ()
    """An item that has one of these words, or all words of one of these phrases, becomes a ticket by itself."""
    keep_days: float = 30.0
    """Items are forgotten so many days after they came; 1 to 365.  Tickets that were made of them stay."""

    def __post_init__(self) -> None:
        if not 1 <= self.keep_days <= 365:
            raise ValueError("keep_days must be between 1 and 365")
        if not all(word.strip() for word in self.ticket_words):
            raise ValueError("ticket_words must not have an empty one")


class FeedItem(Shape, frozen=True):
    """Reading matter: what somebody said elsewhere, and to others.

    feeds: that found it, as ``x:main/name``, sorted.  event_ids: what it came as, an album's
    pictures and edits among them, in order.  address: where it stands on the
    platform, an https link; empty when it has none.  alike: so many others
    came with the same words, and are not kept.  wanted_by: who asked for a
    ticket, as an actor; empty: nobody.  ticket_id and number: of the ticket
    that was made of it; the number is filled in when it is read.
    """

    id: ItemId
    feeds: tuple[str, ...]
    channel: Channel
    account: AccountId
    external_id: ExternalMessageId
    event_ids: tuple[EventId, ...]
    author: str
    handle: str | None
    text: str
    address: str
    language: str | None
    mood: Mood
    fingerprint: str
    sent_at: datetime
    stored_at: datetime
    keep_until: datetime
    alike: int = 0
    wanted_by: str = ""
    ticket_id: TicketId | None = None
    number: TicketNumber | None = None


class FeedFilter(Shape, frozen=True):
    """Which items; the newest first.  feed: empty for all.  after: behind this one; None: from the first."""

    feed: str = ""
    mood: Mood = ""
    after: ItemId | None = None
    limit: int = 50


class FeedStore(Protocol):
    """Items, beside the tickets."""

    async def list_items(self, wanted: FeedFilter) -> Sequence[FeedItem]:
        """By when they came, the newest first."""

    async def find_item(self, item_id: ItemId) -> FeedItem | None:
        """None when there is none, or none any more."""

    async def want_item(self, item_id: ItemId, by: str, now: datetime) -> bool:
        """Let a ticket be made of it: its raw event is due once more.  False when that is asked for already."""

    async def forget_items(self, account: AccountId, names: Sequence[ExternalMessageId]) -> int:
        """Items and their raw events' contents, as their authors removed them; how many.

        One of which a ticket is being made stays: it can be asked again when that is done.
        """


def check_names(feeds: Iterable[str]) -> None:
    """Raises ValueError for a name that no address can hold."""
    if not all(_NAME.fullmatch(name) for name in feeds):
        raise ValueError("a feed's name has small letters, digits, - and _ only")


def feed_name(account: AccountId, feed: str) -> str:
    """As an item and the inbox call a feed."""
    return f"{account}/{feed}"
