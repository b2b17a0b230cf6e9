"""What the parts of the platform share: records, switches, the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from simulators.backstage import Backstage
from simulators.faults import Fault, Faults
from simulators.telegram.bell import Bell
from simulators.telegram.bots import SimBot
from simulators.telegram.records import ApiCall, SentMessage

FAULTS = frozenset(
    {
        "drop_before_accept",
        "drop_after_accept",
        "delay",
        "repeat",
        "reorder",
        "garble",
        "truncate",
        "status",
        "flood",
        "unauthorized",
        "conflict",
        "half_album",
    }
)
"""Names for ``Faults.arm``; ``method`` and ``chat_id`` details narrow each of them.

half_album: of an album ``after`` messages are sent, and the next is refused with ``why``.
"""

Reaction: TypeAlias = Callable[[SentMessage], Awaitable[None] | None]


@dataclass
class PlatformState(Backstage[SentMessage]):
    """The platform without its sockets.

    enforce_limits: False records flood violations but accepts the message.
    webhook_retry_s: pause before a refused webhook call is repeated, seconds.
    """

    now: Callable[[], datetime]
    enforce_limits: bool
    webhook_retry_s: float
    faults: Faults = field(default_factory=lambda: Faults(FAULTS))
    bell: Bell = field(default_factory=Bell)
    bots: dict[str, SimBot] = field(default_factory=dict)
    sent: list[SentMessage] = field(default_factory=list)
    calls: list[ApiCall] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def accept(self, message: SentMessage, *, to_person: bool) -> None:
        """Record a message and let scripted people react to it."""
        self.sent.append(message)
        self.bell.ring()
        if to_person:
            self.react_to(message)

    def take_fault(self, *names: str, method: str, chat_id: str = "") -> Fault | None:
        """The next armed fault among ``names`` meant for this method and chat."""

        def meant(fault: Fault) -> bool:
            wanted_method = str(fault.details.get("method", method))
            wanted_chat = str(fault.details.get("chat_id", chat_id))
            return wanted_method.lower() == method.lower() and wanted_chat == chat_id

        return self.faults.take(*names, matching=meant)
