"""How soon a person should look: a number from 0 to 100, and its reasons."""

from router.gist import gist_of
from router.urgency import is_meant
from tickets.model import InboundMessage, Reason, Ticket

BASE = 10
ANGER = 8
UNANSWERED = 4
UNANSWERED_MOST = 20
IN_PUBLIC = 10
BY_MACHINE = -10
THEFT = Reason("security: theft or somebody else's access", 60)
DANGER = Reason("security: a life may be in danger", 75)
PRETENDS = Reason("bears a name that looks like one of yours", 20)
YOUNG = Reason("joined the platform only now", -8)
EXPOSED = Reason("a secret of theirs stands in public", 40)
WANTS_PERSON = Reason("asked for a person", 15)


def score(
    message: InboundMessage,
    *,
    unanswered: int,
    language: str | None = None,
    before: tuple[Reason, ...] = (),
    muted: bool = False,
    young: bool = False,
    pretends: bool = False,
) -> tuple[int, tuple[Reason, ...]]:
    """The ticket's priority after this message.  Pure.

    unanswered: messages of the person before this one that nobody has
    answered.  language: of the message, None when unknown.  before: the reasons
    so far; what was serious stays serious.
    young: the author is new to the platform.  pretends: they bear a name that
    looks like one of ours.  muted: all but what is serious is taken back.
    """
    gist = gist_of(message)
    reasons = [Reason("a person is waiting", BASE)]
    if message.automatic is not None:
        reasons.append(Reason("written by a machine", BY_MACHINE))
    elif is_meant(gist.life, language) or _had(before, DANGER.label):
        reasons.append(DANGER)
    elif is_meant(gist.theft, language) or _had(before, THEFT.label):
        reasons.append(THEFT)
    serious = sum(reason.points for reason in reasons if reason in (THEFT, DANGER))
    if message.thread.visibility == "public":
        reasons.append(Reason("written in public", IN_PUBLIC))
    if (message.secrets and message.thread.visibility == "public") or _had(before, EXPOSED.label):
        reasons.append(EXPOSED)
    if _had(before, WANTS_PERSON.label):
        reasons.append(WANTS_PERSON)
    if gist.upset:
        reasons.append(Reason("upset", ANGER))
    if pretends:
        reasons.append(PRETENDS)
    if unanswered:
        points = min(UNANSWERED * unanswered, UNANSWERED_MOST)
        reasons.append(Reason(f"wrote {unanswered + 1} times without an answer", points))
    if young and not serious:
        reasons.append(YOUNG)
    if muted:
        reasons.append(Reason("muted", serious - sum(reason.points for reason in reasons)))
    total = max(0, min(100, sum(reason.points for reason in reasons)))
    return total, tuple(reasons)


def asked_for_person(ticket: Ticket) -> tuple[int, tuple[Reason, ...]]:
    """The priority of a ticket whose person wants to talk to a person."""
    if _had(ticket.priority_reasons, WANTS_PERSON.label):
        return ticket.priority, ticket.priority_reasons
    return min(100, ticket.priority + WANTS_PERSON.points), (*ticket.priority_reasons, WANTS_PERSON)


def _had(reasons: tuple[Reason, ...], start: str) -> bool:
    return any(reason.label.startswith(start) for reason in reasons)
