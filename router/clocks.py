"""By when something is to happen to a ticket, and what became of that.  Pure: from the ticket's state alone.

A clock runs as long as its reason does: nobody has the ticket, the person waits, it is not closed.  The last one
is paused while we wait for the person.  Nothing else needs to be remembered, so that a restart changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from msgspec.structs import replace

from router.hours import ALWAYS, Hours
from router.priority import MUTED
from tickets.ids import Channel
from tickets.lines import CLOCKS
from tickets.model import ClockKind, ClockState, Reason, Ticket, TicketClock

Targets = Mapping[ClockKind, float]
"""Working time in seconds; what is not named, or 0, has no clock."""
CHAT: Final[Targets] = {"pickup": 300, "first": 600, "next": 1_200, "resolution": 86_400}
EMAIL: Final[Targets] = {"pickup": 1_800, "first": 3_600, "next": 7_200, "resolution": 172_800}
WARN_AT: Final = 0.8
"""So much of its time may be over before somebody is warned."""
ROUNDED_S: Final = 0.001
WAITING: Final = "its clock:"
"""How the reason begins that clocks add to a priority."""


class Timing(NamedTuple):
    """Which clocks somebody's tickets have, and when work is done on them."""

    targets: Targets
    hours: Hours = ALWAYS


class Applies(NamedTuple):
    """Where targets apply.  None and empty: everywhere."""

    channels: frozenset[Channel] = frozenset()
    teams: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    vip: bool | None = None

    def to(self, ticket: Ticket) -> bool:
        """Whether all that is named is true of a ticket."""
        return (
            (not self.channels or ticket.channel in self.channels)
            and (not self.teams or ticket.team in self.teams)
            and (not self.categories or ticket.category in self.categories)
            and self.vip in (None, ticket.vip)
        )


class ClockRules(NamedTuple):
    """targets: later ones go before earlier ones.  hours: of teams; of others ``otherwise``.

    warned and missed: points of priority.
    """

    targets: tuple[tuple[Applies, Targets], ...] = ((Applies(), CHAT), (Applies(frozenset({"email"})), EMAIL))
    hours: Mapping[str, Hours] = {}
    otherwise: Hours = ALWAYS
    warned: int = 10
    missed: int = 20

    def of(self, ticket: Ticket) -> Timing:
        """What applies to a ticket."""
        found: dict[ClockKind, float] = {}
        for applies, targets in self.targets:
            if applies.to(ticket):
                found |= targets
        found = {kind: seconds for kind, seconds in found.items() if seconds > 0}
        return Timing(found, self.hours.get(ticket.team, self.otherwise))


def timed(ticket: Ticket, now: datetime, rules: ClockRules) -> tuple[Ticket, tuple[TicketClock, ...]]:
    """The ticket with its clocks as they stand now, and those that have just been warned of, or missed.

    To be asked after every change, and when ``Ticket.look_at`` says so.
    """
    ticket = _answered(ticket, now)
    timing = rules.of(ticket)
    had = {clock.kind: clock for clock in ticket.clocks}
    clocks = tuple(_moved(clock, timing.hours, now) for clock in _wanted(ticket, had, timing, now))
    passed = tuple(
        clock
        for clock in clocks
        if clock.state in ("warned", "missed") and _was(had.get(clock.kind), clock) != clock.state
    )
    next_look = min((clock.look_at for clock in clocks if clock.look_at is not None), default=None)
    return _weighed(replace(ticket, clocks=clocks, look_at=next_look), rules), passed


def _answered(ticket: Ticket, now: datetime) -> Ticket:
    """The first answer is on its way when we wait for the person for the first time."""
    if ticket.answered_at is None and ticket.status == "pending" and ticket.waiting_since is None:
        return replace(ticket, answered_at=now)
    return ticket


def _was(before: TicketClock | None, clock: TicketClock) -> ClockState | None:
    return before.state if before is not None and before.since == clock.since else None


