"""Incidents: many people, one cause; who reported it, who looks after it, and what everybody was told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from tickets.ids import Channel, IdentityId, IncidentNumber, MessageId, TicketId, TicketNumber, UserId
from tickets.model import Shape
from tickets.records import NewJob

IncidentState = Literal["open", "resolved", "dismissed", "merged"]
"""dismissed: a person says that it is none.  merged: it turned out to be another one."""
TellingKind = Literal["answer", "resolution"]


class Report(Shape, frozen=True):
    """A message that may tell of a cause others tell of, too.

    seq: grows with each that is stored; 0 before.  signature: as the router wrote it, JSON.
    """

    message_id: MessageId
    ticket_id: TicketId
    identity_id: IdentityId
    at: datetime
    language: str | None
    channel: Channel
    signature: str
    seq: int = 0


class Telling(Shape, frozen=True):
    """What everybody who reported an incident is told.

    texts: by language; ``otherwise``: the language of those for whom there is none.  by and name: of who wrote it,
    as ``TicketEvent.actor``.
    """

    kind: TellingKind
    texts: dict[str, str]
    otherwise: str
    by: str
    name: str
    at: datetime

    def for_(self, language: str | None) -> str:
        """The text for somebody who speaks a language."""
        tag = (language or "").lower()
        found = {name.lower(): text for name, text in self.texts.items()}
        return found.get(tag) or found.get(tag.split("-")[0]) or self.texts[self.otherwise]


class Incident(Shape, frozen=True):
    """Many people, one cause.

    key: the message with which it began.  kind: ``copies`` for one text that came again and again and tells of
    no trouble.  people: different ones that reported it.  owner: who looks after it, None for nobody; crew:
    colleagues in its room.  marks: what its members share.  told: what everybody was told, in order.
    """

    number: IncidentNumber
    key: MessageId
    kind: Literal["trouble", "copies"]
    state: IncidentState
    title: str
    raised_at: datetime
    last_at: datetime
    people: int
    marks: tuple[str, ...] = ()
    owner: UserId | None = None
    crew: tuple[UserId, ...] = ()
    told: tuple[Telling, ...] = ()
    merged_into: IncidentNumber | None = None
    version: int = 1

    def telling(self, kind: TellingKind) -> Telling | None:
        """What was told last of a kind."""
        return next((one for one in reversed(self.told) if one.kind == kind), None)


class Member(Shape, frozen=True):
    """A message that belongs to an incident.  why: short sentences.  removed_by: who said that it does not."""

    message_id: MessageId
    ticket_id: TicketId
    at: datetime
    why: tuple[str, ...] = ()
    removed_by: str = ""


class MemberRow(Shape, frozen=True):
    """A member with its ticket, for people.  language: the ticket's.  words: the beginning of what was written."""

    member: Member
    number: TicketNumber
    requester: str
    channel: Channel
    language: str | None
    status: str
    words: str


class IncidentEvent(Shape, frozen=True):
    """One line of an incident's history: append-only.  actor: as ``TicketEvent.actor``."""

    kind: str
    actor: str
    at: datetime
    data: dict[str, str | int | None] = {}


class IncidentChange(Shape, frozen=True):
    """What becomes of an incident.

    incident: number 0 lets the store choose the next.  expected_version: 0 for a new one.  joined: messages that
    belong to it from now on, also where they belonged to another.  removed: of its members.
    """

    incident: Incident
    expected_version: int
    joined: tuple[Member, ...] = ()
    removed: tuple[MessageId, ...] = ()
    removed_by: str = ""
    events: tuple[IncidentEvent, ...] = ()
    jobs: tuple[NewJob, ...] = ()


class IncidentStore(Protocol):
    """Reports, and the incidents that are found in them."""

    async def list_reports(self, after: int, since: datetime, limit: int) -> Sequence[Report]:
        """Those stored behind a ``seq`` that are not older, in the order in which they were stored."""

    async def list_incidents(self, *, open_only: bool, limit: int = 100) -> Sequence[Incident]:
        """The one last reported first; merged ones are left out."""

    async def find_incident(self, number: IncidentNumber) -> Incident | None:
        """None when there is none."""

    async def list_members(self, number: IncidentNumber) -> Sequence[Member]:
        """All that ever belonged to it, in the order in which they joined."""

    async def list_member_rows(self, number: IncidentNumber, limit: int) -> Sequence[MemberRow]:
        """Those that belong to it now, the newest first."""

    async def list_incident_events(self, number: IncidentNumber) -> Sequence[IncidentEvent]:
        """Its history, in order."""

    async def apply_incident(self, change: IncidentChange, now: datetime) -> IncidentNumber:
        """Commit a change, and mark the tickets of who joined; their events tell of it.

        Raises Conflict, committing nothing, when the incident has changed since it was read.
        """
