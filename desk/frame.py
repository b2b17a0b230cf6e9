"""What commands share: each reads the ticket, decides, and commits with an event; again when it was overtaken."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from desk.actors import Actor, Right
from desk.challenging import NO_CHECKS, IdentityChecks
from desk.merging import refuse_merged
from responders.compose import Limits
from responders.templates import ReplyTemplates
from router import entries
from router.clocks import ClockRules, timed
from router.sorting import Sorter
from router.triggers import Triggers
from tickets.errors import Conflict, Forbidden, KeyReused, Overtaken, Refused, TicketNotFound
from tickets.feeds import FeedStore
from tickets.ids import AccountId, Channel, DeliveryId, TicketNumber
from tickets.model import ReplyTarget, TicketEnvelope
from tickets.notices import NoticeStore
from tickets.ports import Clock, CrashHook
from tickets.records import CommandKey, TicketChange
from tickets.spending import SpendingStore
from tickets.storage import AccessStore, DeskStore, IntakeStore, OutboxStore

ATTEMPTS = 8
ELSEWHERE = "This conversation already has another open ticket. Go on there."
OVERTAKEN = (
    "One of the tickets changed at the same moment, or one of the conversations has another open ticket. "
    "Look, then try again."
)
REUSED = "This Idempotency-Key was used for another request. Use a fresh one for each request."


async def show_nothing(_target: ReplyTarget) -> None:
    """Of channels that cannot show that somebody writes."""


class Done(NamedTuple):
    """What a command did.

    number: 0 for a delivery that belongs to no ticket.  delivery_id: the
    delivery it made or changed, None without.  repeated: the key had been
    used for the same command before, and nothing was done.
    """

    number: TicketNumber
    delivery_id: DeliveryId | None = None
    repeated: bool = False


class Routing(NamedTuple):
    """sorter: whose work what is.  clocks: by when.  triggers: the operator's rules."""

    sorter: Sorter = Sorter()
    clocks: ClockRules = ClockRules()
    triggers: Triggers = Triggers()


NO_ROUTING: Final = Routing()


class DeskRecords(
    IntakeStore, DeskStore, OutboxStore, AccessStore, NoticeStore, SpendingStore, FeedStore, Protocol
):
    """What the desk needs of a store."""


