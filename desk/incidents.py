"""Commands of the incident room: who looks after it, what everybody is told, who does not belong."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from msgspec.structs import replace

from desk.actors import Actor
from desk.frame import Done
from tickets.errors import Conflict, PublicStep, Refused, TicketNotFound
from tickets.ids import IncidentNumber, MessageId, TicketId, TicketNumber, UserId
from tickets.incidents import (
    Incident,
    IncidentChange,
    IncidentEvent,
    IncidentStore,
    Member,
    MemberRow,
    Telling,
    TellingKind,
)
from tickets.ports import Clock
from tickets.records import NewJob

TELL: Final = "tell_incident"
"""The kind of the job that tells everybody."""
ATTEMPTS: Final = 8
LONGEST_TEXT: Final = 20_000
MOST_ROWS: Final = 500


class Room(NamedTuple):
    """An incident with those who reported it, the newest first, and its history."""

    incident: Incident
    rows: tuple[MemberRow, ...]
    events: tuple[IncidentEvent, ...]

    @property
    def languages(self) -> dict[str, int]:
        """How many write in each, the most spoken first; empty for an unknown one."""
        counted: dict[str, int] = {}
        for row in self.rows:
            counted[row.language or ""] = counted.get(row.language or "", 0) + 1
        return dict(sorted(counted.items(), key=lambda one: -one[1]))


class Answering(Protocol):
    """What telling asks of the desk."""

    async def answer(
        self, actor: Actor, number: TicketNumber, text: str, *, key: str, seen_public: str = ""
    ) -> Done: ...
    async def note(self, actor: Actor, number: TicketNumber, text: str, *, key: str) -> Done: ...


class IncidentDesk:
    """Commands over a store.  dismissed and removed: told of what a person decided, so that the finder learns."""

    def __init__(self, store: IncidentStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def list_incidents(self, actor: Actor, *, open_only: bool = False) -> list[Incident]:
        """The one last reported first.  Raises Forbidden."""
        actor.require("read")
        return list(await self._store.list_incidents(open_only=open_only))

    async def get_room(self, actor: Actor, number: IncidentNumber) -> Room:
        """Raises TicketNotFound, Forbidden."""
        actor.require("read")
        incident = await self._get(number)
        rows = await self._store.list_member_rows(number, MOST_ROWS)
        return Room(incident, tuple(rows), tuple(await self._store.list_incident_events(number)))

    async def take(self, actor: Actor, number: IncidentNumber) -> None:
        """Look after it.  Who does so is in its room."""
        actor.require("work")
        user = _user(actor)

        def decide(incident: Incident) -> Incident:
            return replace(incident, owner=user, crew=_with(incident.crew, user))

        await self._change(actor, number, decide, "taken")

    async def join(self, actor: Actor, number: IncidentNumber) -> None:
        """Be in its room."""
        actor.require("work")
        user = _user(actor)
        await self._change(actor, number, lambda one: replace(one, crew=_with(one.crew, user)), "entered")

    async def rename(self, actor: Actor, number: IncidentNumber, title: str) -> None:
        """Raises Refused for an empty title."""
        actor.require("work")
        title = " ".join(title.split())[:200]
        if not title:
            raise Refused("Write what it is about.")
        await self._change(actor, number, lambda one: replace(one, title=title), "renamed")

    async def tell(
        self, actor: Actor, number: IncidentNumber, kind: TellingKind, texts: Mapping[str, str], otherwise: str
    ) -> None:
        """Tell everybody who reported it, now and later, each in their language, where they last wrote.

        texts: by language; otherwise: the language for those who have none of their own.  A resolution ends the
        incident, and is told once; so are the same words twice.  Raises Refused where a text is missing or too
        long, or it is resolved already.
        """
        actor.require("work")
        written = {language: text.strip() for language, text in texts.items() if text.strip()}
        if otherwise not in written:
            raise Refused("Write the text for everybody whose language has none of its own.")
        if any(len(text) > LONGEST_TEXT for text in written.values()):
            raise Refused(f"A text has at most {LONGEST_TEXT} characters.")
        if _says((await self._get(number)).telling(kind), written, otherwise):
            return
        now = self._clock.now()
        telling = Telling(kind, written, otherwise, actor.key, actor.name, now)

        def decide(incident: Incident) -> Incident:
            if incident.state != "open":
                raise Refused("It is over already. Whoever reports it anew opens another.")
            state = "resolved" if kind == "resolution" else incident.state
            return replace(incident, told=(*incident.told, telling), state=state)

        await self._change(actor, number, decide, "told" if kind == "answer" else "resolved", job=True)

    async def dismiss(self, actor: Actor, number: IncidentNumber) -> None:
        """It is none: what its members say counts as usual from now on."""
        actor.require("work")

        def decide(incident: Incident) -> Incident:
            if incident.state != "open":
                raise Refused("It is over already.")
            return replace(incident, state="dismissed")

        await self._change(actor, number, decide, "dismissed")

    async def remove(self, actor: Actor, number: IncidentNumber, ticket_id: TicketId) -> None:
        """A ticket does not belong to it; what says nearly the same does not from now on, either.

        Raises Refused for one that is no member.
        """
        actor.require("work")
        members = await self._store.list_members(number)
        mine = tuple(one.message_id for one in members if one.ticket_id == ticket_id and not one.removed_by)
        if not mine:
            raise Refused("This ticket does not belong to it any more.")
        await self._change(actor, number, lambda one: one, "removed", removed=mine, ticket=ticket_id)

    async def _get(self, number: IncidentNumber) -> Incident:
        incident = await self._store.find_incident(number)
        if incident is None:
            raise TicketNotFound(f"There is no incident {number}.")
        return incident

    async def _change(
        self,
        actor: Actor,
        number: IncidentNumber,
        decide: Callable[[Incident], Incident],
        kind: str,
        *,
        job: bool = False,
        removed: tuple[MessageId, ...] = (),
        ticket: TicketId | None = None,
    ) -> None:
        """Raises TicketNotFound, Refused; Conflict when overtaken again and again."""
        for attempt in range(1, ATTEMPTS + 1):
            now, before = self._clock.now(), await self._get(number)
            after = replace(decide(before), version=before.version + 1)
            data: dict[str, str | int | None] = {"ticket": ticket} if ticket else {}
            change = IncidentChange(
                after,
                before.version,
                removed=removed,
                removed_by=actor.key if removed else "",
                events=(IncidentEvent(kind, actor.key, now, data),),
                jobs=tell_jobs(after, now) if job else (),
            )
            try:
                await self._store.apply_incident(change, now)
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
            else:
                return


def tell_jobs(incident: Incident, now: datetime) -> tuple[NewJob, ...]:
    """Telling everybody who was not told yet; nothing where nothing is to be told."""
    if not incident.told:
        return ()
    key = f"{TELL}:{incident.number}:{incident.version}"
    return (NewJob(TELL, key, now, {"incident": str(incident.number)}),)


class Teller:
    """Tells those who reported an incident, each once.  find_number: where a ticket goes on."""

    def __init__(
        self, store: IncidentStore, desk: Answering, find_number: Callable[[TicketId], Awaitable[TicketNumber]]
    ) -> None:
        self._store = store
        self._desk = desk
        self._find_number = find_number

    async def tell_all(self, number: IncidentNumber) -> int:
        """How many tickets were looked at.  May be done any number of times."""
        incident = await self._store.find_incident(number)
        if incident is None:
            return 0
        current = [one for one in (incident.telling("answer"), incident.telling("resolution")) if one is not None]
        if incident.state == "resolved":  # whoever came late hears the end alone
            current = current[-1:]
        rows = {one.ticket_id: one for one in await self._store.list_members(number) if not one.removed_by}
        languages = {row.number: row.language for row in await self._store.list_member_rows(number, 100_000)}
        for member in rows.values():
            for telling in current:
                await self._tell(incident, telling, member, languages)
        return len(rows)

    async def _tell(
        self,
        incident: Incident,
        telling: Telling,
        member: Member,
        languages: Mapping[TicketNumber, str | None],
    ) -> None:
        number = await self._find_number(member.ticket_id)
        role = Actor(telling.by, telling.name, "lead", _user_in(telling.by))
        said = incident.told.index(telling)
        key = f"incident-{incident.number}-{said}-{number}"
        text = telling.for_(languages.get(number))
        try:
            await self._answer(role, number, text, key)
        except Refused as error:
            why = f"What incident {incident.number} tells everybody could not be sent here: {error}"
            await self._desk.note(role, number, why, key=f"{key}-refused")

    async def _answer(self, actor: Actor, number: TicketNumber, text: str, key: str) -> None:
        """Who wrote it has seen that it goes to everybody, also in public."""
        try:
            await self._desk.answer(actor, number, text, key=key)
        except PublicStep as error:
            await self._desk.answer(actor, number, text, key=f"{key}-seen", seen_public=error.seen)


def _says(telling: Telling | None, texts: Mapping[str, str], otherwise: str) -> bool:
    return telling is not None and (telling.texts, telling.otherwise) == (texts, otherwise)


def _user(actor: Actor) -> UserId:
    if actor.user_id is None:
        raise Refused("Only people can be in the room of an incident.")
    return actor.user_id


def _user_in(key: str) -> UserId | None:
    kind, _, rest = key.partition(":")
    return UserId(rest) if kind == "user" else None


def _with(crew: tuple[UserId, ...], user: UserId) -> tuple[UserId, ...]:
    return crew if user in crew else (*crew, user)
