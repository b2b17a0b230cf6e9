"""Commands, forms and buttons: taken in like messages, and answered within Discord's three seconds.

First the commit, then the answer: who pressed learns at once that it was
heard.  What the router says to a command replaces "is thinking" where the
person asked, seen by nobody else; after 15 minutes, or without the way back,
it goes into their direct messages.
Source: https://discord.com/developers/docs/interactions/receiving-and-responding, read 2026-11.
"""

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from connectors.context import ConnectorContext
from connectors.discord.api import DiscordApi
from connectors.discord.peek import Event, SeenForm, SeenInteraction
from connectors.discord.place import moment_of, read_id
from connectors.discord.rooms import Rooms
from connectors.discord.settings import Settings
from connectors.lateness import is_late
from tickets.errors import ConnectorError
from tickets.model import RawEvent, Reply

log = logging.getLogger(__name__)

CALLED, SUBMITTED = 2, 5
SAY, THINK, ASK = 4, 5, 9
SEEN_BY_THEM_ALONE = 1 << 6
ROOM = "room"
"""The note of an event in a private thread of a person's own."""
POST = "post"
"""The note of an event in a forum's post; what was looked up is its title."""
SUPPORT = "support"
"""The command that opens the form, and the form itself."""
DIRECT_S = 1.0
"""For finding the person's direct messages: of the three seconds the larger part is for the commit."""
MOST_DIRECTS = 10_000
FOLLOWED_FOR = timedelta(minutes=14)
SLOTS = 512
"""So many ways back are kept; they are good for 15 minutes only."""
LONG_CHARS = 3_000
SHORT_CHARS = 100


class WayBack(NamedTuple):
    """Where an interaction is answered.  token: a secret for 15 minutes."""

    interaction: str
    application: str
    token: str


class _Heard(NamedTuple):
    back: WayBack
    answer: dict[str, Any]


