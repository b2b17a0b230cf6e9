"""What nobody has to ask for: clocks are looked at, work is given out, and a person is told in time."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from msgspec.structs import replace

from desk.actors import Actor
from router import entries
from router.assignment import choose, lead_for
from router.clocks import ClockRules, timed
from router.teams import Team
from router.triggers import Triggers
from tickets.ids import UserId
from tickets.lines import CLOCKS
from tickets.model import Ticket, TicketClock, TicketEvent
from tickets.notices import NewNotice, NoticeStore
from tickets.ports import Clock, CrashHook, no_crash
from tickets.records import TicketChange, User
from tickets.storage import AccessStore
from tickets.sweeping import SweepStore

PROGRAM: Final = Actor("program:routing", "Switchboard", "admin")
AT_ONCE: Final = 500
"""Tickets in one transaction."""
UNOWNED: Final = "unowned"
NAMED: Final = 5
"""Tickets that a notice names."""


class SweepRecords(SweepStore, AccessStore, NoticeStore, Protocol):
    """What sweeping needs of a store."""


class Mark(NamedTuple):
    """A clock of a ticket that was warned of, or missed."""

    ticket: Ticket
    clock: TicketClock


class Sweeper:
    """Looks after all tickets.  teams: those that have work given out are served; of all, notices tell."""

    def __init__(
        self,
        store: SweepRecords,
        clock: Clock,
        rules: ClockRules,
        triggers: Triggers,
        teams: Sequence[Team],
        crash: CrashHook = no_crash,
    ) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._triggers = triggers
        self._given = [team.name for team in teams if team.assign]
        self._crash = crash

    async def sweep(self) -> int:
        """Everything that is due by now; how many tickets were changed."""
        return await self.look() + await self.give()

    async def look(self) -> int:
        """Bring clocks up to date; tell of those that are due soon, or overdue."""
        now, changed = self._clock.now(), 0
        marks: list[Mark] = []
        while found := await self._store.list_to_look(now, AT_ONCE):
            people = await self._people()
            moved = [self._looked_at(ticket, people, now) for ticket in found]
            done = await self._apply([change for change, _ in moved], now)
            marks += [mark for _, passed in moved for mark in passed]
            changed += done
            if len(found) < AT_ONCE or not done:
                break
        await self._tell(marks, now)
        return changed

    async def give(self) -> int:
        """Give what nobody has to those who are there, most urgent first; tell where it waits too long."""
        now, given = self._clock.now(), 0
        people = await self._people() if self._given else _People((), {})
        after: tuple[int, datetime] | None = None
        while any(user.duty.works(now) for user in people.users):
            found = await self._store.list_unowned(self._given, after, AT_ONCE)
            changes = list(self._assigned(found, people, now))
            given += await self._apply(changes, now) if changes else 0
            if len(found) < AT_ONCE:
                break
            after = found[-1].priority, found[-1].waiting_since or now
        return given

    async def _apply(self, changes: Sequence[TicketChange], now: datetime) -> int:
        done = await self._store.apply_sweep(changes, now)
        self._crash("sweep.committed")
        return done

    async def alarm(self) -> None:
        """Tell of what nobody has for too long; the one that waits longest is named."""
        found = await self._store.find_unowned()
        late = found is not None and any(c.kind == "pickup" and c.state == "missed" for c in found[0].clocks)
        now = self._clock.now()
        if found is None or not late:
            await self._store.end_notices([UNOWNED], now)
            return
        ticket, count = found
        since = ticket.waiting_since or ticket.created_at
        text = (
            f"Nobody has #{ticket.number} of the team {ticket.team}, which waits since {since:%d %b %H:%M} UTC. "
            f"Tickets that nobody has: {count}. Take them, or have the team's work given out (assign)."
        )
        await self._store.raise_notices([NewNotice("unowned", UNOWNED, text, since)], now)

    async def _people(self) -> "_People":
        return _People(tuple(await self._store.list_users()), Counter(await self._store.count_loads()))

    def _looked_at(self, ticket: Ticket, people: "_People", now: datetime) -> tuple[TicketChange, list[Mark]]:
        after, passed = timed(ticket, now, self._rules)
        told = [entries.clock(ticket, clock, now) for clock in passed]
        if passed and after.assignee is None and (lead := lead_for(after, people.users, people.loads, now)):
            after, event = _handed(after, lead, people, now, why="due soon")
            after, _ = timed(after, now, self._rules)
            told.append(event)
        ruled = self._triggers.apply(after, told, "", now)
        change = _change(ticket, timed(ruled.ticket, now, self._rules)[0], [*told, *ruled.events], now)
        return replace(change, jobs=ruled.jobs), [Mark(after, clock) for clock in passed]

    def _assigned(self, found: Sequence[Ticket], people: "_People", now: datetime) -> Iterator[TicketChange]:
        for ticket in found:
            if user := choose(ticket, people.users, people.loads, now):
                after, event = _handed(ticket, user, people, now, why="least to do")
                yield _change(ticket, timed(after, now, self._rules)[0], [event], now)

    async def _tell(self, marks: Sequence[Mark], now: datetime) -> None:
        """Once an hour for each team, as thousands may be due at once."""
        teams = sorted({mark.ticket.team for mark in marks})
        notices = [_notice(team, [one for one in marks if one.ticket.team == team], now) for team in teams]
        if notices:
            await self._store.raise_notices(notices, now)


class _People(NamedTuple):
    """loads: open tickets of each; counted on as work is given out."""

    users: tuple[User, ...]
    loads: Mapping[UserId, int]


def _handed(
    ticket: Ticket, user: UserId, people: _People, now: datetime, *, why: str
) -> tuple[Ticket, TicketEvent]:
    if isinstance(people.loads, Counter):
        people.loads[user] += 1
    event = TicketEvent("assigned", PROGRAM.key, now, ticket.id, data={"before": None, "after": user, "why": why})
    return replace(ticket, assignee=user), event


def _change(before: Ticket, after: Ticket, events: Sequence[TicketEvent], now: datetime) -> TicketChange:
    moved = replace(after, version=before.version + 1, updated_at=now if events else before.updated_at)
    return TicketChange(ticket=moved, expected_version=before.version, events=tuple(events))


def _notice(team: str, marks: Sequence[Mark], now: datetime) -> NewNotice:
    named = "; ".join(_said(mark) for mark in marks[:NAMED])
    more = f"; and {len(marks) - NAMED} more" if len(marks) > NAMED else ""
    text = f"Clocks of the team {team}: {named}{more}. Answer them, or give them to somebody who can."
    return NewNotice(kind="clock", key=f"clock:{team}:{now:%Y-%m-%dT%H}", text=text, since=now)


def _said(mark: Mark) -> str:
    due = f"{mark.clock.due_at:%H:%M} UTC" if mark.clock.due_at else "now"
    what = CLOCKS[mark.clock.kind]
    if mark.clock.state == "missed":
        return f"the {what} of #{mark.ticket.number} was due at {due}"
    return f"the {what} of #{mark.ticket.number} is due at {due}"
