"""Commands about people: who they are elsewhere, writing to them first, holding them back."""

from datetime import datetime

from desk.actors import Actor
from desk.answering import NOTHING, answering
from desk.beginning import Opening, begun, person_in, refuse_open, thread_for, ticket_id_of
from desk.changes import checked_text
from desk.codes import given, words_of
from desk.frame import ATTEMPTS, OVERTAKEN, REUSED, Done, Frame, usable
from desk.merging import refuse_merged
from desk.restricting import Kind, Why, lifted, restricted, restriction_of
from tickets.claims import new_code
from tickets.errors import Conflict, KeyReused, Refused
from tickets.ids import IdentityId, ThreadId, TicketNumber
from tickets.model import TicketEnvelope
from tickets.records import TicketChange, only_thread
from tickets.rich import Rich


class People(Frame):
    """The people of a ticket."""

    async def give_code(
        self,
        actor: Actor,
        number: TicketNumber,
        *,
        key: str,
        thread_id: ThreadId | None = None,
        undo_s: float = 0.0,
    ) -> Done:
        """Send somebody a code in private; where else they bring it, that conversation joins this ticket.

        thread_id: None for where they last wrote.  Refused in public, where
        everybody could use it.
        """

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            code = new_code()
            text = Rich(words_of(code, ticket, thread_id, self._own, self._links), ())
            change = answering(self._limits, actor, ticket, text, thread_id, now, undo_s, NOTHING)
            return given(change, code, ticket, thread_id, actor, now)

        return await self._run(actor, "work", number, key, ("give_code", number, thread_id), decide)

    async def begin(
        self,
        actor: Actor,
        number: TicketNumber,
        text: str,
        reason: str,
        *,
        key: str,
        who: IdentityId | None = None,
        subject: str = "",
        undo_s: float = 0.0,
    ) -> Done:
        """Write to somebody of a ticket first, in a ticket of its own; the reason is its first note.

        who: None for who asked.  subject: by mail; empty for the first words.  Raises Refused where the
        platform lets nobody be written to, or a talk with them is open already.
        """
        actor.require("work")
        ticket_id = ticket_id_of(actor, usable(key))
        for _ in range(ATTEMPTS):
            if (made := await self._store.find_ticket_number(ticket_id)) is not None:
                return _begun_before(await self._get(made), text)
            now = self._clock.now()
            about = await self._get(number)
            refuse_merged(about.ticket)
            person = person_in(about, who)
            thread = thread_for(about, person, await self._store.find_private(person.id))
            context = await self._store.find_context(only_thread(thread, now))
            there = context.threads.get((thread.account, thread.key))
            refuse_open(there, context, ticket_id)
            opening = Opening(about.ticket, person, there or thread, there is None, text, subject, reason)
            admissions = begun(self._limits, actor, opening, ticket_id, now, undo_s)
            try:
                numbers = await self._store.admit(admissions, now)
            except Conflict:
                continue
            self._crash("desk.committed")
            return Done(numbers[ticket_id], admissions[1].deliveries[0].id)
        raise Refused(OVERTAKEN)

    async def restrict(
        self,
        actor: Actor,
        number: TicketNumber,
        kind: Kind,
        why: Why,
        *,
        key: str,
        who: IdentityId | None = None,
        hours: float | None = None,
        everywhere: bool = False,
    ) -> Done:
        """Hold back what somebody writes from now on; blocked, the one who asked is done with here, too.

        who: somebody in the ticket; None for who asked.  hours: None for
        good.  everywhere: also where a code has shown that it is them.
        """

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            wanted = restriction_of(kind, why, hours, actor, now)
            return restricted(ticket, who, wanted, actor, now, everywhere=everywhere)

        asked = ("restrict", number, kind, why, who, hours, everywhere)
        return await self._run(actor, "work", number, key, asked, decide)

    async def lift(self, actor: Actor, number: TicketNumber, *, key: str, who: IdentityId | None = None) -> Done:
        """Undo a restriction wherever it was put on the person.  who: None for who asked."""
        return await self._run(
            actor, "work", number, key, ("lift", number, who), lambda t, now: lifted(t, who, actor, now)
        )


def _begun_before(made: TicketEnvelope, text: str) -> Done:
    """What the same command did before.  Raises KeyReused when it was another."""
    first = next(one for one in made.messages if one.direction == "out")
    if first.text != checked_text(text):
        raise KeyReused(REUSED)
    mine = next((one.id for one in made.deliveries if one.message_id == first.id), None)
    return Done(made.ticket.number, mine, repeated=True)
