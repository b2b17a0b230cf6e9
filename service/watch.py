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
DOWN_AFTER = timedelta(seconds=120)
"""A channel that is not connected for so long is told of; shorter interruptions mend themselves."""
LEARNED_OVER = timedelta(weeks=2)
FEWEST_DAYS = 5
"""So many days an hour must be known before a silence in it means something."""
FACTOR = 1.5
"""A silence is told of when it is so much longer than the longest usual one at this hour."""
SHORTEST_SILENCE = timedelta(minutes=10)
HOUR_S = 3600


class Watch:
    """The leader's look around.

    accounts: those that are configured.  beat: tells an outside watchman
    that all is well; None where none is configured.
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
    ) -> None:
        self._store = store
        self._clock = clock
        self._alerts = alerts
        self._accounts = accounts
        self._stale = timedelta(seconds=3 * lease_s)
        self._leading = leading
        self._beat = beat
        self._since: datetime | None = None
        self._beaten_at = 0.0

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.look()
            except StoreUnavailable as error:
                log.warning("The watch waits for the database: %s", error)
            except Exception:
                log.exception("A look around failed and is made again")
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Raise what is new, end what is over, tell of it; only where this worker leads.

        Raises StoreUnavailable.
        """
        if not self._leading():
            self._since = None
            return
        now = self._clock.now()
        self._since = self._since or now
        health = {one.account: one for one in await self._store.list_health()}
        habits = await self._store.list_habits(now - LEARNED_OVER)
        wanted: list[NewNotice] = []
        for account in self._accounts:
            wanted += down(account, health.get(account), self._since, now, self._stale)
            wanted += silent(account, health.get(account), [one for one in habits if one.account == account], now)
        await self._settle(wanted, now)
        await self._tell(now)
        await self._send_beat()

    async def _settle(self, wanted: Sequence[NewNotice], now: datetime) -> None:
        possible = {f"{kind}:{account}" for kind in ("down", "silent") for account in self._accounts}
        over = possible - {one.key for one in wanted}
        if over:
            await self._store.end_notices(sorted(over), now)
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
        if self._beat is None or self._clock.monotonic() - self._beaten_at < self._alerts.heartbeat_s:
            return
        self._beaten_at = self._clock.monotonic()
        try:
            await self._store.check()
            await self._beat()
        except SwitchboardError as error:
            log.warning("The heartbeat could not be sent: %s", error)


# What is wrong, each from what is known.  Pure. --------------------------------------------


def down(
    account: AccountId, health: ChannelHealth | None, watching_since: datetime, now: datetime, stale: timedelta
) -> list[NewNotice]:
    """Nothing, or that the account cannot be used: refused at once, others once it lasts."""
    key = f"down:{account}"
    if health is not None and health.state == "rejected":
        text = f"{account} is refused by the platform. {health.detail} Messages wait there, answers wait here."
        return [NewNotice(kind="down", key=key, text=text, since=health.since, account=account)]
    is_fresh = health is not None and now - health.checked_at <= stale
    if health is not None and health.state == "up" and is_fresh:
        return []
    was_up = max(health.up_at if health and health.up_at else watching_since, watching_since)
    if now - was_up < DOWN_AFTER:
        return []
    since = health.up_at if health and health.up_at else was_up
    why = health.detail if health is not None and is_fresh else "No worker receives over it."
    text = f"{account} is not connected. {why} It is tried again and again; nothing is lost meanwhile."
    return [NewNotice(kind="down", key=key, text=text, since=since, account=account)]


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


def usual_silence_s(habits: Sequence[Habit], now: datetime) -> float | None:
    """The longest usual silence at this hour of the day, in seconds; None while too little is known.

    One day that was out of the ordinary, e.g. because of an outage, does not
    count: what is longer than ten times the median is left out.
    """
    this_hour = int(now.timestamp() // HOUR_S) % 24
    same = sorted(one.longest_s for one in habits if one.hour % 24 == this_hour)
    if len(same) < FEWEST_DAYS:
        return None
    return max(longest for longest in same if longest <= 10 * median(same))


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