def _wanted(
    ticket: Ticket, had: Mapping[ClockKind, TicketClock], timing: Timing, now: datetime
) -> Iterator[TicketClock]:
    """Those whose reason holds, begun anew where it is a new one."""
    for kind, since in _reasons(ticket, had):
        target_s = timing.targets.get(kind)
        if target_s is None:
            continue
        known = had.get(kind)
        if known is None or known.since != since:
            known = TicketClock(kind, since, timing.hours.after(since, target_s), target_s)
        yield _paused_or_not(_aimed(known, target_s, timing.hours, now), ticket, timing.hours, now)


def _reasons(ticket: Ticket, had: Mapping[ClockKind, TicketClock]) -> Iterator[tuple[ClockKind, datetime]]:
    """Why a clock runs, and since when; that for the whole since the person first waited."""
    held_back = any(reason.label == MUTED for reason in ticket.priority_reasons)
    if ticket.status == "closed" or ticket.merged_into is not None or held_back:
        return
    if ticket.waiting_since is not None:
        if ticket.assignee is None:
            yield "pickup", ticket.waiting_since
        yield "next" if ticket.answered_at else "first", ticket.waiting_since
    if "resolution" in had:
        yield "resolution", had["resolution"].since
    elif ticket.waiting_since is not None:
        yield "resolution", ticket.waiting_since


def _aimed(clock: TicketClock, target_s: float, hours: Hours, now: datetime) -> TicketClock:
    """With another target, after the ticket has gone elsewhere; what was used up stays so."""
    if clock.target_s == target_s:
        return clock
    more = target_s - clock.target_s
    if clock.due_at is None:
        return replace(clock, target_s=target_s, left_s=max(0.0, clock.left_s + more))
    left = hours.between(now, clock.due_at) - hours.between(clock.due_at, now) + more
    due = hours.after(now, left) if left > 0 else now
    return replace(clock, target_s=target_s, due_at=due, state="running")


def _paused_or_not(clock: TicketClock, ticket: Ticket, hours: Hours, now: datetime) -> TicketClock:
    """A resolution waits with us for the person."""
    waits = clock.kind == "resolution" and ticket.status == "pending"
    if waits and clock.due_at is not None and clock.state != "missed":
        return replace(clock, due_at=None, look_at=None, state="paused", left_s=hours.between(now, clock.due_at))
    if not waits and clock.state == "paused":
        return replace(clock, due_at=hours.after(now, clock.left_s), state="running", left_s=0.0)
    return clock


def _moved(clock: TicketClock, hours: Hours, now: datetime) -> TicketClock:
    """Warned or missed by now, with the time of the next of these."""
    if clock.due_at is None:
        return clock
    if now >= clock.due_at:
        return replace(clock, state="missed", look_at=None)
    if hours.between(now, clock.due_at) <= clock.target_s * (1 - WARN_AT) + ROUNDED_S:
        return replace(clock, state="warned", look_at=clock.due_at)
    used = hours.between(clock.since, clock.due_at) - clock.target_s * (1 - WARN_AT)
    return replace(clock, state="running", look_at=hours.after(clock.since, used))


def _weighed(ticket: Ticket, rules: ClockRules) -> Ticket:
    """With what its clocks add to its priority, in place of what they added before."""
    others = tuple(one for one in ticket.priority_reasons if not one.label.startswith(WAITING))
    reason = _reason(ticket.clocks, rules)
    reasons = (*others, reason) if reason else others
    if reasons == ticket.priority_reasons:
        return ticket
    total = max(0, min(100, sum(one.points for one in reasons)))
    return replace(ticket, priority=total, priority_reasons=reasons)


def _reason(clocks: Iterable[TicketClock], rules: ClockRules) -> Reason | None:
    states = {clock.state: clock for clock in clocks}
    if (missed := states.get("missed")) is not None:
        return Reason(f"{WAITING} {CLOCKS[missed.kind]} is overdue", rules.missed)
    if (warned := states.get("warned")) is not None:
        return Reason(f"{WAITING} {CLOCKS[warned.kind]} is due soon", rules.warned)
    return None
