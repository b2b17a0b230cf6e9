"""What is told of when a channel is away or too quiet, and that it is told once."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import pytest

from connectors.registry import capabilities_of
from service.config import AlertsSection
from service.watch import (
    DOWN_AFTER,
    FACTOR,
    LOOK_S,
    Watch,
    alert,
    down,
    mended,
    silent,
    usual_silence_s,
)
from simulators.memory_store import MemoryStore
from tests.support.builders import MAIN, T0, raw
from tests.support.clock import ManualClock
from tickets.errors import StoreUnavailable, Unreachable
from tickets.ids import AccountId
from tickets.model import ChannelHealth
from tickets.notices import Habit, NewNotice, Notice
from tickets.ports import Capabilities

MAIL = AccountId("email:support")
STALE = timedelta(seconds=45)
REASON = "Telegram отказывает: 令牌無效 ‏الرمز غير صالح"
MINUTE = timedelta(minutes=1)


def ago(seconds: float) -> datetime:
    return T0 - timedelta(seconds=seconds)


def health(
    state: str = "up", *, checked_s: float = 1, up_s: float | None = 1, last: datetime | None = None
) -> ChannelHealth:
    """checked_s, up_s: so many seconds ago."""
    return ChannelHealth(
        MAIN,
        "telegram",
        state,  # type: ignore[arg-type]
        REASON,
        since=ago(300),
        checked_at=ago(checked_s),
        last_event_at=last,
        up_at=None if up_s is None else ago(up_s),
    )


# Away ------------------------------------------------------------------------------------

LONG = 10_000.0
"""Seconds the watch has gone on."""
AWAY = DOWN_AFTER.total_seconds()
FINE: dict[str, tuple[ChannelHealth | None, float]] = {
    "connected": (health(), LONG),
    "connected, told a moment late": (health(checked_s=45, up_s=45), LONG),
    "just lost": (health("down", up_s=5), LONG),
    "away for almost long enough": (health("down", up_s=AWAY - 1), LONG),
    "asked to wait": (health("waiting", up_s=60), LONG),
    "long away, but the program has just begun": (health("down", up_s=LONG), AWAY - 1),
    "never connected, but the program has just begun": (None, AWAY - 1),
    "its worker went silent just now": (health(checked_s=46, up_s=46), LONG),
}
TOLD: dict[str, tuple[ChannelHealth | None, float, float, str]] = {
    "refused": (health("rejected", up_s=2), LONG, 300, REASON),
    "refused at the very start": (health("rejected", up_s=None), 0, 300, REASON),
    "refused, tried again after a long pause": (health("rejected", checked_s=72, up_s=500), LONG, 300, REASON),
    "away": (health("down", up_s=AWAY), LONG, AWAY, REASON),
    "away, tried again after a long pause": (health("down", checked_s=72, up_s=500), LONG, 500, REASON),
    "told to wait for too long": (health("waiting", up_s=AWAY), LONG, AWAY, REASON),
    "connecting for ever": (health("starting", up_s=AWAY), LONG, AWAY, "not answered yet"),
    "away since the start": (health("down", up_s=LONG), AWAY, LONG, REASON),
    "never connected": (health("down", up_s=None), AWAY, AWAY, REASON),
    "begun by nobody": (None, AWAY, AWAY, "No worker receives"),
    "its workers have died": (health(checked_s=AWAY, up_s=AWAY), LONG, AWAY, "No worker receives"),
}


@pytest.mark.parametrize(("known", "watching_s"), FINE.values(), ids=FINE)
def test_nothing_is_told_of(known: ChannelHealth | None, watching_s: float) -> None:
    assert down(MAIN, known, ago(watching_s), T0, STALE) == []


@pytest.mark.parametrize(("known", "watching_s", "since_s", "words"), TOLD.values(), ids=TOLD)
def test_an_account_is_away(known: ChannelHealth | None, watching_s: float, since_s: float, words: str) -> None:
    [notice] = down(MAIN, known, ago(watching_s), T0, STALE)
    assert (notice.kind, notice.key, notice.account) == ("down", f"down:{MAIN}", MAIN)
    assert (notice.since, notice.until) == (ago(since_s), None)
    assert words in notice.text
    assert notice.text.startswith(str(MAIN))


OVER: dict[str, tuple[ChannelHealth | None, set[str]]] = {
    "nobody has begun": (None, set()),
    "connected": (health(), {"down"}),
    "connected, and something came": (health(last=ago(5)), {"down", "silent"}),
    "connected, nothing came for long": (health(last=ago(270)), {"down"}),
    "connected, told too long ago": (health(checked_s=46), set()),
    "another attempt": (health("starting"), set()),
    "away": (health("down"), set()),
    "refused": (health("rejected"), set()),
}


@pytest.mark.parametrize(("known", "kinds"), OVER.values(), ids=OVER)
def test_only_what_is_surely_over_ends(known: ChannelHealth | None, kinds: set[str]) -> None:
    assert set(mended(MAIN, known, T0, STALE)) == {f"{kind}:{MAIN}" for kind in kinds}


# Too quiet -------------------------------------------------------------------------------

NOW_H = int(T0.timestamp()) // 3600


def habits(minutes: Sequence[float | None], *, hours_off: int = 0) -> list[Habit]:
    """The longest silence at this hour of so many days ago, the first being yesterday; None: not known."""
    return [
        Habit(MAIN, NOW_H - 24 * day + hours_off, one * 60, 3)
        for day, one in enumerate(minutes, 1)
        if one is not None
    ]


TWO_WEEKS = [20.0] * 14
WEEKEND = [20.0, 20, 20, 20, 20, 3000, 3000] * 2
"""Six and seven days ago nobody wrote, and so the week before."""
USUAL: dict[str, tuple[list[float | None], float | None]] = {
    "nothing known": ([], None),
    "every day alike": ([*TWO_WEEKS], 20),
    "the longest counts": ([20, 40, 90, 10, 20, 20, 30, 20], 90),
    "too few days": ([20, 20, 20, 20], None),
    "enough days, none of them a week ago": ([20] * 6, None),
    "enough days, the fewest": ([20, 20, None, None, 20, 20, 20], 20),
    "one outage": ([20, 20, 3000, *TWO_WEEKS[3:]], 20),
    "an outage just a week ago": ([*TWO_WEEKS[:6], 3000, *TWO_WEEKS[7:]], 20),
    "hardly ten times longer": ([20, 200, *TWO_WEEKS[2:]], 200),
    "this weekday is always quiet": ([*WEEKEND], 3000),
    "this weekday is busy": ([3000, 3000, 20, 20, 20, 20, 20] * 2, 20),
    "nobody ever pauses": ([0.0] * 14, 0),
}


@pytest.mark.parametrize(("minutes", "usual"), USUAL.values(), ids=USUAL)
def test_what_is_usual(minutes: list[float | None], usual: float | None) -> None:
    known = [*habits(minutes), *habits([9_999.0] * 14, hours_off=1), *habits([9_999.0] * 14, hours_off=-1)]
    found = usual_silence_s(known, T0 + timedelta(minutes=59))
    assert found == (None if usual is None else usual * 60)


@pytest.mark.parametrize(
    ("usual_min", "told_after_s"),
    [(0, 270), (2, 270), (2.5, 270), (3, 324), (20, 2160), (60, 6480), (600, 64_800)],
)
def test_a_silence_is_told_of_within_twice_the_usual_or_five_minutes(
    usual_min: float, told_after_s: float
) -> None:
    """O04."""
    known = habits([float(usual_min)] * 14)
    assert silent(MAIN, health(last=ago(told_after_s - 1)), known, T0) == []
    [notice] = silent(MAIN, health(last=ago(told_after_s)), known, T0)
    assert (notice.kind, notice.key, notice.since) == ("silent", f"silent:{MAIN}", ago(told_after_s))
    assert told_after_s + LOOK_S <= max(2 * usual_min * 60, 300)


def test_a_silence_is_told_of_in_minutes_and_hours() -> None:
    [minutes] = silent(MAIN, health(last=ago(60 * 60)), habits([20.0] * 14), T0)
    assert "nothing has come for 60 minutes" in minutes.text
    assert "longest silence at this time was 20 minutes" in minutes.text
    [hours] = silent(MAIN, health(last=ago(60 * 60 * 5)), habits([125.0] * 14), T0)
    assert "nothing has come for 5 hours" in hours.text
    assert "longest silence at this time was 2 hours" in hours.text


@pytest.mark.parametrize(
    "known",
    [None, health(last=None), health("down", last=ago(LONG)), health("starting", last=ago(LONG))],
    ids=["nobody has begun", "nothing ever came", "away", "connecting"],
)
def test_only_what_is_connected_and_was_written_to_can_be_too_quiet(known: ChannelHealth | None) -> None:
    assert silent(MAIN, known, habits(TWO_WEEKS), T0) == []


# What is told ----------------------------------------------------------------------------


def open_notice(text: str = REASON, n: int = 1) -> Notice:
    return Notice(n, NewNotice("down", f"down:{n}", text, T0, MAIN), T0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("account", "to", "address", "thread_key"),
    [
        ("email:support", "ops@example.test", ("ops@example.test",), "alerts"),
        ("telegram:main", "-1001234567890", (), "-1001234567890"),
        ("discord:main", "1234567890", (), "1234567890"),
    ],
)
def test_an_alert_goes_to_whom_it_is_configured(
    account: str, to: str, address: tuple[str, ...], thread_key: str
) -> None:
    way = capabilities_of(account.split(":")[0])  # type: ignore[arg-type]
    made = alert(AlertsSection(account=account, to=to), [open_notice(), open_notice("Second.", 2)], way, T0)
    assert (made.kind, made.ticket_id, made.thread_id) == ("alert", None, None)
    assert (made.target.account, made.target.to, made.target.thread_key) == (account, address, thread_key)
    assert (made.target.subject is None) == (not address)
    [part] = made.parts
    assert part.text == f"{REASON} (since 2026-03-02 09:00 UTC)\n\nSecond. (since 2026-03-02 09:00 UTC)"


def test_a_long_alert_is_cut_to_what_the_channel_carries() -> None:
    notices = [open_notice(f"{n}. {REASON * 5}", n) for n in range(30)]
    way = capabilities_of("discord")
    made = alert(AlertsSection(account="discord:main", to="5"), notices, way, T0)
    assert len(made.parts) > 1
    assert all(len(part.text) <= (way.text_limit or 0) for part in made.parts)
    whole = "".join(part.text for part in made.parts)
    assert all(f"{n}. Telegram" in whole for n in range(30))


# The look around -------------------------------------------------------------------------


class Beats:
    """A watchman.  fails: does not answer."""

    def __init__(self) -> None:
        self.count = 0
        self.fails = False

    async def __call__(self) -> None:
        self.count += 1
        if self.fails:
            raise Unreachable("The watchman's address answered 500.")


class Scene:
    """A store, a clock, and one worker that leads."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.clock = ManualClock()
        self.beats = Beats()
        self.leads = True
        self.watch = self.leader()

    def leader(self, account: str = MAIL, **alerts: float) -> Watch:
        """Another worker's watch.  account: empty where nobody is to be told."""
        accounts: dict[AccountId, Capabilities] = {
            MAIN: capabilities_of("telegram"),
            MAIL: capabilities_of("email"),
        }
        section = AlertsSection(account=account, to="ops@example.test" if account else "", **alerts)
        return Watch(self.store, self.clock, section, accounts, 15, lambda: self.leads, self.beats)

    async def says(self, account: AccountId, state: str, detail: str = REASON) -> None:
        now = self.clock.now()
        up_at = now if state == "up" else None
        channel = capabilities_of(account.split(":")[0]).channel  # type: ignore[arg-type]
        await self.store.set_health(
            ChannelHealth(account, channel, state, detail, now, now, up_at=up_at)  # type: ignore[arg-type]
        )

    async def go_on(self, seconds: float, main: str = "up", watch: Watch | None = None) -> None:
        """Mail stays connected, the chat is as it says, and the leader looks every 15 s."""
        for _ in range(round(seconds / LOOK_S)):
            self.clock.move(LOOK_S)
            await self.says(MAIL, "up", "")
            await self.says(MAIN, main)
            await (watch or self.watch).look()

    async def open(self) -> list[str]:
        return [one.notice.key for one in await self.store.list_notices()]

    async def alerts(self) -> list[str]:
        """Texts of what waits in the outbox, each as one, in no order."""
        found = await self.store.list_unfinished()
        return ["".join(part.text for part in one.parts) for one in found]


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.store.open()
    return scene


