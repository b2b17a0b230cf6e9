"""Codes that people bring from another conversation of theirs (``tickets.claims``).  Pure."""

from datetime import datetime
from typing import NamedTuple

from router.gist import gist_of
from router.threads import Match
from tickets.claims import hashes_in
from tickets.ids import IdentityId
from tickets.model import InboundMessage, Ticket
from tickets.records import Claim, Context, NewJob


class Brought(NamedTuple):
    """claim: what a message's code shows; None: nothing.  warning: why a code shows nothing, for people."""

    claim: Claim | None = None
    warning: str = ""


def claims_in(message: InboundMessage) -> tuple[str, ...]:
    """Hashes of what may be codes in what the person says now."""
    return hashes_in(message.argument) if message.command == "start" else gist_of(message).codes


def opens_talk(message: InboundMessage, author: IdentityId | None, context: Context, now: datetime) -> bool:
    """Whether a link with a code opened the talk: then it is no mere greeting."""
    found = (context.claims.get(key) for key in claims_in(message))
    return any(claim is not None and _leads(claim, author, context, now) for claim in found)


def brought(
    message: InboundMessage, author: IdentityId, ticket: Ticket, match: Match, context: Context, now: datetime
) -> Brought:
    """Whoever was given a code may not bring it themselves, nor may a machine or somebody whom nobody vouches for.

    Only to a ticket of their own, in which nobody else takes part: a code
    shows whose the bringer is, not whose the others are.
    """
    known = [claim for key in claims_in(message) if (claim := context.claims.get(key)) is not None]
    foreign = [one for one in known if one.identity_id != author and one.ticket_id != ticket.id]
    if not foreign or message.kind != "message":
        return Brought()
    claim = next((one for one in foreign if _leads(one, author, context, now)), None)
    if claim is None:
        return Brought(
            warning="It brings a code that was used before, has run out, or is of somebody who is blocked."
        )
    if message.authenticity.verdict != "verified" or message.automatic is not None:
        return Brought(warning="It brings a code, which shows nothing, as nobody vouches for the sender.")
    if match.ticket is not None and not _is_alone(author, match.ticket, context):
        return Brought(warning="It brings a code, which shows nothing here, as others take part.")
    return Brought(claim)


def join_jobs(ticket: Ticket, claim: Claim | None, now: datetime) -> tuple[NewJob, ...]:
    """The two tickets become one right after, as when a person merges them, so that a person can undo it."""
    if claim is None:
        return ()
    payload = {"one": ticket.id, "other": claim.ticket_id, "claim": claim.code_hash}
    return (NewJob(kind="join", dedupe_key=f"join:{claim.code_hash}", run_at=now, payload=payload),)


def _leads(claim: Claim, author: IdentityId | None, context: Context, now: datetime) -> bool:
    barred = claim.restriction is not None and claim.restriction.kind == "block" and claim.restriction.holds(now)
    good = not claim.used and now < claim.expires_at and claim.ticket_id in context.tickets
    return good and not barred and claim.identity_id != author


def _is_alone(author: IdentityId, ticket: Ticket, context: Context) -> bool:
    return ticket.requester_id == author and context.participants.get(ticket.id, frozenset()) <= {author}
