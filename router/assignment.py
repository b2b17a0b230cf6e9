"""Who gets a ticket: somebody of its team who is there, speaks its language and has room.  Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from tickets.ids import UserId
from tickets.model import Ticket
from tickets.records import User


def choose(ticket: Ticket, users: Iterable[User], loads: Mapping[UserId, int], now: datetime) -> UserId | None:
    """Who has least to do; of equals one after the other.  None: nobody can take it now.

    loads: open tickets of each.  A VIP's goes to the highest line there is.
    """
    able = [user for user in users if can_take(user, ticket, loads, now)]
    return _next_of(able, ticket, loads) if able else None


def lead_for(ticket: Ticket, users: Iterable[User], loads: Mapping[UserId, int], now: datetime) -> UserId | None:
    """A lead of the team who is there, however much they have; None: there is none."""
    there = [user for user in users if user.role in ("lead", "admin") and _is_there(user, ticket, now)]
    return _next_of(there, ticket, loads) if there else None


def can_take(user: User, ticket: Ticket, loads: Mapping[UserId, int], now: datetime) -> bool:
    """Whether a ticket may be given to somebody."""
    duty = user.duty
    speaks = not duty.languages or ticket.language is None or ticket.language in duty.languages
    room = not duty.cap or loads.get(user.id, 0) < duty.cap
    return _is_there(user, ticket, now) and speaks and room and duty.line >= ticket.line


def _is_there(user: User, ticket: Ticket, now: datetime) -> bool:
    return user.active and user.role != "viewer" and ticket.team in user.duty.teams and user.duty.works(now)


def _next_of(able: Sequence[User], ticket: Ticket, loads: Mapping[UserId, int]) -> UserId:
    """The ticket's number says with whom of equals one begins, so that all workers say the same."""
    turn = ticket.number % len(able)
    in_turn = [*able[turn:], *able[:turn]]
    return min(in_turn, key=lambda user: (-user.duty.line if ticket.vip else 0, loads.get(user.id, 0))).id
