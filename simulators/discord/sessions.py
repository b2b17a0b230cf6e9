"""Gateway sessions: events in order, kept for whoever resumes.

Source: https://discord.com/developers/docs/events/gateway#resuming
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from simulators.discord.records import Json
from simulators.faults import Fault

if TYPE_CHECKING:
    from simulators.discord.bots import SimBot
    from simulators.discord.connection import Connection
    from simulators.discord.state import PlatformState

KEPT_MAX = 10_000
"""Events a session keeps for a resume; whoever missed more starts anew."""


@dataclass(frozen=True)
class Event:
    """One dispatch.  data: the JSON of its ``d``.  message_id: whose message it tells, if any."""

    session: Session
    seq: int
    name: str
    data: bytes
    message_id: int | None = None

    def payload(self, data: bytes | None = None) -> bytes:
        """What goes over the wire; ``data`` instead of its own."""
        head = json.dumps({"t": self.name, "s": self.seq, "op": 0})[:-1]
        return head.encode() + b', "d": ' + (self.data if data is None else data) + b"}"


class Session:
    """One session of a bot.

    left_at: when its connection ended; None while there is one.
    forgotten: it goes on, but cannot be resumed.
    """

    def __init__(self, state: PlatformState, bot: SimBot, session_id: str, intents: int) -> None:
        self.id = session_id
        self.bot = bot
        self.intents = intents
        self.seq = 0
        self.forgotten = False
        self.connection: Connection | None = None
        self.left_at: datetime | None = None
        self._state = state
        self._kept: deque[Event] = deque(maxlen=KEPT_MAX)

    def push(self, name: str, data: object | bytes, message_id: int | None = None) -> None:
        """Let an event happen: sent at once where there is a connection, kept in any case."""
        self._push(name, data, message_id)
        if self.connection is not None and self._repeats(name):
            self._push(name, data, message_id)

    def attach(self, connection: Connection) -> None:
        """Take this connection; one still there is ended."""
        if self.connection is not None and self.connection is not connection:
            self.connection.end(4000)
        self.connection = connection
        connection.session = self
        self.left_at = None

    def detach(self) -> None:
        """The connection is over; the session may be resumed for a while."""
        self.connection = None
        self.left_at = self._state.now()

    def replays(self, seq: int) -> bool:
        """Whether everything after ``seq`` is still kept."""
        oldest = self._kept[0].seq if self._kept else self.seq + 1
        return oldest - 1 <= seq <= self.seq

    def resume(self, connection: Connection, seq: int) -> None:
        """Send everything after ``seq`` again, in order, then RESUMED."""
        self.attach(connection)
        for event in self._kept:
            if event.seq > seq:
                connection.dispatch(event)
        self.seq += 1
        connection.dispatch(Event(self, self.seq, "RESUMED", json.dumps(_trace()).encode()))

    def _push(self, name: str, data: object | bytes, message_id: int | None) -> None:
        self.seq += 1
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        event = Event(self, self.seq, name, body, message_id)
        self._kept.append(event)
        if self.connection is not None:
            self.connection.dispatch(event)

    def _repeats(self, name: str) -> bool:
        def meant(fault: Fault) -> bool:
            return bool(fault.details.get("event", "MESSAGE_CREATE") == name)

        return self._state.faults.take("repeat_event", matching=meant) is not None


def _trace() -> Json:
    return {"_trace": ['["simulated-gateway",{"micros":1}]']}
