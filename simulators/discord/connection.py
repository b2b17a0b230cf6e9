"""One gateway socket as the platform holds it: what goes out, and how it ends."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import web

from simulators.discord.misbehaviour import number
from simulators.discord.records import Json
from simulators.discord.sessions import Event
from simulators.discord.wire import Wire, split
from simulators.faults import Fault

if TYPE_CHECKING:
    from simulators.discord.interruptions import Interruptions
    from simulators.discord.sessions import Session
    from simulators.discord.state import PlatformState

GRACE_S = 5.0
"""How long a client told to reconnect may stay before it is closed."""


class Connection:
    """The sending side of one socket.

    session: the session it carries; None before IDENTIFY and after it was
    taken away.  ready: READY or RESUMED went out.  ended: closed or cut by
    the platform.  closing: the handshake of a close, once begun.
    """

    def __init__(
        self,
        state: PlatformState,
        socket: web.WebSocketResponse,
        transport: asyncio.BaseTransport | None,
        wire: Wire,
        interruptions: Interruptions,
    ) -> None:
        self.session: Session | None = None
        self.ready = False
        self.ended = False
        self.closing: asyncio.Task[None] | None = None
        self._state = state
        self._socket = socket
        self._transport = transport
        self._wire = wire
        self._interruptions = interruptions
        self._outbox: asyncio.Queue[Event | Json] = asyncio.Queue()
        self._zombie: asyncio.TimerHandle | None = None
        self._expiry: asyncio.TimerHandle | None = None

    def send(self, op: int, data: object = None) -> None:
        """Queue a payload that is no event."""
        self._outbox.put_nowait({"t": None, "s": None, "op": op, "d": data})

    def dispatch(self, event: Event) -> None:
        """Queue an event."""
        self._outbox.put_nowait(event)

    def keep_alive(self, seconds: float) -> None:
        """A heartbeat came: the client has so long until it must send the next."""
        if self._zombie is not None:
            self._zombie.cancel()
        if not self.ended:
            self._zombie = asyncio.get_running_loop().call_later(seconds, self._time_out)

    def leave_session(self) -> None:
        """Carry no session any longer; what it has not sent waits for a resume."""
        if self.session is not None and self.session.connection is self:
            self.session.detach()
        self.session = None
        self.ready = False
        self._state.bell.ring()

    def end(self, code: int | None) -> None:
        """Close with this code, or (None) cut the TCP connection, now."""
        if self.ended:
            return
        self.ended = True
        self.leave_session()
        self.release()
        if code is None:
            self._abort()
        else:
            self.closing = self._state.spawn(self._close(code))

    def release(self) -> None:
        """The timers stop: the socket is gone."""
        for timer in (self._zombie, self._expiry):
            if timer is not None:
                timer.cancel()

    def interrupt(self) -> bool:
        """Let an armed interruption strike; whether one did."""
        return self._strike(self._interruptions.before())

    async def write_all(self) -> None:
        """Send what is queued, in order, until the socket is gone."""
        try:
            while not self.ended:
                item = await self._outbox.get()
                if isinstance(item, Event):
                    await self._write_event(item)
                elif not self.ended:
                    await self._transmit(json.dumps(item).encode())
        except ConnectionError:
            return
        except Exception as error:  # noqa: BLE001 - a fault armed wrongly; reported by stop()
            self._state.failures.append(error)
            self.end(None)

    async def _write_event(self, event: Event) -> None:
        if (delay := self._take("delay_event", event)) is not None:
            await self._state.pause(number(delay, "s", 1.0))
        if self._lost(event) or self.interrupt():
            return
        garbled = self._take("garble_event", event)
        await self._transmit(event.payload(None if garbled is None else _without(event.data, garbled)))
        if self._lost(event):
            return
        if event.message_id is not None and event.name == "MESSAGE_CREATE" and garbled is None:
            event.session.bot.handed_out.append(event.message_id)
        self.ready = self.ready or event.name in ("READY", "RESUMED")
        self._state.bell.ring()
        self._strike(self._interruptions.after())

    def _lost(self, event: Event) -> bool:
        """Whether the event must wait for a resume."""
        return self.ended or event.session is not self.session

    def _take(self, name: str, event: Event) -> Fault | None:
        def meant(fault: Fault) -> bool:
            return bool(fault.details.get("event", "MESSAGE_CREATE") == event.name)

        return self._state.faults.take(name, matching=meant)

    def _strike(self, fault: Fault | None) -> bool:
        if fault is None:
            return False
        if fault.name == "cut":
            self.end(None)
        elif fault.name == "gateway_close":
            self.end(int(number(fault, "code", 4000)))
        elif fault.name == "reconnect":
            self.ask_to_leave()
        else:
            self.invalidate(resumable=bool(fault.details.get("resumable", False)))
        return True

    def ask_to_leave(self) -> None:
        """Op 7: the client is to reconnect and resume."""
        self.leave_session()
        self.send(7)
        self._expire_soon()

    def invalidate(self, *, resumable: bool) -> None:
        """Op 9: the session is no more, or (``resumable``) may be resumed."""
        session = self.session
        self.leave_session()
        if session is not None and not resumable:
            session.bot.sessions.pop(session.id, None)
        self.send(9, resumable)

    def _expire_soon(self) -> None:
        self._expiry = asyncio.get_running_loop().call_later(GRACE_S, self.end, 4000)

    async def _transmit(self, payload: bytes) -> None:
        frame = self._wire.encode(payload)
        if not self._wire.binary:
            await self._socket.send_str(frame.decode())
            return
        fault = self._state.faults.take("split_frames")
        for part in [frame] if fault is None else split(frame, int(number(fault, "parts", 3))):
            await self._socket.send_bytes(part)

    def _time_out(self) -> None:
        """No heartbeat for too long: the session is over as well."""
        session = self.session
        self.end(4009)
        if session is not None:
            session.bot.sessions.pop(session.id, None)

    def _abort(self) -> None:
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()

    async def _close(self, code: int) -> None:
        with suppress(ConnectionError):
            await self._socket.close(code=code)


def _without(data: bytes, fault: Fault) -> bytes:
    """The event's data with the field ``without`` (the author, unless it says other) missing."""
    field = str(fault.details.get("without", "author"))
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):  # injected as it is
        return data
    if not isinstance(whole, dict):
        return data
    return json.dumps({name: value for name, value in whole.items() if name != field}).encode()
