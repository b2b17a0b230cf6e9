"""Watching the whole: what is down or too quiet becomes a notice in the inbox and on the configured channel."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from responders.compose import Limits, compose
from service.config import AlertsSection
from tickets.errors import StoreUnavailable, SwitchboardError
from tickets.ids import AccountId, ThreadKey
from tickets.model import ChannelHealth, Delivery, ReplyTarget
from tickets.notices import Habit, NewNotice, Notice
from tickets.ports import Capabilities, Clock
from tickets.storage import Store

log = logging.getLogger(__name__)

LOOK_S = 15.0
SIGHT_LOST_S = 60.0
"""After so long without a look, e.g. of a machine that slept, channels get their time to connect anew."""
DOWN_AFTER = timedelta(seconds=120)
"""A channel that is not connected for so long is told of; shorter interruptions mend themselves."""
LEARNED_OVER = timedelta(weeks=2)
FEWEST_DAYS = 5
"""So many days an hour must be known before a silence in it means something."""
FACTOR = 1.8
"""A silence is told of when it is so much longer than the longest usual one: with the look, within twice that."""
SHORTEST_SILENCE = timedelta(seconds=270)
"""What is shorter says nothing; with the look, the busiest channel's is told of within five minutes."""
OUT_OF_THE_ORDINARY = 10
"""What is so many times longer than the median was no habit, unless it comes back every week."""
HOUR_S = 3600
DAY_H = 24
WEEK_H = 7 * DAY_H


