"""How soon a person should look: a number from 0 to 100, and its reasons."""

from typing import Final, NamedTuple

from router.gist import gist_of
from router.urgency import is_meant
from tickets.model import Entity, InboundMessage, Reason, Ticket

DANGER: Final = "security: a life may be in danger"
THEFT: Final = "security: theft or somebody else's access"
SECURITY: Final = "security:"
EXPOSED: Final = "a secret of theirs stands in public"
WANTS_PERSON: Final = "asked for a person"
PRETENDS: Final = "bears a name that looks like one of yours"
VIP: Final = "a VIP"
MUTED: Final = "muted"
MONEY: Final = "names a sum of money"


class Weights(NamedTuple):
    """What each reason adds, in points; below 0 it takes.

    unanswered: for each message, ``unanswered_most`` in all.  reach: for followers of who wrote in public, at
    most; they weigh by their order of magnitude, so that small voices are heard, too.
    """

    waiting: int = 10
    danger: int = 75
    theft: int = 60
    exposed: int = 40
    vip: int = 25
    pretends: int = 20
    person: int = 15
    public: int = 10
    reach: int = 8
    upset: int = 8
    money: int = 5
    unanswered: int = 4
    unanswered_most: int = 20
    young: int = -8
    machine: int = -10


WEIGHTS: Final = Weights()


class Circumstances(NamedTuple):
    """What is known about a message beside itself.

    unanswered: messages of the person before this one that nobody has answered.  language: of the message, None
    when unknown.  before: the reasons so far; what was serious stays serious.  young: the author is new to the
    platform.  pretends: they bear a name that looks like one of ours.  muted: all but what is serious is taken
    back.  entities: what the message names.
    """

    unanswered: int = 0
    language: str | None = None
    before: tuple[Reason, ...] = ()
    muted: bool = False
    young: bool = False
    pretends: bool = False
    vip: bool = False
    entities: tuple[Entity, ...] = ()


def score(
    message: InboundMessage, of: Circumstances, weights: Weights = WEIGHTS
) -> tuple[int, tuple[Reason, ...]]:
    """The ticket's priority after this message.  Pure."""
    reasons = [Reason("a person is waiting", weights.waiting)]
    serious = _serious(message, of, weights) if message.automatic is None else None
    if message.automatic is not None:
        reasons.append(Reason("written by a machine", weights.machine))
    elif serious is not None:
        reasons.append(serious)
    reasons += _about_it(message, of, weights)
    reasons += _about_them(message, of, weights, serious=serious is not None)
    if of.muted:
        kept = serious.points if serious else 0
        reasons.append(Reason(MUTED, kept - sum(reason.points for reason in reasons)))
    told = tuple(reason for reason in reasons if reason.points)
    return total(told), told


def total(reasons: tuple[Reason, ...]) -> int:
    """Their sum, from 0 to 100."""
    return max(0, min(100, sum(reason.points for reason in reasons)))


def is_serious(reasons: tuple[Reason, ...]) -> bool:
    """Whether a ticket is about security."""
    return _had(reasons, SECURITY)


def asked_for_person(ticket: Ticket, weights: Weights = WEIGHTS) -> tuple[int, tuple[Reason, ...]]:
    """The priority of a ticket whose person wants to talk to a person."""
    if _had(ticket.priority_reasons, WANTS_PERSON):
        return ticket.priority, ticket.priority_reasons
    reasons = (*ticket.priority_reasons, Reason(WANTS_PERSON, weights.person))
    return total(reasons), reasons


def _serious(message: InboundMessage, of: Circumstances, weights: Weights) -> Reason | None:
    gist = gist_of(message)
    if is_meant(gist.life, of.language) or _had(of.before, DANGER):
        return Reason(DANGER, weights.danger)
    if is_meant(gist.theft, of.language) or _had(of.before, THEFT):
        return Reason(THEFT, weights.theft)
    return None


def _about_it(message: InboundMessage, of: Circumstances, weights: Weights) -> list[Reason]:
    """What was said, and where."""
    public = message.thread.visibility == "public"
    found = []
    if public:
        found.append(Reason("written in public", weights.public))
        found.append(_reach(message.author.followers, weights))
    if (public and message.secrets) or _had(of.before, EXPOSED):
        found.append(Reason(EXPOSED, weights.exposed))
    if _had(of.before, WANTS_PERSON):
        found.append(Reason(WANTS_PERSON, weights.person))
    if gist_of(message).upset:
        found.append(Reason("upset", weights.upset))
    if any(entity.kind == "amount" for entity in of.entities) or _had(of.before, MONEY):
        found.append(Reason(MONEY, weights.money))
    return found


def _reach(followers: int | None, weights: Weights) -> Reason:
    """Ten times the followers are one step more, from 1,000 on; the seventh digit adds all of it."""
    steps = max(0, min(4, len(str(followers or 0)) - 3))
    return Reason(f"{followers or 0:,} follow them", weights.reach * steps // 4)


def _about_them(message: InboundMessage, of: Circumstances, weights: Weights, *, serious: bool) -> list[Reason]:
    """Who wrote, and how often."""
    found = []
    if of.vip:
        found.append(Reason(VIP, weights.vip))
    if of.pretends:
        found.append(Reason(PRETENDS, weights.pretends))
    if of.unanswered:
        points = min(weights.unanswered * of.unanswered, weights.unanswered_most)
        found.append(Reason(f"wrote {of.unanswered + 1} times without an answer", points))
    if of.young and not serious:
        found.append(Reason("joined the platform only now", weights.young))
    return found


def _had(reasons: tuple[Reason, ...], start: str) -> bool:
    return any(reason.label.startswith(start) for reason in reasons)
