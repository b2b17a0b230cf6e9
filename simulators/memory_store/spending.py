"""What platforms cost, in the memory store."""

from collections.abc import Sequence
from datetime import datetime

from simulators.memory_store.tables import Part
from tickets.ids import AccountId
from tickets.spending import Spending, Spent, month_of

MILLION = 1_000_000


class MemorySpending(Part):
    """See ``tickets.spending.SpendingStore``.  Sums are kept in millionths of a dollar."""

    async def add_spending(self, account: AccountId, spent: Sequence[Spent], now: datetime) -> float:
        month = month_of(now)
        with self._write() as tables:
            for one in spent:
                units, micros = tables.spent.get((account, month, one.what), (0, 0))
                added = micros + round(one.dollars * MILLION)
                tables.spent[account, month, one.what] = (units + one.units, added)
            sums = tables.spent.items()
            return sum(micros for key, (_, micros) in sums if key[:2] == (account, month)) / MILLION

    async def list_spending(self, now: datetime) -> Sequence[Spending]:
        month = month_of(now)
        return [
            Spending(account, what, units, micros / MILLION)
            for (account, at, what), (units, micros) in sorted(self._read().spent.items())
            if at == month
        ]
