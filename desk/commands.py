"""The desk: every command that a person or a program can give."""

from datetime import datetime

from msgspec.structs import replace

from desk.actors import Actor
from desk.changes import assigned, change_with, from_outside, moved_to, new_event, next_version
from desk.frame import Done
from desk.handing import Handing
from desk.identification import Identification
from desk.merging import merged, taken_apart
from desk.outgoing import Outgoing
from desk.people import People
from desk.removing import Removing
from desk.suggesting import Suggestion, asked_for, evidence, suggested
from desk.writing import Writing
from tickets.errors import Overtaken, Refused
from tickets.ids import EventId, ItemId, MessageId, NoticeId, TicketNumber, UserId
from tickets.model import RawEvent, TicketEnvelope
from tickets.records import Counts, Page, TicketChange, TicketFilter


class Desk(Writing, People, Identification, Removing, Outgoing, Handing):
    """All commands; here those on tickets as a whole."""

    async def get_ticket(self, actor: Actor, number: TicketNumber) -> TicketEnvelope:
        """Raises TicketNotFound, Forbidden."""
        actor.require("read")
        return await self._get_for(actor, number)

    async def list_tickets(self, actor: Actor, wanted: TicketFilter) -> Page:
        """Those that somebody may see.  Raises Forbidden."""
        actor.require("read")
        hidden = await self.hidden_teams(actor)
        return await self._store.list_tickets(replace(wanted, hidden=hidden, seen_by=actor.user_id))

    async def count_tickets(self, actor: Actor) -> Counts:
        """Likewise."""
        actor.require("read")
        return await self._store.count_tickets(actor.user_id, await self.hidden_teams(actor))

    async def suggest(self, actor: Actor, ticket: TicketEnvelope) -> tuple[Suggestion, ...]:
        """Tickets of other names that may be of the same person, for what both name.  Raises Forbidden."""
        asked = evidence(ticket)
        found = [(one, await self.list_tickets(actor, asked_for(one[1]))) for one in asked]
        return suggested(ticket, found)

    async def claim(self, actor: Actor, number: TicketNumber, *, key: str) -> Done:
        """Take a ticket.  Refused while a colleague has it: ``assign`` takes it over on purpose."""

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            if actor.user_id is None:
                raise Refused("A token cannot take a ticket. Assign it to a user.")
            if ticket.ticket.assignee not in (None, actor.user_id):
                raise Refused("A colleague has taken this ticket. Assign it to yourself to take it over.")
            return assigned(ticket, actor, actor.user_id, now)

        return await self._run(actor, "work", number, key, ("claim", number), decide)

    async def assign(self, actor: Actor, number: TicketNumber, user: UserId | None, *, key: str) -> Done:
        """Hand a ticket to a user, or to nobody (None)."""
        return await self._run(
            actor, "direct", number, key, ("assign", number, user), lambda t, now: assigned(t, actor, user, now)
        )

    async def close(self, actor: Actor, number: TicketNumber, *, key: str) -> Done:
        """Done, until the person writes again."""
        return await self._run(
            actor, "work", number, key, ("close", number), lambda t, now: moved_to("closed", t, actor, now)
        )

    async def reopen(self, actor: Actor, number: TicketNumber, *, key: str) -> Done:
        """Open again.  Refused when the same conversation already has another open ticket."""
        return await self._run(
            actor, "work", number, key, ("reopen", number), lambda t, now: moved_to("open", t, actor, now)
        )

    async def merge(
        self, actor: Actor, number: TicketNumber, into: TicketNumber, *, key: str, consent: str = ""
    ) -> Done:
        """Have all that was said in a ticket go on in another, which is where it leads from then on.

        consent: where the person has agreed to it, which X demands before its
        people are linked with mail addresses.
        """

        return await self._merge(actor, number, into, key, consent)

    async def _merge(
        self, actor: Actor, number: TicketNumber, into: TicketNumber, key: str, consent: str | None
    ) -> Done:
        async def decide(giver: TicketEnvelope, now: datetime) -> TicketChange:
            return merged(giver, await self._get_for(actor, into), actor, now, consent)

        asked = ("merge", number, into, *([consent] if consent else []))
        done = await self._run_with(actor, "work", number, key, asked, decide)
        return done._replace(number=into)

    async def take_apart(self, actor: Actor, number: TicketNumber, *, key: str) -> Done:
        """Undo the merging of a ticket: it has its conversations again, with what came in them since."""

        async def decide(was: TicketEnvelope, now: datetime) -> TicketChange:
            into = was.ticket.merged_into
            if into is None:
                raise Refused(f"Ticket #{number} is not merged into another.")
            brought = await self._store.find_brought(number)
            return taken_apart(was, await self._get(into), brought, actor, now)

        return await self._run_with(actor, "work", number, key, ("take_apart", number), decide)

    async def join(self, one: TicketNumber, other: TicketNumber, claim: str) -> None:
        """Have the younger of two tickets go on in the older, as a code showed that both are one person's.

        claim: names the code, so that it is done once.  Where they cannot be
        made one, a note says so.  Raises Overtaken: it may be done later.
        """
        into, of = sorted((one, other))
        actor = Actor("program:claims", "Switchboard", "lead")
        try:
            await self._merge(actor, of, into, f"join-{claim}", None)
        except Overtaken:
            raise
        except Refused as error:
            text = f"A code showed that #{into} is this person's, too. They could not be merged: {error}"
            await self.note(actor, of, text, key=f"note-{claim}")

    async def read_raw(self, actor: Actor, number: TicketNumber, message_id: MessageId, *, key: str) -> RawEvent:
        """A message byte for byte as it came.  That somebody read it is an event.

        Raises Refused for a message that did not come from outside, and Forbidden
        where a secret is covered in it and the actor may not oversee.
        """

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            if from_outside(ticket, message_id).secrets:
                actor.require("oversee")
            event = new_event("raw_read", actor, ticket, now, message_id=message_id)
            return change_with(ticket, next_version(ticket.ticket, now), event)

        await self._run(actor, "work", number, key, ("read_raw", number, message_id), decide)
        original = from_outside(await self._get(number), message_id).event_id
        raw = None if original is None else await self._store.read_raw(original)
        if raw is None:
            raise Refused("The original is not kept any more.")
        return raw

    async def replay(self, actor: Actor, event_id: EventId) -> bool:
        """Have a quarantined message handled anew; False when it is not in quarantine."""
        actor.require("administer")
        return await self._store.replay(event_id, self._clock.now())

    async def dismiss_notice(self, actor: Actor, notice_id: NoticeId) -> bool:
        """A person has read a notice; False when it is not open."""
        actor.require("work")
        return await self._store.dismiss_notice(notice_id, self._clock.now())

    async def take_up(self, actor: Actor, item_id: ItemId) -> bool:
        """Have a ticket made of what a feed found; False where that is under way or done.

        Raises Refused for an item that is gone.
        """
        actor.require("work")
        if await self._store.want_item(item_id, actor.key, self._clock.now()):
            self._crash("desk.committed")
            return True
        if await self._store.find_item(item_id) is None:
            raise Refused("This was removed, or is too old to be kept. Reload the page.")
        return False
