"""How an answer is doing, in words, and what a person can do about it.  Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from tickets.model import Delivery, DeliveryState
from tickets.records import BOUNCED, BY_HAND

Tone = Literal["calm", "ok", "warn", "danger"]

NEXT_STEPS = {
    "blocked": "The person has blocked this account. Answer on another channel, or close the ticket.",
    "gone": "The conversation no longer exists. Answer on another channel.",
    "credential": "An admin has to renew the account's access; it is sent by itself after that.",
    "too_long": "Shorten the text and answer again.",
    BOUNCED: "Check the address, or answer on another channel; sending again may come back again.",
}
READ_THE_REASON = "Read the reason, then send again or answer on another channel."
CHECK = "Look at the conversation on the platform first: sending again may reach the person twice."


class Action(NamedTuple):
    """A button.  command: the last part of its address."""

    command: Literal["withdraw", "again", "arrived"]
    label: str


STOP = Action("withdraw", "Stop it")
AGAIN = Action("again", "Send again")
ARRIVED = Action("arrived", "It arrived")
POSTED = Action("arrived", "It is posted")
GIVE_UP = Action("withdraw", "Give it up")


@dataclass(frozen=True, slots=True)
class Fate:
    """A delivery as a line under its message.

    headline: said aloud when it changes.  at: a time to show after it.
    """

    delivery: Delivery
    tone: Tone
    icon: str
    headline: str
    detail: str = ""
    step: str = ""
    at: datetime | None = None
    actions: tuple[Action, ...] = ()
    own_box: str = ""
    """Where a person can post it themselves."""
    to_copy: str = ""


def fate_of(delivery: Delivery, now: datetime, leaves_at: datetime | None = None) -> Fate:
    """What to say about a delivery.  leaves_at: when a queued one will leave; None: at its own time."""
    return (
        _queued(delivery, now, leaves_at) if delivery.state == "queued" else _SAID[delivery.state](delivery, now)
    )


def _queued(delivery: Delivery, now: datetime, leaves_at: datetime | None) -> Fate:
    at = max(delivery.next_at, leaves_at or delivery.next_at)
    about = "about " if leaves_at is not None and leaves_at > delivery.next_at else ""
    words = f"Leaves {about or 'at'}".rstrip() if at > now else "Waiting for its turn"
    headline = f"{_pieces(delivery)}{words}"
    return Fate(delivery, "calm", "clock", headline, delivery.detail, "", at if at > now else None, (STOP,))


def _sending(delivery: Delivery, _now: datetime) -> Fate:
    return Fate(delivery, "calm", "loader", f"{_pieces(delivery)}Sending")


def _sent(delivery: Delivery, _now: datetime) -> Fate:
    sent = [part.sent_at for part in delivery.parts if part.sent_at is not None]
    return Fate(delivery, "ok", "check", "Sent", delivery.detail, "", max(sent, default=delivery.updated_at))


def _failed(delivery: Delivery, _now: datetime) -> Fate:
    step = NEXT_STEPS.get(delivery.code, READ_THE_REASON)
    words = "Not delivered: it came back" if delivery.code == BOUNCED else "Not sent"
    return Fate(
        delivery, "danger", "circle-x", f"{_pieces(delivery)}{words}", delivery.detail, step, None, (AGAIN,)
    )


def _unknown(delivery: Delivery, _now: datetime) -> Fate:
    tried = max((part.started_at for part in delivery.parts if part.started_at), default=None)
    return Fate(
        delivery,
        "warn",
        "circle-question-mark",
        "Nobody knows whether it arrived",
        delivery.detail or "The program stopped between sending and hearing back.",
        CHECK,
        tried,
        (ARRIVED, AGAIN),
    )


def _held(delivery: Delivery, _now: datetime) -> Fate:
    if delivery.code == "withdrawn":
        return Fate(delivery, "calm", "undo-2", "Withdrawn, not sent", delivery.detail, "", None, (AGAIN,))
    if delivery.code == BY_HAND:
        return _to_post(delivery)
    step = NEXT_STEPS.get(delivery.code, "")
    return Fate(delivery, "warn", "pause", "Held back", delivery.detail, step, None, (AGAIN,))


def _to_post(delivery: Delivery) -> Fate:
    left = [part.text for part in delivery.parts if part.state != "sent"]
    return Fate(
        delivery,
        "warn",
        "globe",
        f"{_pieces(delivery)}To be posted by hand",
        delivery.detail,
        "Open the reply box, post it, and come back: what was posted is recognised within minutes.",
        None,
        (POSTED, GIVE_UP),
        delivery.target.by_hand,
        "\n\n".join(left),
    )


def _pieces(delivery: Delivery) -> str:
    """How far a delivery of several pieces is; nothing for the usual single one."""
    count = len(delivery.parts)
    sent = sum(part.state == "sent" for part in delivery.parts)
    return f"{sent} of {count} pieces sent. " if count > 1 else ""


_SAID = {
    "sending": _sending,
    "sent": _sent,
    "failed": _failed,
    "unknown": _unknown,
    "held": _held,
}
STATES: dict[DeliveryState, str] = {
    "queued": "waiting",
    "held": "held back",
    "sending": "sending",
    "sent": "sent",
    "failed": "not sent",
    "unknown": "unknown",
}
