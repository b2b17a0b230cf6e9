"""Working time over days, holidays and changed clocks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.hours import ALWAYS, DAYS, Hours, read_hours

WORKDAYS = {day: ["09:00-12:30", "13:30-18:00"] for day in DAYS[:5]}
OFFICE = read_hours("Europe/Berlin", WORKDAYS, ["2026-12-25"])
NIGHTS = read_hours("Asia/Tokyo", {"fri": ["22:00-06:00"]}, [])
SUNDAYS = read_hours("Europe/Berlin", {"sun": ["00:00-24:00"]}, [])
HOUR = 3_600


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "start", "seconds", "end"),
    [
        (ALWAYS, "2026-03-02T23:00", 2 * HOUR, "2026-03-03T01:00"),
        (OFFICE, "2026-03-02T08:00", HOUR, "2026-03-02T09:00"),  # nine in Berlin
        (OFFICE, "2026-03-02T11:00", HOUR, "2026-03-02T13:00"),  # half an hour before lunch, and half after
        (OFFICE, "2026-03-06T16:30", HOUR, "2026-03-09T08:30"),  # Friday evening
        (OFFICE, "2026-12-24T16:00", 2 * HOUR, "2026-12-28T09:00"),  # over Christmas and a week's end
        (OFFICE, "2026-03-07T12:00", 0, "2026-03-09T08:00"),
        (NIGHTS, "2026-03-06T12:00", 4 * HOUR, "2026-03-06T17:00"),  # Saturday morning in Tokyo
        (SUNDAYS, "2026-03-28T23:00", 23 * HOUR, "2026-03-29T22:00"),  # that day had 23 hours
        (SUNDAYS, "2026-10-24T22:00", 25 * HOUR, "2026-10-25T23:00"),  # and this one 25
    ],
)
def test_when_so_much_work_is_done(hours: Hours, start: str, seconds: float, end: str) -> None:
    assert hours.after(utc(start), seconds) == utc(end)
    assert hours.between(utc(start), utc(end)) == seconds


def test_an_hour_that_the_wall_leaves_out_is_not_worked() -> None:
    early = read_hours("Europe/Berlin", {"sun": ["02:30-04:00"]}, [])
    assert early.between(utc("2026-03-29T00:00"), utc("2026-03-29T12:00")) == HOUR / 2


@given(st.integers(0, 60 * 24 * 40), st.integers(0, 60 * 24 * 5), st.sampled_from([ALWAYS, OFFICE, NIGHTS]))
def test_what_is_counted_on_is_counted_back(minutes: int, work: int, hours: Hours) -> None:
    start = utc("2026-03-02T00:00") + timedelta(minutes=minutes)
    end = hours.after(start, work * 60)
    assert end >= start
    assert hours.between(start, end) == work * 60
    assert hours.between(end, start) == 0


@pytest.mark.parametrize(
    ("zone", "days", "holidays", "what"),
    [
        ("Mars/Olympus", {"mon": ["09:00-17:00"]}, [], "no time zone 'Mars/Olympus'"),
        ("../../etc/passwd", {"mon": ["09:00-17:00"]}, [], "no time zone"),
        ("UTC", {"monday": ["09:00-17:00"]}, [], "no day 'monday'"),
        ("UTC", {"mon": ["9-17"]}, [], "a span '9-17'"),
        ("UTC", {"mon": ["09:00-25:00"]}, [], "a span '09:00-25:00'"),
        ("UTC", {"mon": ["09:00-12:00", "11:00-13:00"]}, [], "spans of mon that overlap"),
        ("UTC", {"mon": ["22:00-06:00"], "tue": ["05:00-09:00"]}, [], "spans of tue that overlap"),
        ("UTC", {"mon": []}, [], "no hours at all"),
        ("UTC", {"mon": ["09:00-17:00"]}, ["Christmas"], "a holiday 'Christmas'"),
    ],
)
def test_what_is_no_working_time(zone: str, days: dict[str, list[str]], holidays: list[str], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        read_hours(zone, days, holidays)
