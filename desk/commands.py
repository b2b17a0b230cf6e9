"""The commands.  Each reads the ticket, decides, and commits with an event; again when it was overtaken."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from desk.actors import Actor, Right
from desk.answered import answered_message
from desk.answering import NOTHING, Enclosed, answering
from desk.beginning import Opening, begun, person_in, refuse_open, thread_for, ticket_id_of
from desk.changes import (
    answered_again,
    assigned,
    change_with,
    checked_text,
    moved_to,
    new_event,
    new_message,
    next_version,
    original_of,
    refuse_overtaken,
    refuse_repeated,
    refuse_unseen_publicity,
    settled_by,
    waiting_again,
)
from desk.codes import given, words_of
from desk.erasing import erased, subject_without
from desk.files import NewFile
from desk.foreseeing import Foreseen, foreseen
from desk.hiding import hideable, hiding, put_back
from desk.merging import merged, refuse_merged, taken_apart
from desk.restricting import Kind, Why, lifted, restricted, restriction_of
from responders.compose import Limits, copies_of, plain_target
from responders.quoting import quoted
from responders.templates import ReplyTemplates
from tickets.claims import new_code
from tickets.errors import Conflict, KeyReused, Overtaken, Refused, TicketNotFound
from tickets.feeds import FeedStore
from tickets.ids import (
    AccountId,
    Channel,
    DeliveryId,
    EventId,
    ExternalMessageId,
    IdentityId,
    ItemId,
    MessageId,
    NoticeId,
    ThreadId,
    TicketId,
    TicketNumber,
    UserId,
)
from tickets.model import (
    Delivery,
    DeliveryState,
    RawEvent,
    ReplyTarget,
    TicketEnvelope,
)
from tickets.notices import NoticeStore
from tickets.own_names import alias_in
from tickets.ports import Clock, CrashHook, FileRules
from tickets.records import BY_HAND, CommandKey, ContextQuery, TicketChange, only_thread
from tickets.rich import Rich, read
from tickets.spending import SpendingStore
from tickets.storage import DeskStore, IntakeStore, OutboxStore

ATTEMPTS = 8
ELSEWHERE = "This conversation already has another open ticket. Go on there."


OVERTAKEN = (
    "One of the tickets changed at the same moment, or one of the conversations has another open ticket. "
    "Look, then try again."
)


async def show_nothing(_target: ReplyTarget) -> None:
    """Of channels that cannot show that somebody writes."""


REUSED = "This Idempotency-Key was used for another request. Use a fresh one for each request."


class Done(NamedTuple):
    """What a command did.

    number: 0 for a delivery that belongs to no ticket.  delivery_id: the
    delivery it made or changed, None without.  repeated: the key had been
    used for the same command before, and nothing was done.
    """

    number: TicketNumber
    delivery_id: DeliveryId | None = None
    repeated: bool = False


def begun_before(made: TicketEnvelope, text: str) -> Done:
    """What the same command did before.  Raises KeyReused when it was another."""
    first = next(one for one in made.messages if one.direction == "out")
    if first.text != checked_text(text):
        raise KeyReused(REUSED)
    mine = next((one.id for one in made.deliveries if one.message_id == first.id), None)
    return Done(made.ticket.number, mine, repeated=True)


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


class DeskRecords(IntakeStore, DeskStore, OutboxStore, NoticeStore, SpendingStore, FeedStore, Protocol):
    """What the desk needs of a store."""


class Desk:
    """The desk over a store.

    limits: how much each account lets through in one piece.  prepared: a
    team's answers; None: there are none.  own: the program's own texts, among
    them that of codes; None: no codes are given.  links: by channel, an
    address that opens a talk with us there when a code is put behind it.
    show_typing: shows that somebody writes, where the channel can.
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
    ) -> None:
        self._store = store
        self._clock = clock
        self._crash = crash
        self._limits = limits
        self._prepared = prepared
        self._own = own
        self._links = links
        self._show_typing = show_typing

    async def get_ticket(self, actor: Actor, number: TicketNumber) -> TicketEnvelope:
        """Raises TicketNotFound, Forbidden."""
        actor.require("read")
        return await self._get(number)

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
        return foreseen(change.delivery, self._limits[account], spent, (person and person.handle) or "")

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
        limits = self._limits.get(thread.account) if thread else None
        if answered is None or person is None or limits is None:
            return Offer()
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

    def prepare(self, actor: Actor, ticket: TicketEnvelope, name: str) -> str:
        """A prepared answer in the person's language, filled in.  Raises Refused when there is none."""
        if self._prepared is None or name not in self._prepared.names():
            raise Refused("There is no such prepared answer any more.")
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

    async def join(self, one: TicketNumber, other: TicketNumber, claim: str) -> None:
        """Have the younger of two tickets go on in the older, as a code showed that both are one person's.

        claim: names the code, so that it is done once.  Where they cannot be
        made one, a note says so.  Raises Overtaken: it may be done later.
        """
        into, of = sorted((one, other))
        actor = Actor("program:claims", "Switchboard", "agent")
        try:
            await self.merge(actor, of, into, key=f"join-{claim}")
        except Overtaken:
            raise
        except Refused as error:
            text = f"A code showed that #{into} is this person's, too. They could not be merged: {error}"
            await self.note(actor, of, text, key=f"note-{claim}")

    async def hide(
        self, actor: Actor, number: TicketNumber, message_id: MessageId, *, key: str, hidden: bool = True
    ) -> Done:
        """Have the platform hide what somebody wrote under our post, or show it again.

        Raises Refused where the channel cannot, and for what is not in public.
        """

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            if not self.hides(hideable(ticket, message_id)[1].account):
                raise Refused("This platform lets nobody hide what others write.")
            return hiding(ticket, message_id, actor, now, hidden=hidden)

        return await self._run(actor, "work", number, key, ("hide", number, message_id, hidden), decide)

    def hides(self, account: AccountId) -> bool:
        """Whether what is written under an account's posts can be hidden."""
        limits = self._limits.get(account)
        return limits is not None and limits.hides

    async def could_not_hide(self, number: TicketNumber, message_id: MessageId, why: str, *, hidden: bool) -> None:
        """The platform refused to hide or show it: it stands as it did, and a note says why."""
        actor = Actor("program:hiding", "Switchboard", "agent")
        await self._apply(number, lambda ticket, now: put_back(ticket, message_id, why, actor, now, hidden=hidden))

    async def erase(self, channel: Channel, account: AccountId, names: Sequence[ExternalMessageId]) -> int:
        """Forget what these messages said, as their authors removed them; how many tickets they were in.

        Raises Conflict when one of them is overtaken again and again: it may be done later.
        """
        asked = ContextQuery(
            frozenset(),
            frozenset((channel, name) for name in names),
            frozenset(),
            frozenset(),
            self._clock.now(),
        )
        await self._store.forget_items(account, names)
        found = [ref for ref in (await self._store.find_context(asked)).refs.values() if not ref.ours]
        gone: dict[TicketId, set[MessageId]] = {}
        for ref in found:
            gone.setdefault(ref.ticket_id, set()).add(ref.message_id)
        for ticket_id, messages in gone.items():
            number = await self._store.find_ticket_number(ticket_id)
            assert number is not None
            await self._erase_in(number, frozenset(messages), account)
        return len(gone)

    async def _erase_in(self, number: TicketNumber, gone: frozenset[MessageId], account: AccountId) -> None:
        """Tickets that were merged into it keep nothing of these words in their subjects, either.

        They come last: their subjects are the only trace then, and found by what is gone no more.
        """
        actor = Actor("program:removals", "Switchboard", "agent")
        whole = await self._get(number)
        removed = [one for one in whole.messages if one.id in gone]
        for merged_number in whole.merged:
            await self._apply(merged_number, lambda ticket, now: subject_without(ticket, removed, actor, now))
        await self._apply(number, lambda ticket, now: erased(ticket, gone, account, actor, now))

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
                await self._store.apply_change(change, now)
                self._crash("desk.committed")
                return
        raise Conflict(f"Ticket #{number} changes all the time.")

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
        ticket_id = ticket_id_of(actor, _usable(key))
        for _ in range(ATTEMPTS):
            if (made := await self._store.find_ticket_number(ticket_id)) is not None:
                return begun_before(await self._get(made), text)
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

    async def merge(self, actor: Actor, number: TicketNumber, into: TicketNumber, *, key: str) -> Done:
        """Have all that was said in a ticket go on in another, which is where it leads from then on."""

        async def decide(giver: TicketEnvelope, now: datetime) -> TicketChange:
            return merged(giver, await self._get(into), actor, now)

        done = await self._run_with(actor, "work", number, key, ("merge", number, into), decide)
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

    async def withdraw(self, actor: Actor, delivery_id: DeliveryId, *, key: str) -> Done:
        """Stop an answer that has not left yet, or give up posting it by hand."""
        return await self._settle(actor, delivery_id, key, "withdraw", ("queued",), "held")

    async def send_again(self, actor: Actor, delivery_id: DeliveryId, *, key: str) -> Done:
        """Send what failed, is held, or whose fate is unknown: a person's decision, never the program's."""
        return await self._settle(actor, delivery_id, key, "send_again", ("failed", "held", "unknown"), "queued")

    async def confirm_arrived(self, actor: Actor, delivery_id: DeliveryId, *, key: str) -> Done:
        """A person has seen that a delivery of unknown fate did arrive, or has posted one by hand."""
        return await self._settle(actor, delivery_id, key, "confirm_arrived", ("unknown",), "sent")

    async def read_raw(self, actor: Actor, number: TicketNumber, message_id: MessageId, *, key: str) -> RawEvent:
        """A message byte for byte as it came.  That somebody read it is an event.

        Raises Refused for a message that did not come from outside.
        """

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            original_of(ticket, message_id)
            event = new_event("raw_read", actor, ticket, now, message_id=message_id)
            return change_with(ticket, next_version(ticket.ticket, now), event)

        await self._run(actor, "work", number, key, ("read_raw", number, message_id), decide)
        raw = await self._store.read_raw(original_of(await self._get(number), message_id))
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

    # Inside

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
        command = CommandKey(actor=actor.key, key=_usable(key), fingerprint=_fingerprint(asked))
        for attempt in range(1, ATTEMPTS + 1):
            if (earlier := await self._earlier(number, command)) is not None:
                return earlier
            now = self._clock.now()
            ticket = await self._get(number)
            try:
                change = await decide(ticket, now)
            except Refused:
                # The same command, sent twice at once, may have been done between the look and the reading.
                if (earlier := await self._earlier(number, command)) is not None:
                    return earlier
                raise
            delivery_id = change.delivery.id if change.delivery else None
            try:
                await self._store.apply_change(replace(change, command=command, result=delivery_id or ""), now)
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

    async def _settle(
        self,
        actor: Actor,
        delivery_id: DeliveryId,
        key: str,
        command: str,
        from_states: tuple[DeliveryState, ...],
        to: DeliveryState,
    ) -> Done:
        actor.require("work")
        delivery = await self._store.find_delivery(delivery_id)
        if delivery is not None and delivery.ticket_id is None:
            return await self._settle_loose(actor, delivery, from_states, to)
        number = await self._number_of(delivery_id)

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            delivery = next(d for d in ticket.deliveries if d.id == delivery_id)
            to_post = delivery.state == "held" and delivery.code == BY_HAND
            if delivery.state not in from_states and not to_post:
                raise Refused(f"This answer is {delivery.state}; that cannot be done with it now.")
            settled = settled_by(delivery, to, actor, now)
            event = new_event(command, actor, ticket, now, delivery_id=delivery_id, state=settled.state)
            moved = waiting_again(ticket, delivery, now) if to == "held" else answered_again(ticket, delivery, now)
            return change_with(ticket, moved, event, delivery=settled, expected_delivery=delivery.state)

        try:
            return await self._run(actor, "work", number, key, (command, delivery_id), decide)
        except Conflict as error:
            raise Refused("This answer is being sent right now. Look again in a moment.") from error

    async def _settle_loose(
        self, actor: Actor, delivery: Delivery, from_states: tuple[DeliveryState, ...], to: DeliveryState
    ) -> Done:
        """An alert or a greeting: it belongs to no ticket, so the state itself says what was done before."""
        now = self._clock.now()
        allowed = delivery.state in from_states
        settled = settled_by(delivery, to, actor, now)
        if not allowed or not await self._store.settle_delivery(settled, delivery.state, now):
            raise Refused(f"This message is {delivery.state}; that cannot be done with it now. Look again.")
        return Done(TicketNumber(0), delivery.id)

    async def _number_of(self, delivery_id: DeliveryId) -> TicketNumber:
        delivery = await self._store.find_delivery(delivery_id)
        number = (
            await self._store.find_ticket_number(delivery.ticket_id) if delivery and delivery.ticket_id else None
        )
        if number is None:
            raise TicketNotFound("There is no such delivery.")
        return number


def _read(text: str, *, formatted: bool) -> tuple[Rich, str | None]:
    """The words, and what was typed where that has marks in it.  Raises Refused for no words, or too many."""
    words = checked_text(text)
    rich = read(words) if formatted else Rich(words, ())
    return rich, words if rich.spans else None


def _usable(key: str) -> str:
    if not 1 <= len(key) <= 200:
        raise Refused("An Idempotency-Key has 1 to 200 characters.")
    return key


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _fingerprint(asked: tuple[object, ...]) -> str:
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()
