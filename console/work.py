"""Whose work a ticket is, what it is about and by when: in words, for the panel.  Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from console.words import ENTITIES
from desk.commands import Desk
from tickets.lines import CLOCKS, LINES
from tickets.model import ClockState, EntityKind, TicketClock, TicketEnvelope

TONES: Mapping[ClockState, str] = {"running": "", "paused": "", "warned": "warn", "missed": "danger"}


class Choice(NamedTuple):
    """A category to choose.  key: the digit that chooses it; empty beyond the ninth."""

    name: str
    title: str
    key: str


class ClockLine(NamedTuple):
    """A clock in words.  due: None while it is paused."""

    what: str
    due: datetime | None
    tone: str


class Work(NamedTuple):
    """about: the category, empty when unsure; said: how sure that is.  missing: what could be asked for."""

    about: str
    said: str
    choices: tuple[Choice, ...]
    teams: tuple[str, ...]
    lines: range
    clocks: tuple[ClockLine, ...]
    missing: tuple[tuple[EntityKind, str], ...]


def work_of(ticket: TicketEnvelope, desk: Desk) -> Work:
    """A ticket's work for whoever looks at it."""
    titles = desk.categories()
    case = ticket.ticket
    sure = "as somebody said" if case.category_by else f"{case.category_confidence:.0%} sure"
    return Work(
        about=titles.get(case.category, case.category),
        said=sure if case.category else "",
        choices=tuple(
            Choice(name, title, str(at) if at < 10 else "") for at, (name, title) in enumerate(titles.items(), 1)
        ),
        teams=desk.team_names(),
        lines=range(1, LINES + 1),
        clocks=tuple(_line(clock) for clock in case.clocks),
        missing=tuple((kind, ENTITIES[kind]) for kind in desk.missing(ticket)),
    )


def heat_of(clocks: tuple[TicketClock, ...]) -> str:
    """How bad it is: ``calm``, ``warm`` when something is due soon, ``hot`` when overdue; empty: no clock."""
    states = {clock.state for clock in clocks}
    return "hot" if "missed" in states else "warm" if "warned" in states else "calm" if clocks else ""


def _line(clock: TicketClock) -> ClockLine:
    words = {"paused": ", paused while we wait for the person", "missed": ", overdue", "warned": ", due soon"}
    return ClockLine(
        CLOCKS[clock.kind].capitalize() + words.get(clock.state, ""), clock.due_at, TONES[clock.state]
    )
