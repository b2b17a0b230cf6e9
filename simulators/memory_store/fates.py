"""What becomes of a delivery in the memory store, step by step."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec.structs import replace

from simulators.memory_store.tables import Tables
from tickets.ids import DeliveryId
from tickets.model import Delivery, DeliveryPart, TicketEvent
from tickets.records import BOUNCED, Bounce

LOST = "The program stopped while this was being sent. The platform may or may not have taken it."


def let_go(tables: Tables, held: Sequence[DeliveryId], now: datetime) -> int:
    """Nobody has these in hand any more: those being sent are unknown; how many they were."""
    lost = [delivery_id for delivery_id in held if tables.deliveries[delivery_id].state == "sending"]
    for delivery_id in lost:
        n = next(part.n for part in tables.deliveries[delivery_id].parts if part.state == "sending")
        fail(tables, delivery_id, n, "unknown", "worker_lost", LOST, now, now)
    for delivery_id in held:
        tables.delivery_holds.pop(delivery_id, None)
    return len(lost)


def part_of(delivery: Delivery, n: int) -> DeliveryPart:
    return next(part for part in delivery.parts if part.n == n)


def with_part(delivery: Delivery, n: int, **changes: Any) -> Delivery:
    parts = tuple(replace(part, **changes) if part.n == n else part for part in delivery.parts)
    return replace(delivery, parts=parts)


def in_hand(tables: Tables, delivery_id: DeliveryId, holder: str | None, n: int | None = None) -> bool:
    """Whether ``holder`` (None: whoever) is sending it, or piece ``n`` itself is of unknown fate."""
    delivery = tables.deliveries[delivery_id]
    state = delivery.state
    hold = tables.delivery_holds.get(delivery_id)
    sending = state == "sending" and hold is not None and hold.holder == holder
    missed = state == "unknown" and n is not None and part_of(delivery, n).state == "unknown"
    return holder is None or sending or missed


def queue_again(tables: Tables, delivery_id: DeliveryId, from_state: str, now: datetime, **changes: Any) -> None:
    delivery = tables.deliveries[delivery_id]
    parts = tuple(replace(part, state="queued") if part.state == from_state else part for part in delivery.parts)
    tables.deliveries[delivery_id] = replace(
        delivery, parts=parts, state="queued", next_at=now, updated_at=now, **changes
    )


def fail(
    tables: Tables,
    delivery_id: DeliveryId,
    n: int,
    state: Literal["queued", "held", "failed", "unknown"],
    code: str,
    detail: str,
    next_at: datetime,
    now: datetime,
) -> None:
    delivery = with_part(tables.deliveries[delivery_id], n, state=state)
    tables.deliveries[delivery_id] = replace(
        delivery, state=state, code=code, detail=detail, next_at=next_at, updated_at=now
    )
    tables.delivery_holds.pop(delivery_id, None)
    tables.looks[delivery_id] = now if state == "unknown" else None
    if state != "queued":
        _wait_again(tables, delivery, now)
    tell(tables, delivery, state, n, code, now)


def come_back(tables: Tables, bounce: Bounce, now: datetime) -> None:
    """An answer that had left, and came back.  One that is on its way again stays as it is."""
    for delivery in list(tables.deliveries.values()):
        if not _is_meant(delivery, bounce) or delivery.state not in ("sent", "unknown"):
            continue
        parts = tuple(replace(part, state="failed") for part in delivery.parts)
        back = replace(delivery, parts=parts, state="failed", code=BOUNCED, detail=bounce.detail, updated_at=now)
        tables.deliveries[delivery.id] = back
        tables.looks[delivery.id] = None
        tell(tables, back, "failed", 1, BOUNCED, now)
        if bounce.name is not None:
            _wait_again(tables, back, now)


def _is_meant(delivery: Delivery, bounce: Bounce) -> bool:
    if bounce.name is None:
        return delivery.message_id == bounce.message_id
    return delivery.kind == "code" and any(part.external_id == bounce.name for part in delivery.parts)


def _wait_again(tables: Tables, delivery: Delivery, now: datetime) -> None:
    """A reply that did not surely arrive: the person still waits."""
    ticket = tables.tickets.get(delivery.ticket_id) if delivery.ticket_id else None
    if ticket is None or delivery.kind not in ("reply", "code"):
        return
    if ticket.status != "pending" and (ticket.status != "open" or ticket.waiting_since is not None):
        return
    tables.tickets[ticket.id] = replace(
        ticket,
        status="open",
        waiting_since=ticket.waiting_since or now,
        unanswered=max(1, ticket.unanswered),
        updated_at=now,
        look_at=now,
        version=ticket.version + 1,
    )


def answered_again(tables: Tables, delivery: Delivery, now: datetime) -> None:
    """A reply that was held or of unknown fate arrived, or leaves again: the person waits no longer.

    Unless they have written since, or a later reply is in trouble.
    """
    ticket = tables.tickets.get(delivery.ticket_id) if delivery.ticket_id else None
    own = tables.messages.get(delivery.message_id) if delivery.message_id else None
    if ticket is None or own is None or delivery.kind != "reply" or delivery.state not in ("held", "unknown"):
        return
    newer = any(
        message.ticket_id == ticket.id and message.direction == "in" and message.stored_at > own.stored_at
        for message in tables.messages.values()
    )
    trouble = any(
        later.ticket_id == ticket.id and later.kind == "reply" and later.state in ("failed", "held", "unknown")
        for later in tables.deliveries.values()
        if (later.created_at, later.id) > (delivery.created_at, delivery.id)
    )
    if ticket.status == "open" and not newer and not trouble:
        tables.tickets[ticket.id] = replace(
            ticket,
            status="pending",
            waiting_since=None,
            unanswered=0,
            updated_at=now,
            look_at=now,
            version=ticket.version + 1,
        )


def tell(tables: Tables, delivery: Delivery, state: str, n: int, code: str, now: datetime) -> None:
    tables.record(
        TicketEvent(
            kind="delivery",
            actor="outbox",
            at=now,
            ticket_id=delivery.ticket_id,
            message_id=delivery.message_id,
            delivery_id=delivery.id,
            data={"state": state, "part": n, "code": code},
        )
    )
