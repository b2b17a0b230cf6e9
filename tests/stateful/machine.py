"""A life of the program that Hypothesis makes up: people, platforms, workers and colleagues over a real store.

After each step ``judge.Judge`` reads the database past the store and holds it
against what was said and decided; at the end everything is let run to rest
and nothing may be left over.

**A new command is one more rule:** a method of ``Switchboard`` with
``@rule(...)`` that draws all it needs as arguments, lets time pass a little
with ``self.tick()``, gives the command through ``self.world`` and tells
``self.book`` what it changes in the model (nothing, when it must change
nothing).  A new promise is one more method of ``judge.Judge``.  A new place
where the program may die goes into one of the tuples of ``draws``.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from msgspec.structs import replace

from desk.files import NewFile
from desk.frame import Done
from tests.stateful.draws import (
    ANSWER_POINTS,
    DAY_S,
    INDEX,
    INTAKE_POINTS,
    OUTCOMES,
    PEOPLE,
    PLACES,
    PROOF_POINTS,
    SENDING_POINTS,
    SWEEP_POINTS,
    TEXTS,
    WORDS,
    dying,
)
from tests.stateful.judge import Command, Judge, Letter, Merged, doubtful_words
from tests.stateful.platforms import CHANNELS, Crashed, Outcome
from tests.stateful.world import AGENT, Answer, Case, Picture, Rooms, World
from tickets.claims import masked
from tickets.errors import KeyReused, Refused
from tickets.feeds import FeedFilter
from tickets.ids import AccountId, ExternalMessageId, IdentityId, TicketId, TicketNumber
from tickets.model import Challenge, RawEvent
from tickets.records import BOUNCED


class Switchboard(RuleBasedStateMachine):
    """See the module's text."""

    def __init__(self, rooms: Rooms) -> None:
        super().__init__()
        self.world = World(rooms)
        self.judge = Judge(self.world)
        self.book = self.judge.book
        self.store = rooms.store
        self.picture = self.world.look()
        self.handed_out: list[RawEvent] = []
        self.answers_asked = 0

    def tick(self) -> None:
        """No two steps happen at the same moment."""
        self.world.clock.move(0.5)

    # People and platforms

    @initialize(outcomes=st.tuples(OUTCOMES, OUTCOMES, OUTCOMES), point=dying(SENDING_POINTS))
    def begin(self, outcomes: tuple[Outcome, ...], point: str | None) -> None:
        """A conversation on each account with an answer on its way, so that what follows finds something."""
        for account in CHANNELS:
            self._write((account, PEOPLE[0]), "Hello")
        self.world.run(self.world.workers[0].intake.drain_inbound())
        self.picture = self.world.look()
        for index in range(len(CHANNELS)):
            self.somebody_is_answered(index, list(WORDS[:1]), False, 0.0, None)
        self.a_worker_sends(0, point, list(outcomes))

    @rule(place=PLACES, text=st.sampled_from(WORDS), kind=st.sampled_from(("plain", "plain", "broken", "poison")))
    def somebody_writes(self, place: tuple[AccountId, str], text: str, kind: str) -> None:
        odd: dict[str, dict[str, Any]] = {"broken": {"broken": "Not a message."}, "poison": {"poison": 1}}
        self.tick()
        self._write(place, text, **odd.get(kind, {}))

    @rule(place=PLACES, text=st.sampled_from(WORDS), index=INDEX)
    def somebody_answers_us(self, place: tuple[AccountId, str], text: str, index: int) -> None:
        """Quoting something of ours whose receipt we have."""
        self.tick()
        account, who = place
        ours = [
            (part.name, answer.ticket)
            for answer in self.picture.answers
            if (answer.account, answer.thread) == (account, f"chat-{who}")
            for part in answer.parts
            if part.name is not None
        ]
        if not ours:
            return
        name, ticket = ours[index % len(ours)]
        letter = self._write(place, text, reply_to=[name])
        held_up = any(one.account == account and one.who == who for one in self._not_stored() if one is not letter)
        if self._case(ticket).status != "closed" and not held_up:
            letter.home = ticket

    def _write(self, place: tuple[AccountId, str], text: str, late: bool = False, **payload: Any) -> Letter:
        account, who = place
        name = f"m-{len(self.book.letters) + 1}"
        event = replace(self.world.event(account, who, name, text=text, **payload), late=late)
        assert self._hand_out(event) == 1
        letter = Letter(name, account, who, text, len(self.book.letters), broken="broken" in payload)
        letter.aside = letter.broken
        self.book.letters[name] = letter
        return letter

    def _hand_out(self, event: RawEvent) -> int:
        if event not in self.handed_out:
            self.handed_out.append(event)
        return self.world.run(self.store.append_raw(event.account, [event], f"cursor {event.external_id}"))

    def _not_stored(self) -> list[Letter]:
        stored = {one.name for one in self.picture.spoken}
        return [letter for letter in self.book.letters.values() if letter.name not in stored]

    @rule(index=INDEX)
    def an_answer_comes_back(self, index: int) -> None:
        """A report names it; nothing else lies in the way, so that it is read at once."""
        self.tick()
        open_cases = {case.id for case in self.picture.cases if case.status != "closed"}
        known = [
            one
            for one in self.picture.answers
            if one.state == "sent" and one.ticket in open_cases and all(part.name for part in one.parts)
        ]
        if not known or self._not_stored() or self.world.holds_conversations():
            return
        answer = known[index % len(known)]
        names = [part.name for part in answer.parts if part.name is not None]
        who = answer.thread.removeprefix("chat-")
        letter = self._write((answer.account, who), "Not delivered", reply_to=names[:1], came_back=True)
        letter.home = answer.ticket
        self.world.platforms.give_back(names)
        self.a_worker_reads(0, None)
        after = self._answer(answer)
        assert (after.state, after.code) == ("failed", BOUNCED), after

    @rule(place=PLACES, command=st.sampled_from(("status", "human", "close", "close")))
    def somebody_asks_the_bot(self, place: tuple[AccountId, str], command: str) -> None:
        """Read at once, so that it is known what it met; written long before, so that nobody is told."""
        self.tick()
        if self._not_stored() or self.world.holds_conversations():
            return
        account, who = place
        name = f"c-{len(self.handed_out) + 1}"
        event = self.world.event(account, who, name, text=f"/{command}", command=command)
        assert self._hand_out(replace(event, late=True))
        self.a_worker_reads(0, None)
        picture = self.world.look()
        theirs = {one.ticket for one in picture.spoken if (one.account, one.thread) == (account, f"chat-{who}")}
        for case in picture.cases:
            if case.id in theirs:
                shared = case.id in {merged.into for merged in self.book.merged.values()}
                heard = (CHANNELS[account], who) not in self.book.blocked
                assert command != "close" or shared or not heard or case.status == "closed", case
                self.judge.hush(picture, case.id)

    @rule(place=PLACES, index=INDEX)
    def one_of_ours_answers_on_the_platform(self, place: tuple[AccountId, str], index: int) -> None:
        """Read at once; who wrote waits no more, and the platform hands it out again in vain."""
        self.tick()
        account, who = place
        open_cases = {case.id for case in self.picture.cases if case.status != "closed"}
        theirs = [
            one
            for one in self.picture.spoken
            if (one.direction, one.account, one.thread) == ("in", account, f"chat-{who}")
            and one.ticket in open_cases
        ]
        if not theirs or self._not_stored() or self.world.holds_conversations():
            return
        name = f"h-{len(self.handed_out) + 1}"
        answered = theirs[index % len(theirs)]
        self.book.by_hand[name] = f"Said by hand {name}"
        wanted = {"text": self.book.by_hand[name], "by_us": True, "reply_to": [answered.name]}
        for again in ("", " again"):
            event = self.world.event(account, who, f"{name}{again}", external_id=name, **wanted)
            assert self._hand_out(event)
            self.a_worker_reads(0, None)
        case = next(one for one in self.world.look().cases if one.id == answered.ticket)
        assert (case.status, case.unanswered) == ("pending", 0), case

    @rule(index=INDEX, signs=st.sampled_from(("👍", "👎", "")))
    def somebody_reacts(self, index: int, signs: str) -> None:
        """To what they wrote themselves: nobody waits for that."""
        self.tick()
        letter = self._some_letter(index)
        if letter is not None:
            self._about(letter, kind="reaction", text=signs)

    @rule(place=PLACES)
    def a_worker_dies_while_receiving(self, place: tuple[AccountId, str]) -> None:
        """Nothing was committed, so the platform hands it out again."""
        self.tick()
        account, who = place
        name = f"m-{len(self.book.letters) + 1}"
        event = self.world.event(account, who, name, text="Hello")
        with pytest.raises(Crashed):
            self.world.attempt(
                "store.raw_written", lambda: self.store.append_raw(account, [event], f"cursor {name}")
            )
        assert self.world.run(self.store.find_cursor(account)) != f"cursor {name}"
        self.world.bury(self.world.workers[0])
        self._write(place, "Hello")

    @rule(index=INDEX, anew=st.booleans())
    def a_platform_hands_out_again(self, index: int, anew: bool) -> None:
        """The same event, or the same message as another event."""
        self.tick()
        letters = list(self.book.letters.values())
        letter = letters[index % len(letters)]
        if not anew:
            event = next(one for one in self.handed_out if one.external_id == letter.name)
            assert self._hand_out(event) == 0
        elif not letter.broken:
            self._about(letter, text=letter.text or "")

    @rule(index=INDEX, text=st.sampled_from(WORDS))
    def somebody_edits(self, index: int, text: str) -> None:
        self.tick()
        letter = self._some_letter(index)
        if letter is not None:
            self._about(letter, kind="edit", text=text)
            self.book.changed.add(letter.name)
            letter.text = text

    @rule(index=INDEX)
    def somebody_deletes(self, index: int) -> None:
        self.tick()
        letter = self._some_letter(index)
        if letter is not None:
            self._about(letter, kind="delete", text="")
            letter.text = None

    @rule(place=PLACES, text=st.sampled_from(WORDS))
    def somebody_talks_elsewhere(self, place: tuple[AccountId, str], text: str) -> None:
        """A feed hears it, and nobody waits."""
        self.tick()
        account, who = place
        name = f"f-{len(self.handed_out) + 1}"
        assert self._hand_out(self.world.event(account, who, name, text=f"{text} {name}", feed="talk"))
        self.book.overheard[name] = (CHANNELS[account], who)

    @rule(index=INDEX, point=dying(("desk.committed",)))
    def a_colleague_makes_a_ticket_of_it(self, index: int, point: str | None) -> None:
        self.tick()
        items = self.world.run(self.store.list_items(FeedFilter(limit=200)))
        free = [one for one in items if one.external_id not in self.book.letters]
        if not free:
            return
        item = free[index % len(free)]
        done, repeated = self._asked_until_told(point, lambda: self.world.desk.take_up(AGENT, item.id))
        assert done != repeated
        name, (_, who) = item.external_id, self.book.overheard[item.external_id]
        self.book.letters[name] = Letter(name, item.account, who, item.text, len(self.book.letters), aside=True)

    @rule(index=INDEX)
    def somebody_removes(self, index: int) -> None:
        """On a platform whose rules want nothing of it to stay; an edit of it may still be on its way."""
        self.tick()
        letter = self._some_letter(index)
        if letter is None:
            return
        channel, names = CHANNELS[letter.account], [ExternalMessageId(letter.name)]
        if self.world.run(self.world.desk.erase(channel, letter.account, names)):
            letter.text = None
            self.book.erased.add(letter.name)

    def _some_letter(self, index: int) -> Letter | None:
        """One that can be read and still stands."""
        letters = [one for one in self.book.letters.values() if not one.broken and one.text is not None]
        return letters[index % len(letters)] if letters else None

    def _about(self, letter: Letter, **payload: Any) -> None:
        name = f"{letter.name} again {len(self.handed_out)}"
        assert self._hand_out(
            self.world.event(letter.account, letter.who, name, external_id=letter.name, **payload)
        )

    # Workers

    @rule(who=INDEX, point=dying(INTAKE_POINTS))
    def a_worker_reads(self, who: int, point: str | None) -> None:
        self.tick()
        worker = self.world.workers[who % 2]
        for letter in self.book.letters.values():
            if letter.home is not None and self._case(letter.home).status == "closed":
                letter.home = None
        self.world.risk(worker, point, worker.intake.drain_inbound)
        self._hush_edited()

    def _hush_edited(self) -> None:
        picture = self.world.look()
        for one in picture.spoken:
            if one.name in self.book.changed:
                self.judge.hush(picture, one.ticket)

    @rule(who=INDEX, point=dying(SENDING_POINTS), outcomes=st.lists(OUTCOMES, max_size=5))
    def a_worker_sends(self, who: int, point: str | None, outcomes: list[Outcome]) -> None:
        self.tick()
        self.world.platforms.expect(outcomes)
        self._send(who, point)
        self.world.platforms.expect(())

    def _send(self, who: int, point: str | None) -> None:
        """Over every account in turn, beginning with any."""
        senders = list(self.world.platforms.senders.items())
        for account, sender in senders[who % 3 :] + senders[: who % 3]:
            for _ in range(4):
                worker = self.world.workers[who % 2]
                crashes = self.world.crashes
                begun = self.world.risk(
                    worker,
                    point,
                    lambda worker=worker, account=account, sender=sender: worker.outbox.deliver_due(  # type: ignore[misc]
                        {account: sender}
                    ),
                )
                if self.world.crashes != crashes:
                    point = None
                    self.judge.dead_hands(self.world.look())
                elif not begun:
                    break

    @rule(
        turns=st.integers(1, 8), seconds=st.sampled_from((1.0, 5.0, 20.0)), outcomes=st.lists(OUTCOMES, max_size=8)
    )
    def work_goes_on(self, turns: int, seconds: float, outcomes: list[Outcome]) -> None:
        """As in the service: each worker reads, sends and looks, turn after turn."""
        for turn in range(turns):
            self.a_worker_reads(turn, None)
            self.a_worker_sends(turn, None, outcomes[turn : turn + 1])
            self.a_worker_looks_for_proof(turn, None)
            self.world.pass_time(seconds)
            self.picture = self.judge.after_step()

    @rule(
        index=INDEX,
        words=st.lists(TEXTS, min_size=1, max_size=3),
        outcomes=st.lists(OUTCOMES, max_size=6),
        point=dying(SENDING_POINTS),
    )
    def answers_follow_each_other(
        self, index: int, words: list[list[str]], outcomes: list[Outcome], point: str | None
    ) -> None:
        """Several in one conversation, of which some go wrong."""
        for text in words:
            self.somebody_is_answered(index, text, False, 0.0, None)
        self.a_worker_sends(index, point, outcomes)

    @rule(who=INDEX, point=dying(SWEEP_POINTS))
    def the_leader_looks_at_the_clocks(self, who: int, point: str | None) -> None:
        """Nothing of it is seen by people who write, and nothing is told twice."""
        self.tick()
        worker = self.world.workers[who % 2]
        self.world.risk(worker, point, worker.sweeper.sweep)
        told = self.world.rooms.rows(
            "SELECT ticket_id, data FROM ticket_event WHERE kind IN ('clock_warned', 'clock_missed') "
            "GROUP BY ticket_id, kind, data HAVING COUNT(*) > 1"
        )
        assert told == []

    @rule(index=INDEX, line=st.integers(1, 3), point=dying(ANSWER_POINTS))
    def a_colleague_hands_over(self, index: int, line: int, point: str | None) -> None:
        """To another line; nobody has it then."""
        self.tick()
        open_cases = [case for case in self.picture.cases if case.status != "closed"]
        if not open_cases:
            return
        number, key = (
            open_cases[index % len(open_cases)].number,
            f"h-{len(self.handed_out)}-{self.world.clock.now()}",
        )
        found = self.world.run(self.store.find_ticket(number))
        assert found is not None
        if found.ticket.line == line:
            return
        ask = lambda: self.world.desk.hand_over(AGENT, number, key=key, found="f", tried="t", line=line)  # noqa: E731
        self._asked_until_told(point, ask)
        self.book.notes[found.ticket.id] += 1
        after = self.world.run(self.store.find_ticket(number))
        assert after is not None
        assert (after.ticket.line, after.ticket.assignee) == (line, None)

    @rule(who=INDEX, point=dying(PROOF_POINTS))
    def a_worker_looks_for_proof(self, who: int, point: str | None) -> None:
        self.tick()
        worker = self.world.workers[who % 2]
        self.world.risk(worker, point, lambda: worker.prover.settle_due(self.world.platforms.senders))

    @rule(seconds=st.sampled_from((1.0, 5.0, 31.0, 31.0, 130.0, 3_600.0, 8 * DAY_S)))
    def time_passes(self, seconds: float) -> None:
        dead = set(self.world.dead)
        reaped = self.world.pass_time(seconds)
        assert set(reaped.workers) <= dead
        if seconds > 30:
            assert set(reaped.workers) == dead
            assert not self.world.dead

    @rule()
    def the_power_fails(self) -> None:
        self.tick()
        self.world.power_cut()
        assert not self.world.dead

    @rule(who=INDEX)
    def a_worker_leaves(self, who: int) -> None:
        self.tick()
        worker = self.world.workers[who % 2]
        assert worker.holder in self.world.leave(worker).workers

    # Colleagues

    @rule(
        index=INDEX,
        words=TEXTS,
        same=st.booleans(),
        undo_s=st.sampled_from((0.0, 0.0, 10.0)),
        point=dying(ANSWER_POINTS),
        files=st.integers(0, 2),
    )
    def somebody_is_answered(
        self, index: int, words: list[str], same: bool, undo_s: float, point: str | None, files: int = 0
    ) -> None:
        self.tick()
        case = self._some_case(index)
        if case is None:
            return
        self.answers_asked += 1
        key, n = f"key-{self.answers_asked}", self.answers_asked
        text = WORDS[0] if same else " ".join(f"{word}-{n}.{place}" for place, word in enumerate(words))

        with_it = tuple(NewFile(f"{n}.txt", "text/plain", f"{n} of {text}".encode()) for n in range(files))

        def ask() -> Any:
            return self.world.desk.answer(AGENT, case.number, text, key=key, undo_s=undo_s, files=with_it)

        try:
            done, repeated = self._asked_until_told(point, ask)
        except Refused:
            assert case.status == "closed"
            assert self._is_elsewhere(case)
            return
        assert done.repeated == repeated
        self.book.commands[key] = Command(case.number, text, done.delivery_id, with_it)

    def _asked_until_told(
        self, point: str | None, ask: Callable[[], Coroutine[Any, Any, Any]]
    ) -> tuple[Any, bool]:
        """What was done, and whether it had been done before."""
        try:
            return self.world.attempt(point, ask), False
        except Crashed:
            # Whoever asked does not know whether it was done, and asks again with the same key.
            return self.world.run(ask()), point == "desk.committed"

    @precondition(lambda self: self.book.commands)
    @rule(index=INDEX, differs=st.booleans())
    def a_key_comes_again(self, index: int, differs: bool) -> None:
        self.tick()
        key, command = list(self.book.commands.items())[index % len(self.book.commands)]
        if command.again is not None:
            done = self.world.run(command.again())
            assert (done.repeated, done.delivery_id) == (True, command.delivery)
            return
        if differs:
            with pytest.raises(KeyReused):
                self.world.run(self.world.desk.answer(AGENT, command.number, "Something else", key=key))  # type: ignore[arg-type]
            return
        done = self.world.run(
            self.world.desk.answer(AGENT, command.number, command.text, key=key, files=command.files)  # type: ignore[arg-type]
        )
        assert (done.repeated, done.delivery_id) == (True, command.delivery)

    @precondition(lambda self: self.book.commands)
    @rule(index=INDEX)
    def an_answer_is_withdrawn(self, index: int) -> None:
        self.tick()
        answer = self.picture.answers[index % len(self.picture.answers)]
        try:
            self.world.run(self.world.desk.withdraw(AGENT, answer.id, key=self._key()))
        except Refused:
            in_dead_hands = bool(self.world.dead)
            assert answer.state != "queued" or in_dead_hands, answer
            assert self._answer(answer).state == answer.state
        else:
            assert (answer.state, self._answer(answer).state) == ("queued", "held")

    @precondition(lambda self: self.judge.book.troubled)
    @rule(index=INDEX, careless=st.booleans())
    def a_person_decides(self, index: int, careless: bool) -> None:
        """By what stands in the conversation; or without looking."""
        self.tick()
        waiting = [one for one in self.picture.answers if one.state in ("unknown", "failed", "held")]
        if waiting:
            self._decide(waiting[index % len(waiting)], careless)

    def _decide(self, answer: Answer, careless: bool = False) -> None:
        arrived = answer.state == "unknown" and self.judge.arrived(answer)
        if arrived and not careless:
            self.world.run(self.world.desk.confirm_arrived(AGENT, answer.id, key=self._key()))
            return
        if arrived:
            self.book.careless[doubtful_words(answer)] += 1
        self.book.passed.add(answer.id)
        self.world.run(self.world.desk.send_again(AGENT, answer.id, key=self._key()))

    @rule(account=st.sampled_from(list(CHANNELS)))
    def the_secret_is_right_again(self, account: AccountId) -> None:
        self.tick()
        self.world.run(self.store.release_held(account, "credential", self.world.clock.now()))

    @rule(index=INDEX)
    def somebody_notes(self, index: int) -> None:
        self.tick()
        if (case := self._some_case(index)) is not None:
            self.world.run(self.world.desk.note(AGENT, case.number, "ملاحظة", key=self._key()))
            self.book.notes[case.id] += 1

    @rule(index=INDEX)
    def somebody_claims(self, index: int) -> None:
        self.tick()
        if (case := self._some_case(index)) is not None:
            self.world.run(self.world.desk.claim(AGENT, case.number, key=self._key()))

    @rule(index=INDEX)
    def a_ticket_is_closed(self, index: int) -> None:
        self.tick()
        if (case := self._some_case(index)) is None:
            return
        if case.status == "closed":
            with pytest.raises(Refused):
                self.world.run(self.world.desk.close(AGENT, case.number, key=self._key()))
            return
        self.world.run(self.world.desk.close(AGENT, case.number, key=self._key()))
        self.judge.hush(self.picture, case.id)
        assert self._fresh(case).status == "closed"

    @rule(index=INDEX)
    def a_ticket_is_reopened(self, index: int) -> None:
        self.tick()
        if (case := self._some_case(index)) is None:
            return
        try:
            self.world.run(self.world.desk.reopen(AGENT, case.number, key=self._key()))
        except Refused:
            assert case.status == "open" or self._is_elsewhere(case)
        else:
            assert case.status != "open"
            self.judge.hush(self.picture, case.id)

    @rule(index=INDEX, place=PLACES, point=dying(ANSWER_POINTS))
    def somebody_brings_a_code(self, index: int, place: tuple[AccountId, str], point: str | None) -> None:
        """Given in any ticket, brought by anybody; nothing else lies in the way, so that it is read at once."""
        self.tick()
        case, key = self._some_case(index), self._key()
        if case is None or self._not_stored() or self.world.holds_conversations():
            return

        def give() -> Coroutine[Any, Any, Done]:
            return self.world.desk.give_code(AGENT, case.number, key=key)

        try:
            done, _ = self._asked_until_told(point, give)
        except Refused:
            assert self._is_elsewhere(case)
            return
        given = next(one for one in self.world.look().answers if one.id == done.delivery_id)
        code = "".join(part.text for part in given.parts)
        self.book.commands[key] = Command(case.number, masked(code), done.delivery_id, again=give)
        self._write(place, f"我的代码：{code}", late=True)  # so that nobody is told
        self.a_worker_reads(0, None)
        self._join_tickets()

    @rule(place=PLACES, other=PLACES, point=dying(ANSWER_POINTS))
    def somebody_is_to_show_who_they_are(
        self, place: tuple[AccountId, str], other: tuple[AccountId, str], point: str | None
    ) -> None:
        """By a code to their address, which they bring, or somebody else who shows nothing by it."""
        self.tick()
        case, _ = self._own_case(place)
        if case is None or self._not_stored() or self.world.holds_conversations():
            return
        key, before = self._key(), len(self.world.codes_mailed(case.id))

        def ask() -> Coroutine[Any, Any, Done]:
            return self.world.desk.challenge(AGENT, case.number, "code", key=key, address="ann@customers.test")

        try:
            done, _ = self._asked_until_told(point, ask)
        except Refused:
            assert self._is_elsewhere(case)
            return
        self.book.commands[key] = Command(case.number, "a•••@c•••.test", done.delivery_id, again=ask)
        [code] = self.world.codes_mailed(case.id)[before:]
        [*_, asked] = self._challenges(case)
        assert asked.state == "asked"
        name = self._write(other, f"给您：{code}", late=True).name  # so that nobody is told
        self.a_worker_reads(0, None)
        brought = next(one for one in self.world.look().spoken if one.name == name)
        whole = self.world.run(self.store.find_ticket(self._fresh_number(brought.ticket)))
        assert whole is not None
        author = next(one.identity_id for one in whole.messages if one.id == brought.id)
        blocked = (CHANNELS[other[0]], other[1]) in self.book.blocked
        counts = brought.ticket == case.id and author == asked.identity_id and not blocked
        [after] = [one for one in self._challenges(case) if one.id == asked.id]
        assert after.state == ("shown" if counts else "asked")
        assert (
            sum(event.kind == "identified" and event.message_id == brought.id for event in whole.events) == counts
        )

    def _challenges(self, case: Case) -> tuple[Challenge, ...]:
        found = self.world.run(self.store.find_ticket(case.number))
        assert found is not None
        return found.challenges

    def _fresh_number(self, ticket: TicketId) -> TicketNumber:
        return next(case.number for case in self.world.look().cases if case.id == ticket)

    def _join_tickets(self) -> None:
        """What codes have shown is done, as when a colleague merges; a note says where it cannot be."""
        before = self.world.look()
        while self.world.run(self.world.jobs.run_due()):
            pass
        after = self.world.look()
        for merged in {case.id for case in before.cases} - {case.id for case in after.cases}:
            number = next(case.number for case in before.cases if case.id == merged)
            found = self.world.run(self.store.find_ticket(number))
            assert found is not None
            into = next(case.id for case in after.cases if case.number == found.ticket.merged_into)
            theirs = frozenset(one.id for one in before.spoken if one.ticket == merged)
            self._remember_merging(merged, Merged(number, into, theirs, self.book.notes.pop(merged, 0)))
        for one in after.spoken:
            if one.direction == "note" and one.id not in {known.id for known in before.spoken}:
                self.book.notes[one.ticket] += 1

    @rule(place=PLACES, point=dying(ANSWER_POINTS))
    def somebody_is_blocked(self, place: tuple[AccountId, str], point: str | None) -> None:
        """Nothing is on the way, so that it is known what was decided before."""
        self.tick()
        case, person = self._own_case(place)
        if case is None or self._not_stored() or self.world.holds_conversations():
            return
        key = self._key()
        self._asked_until_told(
            point, lambda: self.world.desk.restrict(AGENT, case.number, "block", "spam", key=key, who=person)
        )
        self.book.blocked.add((CHANNELS[place[0]], place[1]))
        self.judge.hush(self.picture, case.id)

    @precondition(lambda self: self.book.blocked)
    @rule(place=PLACES)
    def somebody_is_heard_again(self, place: tuple[AccountId, str]) -> None:
        self.tick()
        case, person = self._own_case(place)
        if case is None or self._not_stored() or self.world.holds_conversations():
            return
        if (CHANNELS[place[0]], place[1]) not in self.book.blocked:
            with pytest.raises(Refused):
                self.world.run(self.world.desk.lift(AGENT, case.number, key=self._key(), who=person))
            return
        self.world.run(self.world.desk.lift(AGENT, case.number, key=self._key(), who=person))
        self.book.blocked.discard((CHANNELS[place[0]], place[1]))

    def _own_case(self, place: tuple[AccountId, str]) -> tuple[Case | None, IdentityId | None]:
        """A ticket in which somebody takes part, and who they are there."""
        account, who = place
        for case in self.picture.cases:
            found = self.world.run(self.store.find_ticket(case.number))
            assert found is not None
            for one in found.identities:
                if (one.channel, one.external_id) == (CHANNELS[account], who):
                    return case, one.id
        return None, None

    @rule(index=INDEX, other=INDEX, point=dying(ANSWER_POINTS))
    def tickets_are_merged(self, index: int, other: int, point: str | None) -> None:
        self.tick()
        giver, receiver = self._some_case(index), self._some_case(other)
        if giver is None or receiver is None or giver.id == receiver.id:
            return
        key = self._key()
        try:
            done, _ = self._asked_until_told(
                point, lambda: self.world.desk.merge(AGENT, giver.number, receiver.number, key=key)
            )
        except Refused:
            assert self._is_elsewhere(giver) or self._is_elsewhere(receiver)
            return
        assert done.number == receiver.number
        before = frozenset(one.id for one in self.picture.spoken if one.ticket == giver.id)
        self._remember_merging(
            giver.id, Merged(giver.number, receiver.id, before, self.book.notes.pop(giver.id, 0))
        )

    def _remember_merging(self, giver: TicketId, merged: Merged) -> None:
        self.book.merged[giver] = merged
        self.book.notes[merged.into] += merged.notes
        for letter in self.book.letters.values():
            letter.home = merged.into if letter.home == giver else letter.home
        picture = self.world.look()
        assert merged.messages <= {one.id for one in picture.spoken if one.ticket == merged.into}
        self.judge.hush(picture, merged.into)

    @precondition(lambda self: self.book.merged)
    @rule(index=INDEX, point=dying(ANSWER_POINTS))
    def a_merged_ticket_is_taken_apart(self, index: int, point: str | None) -> None:
        self.tick()
        ticket, merged = list(self.book.merged.items())[index % len(self.book.merged)]
        key = self._key()
        try:
            self._asked_until_told(point, lambda: self.world.desk.take_apart(AGENT, merged.number, key=key))
        except Refused:
            assert merged.into in self.book.merged
            return
        del self.book.merged[ticket]
        self.book.notes[merged.into] -= merged.notes
        self.book.notes[ticket] += merged.notes
        for letter in self.book.letters.values():
            letter.home = None
        picture = self.world.look()
        assert merged.messages <= {one.id for one in picture.spoken if one.ticket == ticket}
        self.judge.hush(picture, ticket)
        self.judge.hush(picture, merged.into)

    @rule(upgraded=st.booleans())
    def the_quarantine_is_replayed(self, upgraded: bool) -> None:
        """After an upgrade what was there can be read; before, it comes back."""
        self.tick()
        self.world.readers.upgraded = upgraded
        self._replay()

    def _replay(self) -> None:
        for kept in self.world.run(self.store.list_quarantine()):
            assert self.world.run(self.world.desk.replay(AGENT, kept.id))
            assert not self.world.run(self.world.desk.replay(AGENT, kept.id))

    def _key(self) -> str:
        self.answers_asked += 1
        return f"key-{self.answers_asked}"

    def _some_case(self, index: int) -> Case | None:
        return self.picture.cases[index % len(self.picture.cases)] if self.picture.cases else None

    def _case(self, ticket: str) -> Case:
        return next(case for case in self.picture.cases if case.id == ticket)

    def _fresh(self, known: Case) -> Case:
        return next(case for case in self.world.look().cases if case.id == known.id)

    def _answer(self, known: Answer) -> Answer:
        return next(answer for answer in self.world.look().answers if answer.id == known.id)

    def _is_elsewhere(self, case: Case) -> bool:
        """Whether one of its conversations has another open ticket."""
        places = {(one.account, one.thread) for one in self.picture.spoken if one.ticket == case.id and one.thread}
        others = {one.ticket for one in self.picture.spoken if (one.account, one.thread) in places} - {case.id}
        return any(self._case(ticket).status != "closed" for ticket in others)

    # The judge

    @invariant()
    def the_promises_hold(self) -> None:
        self.picture = self.judge.after_step()

    def teardown(self) -> None:
        """Everything goes well from now on: what is left over then was forgotten."""
        self.world.readers.upgraded = True
        self.world.power_cut()
        for _ in range(40):
            self._replay()
            for letter in self.book.letters.values():
                letter.home = None
            for worker in self.world.workers:
                self.world.run(worker.intake.drain_inbound())
                self.world.run(worker.prover.settle_due(self.world.platforms.senders))
            self._hush_edited()
            self._send(0, None)
            self.picture = self.judge.after_step()
            if self._is_still(self.picture):
                break
            self.world.pass_time(60.0)
        self.judge.at_rest()
        for answer in self.picture.answers:
            if answer.state == "unknown":
                self._decide(answer)
        self._send(0, None)
        self.judge.after_step()

    def _is_still(self, picture: Picture) -> bool:
        moving = any(
            answer.state in ("queued", "sending") or (answer.state == "unknown" and answer.look_at is not None)
            for answer in picture.answers
        )
        return not moving and self.world.run(self.store.count_waiting()) == 0
