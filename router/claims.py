"""Codes that people bring (``tickets.claims``): from elsewhere, or to show who they are.  Pure."""

from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from router.gist import gist_of
from router.threads import Match
from tickets.claims import hashes_in
from tickets.ids import IdentityId
from tickets.model import Challenge, InboundMessage, Ticket
from tickets.records import Claim, Context, NewJob

NOBODY_VOUCHES = "It brings a code, which shows nothing, as nobody vouches for the sender."


BY_MAIL = (
    "It brings a code by which somebody was to show who they are, from the address that it was sent to. It counts "
    "only in the conversation in which they were asked: if they did ask, have them write it there."
)


class Brought(NamedTuple):
    """What a message's code shows.

    claim: that another conversation is theirs, too.  shown: who they are, as
    they were asked.  warning: why a code shows nothing, for people.
    """

    claim: Claim | None = None
    shown: Challenge | None = None
    warning: str = ""


def claims_in(message: InboundMessage) -> tuple[str, ...]:
    """Hashes of what may be codes in what the person says now."""
    return hashes_in(message.argument) if message.command == "start" else gist_of(message).codes


def opens_talk(message: InboundMessage, author: IdentityId | None, context: Context, now: datetime) -> bool:
    """Whether a link with a code opened the talk: then it is no mere greeting."""
    found = (context.claims.get(key) for key in claims_in(message))
    return any(
        claim is not None and claim.identity_id != author and _leads(claim, context, now) for claim in found
    )


def brought(
    message: InboundMessage,
    author: IdentityId,
    ticket: Ticket,
    match: Match,
    context: Context,
    now: datetime,
    holds: timedelta,
) -> Brought:
    """Neither a machine nor somebody whom nobody vouches for brings anything.  holds: see ``Policy``."""
    if message.kind != "message":
        return Brought()
    asked = [one for key in claims_in(message) if (one := context.challenges.get(key)) is not None]
    told = [_answered(one, message, author, ticket, now, holds) for one in asked]
    claimed = _claimed(message, author, ticket, match, context, now)
    return next((one for one in (*told, claimed) if one.shown or one.claim), next(iter(told), claimed))


def known_in(message: InboundMessage, context: Context) -> frozenset[str]:
    """Hashes of the codes of ours in it, whatever they show."""
    return frozenset(key for key in claims_in(message) if key in context.claims or key in context.challenges)


def use(code: Brought, context: Context) -> None:
    """So that the next message of the batch does not bring it again."""
    if code.claim is not None:
        context.claims[code.claim.code_hash] = replace(code.claim, used=True)
    if (shown := code.shown) is not None:
        context.challenges.update({key: shown for key, one in context.challenges.items() if one.id == shown.id})


def _answered(
    asked: Challenge,
    message: InboundMessage,
    author: IdentityId,
    ticket: Ticket,
    now: datetime,
    holds: timedelta,
) -> Brought:
    """The code went to the address on record; only who was asked shows anything by it, and where they were."""
    if asked.ticket_id == ticket.id and asked.identity_id != author and message.channel == "email":
        return Brought(warning=BY_MAIL)
    if (asked.identity_id, asked.ticket_id) != (author, ticket.id):
        return Brought(
            warning="It brings a code by which somebody was to show who they are, and which others must not have: "
            "it counts only from who was asked, in their own ticket."
        )
    if asked.state == "shown":
        return Brought()
    if asked.state == "failed":
        return Brought(warning="It brings a code of which a colleague has said that it does not count any more.")
    if not asked.open(now):
        return Brought(
            warning="It brings the code by which they were to show who they are too late. Ask them anew."
        )
    if not _vouched_for(message):
        return Brought(warning=NOBODY_VOUCHES)
    evidence = f"The code that was sent to {asked.about} came back in this conversation."
    return Brought(shown=replace(asked, state="shown", evidence=evidence, ended_at=now, holds_until=now + holds))


def _claimed(
    message: InboundMessage, author: IdentityId, ticket: Ticket, match: Match, context: Context, now: datetime
) -> Brought:
    """From another conversation: under another name, or under the same, as from a private talk to a post.

    Only to a ticket of their own, in which nobody else takes part: a code
    shows whose the bringer is, not whose the others are.
    """
    known = [claim for key in claims_in(message) if (claim := context.claims.get(key)) is not None]
    foreign = [one for one in known if one.ticket_id != ticket.id]
    if not foreign:
        return Brought()
    claim = next((one for one in foreign if _leads(one, context, now)), None)
    if claim is None:
        return Brought(
            warning="It brings a code that was used before, has run out, or is of somebody who is blocked."
        )
    if not _vouched_for(message):
        return Brought(warning=NOBODY_VOUCHES)
    if match.ticket is not None and not _is_alone(author, match.ticket, context):
        return Brought(warning="It brings a code, which shows nothing here, as others take part.")
    return Brought(claim)


def join_jobs(ticket: Ticket, claim: Claim | None, now: datetime) -> tuple[NewJob, ...]:
    """The two tickets become one right after, as when a person merges them, so that a person can undo it."""
    if claim is None:
        return ()
    payload = {"one": ticket.id, "other": claim.ticket_id, "claim": claim.code_hash}
    return (NewJob(kind="join", dedupe_key=f"join:{claim.code_hash}", run_at=now, payload=payload),)


def _vouched_for(message: InboundMessage) -> bool:
    return message.authenticity.verdict == "verified" and message.automatic is None


def _leads(claim: Claim, context: Context, now: datetime) -> bool:
    barred = claim.restriction is not None and claim.restriction.kind == "block" and claim.restriction.holds(now)
    good = not claim.used and now < claim.expires_at and claim.ticket_id in context.tickets
    return good and not barred


def _is_alone(author: IdentityId, ticket: Ticket, context: Context) -> bool:
    return ticket.requester_id == author and context.participants.get(ticket.id, frozenset()) <= {author}
