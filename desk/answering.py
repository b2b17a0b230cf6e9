"""An answer: to whom, with what, and what becomes of the ticket.  Pure but for fresh ids."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from desk.actors import Actor
from desk.answered import answered_message
from desk.changes import (
    change_with,
    channels_of,
    checked_text,
    new_event,
    new_message,
    next_version,
    reachable_author,
)
from desk.files import NewFile, attachment_of
from responders.compose import Limits, compose, copies_of, reply_target
from responders.quoting import quoted
from tickets.errors import Refused
from tickets.ids import AccountId, ThreadId
from tickets.model import Delivery, TicketEnvelope
from tickets.own_names import alias_in
from tickets.records import BY_HAND, TicketChange
from tickets.rich import Rich, page_of
from tickets.states import state_jobs


class Enclosed(NamedTuple):
    """What goes with an answer besides its words; see ``Desk.answer``.  typed: where it has marks in it."""

    copies: bool
    quote: bool
    typed: str | None
    files: tuple[NewFile, ...]


NOTHING = Enclosed(copies=False, quote=False, typed=None, files=())


def answering(
    limits_of: Mapping[AccountId, Limits],
    actor: Actor,
    ticket: TicketEnvelope,
    rich: Rich,
    thread_id: ThreadId | None,
    now: datetime,
    undo_s: float,
    with_it: Enclosed,
) -> TicketChange:
    """The answer to who wrote last in a conversation (None: in any), with its delivery.

    limits_of: what each account lets through.  undo_s: seconds until it
    leaves.  Raises Refused where nobody can be answered, or not so.
    """
    answered = answered_message(ticket, thread_id)
    if answered is None:
        raise Refused("Nobody has written in this conversation yet, so there is nothing to answer.")
    thread = next(thread for thread in ticket.threads if thread.id == answered.thread_id)
    limits = limits_of.get(thread.account)
    if limits is None:
        raise Refused(f"The account {thread.account} is not configured any more; its answers cannot be sent.")
    limits = limits.there(thread.visibility)
    by_hand = bool(answered.unanswerable and limits.by_hand)
    person = reachable_author(ticket, answered, by_hand=by_hand)
    earlier = [m for m in ticket.messages if m.thread_id == thread.id and m.direction != "note"]
    copied = copies_of(answered, person, limits) if with_it.copies else ()
    message = replace(
        new_message("out", actor, ticket, checked_text(rich.text), now),
        html=page_of(rich) if rich.spans else None,
        typed=with_it.typed,
        thread_id=thread.id,
        reply_to=answered.external_id,
        language=ticket.ticket.language,
        cc=copied,
    )
    alias = alias_in((*answered.to, *answered.cc), limits.own, limits.aliases)
    attached = tuple(attachment_of(file, message) for file in with_it.files)
    quotation = quoted(answered, person) if with_it.quote and limits.own else ""
    delivery = compose(
        "reply",
        reply_target(thread, answered, person, earlier, copied, alias),
        "\n\n".join(filter(None, (rich.text, quotation))),
        limits,
        now,
        release_at=now + timedelta(seconds=undo_s),
        thread_id=thread.id,
        ticket_id=ticket.ticket.id,
        message_id=message.id,
        files=attached,
        spans=rich.spans,
    )
    moved = replace(next_version(ticket.ticket, now), assignee=ticket.ticket.assignee or actor.user_id)
    if by_hand:
        delivery = _for_posting(delivery, answered.unanswerable)
    else:
        moved = replace(moved, status="pending", waiting_since=None, unanswered=0)
    kind = "drafted" if by_hand else "answered"
    event = new_event(
        kind, actor, ticket, now, message_id=message.id, delivery_id=delivery.id, status=moved.status
    )
    change = change_with(ticket, moved, event, message=message, delivery=delivery, said=rich.text)
    opened = ticket.ticket.status == "closed" and moved.status != "closed"
    return replace(
        change, attachments=attached, jobs=state_jobs(moved, channels_of(ticket), now) if opened else ()
    )


def _for_posting(delivery: Delivery, why: str) -> Delivery:
    """It waits for somebody who posts it by hand.  Raises Refused for more than one post, or files."""
    if len(delivery.parts) > 1 or delivery.parts[0].files:
        raise Refused(f"{why} What is posted by hand must be one post without files: shorten it.")
    parts = tuple(replace(part, state="held") for part in delivery.parts)
    return replace(delivery, parts=parts, state="held", code=BY_HAND, detail=why)
