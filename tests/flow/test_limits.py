"""What a platform allows is never passed, and used: queues that never run dry, over simulated hours.

The outbox and the budgets are the real ones, with the figures of the real
senders.  At the process boundary stands a platform that writes down when
each call came, by a steady clock of its own, and is judged afterwards over
every window there is.  Time jumps from one event to the next.
"""

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from itertools import count, cycle
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from connectors.discord.settings import Settings as DiscordSettings
from connectors.mail.settings import ImapSettings, SmtpSettings
from connectors.mail.settings import Settings as MailSettings
from connectors.registry import make_connector
from connectors.telegram.settings import Settings as TelegramSettings
from connectors.x.settings import Settings as XSettings
from responders.outbox import Outbox
from service.clock import SystemClock
from service.work import LOOK_ANYWAY_S, Worker
from tests.contract.connectors.harness import context
from tests.support.builders import T0, at, delivery, queue
from tests.support.clock import ManualClock
from tests.support.stores import Database
from tests.support.town import ADDRESS, DISCORD, DISCORD_TOKEN, EMAIL, KEYS, PASSWORD, TELEGRAM, TOKEN, X, until
from tickets.errors import DeliveryError
from tickets.ids import AccountId, Channel, DeliveryId, ExternalMessageId, ThreadKey
from tickets.model import Delivery, Receipt, Reply, ReplyTarget
from tickets.ports import Bucket, Sender, no_crash
from tickets.secret import Secret
from tickets.storage import Store

HOUR_S = 3_600.0
DAY_S = 24 * HOUR_S
HOURS = float(os.environ.get("LIMIT_HOURS", "0.5"))
"""How long the limits that span a second are tried; 24 for the full figure."""
HAIR_S = 0.000_002
ON_THE_WAY_S = 0.010
"""The way to a platform takes up to so much longer for one call than for another."""
LONGEST = 100
"""Pieces of one answer."""
AT_LEAST = 0.9
"""This share of what is allowed must be used."""


# The platforms ------------------------------------------------------------------------


class Limit(NamedTuple):
    """At most ``calls`` in any ``span_s`` seconds."""

    calls: int
    span_s: float


class Rules(NamedTuple):
    """A platform's limits.  each: on one conversation, from its key."""

    whole: tuple[Limit, ...]
    each: Callable[[str], tuple[Limit, ...]] = lambda _key: ()


def _telegram(chat: str) -> tuple[Limit, ...]:
    """https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"""
    return (Limit(20, 60), Limit(1, 1)) if chat.startswith("-") else (Limit(1, 1),)


RULES = {
    TELEGRAM: Rules((Limit(30, 1),), _telegram),
    DISCORD: Rules((Limit(50, 1),), lambda _channel: (Limit(5, 5),)),
    X: Rules((Limit(100, 900), Limit(10_000, DAY_S))),
}


class Platform:
    """Takes every call, and notes when it came.  send: see ``tickets.ports.Sender``.

    refusals: what the next calls for a conversation are answered with instead.
    """

    def __init__(self, sender: Sender, now_s: Callable[[], float], seed: int = 1) -> None:
        self.at_once = sender.at_once
        self.came: dict[str, list[float]] = defaultdict(list)
        self.taken: dict[DeliveryId, float] = {}
        self.refusals: dict[str, list[DeliveryError]] = {}
        self._sender = sender
        self._now_s = now_s
        self._chance = random.Random(seed)
        self._numbers = count(1)

    def buckets(self, reply: Reply) -> tuple[Bucket, ...]:
        return self._sender.buckets(reply)

    async def send(self, reply: Reply) -> Receipt:
        key = reply.target.thread_key.partition("/")[0]
        self.came[key].append(self._now_s() + self._chance.uniform(0, ON_THE_WAY_S))
        if self.refusals.get(key):
            raise self.refusals[key].pop(0)
        self.taken[DeliveryId(reply.send_key.partition(".")[0])] = self._now_s()
        return Receipt(ExternalMessageId(str(next(self._numbers))), T0)

    @property
    def calls(self) -> list[float]:
        """When each call came, in order."""
        return sorted(moment for moments in self.came.values() for moment in moments)

    def broken(self, rules: Rules) -> list[str]:
        """A sentence for every window that holds too much, wherever it begins."""
        whole = [f"in all: {what}" for limit in rules.whole for what in over(self.calls, limit)]
        return whole + [
            f"{key}: {what}"
            for key, moments in self.came.items()
            for limit in rules.each(key)
            for what in over(sorted(moments), limit)
        ]


