"""One ticket on the screen: head, conversation, composer, panel."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from console import words
from console.checks import Checks, checks_of
from console.composer import Composer, Undo, Voice, fresh_key, voices_of
from console.conversation import SHOWN, Conversation, conversation_of
from console.frame import frame_of, lists_of, names_of, users_of
from console.history import Line, history_of
from console.lists import where_in
from console.names import is_id, number_in
from console.rows import Names, name_of, version
from console.sessions import Visit
from console.site import Console, site_of
from console.withdrawn import withdrawn
from console.work import Work, work_of
from desk.actors import Actor
from desk.suggesting import Suggestion
from tickets.ids import AccountId, ThreadId
from tickets.model import Entity, EntityKind, Identity, Ticket, TicketEnvelope
from tickets.records import User

MOST_SHOWN = 5_000
MOST_FOUND = 12
"""Of each kind of thing that a ticket names."""


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket for the templates.

    now: when it was read.  v: changes whenever head or panel do.  query: the
    list it was opened from, as the end of an address.  shown: how many messages
    at most.  key: what the forms' idempotency keys begin with.  hides: whether
    what is written under an account's posts can be hidden.  checks: who they are, and how that can be asked.
    work: whose it is, and by when.  others: tickets that may be of the same person.
    """

    whole: TicketEnvelope
    conversation: Conversation
    composer: Composer
    history: list[Line]
    users: list[User]
    names: Names
    actor: Actor
    query: str
    shown: int
    csrf: str
    key: str
    now: datetime
    v: str
    hides: Callable[[AccountId], bool]
    checks: Checks
    work: Work
    others: tuple[Suggestion, ...]

    @property
    def ticket(self) -> Ticket:
        """The ticket itself."""
        return self.whole.ticket

    @property
    def back(self) -> str:
        """The address of the list it stands in."""
        return f"/{self.query}"

    @property
    def assignee(self) -> str:
        """Who has it; empty for nobody."""
        return name_of(self.ticket.assignee, self.names)

    @property
    def found(self) -> list[tuple[EntityKind, list[Entity]]]:
        """What can be looked up in what people wrote, by kind, the newest first and each once."""
        wrote = [one for one in self.whole.messages if one.direction == "in" and one.deleted_at is None]
        kinds: dict[EntityKind, dict[str, Entity]] = {}
        for entity in (entity for message in reversed(wrote) for entity in message.entities):
            kinds.setdefault(entity.kind, {}).setdefault(entity.value, entity)
        return [(kind, list(kinds[kind].values())[:MOST_FOUND]) for kind in words.ENTITIES if kind in kinds]

    @property
    def people(self) -> list[tuple[str, list[Identity]]]:
        """Contacts with their identities; the requester first."""
        first = self.ticket.requester_id
        identities = sorted(self.whole.identities, key=lambda one: one.id != first)
        found: dict[str, list[Identity]] = {}
        for identity in identities:
            found.setdefault(identity.contact_id, []).append(identity)
        contacts = {contact.id: contact.display_name for contact in self.whole.contacts}
        return [(contacts.get(same[0].contact_id, same[0].display_name), same) for same in found.values()]


async def show_ticket(request: Request, visit: Visit) -> Response:
    """The ticket; the whole page, or only its part of it when the list stays."""
    site = site_of(request)
    case = await case_of(request, visit)
    if case.ticket.merged_into is not None:
        return RedirectResponse(f"/tickets/{case.ticket.merged_into}{case.query}", 303)
    case = await _restored(request, case)
    return (
        await answer_with(request, visit, case, 200)
        if request.headers.get("hx-target") != "case"
        else (site.pages.answer("case.html", 200, case=case))
    )


