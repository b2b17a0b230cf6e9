"""IDENTIFY and RESUME: which session a socket carries.

Source: https://discord.com/developers/docs/events/gateway-events#identify and #resume
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from simulators.discord.announcing import (
    GUILD_MEMBERS,
    GUILD_PRESENCES,
    GUILDS,
    KNOWN,
    MESSAGE_CONTENT,
    live_sessions,
)
from simulators.discord.bots import SimBot
from simulators.discord.connection import Connection
from simulators.discord.records import Json, SessionStart
from simulators.discord.sessions import Session
from simulators.discord.state import PlatformState


@dataclass(frozen=True)
class Refused(Exception):
    """The socket is closed with this code."""

    code: int


class Handshake:
    """Begins sessions and continues them."""

    def __init__(self, state: PlatformState, resume_url: Callable[[], str]) -> None:
        self._state = state
        self._resume_url = resume_url

    def identify(self, connection: Connection, data: Json, compress: str, path: str) -> None:
        """Begin a session: READY and a GUILD_CREATE each, or a close code."""
        bot = self._state.bots.get(str(data.get("token", "")))
        intents = data.get("intents")
        known = intents if isinstance(intents, int) and not isinstance(intents, bool) else None
        try:
            found, wanted = _checked(bot, data, known)
        except Refused as refused:
            self._note(bot, SessionStart("identify", None, None, known, compress, path, self._state.now(), False))
            connection.end(refused.code)
            return
        session = Session(self._state, found, token_hex(16), wanted)
        found.sessions[session.id] = session
        start = SessionStart("identify", session.id, None, wanted, compress, path, self._state.now(), True)
        self._note(found, start)
        session.attach(connection)
        self._welcome(session, data.get("shard"))

    def resume(self, connection: Connection, data: Json, compress: str, path: str) -> None:
        """Continue a session: what was missed and RESUMED, or op 9."""
        bot = self._state.bots.get(str(data.get("token", "")))
        if bot is None:
            connection.end(4004)
            return
        session_id, seq = data.get("session_id"), data.get("seq")
        if not isinstance(session_id, str) or not isinstance(seq, int) or isinstance(seq, bool):
            connection.end(4002)
            return
        session = self._find(bot, session_id)
        good = session is not None and session.replays(seq)
        intents = None if session is None else session.intents
        self._note(bot, SessionStart("resume", session_id, seq, intents, compress, path, self._state.now(), good))
        if session is None:
            connection.send(9, False)
        elif good:
            session.resume(connection, seq)
        elif seq > session.seq:
            del bot.sessions[session_id]
            connection.end(4007)
        else:
            del bot.sessions[session_id]
            connection.send(9, False)

    def _find(self, bot: SimBot, session_id: str) -> Session | None:
        live_sessions(self._state, bot)
        session = bot.sessions.get(session_id)
        refused = self._state.faults.take("refuse_resume") is not None
        if session is not None and (refused or session.forgotten):
            del bot.sessions[session_id]
            return None
        return session

    def _welcome(self, session: Session, shard: object) -> None:
        bot = session.bot
        guilds = [guild for guild in self._state.guilds.values() if bot in guild.bots]
        ready: Json = {
            "v": 10,
            "user": bot.own_user(),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self._resume_url(),
            "private_channels": [],
            "application": bot.application(),
        }
        session.push("READY", ready if shard is None else {**ready, "shard": shard})
        for guild in guilds:
            if session.intents & GUILDS:
                session.push("GUILD_CREATE", guild.shape(bot))

    def _note(self, bot: SimBot | None, start: SessionStart) -> None:
        if bot is not None:
            bot.starts.append(start)
        self._state.bell.ring()


def _checked(bot: SimBot | None, data: Json, intents: int | None) -> tuple[SimBot, int]:
    if not isinstance(data.get("token"), str) or not isinstance(data.get("properties"), dict):
        raise Refused(4002)
    if bot is None:
        raise Refused(4004)
    if not _good_shard(data.get("shard")):
        raise Refused(4010)
    if intents is None or intents < 0 or intents & ~KNOWN:
        raise Refused(4013)
    if intents & ~_granted(bot):
        raise Refused(4014)
    return bot, intents


def _granted(bot: SimBot) -> int:
    """Every intent but the privileged ones that are switched off."""
    granted = KNOWN & ~(MESSAGE_CONTENT | GUILD_MEMBERS | GUILD_PRESENCES)
    granted |= MESSAGE_CONTENT if bot.message_content else 0
    granted |= GUILD_MEMBERS if bot.members else 0
    return granted | (GUILD_PRESENCES if bot.presences else 0)


def _good_shard(shard: object) -> bool:
    """Absent, or ``[number, count]``; the simulated guilds all live on shard 0 of 1."""
    return shard is None or shard == [0, 1]
