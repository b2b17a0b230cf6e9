"""Commands by which people show who they are, before private data is told."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from desk.actors import Actor
from desk.answering import NOTHING, answering
from desk.challenging import TEMPLATE, Asking, challenged, judged, signed_in
from desk.frame import Done, Frame
from desk.sign_in import NOT_SIGNED, read_result
from tickets.errors import Refused
from tickets.ids import ChallengeId, ThreadId, TicketNumber
from tickets.model import ChallengeWay, TicketEnvelope
from tickets.records import TicketChange
from tickets.rich import Rich


class Said(NamedTuple):
    """Words of the program, and their language."""

    text: str
    language: str


class Identification(Frame):
    """Who somebody is."""

    @property
    def ways(self) -> tuple[ChallengeWay, ...]:
        """How somebody can be asked to show who they are."""
        return self._checks.ways if self._own is not None else ()

    @property
    def questions(self) -> dict[str, str]:
        """Those that can be asked, by name, in the default language."""
        return {name: texts[self._checks.language] for name, texts in self._checks.questions.items()}

    async def challenge(
        self,
        actor: Actor,
        number: TicketNumber,
        way: ChallengeWay,
        *,
        key: str,
        thread_id: ThreadId | None = None,
        address: str = "",
        questions: Sequence[str] = (),
    ) -> Done:
        """Ask who wrote to show who they are, in private.

        way: by answers that a colleague compares; by a code that is mailed to
        ``address``, which must come from the company's own records; or at the
        company's sign-in page.  thread_id: None for where they last wrote.
        questions: names of those to ask; none for all.  Raises Refused in public.
        """

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            if self._own is None:
                raise Refused("Nobody can be asked to show who they are here.")
            asked = Asking(self._checks, self._own, self._limits, now).ask(
                ticket, thread_id, way, actor, address, questions
            )
            change = answering(self._limits, actor, ticket, Rich(asked.text, ()), thread_id, now, 0.0, NOTHING)
            return challenged(change, asked, actor, ticket, now)

        wanted = ("challenge", number, way, thread_id, address, *questions)
        return await self._run(actor, "work", number, key, wanted, decide)

    async def judge(
        self,
        actor: Actor,
        number: TicketNumber,
        challenge_id: ChallengeId,
        evidence: str,
        *,
        key: str,
        passed: bool,
    ) -> Done:
        """Say whether answers show who somebody is; or that what showed it does not count any more.

        evidence: what they were compared with, or why it does not count; never the answers themselves.
        """
        return await self._run(
            actor,
            "work",
            number,
            key,
            ("judge", number, challenge_id, evidence, passed),
            lambda t, now: judged(t, challenge_id, evidence, actor, now, self._checks.holds, passed=passed),
        )

    async def signed_in(self, token: str) -> Said:
        """Take the word of the company's sign-in page; what its visitor is told.

        Raises Refused for words that are not its own, too late, or unknown.
        """
        page = self._checks.sign_in
        if page is None or self._own is None:
            raise Refused(NOT_SIGNED)
        said = read_result(page, token, self._clock.now())
        challenge = await self._store.find_challenge(said.challenge_id)
        if challenge is None:
            raise Refused("This address is not known here.")
        number = await self._store.find_ticket_number(challenge.ticket_id)
        assert number is not None
        while (ticket := (await self._get(number)).ticket).merged_into is not None:
            number = ticket.merged_into
        actor = Actor("program:sign-in", "Switchboard", "agent")
        host = urlsplit(page.url).hostname or ""
        holds = self._checks.holds
        await self._apply(number, lambda t, now: signed_in(t, said, host, actor, now, holds))
        return self._words("thanks", ticket.language)

    def stale(self, language: str | None) -> Said:
        """What whoever brings no good word of that page is told."""
        return self._words("stale", language)

    def _words(self, part: str, language: str | None) -> Said:
        assert self._own is not None
        tag = self._own.locale(TEMPLATE, language)
        return Said(self._own.render(TEMPLATE, tag, part), tag)