class Interactions:
    """One bot's.  Made by the connector for its source and its sender."""

    def __init__(self, api: DiscordApi, settings: Settings, context: ConnectorContext, rooms: Rooms) -> None:
        self._rooms = rooms
        self._api = api
        self._settings = settings
        self._context = context
        self._heard: list[_Heard] = []
        self._directs: dict[str, str] = {}
        self._questions: dict[str, tuple[str, str]] = {}
        """What was asked by a form that got a room, to be shown in it once it is committed."""

    async def hear(self, events: Sequence[Event], own_id: str, rooms: Set[str]) -> tuple[RawEvent, ...]:
        """Those among the events, as they came but for their tokens.  rooms: known ones, where talk goes on."""
        found = [event for event in events if event.t == "INTERACTION_CREATE"]
        raws = await asyncio.gather(*(self._raw(event, own_id, rooms) for event in found))
        return tuple(raw for raw in raws if raw is not None)

    def forget(self) -> None:
        """Of a session before: what was not committed is not answered."""
        self._heard.clear()
        self._questions.clear()

    async def acknowledge(self) -> None:
        """They are committed: answer each.  A courtesy, as whoever gets no answer sees that and tries again."""
        heard, self._heard = self._heard, []
        await asyncio.gather(*(self._respond(one) for one in heard))

    async def way_back(self, reply: Reply) -> WayBack | None:
        """Where this answer can replace "is thinking"; None once it cannot."""
        name = reply.target.interaction
        if not name or reply.part != 1 or self._context.clock.now() - reply.created_at > FOLLOWED_FOR:
            return None
        kept = await self._context.kept(_slot(name), b"")
        words = kept.decode().split(" ")
        return WayBack(*words) if len(words) == 3 and words[0] == name else None

    async def _raw(self, event: Event, own_id: str, rooms: Set[str]) -> RawEvent | None:
        seen = event.read(SeenInteraction)
        if seen is None or read_id(seen.id) is None or not seen.person:
            log.warning("Discord told of an interaction that cannot be read")
            return None
        room = seen.channel_id if seen.channel_id in rooms else ""
        fresh = ""
        if seen.type == SUBMITTED and seen.guild_id is not None and not room:
            room = fresh = await self._rooms.open_for(seen.person, seen.name)
        back = WayBack(seen.id, seen.application_id, seen.token)
        answer = self._answer(seen, room)
        direct = room if room or answer["type"] == ASK else await self._direct(seen)
        if answer["type"] == THINK:
            await self._context.keep(_slot(seen.id), " ".join(back).encode())
        self._heard.append(_Heard(back, answer))
        told = msgspec.json.decode(event.d)
        told.pop("token", None)
        if fresh:
            self._questions[seen.id] = (fresh, question_in(told))
        now = self._context.clock.now()
        return RawEvent(
            channel="discord",
            account=self._context.account,
            external_id=f"interaction/{seen.id}",
            conversation=direct or f"@{seen.person}",
            payload=msgspec.json.encode({"t": event.t, "d": told}),
            received_at=now,
            own_id=own_id,
            note=ROOM if room else "",
            late=is_late(_moment(seen.id), now),
            looked_up=direct,
        )

    async def _direct(self, seen: SeenInteraction) -> str:
        """The person's direct messages; empty when Discord does not tell in time."""
        if seen.guild_id is None:
            return seen.channel_id
        if len(self._directs) > MOST_DIRECTS:
            self._directs.clear()
        if seen.person not in self._directs:
            try:
                async with asyncio.timeout(DIRECT_S):
                    self._directs[seen.person] = str(await self._api.open_direct(int(seen.person)))
            except (ConnectorError, TimeoutError) as error:
                log.warning("Discord does not open direct messages: %s", type(error).__name__)
                return ""
        return self._directs[seen.person]

    def _answer(self, seen: SeenInteraction, room: str) -> dict[str, Any]:
        if seen.type == CALLED and seen.data.name == SUPPORT:
            return {"type": ASK, "data": form_of(self._settings)}
        if seen.type == SUBMITTED:
            said = in_language(self._context.spoken.received, seen.locale or "") + (f"\n<#{room}>" if room else "")
            return {
                "type": SAY,
                "data": {"content": said, "flags": SEEN_BY_THEM_ALONE, "allowed_mentions": {"parse": []}},
            }
        return {"type": THINK, "data": {"flags": SEEN_BY_THEM_ALONE}}

    async def _respond(self, heard: _Heard) -> None:
        try:
            await self._api.respond(heard.back.interaction, heard.back.token, heard.answer)
        except ConnectorError as error:
            log.warning("Discord did not take the answer to an interaction: %s", error)
        room, question = self._questions.pop(heard.back.interaction, ("", ""))
        if question:
            await self._rooms.show_question(room, question, heard.back.interaction)


def form_of(settings: Settings) -> dict[str, Any]:
    """What opens before whoever uses /support; the last field is the question itself."""
    last = settings.form[-1]
    fields = [
        {
            "type": 4,
            "custom_id": label,
            "label": label,
            "style": 2 if label == last else 1,
            "required": label == last,
            "max_length": LONG_CHARS if label == last else SHORT_CHARS,
        }
        for label in settings.form
    ]
    rows = [{"type": 1, "components": [field]} for field in fields]
    return {"custom_id": SUPPORT, "title": settings.form_title, "components": rows}


def question_in(told: Mapping[str, Any]) -> str:
    """What was written into a form, for those who answer in its room; empty for a form of another shape."""
    try:
        form = msgspec.convert(told.get("data"), SeenForm)
    except msgspec.ValidationError:
        return ""
    written = [(one.custom_id, one.value.strip()) for row in form.components for one in row.components]
    return "\n".join(f"{name}: {value}" for name, value in written if value)


def in_language(texts: Mapping[str, str], locale: str) -> str:
    """The text for a language of Discord's, as ``pt-BR``; in English, or in any, where there is none."""
    plain = {"zh-CN": "zh"}.get(locale, locale)
    return next((texts[tag] for tag in (plain, plain.split("-")[0], "en") if tag in texts), "OK")


def _slot(interaction: str) -> str:
    number = int.from_bytes(hashlib.sha256(interaction.encode()).digest()[:4], "big") % SLOTS
    return f"interaction/{number}"


def _moment(interaction: str) -> datetime | None:
    number = read_id(interaction)
    return moment_of(number) if number is not None else None
