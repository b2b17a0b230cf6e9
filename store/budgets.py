"""Budgets: what the platforms allow, shared by all workers; and when a queued answer will leave."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from store.engine import Tx
from store.rows import micros, moment
from tickets.ids import AccountId, DeliveryId
from tickets.ports import Bucket


def take_budget(tx: Tx, account: AccountId, buckets: Sequence[Bucket], now: datetime) -> float:
    """Leaky buckets: ``free_at`` is when the bucket would be full again.

    A call may pass while ``free_at`` lies no further ahead than the
    bucket's capacity; it moves ``free_at`` on by one call's worth.
    """
    present = micros(now)
    held = _hold(tx, account, [bucket.name for bucket in buckets])
    wait_us = _wait_us(buckets, held, present)
    if wait_us > 0:
        return wait_us / 1_000_000
    tx.many(
        "UPDATE budget SET free_at = :free_at, capacity = :capacity, per_call = :per_call, shared = :shared "
        "WHERE account = :account AND bucket = :bucket",
        [
            {
                "account": account,
                "bucket": bucket.name,
                "capacity": bucket.capacity,
                "per_call": _per_call_us(bucket),
                "shared": int(bucket.shared),
                "free_at": max(held[bucket.name][0], present) + _per_call_us(bucket),
            }
            for bucket in buckets
        ],
    )
    return 0.0


def find_wait(tx: Tx, account: AccountId, buckets: Sequence[Bucket], now: datetime) -> float:
    """See ``tickets.storage.OutboxStore``."""
    rows = tx.all(
        "SELECT bucket, free_at, blocked_until FROM budget WHERE account = :account AND bucket IN EACH(:names)",
        {"account": account, "names": [bucket.name for bucket in buckets]},
    )
    held = {row[0]: (row[1], row[2]) for row in rows}
    return max(0, _wait_us(buckets, held, micros(now))) / 1_000_000


def _wait_us(buckets: Sequence[Bucket], held: Mapping[str, tuple[int, int]], present: int) -> int:
    """The longest wait; zero or less when a call may pass."""
    wait_us = 0
    for bucket in buckets:
        free_at, blocked_until = held.get(bucket.name, (0, 0))
        per_call_us = _per_call_us(bucket)
        level = max(free_at, present) + per_call_us - present
        wait_us = max(wait_us, level - bucket.capacity * per_call_us, blocked_until - present)
    return wait_us


def _per_call_us(bucket: Bucket) -> int:
    """What one call weighs; rounded up, so that the platform's limit is never passed by a hair."""
    return math.ceil(1_000_000 / bucket.per_s)


def _hold(tx: Tx, account: AccountId, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """The buckets' levels, locked until the transaction ends."""
    wanted = sorted(names)
    tx.many(
        "INSERT INTO budget (account, bucket, free_at, blocked_until) VALUES (:account, :bucket, 0, 0) "
        "ON CONFLICT DO NOTHING",
        [{"account": account, "bucket": name} for name in wanted],
    )
    rows = tx.all(
        "UPDATE budget SET free_at = free_at WHERE account = :account AND bucket IN EACH(:names) "
        "RETURNING bucket, free_at, blocked_until",
        {"account": account, "names": wanted},
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def block_bucket(tx: Tx, account: AccountId, bucket: str, until: datetime) -> None:
    tx.run(
        "INSERT INTO budget (account, bucket, free_at, blocked_until) VALUES (:account, :bucket, 0, :until) "
        "ON CONFLICT (account, bucket) DO UPDATE SET blocked_until = CASE "
        "WHEN budget.blocked_until > excluded.blocked_until THEN budget.blocked_until "
        "ELSE excluded.blocked_until END",
        {"account": account, "bucket": bucket, "until": micros(until)},
    )


# When a queued answer will leave ------------------------------------------------------


class Level(NamedTuple):
    """A bucket of an account as it stands; all in microseconds."""

    free_at: int
    blocked_until: int
    capacity: int
    per_call: int

    def leaves_at(self, present: int, ahead: int) -> int:
        """When the bucket lets the call pass before which ``ahead`` others go."""
        opens_at = max(present, self.blocked_until)
        full_at = max(self.free_at, opens_at) + (ahead + 1 - self.capacity) * self.per_call
        return max(opens_at, full_at)


# Only accounts of those asked for are lined up, each once.
FORECAST = """
WITH line AS (
    SELECT id, account, next_at,
        row_number() OVER (PARTITION BY account ORDER BY priority DESC, next_at, id) - 1 AS ahead
    FROM delivery WHERE state = 'queued' AND account IN (
        SELECT account FROM delivery WHERE state = 'queued' AND id IN EACH(:ids)
    )
)
SELECT id, account, next_at, ahead FROM line WHERE id IN EACH(:ids)
"""


def forecast(tx: Tx, deliveries: Sequence[DeliveryId], now: datetime) -> dict[DeliveryId, datetime]:
    """See ``tickets.storage.OutboxStore``."""
    present = micros(now)
    rows = tx.all(FORECAST, {"ids": list(deliveries)})
    levels = {account: _levels(tx, account) for account in {row[1] for row in rows}}
    return {
        DeliveryId(name): moment(
            max(next_at, *(one.leaves_at(present, ahead) for one in levels[account]), present)
        )
        for name, account, next_at, ahead in rows
    }


def _levels(tx: Tx, account: str) -> list[Level]:
    """The buckets that every piece of the account takes from."""
    rows = tx.all(
        "SELECT free_at, blocked_until, capacity, per_call FROM budget WHERE account = :account AND shared = 1",
        {"account": account},
    )
    return [Level(*row) for row in rows]
