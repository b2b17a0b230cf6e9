"""The model beside the program: what was said and decided, and whether what stands in the database fits it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

from desk.files import NewFile
from desk.frame import Done
from store.rows import micros, moment
from tests.stateful.platforms import CHANNELS, PROVING, Words
from tests.stateful.world import Answer, Case, Picture, Spoken, World
from tickets.claims import covered
from tickets.ids import AccountId, Channel, DeliveryId, TicketId, TicketNumber
from tickets.model import TicketEvent

PATIENCE = timedelta(minutes=3)
A_DAY = timedelta(days=1)
"""So long later answers wait for one that is looked for."""
SLACK = timedelta(seconds=5)
TROUBLE = ("failed", "held", "unknown")


@dataclass
class Letter:
    """A message that a platform handed out and we committed.

    text: as it should stand in the end; None once it was deleted.  order:
    in which it came.  aside: it was in quarantine, so that it may come
    after later ones.  home: the ticket of ours that it answers, if it must
    get there.
    """

    name: str
    account: AccountId
    who: str
    text: str | None
    order: int
    broken: bool = False
    aside: bool = False
    home: TicketId | None = None


@dataclass
class Command:
    """An answer that was asked for under a key.  again: asks once more, where the program chose its words."""

    number: int
    text: str
    delivery: DeliveryId
    files: tuple[NewFile, ...] = ()
    again: Callable[[], Coroutine[Any, Any, Done]] | None = None


@dataclass
class Merged:
    """A ticket that goes on in another: what it brought there."""

    number: TicketNumber
    into: TicketId
    messages: frozenset[str]
    notes: int


@dataclass
class Book:
    """What the judge remembers.

    careless: how many copies of words a person sent although they had
    arrived.  doubtful: deliveries that may be of unknown fate.  passed:
    those that later answers may have overtaken.  troubled: those that were
    in trouble once.  shut: those whose ticket was closed while nobody knew
    their fate.  quiet: tickets that were closed, reopened or whose
    message was edited since the last word, with that word.  blocked: whom
    nobody hears.  seen: messages that stood there at the last look.  by_hand:
    what one of ours wrote on the platform itself, by its name.  erased:
    what was removed where nothing of it may stay.  overheard: what feeds
    heard, by name, with who said it.  silenced: who was blocked at any time.
    """

    letters: dict[str, Letter] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    commands: dict[str, Command] = field(default_factory=dict)
    careless: Counter[Words] = field(default_factory=Counter)
    doubtful: set[DeliveryId] = field(default_factory=set)
    passed: set[DeliveryId] = field(default_factory=set)
    troubled: set[DeliveryId] = field(default_factory=set)
    shut: set[DeliveryId] = field(default_factory=set)
    quiet: dict[TicketId, str] = field(default_factory=dict)
    events: list[TicketEvent] = field(default_factory=list)
    notes: Counter[TicketId] = field(default_factory=Counter)
    blocked: set[tuple[Channel, str]] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    merged: dict[TicketId, Merged] = field(default_factory=dict)
    by_hand: dict[str, str] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    overheard: dict[str, tuple[Channel, str]] = field(default_factory=dict)
    silenced: set[tuple[Channel, str]] = field(default_factory=set)


class Judge:
    """Looks after each step and at the end.  Every ``_`` method is one promise."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.book = Book()

    def after_step(self) -> Picture:
        picture = self.world.look()
        self._remember(picture)
        self._messages_stand_once_and_in_order(picture)
        self._one_open_ticket_each(picture)
        self._answers_are_those_asked_for(picture)
        self._nothing_is_sent_that_nobody_wanted(picture)
        self._unknown_has_a_cause_and_is_shown(picture)
        self._answers_keep_their_order(picture)
        self._tickets_wait_as_the_last_word_says(picture)
        self._nothing_stays_of_what_was_removed(picture)
        self._events_rise()
        return picture

    def at_rest(self) -> None:
        """Nothing goes wrong any more, and everything that could be done was done."""
        picture = self.after_step()
        self._every_letter_arrived(picture)
        self._every_answer_has_an_end(picture)
        self._what_was_overheard_is_kept()
        self._nothing_is_in_hand()
        self._the_history_was_read_whole()

    # What is remembered from what is seen

    def _remember(self, picture: Picture) -> None:
        self.book.doubtful |= self.world.platforms.doubtful
        now = self.world.clock.now()
        closed = {case.id for case in picture.cases if case.status == "closed"}
        for answer in picture.answers:
            if answer.state in TROUBLE:
                self.book.troubled.add(answer.id)
            if answer.state == "unknown" and answer.ticket in closed:
                self.book.shut.add(answer.id)
            looked_for = answer.look_at is not None and answer.updated_at > micros(now - PATIENCE + SLACK)
            if answer.state in ("failed", "held") or (answer.state == "unknown" and not looked_for):
                self.book.passed.add(answer.id)
        self._nobody_waits_for_the_blocked(picture)
        self.book.silenced |= self.book.blocked
        for ticket, word in list(self.book.quiet.items()):
            if last_word(picture, ticket) != word:
                del self.book.quiet[ticket]

    def _nobody_waits_for_the_blocked(self, picture: Picture) -> None:
        """Where only they wrote since the last look, who waits is as before; their own tickets are closed."""
        fresh: dict[TicketId, list[Spoken]] = {}
        for one in picture.spoken:
            if one.direction == "in" and one.id not in self.book.seen:
                fresh.setdefault(one.ticket, []).append(one)
        for case in picture.cases:
            words = fresh.get(case.id, [])
            if not words or not all(self._is_blocked(one) for one in words):
                continue
            if {one.id for one in picture.spoken if one.ticket == case.id} <= {one.id for one in words}:
                assert (case.status, case.waiting_since, case.unanswered) == ("closed", None, 0), case
            self.hush(picture, case.id)
        self.book.seen = {one.id for one in picture.spoken}

    def _is_blocked(self, one: Spoken) -> bool:
        if one.account is None or one.thread is None:
            return False
        return (CHANNELS[one.account], one.thread.removeprefix("chat-")) in self.book.blocked

    def dead_hands(self, picture: Picture) -> None:
        """A worker died: what is being sent now is of unknown fate."""
        self.book.doubtful |= {answer.id for answer in picture.answers if answer.state == "sending"}

    def hush(self, picture: Picture, ticket: TicketId) -> None:
        """The ticket's state says nothing of who waits until the next word."""
        self.book.quiet[ticket] = last_word(picture, ticket)

    def arrived(self, answer: Answer) -> bool:
        """What a person sees in the conversation: more of these words than are known to be sent."""
        words = doubtful_words(answer)
        copies = sum(one.words == words for one in self.world.platforms.accepted)
        return copies - self._states(self.world.look(), "sent")[words] - self.book.careless[words] > 0

    # After each step

    def _messages_stand_once_and_in_order(self, picture: Picture) -> None:
        written = [one for one in picture.spoken if one.direction == "in"]
        twice = [name for name, count in Counter(one.name for one in written).items() if count > 1]
        assert not twice, f"stored twice: {twice}"
        places: dict[tuple[AccountId | None, str | None], list[Letter]] = defaultdict(list)
        for one in written:
            letter = self.book.letters[one.name]
            assert (one.account, one.thread) == (letter.account, f"chat-{letter.who}"), one
            assert letter.home in (None, one.ticket), f"{one} should be in the ticket it answers"
            if not letter.aside:
                places[one.account, one.thread].append(letter)
        for letters in places.values():
            orders = [letter.order for letter in letters]
            assert orders == sorted(orders), f"out of order: {letters}"
        notes = Counter(one.ticket for one in picture.spoken if one.direction == "note")
        assert notes == self.book.notes

    def _one_open_ticket_each(self, picture: Picture) -> None:
        assert not picture.crowded

    def _answers_are_those_asked_for(self, picture: Picture) -> None:
        asked = sorted(command.delivery for command in self.book.commands.values())
        assert sorted(answer.id for answer in picture.answers) == asked
        said = sorted(one.text for one in picture.spoken if one.direction == "out")
        wanted = [*(command.text for command in self.book.commands.values()), *self.book.by_hand.values()]
        assert said == sorted(wanted)

    def _nothing_is_sent_that_nobody_wanted(self, picture: Picture) -> None:
        copies = Counter(one.words for one in self.world.platforms.accepted)
        sent = self._states(picture, "sent")
        maybe = self._states(picture, "unknown", "sending")
        for words in copies.keys() | sent.keys():
            most = sent[words] + maybe[words] + self.book.careless[words]
            assert sent[words] <= copies[words] <= most, (
                f"{words}: {copies[words]} arrived, {sent[words]} known as sent, {maybe[words]} in doubt, "
                f"{self.book.careless[words]} more by a person's will"
            )

    def _states(self, picture: Picture, *states: str) -> Counter[Words]:
        return Counter(
            Words(answer.account, answer.thread, part.text)
            for answer in picture.answers
            for part in answer.parts
            if part.state in states
        )

    def _unknown_has_a_cause_and_is_shown(self, picture: Picture) -> None:
        in_doubt = {answer.id for answer in picture.answers if answer.state in ("unknown", "sending")}
        assert in_doubt <= self.book.doubtful
        shown = self.world.unfinished()
        assert [one.id for one in shown if one.state == "unknown"] == [
            one.id for one in shown[: sum(answer.state == "unknown" for answer in picture.answers)]
        ]
        closed = {case.id for case in picture.cases if case.status == "closed"}
        over = {one.id for one in picture.answers if one.state in ("failed", "held") and one.ticket in closed}
        unfinished = {answer.id for answer in picture.answers if answer.state != "sent"} - over
        assert {one.id for one in shown} == unfinished
        queued = {answer.id for answer in picture.answers if answer.state == "queued"}
        now = self.world.clock.now()
        told = self.world.run(self.world.rooms.store.forecast([answer.id for answer in picture.answers], now))
        assert told.keys() == queued
        assert all(time >= now for time in told.values())

    def _answers_keep_their_order(self, picture: Picture) -> None:
        """Where words tell which answer it was; what was in trouble may be overtaken."""
        owners: dict[Words, set[DeliveryId]] = defaultdict(set)
        for answer in picture.answers:
            for part in answer.parts:
                owners[Words(answer.account, answer.thread, part.text)].add(answer.id)
        place = {answer.id: n for n, answer in enumerate(picture.answers)}
        newest: dict[tuple[AccountId, str], int] = {}
        for accepted in self.world.platforms.accepted:
            where, ids = (accepted.words.account, accepted.words.thread), owners[accepted.words]
            if len(ids) == 1:
                [owner] = ids
                overtaken = owner not in self.book.passed and place[owner] < newest.get(where, 0)
                assert not overtaken, f"{accepted} came too late"
                newest[where] = max(place[owner], newest.get(where, 0))
        for answer in picture.answers:
            if answer.state in ("queued", "sending", "unknown") and answer.id not in self.book.passed:
                later = newest.get((answer.account, answer.thread), 0)
                assert later <= place[answer.id], f"{answer} was overtaken"

    def _tickets_wait_as_the_last_word_says(self, picture: Picture) -> None:
        for case in picture.cases:
            waits = (case.waiting_since is not None, case.unanswered > 0)
            assert waits[0] == waits[1], case
            assert case.status == "open" or not waits[0], case
            if case.id in self.book.quiet:
                continue
            expected = self._is_waiting(picture, case)
            if expected is not None:
                assert waits[0] == expected, f"{case}: should somebody wait? {expected}"
                assert case.status == ("open" if expected else "pending"), case

    def _nothing_stays_of_what_was_removed(self, picture: Picture) -> None:
        gone = [one for one in picture.spoken if one.direction == "in" and one.name in self.book.erased]
        assert [(one.text, bool(one.deleted)) for one in gone] == [("", True)] * len(self.book.erased)
        kept = {row[0] for row in self.world.rooms.rows("SELECT message_id FROM message_version")}
        assert not kept & {one.id for one in gone}

    def _is_waiting(self, picture: Picture, case: Case) -> bool | None:
        """None where an earlier answer was in trouble, and when decides."""
        spoken = [one for one in picture.spoken if one.ticket == case.id and one.direction != "note"]
        if spoken[-1].direction == "in":
            return True
        answers = [answer for answer in picture.answers if answer.ticket == case.id]
        last = next((answer for answer in answers if answer.message == spoken[-1].id), None)
        if last is None:
            assert spoken[-1].name in self.book.by_hand
            return None if {answer.id for answer in answers} & self.book.troubled else False
        if last.state in TROUBLE:
            return True
        others = {answer.id for answer in answers} - {last.id}
        return None if others & self.book.troubled else False

    def _events_rise(self) -> None:
        """Read on from the last one seen, as the inbox does."""
        seen = self.book.events
        fresh = self.world.run(self.world.rooms.store.events_after(seen[-1].seq if seen else 0))
        seqs = [0, *(one.seq for one in (*seen[-1:], *fresh))]
        assert all(before < after for before, after in pairwise(seqs))
        seen.extend(fresh)

    # At rest

    def _every_letter_arrived(self, picture: Picture) -> None:
        stored = {one.name: one for one in picture.spoken if one.direction == "in"}
        for letter in self.book.letters.values():
            assert letter.name in stored, f"lost: {letter}"
            found = stored[letter.name]
            if letter.text is None:
                assert found.deleted or letter.aside, found
            elif not found.deleted:
                assert found.text == covered(letter.text), (found, letter)  # codes are shown to nobody here

    def _what_was_overheard_is_kept(self) -> None:
        """Once each; a ticket is made only of what somebody wanted, which its letter stands for."""
        kept = Counter(name for (name,) in self.world.rooms.rows("SELECT external_id FROM feed_item"))
        assert not [name for name, count in kept.items() if count > 1]
        gone = [who for name, who in self.book.overheard.items() if name not in kept.keys() | self.book.erased]
        assert set(gone) <= self.book.silenced, gone
        made = "SELECT external_id FROM feed_item WHERE ticket_id IS NOT NULL"
        wanted = (self.book.overheard.keys() & self.book.letters.keys()) - self.book.erased
        assert {name for (name,) in self.world.rooms.rows(made)} == wanted

    def _every_answer_has_an_end(self, picture: Picture) -> None:
        for answer in picture.answers:
            assert answer.state in ("sent", "failed", "held", "unknown"), answer
            assert answer.state == "sent" or answer.code, answer
            assert answer.state == "sent" or answer.detail, answer
            if answer.state == "unknown":
                assert answer.account not in PROVING or self._is_a_persons(picture, answer), (
                    f"it could have been looked up: {answer}"
                )

    def _is_a_persons(self, picture: Picture, answer: Answer) -> bool:
        """What was not found is not sent again after a day, behind a later answer, or into a closed ticket."""
        # By when it was begun: a death may be noticed, and the answer become unknown, much later.
        begun = next(part.started_at for part in answer.parts if part.state == "unknown")
        assert begun is not None
        old = self.world.clock.now() - moment(begun) >= A_DAY
        later = any(
            (other.account, other.thread) == (answer.account, answer.thread)
            and other.state in ("sending", "sent", "unknown")
            and (other.created_at, other.id) > (answer.created_at, answer.id)
            for other in picture.answers
        )
        return (
            answer.look_at is None and "person" in answer.detail and (old or later or answer.id in self.book.shut)
        )

    def _nothing_is_in_hand(self) -> None:
        now = micros(self.world.clock.now())
        for table in ("delivery", "conversation", "(SELECT * FROM job WHERE state = 'waiting') AS job"):
            held = self.world.rooms.rows(
                f"SELECT COUNT(*) FROM {table} WHERE lease_holder IS NOT NULL AND lease_until > {now}"
            )
            assert held == [(0,)], table
        assert self.world.run(self.world.rooms.store.count_waiting()) == 0
        assert not self.world.dead

    def _the_history_was_read_whole(self) -> None:
        told = [seq for (seq,) in self.world.rooms.rows("SELECT seq FROM ticket_event ORDER BY seq")]
        while len(self.book.events) < len(told):
            self._events_rise()
        assert [one.seq for one in self.book.events] == told


def last_word(picture: Picture, ticket: TicketId) -> str:
    """The newest message of a ticket that is no note."""
    return _last(one for one in picture.spoken if one.ticket == ticket and one.direction != "note")


def _last(spoken: Iterable[Spoken]) -> str:
    ids: Sequence[str] = [one.id for one in spoken]
    return ids[-1] if ids else ""


def doubtful_words(answer: Answer) -> Words:
    """The piece of unknown fate."""
    part = next(part for part in answer.parts if part.state == "unknown")
    return Words(answer.account, answer.thread, part.text)
