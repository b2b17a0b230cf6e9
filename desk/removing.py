"""Commands on what stands or stood on a platform: hidden there, or forgotten here."""

from collections.abc import Sequence
from datetime import datetime

from desk.actors import Actor
from desk.erasing import erased, subject_without
from desk.frame import Done, Frame
from desk.hiding import hideable, hiding, put_back
from tickets.errors import Refused
from tickets.ids import AccountId, Channel, ExternalMessageId, MessageId, TicketId, TicketNumber
from tickets.model import TicketEnvelope
from tickets.records import ContextQuery, TicketChange


class Removing(Frame):
    """Hiding and forgetting messages."""

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