async def test_what_is_refused_is_told_of_at_the_next_look_and_once(scene: Scene) -> None:
    await scene.go_on(60)
    await scene.go_on(15, "rejected")
    assert await scene.open() == [f"down:{MAIN}"]
    assert len(await scene.alerts()) == 1
    assert REASON in (await scene.alerts())[0]
    await scene.go_on(3600, "rejected")
    assert len(await scene.alerts()) == 1


async def test_new_attempts_to_connect_tell_nothing_anew(scene: Scene) -> None:
    """A refused token is tried again every minute; the attempt is no mending."""
    await scene.go_on(60)
    for state in ("rejected", "starting", "rejected", "starting", "rejected"):
        await scene.go_on(15, state)
    assert await scene.open() == [f"down:{MAIN}"]
    assert len(await scene.alerts()) == 1


async def test_it_is_over_once_it_is_connected_and_may_happen_again(scene: Scene) -> None:
    await scene.go_on(60)
    await scene.go_on(135, "down")
    assert await scene.open() == [f"down:{MAIN}"]
    await scene.go_on(15)
    assert await scene.open() == []
    await scene.go_on(120, "down")
    assert await scene.open() == [f"down:{MAIN}"]
    assert len(await scene.alerts()) == 2


async def test_short_interruptions_are_nobody_s_business(scene: Scene) -> None:
    await scene.go_on(60)
    for _ in range(20):
        await scene.go_on(105, "down")
        await scene.go_on(15)
    assert (await scene.open(), await scene.alerts()) == ([], [])


