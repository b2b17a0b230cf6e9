"""Teams, categories, hours, clocks and weights: as they are configured, and as the router knows them."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from router.categories import DEFAULTS, Category
from router.clocks import CHAT, EMAIL, Applies, ClockRules, Targets
from router.hours import ALWAYS, DAYS, Hours, read_hours
from router.language import KNOWN_LANGUAGES
from router.priority import Weights
from router.teams import SECURITY, Team
from router.triggers import Action, Condition, Happening, Trigger, Triggers
from tickets.ids import Channel
from tickets.lines import LINES
from tickets.model import ClockKind, EntityKind, TicketStatus
from tickets.secret import Secret

MINUTE_S: Final = 60.0
FEWEST_CHARS: Final = 32
"""Of a secret that signs calls."""
SAFE: Final = re.compile(r"https://.|http://(?:localhost|127\.0\.0\.1)[:/]")
Mistake = Callable[[tuple[str, ...], str], None]
"""Told of a key and the end of a sentence about it."""


class TeamTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[teams.NAME]``.  What a list does not name counts as any."""

    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    vip: bool = False
    """It has what VIPs write."""
    security: bool = False
    """It has stolen accounts, fraud and threats."""
    restricted: bool = False
    """Only its members, leads and admins see its tickets, once it has members."""
    assign: bool = False
    """Tickets are given to its members who are there; else they take them."""
    hours: str = ""
    """When it works, a name of ``[hours]``; empty: day and night."""


class CategoryTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[categories.NAME]``: a category of one's own, or more about one of ours."""

    title: str = ""
    words: dict[str, tuple[str, ...]] = {}
    """By language: beginnings of words by which it is recognised."""
    needs: tuple[EntityKind, ...] | None = None
    """What a good request of it names; what is missing is shown, ready to be asked for."""
    off: bool = False
    """It is not used."""


class HoursTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[hours.NAME]``: several spans a day, as ``"09:00-12:30"``."""

    zone: str = "UTC"
    holidays: tuple[str, ...] = ()
    mon: tuple[str, ...] = ()
    tue: tuple[str, ...] = ()
    wed: tuple[str, ...] = ()
    thu: tuple[str, ...] = ()
    fri: tuple[str, ...] = ()
    sat: tuple[str, ...] = ()
    sun: tuple[str, ...] = ()


class ClockTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[clocks.NAME]``: for tickets of which all holds that it names; later tables go before earlier ones.

    None leaves a clock as it is, 0 takes it away.
    """

    channels: tuple[Channel, ...] = ()
    teams: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    vip: bool | None = None
    pickup_minutes: float | None = None
    first_minutes: float | None = None
    next_minutes: float | None = None
    resolution_hours: float | None = None


class ConditionTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[rules.NAME.if]``: all of it must hold; what is not named may be anything."""

    channels: tuple[Channel, ...] = ()
    accounts: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    statuses: tuple[TicketStatus, ...] = ()
    tags: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """One of these stands in what was written; beginnings of words."""
    vip: bool | None = None
    owned: bool | None = None
    """Somebody has it."""
    priority_from: int = 0
    line_from: int = 0


class ActionTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[rules.NAME.then]``."""

    team: str = ""
    line: int = 0
    category: str = ""
    priority: int = 0
    """Points more, or less."""
    tags: tuple[str, ...] = ()
    assign: str = ""
    """A user's name."""
    note: str = ""
    notify: str = ""
    """A notice to the team."""
    reply: str = ""
    """A prepared answer's name."""
    hook: str = ""
    """A name of ``[hooks]``."""
    hold: bool = False
    """No automatic answer leaves: a person answers."""


class RuleTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[rules.NAME]``: when something happens, and all of ``if`` holds, then something is done."""

    when: tuple[Happening, ...]
    condition: ConditionTable = msgspec.field(default=ConditionTable(), name="if")
    then: ActionTable


class HookTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[hooks.NAME]``: a program of the operator's that rules may call."""

    url: str
    secret: Secret
    """Shared with it; it signs each call."""
    timeout_s: float = 10.0


class PriorityTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[priority]``: points from 0 to 100 that each reason adds, or below 0 takes."""

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
    clock_warned: int = 10
    clock_missed: int = 20


class Routing(msgspec.Struct, frozen=True):
    """All tables of these kinds, by name."""

    teams: dict[str, TeamTable] = {}
    categories: dict[str, CategoryTable] = {}
    hours: dict[str, HoursTable] = {}
    clocks: dict[str, ClockTable] = {}
    rules: dict[str, RuleTable] = {}
    hooks: dict[str, HookTable] = {}


TABLES: Final[Mapping[str, type[msgspec.Struct]]] = {
    "teams": TeamTable,
    "categories": CategoryTable,
    "hours": HoursTable,
    "clocks": ClockTable,
    "rules": RuleTable,
    "hooks": HookTable,
}


def teams_of(routing: Routing) -> tuple[Team, ...]:
    """Without one for security there is ours."""
    named = tuple(
        Team(
            name,
            frozenset(table.categories),
            frozenset(table.languages),
            frozenset(table.channels),
            table.vip,
            table.security,
            table.restricted,
            table.assign,
        )
        for name, table in routing.teams.items()
    )
    return named if any(team.security for team in named) else (*named, SECURITY)


def categories_of(routing: Routing) -> dict[str, Category]:
    """Ours, with what is said about them, and the operator's own."""
    found = dict(DEFAULTS)
    for name, table in routing.categories.items():
        known = found.pop(name, Category(name))
        if not table.off:
            needs = known.needs if table.needs is None else table.needs
            found[name] = Category(table.title or known.title, needs, table.words)
    return found


