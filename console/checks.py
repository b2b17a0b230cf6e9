"""Who somebody has shown to be, in words a colleague understands.  Pure."""

from datetime import datetime
from typing import NamedTuple

from console import words
from console.history import actor_name
from console.rows import Names
from desk.answered import joined_since
from desk.commands import Desk
from tickets.model import Challenge, ChallengeWay, TicketEnvelope

ABOUT = {"questions": "asked: {0}", "code": "a code went to {0}", "sign_in": "at {0}"}


class Line(NamedTuple):
    """One challenge.

    until: when what is said ends; None: it has ended.  judge: a colleague can
    say whether it is them.  revoke: or that it does not count.
    """

    challenge: Challenge
    tone: str
    icon: str
    text: str
    until: datetime | None = None
    judge: bool = False
    revoke: bool = False


class Checks(NamedTuple):
    """lines: the newest first.  ways: how somebody can be asked.  questions: by name, in the default language."""

    lines: tuple[Line, ...]
    ways: tuple[ChallengeWay, ...]
    questions: dict[str, str]


def checks_of(ticket: TicketEnvelope, desk: Desk, names: Names, now: datetime) -> Checks:
    """What there is to say about who the people of a ticket are."""
    people = {one.id: one.display_name for one in ticket.identities}
    lines = [
        _line(ticket, one, people.get(one.identity_id, "Somebody"), names, now)
        for one in reversed(ticket.challenges)
    ]
    return Checks(tuple(lines), desk.ways, desk.questions)


def _line(ticket: TicketEnvelope, one: Challenge, name: str, names: Names, now: datetime) -> Line:
    seen_by = f" (seen by {actor_name(one.judged_by, names)})" if one.judged_by else ""
    if one.holds(now) and joined_since(ticket, one):
        text = f"{name} has shown who they are{seen_by}, but a code has joined another name since: ask anew"
        return Line(one, "warn", "shield-alert", text, one.holds_until, revoke=True)
    if one.holds(now):
        text = f"{name} has shown who they are{seen_by}: {one.evidence}"
        return Line(one, "ok", "shield-check", text, one.holds_until, revoke=True)
    if one.state == "shown":
        return Line(one, "", "clock", f"{name} showed who they are{seen_by}, too long ago: {one.evidence}")
    if one.state == "failed":
        return Line(one, "danger", "shield-alert", f"{name} has not shown who they are{seen_by}: {one.evidence}")
    about = ABOUT[one.way].format(one.about)
    by_person = one.way == "questions"
    if one.open(now):
        text = f"{name} was asked to show who they are {words.CHALLENGE_WAYS[one.way]}: {about}"
        return Line(one, "warn", "shield-question-mark", text, one.answer_by, judge=by_person, revoke=True)
    text = f"{name} did not show in time who they are: {about}"
    return Line(one, "", "clock", text, judge=by_person, revoke=by_person)