async def tell_prepared(request: Request, visit: Visit) -> Response:
    """A prepared answer filled in, as plain text."""
    desk = site_of(request).console.desk
    whole = await desk.get_ticket(visit.actor, number_in(request))
    thread = request.query_params.get("thread", "")
    thread_id = ThreadId(thread) if is_id(thread) else None
    return PlainTextResponse(desk.prepare(visit.actor, whole, request.path_params["name"], thread_id))


async def tell_asking(request: Request, visit: Visit) -> Response:
    """What asks for what is missing, in the person's language, as plain text."""
    desk = site_of(request).console.desk
    whole = await desk.get_ticket(visit.actor, number_in(request))
    return PlainTextResponse(desk.ask_for_missing(visit.actor, whole))


async def show_update(request: Request, visit: Visit) -> Response:
    """What may have changed: everything but the composer."""
    case = await case_of(request, visit)
    if case.ticket.merged_into is not None:
        return RedirectResponse(f"/tickets/{case.ticket.merged_into}/update{case.query}", 303)
    return site_of(request).pages.answer("update.html", 200, case=case)


async def answer_with(request: Request, visit: Visit, case: Case, status: int) -> Response:
    """The whole page with a ticket in it."""
    site = site_of(request)
    frame = await frame_of(request, visit)
    lists = await lists_of(request, visit, case.names)
    return site.pages.answer("inbox.html", status, frame=frame, lists=lists, case=case)


async def case_of(request: Request, visit: Visit) -> Case:
    """The ticket of the address.  Raises TicketNotFound, Forbidden."""
    console = site_of(request).console
    whole = await console.desk.get_ticket(visit.actor, number_in(request))
    users = await users_of(console)
    shown = _shown(request)
    now = console.clock.now()
    queued = [one.id for one in whole.deliveries if one.state == "queued"]
    leaves = await console.store.forecast(queued, now) if queued else {}
    checks = checks_of(whole, console.desk, names_of(users), now)
    return Case(
        whole=whole,
        conversation=conversation_of(whole, now, shown, leaves),
        composer=Composer(
            whole.ticket.number,
            fresh_key(),
            _voices(console, whole),
            console.desk.prepared(whole),
            attached=fresh_key(),
            undo=undo_of(console, whole, visit),
        ),
        history=history_of(whole, names_of(users)),
        users=[user for user in users if user.active],
        names=names_of(users),
        actor=visit.actor,
        query=where_in(request).parameters(),
        shown=shown,
        csrf=visit.session.csrf,
        key=fresh_key(),
        now=now,
        v=version(
            (whole.ticket, whole.events[-1:], whole.identities, [user.name for user in users], checks.lines)
        ),
        hides=console.desk.hides,
        checks=checks,
        work=work_of(whole, console.desk),
        others=await console.desk.suggest(visit.actor, whole),
    )


def _voices(console: Console, whole: TicketEnvelope) -> tuple[Voice, ...]:
    return voices_of(whole, lambda thread: console.desk.offer(whole, thread))


def undo_of(console: Console, whole: TicketEnvelope, visit: Visit) -> Undo | None:
    """The visitor's own newest answer while it can still be stopped."""
    mine = [m.id for m in whole.messages if m.direction == "out" and m.actor == visit.actor.user_id]
    for delivery in reversed(whole.deliveries):
        waiting = delivery.state == "queued" and delivery.next_at > console.clock.now() and not delivery.detail
        if waiting and mine and delivery.message_id == mine[-1]:
            return Undo(delivery.id, delivery.next_at, fresh_key())
    return None


async def _restored(request: Request, case: Case) -> Case:
    """The words of a withdrawn answer, back in the composer (for pages without scripts)."""
    wanted = request.query_params.get("restore", "")
    if not is_id(wanted):
        return case
    again = withdrawn(case.whole, wanted)
    return replace(case, composer=replace(case.composer, text=again.text, formatted=again.formatted))


def _shown(request: Request) -> int:
    asked = request.query_params.get("show", "")
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 6):
        return SHOWN
    return max(SHOWN, min(int(asked), MOST_SHOWN))
