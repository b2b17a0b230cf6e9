"""What a person should know: raised once, told once, over once; and the habits by which a silence is noticed."""

import asyncio
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.builders import MAIN, T0, at, delivery, get_delivery, lease_out, raw
from tests.support.stores import Database
from tickets.errors import Conflict, StoreUnavailable
from tickets.ids import AccountId, NoticeId
from tickets.model import ChannelHealth
from tickets.notices import Habit, NewNotice, NoticeKind
from tickets.storage import Store

OTHER = AccountId("telegram:other")
LOST = "Пропущено сообщение. 有消息沒有收到。 رسالة مفقودة ข้อความหาย"


def notice(key: str, kind: NoticeKind = "gap", **fields: object) -> NewNotice:
    wanted = {"text": LOST, "since": T0, "account": MAIN} | fields
    return NewNotice(kind, key, **wanted)  # type: ignore[arg-type]


async def keys(store: Store) -> list[str]:
    return [one.notice.key for one in await store.list_notices()]


async def ids(store: Store, *wanted: str) -> list[NoticeId]:
    named = {one.notice.key: one.id for one in await store.list_notices()}
    return [named[key] for key in wanted]


# Notices -----------------------------------------------------------------------------


async def test_a_notice_is_listed_as_it_was_raised(store: Store) -> None:
    gap = notice("gap:1", until=at(9))
    whole = notice("worker:1", "worker", account=None, text="A worker stopped.")
    assert await store.raise_notices([gap, whole], at(10)) == 2
    second, first = await store.list_notices()
    assert (first.notice, second.notice) == (gap, whole)
    assert (first.raised_at, first.told) == (at(10), False)


async def test_the_newest_come_first_and_no_more_than_asked(store: Store) -> None:
    for n in range(4):
        await store.raise_notices([notice(f"{n}")], at(n))
    assert await keys(store) == ["3", "2", "1", "0"]
    assert [one.notice.key for one in await store.list_notices(2)] == ["3", "2"]


async def test_while_one_is_open_another_of_its_key_is_not_raised(store: Store) -> None:
    assert await store.raise_notices([notice("a"), notice("a", text="again"), notice("b")], at(1)) == 2
    assert await store.raise_notices([notice("a", text="again"), notice("c")], at(2)) == 1
    assert await store.raise_notices([], at(2)) == 0
    assert sorted(await keys(store)) == ["a", "b", "c"]
    assert {one.notice.text for one in await store.list_notices()} == {LOST}


async def test_several_workers_raise_one_notice(database: Database) -> None:
    stores = [database.store() for _ in range(3)]
    for store in stores:
        await store.open()
    raised = await asyncio.gather(*(store.raise_notices([notice("a")], at(1)) for store in stores * 3))
    assert sum(raised) == 1
    assert await keys(stores[0]) == ["a"]
    for store in stores:
        await store.close()


async def test_what_is_over_may_be_raised_again(store: Store) -> None:
    await store.raise_notices([notice("a"), notice("b")], at(1))
    assert await store.end_notices(["a", "nobody"], at(2)) == 1
    assert await store.end_notices(["a"], at(3)) == 0
    assert await store.end_notices([], at(3)) == 0
    assert await keys(store) == ["b"]
    assert await store.raise_notices([notice("a")], at(4)) == 1
    assert await keys(store) == ["a", "b"]
    assert (await store.list_notices())[0].raised_at == at(4)


async def test_a_notice_is_dismissed_once(store: Store) -> None:
    await store.raise_notices([notice("a"), notice("b")], at(1))
    [a] = await ids(store, "a")
    assert await store.dismiss_notice(a, at(2))
    assert not await store.dismiss_notice(a, at(3))
    assert not await store.dismiss_notice(NoticeId(9_999), at(3))
    assert await keys(store) == ["b"]


async def test_open_notices_are_counted(store: Store) -> None:
    await store.raise_notices([notice("a"), notice("b")], at(1))
    await store.end_notices(["a"], at(2))
    assert (await store.count_rows())["notices_open"] == 1


async def test_those_who_watch_are_woken(store: Store) -> None:
    pulse = store.pulse("events")
    await store.raise_notices([notice("a")], at(1))
    assert await store.wait("events", pulse, 30) != pulse


# Telling -----------------------------------------------------------------------------


async def test_what_is_told_is_queued_with_it(store: Store) -> None:
    await store.raise_notices([notice("a"), notice("b"), notice("c")], at(1))
    told = delivery("alert", texts=(LOST,))
    assert await store.tell_notices(await ids(store, "a", "b"), [told], at(2))
    assert {one.notice.key: one.told for one in await store.list_notices()} == {"a": True, "b": True, "c": False}
    assert await get_delivery(store, "alert") == told
    assert await lease_out(store) == ["alert"]


