"""What the parts of the platform share: records, switches, the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from simulators.backstage import Backstage
from simulators.discord.announcing import Herald
from simulators.discord.files import FileStore
from simulators.discord.limits import InvalidRequests
from simulators.discord.records import ApiCall, Json, SentMessage
from simulators.discord.snowflakes import Snowflakes
from simulators.faults import Fault, Faults
from simulators.telegram.bell import Bell

if TYPE_CHECKING:
    from simulators.discord.bots import SimBot
    from simulators.discord.channels import Channel
    from simulators.discord.connection import Connection
    from simulators.discord.guilds import SimGuild
    from simulators.discord.interactions import SimInteraction
    from simulators.discord.people import SimPerson

REST_FAULTS = frozenset(
    {
        "drop_before_accept",
        "drop_after_accept",
        "status",
        "rate_limit",
        "cloudflare",
        "garble",
        "truncate",
        "delay",
        "unauthorized",
        "forbidden",
    }
)
"""Of one request; ``path`` and ``method`` details narrow each of them, as parts of the text."""

GATEWAY_FAULTS = frozenset(
    {
        "refuse_connect",
        "no_hello",
        "gateway_close",
        "reconnect",
        "invalid_session",
        "refuse_resume",
        "no_heartbeat_ack",
        "garble_event",
        "repeat_event",
        "delay_event",
        "split_frames",
        "cut",
    }
)
"""Of the gateway.  ``gateway_close``, ``reconnect``, ``invalid_session`` and ``cut`` strike at the
next IDENTIFY, RESUME or event, or once ``after`` further events went out; the three about an
event take its name as ``event`` (MESSAGE_CREATE without)."""

FAULTS = REST_FAULTS | GATEWAY_FAULTS
"""Names for ``Faults.arm``."""

Reaction: TypeAlias = Callable[[SentMessage], Awaitable[None] | None]


class PlatformState(Backstage[SentMessage]):
    """The platform without its sockets.

    enforce_limits: False records violations but accepts the message.
    base: the CDN's address.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        enforce_limits: bool,
        heartbeat_s: float,
        resume_s: float,
        cdn_base: Callable[[], str],
    ) -> None:
        super().__init__()
        self.now = now
        self.enforce_limits = enforce_limits
        self.heartbeat_s = heartbeat_s
        self.resume_for = timedelta(seconds=resume_s)
        self.faults = Faults(FAULTS)
        self.bell = Bell()
        self.snowflakes = Snowflakes(now)
        self.files = FileStore(now, cdn_base)
        self.invalid = InvalidRequests()
        self.herald = Herald(self)
        self.bots: dict[str, SimBot] = {}
        self.people: dict[int, SimPerson] = {}
        self.guilds: dict[int, SimGuild] = {}
        self.channels: dict[int, Channel] = {}
        self.sent: list[SentMessage] = []
        self.calls: list[ApiCall] = []
        self.violations: list[str] = []
        self.interactions: dict[str, SimInteraction] = {}
        self.open_connections: set[Connection] = set()

    def user(self, user_id: int) -> Json | None:
        """The user object of a person or bot; None for nobody."""
        if (person := self.people.get(user_id)) is not None:
            return person.user()
        return next((bot.user() for bot in self.bots.values() if bot.id == user_id), None)

    def accept(self, message: SentMessage) -> None:
        """Record a message of a bot and let scripted people react to it."""
        self.sent.append(message)
        self.bell.ring()
        self.react_to(message)

    def take_fault(self, *names: str, method: str, path: str) -> Fault | None:
        """The next armed fault among ``names`` meant for this request."""

        def meant(fault: Fault) -> bool:
            wanted_method = str(fault.details.get("method", "")).upper()
            return wanted_method in method and str(fault.details.get("path", "")) in path

        return self.faults.take(*names, matching=meant)
