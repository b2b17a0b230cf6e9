"""When a feed is asked next, and for how much."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from service.feed_plan import HOURS, MOST, FeedPlace, after, allowed, next_at
from tickets.ports import AskedFeed, FeedReading

JUNE = datetime(2026, 6, 1, tzinfo=UTC)
MIDMONTH = JUNE + timedelta(days=15)
FEED = AskedFeed(every_s=300, monthly_budget=30.0, price=0.005, fewest=10)
FREE = replace(FEED, monthly_budget=0.0)


def reading(read: int, newest: str = "9") -> FeedReading:
    return FeedReading((), newest, read)


def placed(**fields: object) -> FeedPlace:
    return replace(FeedPlace(MIDMONTH, newest="1", read_at=MIDMONTH, month="2026-06"), **fields)


def test_a_new_feed_begins_with_a_few() -> None:
    assert allowed(FeedPlace(JUNE), FEED, JUNE) == 10


def test_without_a_budget_of_its_own_it_reads_what_there_is() -> None:
    assert allowed(placed(spent=1_000.0), FREE, MIDMONTH) == MOST


def test_the_budget_grows_with_the_month_and_what_was_spent_is_gone() -> None:
    after_half = 15.0 + 30.0 / 30 / 24
    assert allowed(placed(spent=after_half - 1.0), FEED, MIDMONTH) == 200
    assert allowed(placed(spent=after_half), FEED, MIDMONTH) == 0
    assert allowed(placed(spent=after_half), FEED, MIDMONTH + timedelta(days=1)) == 200


def test_a_new_month_begins_anew() -> None:
    assert allowed(placed(spent=30.0, month="2026-05"), FEED, MIDMONTH) == MOST


def test_busy_hours_get_more_of_their_day() -> None:
    rates = tuple(30.0 if 8 <= hour < 20 else 0.0 for hour in range(HOURS))
    day = [allowed(placed(rates=rates, spent=15.0), FEED, MIDMONTH + timedelta(hours=hour)) for hour in range(24)]
    assert day[:7] == [0] * 7
    assert day[19:] == [200] * 5
    assert day == sorted(day)
    assert day[13] > day[8] > 0


@pytest.mark.parametrize(
    ("rate", "wait_s"), [(-1.0, 300), (0.0, 3_600), (60.0, 1_200), (2_000.0, 300), (1.0, 3_600)]
)
def test_where_much_comes_it_is_asked_sooner(rate: float, wait_s: int) -> None:
    rates = (rate,) * HOURS
    assert next_at(placed(rates=rates), FREE, MIDMONTH) == MIDMONTH + timedelta(seconds=wait_s)


def test_without_money_it_waits_until_there_is_some() -> None:
    place = placed(spent=15.0 + 1.0)
    then = next_at(place, FEED, MIDMONTH)
    assert timedelta(hours=23) < then - MIDMONTH < timedelta(hours=26)
    assert allowed(place, FEED, then) >= FEED.fewest


def test_a_reading_is_remembered_with_its_cost_and_its_hour() -> None:
    place = placed(read_at=MIDMONTH - timedelta(hours=2), spent=1.0)
    done = after(place, FEED, reading(40), MIDMONTH)
    assert (done.newest, done.read_at, done.spent) == ("9", MIDMONTH, 1.2)
    assert done.rates[MIDMONTH.hour] == 20.0
    again = after(done, FEED, reading(0), MIDMONTH + timedelta(minutes=30))
    assert again.rates[MIDMONTH.hour] == pytest.approx(14.0)
    assert after(done, FEED, reading(0), MIDMONTH + timedelta(days=16)).spent == 0.0


def test_the_first_reading_tells_nothing_of_how_much_comes() -> None:
    done = after(FeedPlace(MIDMONTH), FEED, reading(10), MIDMONTH)
    assert set(done.rates) == {-1.0}


def test_the_platforms_pause_is_kept() -> None:
    done = after(placed(), FREE, replace(reading(0), wait_s=900.0), MIDMONTH)
    assert done.next_at >= MIDMONTH + timedelta(seconds=1_200)
