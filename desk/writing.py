"""Commands that write: answers, and notes for colleagues."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from desk.actors import Actor
from desk.answered import answered_message, asked_in_private, identified
from desk.answering import Enclosed, answering
from desk.changes import (
    change_with,
    checked_text,
    new_event,
    new_message,
    next_version,
    refuse_overtaken,
    refuse_repeated,
    refuse_unseen_publicity,
)
from desk.files import NewFile
from desk.foreseeing import Foreseen, foreseen
from desk.frame import Done, Frame
from responders.compose import copies_of, plain_target
from responders.quoting import quoted
from tickets.errors import Refused
from tickets.ids import MessageId, ThreadId, TicketNumber
from tickets.model import TicketEnvelope
from tickets.own_names import alias_in
from tickets.ports import FileRules
from tickets.records import TicketChange
from tickets.rich import Rich, read


class Offer(NamedTuple):
    """What an answer could carry.

    copies: who else would get it with ``copies``.  quotation: what it would
    quote with ``quote``; empty where nothing is quoted.  alias: from which
    other address of ours it goes.  files: which go with it; None: none.
    formats: formatted words are shown as such.  by_hand: why a person must post it themselves;
    empty where the program sends it.
    """

    copies: tuple[str, ...] = ()
    quotation: str = ""
    alias: str | None = None
    files: FileRules | None = None
    formats: bool = False
    by_hand: str = ""


PREPARED_VALUES = {"name": "Ann", "number": "17", "agent": "Mei"}
"""What prepared answers may name, with examples: the person, the ticket, who answers."""


class Prepared(NamedTuple):
    """An answer that is ready.  title: in the default language.  locale: in which its text is there."""

    name: str
    title: str
    locale: str


class Writing(Frame):
    """Writing in a ticket."""

    async def answer(
        self,
        actor: Actor,
        number: TicketNumber,
        text: str,
        *,
        key: str,
        thread_id: ThreadId | None = None,
        seen: MessageId | None = None,
        undo_s: float = 0.0,
        copies: bool = False,
        quote: bool = False,
        formatted: bool = False,
        files: Sequence[NewFile] = (),
        seen_public: str = "",
    ) -> Done:
        """Answer the person where they last wrote, or in ``thread_id``.

        copies: to everybody else, too, who got the mail that is answered.
        quote: put what is answered under it, by mail.  formatted: the text has
        marks in it (``tickets.rich``).  files: to go with it; refused where
        the channel does not take them.  seen_public: from the
        PublicStep that is raised where the ticket has private parts and
        everybody would read the answer.

        seen: the newest message the writer had before them; when a colleague
        has answered since, the answer is refused, so that nobody is answered
        twice.  undo_s: seconds in which ``withdraw`` still stops it.  It opens
        a closed ticket, and is refused when the conversation has another open one.
        """

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            refuse_overtaken(ticket, actor, seen)
            rich, typed = _read(text, formatted=formatted)
            refuse_repeated(ticket, actor, seen, checked_text(rich.text))
            with_it = Enclosed(copies, quote, typed, tuple(files))
            change = answering(self._limits, actor, ticket, rich, thread_id, now, undo_s, with_it)
            refuse_unseen_publicity(ticket, change, seen_public)
            return change

        wishes = {"copies": copies, "quote": quote, "formatted": formatted}
        flags = [name for name, wanted in wishes.items() if wanted]
        more = [*flags, *((file.name, _digest(file.content)) for file in files)]
        asked = ("answer", number, text, thread_id, *more)
        return await self._run(actor, "work", number, key, asked, decide)

    async def foresee(
        self,
        actor: Actor,
        number: TicketNumber,
        text: str,
        *,
        thread_id: ThreadId | None = None,
        quote: bool = False,
        formatted: bool = False,
    ) -> Foreseen:
        """What an answer would leave as, and cost; nothing changes.  Raises as ``answer`` does."""
        actor.require("work")
        now, ticket = self._clock.now(), await self._get(number)
        rich, typed = _read(text, formatted=formatted)
        with_it = Enclosed(copies=False, quote=quote, typed=typed, files=())
        change = answering(self._limits, actor, ticket, rich, thread_id, now, 0.0, with_it)
        assert change.delivery is not None
        account = change.delivery.target.account
        spent = [one for one in await self._store.list_spending(now) if one.account == account]
        answered = answered_message(ticket, change.delivery.thread_id)
        person = next((one for one in ticket.identities if answered and one.id == answered.identity_id), None)
        limits = self._limits[account].there(change.delivery.target.visibility)
        return foreseen(change.delivery, limits, spent, (person and person.handle) or "")

    async def typing(self, actor: Actor, number: TicketNumber, thread_id: ThreadId | None = None) -> None:
        """Show the person that an answer is being written; nothing is kept of it.

        Raises TicketNotFound, Forbidden.
        """
        actor.require("work")
        ticket = await self._get(number)
        answered = answered_message(ticket, thread_id)
        thread = next((one for one in ticket.threads if answered and one.id == answered.thread_id), None)
        if thread is not None:
            await self._show_typing(plain_target(thread))

    def offer(self, ticket: TicketEnvelope, thread_id: ThreadId | None) -> Offer:
        """What an answer there could carry, for who writes it."""
        answered = answered_message(ticket, thread_id)
        person = next((one for one in ticket.identities if answered and one.id == answered.identity_id), None)
        thread = next((one for one in ticket.threads if answered and one.id == answered.thread_id), None)
        known = self._limits.get(thread.account) if thread else None
        if answered is None or person is None or known is None or thread is None:
            return Offer()
        limits = known.there(thread.visibility)
        return Offer(
            copies=copies_of(answered, person, limits),
            quotation=quoted(answered, person) if limits.own else "",
            alias=alias_in((*answered.to, *answered.cc), limits.own, limits.aliases),
            files=limits.files,
            formats=limits.formats,
            by_hand=answered.unanswerable if limits.by_hand else "",
        )

    def prepared(self, ticket: TicketEnvelope) -> list[Prepared]:
        """The answers that are ready for a ticket's person, by title."""
        if self._prepared is None:
            return []
        language = ticket.ticket.language
        found = self._prepared.titles()
        return [Prepared(name, title, self._prepared.locale(name, language)) for name, title in found]

    def prepare(self, actor: Actor, ticket: TicketEnvelope, name: str, thread_id: ThreadId | None = None) -> str:
        """A prepared answer in the person's language, filled in.

        thread_id: where it is to go; None for where they last wrote.  Raises Refused when there is none, and
        for one that tells private data where others could read it, or who gets it has not shown who they are.
        """
        if self._prepared is None or name not in self._prepared.names():
            raise Refused("There is no such prepared answer any more.")
        if name in self._checks.private:
            answered, _ = asked_in_private(ticket, thread_id)
            if answered.identity_id is None or not identified(ticket, answered.identity_id, self._clock.now()):
                raise Refused("This answer tells private data. First check who they are, in the panel.")
        values = {"name": ticket.ticket.requester, "number": str(ticket.ticket.number), "agent": actor.name}
        return self._prepared.render(name, ticket.ticket.language, **values)

    async def note(self, actor: Actor, number: TicketNumber, text: str, *, key: str, call: bool = False) -> Done:
        """Keep a note that only colleagues see.  call: of what was said on the phone."""

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            note = replace(new_message("note", actor, ticket, checked_text(text), now), call=call)
            event = new_event("called" if call else "noted", actor, ticket, now, message_id=note.id)
            moved = next_version(ticket.ticket, now)
            return change_with(ticket, moved, event, message=note, said=note.text)

        asked = ("note", number, text, *(["call"] if call else []))
        return await self._run(actor, "work", number, key, asked, decide)


def _read(text: str, *, formatted: bool) -> tuple[Rich, str | None]:
    """The words, and what was typed where that has marks in it.  Raises Refused for no words, or too many."""
    words = checked_text(text)
    rich = read(words) if formatted else Rich(words, ())
    return rich, words if rich.spans else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
