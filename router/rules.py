"""Policy as data: the first row whose test holds decides team and manners."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import NamedTuple

from tickets.ids import AccountId
from tickets.model import InboundMessage, Restriction


class Outcome(NamedTuple):
    """team: whose a new ticket goes.  counts: whether the person now waits for us.
    acknowledge: whether they may be told that it arrived.  open: whether a new ticket is.
    """

    team: str
    counts: bool
    acknowledge: bool
    open: bool = True


class Rule(NamedTuple):
    """name: kept with the ticket's opening event, so that the reason can be read."""

    name: str
    test: Callable[[InboundMessage], bool]
    outcome: Outcome


MACHINE_TEAM = "machine mail"


def is_young(message: InboundMessage, within: timedelta) -> bool:
    """Whether its author joined the platform so shortly before, as far as the platform tells."""
    since = message.author.since
    return since is not None and message.sent_at - since < within


def rule_table(default_team: str, young: timedelta = timedelta(0)) -> tuple[Rule, ...]:
    """The rules in order; the last one always holds.  young: for how long somebody is new to a platform."""
    return (
        Rule("machine", lambda m: m.automatic is not None, Outcome(MACHINE_TEAM, False, False)),
        Rule("forged", lambda m: m.authenticity.verdict == "failed", Outcome(default_team, True, False)),
        Rule("unverified", lambda m: m.authenticity.verdict != "verified", Outcome(default_team, True, False)),
        Rule("feed", lambda m: bool(m.feed), Outcome(default_team, True, False)),
        Rule("young", lambda m: is_young(m, young), Outcome(default_team, True, False)),
        Rule("person", lambda _: True, Outcome(default_team, True, True)),
    )


AliasTeams = Mapping[tuple[AccountId, str], str]
"""By account and alias, in lower case: where a new ticket goes."""


def decide(message: InboundMessage, rules: tuple[Rule, ...], aliases: AliasTeams) -> Rule:
    """The first rule that holds; a person's message to an alias goes to its team.  Pure."""
    rule = next(rule for rule in rules if rule.test(message))
    team = aliases.get((message.account, message.alias))
    if team is None or not rule.outcome.counts:
        return rule
    return Rule(f"{rule.name}, to {message.alias}", rule.test, rule.outcome._replace(team=team))


def held_back(rule: Rule, restriction: Restriction | None) -> Rule:
    """What a restriction leaves of a rule: blocked people wait for nobody, muted ones get no automatic answer."""
    if restriction is None:
        return rule
    if restriction.kind == "block":
        return Rule("blocked", rule.test, Outcome(rule.outcome.team, counts=False, acknowledge=False, open=False))
    return Rule("muted", rule.test, rule.outcome._replace(acknowledge=False))