async def test_nothing_is_told_twice(store: Store) -> None:
    await store.raise_notices([notice("a"), notice("b")], at(1))
    assert await store.tell_notices(await ids(store, "a"), [delivery("first")], at(2))
    assert not await store.tell_notices(await ids(store, "b", "a"), [delivery("second")], at(3))
    assert {one.notice.key: one.told for one in await store.list_notices()} == {"a": True, "b": False}
    assert await lease_out(store) == ["first"]


async def test_several_workers_tell_once(store: Store) -> None:
    await store.raise_notices([notice("a"), notice("b")], at(1))
    both = await ids(store, "a", "b")
    told = await asyncio.gather(
        *(store.tell_notices(both[:: -1 if n % 2 else 1], [delivery(f"{n}")], at(2)) for n in range(8))
    )
    assert sum(told) == 1
    assert len(await lease_out(store)) == 1


async def test_where_nobody_is_to_be_told_only_the_mark_stays(store: Store) -> None:
    await store.raise_notices([notice("a")], at(1))
    assert await store.tell_notices(await ids(store, "a"), [], at(2))
    assert [one.told for one in await store.list_notices()] == [True]
    assert await lease_out(store) == []


async def test_a_telling_that_cannot_be_queued_leaves_no_mark(store: Store) -> None:
    await store.raise_notices([notice("a")], at(1))
    assert await store.tell_notices([], [delivery("alert")], at(2))
    with pytest.raises(Conflict):
        await store.tell_notices(await ids(store, "a"), [delivery("alert")], at(3))
    assert [one.told for one in await store.list_notices()] == [False]


# With what arrives -------------------------------------------------------------------


async def test_a_gap_is_committed_with_the_events_and_the_cursor(store: Store) -> None:
    gap = notice("gap:1", until=at(5))
    assert await store.append_raw(MAIN, [raw("1", late=True)], "c-1", [gap]) == 1
    assert await store.append_raw(MAIN, [], "c-2", [gap, notice("gap:2")]) == 0
    assert await keys(store) == ["gap:2", "gap:1"]
    assert await store.find_cursor(MAIN) == "c-2"
    [leased] = await store.lease_events("worker", T0, 60, 10)
    assert leased.event == raw("1", late=True)
    assert await store.read_raw(leased.id) == raw("1", late=True)


async def test_gap_events_and_cursor_are_committed_together_or_not_at_all(database: Database) -> None:
    def crash(_point: str) -> None:
        raise ZeroDivisionError

    whole, torn = database.store(), database.store(crash=crash)
    await whole.open()
    await torn.open()
    with pytest.raises(ZeroDivisionError):
        await torn.append_raw(MAIN, [raw("1")], "c-1", [notice("gap:1")])
    assert (await whole.find_cursor(MAIN), await whole.count_waiting(), await keys(whole)) == (None, 0, [])
    await torn.close()
    with pytest.raises(StoreUnavailable):
        await torn.raise_notices([notice("a")], at(1))
    await whole.close()


# Habits ------------------------------------------------------------------------------

HOUR = timedelta(hours=1)
NINE = int(T0.timestamp()) // 3600
"""The hour in which every test begins."""


async def connected(store: Store, *accounts: AccountId) -> None:
    for account in accounts:
        await store.set_health(ChannelHealth(account, "telegram", "up", "", T0, T0, up_at=T0))


async def arrive(store: Store, *minutes: float, account: AccountId = MAIN, late: bool = False) -> None:
    """Messages so many minutes after nine o'clock."""
    for minute in minutes:
        name = f"{account} {minute} {late}"
        event = raw(name, account=account, received_at=T0 + timedelta(minutes=minute), late=late)
        await store.append_raw(account, [event], None)


def clock(hours: float) -> datetime:
    return T0 + hours * HOUR


async def habits(
    store: Store, since: datetime = T0 - 100 * HOUR, account: AccountId = MAIN
) -> list[tuple[int, ...]]:
    """(hours after nine, longest silence in minutes, messages)."""
    found = [one for one in await store.list_habits(since) if one.account == account]
    return [(one.hour - NINE, round(one.longest_s / 60), one.received) for one in found]


async def test_a_silence_counts_for_every_hour_it_touches(store: Store) -> None:
    await connected(store, MAIN)
    await arrive(store, 10, 50, 200, 210)
    assert await store.learn_habits(T0, clock(4)) == 4
    assert await habits(store) == [(0, 150, 2), (1, 150, 0), (2, 150, 0), (3, 150, 2)]


CASES = {
    "nobody wrote": ([], 5, []),
    "the hour has not ended": ([10], 0.99, []),
    "one message, silent since": ([30], 3, [(0, 150, 1), (1, 150, 0), (2, 150, 0)]),
    "nothing is known before the first": ([90], 3, [(1, 90, 1), (2, 90, 0)]),
    "busy": ([5, 20, 40, 59], 1, [(0, 20, 4)]),
    "on the stroke": ([0, 60], 2, [(0, 60, 1), (1, 60, 1)]),
    "before we began to look": ([-30, 30], 1, [(0, 60, 1)]),
    "what came in the hour that runs": ([10, 70], 1.9, [(0, 50, 1)]),
}


