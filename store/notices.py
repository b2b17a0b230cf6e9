"""What a person should know, and the habits by which a silence is noticed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from store.deliveries import insert_deliveries
from store.engine import Row, Tx
from store.rows import micros, micros_or_none, moment, moment_or_none, printable
from tickets.ids import AccountId, NoticeId
from tickets.model import Delivery
from tickets.notices import Habit, NewNotice, Notice

HOUR_US = 3_600_000_000
KEPT = timedelta(weeks=4)


def raise_notices(tx: Tx, wanted: Sequence[NewNotice], now: datetime) -> int:
    return tx.many(
        "INSERT INTO notice (kind, key, account, text, since, until, raised_at) "
        "VALUES (:kind, :key, :account, :text, :since, :until, :now) ON CONFLICT DO NOTHING",
        [
            {
                "kind": one.kind,
                "key": printable(one.key),
                "account": one.account,
                "text": printable(one.text),
                "since": micros(one.since),
                "until": micros_or_none(one.until),
                "now": micros(now),
            }
            for one in wanted
        ],
    )


def end_notices(tx: Tx, keys: Sequence[str], now: datetime) -> int:
    return tx.run(
        "UPDATE notice SET ended_at = :now WHERE ended_at IS NULL AND key IN EACH(:keys)",
        {"keys": [printable(key) for key in keys], "now": micros(now)},
    )


def dismiss_notice(tx: Tx, notice_id: NoticeId, now: datetime) -> bool:
    dismissed = tx.run(
        "UPDATE notice SET dismissed_at = :now WHERE ended_at IS NULL AND dismissed_at IS NULL AND id = :id",
        {"id": notice_id, "now": micros(now)},
    )
    return bool(dismissed)


def list_notices(tx: Tx, limit: int) -> list[Notice]:
    rows = tx.all(
        "SELECT id, kind, key, account, text, since, until, raised_at, told_at FROM notice "
        "WHERE ended_at IS NULL AND dismissed_at IS NULL ORDER BY id DESC LIMIT :limit",
        {"limit": limit},
    )
    return [_notice_of(row) for row in rows]


def _notice_of(row: Row) -> Notice:
    return Notice(
        id=NoticeId(row[0]),
        notice=NewNotice(
            kind=row[1],
            key=row[2],
            account=None if row[3] is None else AccountId(row[3]),
            text=row[4],
            since=moment(row[5]),
            until=moment_or_none(row[6]),
        ),
        raised_at=moment(row[7]),
        told=row[8] is not None,
    )


def tell_notices(tx: Tx, ids: Sequence[NoticeId], deliveries: Sequence[Delivery], now: datetime) -> bool:
    marked = tx.all(
        "UPDATE notice SET told_at = :now WHERE told_at IS NULL AND id IN EACH(:ids) RETURNING id",
        {"ids": list(ids), "now": micros(now)},
    )
    if len(marked) < len(set(ids)):
        tx.run("UPDATE notice SET told_at = NULL WHERE id IN EACH(:ids)", {"ids": [row[0] for row in marked]})
        return False
    insert_deliveries(tx, deliveries)
    return True


# Habits -------------------------------------------------------------------------------

# Each gap between two messages counts for every hour that it touches.
ARRIVALS = """
SELECT r.received_at FROM raw_event r
WHERE r.account = :account AND r.received_at >= :since AND r.received_at < :until AND r.late = 0
ORDER BY r.received_at
"""


def learn_habits(tx: Tx, since: datetime, now: datetime) -> int:
    end, oldest = micros(now) // HOUR_US, micros(now - KEPT) // HOUR_US
    tx.run("DELETE FROM habit WHERE hour < :hour", {"hour": oldest})
    fresh = 0
    for (account,) in tx.all("SELECT account FROM channel_health ORDER BY account"):
        known = tx.all("SELECT MAX(hour) FROM habit WHERE account = :account", {"account": account})[0][0]
        begin = max(micros(since) // HOUR_US, oldest, -1 if known is None else known + 1)
        fresh += _learn(tx, account, begin, end)
    return fresh


def _learn(tx: Tx, account: str, begin: int, end: int) -> int:
    if begin >= end:
        return 0
    before = tx.all(
        "SELECT MAX(received_at) FROM raw_event WHERE account = :account AND received_at < :begin AND late = 0",
        {"account": account, "begin": begin * HOUR_US},
    )[0][0]
    rows = tx.all(ARRIVALS, {"account": account, "since": begin * HOUR_US, "until": end * HOUR_US})
    arrivals = [row[0] for row in rows]
    longest, received = _by_hour(before, arrivals, begin, end)
    return tx.many(
        "INSERT INTO habit (account, hour, longest, received) VALUES (:account, :hour, :longest, :received) "
        "ON CONFLICT DO NOTHING",
        [
            {"account": account, "hour": hour, "longest": longest[hour], "received": received[hour]}
            for hour in range(begin, end)
            if hour in longest
        ],
    )


def _by_hour(
    before: int | None, arrivals: list[int], begin: int, end: int
) -> tuple[dict[int, int], dict[int, int]]:
    """The longest silence that touched each hour, and how many messages came in it.

    Nothing is known of hours before the very first message.
    """
    first = before if before is not None else (arrivals[0] if arrivals else None)
    longest: dict[int, int] = {}
    received: dict[int, int] = dict.fromkeys(range(begin, end), 0)
    if first is None:
        return longest, received
    last = first
    for arrival in [*arrivals, end * HOUR_US]:
        for hour in range(max(begin, last // HOUR_US), min(end - 1, arrival // HOUR_US) + 1):
            longest[hour] = max(longest.get(hour, 0), arrival - last)
        last = arrival
    for arrival in arrivals:
        received[arrival // HOUR_US] += 1
    return longest, received


def list_habits(tx: Tx, since: datetime) -> list[Habit]:
    rows = tx.all(
        "SELECT account, hour, longest, received FROM habit WHERE hour >= :hour ORDER BY account, hour",
        {"hour": micros(since) // HOUR_US},
    )
    return [Habit(AccountId(row[0]), row[1], row[2] / 1_000_000, row[3]) for row in rows]
