"""Codes that are sent to people (``tickets.claims``).  Pure but for fresh codes."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from desk.actors import Actor
from desk.answered import asked_in_private
from desk.changes import new_event
from responders.compose import COMMANDS
from responders.templates import ReplyTemplates
from tickets.claims import GOOD_FOR, hash_of, masked
from tickets.errors import Refused
from tickets.ids import Channel, ThreadId
from tickets.model import TicketEnvelope
from tickets.records import Claim, TicketChange
from tickets.segments import segments


def words_of(
    code: str,
    ticket: TicketEnvelope,
    thread_id: ThreadId | None,
    own: ReplyTemplates | None,
    links: Mapping[Channel, str],
) -> str:
    """What the person reads.  thread_id, own and links as in ``Desk``.  Raises Refused in public, or to others."""
    thread = asked_in_private(ticket, thread_id)[1]
    if own is None:
        raise Refused("No codes are given here.")
    language = ticket.ticket.language
    ways = [
        own.render(COMMANDS, language, "code-link", link=f"{link}{code}")
        for channel, link in links.items()
        if channel != thread.channel
    ]
    return "\n".join((own.render(COMMANDS, language, "code", code=code), *ways))


def given(
    change: TicketChange,
    code: str,
    ticket: TicketEnvelope,
    thread_id: ThreadId | None,
    actor: Actor,
    now: datetime,
) -> TicketChange:
    """An answer that holds a code: colleagues see the beginning of it, and it leads to this ticket from now on."""
    assert change.message is not None
    answered, _ = asked_in_private(ticket, thread_id)
    assert answered.identity_id is not None
    shown = change.message.text.replace(code, masked(code))
    return replace(
        change,
        message=replace(change.message, text=shown),
        segments=segments(shown),
        claim=Claim(hash_of(code), ticket.ticket.id, answered.identity_id, now + GOOD_FOR),
        events=(*change.events, new_event("code_given", actor, ticket, now)),
    )