def clocks_of(routing: Routing, points: PriorityTable) -> ClockRules:
    """Ours for chats and mail, and what is said otherwise."""
    hours = {name: _hours(table) for name, table in routing.hours.items()}
    named = tuple(
        (
            Applies(frozenset(table.channels), frozenset(table.teams), frozenset(table.categories), table.vip),
            _targets(table),
        )
        for table in routing.clocks.values()
    )
    return ClockRules(
        targets=((Applies(), CHAT), (Applies(frozenset({"email"})), EMAIL), *named),
        hours={name: hours.get(table.hours, ALWAYS) for name, table in routing.teams.items()},
        warned=points.clock_warned,
        missed=points.clock_missed,
    )


def triggers_of(routing: Routing) -> Triggers:
    """The operator's rules, in the order of the file."""
    return Triggers([_trigger(name, table) for name, table in routing.rules.items()])


def weights_of(points: PriorityTable) -> Weights:
    """Those of messages."""
    return Weights(**{name: getattr(points, name) for name in Weights._fields})


def find_mistakes(routing: Routing, default_team: str, mistake: Mistake) -> None:
    """Names that lead nowhere, hours that are none, targets below 0."""
    categories, teams = categories_of(routing), {default_team, *(team.name for team in teams_of(routing))}
    for path, name, known, what in _names(routing):
        if (
            name
            not in {"category": categories, "team": teams, "hours": routing.hours, "hook": routing.hooks}[known]
        ):
            mistake(path, f"names no {what}: {name!r}")
    for name, table in routing.hours.items():
        try:
            _hours(table)
        except ValueError as error:
            mistake(("hours", name), str(error))
    for name, category in routing.categories.items():
        if unknown := sorted(set(category.words) - KNOWN_LANGUAGES):
            mistake(("categories", name, "words"), f"has no language {unknown[0]!r}; write e.g. en")
    for name, rule in routing.rules.items():
        if not rule.when:
            mistake(("rules", name, "when"), "names nothing that may happen")
        if rule.then == ActionTable():
            mistake(("rules", name, "then"), "does nothing; name e.g. a team or tags")
        if not 0 <= rule.then.line <= LINES:
            mistake(("rules", name, "then", "line"), f"must be between 1 and {LINES}")
    for name, hook in routing.hooks.items():
        if not SAFE.match(hook.url):
            mistake(("hooks", name, "url"), "must begin with https://")
        if len(hook.secret.reveal()) < FEWEST_CHARS:
            mistake(("hooks", name, "secret"), f"must have at least {FEWEST_CHARS} characters")
        if not 1 <= hook.timeout_s <= 60:
            mistake(("hooks", name, "timeout_s"), "must be between 1 and 60")
    for name, clock in routing.clocks.items():
        if any(value < 0 for value in _targets(clock).values()):
            mistake(("clocks", name), "has a time below 0")


def _names(routing: Routing) -> Iterator[tuple[tuple[str, ...], str, str, str]]:
    """Every name in a table that must be known: where it stands, the name, of what, and what to call that."""
    for name, team in routing.teams.items():
        for category in team.categories:
            yield ("teams", name, "categories"), category, "category", "category"
        if team.hours:
            yield ("teams", name, "hours"), team.hours, "hours", "table [hours.…]"
    for name, clock in routing.clocks.items():
        for category in clock.categories:
            yield ("clocks", name, "categories"), category, "category", "category"
        for one in clock.teams:
            yield ("clocks", name, "teams"), one, "team", "team"
    for name, rule in routing.rules.items():
        for kind, told in (("team", rule.condition.teams), ("category", rule.condition.categories)):
            for one in told:
                yield ("rules", name, "if"), one, kind, kind
        for kind, one in (("team", rule.then.team), ("category", rule.then.category), ("hook", rule.then.hook)):
            if one:
                yield (
                    ("rules", name, "then", kind),
                    one,
                    kind,
                    f"{kind} that is configured" if kind == "hook" else kind,
                )


def _trigger(name: str, table: RuleTable) -> Trigger:
    told = msgspec.structs.asdict(table.condition)
    listed = {"channels", "accounts", "teams", "categories", "languages", "statuses", "tags"}
    fields: dict[str, Any] = {key: frozenset(one) if key in listed else one for key, one in told.items()}
    return Trigger(name, frozenset(table.when), Condition(**fields), Action(**msgspec.structs.asdict(table.then)))


def _hours(table: HoursTable) -> Hours:
    return read_hours(
        table.zone, {day: getattr(table, day) for day in DAYS if getattr(table, day)}, table.holidays
    )


def _targets(table: ClockTable) -> Targets:
    told: dict[ClockKind, float | None] = {
        "pickup": _seconds(table.pickup_minutes, MINUTE_S),
        "first": _seconds(table.first_minutes, MINUTE_S),
        "next": _seconds(table.next_minutes, MINUTE_S),
        "resolution": _seconds(table.resolution_hours, 60 * MINUTE_S),
    }
    return {kind: seconds for kind, seconds in told.items() if seconds is not None}


def _seconds(value: Any, unit_s: float) -> float | None:
    return None if value is None else value * unit_s