class Watch:
    """The leader's look around.

    accounts: those that are configured.  leading: whether this worker is
    the leader now.  beat: tells an outside watchman that all is well; None
    where none is configured.  look_s: from one look to the next, seconds.
    down_after: how long an account may be away before it is told of.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        alerts: AlertsSection,
        accounts: Mapping[AccountId, Capabilities],
        lease_s: float,
        leading: Callable[[], bool],
        beat: Callable[[], Awaitable[None]] | None = None,
        *,
        look_s: float = LOOK_S,
        down_after: timedelta = DOWN_AFTER,
    ) -> None:
        self._store = store
        self._clock = clock
        self._alerts = alerts
        self._accounts = accounts
        self._stale = timedelta(seconds=3 * lease_s)
        self._leading = leading
        self._beat = beat
        self._look_s = min(look_s, alerts.heartbeat_s) if beat else look_s
        self._down_after = down_after
        self._since: datetime | None = None
        self._looked_at: datetime | None = None
        self._beaten_at: float | None = None

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.look()
            except StoreUnavailable as error:
                log.warning("The watch waits for the database: %s", error)
            except Exception:
                log.exception("A look around failed and is made again")
            await self._clock.sleep(self._look_s)

    async def look(self) -> None:
        """Raise what is new, end what is over, tell of it; only where this worker leads.

        Raises StoreUnavailable.
        """
        if not self._leading():
            self._looked_at = None
            return
        now = self._clock.now()
        health = {one.account: one for one in await self._store.list_health()}
        habits = await self._store.list_habits(now - LEARNED_OVER)
        since = self._watching_since(now)
        wanted: list[NewNotice] = []
        over: list[str] = []
        for account in self._accounts:
            known = health.get(account)
            wanted += down(account, known, since, now, self._stale, self._down_after)
            wanted += silent(account, known, [one for one in habits if one.account == account], now)
            over += mended(account, known, now, self._stale)
        await self._settle(wanted, over, now)
        await self._tell(now)
        await self._send_beat()

    def _watching_since(self, now: datetime) -> datetime:
        """Since when this worker has looked without losing sight."""
        seen = self._looked_at is not None and now - self._looked_at <= timedelta(seconds=SIGHT_LOST_S)
        self._since = self._since if seen and self._since else now
        self._looked_at = now
        return self._since

    async def _settle(self, wanted: Sequence[NewNotice], over: Sequence[str], now: datetime) -> None:
        if over:
            await self._store.end_notices(over, now)
        if wanted:
            await self._store.raise_notices(wanted, now)

    async def _tell(self, now: datetime) -> None:
        """On the configured channel, several at once in one message."""
        if not self._alerts.account:
            return
        untold = [one for one in await self._store.list_notices() if not one.told]
        if not untold:
            return
        delivery = alert(self._alerts, untold, self._accounts[AccountId(self._alerts.account)], now)
        await self._store.tell_notices([one.id for one in untold], [delivery], now)

    async def _send_beat(self) -> None:
        """Somebody outside rings when this stops coming."""
        now_s = self._clock.monotonic()
        if self._beat is None:
            return
        if self._beaten_at is not None and now_s - self._beaten_at < self._alerts.heartbeat_s:
            return
        self._beaten_at = now_s
        try:
            await self._store.check()
            await self._beat()
        except SwitchboardError as error:
            log.warning("The heartbeat could not be sent: %s", error)


# What is wrong, each from what is known.  Pure. --------------------------------------------


def down(
    account: AccountId,
    health: ChannelHealth | None,
    watching_since: datetime,
    now: datetime,
    stale: timedelta,
    after: timedelta = DOWN_AFTER,
) -> list[NewNotice]:
    """Nothing, or that the account cannot be used: refused at once, others once it lasts.

    health: None of an account that nobody has begun.  stale: health that is
    older says nothing any more.
    """
    key = f"down:{account}"
    if health is not None and health.state == "rejected":
        text = f"{account} is refused by the platform. {health.detail} Messages wait there, answers wait here."
        return [NewNotice(kind="down", key=key, text=text, since=health.since, account=account)]
    known_up = health.up_at if health is not None else None
    if _is_up(health, now, stale) or now - max(known_up or watching_since, watching_since) < after:
        return []
    text = (
        f"{account} is not connected. {_why(health)} "
        "It is tried again and again; what people write meanwhile waits at the platform."
    )
    return [NewNotice(kind="down", key=key, text=text, since=known_up or watching_since, account=account)]


def silent(
    account: AccountId, health: ChannelHealth | None, habits: Sequence[Habit], now: datetime
) -> list[NewNotice]:
    """Nothing, or that the account is much quieter than it usually is at this time of the day."""
    if health is None or health.state != "up" or health.last_event_at is None:
        return []
    usual_s = usual_silence_s(habits, now)
    silence = now - health.last_event_at
    if usual_s is None or silence < max(SHORTEST_SILENCE, timedelta(seconds=FACTOR * usual_s)):
        return []
    text = (
        f"{account} is quieter than usual: nothing has come for {_span(silence)}; in the last two weeks the "
        f"longest silence at this time was {_span(timedelta(seconds=usual_s))}. Write to it yourself and see "
        "whether it arrives; look whether its settings at the platform have changed."
    )
    return [
        NewNotice(kind="silent", key=f"silent:{account}", text=text, since=health.last_event_at, account=account)
    ]


def mended(account: AccountId, health: ChannelHealth | None, now: datetime, stale: timedelta) -> list[str]:
    """The keys of what is surely over: it is connected, something has come.

    What is merely in between, such as a new attempt to connect or an hour
    that is usually quieter, ends nothing: it would be told of anew.
    """
    if health is None:
        return []
    over = [f"down:{account}"] if _is_up(health, now, stale) else []
    if health.last_event_at is not None and now - health.last_event_at < SHORTEST_SILENCE:
        over.append(f"silent:{account}")
    return over


def usual_silence_s(habits: Sequence[Habit], now: datetime) -> float | None:
    """The longest usual silence at this hour of the day, in seconds; None while too little is known.

    One day that was out of the ordinary, e.g. because of an outage, does not
    count; a weekend, which comes back every week, does.
    """
    this_hour = int(now.timestamp() // HOUR_S)
    same = [one for one in habits if (one.hour - this_hour) % DAY_H == 0 and one.hour < this_hour]
    weekly = [one.longest_s for one in same if (one.hour - this_hour) % WEEK_H == 0]
    if len(same) < FEWEST_DAYS or not weekly:
        return None
    most_s = OUT_OF_THE_ORDINARY * median(one.longest_s for one in same)
    return max(min(weekly), *(one.longest_s for one in same if one.longest_s <= most_s))


def _is_up(health: ChannelHealth | None, now: datetime, stale: timedelta) -> bool:
    return health is not None and health.state == "up" and now - health.checked_at <= stale


def _why(health: ChannelHealth | None) -> str:
    if health is None or health.state == "up":
        return "No worker receives over it."
    return "The platform has not answered yet." if health.state == "starting" else health.detail


def alert(alerts: AlertsSection, notices: Sequence[Notice], way: Capabilities, now: datetime) -> Delivery:
    """One message that tells of several notices.  way: the channel that carries it."""
    account, channel = AccountId(alerts.account), way.channel
    texts = "\n\n".join(f"{one.notice.text} (since {one.notice.since:%Y-%m-%d %H:%M} UTC)" for one in notices)
    target = ReplyTarget(
        channel=channel,
        account=account,
        thread_key=ThreadKey("alerts" if channel == "email" else alerts.to),
        visibility="private",
        to=(alerts.to,) if channel == "email" else (),
        subject="Switchboard needs a look" if channel == "email" else None,
    )
    return compose("alert", target, texts, Limits.of(way), now)


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
