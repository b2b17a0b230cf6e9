"""How the accounts are doing, and what the metrics count."""

from store.engine import Tx
from store.rows import literal_channel, micros, micros_or_none, moment, moment_or_none, printable
from tickets.ids import AccountId
from tickets.model import ChannelHealth

SET_HEALTH = """
INSERT INTO channel_health (account, channel, state, detail, since, checked_at, up_at)
VALUES (:account, :channel, :state, :detail, :since, :checked_at, :up_at)
ON CONFLICT (account) DO UPDATE SET detail = excluded.detail, checked_at = excluded.checked_at,
    up_at = COALESCE(excluded.up_at, channel_health.up_at),
    since = CASE WHEN channel_health.state = excluded.state THEN channel_health.since ELSE excluded.since END,
    state = excluded.state
"""


def set_health(tx: Tx, health: ChannelHealth) -> None:
    tx.run(
        SET_HEALTH,
        {
            "account": health.account,
            "channel": health.channel,
            "state": health.state,
            "detail": printable(health.detail),
            "since": micros(health.since),
            "checked_at": micros(health.checked_at),
            "up_at": micros_or_none(health.up_at),
        },
    )


def list_health(tx: Tx) -> list[ChannelHealth]:
    rows = tx.all(
        "SELECT c.account, c.channel, c.state, c.detail, c.since, c.checked_at, "
        "(SELECT MAX(r.received_at) FROM raw_event r WHERE r.account = c.account), "
        "(SELECT MAX(d.updated_at) FROM delivery d WHERE d.account = c.account AND d.state = 'sent'), c.up_at "
        "FROM channel_health c ORDER BY c.account"
    )
    return [
        ChannelHealth(
            account=AccountId(row[0]),
            channel=literal_channel(row[1]),
            state=row[2],
            detail=row[3],
            since=moment(row[4]),
            checked_at=moment(row[5]),
            last_event_at=moment_or_none(row[6]),
            last_sent_at=moment_or_none(row[7]),
            up_at=moment_or_none(row[8]),
        )
        for row in rows
    ]


def count_rows(tx: Tx) -> dict[str, int]:
    """Only what indexes of unfinished rows answer: never a walk through history."""
    counts = {
        "notices_open": "SELECT COUNT(*) FROM notice WHERE ended_at IS NULL AND dismissed_at IS NULL",
        "events_waiting": "SELECT COUNT(*) FROM raw_event WHERE state = 'waiting'",
        "events_quarantined": "SELECT COUNT(*) FROM raw_event WHERE state = 'quarantined'",
        "tickets_unfinished": "SELECT COUNT(*) FROM ticket WHERE status <> 'closed'",
        "jobs_waiting": "SELECT COUNT(*) FROM job WHERE state = 'waiting'",
    }
    found = {name: int(tx.all(sql)[0][0]) for name, sql in counts.items()}
    for state, count in tx.all("SELECT state, COUNT(*) FROM delivery WHERE state <> 'sent' GROUP BY state"):
        found[f"deliveries_{state}"] = int(count)
    return found