async def test_what_was_dismissed_comes_back_only_after_it_was_over(scene: Scene) -> None:
    await scene.go_on(15, "rejected")
    [notice] = await scene.store.list_notices()
    assert await scene.store.dismiss_notice(notice.id, scene.clock.now())
    await scene.go_on(3600, "rejected")
    assert (await scene.open(), len(await scene.alerts())) == ([], 1)
    await scene.go_on(15)
    await scene.go_on(15, "rejected")
    assert (await scene.open(), len(await scene.alerts())) == ([f"down:{MAIN}"], 2)


async def test_several_at_once_are_one_message(scene: Scene) -> None:
    await scene.says(MAIN, "rejected", "First reason.")
    await scene.says(MAIL, "rejected", "Second reason.")
    await scene.watch.look()
    [text] = await scene.alerts()
    assert "First reason." in text
    assert "Second reason." in text
    assert all(one.told for one in await scene.store.list_notices())


async def test_gaps_and_dead_workers_are_told_of_too(scene: Scene) -> None:
    gap = NewNotice("gap", "gap:1", "遺失了訊息。", T0, MAIN, T0 + MINUTE)
    await scene.store.raise_notices([gap, NewNotice("worker", "worker:w", "W stopped.", T0)], T0)
    await scene.go_on(15)
    [text] = await scene.alerts()
    assert "遺失了訊息。" in text
    assert "W stopped." in text