class Frame:
    """Commands over a store.

    limits: how much each account lets through in one piece.  prepared: a
    team's answers; None: there are none.  own: the program's own texts, among
    them that of codes; None: no codes are given.  links: by channel, an
    address that opens a talk with us there when a code is put behind it.
    show_typing: shows that somebody writes, where the channel can.  checks:
    how people can be asked to show who they are.  routing: whose work what is, and
    by when.
    """

    def __init__(
        self,
        store: DeskRecords,
        clock: Clock,
        crash: CrashHook,
        limits: Mapping[AccountId, Limits],
        prepared: ReplyTemplates | None = None,
        own: ReplyTemplates | None = None,
        links: Mapping[Channel, str] = MappingProxyType({}),
        show_typing: Callable[[ReplyTarget], Awaitable[None]] = show_nothing,
        checks: IdentityChecks = NO_CHECKS,
        routing: Routing = NO_ROUTING,
    ) -> None:
        self._store = store
        self._clock = clock
        self._crash = crash
        self._limits = limits
        self._prepared = prepared
        self._own = own
        self._links = links
        self._show_typing = show_typing
        self._checks = checks
        self._routing = routing

    async def _run(
        self,
        actor: Actor,
        right: Right,
        number: TicketNumber,
        key: str,
        asked: tuple[object, ...],
        decide: Callable[[TicketEnvelope, datetime], TicketChange],
    ) -> Done:
        """A command on a ticket that is where it was.  Raises as ``_run_with`` does."""

        async def decide_here(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            refuse_merged(ticket.ticket)
            return decide(ticket, now)

        return await self._run_with(actor, right, number, key, asked, decide_here)

    async def _run_with(
        self,
        actor: Actor,
        right: Right,
        number: TicketNumber,
        key: str,
        asked: tuple[object, ...],
        decide: Callable[[TicketEnvelope, datetime], Awaitable[TicketChange]],
    ) -> Done:
        """Raises Forbidden, TicketNotFound, Refused, KeyReused; Conflict when overtaken again and again."""
        actor.require(right)
        command = CommandKey(actor=actor.key, key=usable(key), fingerprint=_fingerprint(asked))
        for attempt in range(1, ATTEMPTS + 1):
            if (earlier := await self._earlier(number, command)) is not None:
                return earlier
            now = self._clock.now()
            ticket = await self._get_for(actor, number)
            try:
                change = await decide(ticket, now)
            except Refused:
                # The same command, sent twice at once, may have been done between the look and the reading.
                if (earlier := await self._earlier(number, command)) is not None:
                    return earlier
                raise
            delivery_id = change.delivery.id if change.delivery else None
            try:
                change = self._timed(replace(change, command=command, result=delivery_id or ""), now)
                await self._store.apply_change(change, now)
            except Conflict as error:
                if attempt < ATTEMPTS:
                    continue
                if change.merging:
                    raise Overtaken(OVERTAKEN) from error
                if ticket.ticket.status == "closed" != change.ticket.status:
                    raise Refused(ELSEWHERE) from error
                raise
            self._crash("desk.committed")
            return Done(number, delivery_id)
        raise AssertionError("unreachable")

    async def _earlier(self, number: TicketNumber, command: CommandKey) -> Done | None:
        found = await self._store.find_command(command.actor, command.key)
        if found is None:
            return None
        if found.fingerprint != command.fingerprint:
            raise KeyReused(REUSED)
        return Done(number, DeliveryId(found.result) if found.result else None, repeated=True)

    async def _get(self, number: TicketNumber) -> TicketEnvelope:
        ticket = await self._store.find_ticket(number)
        if ticket is None:
            raise TicketNotFound(f"There is no ticket #{number}.")
        return ticket

    async def _get_for(self, actor: Actor, number: TicketNumber) -> TicketEnvelope:
        """A ticket that somebody may see.  Raises TicketNotFound, Forbidden."""
        ticket = await self._get(number)
        own = actor.user_id is not None and ticket.ticket.assignee == actor.user_id
        if not own and ticket.ticket.team in await self.hidden_teams(actor):
            raise Forbidden(f"Ticket #{number} is for the team {ticket.ticket.team} alone. Ask a lead.")
        return ticket

    async def hidden_teams(self, actor: Actor) -> frozenset[str]:
        """Whose tickets somebody does not see: of restricted teams that have members, of whom they are none."""
        closed = {team.name for team in self._routing.sorter.teams if team.restricted}
        if not closed or actor.may("oversee"):
            return frozenset()
        users = await self._store.list_users()
        own = {team for user in users if user.id == actor.user_id for team in user.duty.teams}
        manned = {team for user in users if user.active for team in user.duty.teams}
        return frozenset(closed & manned - own)

    def _timed(self, change: TicketChange, now: datetime) -> TicketChange:
        """With what the operator's rules make of it, and the clocks as they stand after it."""
        ticket, passed = timed(change.ticket, now, self._routing.clocks)
        told = (*change.events, *(entries.clock(ticket, clock, now) for clock in passed))
        ruled = self._routing.triggers.apply(ticket, told, "", now)
        ticket = ruled.ticket if ruled.ticket is ticket else timed(ruled.ticket, now, self._routing.clocks)[0]
        return replace(change, ticket=ticket, events=(*told, *ruled.events), jobs=(*change.jobs, *ruled.jobs))

    async def _apply(
        self, number: TicketNumber, decide: Callable[[TicketEnvelope, datetime], TicketChange | None]
    ) -> None:
        """A change that may be made any number of times.  decide: None where there is nothing to do."""
        for _ in range(ATTEMPTS):
            now = self._clock.now()
            change = decide(await self._get(number), now)
            if change is None:
                return
            with suppress(Conflict):
                await self._store.apply_change(self._timed(change, now), now)
                self._crash("desk.committed")
                return
        raise Conflict(f"Ticket #{number} changes all the time.")


def usable(key: str) -> str:
    if not 1 <= len(key) <= 200:
        raise Refused("An Idempotency-Key has 1 to 200 characters.")
    return key


def _fingerprint(asked: tuple[object, ...]) -> str:
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()
