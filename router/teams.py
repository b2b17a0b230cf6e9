"""Whose work a ticket is: the team for what it is about, and for its language.  Pure."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from tickets.ids import Channel


class Team(NamedTuple):
    """Who does a part of the work.

    categories, languages, channels: of which it gets tickets; empty: of any, as far as another is not named for
    them.  vip: it has those of VIPs, who skip the lines.  security: it has stolen accounts, fraud and threats.
    restricted: only its members, leads and admins see its tickets, once it has members.  assign: tickets are
    given to those who are there; else they take them.
    """

    name: str
    categories: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    channels: frozenset[Channel] = frozenset()
    vip: bool = False
    security: bool = False
    restricted: bool = False
    assign: bool = False


SECURITY: Final = Team("security", security=True, restricted=True)


class Case(NamedTuple):
    """What of a ticket decides whose it is.  category empty, language None: unknown."""

    category: str
    language: str | None
    channel: Channel
    vip: bool = False
    serious: bool = False


def team_for(case: Case, teams: Iterable[Team], default: str) -> str:
    """The name of the team that is named for most of a case; of equals the first; else ``default``."""
    best = max(teams, key=lambda team: _fit(team, case), default=None)
    return best.name if best is not None and _fit(best, case) > 0 else default


def _fit(team: Team, case: Case) -> int:
    """How closely a team is meant; below 0: not at all."""
    named: list[tuple[object, int]] = []
    if team.security:
        return 1_000 if case.serious else -1
    if team.vip:
        named.append((case.vip, 100))
    if team.categories:
        named.append((case.category in team.categories, 10))
    if team.languages:
        named.append((case.language in team.languages, 3))
    if team.channels:
        named.append((case.channel in team.channels, 1))
    return sum(weight for _, weight in named) if all(holds for holds, _ in named) else -1