async def test_two_who_think_they_lead_tell_once(scene: Scene) -> None:
    other = Scene()
    other.store, other.clock = scene.store.twin(), scene.clock
    await other.store.open()
    await scene.says(MAIN, "rejected")
    await scene.says(MAIL, "up")
    await asyncio.gather(*(watch.look() for watch in (scene.watch, other.leader()) * 3))
    assert len(await scene.alerts()) == 1
    assert await scene.open() == [f"down:{MAIN}"]


async def test_where_nobody_is_to_be_told_it_stands_in_the_inbox(scene: Scene) -> None:
    await scene.go_on(15, "rejected", scene.leader(account=""))
    assert (await scene.open(), await scene.alerts()) == ([f"down:{MAIN}"], [])


async def test_who_does_not_lead_tells_nothing(scene: Scene) -> None:
    scene.leads = False
    await scene.go_on(300, "rejected")
    assert (await scene.open(), await scene.alerts(), scene.beats.count) == ([], [], 0)


async def test_after_a_restart_channels_have_time_to_connect(scene: Scene) -> None:
    await scene.go_on(60)
    scene.clock.move(8 * 3600)
    restarted = scene.leader()
    await scene.go_on(105, "starting", restarted)
    assert await scene.open() == []
    await scene.go_on(30, "starting", restarted)
    assert await scene.open() == [f"down:{MAIN}"]


async def test_after_a_machine_has_slept_channels_have_time_to_connect(scene: Scene) -> None:
    await scene.go_on(60)
    scene.clock.move(8 * 3600)
    await scene.watch.look()
    assert await scene.open() == []
    await scene.go_on(15)
    assert await scene.open() == []


async def test_a_new_leader_goes_on_where_the_last_one_stopped(scene: Scene) -> None:
    await scene.go_on(60)
    await scene.go_on(135, "down")
    await scene.go_on(135, "down", scene.leader())
    assert (await scene.open(), len(await scene.alerts())) == ([f"down:{MAIN}"], 1)
    await scene.go_on(15, "up", scene.leader())
    assert await scene.open() == []


