"""Notices and habits in the memory store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from simulators.memory_store.admission import add_delivery
from simulators.memory_store.tables import NoticeRow, Part, Tables
from tickets.ids import AccountId, NoticeId
from tickets.model import Delivery
from tickets.notices import Habit, NewNotice, Notice

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEPT = timedelta(weeks=4)


class MemoryNotices(Part):
    """See ``tickets.notices.NoticeStore``."""

    async def raise_notices(self, wanted: Sequence[NewNotice], now: datetime) -> int:
        with self._write("events") as tables:
            return sum(raise_notice(tables, notice, now) for notice in wanted)

    async def end_notices(self, keys: Sequence[str], now: datetime) -> int:
        with self._write("events") as tables:
            found = [name for name, row in tables.notices.items() if row.notice.key in keys and not row.ended]
            for name in found:
                tables.notices[name] = replace(tables.notices[name], ended=True)
            return len(found)

    async def dismiss_notice(self, notice_id: NoticeId, now: datetime) -> bool:
        with self._write("events") as tables:
            row = tables.notices.get(notice_id)
            if row is None or row.ended or row.dismissed:
                return False
            tables.notices[notice_id] = replace(row, dismissed=True)
            return True

    async def list_notices(self, limit: int = 100) -> Sequence[Notice]:
        rows = sorted(self._read().notices.items(), reverse=True)
        open_rows = [(name, row) for name, row in rows if not row.ended and not row.dismissed]
        return [Notice(name, row.notice, row.raised_at, row.told) for name, row in open_rows[:limit]]

    async def tell_notices(self, ids: Sequence[NoticeId], deliveries: Sequence[Delivery], now: datetime) -> bool:
        with self._write("outbox") as tables:
            if any(name not in tables.notices or tables.notices[name].told for name in ids):
                return False
            for name in ids:
                tables.notices[name] = replace(tables.notices[name], told=True)
            for delivery in deliveries:
                add_delivery(tables, delivery)
            return True

    async def learn_habits(self, since: datetime, now: datetime) -> int:
        with self._write() as tables:
            oldest = _hour(now - KEPT)
            for key in [key for key in tables.habits if key[1] < oldest]:
                del tables.habits[key]
            fresh = 0
            for account in sorted(tables.health):
                known = [hour for owner, hour in tables.habits if owner == account]
                for hour in range(max([_hour(since), oldest, *(one + 1 for one in known)]), _hour(now)):
                    fresh += _learn(tables, account, hour, _hour(now))
            return fresh

    async def list_habits(self, since: datetime) -> Sequence[Habit]:
        found = [habit for habit in self._read().habits.values() if habit.hour >= _hour(since)]
        return sorted(found, key=lambda habit: (habit.account, habit.hour))


def raise_notice(tables: Tables, notice: NewNotice, now: datetime) -> bool:
    """False while one of the same key is open."""
    if any(row.notice.key == notice.key and not row.ended for row in tables.notices.values()):
        return False
    tables.notices[NoticeId(tables.next_number("notice"))] = NoticeRow(notice, now)
    return True


def _learn(tables: Tables, account: AccountId, hour: int, end: int) -> bool:
    """The hour's longest silence; nothing is known of hours before the first message."""
    begin_at, end_at = EPOCH + hour * HOUR, EPOCH + end * HOUR
    arrivals = sorted(
        row.event.received_at
        for row in tables.events.values()
        if row.event.account == account and not row.event.late and row.event.received_at < end_at
    )
    if not arrivals or arrivals[0] >= begin_at + HOUR:
        return False
    silences = zip(arrivals, [*arrivals[1:], end_at], strict=True)
    touching = [until - since for since, until in silences if since < begin_at + HOUR and until >= begin_at]
    received = sum(begin_at <= arrival < begin_at + HOUR for arrival in arrivals)
    tables.habits[account, hour] = Habit(account, hour, max(touching).total_seconds(), received)
    return True


def _hour(moment: datetime) -> int:
    return (moment - EPOCH) // HOUR
