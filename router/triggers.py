"""The operator's rules: when something happens to a ticket, and all of a condition holds, something is done.

Pure: what a ticket becomes is said here; what must be done outside of it (notes, answers, hooks) is left to a job.
What a rule does sets off no other rule.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from router.lexicon import Lexicon
from router.priority import total
from tickets.ids import AccountId, Channel
from tickets.model import Reason, Ticket, TicketEvent, TicketStatus
from tickets.records import NewJob
from tickets.segments import fold

Happening = Literal[
    "opened", "received", "reopened", "answered", "closed", "assigned", "categorized", "handed_over",
    "asked_for_person", "covered", "identified", "clock_warned", "clock_missed",
]  # fmt: skip
ACTOR: Final = "program:rules"
RULE: Final = "rule"
"""The kind of the job that does what is to be done outside."""
LOOKED_AT_CHARS: Final = 4_000


class Condition(NamedTuple):
    """What must be true of a ticket.  Empty, None and 0: anything.

    words: of which one stands in what was said; beginnings of words, in any language.
    """

    channels: frozenset[Channel] = frozenset()
    accounts: frozenset[AccountId] = frozenset()
    teams: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    statuses: frozenset[TicketStatus] = frozenset()
    tags: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    vip: bool | None = None
    owned: bool | None = None
    priority_from: int = 0
    line_from: int = 0

    def holds(self, ticket: Ticket) -> bool:
        """Of all but the words."""
        named: tuple[tuple[frozenset[object], object], ...] = (
            (frozenset(self.channels), ticket.channel),
            (frozenset(self.accounts), ticket.account),
            (frozenset(self.teams), ticket.team),
            (frozenset(self.categories), ticket.category),
            (frozenset(self.languages), ticket.language),
            (frozenset(self.statuses), ticket.status),
        )
        return (
            all(not known or value in known for known, value in named)
            and (not self.tags or not self.tags.isdisjoint(ticket.tags))
            and self.vip in (None, ticket.vip)
            and self.owned in (None, ticket.assignee is not None)
            and ticket.priority >= self.priority_from
            and ticket.line >= self.line_from
        )


class Action(NamedTuple):
    """What is done.  Empty and 0: nothing of the kind.

    priority: points.  assign: a user's name.  notify: a sentence for the team.  reply: a prepared answer's name.
    hook: a name of the configured ones.  hold: no automatic answer leaves.
    """

    team: str = ""
    line: int = 0
    category: str = ""
    priority: int = 0
    tags: tuple[str, ...] = ()
    assign: str = ""
    note: str = ""
    notify: str = ""
    reply: str = ""
    hook: str = ""
    hold: bool = False

    @property
    def outside(self) -> bool:
        """Whether something is left to a job."""
        return bool(self.assign or self.note or self.notify or self.reply or self.hook)

    def said(self) -> str:
        """In short, for the ticket's history."""
        told = {name: value for name, value in self._asdict().items() if value}
        return ", ".join(
            f"{name} {_plain(value)}" for name, value in told.items() if name not in ("note", "notify")
        )


class Trigger(NamedTuple):
    """A rule.  when: what must happen."""

    name: str
    when: frozenset[Happening]
    condition: Condition
    action: Action


class Applied(NamedTuple):
    """What rules made of a ticket.  hold: no automatic answer leaves."""

    ticket: Ticket
    events: tuple[TicketEvent, ...] = ()
    jobs: tuple[NewJob, ...] = ()
    hold: bool = False


class Triggers:
    """All rules, in their order."""

    def __init__(self, triggers: Sequence[Trigger] = ()) -> None:
        self.all = tuple(triggers)

    def apply(self, ticket: Ticket, events: Iterable[TicketEvent], said: str, now: datetime) -> Applied:
        """What follows from events of a ticket; each rule at most once.  said: what was written, or nothing."""
        done = Applied(ticket)
        for trigger, event in self._set_off(ticket, tuple(events), said):
            done = _carried_out(trigger, event, done, now)
        return done

    def matching(self, ticket: Ticket, event: TicketEvent, said: str) -> Iterator[Trigger]:
        """Rules that an event of a ticket sets off."""
        for trigger, _ in self._set_off(ticket, (event,), said):
            yield trigger

    def _set_off(
        self, ticket: Ticket, events: tuple[TicketEvent, ...], said: str
    ) -> Iterator[tuple[Trigger, TicketEvent]]:
        found: Mapping[str, object] | None = None
        for trigger in self.all:
            event = next((one for one in events if one.kind in trigger.when), None)
            if event is None or not trigger.condition.holds(ticket):
                continue
            if trigger.condition.words:
                found = self._words.find(fold(said[:LOOKED_AT_CHARS])) if found is None else found
                if trigger.name not in found:
                    continue
            yield trigger, event

    @cached_property
    def _words(self) -> Lexicon[str]:
        return Lexicon({one.name: one.condition.words for one in self.all if one.condition.words})


def _carried_out(trigger: Trigger, event: TicketEvent, done: Applied, now: datetime) -> Applied:
    action, ticket = trigger.action, done.ticket
    reasons = ticket.priority_reasons
    if action.priority:
        reasons = (
            *(one for one in reasons if one.label != _label(trigger)),
            Reason(_label(trigger), action.priority),
        )
    moved = replace(
        ticket,
        team=action.team or ticket.team,
        line=action.line or ticket.line,
        category=action.category or ticket.category,
        category_by=ACTOR if action.category else ticket.category_by,
        category_confidence=1.0 if action.category else ticket.category_confidence,
        priority_reasons=reasons,
        priority=total(reasons) if action.priority else ticket.priority,
        tags=tuple(dict.fromkeys((*ticket.tags, *action.tags))),
    )
    data: dict[str, str | int | None] = {"rule": trigger.name, "on": event.kind, "did": action.said()}
    told = TicketEvent("ruled", ACTOR, now, ticket.id, message_id=event.message_id, data=data)
    return Applied(
        moved, (*done.events, told), (*done.jobs, *_jobs(trigger, event, ticket, now)), done.hold or action.hold
    )


def _jobs(trigger: Trigger, event: TicketEvent, ticket: Ticket, now: datetime) -> tuple[NewJob, ...]:
    if not trigger.action.outside:
        return ()
    key = f"{RULE}:{trigger.name}:{event.kind}:{ticket.id}:{ticket.version}"
    payload = {"rule": trigger.name, "on": event.kind, "ticket": ticket.id, "message": event.message_id or ""}
    return (NewJob(RULE, key, now, payload),)


def _label(trigger: Trigger) -> str:
    return f"rule {trigger.name}"


def _plain(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else "" if value is True else str(value)