async def test_who_leads_again_gives_time_anew(scene: Scene) -> None:
    await scene.go_on(60)
    scene.leads = False
    await scene.go_on(120, "down")
    scene.leads = True
    await scene.go_on(90, "down")
    assert await scene.open() == []
    await scene.go_on(60, "down")
    assert await scene.open() == [f"down:{MAIN}"]


# Habits and silence ----------------------------------------------------------------------


async def busy_weeks(scene: Scene, every_min: float, pause_h: Collection[int] = ()) -> None:
    """Two weeks in which somebody writes so often, but never in these hours of the day; learned hour by hour."""
    began = scene.clock.now()
    await scene.says(MAIN, "up")
    written = began
    while written < began + timedelta(weeks=2):
        hour_ends = written + timedelta(hours=1)
        while written < hour_ends:
            if written.hour not in pause_h:
                await scene.store.append_raw(MAIN, [raw(written.isoformat(), received_at=written)], None)
            written += timedelta(minutes=every_min)
        await scene.store.learn_habits(began, hour_ends)
    scene.clock.move((written - timedelta(minutes=every_min) - began).total_seconds())


async def test_a_channel_that_falls_silent_is_told_of_within_twice_its_longest_pause(scene: Scene) -> None:
    await busy_weeks(scene, every_min=20)
    await scene.go_on(20 * 60 * FACTOR - LOOK_S)
    assert await scene.open() == []
    await scene.go_on(20 * 60 * (2 - FACTOR))
    assert await scene.open() == [f"silent:{MAIN}"]
    assert "quieter than usual" in (await scene.alerts())[0]


async def test_a_silence_is_told_of_once_and_ends_with_the_next_message(scene: Scene) -> None:
    await busy_weeks(scene, every_min=20)
    await scene.go_on(40 * 60)
    for state in ("starting", "up", "down", "up"):
        await scene.go_on(30, state)
    assert (await scene.open(), len(await scene.alerts())) == ([f"silent:{MAIN}"], 1)
    await scene.store.append_raw(MAIN, [raw("at last", received_at=scene.clock.now())], None)
    await scene.go_on(15)
    assert await scene.open() == []


async def test_a_silence_that_reaches_into_a_quieter_hour_is_not_told_of_anew(scene: Scene) -> None:
    await busy_weeks(scene, every_min=20, pause_h=(11, 12))
    await scene.go_on(60 * 60)
    assert await scene.open() == [f"silent:{MAIN}"]
    await scene.go_on(4 * 60 * 60)
    assert (await scene.open(), len(await scene.alerts())) == ([f"silent:{MAIN}"], 1)


async def test_a_usual_pause_is_not_told_of(scene: Scene) -> None:
    await busy_weeks(scene, every_min=20, pause_h=(9, 10))
    await scene.go_on(2 * 60 * 60)
    assert await scene.open() == []


# Signs of life ---------------------------------------------------------------------------


async def test_a_beat_is_sent_as_often_as_configured(scene: Scene) -> None:
    watch = scene.leader(heartbeat_s=60.0)
    await scene.go_on(15, watch=watch)
    assert scene.beats.count == 1
    await scene.go_on(600, watch=watch)
    assert scene.beats.count == 11


async def test_a_watchman_who_fails_harms_nothing(scene: Scene) -> None:
    scene.beats.fails = True
    await scene.go_on(120, "rejected")
    assert scene.beats.count == 2
    assert await scene.open() == [f"down:{MAIN}"]


async def test_no_beat_without_a_database(scene: Scene) -> None:
    await scene.go_on(15)
    await scene.store.close()
    for _ in range(20):
        scene.clock.move(60)
        with pytest.raises(StoreUnavailable):
            await scene.watch.look()
    assert scene.beats.count == 1


async def test_the_watch_looks_on_whatever_happens(scene: Scene) -> None:
    running = asyncio.create_task(scene.watch.run())
    await scene.clock.advance(LOOK_S)
    await scene.store.close()
    await scene.clock.advance(10 * LOOK_S)
    assert not running.done()
    await scene.store.open()
    await scene.says(MAIN, "rejected")
    await scene.clock.advance(LOOK_S)
    assert f"down:{MAIN}" in await scene.open()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_short_beats_are_looked_for_in_time(scene: Scene) -> None:
    running = asyncio.create_task(scene.leader(heartbeat_s=10.0).run())
    await scene.clock.advance(100)
    assert 10 <= scene.beats.count <= 11
    running.cancel()
