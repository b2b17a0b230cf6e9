"""When a feed is asked next and for how much: by its price, by how much comes, and by the hour.  Pure."""

import calendar
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from tickets.ports import AskedFeed, FeedReading
from tickets.spending import month_of

HOURS: Final = 24
MOST: Final = 500
"""At once; whatever the budget: a worker reads it in seconds."""
WORTH: Final = 20
"""So many items make a question worth while."""
SELDOMEST_S: Final = 3_600.0
LEARNS: Final = 0.3
"""The weight of the last reading among those of the same hour of the day."""
STEP = timedelta(minutes=15)
HORIZON = timedelta(days=7)
AHEAD = timedelta(hours=1)
"""So much of the month's budget may be used before its time, else nothing could be read at its beginning."""


class FeedPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a feed was read, and what is known of it.

    newest: read up to there; None: never.  next_at: not asked before.  read_at: the last time
    that it was.  month and spent: dollars in that month.  rates: items an hour, by the
    hour of the day (UTC); negative where nothing is known.
    """

    next_at: datetime
    newest: str | None = None
    read_at: datetime | None = None
    month: str = ""
    spent: float = 0.0
    rates: tuple[float, ...] = (-1.0,) * HOURS


def allowed(place: FeedPlace, asked: AskedFeed, now: datetime) -> int:
    """So many items may be read now."""
    if place.newest is None:
        return asked.fewest
    if not asked.monthly_budget or not asked.price:
        return MOST
    spent = place.spent if place.month == month_of(now) else 0.0
    left = asked.monthly_budget * _share(place, now) - spent
    return max(0, min(MOST, int(left / asked.price)))


def _share(place: FeedPlace, now: datetime) -> float:
    """How much of the month's budget is due by now: busy hours get more of their day than quiet ones."""
    then = now + AHEAD
    if month_of(then) != month_of(now):
        return 1.0
    known = [rate for rate in place.rates if rate > 0]
    usual = sum(known) / len(known) if known else 1.0
    weights = [rate if rate >= 0 else usual for rate in place.rates]
    before = sum(weights[: then.hour]) + weights[then.hour] * then.minute / 60
    days = calendar.monthrange(then.year, then.month)[1]
    return (then.day - 1 + before / (sum(weights) or 1.0)) / days


def after(place: FeedPlace, asked: AskedFeed, reading: FeedReading, now: datetime) -> FeedPlace:
    """The place after a reading, with when to ask next."""
    learned = place if place.newest is None else replace(place, rates=_learned(place, reading.read, now))
    read = replace(counted(learned, asked, reading, now), newest=reading.newest, read_at=now)
    return replace(read, next_at=next_at(read, asked, now + timedelta(seconds=reading.wait_s)))


def counted(place: FeedPlace, asked: AskedFeed, reading: FeedReading, now: datetime) -> FeedPlace:
    """With what a reading cost in the month it was made in."""
    month = month_of(now)
    spent = place.spent if place.month == month else 0.0
    return replace(place, month=month, spent=spent + reading.read * asked.price)


def _learned(place: FeedPlace, count: int, now: datetime) -> tuple[float, ...]:
    if place.read_at is None or now <= place.read_at:
        return place.rates
    seen = count / ((now - place.read_at).total_seconds() / 3_600)
    before = place.rates[now.hour]
    rate = seen if before < 0 else before + LEARNS * (seen - before)
    return (*place.rates[: now.hour], rate, *place.rates[now.hour + 1 :])


def next_at(place: FeedPlace, asked: AskedFeed, now: datetime) -> datetime:
    """Soon where much comes, seldomer where little does, and not before the budget allows a question."""
    rate = place.rates[now.hour]
    usual_s = asked.every_s if rate < 0 else SELDOMEST_S if rate == 0 else WORTH / rate * 3_600
    then = now + timedelta(seconds=max(asked.every_s, min(usual_s, SELDOMEST_S)))
    latest = now + HORIZON
    while then < latest and allowed(place, asked, then) < asked.fewest:
        then += STEP
    return then