@pytest.mark.parametrize(("minutes", "now", "learned"), CASES.values(), ids=CASES)
async def test_what_is_learned(
    store: Store, minutes: list[float], now: float, learned: list[tuple[int, ...]]
) -> None:
    await connected(store, MAIN)
    await arrive(store, *minutes)
    assert await store.learn_habits(T0, clock(now)) == len(learned)
    assert await habits(store) == learned


async def test_each_account_has_habits_of_its_own(store: Store) -> None:
    silent = AccountId("telegram:silent")
    unknown = AccountId("telegram:unknown")
    await connected(store, MAIN, OTHER, silent)
    await arrive(store, 10, 20)
    await arrive(store, 30, account=OTHER)
    await arrive(store, 40, account=unknown)
    await store.learn_habits(T0, clock(1))
    assert await store.list_habits(T0) == [Habit(MAIN, NINE, 2400.0, 2), Habit(OTHER, NINE, 1800.0, 1)]


async def test_known_hours_stay_as_they_are(store: Store) -> None:
    await connected(store, MAIN)
    await arrive(store, 10)
    assert await store.learn_habits(T0, clock(2)) == 2
    await arrive(store, 30, 150)
    assert await store.learn_habits(T0, clock(2)) == 0
    assert await store.learn_habits(T0, clock(3)) == 1
    assert await habits(store) == [(0, 110, 1), (1, 110, 0), (2, 120, 1)]


@pytest.mark.parametrize("minute", [-20, 20, 45])
async def test_what_came_late_is_no_habit(store: Store, minute: float) -> None:
    """Read after the fact, it says nothing of when people write."""
    await connected(store, MAIN)
    await arrive(store, -30, 30)
    await arrive(store, minute, late=True)
    assert await store.learn_habits(T0, clock(1)) == 1
    assert await habits(store) == [(0, 60, 1)]


async def test_only_late_ones_are_as_if_nobody_wrote(store: Store) -> None:
    await connected(store, MAIN)
    await arrive(store, -30, 30, late=True)
    assert await store.learn_habits(T0, clock(1)) == 0
    assert await habits(store) == []


async def test_hours_before_the_asked_one_are_not_listed(store: Store) -> None:
    await connected(store, MAIN)
    await arrive(store, 10)
    await store.learn_habits(T0, clock(3))
    assert [hour for hour, _, _ in await habits(store, clock(1.5))] == [1, 2]


async def test_after_four_weeks_a_habit_is_forgotten(store: Store) -> None:
    await connected(store, MAIN)
    await arrive(store, 10)
    await store.learn_habits(T0, clock(2))
    weeks = 4 * 7 * 24
    await store.learn_habits(clock(weeks), clock(weeks))
    assert [hour for hour, _, _ in await habits(store)] == [0, 1]
    await store.learn_habits(clock(weeks + 1), clock(weeks + 1))
    assert [hour for hour, _, _ in await habits(store)] == [1]


async def test_what_would_be_forgotten_is_not_learned(store: Store) -> None:
    await connected(store, MAIN)
    await arrive(store, 10)
    weeks = 4 * 7 * 24
    assert await store.learn_habits(T0, clock(weeks + 3)) == weeks
    assert (await habits(store))[0][0] == 3


MINUTES = st.lists(st.tuples(st.integers(-90, 300), st.booleans()), max_size=8, unique=True)
EMPTY: dict[str, int] = {}


@settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(written=MINUTES, learned_at=st.lists(st.integers(0, 5), max_size=3))
async def test_habits_are_what_the_arrivals_say(
    store: Store, written: list[tuple[int, bool]], learned_at: list[int]
) -> None:
    """However often it was learned on the way, where what had arrived was there in time."""
    EMPTY["accounts"] = EMPTY.get("accounts", 0) + 1
    account = AccountId(f"telegram:{EMPTY['accounts']}")
    await connected(store, account)
    waiting = sorted(written)
    for hour in [*sorted(learned_at), 5]:
        while waiting and waiting[0][0] < hour * 60:
            minute, late = waiting.pop(0)
            await arrive(store, minute, account=account, late=late)
        await store.learn_habits(T0, clock(hour))
    in_time = sorted({minute for minute, late in written if not late and minute < 300})
    assert await habits(store, account=account) == expected(in_time, sorted({*learned_at, 5}))


def expected(minutes: list[int], learned_at: list[int]) -> list[tuple[int, int, int]]:
    """Hour by hour: each silence counts as far as it was known when the hour was learned."""
    found = []
    for hour in range(5):
        known_at = next(at_hour for at_hour in learned_at if at_hour > hour) * 60
        known = [minute for minute in minutes if minute < known_at]
        ends = [*known[1:], known_at] if known else []
        touching = [
            until - since
            for since, until in zip(known, ends, strict=True)
            if since < (hour + 1) * 60 and until >= hour * 60
        ]
        if touching:
            found.append((hour, max(touching), sum(hour * 60 <= minute < (hour + 1) * 60 for minute in known)))
    return found
