"""Commands about whose work a ticket is: what it is about, its team and line, and who is there to do it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from desk.actors import Actor
from desk.changes import change_with, checked_text, new_event, new_message, next_version
from desk.frame import Done, Frame
from tickets.errors import Refused
from tickets.ids import TicketNumber, UserId
from tickets.lines import LINES
from tickets.model import EntityKind, TicketEnvelope
from tickets.records import Duty, TicketChange, TicketFilter, User

ASKING = "asking"
MOST_TAGS = 20
LONGEST_TAG = 40
MOST_LISTED = 200
MOST_AWAY = timedelta(days=366)


class Handing(Frame):
    """Sorting by hand."""

    async def categorize(self, actor: Actor, number: TicketNumber, category: str, *, key: str) -> Done:
        """Say what a ticket is about, so that it goes to the team for that, unless somebody has it already.

        Raises Refused for a category that is none.
        """
        known = self._routing.sorter.classifier.categories
        if category not in known:
            raise Refused(f"There is no category {category!r}; there are: {', '.join(known)}.")

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            before = ticket.ticket
            moved = self._routing.sorter.corrected(next_version(before, now), category, actor.key)
            event = new_event(
                "categorized", actor, ticket, now, before=before.category, after=category, team=moved.team
            )
            return change_with(ticket, moved, event)

        return await self._run(actor, "work", number, key, ("categorize", number, category), decide)

    async def hand_over(
        self,
        actor: Actor,
        number: TicketNumber,
        *,
        key: str,
        found: str,
        tried: str,
        team: str = "",
        line: int = 0,
    ) -> Done:
        """Give a ticket to another line, or another team, with what was found and what was tried, kept as a note.

        team: empty for the same.  line: 0 for the same.  Nobody has it then.  Raises Refused where nothing would
        change, or a word is missing.
        """
        if team and team not in self.team_names():
            raise Refused(f"There is no team {team!r}; there are: {', '.join(self.team_names())}.")
        if not 0 <= line <= LINES:
            raise Refused(f"Lines go from 1 to {LINES}.")
        if not found.strip() or not tried.strip():
            raise Refused("Say what you found and what you tried, so that nobody begins anew.")

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            before = ticket.ticket
            moved = replace(
                next_version(before, now), team=team or before.team, line=line or before.line, assignee=None
            )
            if (moved.team, moved.line) == (before.team, before.line):
                raise Refused("It is there already. Name another line or team.")
            text = checked_text(f"Found: {found.strip()}\nTried: {tried.strip()}")
            note = new_message("note", actor, ticket, text, now)
            event = new_event(
                "handed_over", actor, ticket, now, message_id=note.id, team=moved.team, line=moved.line,
                before=f"{before.team}, line {before.line}",
            )  # fmt: skip
            return change_with(ticket, moved, event, message=note, said=text)

        asked = ("hand_over", number, team, line, found, tried)
        return await self._run(actor, "work", number, key, asked, decide)

    async def tag(self, actor: Actor, number: TicketNumber, tags: Sequence[str], *, key: str) -> Done:
        """Put these words on a ticket, in place of those it has.  Raises Refused for too many or too long ones."""
        wanted = tuple(dict.fromkeys(" ".join(tag.split()) for tag in tags if tag.strip()))
        if len(wanted) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in wanted):
            raise Refused(f"A ticket has at most {MOST_TAGS} tags of at most {LONGEST_TAG} characters.")

        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange:
            moved = replace(next_version(ticket.ticket, now), tags=wanted)
            event = new_event("tagged", actor, ticket, now, tags=", ".join(wanted))
            return change_with(ticket, moved, event)

        return await self._run(actor, "work", number, key, ("tag", number, *wanted), decide)

    def categories(self) -> dict[str, str]:
        """What tickets can be about: names with titles."""
        known = self._routing.sorter.classifier.categories
        return {name: category.title for name, category in known.items()}

    def missing(self, ticket: TicketEnvelope) -> tuple[EntityKind, ...]:
        """What a good request of this kind names and nobody here has named."""
        wrote = [one for one in ticket.messages if one.direction == "in" and one.deleted_at is None]
        entities = [entity for message in wrote for entity in message.entities]
        return self._routing.sorter.missing(ticket.ticket.category, entities)

    def ask_for_missing(self, actor: Actor, ticket: TicketEnvelope) -> str:
        """A sentence in the person's language that asks for it.  Raises Refused where nothing is missing."""
        actor.require("work")
        kinds = self.missing(ticket)
        if not kinds or self._own is None:
            raise Refused("Nothing is missing here.")
        language = ticket.ticket.language
        things = "".join(f"\n- {self._own.render(ASKING, language, kind)}" for kind in kinds)
        return self._own.render(ASKING, language, things=things)

    def team_names(self) -> tuple[str, ...]:
        """All teams; first the one that has what is nobody else's."""
        sorter = self._routing.sorter
        return tuple(dict.fromkeys((sorter.default, *(team.name for team in sorter.teams))))

    # Who is there

    async def set_presence(self, actor: Actor, *, present: bool) -> None:
        """Say whether one's own work may begin now."""
        actor.require("work")
        user = await self._get_user(actor.user_id)
        duty = replace(user.duty, present=present, away_until=None if present else user.duty.away_until)
        await self._store.set_user(replace(user, duty=duty))

    async def set_duty(self, actor: Actor, user_id: UserId, duty: Duty) -> None:
        """Say what work somebody does.  Raises Refused for a team that is none, Forbidden but for leads."""
        actor.require("oversee")
        known = self.team_names()
        if unknown := [team for team in duty.teams if team not in known]:
            raise Refused(f"There is no team {unknown[0]!r}; there are: {', '.join(known)}.")
        if not 1 <= duty.line <= LINES or duty.cap < 0:
            raise Refused(f"Lines go from 1 to {LINES}, and nobody has fewer than 0 tickets.")
        await self._store.set_user(replace(await self._get_user(user_id), duty=duty))

    async def go_away(self, actor: Actor, user_id: UserId, until: datetime) -> int:
        """Somebody is not there until then: what they have goes back to its team; how many tickets.

        Raises Refused for a time that is over, or more than a year ahead.
        """
        if user_id != actor.user_id:
            actor.require("oversee")
        now = self._clock.now()
        if not now < until <= now + MOST_AWAY:
            raise Refused("Name a time that is to come, within a year.")
        user = await self._get_user(user_id)
        await self._store.set_user(replace(user, duty=replace(user.duty, present=False, away_until=until)))
        return await self._give_back(actor, user)

    async def _give_back(self, actor: Actor, user: User) -> int:
        given = 0
        while True:
            page = await self._store.list_tickets(TicketFilter(status="open", assignee=user.id, limit=MOST_LISTED))
            for row in page.items:
                await self._release(actor, row.ticket.number, user.id)
            given += len(page.items)
            if page.next is None:
                return given

    async def _release(self, actor: Actor, number: TicketNumber, user_id: UserId) -> None:
        def decide(ticket: TicketEnvelope, now: datetime) -> TicketChange | None:
            if ticket.ticket.assignee != user_id:
                return None
            event = new_event("assigned", actor, ticket, now, before=user_id, after=None, why="away")
            return change_with(ticket, replace(next_version(ticket.ticket, now), assignee=None), event)

        await self._apply(number, decide)

    async def _get_user(self, user_id: UserId | None) -> User:
        user = next((one for one in await self._store.list_users() if one.id == user_id), None)
        if user is None:
            raise Refused("There is no such user.")
        return user
