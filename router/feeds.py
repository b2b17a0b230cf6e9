"""Reading matter: what feeds found becomes an item, and a ticket only where somebody or a rule wants one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from router.albums import Gathered
from router.entries import event
from router.gist import gist_of
from router.urgency import is_urgent
from tickets.feeds import Feed, FeedItem, Mood, feed_name
from tickets.ids import AccountId, ItemId, TicketId, TicketNumber, new_id
from tickets.model import InboundMessage, Ticket, TicketEvent
from tickets.records import Admission, Context
from tickets.segments import segments

Feeds = Mapping[tuple[AccountId, str], Feed]
"""By account and name."""
ITEM_CHARS: Final = 2_000
"""Of longer words an item shows the beginning; a ticket has them all."""
NOT_CONFIGURED: Final = Feed()
"""For what a feed found that is configured no more."""


def withdrawn(gathered: Gathered, context: Context) -> Admission:
    """Reading matter that its author, or whoever keeps order there, deleted."""
    message = gathered.message
    gone = context.items.pop((message.account, message.external_id), None)
    if gone is not None and gone.fingerprint:
        context.alike.pop((gone.account, gone.fingerprint), None)
    return Admission(
        event_ids=gathered.event_ids,
        verdict="ignored",
        reason="deleted from a feed",
        withdrawn=(message.account, message.external_id),
    )


def read_along(
    gathered: Gathered, feeds: Feeds, language: str | None, context: Context, now: datetime, *, blocked: bool
) -> Admission | None:
    """What becomes of it without a ticket; None where there is to be one.  blocked: nobody hears who said it."""
    message = gathered.message
    known = context.items.get((message.account, message.external_id))
    if known is not None and known.wanted_by:
        return None
    if blocked:
        return Admission(gathered.event_ids, "ignored", "blocked")
    fingerprint = gist_of(message).fingerprint
    alike = context.alike.get((message.account, fingerprint)) if known is None and fingerprint else None
    by_rule = wanted_by_rule(message, feeds)
    if alike is not None and (alike.ticket_id or not by_rule):
        return Admission(gathered.event_ids, "ignored", "alike", alike_to=alike.id)
    if by_rule:
        return None
    item = item_of(gathered, feeds, language, context, now)
    _remember(item, context)
    return Admission(gathered.event_ids, "ignored", "feed", item=item)


def known_as(gathered: Gathered, ticket_id: TicketId, context: Context) -> Admission:
    """What came again and is in a ticket: reading matter of the same name is that ticket's."""
    message = gathered.message
    item = context.items.get((message.account, message.external_id)) if message.feed else None
    if item is not None and item.ticket_id is None:
        item = replace(item, ticket_id=ticket_id)
        _remember(item, context)
        return Admission(gathered.event_ids, "ignored", "redelivery", item=item)
    return Admission(gathered.event_ids, "ignored", "redelivery")


def wanted_by_rule(message: InboundMessage, feeds: Feeds) -> str:
    """The first of the feed's words that it has; empty for none."""
    words = feeds.get((message.account, message.feed), NOT_CONFIGURED).ticket_words
    found = gist_of(message).segments
    return next((word for word in words if segments(word) and segments(word) <= found), "")


def item_of(gathered: Gathered, feeds: Feeds, language: str | None, context: Context, now: datetime) -> FeedItem:
    """As it is to be kept, new or known."""
    message, gist = gathered.message, gist_of(gathered.message)
    known = context.items.get((message.account, message.external_id))
    keep = timedelta(days=feeds.get((message.account, message.feed), NOT_CONFIGURED).keep_days)
    mood: Mood = "alarming" if is_urgent(gist, language) else "upset" if gist.upset else ""
    cut = len(message.text) > ITEM_CHARS
    return FeedItem(
        id=known.id if known else ItemId(new_id()),
        feeds=tuple(sorted({*(known.feeds if known else ()), feed_name(message.account, message.feed)})),
        channel=message.channel,
        account=message.account,
        external_id=message.external_id,
        event_ids=tuple(sorted({*(known.event_ids if known else ()), *gathered.event_ids})),
        author=message.author.display_name,
        handle=message.author.handle,
        text=message.text[: ITEM_CHARS - 1] + "…" if cut else message.text,
        address=message.address,
        language=language,
        mood=mood,
        fingerprint=gist.fingerprint,
        sent_at=message.sent_at,
        stored_at=known.stored_at if known else now,
        keep_until=now + keep,
        alike=known.alike if known else 0,
        wanted_by=known.wanted_by if known else "",
        ticket_id=known.ticket_id if known else None,
    )


def taken_up(
    gathered: Gathered, feeds: Feeds, ticket: Ticket, language: str | None, context: Context, now: datetime
) -> tuple[FeedItem, tuple[TicketEvent, ...]]:
    """The item with its ticket, and what the ticket's history says of it."""
    message = gathered.message
    item = item_of(gathered, feeds, language, context, now)
    named = feed_name(message.account, message.feed)
    told = event("taken_up", ticket, now, feed=named, word=wanted_by_rule(message, feeds))
    item = replace(item, ticket_id=ticket.id, number=TicketNumber(ticket.number) or None)
    _remember(item, context)
    return item, (replace(told, actor=item.wanted_by) if item.wanted_by else told,)


def _remember(item: FeedItem, context: Context) -> None:
    context.items[item.account, item.external_id] = item
    if item.fingerprint:
        words = item.account, item.fingerprint
        if context.alike.setdefault(words, item).id == item.id or item.ticket_id:
            context.alike[words] = item
