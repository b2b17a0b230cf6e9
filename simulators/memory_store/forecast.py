"""When a queued answer of the memory store will leave, by playing the queue through."""

from datetime import datetime, timedelta

from simulators.memory_store.tables import Level, Tables
from tickets.ids import DeliveryId
from tickets.model import Delivery


def is_queued(tables: Tables, delivery_id: DeliveryId) -> bool:
    found = tables.deliveries.get(delivery_id)
    return found is not None and found.state == "queued"


def leaves_at(tables: Tables, delivery_id: DeliveryId, now: datetime) -> datetime:
    """Its own time, or when every shared budget has let those before it pass."""
    delivery = tables.deliveries[delivery_id]
    account = delivery.target.account
    ahead = sum(
        other.state == "queued" and other.target.account == account and _turn(other) < _turn(delivery)
        for other in tables.deliveries.values()
    )
    passes = [_passes(level, ahead, now) for (owner, _), level in tables.budgets.items() if owner == account]
    return max(delivery.next_at, now, *passes)


def _turn(delivery: Delivery) -> tuple[int, datetime, str]:
    return -delivery.priority, delivery.next_at, delivery.id


def _passes(level: Level, ahead: int, now: datetime) -> datetime:
    bucket = level.bucket
    if bucket is None or not bucket.shared:
        return now
    opens_at = max(now, level.blocked_until)
    owed_s = max(0.0, level.owed_s - max(0.0, (opens_at - level.at).total_seconds()))
    over_s = owed_s + (ahead + 1 - bucket.capacity) / bucket.per_s
    return opens_at + timedelta(seconds=max(0.0, over_s))
