"""A ticket's events in words a colleague understands.  Pure."""

from datetime import datetime
from typing import NamedTuple

from console.deliveries import STATES
from console.rows import Names, name_of
from console.words import CHALLENGE_WAYS, WHY
from tickets.ids import UserId
from tickets.lines import CLOCKS
from tickets.model import TicketEnvelope, TicketEvent

NEWEST = 100


class Line(NamedTuple):
    """One line of the history."""

    at: datetime
    text: str


def history_of(ticket: TicketEnvelope, names: Names) -> list[Line]:
    """Newest first."""
    told = [event for event in ticket.events if event.kind not in TOLD_TWICE or _of(ticket, event)]
    return [Line(event.at, _sentence(event, names)) for event in reversed(told[-NEWEST:])]


TOLD_TWICE = ("merged", "taken_apart")
"""Of these the other ticket has a line of its own."""


def _of(ticket: TicketEnvelope, event: TicketEvent) -> bool:
    return event.ticket_id == ticket.ticket.id


def actor_name(actor: str, names: Names) -> str:
    """Who did it: a colleague, a token, or the program itself."""
    kind, _, rest = actor.partition(":")
    if kind == "user":
        return names.get(UserId(rest), "Somebody who left")
    return f"The API ({rest})" if kind == "token" else "Switchboard"


def _sentence(event: TicketEvent, names: Names) -> str:
    who = actor_name(event.actor, names)
    match event.kind:
        case "opened":
            return "The ticket was opened"
        case "received":
            return _received(event)
        case "reopened":
            return "Opened again by a new message" if event.data.get("why") else f"{who} opened it again"
        case "assigned":
            return _assigned(event, who, names)
        case "delivery":
            return _delivered(event)
        case "answered_by_hand":
            return "One of us answered on the platform itself"
        case "reacted":
            signs = event.data.get("signs")
            return f"The person reacted: {signs}" if signs else "The person took a reaction back"
        case "begun":
            return f"{who} began this conversation from #{event.data.get('number')}"
        case "covered":
            return f"{who} covered in a message: {event.data.get('secrets')}"
        case "claimed":
            return f"The person brought the code that they were given in #{event.data.get('number')}"
        case "challenged" | "identified" | "unidentified":
            return _identity(event, who)
        case "incident_joined":
            return f"It belongs to incident {event.data.get('incident')}"
        case "incident_left":
            return f"{who} said that it does not belong to incident {event.data.get('incident')}"
        case "tagged":
            return f"{who} tagged it: {event.data.get('tags') or 'nothing'}"
        case "ruled":
            return f"The rule {event.data.get('rule')} applied: {event.data.get('did') or 'nothing here'}"
        case "categorized" | "handed_over" | "clock_warned" | "clock_missed":
            return _sorted(event, who)
        case "blocked" | "muted":
            return _held_back(event, who)
        case "merged" | "merged_in" | "taken_apart" | "taken_out":
            return f"{who} {_JOINED[event.kind]} #{event.data.get('into', event.data.get('number'))}"
    return f"{who} {_DONE[event.kind]}" if event.kind in _DONE else f"{who}: {event.kind.replace('_', ' ')}"


_DONE = {
    "answered": "answered",
    "asked_for_person": "was asked by the person for a human",
    "closed_by_person": "closed the ticket: the person needs nothing more",
    "drafted": "wrote an answer to be posted by hand",
    "noted": "wrote a note",
    "called": "kept what was said on the phone",
    "closed": "closed the ticket",
    "withdraw": "withdrew an answer",
    "send_again": "sent an answer again",
    "confirm_arrived": "saw that an answer had arrived",
    "raw_read": "read an original message",
    "edited": "kept the earlier version of an edited message",
    "deleted": "kept a message that was deleted",
    "hidden": "had the platform hide a message",
    "unhidden": "had the platform show a message again",
    "erased": "forgot what its author had removed",
    "attachment": "looked after a file",
    "taken_up": "made a ticket of what a feed found",
    "code_given": "sent a code that shows whose this is",
    "lifted": "let the person be heard again",
}
_JOINED = {
    "merged": "merged this ticket into",
    "merged_in": "merged into this ticket",
    "taken_apart": "took this ticket out of",
    "taken_out": "took out of this ticket",
}
_LOOKS = {
    "looked": "Answer: looked for on the platform, not found",
    "not_arrived": "Answer: it had not arrived, so it is sent again",
}
_SAME = {"elsewhere": "The same message came on another channel", "repeat": "The same message came again"}


def _received(event: TicketEvent) -> str:
    return _SAME.get(str(event.data.get("same", "")), "A message came in")


def _assigned(event: TicketEvent, who: str, names: Names) -> str:
    after = event.data.get("after")
    if after is None:
        return f"{who} handed it back to everybody"
    taker = name_of(UserId(str(after)), names)
    return f"{who} took it" if event.actor == f"user:{after}" else f"{who} assigned it to {taker}"


def _sorted(event: TicketEvent, who: str) -> str:
    match event.kind:
        case "categorized":
            return f"{who} said what it is about: {event.data.get('after')}"
        case "handed_over":
            return f"{who} handed it over to {event.data.get('team')}, line {event.data.get('line')}"
    what = next((name for kind, name in CLOCKS.items() if kind == event.data.get("clock")), "")
    return f"The {what} is overdue" if event.kind == "clock_missed" else f"The {what} is due soon"


def _identity(event: TicketEvent, who: str) -> str:
    way = next((words for name, words in CHALLENGE_WAYS.items() if name == event.data.get("way")), "")
    if event.kind == "challenged":
        return f"{who} asked the person to show who they are, {way}"
    by_program = event.actor.partition(":")[0] not in ("user", "token")
    if event.kind == "identified":
        return f"The person showed who they are, {way}" if by_program else f"{who} saw that it is them, {way}"
    return f"{who} said that it does not show who they are, {way}"


def _held_back(event: TicketEvent, who: str) -> str:
    until, why = event.data.get("until"), WHY.get(str(event.data.get("reason", "")), "")
    long = f" until {str(until)[:16].replace('T', ' ')} UTC" if until else " for good"
    return f"{who} {event.kind} the person{long}: {why}"


def _delivered(event: TicketEvent) -> str:
    if (found := _LOOKS.get(str(event.data.get("code", "")))) is not None:
        return found
    state = str(event.data.get("state", ""))
    said = next((text for name, text in STATES.items() if name == state), state)
    return f"Answer: {said}"
