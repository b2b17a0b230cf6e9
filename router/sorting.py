"""What a ticket is about, whose work it is, and whether its person skips the lines.  Pure."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec.structs import replace

from router.categories import Classified, Classifier
from router.gist import gist_of
from router.priority import is_serious
from router.teams import SECURITY, Case, Team, team_for
from router.urgency import is_meant
from router.vips import Vips
from tickets.model import Entity, EntityKind, InboundMessage, Ticket

KNOWN: Final[frozenset[EntityKind]] = frozenset(
    ("amount", "transaction", "wallet", "date", "email", "phone", "link")
)
"""What is found without being told how it looks."""


class Sorter(NamedTuple):
    """What the operator decided.  default: whose what is nobody else's.

    known: kinds of things that can be found; nobody is asked for a number whose form nobody here knows.
    """

    classifier: Classifier = Classifier()
    teams: tuple[Team, ...] = (SECURITY,)
    default: str = "support"
    vips: Vips = Vips()
    known: frozenset[EntityKind] = KNOWN

    def opened(self, ticket: Ticket, message: InboundMessage, language: str | None) -> Ticket:
        """A new ticket with its first message; one that another team has by its address stays there, unless it is
        about security.
        """
        ticket = self._known(ticket, message, language)
        elsewhere = ticket.team != self.default and not is_serious(ticket.priority_reasons)
        return ticket if elsewhere else replace(ticket, team=self.team_of(ticket))

    def went_on(self, before: Ticket, after: Ticket, message: InboundMessage, language: str | None) -> Ticket:
        """After a further message: it changes hands where it turns out to be about security, or about anything."""
        known = self._known(after, message, language)
        turned = is_serious(known.priority_reasons) and not is_serious(before.priority_reasons)
        clearer = (
            known.category and not before.category and before.assignee is None and before.team == self.default
        )
        return replace(known, team=self.team_of(known)) if turned or clearer else known

    def corrected(self, ticket: Ticket, category: str, by: str) -> Ticket:
        """What somebody says that it is about; nobody's ticket goes to the team for that."""
        known = replace(ticket, category=category, category_confidence=1.0, category_by=by)
        return replace(known, team=self.team_of(known)) if ticket.assignee is None else known

    def team_of(self, ticket: Ticket) -> str:
        """Whose it is, by what is known of it."""
        serious = is_serious(ticket.priority_reasons)
        case = Case(ticket.category, ticket.language, ticket.channel, ticket.vip, serious)
        return team_for(case, self.teams, self.default)

    def missing(self, category: str, entities: Iterable[Entity]) -> tuple[EntityKind, ...]:
        """What a good request of a category names, and these do not; in the category's order."""
        return self.classifier.missing(category, entities, self.known)

    def classified(self, message: InboundMessage, language: str | None) -> Classified:
        """What a message is about."""
        gist = gist_of(message)
        said = f"{message.subject or ''}\n{gist.said}"
        return self.classifier.classify(said, language, theft=is_meant(gist.theft, language))

    def _known(self, ticket: Ticket, message: InboundMessage, language: str | None) -> Ticket:
        """What its messages tell; what somebody has said, or the first of them told, stays."""
        ticket = replace(ticket, vip=ticket.vip or self.vips.has(message))
        if ticket.category or ticket.category_by:
            return ticket
        found = self.classified(message, language)
        return replace(ticket, category=found.category or "", category_confidence=round(found.confidence, 3))
