"""What somebody removed on the platform is removed here, too.  Pure."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from desk.actors import Actor
from desk.changes import new_event, next_version
from tickets.ids import AccountId, MessageId
from tickets.model import Message, Ticket, TicketEnvelope
from tickets.records import Erasing, TicketChange
from tickets.segments import segments

REMOVED = "Removed by its author"
"""What stands for a subject that was made of removed words."""


def erased(
    ticket: TicketEnvelope, gone: frozenset[MessageId], account: AccountId, actor: Actor, now: datetime
) -> TicketChange | None:
    """Words, files and originals of these messages go; that somebody wrote then stays.

    Only what nobody else of the ticket said cannot be found any more.  None: nothing of them is left here.
    """
    before = ticket.ticket
    removed = [one for one in ticket.messages if one.id in gone]
    if not removed:
        return None
    rest = [one for one in ticket.messages if one.id not in gone]
    after = _without_words(next_version(before, now), removed)
    kept = (
        _found_by(rest) | segments(after.subject) | frozenset().union(*(segments(one.author) for one in removed))
    )
    return TicketChange(
        ticket=after,
        expected_version=before.version,
        events=tuple(new_event("erased", actor, ticket, now, message_id=one.id) for one in removed),
        segments=segments(after.subject),
        erasing=Erasing(
            messages=gone,
            forgotten=(_found_by(removed) | segments(before.subject)) - kept,
            account=account,
            originals=tuple(f"{one.external_id}/" for one in removed if one.external_id),
        ),
    )


def subject_without(
    merged: TicketEnvelope, removed: Sequence[Message], actor: Actor, now: datetime
) -> TicketChange | None:
    """Of a ticket whose messages are elsewhere; None where its subject has nothing of these."""
    before = merged.ticket
    after = _without_words(next_version(before, now), removed)
    if after.subject == before.subject:
        return None
    return TicketChange(
        ticket=after,
        expected_version=before.version,
        events=(new_event("erased", actor, merged, now),),
        erasing=Erasing(frozenset(), segments(before.subject) | _found_by(removed), before.account, ()),
    )


def _without_words(ticket: Ticket, removed: Sequence[Message]) -> Ticket:
    """The ticket with a subject of which nothing was taken from these messages."""
    start = ticket.subject.removesuffix("…")
    said = (" ".join(text.split()) for one in removed for text in _texts(one))
    return replace(ticket, subject=REMOVED) if start and any(start in text for text in said) else ticket


def _texts(message: Message) -> list[str]:
    return [message.text, *(version.text for version in message.versions)]


def _found_by(messages: Sequence[Message]) -> frozenset[str]:
    said = [(message.subject or "", message.author, *_texts(message)) for message in messages]
    return frozenset().union(*(segments("\n".join(words)) for words in said))
