"""Who gives a command, and what they may."""

from typing import Literal

from tickets.errors import Forbidden
from tickets.ids import UserId
from tickets.model import Role, Shape

Right = Literal["read", "work", "direct", "oversee", "administer"]
"""read: see tickets.  work: answer, note, claim, close.  direct: hand work to others.
oversee: read originals in which secrets stand.
administer: users, tokens, quarantine."""

RIGHTS: dict[Role, frozenset[Right]] = {
    "viewer": frozenset({"read"}),
    "agent": frozenset({"read", "work", "direct"}),
    "lead": frozenset({"read", "work", "direct", "oversee"}),
    "admin": frozenset({"read", "work", "direct", "oversee", "administer"}),
}


class Actor(Shape, frozen=True):
    """A person, a token or the program itself.

    key: stands in events and idempotency keys, e.g. ``user:…``.  name: shown
    to colleagues.  user_id: None for tokens and the program.
    """

    key: str
    name: str
    role: Role
    user_id: UserId | None = None

    def may(self, right: Right) -> bool:
        return right in RIGHTS[self.role]

    def require(self, right: Right) -> None:
        """Raises Forbidden."""
        if not self.may(right):
            raise Forbidden(f"Your role ({self.role}) does not allow this. Ask an admin for another role.")
