"""What platforms cost, by month."""

from collections.abc import Sequence
from datetime import datetime

from store.engine import Tx
from tickets.ids import AccountId
from tickets.spending import Spending, Spent, month_of

MILLION = 1_000_000
ADD = """
INSERT INTO spending (account, month, what, units, micros) VALUES (:account, :month, :what, :units, :micros)
ON CONFLICT (account, month, what) DO UPDATE
SET units = spending.units + excluded.units, micros = spending.micros + excluded.micros
"""


def add_spending(tx: Tx, account: AccountId, spent: Sequence[Spent], now: datetime) -> float:
    month = month_of(now)
    tx.many(
        ADD,
        [
            {
                "account": account,
                "month": month,
                "what": one.what,
                "units": one.units,
                "micros": round(one.dollars * MILLION),
            }
            for one in sorted(spent, key=lambda one: one.what)
        ],
    )
    asked = {"account": account, "month": month}
    rows = tx.all("SELECT SUM(micros) FROM spending WHERE account = :account AND month = :month", asked)
    return int(rows[0][0] or 0) / MILLION


def list_spending(tx: Tx, now: datetime) -> tuple[Spending, ...]:
    rows = tx.all(
        "SELECT account, what, units, micros FROM spending WHERE month = :month ORDER BY account, what",
        {"month": month_of(now)},
    )
    return tuple(Spending(AccountId(row[0]), row[1], row[2], row[3] / MILLION) for row in rows)
