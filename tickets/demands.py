"""What platforms demand of programs that write there: data, and a sentence for whoever comes up against it."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from tickets.ids import Channel
from tickets.model import Shape


class Demands(Shape, frozen=True):
    """Of one platform.

    automatic_answers: so many to one message at most; None: any number.
    label: what an account that answers by itself must bear; empty: nothing.
    consent: channels with whose people its own are joined only as they agree.
    source: where the platform says so.
    """

    automatic_answers: int | None = None
    label: str = ""
    consent: tuple[Channel, ...] = ()
    source: str = ""


NOTHING: Final = Demands()
DEMANDS: Final[Mapping[Channel, Demands]] = MappingProxyType(
    {
        "x": Demands(
            automatic_answers=1,
            label="Automated",
            consent=("email",),
            source="https://help.x.com/en/rules-and-policies/x-automation and "
            "https://docs.x.com/developer-terms/policy, read 2026-11",
        )
    }
)
CONSENT: Final = (
    "X lets nobody link its people with mail addresses without their consent. Send them a code: bringing it is "
    "the consent, and joins the tickets. Or say where they have agreed."
)
LABEL: Final = (
    "X demands that an account which answers by itself bears its label Automated: set it on X under Settings, "
    "Your account, Automation, then say automated_label = true"
)


def demands_of(channel: Channel) -> Demands:
    """Nothing for a platform that demands nothing."""
    return DEMANDS.get(channel, NOTHING)


def needs_consent(ones: Collection[Channel], others: Collection[Channel]) -> bool:
    """Whether people of some channels are joined with those of others only as they agree."""
    return any(
        set(demands_of(channel).consent) & set(there)
        for here, there in ((ones, others), (others, ones))
        for channel in here
    )