def over(moments: Sequence[float], limit: Limit) -> list[str]:
    """Windows that slide, and those that begin by the clock: a platform may count either way."""
    sliding = [
        f"{limit.calls + 1} calls in {later - first:.3f} s of {limit.span_s:.0f}"
        for first, later in zip(moments, moments[limit.calls :], strict=False)
        if later - first < limit.span_s
    ]
    fixed: dict[int, int] = defaultdict(int)
    for moment in moments:
        fixed[int(moment // limit.span_s)] += 1
    by_clock = [f"{calls} calls in window {n}" for n, calls in fixed.items() if calls > limit.calls]
    return sliding + by_clock


def test_the_judge_sees_a_call_too_many() -> None:
    limit = Limit(3, 1)
    assert over([0.0, 0.1, 0.2, 1.0], limit) == []
    assert over([0.0, 0.4, 0.6, 0.9], limit) == ["4 calls in 0.900 s of 1", "4 calls in window 0"]
    assert over([0.4, 0.6, 0.9, 1.3], limit) == ["4 calls in 0.900 s of 1"]


# The service --------------------------------------------------------------------------


def sender_of(channel: Channel, account: AccountId, *, per_minute: float = 60.0) -> Sender:
    """The real sender; making it does no I/O."""
    words = [Secret(text) for text in (TOKEN, DISCORD_TOKEN, PASSWORD)]
    settings: Mapping[str, object] = {
        "telegram": TelegramSettings(token=words[0]),
        "discord": DiscordSettings(token=words[1]),
        "email": MailSettings(
            address=ADDRESS,
            imap=ImapSettings(host="127.0.0.1", password=words[2]),
            smtp=SmtpSettings(host="127.0.0.1", password=words[2], per_minute=per_minute),
        ),
        "x": XSettings(**dict(zip(X_KEYS, map(Secret, KEYS), strict=True))),
    }
    return make_connector(channel, settings[channel], context(account)).sender


class Works:
    """Workers over one database, and the accounts they serve."""

    def __init__(self, stores: Sequence[Store], clock: ManualClock) -> None:
        self.clock = clock
        self.stores = stores
        self.store = stores[0]
        self.platforms: dict[AccountId, Platform] = {}
        self._outboxes = [Outbox(store, clock, no_crash, f"worker {n}") for n, store in enumerate(stores)]
        self._waiting: dict[tuple[AccountId, str], Reply] = {}
        self._numbers = count(1)
        self._paused_s = 0.0

    def serve(self, channel: Channel, account: AccountId, **settings: float) -> Platform:
        self.platforms[account] = Platform(sender_of(channel, account, **settings), self.clock.monotonic)
        return self.platforms[account]

    async def fill(self, account: AccountId, keys: Sequence[str], pieces: int) -> None:
        """Answers of so many pieces together for each conversation."""
        for key in keys:
            for begun in range(0, pieces, LONGEST):
                await self.write(account, key, min(LONGEST, pieces - begun))

    async def write(self, account: AccountId, key: str, pieces: int = 1, due_s: float = 0.0) -> Delivery:
        target = ReplyTarget(account.partition(":")[0], account, ThreadKey(key), "public")  # type: ignore[arg-type]
        one = delivery(f"{next(self._numbers)}", texts=["谢谢"] * pieces, account=account, next_at=at(due_s))
        one = replace(one, target=target)
        self._waiting[account, key] = Reply(target, "谢谢", "key.1", T0)
        await queue(self.store, one)
        return one

    async def work(self, seconds: float) -> None:
        """All that is due, for so long; time jumps to where a budget lets the next call pass."""
        end_s = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end_s:
            begun = [await outbox.deliver_due(self.platforms) for outbox in self._outboxes]
            if not any(begun):
                self.clock.move(min(await self._pause_s(), end_s - self.clock.monotonic() + HAIR_S))

    async def work_to_the_second(self, seconds: float) -> None:
        """As ``work``, looking every half second as the service does, for queues that run dry."""
        end_s = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end_s:
            begun = [await outbox.deliver_due(self.platforms) for outbox in self._outboxes]
            if not any(begun):
                self.clock.move(LOOK_ANYWAY_S)

    async def _pause_s(self) -> float:
        """Until a budget of some conversation lets a call pass."""
        waits: list[float] = []
        now = self.clock.now()
        for (account, _key), reply in self._waiting.items():
            buckets = self.platforms[account].buckets(reply)
            if wait_s := await self.store.find_wait(account, [one for one in buckets if one.shared], now):
                waits = [wait_s]
                break
            waits.append(await self.store.find_wait(account, buckets, now))
        self._paused_s = min(waits) or self._paused_s
        # No wait, and yet nothing was begun: the outbox rests by another clock, a little longer.
        return (self._paused_s if min(waits) else self._paused_s / 100) + HAIR_S


X_KEYS = ("api_key", "api_key_secret", "access_token", "access_token_secret")


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[1, 2], ids=["one worker", "two workers"])
async def works(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> AsyncIterator[Works]:
    base = Database(engine, f"sqlite:///{tmp_path}/switchboard.db" if engine == "sqlite" else "")
    stores = [base.store() for _ in range(request.param)]
    for store in stores:
        await store.open()
    yield Works(stores, ManualClock())
    for store in stores:
        await store.close()


def names(count: int, prefix: str = "") -> list[str]:
    return [f"{prefix}{100 + n}" for n in range(count)]


# Never passed, and used ---------------------------------------------------------------


class Surge(NamedTuple):
    """Conversations that never run dry, and for how many simulated seconds on which engine."""

    channel: Channel
    account: AccountId
    keys: list[str]
    binding: Limit
    memory_s: float
    sqlite_s: float


SURGES = {
    "telegram in all": Surge("telegram", TELEGRAM, names(40), Limit(30, 1), 30, 5),
    "telegram one chat": Surge("telegram", TELEGRAM, names(1), Limit(1, 1), 600, 60),
    "telegram one group": Surge("telegram", TELEGRAM, names(1, "-"), Limit(20, 60), HOUR_S, 300),
    "discord in all": Surge("discord", DISCORD, names(60), Limit(50, 1), 20, 4),
    "discord one channel": Surge("discord", DISCORD, names(1), Limit(5, 5), 600, 60),
    "x": Surge("x", X, names(12), Limit(100, 900), DAY_S, HOUR_S),
}


@pytest.mark.parametrize("surge", SURGES.values(), ids=SURGES)
async def test_no_window_is_passed_and_most_of_it_used(works: Works, engine: str, surge: Surge) -> None:
    """24 hours where a limit spans hours; where it spans seconds, many times its span."""
    platform = works.serve(surge.channel, surge.account)
    seconds = surge.memory_s if engine == "memory" else surge.sqlite_s
    allowed = surge.binding.calls * seconds / surge.binding.span_s
    await works.fill(surge.account, surge.keys, int(allowed / len(surge.keys)) + 20)

    await works.work(seconds)

    assert platform.broken(RULES[surge.account]) == []
    assert len(platform.calls) >= AT_LEAST * allowed


@pytest.mark.parametrize("engine", ["memory"], indirect=True)
@pytest.mark.parametrize(
    ("per_minute", "seconds"),
    [(0.5, DAY_S), (1, DAY_S), (2, DAY_S), (6, HOUR_S), (10, HOUR_S), (60, 900), (600, 180)],
)
async def test_a_mail_provider_s_limit_is_kept_and_used(works: Works, per_minute: float, seconds: float) -> None:
    """Counted over any minute; a limit below one a minute over the time in which it allows one."""
    platform = works.serve("email", EMAIL, per_minute=per_minute)
    allowed = per_minute * seconds / 60
    await works.fill(EMAIL, names(4), int(allowed / 4) + 20)

    await works.work(seconds)

    limit = Limit(int(per_minute), 60) if per_minute >= 1 else Limit(1, 60 / per_minute)
    assert over(platform.calls, limit) == []
    assert len(platform.calls) >= AT_LEAST * allowed


@pytest.mark.parametrize("engine", ["memory"], indirect=True)
@pytest.mark.parametrize("works", [1], indirect=True, ids=["budgets alone"])
@pytest.mark.parametrize("name", ["telegram in all", "discord in all", "x"])
async def test_budgets_hold_for_hours(works: Works, name: str) -> None:
    """What the outbox asks, without the outbox: ``LIMIT_HOURS`` of a limit on each second, two days of X's."""
    surge = SURGES[name]
    platform = works.serve(surge.channel, surge.account)
    seconds = 2 * DAY_S if name == "x" else HOUR_S * HOURS
    for reply in cycle([_reply(surge, key) for key in surge.keys]):
        buckets = platform.buckets(reply)
        while wait_s := await works.store.take_budget(surge.account, buckets, works.clock.now()):
            works.clock.move(wait_s + HAIR_S)
        await platform.send(reply)
        if works.clock.monotonic() >= seconds:
            break

    assert platform.broken(RULES[surge.account]) == []
    assert len(platform.calls) >= AT_LEAST * surge.binding.calls * seconds / surge.binding.span_s


def _reply(surge: Surge, key: str) -> Reply:
    return Reply(ReplyTarget(surge.channel, surge.account, ThreadKey(key), "public"), "谢谢", "key.1", T0)


# "Not now" ----------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["memory"], indirect=True)
@pytest.mark.parametrize(("channel", "account"), [("telegram", TELEGRAM), ("discord", DISCORD)])
async def test_a_pause_for_one_conversation_delays_no_other(
    works: Works, channel: Channel, account: AccountId
) -> None:
    """An hour's pause for one: its calls wait, all others go within a second of their time."""
    platform = works.serve(channel, account)
    platform.refusals["100"] = [
        DeliveryError("rate_limited", "Not now.", temporary=True, delivered=False, retry_after_s=HOUR_S)
    ]
    blocked = [await works.write(account, "100" if channel == "telegram" else f"100/{n}") for n in range(5)]
    others: dict[DeliveryId, float] = {}
    for n in range(400):
        due_s = 1.0 + 8.5 * n
        others[(await works.write(account, f"{101 + n % 20}", due_s=due_s)).id] = due_s

    await works.work_to_the_second(HOUR_S + 20)

    late = [platform.taken[name] - due_s for name, due_s in others.items()]
    assert max(late) <= 1.0
    refused, *later = platform.came["100"]
    assert refused <= 1.0
    assert min(later) >= HOUR_S
    assert all(one.id in platform.taken for one in blocked)
    assert platform.broken(RULES[account]) == []


@pytest.mark.parametrize("engine", ["memory"], indirect=True)
@pytest.mark.parametrize(("channel", "account"), [("x", X), ("email", EMAIL)])
async def test_a_pause_for_an_account_delays_no_other_account(
    works: Works, channel: Channel, account: AccountId
) -> None:
    """X and mail have one limit for all; then all of the account waits, and nobody else."""
    paused, free = works.serve(channel, account), works.serve("telegram", TELEGRAM)
    paused.refusals["100"] = [
        DeliveryError("rate_limited", "Not now.", temporary=True, delivered=False, retry_after_s=HOUR_S)
    ]
    await works.fill(account, names(5), 1)
    others = {(await works.write(TELEGRAM, "7", due_s=9.0 * n)).id: 9.0 * n for n in range(350)}

    await works.work_to_the_second(HOUR_S + 600)

    assert max(free.taken[name] - due_s for name, due_s in others.items()) <= 1.0
    early = [moment for moment in paused.calls if moment < HOUR_S]
    assert len(early) <= paused.at_once  # what was under way when the platform said so
    assert len(paused.taken) == 5


# The worker's loop --------------------------------------------------------------------


async def test_a_worker_goes_on_as_soon_as_a_budget_lets_it(works: Works, engine: str) -> None:
    """In real time: the loop must not sleep through what a budget gives every 36 ms."""
    account, answers = TELEGRAM, 90
    platform = works.serve("telegram", account)
    clock = SystemClock()
    for n in range(answers):
        await works.write(account, f"{100 + n}", due_s=-1.0)
    workers = [
        (
            Worker(store, clock, f"worker {n}", alone=False, lease_s=15),
            Outbox(store, clock, no_crash, f"worker {n}"),
        )
        for n, store in enumerate(works.stores)
    ]
    async with asyncio.TaskGroup() as group:
        began_s = clock.monotonic()
        for worker, outbox in workers:
            group.create_task(worker.outbox_loop(outbox, works.platforms))
        await until(lambda: len(platform.taken) == answers, "every answer")
        took_s = clock.monotonic() - began_s
        for worker, _outbox in workers:
            worker.stopping.set()

    # Several times what the budget asks for, as the machine may be busy; who sleeps until the next look takes
    # LOOK_ANYWAY_S for each, which is far longer.
    assert took_s <= 5 * answers / 28 < answers * LOOK_ANYWAY_S / 2
