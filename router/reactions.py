"""Signs that people put at messages, as 👍.  Pure."""

from datetime import datetime

from router import entries
from router.albums import Gathered
from router.moves import moved, waiting_again
from tickets.model import Identity
from tickets.records import Admission, Context, Reacted

UNHAPPY = frozenset("👎💩🤮🤬😡😢😭💔🖕😨🥱🤡")
"""Of what Telegram lets people react with (https://core.telegram.org/bots/api#reactiontypeemoji, read 2026-11)."""
NOWHERE = "reaction_elsewhere"


def react(gathered: Gathered, identity: Identity | None, context: Context, now: datetime) -> Admission:
    """Shown at the message, where whoever reacted takes part in its ticket.

    Whoever is unhappy with our answer waits again, in a ticket that is not closed.
    """
    message = gathered.message
    ref = context.refs.get((message.channel, message.external_id))
    ticket = context.tickets.get(ref.ticket_id) if ref else None
    people = context.participants.get(ticket.id, frozenset()) if ticket else frozenset()
    if ref is None or ticket is None or ref.notice or identity is None or identity.id not in people:
        return Admission(event_ids=gathered.event_ids, verdict="ignored", reason=NOWHERE)
    changed = moved(ticket, now, reopen=False)
    unhappy = ref.ours and not UNHAPPY.isdisjoint(message.text) and ticket.status != "closed"
    if unhappy and identity.restricted(now) is None:
        changed = waiting_again(changed, now)
    context.tickets[ticket.id] = changed
    told = entries.event("reacted", changed, now, message_id=ref.message_id, signs=message.text or None)
    return Admission(
        event_ids=gathered.event_ids,
        verdict="ticket",
        reason="reaction",
        ticket=changed,
        ticket_version=ticket.version,
        thread_id=ref.thread_id,
        reacted=Reacted(ref.message_id, identity.id, message.text),
        events=(told,),
    )
