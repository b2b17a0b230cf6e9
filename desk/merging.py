"""Two tickets made one, and taken apart again.  Pure."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from desk.actors import Actor
from desk.changes import checked_text, new_event, new_message, next_version
from tickets.demands import CONSENT, needs_consent
from tickets.errors import Refused
from tickets.ids import Channel
from tickets.model import Message, Ticket, TicketEnvelope, TicketStatus
from tickets.records import Brought, Merging, TicketChange
from tickets.segments import segments

AGREED = "They agreed to being linked with their mail address: {0}"
STATUSES: tuple[TicketStatus, ...] = ("open", "pending", "closed")


def merged(
    giver: TicketEnvelope, receiver: TicketEnvelope, actor: Actor, now: datetime, consent: str | None = ""
) -> TicketChange:
    """All that was said in one ticket continues in the other; who waits, waits there since the same moment.

    consent: where they have agreed, where a platform demands that, kept as a note; None: by bringing a code.
    Raises Refused.
    """
    of, to = giver.ticket, receiver.ticket
    refuse_merged(of)
    refuse_merged(to)
    if of.id == to.id:
        raise Refused("A ticket cannot be merged into itself. Name another one.")
    linked = needs_consent(_channels(giver), _channels(receiver))
    if linked and consent is not None and not consent.strip():
        raise Refused(CONSENT)
    waiting = [one for one in (of.waiting_since, to.waiting_since) if one is not None]
    dearer = max(to, of, key=lambda ticket: ticket.priority)
    after = replace(
        next_version(to, now),
        status=min(of.status, to.status, key=STATUSES.index),
        waiting_since=min(waiting, default=None),
        unanswered=of.unanswered + to.unanswered,
        priority=dearer.priority,
        priority_reasons=dearer.priority_reasons,
        assignee=to.assignee or of.assignee,
        language=to.language or of.language,
        vip=to.vip or of.vip,
        incident=to.incident or of.incident,
        line=max(to.line, of.line),
        team=dearer.team,
    )
    given = replace(
        next_version(of, now), status="closed", waiting_since=None, unanswered=0, merged_into=to.number
    )
    return TicketChange(
        ticket=after,
        expected_version=to.version,
        events=(
            new_event("merged", actor, giver, now, before=of.status, status="closed", into=to.number),
            new_event("merged_in", actor, receiver, now, status=after.status, number=of.number),
        ),
        message=new_message("note", actor, receiver, AGREED.format(checked_text(consent)), now)
        if linked and consent
        else None,
        segments=_words(giver.messages, of),
        merging=Merging(given, of.version),
    )


def _channels(ticket: TicketEnvelope) -> frozenset[Channel]:
    return frozenset(one.channel for one in ticket.identities)


def taken_apart(
    was: TicketEnvelope, whole: TicketEnvelope, brought: Brought, actor: Actor, now: datetime
) -> TicketChange:
    """A merged ticket on its own again, with what came since in conversations that only it had.

    was: the merged one.  whole: where its messages are.  Who waits is found
    out from what was said on each side.  A conversation that another ticket has by
    now stays there, so that the merged one comes back closed.
    """
    of, to = whole.ticket, was.ticket
    if to.merged_into != of.number:
        raise Refused(f"Ticket #{to.number} is not merged into #{of.number}.")
    refuse_merged(of)
    shared = brought.elsewhere or any(thread.id not in brought.threads for thread in was.threads)
    theirs = [one for one in whole.messages if brought.has(one)]
    rest = [one for one in whole.messages if not brought.has(one)]
    closed = of.status == "closed"
    return TicketChange(
        ticket=replace(_standing(to, theirs, now, closed=closed or shared), merged_into=None),
        expected_version=to.version,
        events=(
            new_event("taken_apart", actor, was, now, number=of.number),
            new_event("taken_out", actor, whole, now, number=to.number),
        ),
        segments=_words(theirs, to),
        merging=Merging(
            _standing(of, rest, now, closed=closed),
            of.version,
            back=True,
            forgotten=_words(theirs, to) - _words(rest, of),
        ),
    )


def refuse_merged(ticket: Ticket) -> None:
    """Raises Refused for a ticket whose messages are elsewhere."""
    if ticket.merged_into is not None:
        raise Refused(f"Ticket #{ticket.number} was merged into #{ticket.merged_into}. Go on there.")


def _standing(ticket: Ticket, messages: Sequence[Message], now: datetime, *, closed: bool) -> Ticket:
    """Open while somebody who wrote has had no answer since; machines wait for none."""
    unanswered: list[Message] = []
    for message in messages:
        if message.direction == "out":
            unanswered = []
        elif message.direction == "in" and message.automatic is None:
            unanswered.append(message)
    if closed or not unanswered:
        status: TicketStatus = "closed" if closed else "pending"
        return replace(next_version(ticket, now), status=status, waiting_since=None, unanswered=0)
    since = unanswered[0].stored_at
    return replace(next_version(ticket, now), status="open", waiting_since=since, unanswered=len(unanswered))


def _words(messages: Sequence[Message], ticket: Ticket) -> frozenset[str]:
    found = [segments(f"{message.subject or ''}\n{message.author}\n{message.text}") for message in messages]
    return frozenset().union(segments(ticket.subject), *found)
