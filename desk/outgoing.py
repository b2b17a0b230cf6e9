"""Commands on answers that are on their way, or got stuck there."""

from datetime import datetime

from desk.actors import Actor
from desk.changes import answered_again, change_with, new_event, settled_by, waiting_again
from desk.frame import Done, Frame
from tickets.errors import Conflict, Refused, TicketNotFound
from tickets.ids import DeliveryId, TicketNumber
from tickets.model import Delivery, DeliveryState, TicketEnvelope
from tickets.records import BY_HAND, TicketChange


class Outgoing(Frame):
    """What becomes of deliveries."""

    async def withdraw(self, actor: Actor, delivery_id: DeliveryId, *, key: str) -> Done:
        """Stop an answer that has not left yet, or give up posting it by hand."""
        return await self._settle(actor, delivery_id, key, "withdraw", ("queued",), "held")

    async def send_again(self, actor: Actor, delivery_id: DeliveryId, *, key: str) -> Done:
        """Send what failed, is held, or whose fate is unknown: a person's decision, never the program's."""
        return await self._settle(actor, delivery_id, key, "send_again", ("failed", "held", "unknown"), "queued")

    async def confirm_arrived(self, actor: Actor, delivery_id: DeliveryId, *, key: str) -> Done:
        """A person has seen that a delivery of unknown fate did arrive, or has posted one by hand."""
        return await self._settle(actor, delivery_id, key, "confirm_arrived", ("unknown",), "sent")

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
